package embedded

import (
	"math/bits"

	"tongsou/corpus"
	"tongsou/index/stage"
)

// tally counts the documents that match, by the values of every facet. A document counts for a facet when it passes
// every filter but that facet's own, so that the alternatives to a chosen value keep their counts.
type tally struct {
	facets bool // whether facets were asked for; the total is always counted
	kind   corpus.Kind
	today  corpus.Date

	total    int
	values   [len(facetFields)]map[string]int
	validity map[corpus.Validity]int

	// of the leaf being read: the documents that matched, and for each facet those that fail its own filter alone
	matched []uint64
	nearly  [len(facetFields) + 1][]uint64
}

func (t *tally) begin(c *columns) {
	words := (len(c.head) + 63) / 64
	t.matched = cleared(t.matched, words)
	for f := range t.nearly {
		t.nearly[f] = t.nearly[f][:0]
	}
}

func cleared(set []uint64, words int) []uint64 {
	if cap(set) < words {
		return make([]uint64, words)
	}
	set = set[:words]
	clear(set)
	return set
}

// add counts a document once, however many of its units match.
func (t *tally) add(doc uint32, failed uint32) {
	if failed == 0 {
		t.matched[doc/64] |= 1 << (doc % 64)
		return
	}
	if f := bits.TrailingZeros32(failed); t.facets && failed == 1<<f {
		if len(t.nearly[f]) == 0 {
			t.nearly[f] = cleared(t.nearly[f], len(t.matched))
		}
		t.nearly[f][doc/64] |= 1 << (doc % 64)
	}
}

// end adds the leaf's documents to the counts.
func (t *tally) end(c *columns) {
	for _, w := range t.matched {
		t.total += bits.OnesCount64(w)
	}
	if !t.facets {
		return
	}
	for f := range facetFields {
		counts := make([]int, len(c.facet[f].values))
		for _, set := range [][]uint64{t.matched, t.nearly[f]} {
			eachBit(set, func(doc uint32) {
				for _, o := range c.facet[f].of(doc) {
					counts[o]++
				}
			})
		}
		if t.values[f] == nil {
			t.values[f] = map[string]int{}
		}
		for v, n := range counts {
			if n > 0 {
				t.values[f][c.facet[f].values[v]] += n
			}
		}
	}
	t.countValidity(c)
}

func (t *tally) countValidity(c *columns) {
	if t.validity == nil {
		t.validity = map[corpus.Validity]int{}
	}
	counts := make([]int, len(c.lives))
	for _, set := range [][]uint64{t.matched, t.nearly[len(facetFields)]} {
		eachBit(set, func(doc uint32) { counts[c.life[doc]]++ })
	}
	for i, n := range counts {
		if n == 0 {
			continue
		}
		l := c.lives[i]
		if v := corpus.ValidityOn(t.kind, l.effective, l.superseded, l.repealed, t.today); v != corpus.NoValidity {
			t.validity[v] += n
		}
	}
}

func eachBit(set []uint64, visit func(uint32)) {
	for i, w := range set {
		for ; w != 0; w &= w - 1 {
			visit(uint32(i*64 + bits.TrailingZeros64(w)))
		}
	}
}

// whole is the tally of all leaves, by the names of the facets.
func (t *tally) whole() *stage.Tally {
	w := &stage.Tally{Kind: t.kind, Total: t.total, Values: map[string]map[string]int{"validity": {}}}
	for f, name := range facetFields {
		w.Values[name] = t.values[f]
	}
	for v, n := range t.validity {
		w.Values["validity"][string(v)] = n
	}
	return w
}
