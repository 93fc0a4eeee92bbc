package server

import (
	"slices"

	"tongsou/corpus"
)

// stageView is what can be done at the same time.
type stageView struct {
	Items []stageItem
	// Offices are those where several of the items are done, so that one visit serves them all.
	Offices []sharedOffice
}

type stageItem struct {
	Title, Link, Body, Limit, Visits, Apply string
	Sample                                  bool
	// After names the items that must be done before, and what of theirs is needed.
	After []stageNeed
}

type stageNeed struct{ Title, Paper string }

type sharedOffice struct {
	Name   string
	Titles []string
}

// stages orders the items of a life event: what hands out a paper comes before what asks for it, and what waits for nothing
// else goes together. Papers that run in a circle are no order; then the order of the list decides.
func stages(docs []*corpus.Document) []stageView {
	var list []stageView
	done := map[*corpus.Document]bool{}
	for len(done) < len(docs) {
		var now []*corpus.Document
		for _, d := range docs {
			if !done[d] && !waits(d, docs, done) {
				now = append(now, d)
			}
		}
		if len(now) == 0 {
			now = docs[slices.IndexFunc(docs, func(d *corpus.Document) bool { return !done[d] }):][:1]
		}
		list = append(list, newStageView(now, docs, done))
		for _, d := range now {
			done[d] = true
		}
	}
	return list
}

// waits reports whether an item asks for what one that is not done hands out.
func waits(d *corpus.Document, docs []*corpus.Document, done map[*corpus.Document]bool) bool {
	return slices.ContainsFunc(docs, func(o *corpus.Document) bool {
		_, needs := needsOf(d, o)
		return o != d && !done[o] && needs
	})
}

// needsOf tells which paper that one item hands out another asks for.
func needsOf(d, from *corpus.Document) (string, bool) {
	for _, o := range from.Item.Results {
		key := paper(o.Name)
		if slices.ContainsFunc(d.Item.Materials, func(m corpus.Material) bool { return paper(m.Name) == key }) {
			return o.Name, true
		}
	}
	return "", false
}

func newStageView(now, docs []*corpus.Document, done map[*corpus.Document]bool) stageView {
	var v stageView
	at := map[string][]string{}
	var names []string
	for _, d := range now {
		item := stageItem{
			Title: d.Title, Link: documentAddress(d), Body: d.Item.Body, Limit: limitText(d.Item.PromisedLimit),
			Visits: visitsText(d.Item.Visits), Apply: webLink(d.Item.ApplyURL), Sample: d.Sample,
		}
		for _, o := range docs {
			if p, needs := needsOf(d, o); needs && done[o] {
				item.After = append(item.After, stageNeed{o.Title, p})
			}
		}
		v.Items = append(v.Items, item)
		if len(d.Item.Places) > 0 {
			name := d.Item.Places[0].Name
			if at[name] == nil {
				names = append(names, name)
			}
			at[name] = append(at[name], d.Title)
		}
	}
	for _, name := range names {
		if len(at[name]) > 1 && name != "" {
			v.Offices = append(v.Offices, sharedOffice{name, at[name]})
		}
	}
	return v
}
