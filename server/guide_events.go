package server

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"tongsou/corpus"
	"tongsou/index"
)

// guidesView is the page that lists the guides (办成一件事).
type guidesView struct {
	frame
	Events []eventView
}

// eventView is one life event with the items that belong to it.
type eventView struct {
	Name, Link string
	Titles     []string
}

// guideView is the page of one life event in one place.
type guideView struct {
	frame
	Name          string
	Region        string
	Places        []choice
	Stages        []stageView
	Materials     []sharedMaterial
	Apart, Visits int // materials and visits when everything is done one by one
	Items         int
	Others        []eventView
	VisitsKnown   bool
	NeedNotCount  int
}

func (s *Server) guidesPage(w http.ResponseWriter, r *http.Request) error {
	if s.unchanged(w, r) {
		return nil
	}
	all, err := s.catalog.current(r.Context())
	if err != nil {
		return err
	}
	v := &guidesView{frame: s.newFrame(r), Events: all.eventViews("")}
	v.Styles = []string{"guide.css"}
	v.Sample = slices.ContainsFunc(all.items, func(it *catalogItem) bool { return it.Sample && len(it.Events) > 0 })
	return s.pages.write(w, http.StatusOK, "guides.html", v)
}

// eventViews lists the life events but one, those of most items first.
func (v *catalogView) eventViews(but string) []eventView {
	var list []eventView
	for _, name := range v.events {
		if name == but {
			continue
		}
		e := eventView{Name: name, Link: guideAddress(name, "")}
		for _, t := range byTitle(v.byEvent[name]) {
			e.Titles = append(e.Titles, t.Title)
		}
		list = append(list, e)
	}
	slices.SortStableFunc(list, func(a, b eventView) int { return len(b.Titles) - len(a.Titles) })
	return list
}

func guideAddress(event, place string) string {
	address := "/guides/" + url.PathEscape(event)
	if place != "" {
		address += "?place=" + place
	}
	return address
}

func (s *Server) guidePage(w http.ResponseWriter, r *http.Request) error {
	event := mux.Vars(r)["event"]
	all, err := s.catalog.current(r.Context())
	if err != nil {
		return err
	}
	items := all.byEvent[event]
	if len(items) == 0 {
		return errNoRoute
	}
	if s.unchanged(w, r) {
		return nil
	}
	region, regions := chooseRegion(items, s.place(r))
	docs, err := s.guideDocuments(r.Context(), items, region)
	if err != nil {
		return err
	}
	v := newGuideView(s.newFrame(r), event, docs)
	v.Region, v.Others = placeName(region), all.eventViews(event)
	v.Others = v.Others[:min(len(v.Others), maxOtherEvents)]
	for _, code := range regions {
		v.Places = append(v.Places, choice{Label: placeName(code), Link: guideAddress(event, code), On: code == region})
	}
	return s.pages.write(w, http.StatusOK, "guide.html", v)
}

const maxOtherEvents = 8

// chooseRegion picks the division whose items make the guide: the citizen's own, else the most local one that serves the
// citizen, else the first. It also lists all that have items of the event.
func chooseRegion(items []*catalogItem, place string) (string, []string) {
	var regions []string
	for _, it := range items {
		if !slices.Contains(regions, it.Region) {
			regions = append(regions, it.Region)
		}
	}
	slices.Sort(regions)
	best := ""
	found := false
	for _, code := range regions {
		if !serves(code, place) {
			continue
		}
		if code == place {
			return code, regions
		}
		if !found || len(code) > len(best) {
			best, found = code, true
		}
	}
	if !found {
		best = regions[len(regions)-1]
	}
	return best, regions
}

// guideDocuments reads the items of an event in a division and those of the divisions above it.
func (s *Server) guideDocuments(ctx context.Context, items []*catalogItem, region string) ([]*corpus.Document, error) {
	var docs []*corpus.Document
	seen := map[string]bool{}
	for _, it := range slices.Backward(slices.SortedStableFunc(slices.Values(items), func(a, b *catalogItem) int { return len(a.Region) - len(b.Region) })) {
		if seen[it.Title] || !strings.HasPrefix(region, it.Region) {
			continue
		}
		seen[it.Title] = true
		d, err := s.options.Library.Get(ctx, it.ID)
		if err != nil {
			return nil, err
		}
		docs = append(docs, d)
	}
	slices.Reverse(docs)
	return docs, nil
}

// sharedMaterial is one thing to bring, however many of the items ask for it.
type sharedMaterial struct {
	Line materialView
	For  []string
	Free bool
	Case bool // needed in some cases only
}

func newGuideView(f frame, event string, docs []*corpus.Document) *guideView {
	v := &guideView{frame: f, Name: event, Items: len(docs), Stages: stages(docs), VisitsKnown: true}
	v.Styles, v.Modules = []string{"guide.css"}, []string{"checklist.js"}
	for i, d := range docs {
		v.Sample = v.Sample || d.Sample
		v.Apart += len(d.Item.Materials)
		if d.Item.Visits == nil {
			v.VisitsKnown = false
		} else {
			v.Visits += *d.Item.Visits
		}
		for _, m := range d.Item.Materials {
			if !handedOut(m, v.Stages, docs, i) {
				v.share(d.Title, m)
			}
		}
	}
	for _, m := range v.Materials {
		if m.Free {
			v.NeedNotCount++
		}
	}
	return v
}

// share adds a material to the list, or to the line that it has already.
func (v *guideView) share(title string, m corpus.Material) {
	key := paper(m.Name)
	at := slices.IndexFunc(v.Materials, func(o sharedMaterial) bool { return paper(o.Line.Name) == key })
	if at < 0 {
		v.Materials = append(v.Materials, sharedMaterial{newMaterialView(len(v.Materials), m), []string{title}, m.Shared, m.Optional})
		return
	}
	line := &v.Materials[at]
	if !slices.Contains(line.For, title) {
		line.For = append(line.For, title)
	}
	line.Free, line.Case = line.Free && m.Shared, line.Case && m.Optional
}

// paper is what a material or a result is: the document's everyday name, else its own.
func paper(name string) string {
	if held, ok := index.HeldDocument(name); ok {
		return held
	}
	return index.Squash(name)
}

// handedOut reports whether a material of the i-th item is what an item of an earlier stage hands out, so that nobody has to
// bring it.
func handedOut(m corpus.Material, list []stageView, docs []*corpus.Document, i int) bool {
	key := paper(m.Name)
	for _, o := range docs {
		before := stageOf(list, o) < stageOf(list, docs[i])
		if before && slices.ContainsFunc(o.Item.Results, func(r corpus.Outcome) bool { return paper(r.Name) == key }) {
			return true
		}
	}
	return false
}

func stageOf(list []stageView, d *corpus.Document) int {
	return slices.IndexFunc(list, func(s stageView) bool {
		return slices.ContainsFunc(s.Items, func(it stageItem) bool { return it.Link == documentAddress(d) })
	})
}
