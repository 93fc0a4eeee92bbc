package server

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"tongsou/index"
)

// holdingsView is the page 凭证照查事项: what can be done with the documents at hand.
type holdingsView struct {
	frame
	Documents, Further []documentChoice
	Held               []string
	Done               []doneItem
	Total, Nothing     int // titles that can be done, and those of them that need nothing
	OneMore            []oneMore
	PreviousLink       string
	NextLink           string
	PlaceCode          string
}

type documentChoice struct {
	ID, Name string
	Count    int
	On       bool
}

// doneItem is an item that can be done: With are the documents at hand that must be handed in, Free those that it names but
// that electronic licences or shared data stand in for.
type doneItem struct {
	titled
	With, Free               []string
	Limit, Visits            string
	Online, Instant, NoVisit bool
}

// oneMore is a document that would open further items.
type oneMore struct {
	Name, Link string
	Count      int
	Titles     []string
}

// How much the page shows at once.
const (
	shownDocuments = 12
	shownItems     = 20
	shownOneMore   = 8
	shownTitles    = 3
	maxHeld        = 100
)

func (s *Server) holdingsPage(w http.ResponseWriter, r *http.Request) error {
	values := r.URL.Query()
	p := &params{values: values}
	held := heldDocuments(p.list("holds"))
	from := p.number("from", 0, 1_000_000)
	if p.err != nil {
		return p.err
	}
	if s.unchanged(w, r) {
		return nil
	}
	all, err := s.catalog.current(r.Context())
	if err != nil {
		return err
	}
	v := &holdingsView{frame: s.newFrame(r), Held: held, PlaceCode: s.place(r)}
	v.Styles = []string{"guide.css"}
	v.offer(all.documents, held)
	v.sort(all.items, held)
	v.Total = len(v.Done)
	v.page(from)
	v.Sample = slices.ContainsFunc(v.Done, func(d doneItem) bool { return d.Sample })
	return s.pages.write(w, http.StatusOK, "holdings.html", v)
}

// heldDocuments are the names that were ticked, as HeldDocument gives them.
func heldDocuments(names []string) []string {
	var held []string
	for _, n := range names[:min(len(names), maxHeld)] {
		if name, ok := index.HeldDocument(n); ok && !slices.Contains(held, name) {
			held = append(held, name)
		}
	}
	return held
}

// offer lists the documents to tick, those that most items ask for first, and those that were ticked in any case.
func (v *holdingsView) offer(documents []documentCount, held []string) {
	for i, d := range documents {
		c := documentChoice{"d" + strconv.Itoa(i), d.Name, d.Count, slices.Contains(held, d.Name)}
		if len(v.Documents) < shownDocuments {
			v.Documents = append(v.Documents, c)
		} else {
			v.Further = append(v.Further, c)
		}
	}
	for i, h := range held {
		if !slices.ContainsFunc(documents, func(d documentCount) bool { return d.Name == h }) {
			v.Documents = append(v.Documents, documentChoice{"h" + strconv.Itoa(i), h, 0, true})
		}
	}
}

// sort tells the items that can be done from those for which one document is missing. Items whose source does not say what
// they ask for are neither.
func (v *holdingsView) sort(items []*catalogItem, held []string) {
	var done []*catalogItem
	more := map[string][]string{}
	for _, it := range items {
		if !it.Listed || !serves(it.Region, v.PlaceCode) {
			continue
		}
		switch missing := index.Missing(it.Needs, held); len(missing) {
		case 0:
			done = append(done, it)
		case 1:
			for _, name := range missing[0] {
				titles := more[name] // in order, as the items are
				if _, ok := index.HeldDocument(name); ok && (len(titles) == 0 || titles[len(titles)-1] != it.Title) {
					more[name] = append(titles, it.Title)
				}
			}
		}
	}
	for _, t := range byTitle(done) {
		v.Done = append(v.Done, newDoneItem(t, held))
		if len(t.first.Needs) == 0 {
			v.Nothing++
		}
	}
	slices.SortStableFunc(v.Done, func(a, b doneItem) int { return cmp.Compare(len(b.With)+len(b.Free), len(a.With)+len(a.Free)) })
	for name, titles := range more {
		v.OneMore = append(v.OneMore, oneMore{name, v.address(append(slices.Clone(held), name), 0), len(titles), titles[:min(len(titles), shownTitles)]})
	}
	slices.SortFunc(v.OneMore, func(a, b oneMore) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name)) })
	v.OneMore = v.OneMore[:min(len(v.OneMore), shownOneMore)]
}

func newDoneItem(t titled, held []string) doneItem {
	it := t.first
	d := doneItem{
		titled: t, Limit: limitText(it.Promised), Visits: visitsText(it.Visits), Online: it.Online,
		Instant: it.Promised.Instant, NoVisit: it.Visits != nil && *it.Visits == 0,
	}
	for _, n := range it.Needs {
		for _, name := range n {
			if slices.Contains(held, name) {
				d.With = append(d.With, name)
				break
			}
		}
	}
	for _, name := range it.papers {
		if slices.Contains(held, name) && !slices.Contains(d.With, name) {
			d.Free = append(d.Free, name)
		}
	}
	return d
}

// page cuts what is shown at once.
func (v *holdingsView) page(from int) {
	from = min(from, len(v.Done))
	if from > 0 {
		v.PreviousLink = v.address(v.Held, max(0, from-shownItems))
	}
	if from+shownItems < len(v.Done) {
		v.NextLink = v.address(v.Held, from+shownItems)
	}
	v.Done = v.Done[from:min(len(v.Done), from+shownItems)]
}

func (v *holdingsView) address(held []string, from int) string {
	values := url.Values{"holds": held}
	if v.PlaceCode != "" {
		values.Set("place", v.PlaceCode)
	}
	if from > 0 {
		values.Set("from", strconv.Itoa(from))
	}
	return "/holdings?" + values.Encode()
}
