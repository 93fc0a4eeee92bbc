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
// merging, a third into decoding. Here a term's postings are decoded once into plain slices and kept; a query adds them
// up term after term into one number per unit and then reads the numbers once. That costs a pass over all units (0.3 ms
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

// accumulator holds one number and one set of concepts per unit of a leaf.
type accumulator struct {
	score   []float32
	touched []uint32
}

var accumulators = sync.Pool{New: func() any { return new(accumulator) }}

func newAccumulator(n int) *accumulator {
	a := accumulators.Get().(*accumulator)
	if cap(a.score) < n {
		a.score, a.touched = make([]float32, n), make([]uint32, n)
	}
	a.score, a.touched = a.score[:n], a.touched[:n]
	clear(a.score)
	clear(a.touched)
	return a
}

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
	cover := stage.NewCoverage(out.stats.Rarity, least)
	by := newOrder(r, plan, count.kind)
	norms, telling := s.norms(r), plan.Telling(idf, df)
	top := &best{any: minHeap{limit: keep.any}, matching: minHeap{limit: keep.matching}}
	for li := range s.leaves {
		err := ctx.Err()
		if out.partial = li > 0 && stage.OutOfTime(err); out.partial {
			break
		}
		if err != nil && !stage.OutOfTime(err) {
			return nil, err
		}
		l := &s.leaves[li]
		acc := newAccumulator(l.columns.units)
		for ti, list := range lists[li] {
			t := plan.Terms[ti]
			bit := uint32(0)
			if telling[ti] && t.Concept < index.MaxConcepts {
				bit = 1 << t.Concept
			}
			weight := float64(t.Weight) * math.Pow(idf[ti], r.IDFPower)
			add(acc, list, l.columns, weight, bit, norms, r.K1)
		}
		s.words(acc, li, cover, by, near)
		s.collect(acc, li, &gates[li], cover, by, top, &out.count)
		accumulators.Put(acc)
	}
	out.top, out.more = top.sorted(), len(top.matching.list) == keep.matching
	return out, nil
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
			df[ti] += len(p.units)
		}
	}
	return lists, df, nil
}

// fieldNorms holds w_f / (1 − b_f + b_f · len / avglen) for each quantised length of each text field.
type fieldNorms [len(textFields)][256]float32

func (s *segments) norms(r *index.Ranking) *fieldNorms {
	var n fieldNorms
	for f := range n {
		b := r.LengthB[f]
		for level := range n[f] {
			n[f][level] = float32(r.FieldWeight[f] / (1 - b + b*stage.Lengths()[level]/s.average[f]))
		}
	}
	return &n
}

// add adds one term's contribution to every unit that holds it.
func add(acc *accumulator, p *postings, c *columns, weight float64, bit uint32, norm *fieldNorms, saturation float64) {
	if weight == 0 {
		return
	}
	k1 := float32(saturation)
	w := float32(weight) * (k1 + 1)
	for i, u := range p.units {
		fr := &p.freqs[i]
		tf := float32(0)
		if fr[0] > 0 {
			tf += float32(fr[0]) * norm[0][c.lengths[0][u]]
		}
		if fr[1] > 0 {
			tf += float32(fr[1]) * norm[1][c.lengths[1][u]]
		}
		if fr[2] > 0 {
			tf += float32(fr[2]) * norm[2][c.lengths[2][u]]
		}
		acc.score[u] += w * tf / (tf + k1)
		acc.touched[u] |= bit
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

// collect reads a leaf's accumulated scores: units that pass the gate compete for the heap, and their documents count when
// they cover enough of the query. An order by date takes only those that count.
func (s *segments) collect(acc *accumulator, li int, g *gate, cover *stage.Coverage, by *order, top *best, count *tally) {
	l := &s.leaves[li]
	count.begin(l.columns)
	raised := by.lift.in(l.columns)
	for u, score := range acc.score {
		unit := uint32(u)
		if score == 0 && !g.open(unit) {
			continue
		}
		doc := l.columns.doc[unit]
		share := cover.Of(acc.touched[unit])
		matches := share >= cover.Least || g.open(unit)
		if by.byDate && !matches {
			continue
		}
		score, place := by.place(score, share, l.columns, doc)
		if raised != nil && !by.byDate {
			place *= raised.of(doc)
		}
		if !matches && !top.any.wants(place) {
			continue
		}
		failed := g.failed(unit, doc)
		if failed == rejected || !l.live(unit) || l.columns.head[doc] == noHead {
			continue
		}
		if matches {
			count.add(doc, failed)
		}
		if failed == 0 {
			top.add(scored{leaf: li, unit: unit, score: score, place: place, touched: uint64(acc.touched[unit]), matches: matches})
		}
	}
	count.end(l.columns)
}

// best keeps the best units of all, and the best of those that match.
type best struct{ any, matching minHeap }

func (b *best) add(x scored) {
	if b.any.wants(x.place) {
		b.any.add(x)
	}
	if x.matches && b.matching.wants(x.place) {
		b.matching.add(x)
	}
}

// sorted returns the best of all and, after them, the further ones that match.
func (b *best) sorted() []scored {
	list := b.any.sorted()
	taken := make(map[[2]uint32]bool, len(list))
	for _, x := range list {
		taken[[2]uint32{uint32(x.leaf), x.unit}] = true
	}
	for _, x := range b.matching.sorted() {
		if !taken[[2]uint32{uint32(x.leaf), x.unit}] {
			list = append(list, x)
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
