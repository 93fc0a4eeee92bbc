package server

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"tongsou/corpus"
	"tongsou/index"
)

// catalog is what the pages know of all items at once: which have the same name, rest on the same law, belong to the same
// life event, or ask for the same documents. It follows the store's changes, so that a page pays only for what is new,
// and holds about a kilobyte for an item.
type catalog struct {
	library Library
	mu      sync.Mutex
	seq     uint64
	items   map[string]*catalogItem
	view    *catalogView
}

func newCatalog(library Library) *catalog {
	return &catalog{library: library, items: map[string]*catalogItem{}}
}

// catalogItem is what is kept of one item. Nobody changes it once it is in a catalogue.
type catalogItem struct {
	ID, Title, Region, Body, Phone string
	Promised, Legal                corpus.Limit
	Visits                         *int
	Fee                            string
	Online                         bool
	Events                         []string
	Basis                          []corpus.Basis
	Needs                          []index.Need
	// Listed is set when the source says what must be handed in, if only that it is nothing.
	Listed bool
	Sample bool
	names  []string // by which the same item is found in other places
	laws   []string // on which it rests, by name and by number
	papers []string // documents that its materials name, whether they must be handed in or not
}

// catalogView is the catalogue at one sequence number. It is only read.
type catalogView struct {
	items                  []*catalogItem // by title, then region
	byName, byLaw, byEvent map[string][]*catalogItem
	documents              []documentCount
	events                 []string
	titles                 []string // squashed, each once
}

// documentCount is how many items, counted once for all places, ask for a document that people hold.
type documentCount struct {
	Name  string
	Count int
}

// current is the catalogue as the store stands now.
func (c *catalog) current(ctx context.Context) (*catalogView, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last, err := c.library.Sequence(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask the store for its sequence: %w", err)
	}
	if c.view != nil && c.seq == last {
		return c.view, nil
	}
	changed := c.view == nil
	err = c.library.ItemChanges(ctx, c.seq, func(seq uint64, id string, d *corpus.Document) error {
		if _, had := c.items[id]; d != nil {
			c.items[id], changed = newCatalogItem(d), true
		} else if had {
			delete(c.items, id)
			changed = true
		}
		c.seq = seq
		return nil
	})
	if err != nil {
		c.view = nil // what was read stays, the view is made when the rest is
		return nil, err
	}
	c.seq = max(c.seq, last) // or changes of other kinds would be gone through by every page
	if changed {
		c.view = newCatalogView(c.items)
	}
	return c.view, nil
}

func newCatalogItem(d *corpus.Document) *catalogItem {
	it := d.Item
	if it == nil {
		it = new(corpus.Item)
	}
	c := &catalogItem{
		ID: d.ID, Title: d.Title, Region: d.Region, Body: it.Body, Phone: it.Phone, Promised: it.PromisedLimit, Legal: it.LegalLimit,
		Visits: it.Visits, Fee: feeText(it.FeeFree, fees(it)), Online: slices.Contains(it.Channels, "网上") || it.OnlineDepth == corpus.DepthFullyOnline,
		Events: it.LifeEvents, Needs: index.Needs(it.Materials), Listed: len(it.Materials) > 0, Sample: d.Sample,
		names: nonEmpty(index.Squash(d.Title), it.BasicCode),
	}
	for _, b := range it.Basis {
		b.Text = "" // may be long, and nobody asks the catalogue for it
		c.Basis = append(c.Basis, b)
		c.laws = append(c.laws, nonEmpty(lawKey(b.Law), index.Squash(b.Number))...)
	}
	for _, m := range it.Materials {
		if name, ok := index.HeldDocument(m.Name); ok && !slices.Contains(c.papers, name) {
			c.papers = append(c.papers, name)
		}
	}
	return c
}

func fees(it *corpus.Item) []string {
	var list []string
	for _, f := range it.Fees {
		list = append(list, strings.TrimSpace(f.Name+" "+f.Standard))
	}
	return list
}

// lawKey is a law's name as bases name it, without what some leave out.
func lawKey(name string) string {
	return strings.TrimPrefix(index.Squash(name), "中华人民共和国")
}

func newCatalogView(items map[string]*catalogItem) *catalogView {
	v := &catalogView{byName: map[string][]*catalogItem{}, byLaw: map[string][]*catalogItem{}, byEvent: map[string][]*catalogItem{}}
	v.items = slices.SortedFunc(maps.Values(items), func(a, b *catalogItem) int {
		return cmp.Or(cmp.Compare(a.Title, b.Title), cmp.Compare(a.Region, b.Region), cmp.Compare(a.ID, b.ID))
	})
	titles := map[string]map[string]bool{}
	for _, it := range v.items {
		file(v.byName, it.names, it)
		file(v.byLaw, it.laws, it)
		file(v.byEvent, it.Events, it)
		for _, paper := range it.papers {
			if titles[paper] == nil {
				titles[paper] = map[string]bool{}
			}
			titles[paper][it.Title] = true
		}
	}
	for _, t := range byTitle(v.items) {
		v.titles = append(v.titles, index.Squash(t.Title))
	}
	v.events = slices.Sorted(maps.Keys(v.byEvent))
	for name, set := range titles {
		v.documents = append(v.documents, documentCount{name, len(set)})
	}
	slices.SortFunc(v.documents, func(a, b documentCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name))
	})
	return v
}

// rarity is what a word is worth among the names of items: much when few of them have it.
func (v *catalogView) rarity(word string) float64 {
	n := 1
	for _, t := range v.titles {
		if strings.Contains(t, word) {
			n++
		}
	}
	return math.Log1p(float64(len(v.titles)+1) / float64(n))
}

// file puts an item under every one of its keys, once.
func file(by map[string][]*catalogItem, keys []string, it *catalogItem) {
	for i, k := range keys {
		if !slices.Contains(keys[:i], k) {
			by[k] = append(by[k], it)
		}
	}
}

// placed is an item in one place.
type placed struct{ Place, Link string }

// titled is an item with the places that have it.
type titled struct {
	Title  string
	Sample bool
	Places []placed
	first  *catalogItem
}

// byTitle gathers items of one title, in the order in which the titles come first.
func byTitle(items []*catalogItem) []titled {
	var list []titled
	at := map[string]int{}
	for _, it := range items {
		i, ok := at[it.Title]
		if !ok {
			i = len(list)
			at[it.Title] = i
			list = append(list, titled{Title: it.Title, Sample: it.Sample, first: it})
		}
		list[i].Places = append(list[i].Places, placed{placeName(it.Region), "/items/" + it.ID})
	}
	return list
}

func placeName(region string) string {
	if region == "" {
		return "全国"
	}
	return index.RegionName(region)
}

// serves reports whether an item of a region is for a citizen of a place: the place's own, one of a division above it, or
// one of a division within it. Division codes of a division begin with those of the divisions above it.
func serves(region, place string) bool {
	return strings.HasPrefix(region, place) || strings.HasPrefix(place, region)
}
