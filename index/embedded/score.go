package embedded

import (
	"cmp"
	"container/heap"
	"context"
	"math"
	"slices"
	"sync"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/index/stage"
)

// The searcher. Scoring is BM25F (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009, eq. 3.19):
//
//	tf'(t,d) = Σ_f w_f · tf(t,f,d) / (1 − b_f + b_f · len(f,d) / avglen(f))
//	score    = Σ_t w_t · idf(t) · tf' · (k1 + 1) / (tf' + k1)
//
// The simple way is bleve's: one iterator a term, merged by a heap, unit after unit. Half of its time goes into the
// merging, a third into decoding. Here a term's postings are decoded once and kept; a query adds them up term after term into
// one number per unit, block by block, and then reads the numbers once. That costs a pass over all units (0.3 ms
// for 225,000), which is less than the merging for anything but the rarest words.

// scored is a unit with its score and its place in the order asked for, larger first.
type scored struct {
	leaf    int
	unit    uint32
	score   float32
	place   float64
	touched uint64
	matches bool // it covers enough of the query to count
	cosine  float64
	passage int // the nearest in meaning
}

// before is the order of the first stage. Nothing is equal in it, so that the best n are always among the best n + 1:
// pages that look deeper must not find another order.
func (a scored) before(b scored) int {
	return cmp.Or(cmp.Compare(b.place, a.place), cmp.Compare(a.leaf, b.leaf), cmp.Compare(a.unit, b.unit))
}

// outcome is what the scan of one kind found.
type outcome struct {
	top []scored // the best units, best first, then further ones that match
	// more says that there are further units that match.
	more bool
	// partial says that the time ended before all segments were read.
	partial bool
	stats   index.Stats
	count   tally
}

// block holds what the units of a segment that differ in their lower sixteen bits have so far. A segment is scored block after
// block, since the half megabyte of one stays near the processor while term after term is added up: a search of 600,000 units
// takes 5 % less than with one pass a term over the whole segment.
type block [1 << 16]cell

// cell is a unit's score and the concepts that it holds a term of, a bit each.
type cell struct {
	score   float32
	touched uint32
}

var blocks = sync.Pool{New: func() any { return new(block) }}

// bounds are how many units a scan keeps: the best of all, and the best of those that match. One heap for both would have
// to hold thousands to reach the few that match a long question: the others share more of its common words.
type bounds struct{ any, matching int }

// scan scores every unit of one kind and returns the best units with the counts that were asked for.
// What the lane of meaning found learns what its words are worth.
func (s *segments) scan(ctx context.Context, plan *index.Plan, r *index.Ranking, gates []gate, count tally, keep bounds, near []scored) (*outcome, error) {
	lists, df, err := s.lists(ctx, plan.Terms)
	if err != nil {
		return nil, err
	}
	idf := make([]float64, len(df))
	for i, n := range df {
		n = min(n, int(s.units)) // postings still hold units that were deleted since the last merge
		idf[i] = stage.IDF(s.units, n)
	}
	out := &outcome{stats: stage.Stats(plan, idf, r), count: count}
	least := r.MatchCoverage
	if plan.Named() {
		least = r.NamedCoverage
	}
	x := scorer{
		segments: s, lists: lists, terms: summands(plan, idf, df, r), saturated: s.saturation(r), cells: blocks.Get().(*block),
		gates: gates, cover: stage.NewCoverage(out.stats.Rarity, least), by: newOrder(r, plan, count.kind), near: near,
		any: minHeap{limit: keep.any}, matching: minHeap{limit: keep.matching}, count: &out.count,
	}
	defer blocks.Put(x.cells)
	for li := range s.leaves {
		if err := x.leaf(ctx, li); stage.OutOfTime(err) {
			out.partial = true
			break
		} else if err != nil {
			return nil, err
		}
	}
	out.top, out.more = x.sorted(), len(x.matching.list) == keep.matching
	return out, nil
}

// summand is what one term adds: its weight, and the bit of its concept, 0 for none.
type summand struct {
	weight float32
	bit    uint32
}

func summands(plan *index.Plan, idf []float64, df []int, r *index.Ranking) []summand {
	list := make([]summand, len(plan.Terms))
	telling := plan.Telling(idf, df)
	for ti, t := range plan.Terms {
		list[ti].weight = float32(float64(t.Weight) * math.Pow(idf[ti], r.IDFPower))
		if telling[ti] && t.Concept < index.MaxConcepts {
			list[ti].bit = 1 << t.Concept
		}
	}
	return list
}

// scorer is one scan: what it reads, and what it has found so far.
type scorer struct {
	*segments
	lists     [][]*postings // by leaf and term
	terms     []summand
	saturated *saturation
	cells     *block
	gates     []gate
	cover     *stage.Coverage
	by        *order
	near      []scored

	any, matching minHeap // the best units of all, and the best of those that match
	count         *tally
}

// leaf scores a segment block by block. The very first block is scored whatever the time: a part is more than nothing.
func (x *scorer) leaf(ctx context.Context, li int) error {
	c := x.leaves[li].columns
	raised := x.by.lift.in(c)
	x.count.begin(c)
	defer x.count.end(c)
	for base := 0; base < c.units; base += len(x.cells) {
		if err := ctx.Err(); err != nil && (li+base > 0 || !stage.OutOfTime(err)) {
			return err
		}
		cells := x.cells[:min(len(x.cells), c.units-base)]
		clear(cells)
		for ti, list := range x.lists[li] {
			add(x.cells, base, list, c, x.terms[ti], x.saturated)
		}
		x.words(cells, li, base)
		x.collect(cells, li, base, raised)
	}
	return nil
}

// lists returns the postings of every term in every leaf, and how many units hold each term.
func (s *segments) lists(ctx context.Context, terms []index.PlanTerm) ([][]*postings, []int, error) {
	lists := make([][]*postings, len(s.leaves))
	df := make([]int, len(terms))
	for li := range s.leaves {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		lists[li] = make([]*postings, len(terms))
		for ti, t := range terms {
			p, err := s.leaves[li].postings(t.Text)
			if err != nil {
				return nil, nil, err
			}
			lists[li][ti] = p
			df[ti] += p.len()
		}
	}
	return lists, df, nil
}

// saturation is what a term of weight 1 adds to a unit: tf' · (k1 + 1) / (tf' + k1).
type saturation struct {
	k1 float32
	// norm holds w_f / (1 − b_f + b_f · len / avglen) for each quantised length of each text field.
	norm [len(textFields)][256]float32
}

func (s *segments) saturation(r *index.Ranking) *saturation {
	t := &saturation{k1: float32(r.K1)}
	for f := range t.norm {
		b := r.LengthB[f]
		for level := range t.norm[f] {
			t.norm[f][level] = float32(r.FieldWeight[f] / (1 - b + b*stage.Lengths()[level]/s.average[f]))
		}
	}
	return t
}

func (t *saturation) of(tf float32) float32 { return tf * (t.k1 + 1) / (tf + t.k1) }

// add adds one term's contribution to every unit of the block that holds it.
func add(cells *block, base int, p *postings, c *columns, term summand, t *saturation) {
	low, codes := p.block(base >> 16)
	if term.weight == 0 || len(low) == 0 {
		return
	}
	titles, keys, bodies := c.lengths[0][base:], c.lengths[1][base:], c.lengths[bodyField][base:]
	codes = codes[:len(low)]
	for i, u := range low {
		code := codes[i]
		tf := frequencies[code&frequencyMask] * t.norm[bodyField][bodies[u]]
		if code > frequencyMask {
			if code&codeBit(0) != 0 {
				tf += t.norm[0][titles[u]]
			}
			if code&codeBit(1) != 0 {
				tf += t.norm[1][keys[u]]
			}
		}
		part := t.of(tf)
		cell := &cells[u]
		cell.score += term.weight * part
		cell.touched |= term.bit
	}
}

// order gives units their places in the first stage.
type order struct {
	boost  float32
	factor [corpus.Ranks]float32
	byDate bool
	lift   lift
}

func newOrder(r *index.Ranking, plan *index.Plan, kind corpus.Kind) *order {
	o := &order{boost: float32(r.CoverageBoost), byDate: plan.Sort == index.ByDate}
	if kind == corpus.KindItem {
		o.lift = newLift(r, plan)
	}
	for level, a := range r.Authority {
		o.factor[level] = float32(1 + a)
	}
	return o
}

// place returns a unit's final score, from its BM25F, the share of the query that it touches and its document, and its
// place by that or by date.
func (o *order) place(score, share float32, c *columns, doc uint32) (float32, float64) {
	score *= (1 + o.boost*share) * o.factor[c.rank[doc]]
	if o.byDate {
		return score, byDate(score, c.date[doc])
	}
	return score, float64(score)
}

// byDate is the place of a unit in an order by date: newest first, and the better score first within a day. A date is
// written as yyyymmdd; counted in months of 31 days its days are whole numbers, and what the score adds is less than one.
func byDate(score float32, date int32) float64 {
	s := float64(max(score, 0))
	return float64((date/10000-1900)*372+date/100%100*31+date%100) + s/(1+s)*0.999
}

// collect reads the scores of a block: units that pass the gate compete for the heap, and their documents count when
// they cover enough of the query. An order by date takes only those that count.
func (x *scorer) collect(cells []cell, li, base int, raised *leafLift) {
	l, g := &x.leaves[li], &x.gates[li]
	docs := l.columns.doc[base:][:len(cells)]
	for i := range cells {
		unit, touched, score := uint32(base+i), cells[i].touched, cells[i].score
		if score == 0 && !g.open(unit) {
			continue
		}
		doc := docs[i]
		share := x.cover.Of(touched)
		matches := share >= x.cover.Least || g.open(unit)
		if x.by.byDate && !matches {
			continue
		}
		score, place := x.by.place(score, share, l.columns, doc)
		if raised != nil && !x.by.byDate {
			place *= raised.of(doc)
		}
		if !matches && !x.any.wants(place) {
			continue
		}
		failed := g.failed(unit, doc)
		if failed == rejected || !l.live(unit) || l.columns.head[doc] == noHead {
			continue
		}
		if matches {
			x.count.add(doc, failed)
		}
		if failed == 0 {
			x.keep(scored{leaf: li, unit: unit, score: score, place: place, touched: uint64(touched), matches: matches})
		}
	}
}

func (x *scorer) keep(u scored) {
	if x.any.wants(u.place) {
		x.any.add(u)
	}
	if u.matches && x.matching.wants(u.place) {
		x.matching.add(u)
	}
}

// sorted returns the best of all and, after them, the further ones that match.
func (x *scorer) sorted() []scored {
	list := x.any.sorted()
	taken := make(map[[2]uint32]bool, len(list))
	for _, u := range list {
		taken[[2]uint32{uint32(u.leaf), u.unit}] = true
	}
	for _, u := range x.matching.sorted() {
		if !taken[[2]uint32{uint32(u.leaf), u.unit}] {
			list = append(list, u)
		}
	}
	return list
}

// minHeap keeps the best limit units. They come in the order of leaves and units, so of equals the first is kept.
type minHeap struct {
	limit int
	list  []scored
}

func (h *minHeap) Len() int           { return len(h.list) }
func (h *minHeap) Less(i, j int) bool { return h.list[i].before(h.list[j]) > 0 }
func (h *minHeap) Swap(i, j int)      { h.list[i], h.list[j] = h.list[j], h.list[i] }
func (h *minHeap) Push(x any)         { h.list = append(h.list, x.(scored)) }
func (h *minHeap) Pop() any {
	last := h.list[len(h.list)-1]
	h.list = h.list[:len(h.list)-1]
	return last
}

func (h *minHeap) wants(place float64) bool { return len(h.list) < h.limit || place > h.list[0].place }

func (h *minHeap) add(x scored) {
	if len(h.list) < h.limit {
		heap.Push(h, x)
		return
	}
	h.list[0] = x
	heap.Fix(h, 0)
}

func (h *minHeap) sorted() []scored {
	slices.SortFunc(h.list, scored.before)
	return h.list
}
