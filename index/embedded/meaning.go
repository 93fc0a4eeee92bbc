package embedded

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/index/semantic"
)

// SetMeaning switches the semantic lane on, or off with nil. Searches that have begun go on as they were.
func (e *Engine) SetMeaning(m *index.Meaning) { e.meaning.Store(m) }

// nearest is how many units the lane of meaning brings, of each kind: always as many, so that every page is cut from the
// same list.
const nearest = 128

// places are where the lane holds the vectors of a leaf's units. They are looked up again when the lane has changed, though
// not at every change while it is being filled: looking up 250,000 units takes about 30 ms.
type places struct {
	mu      sync.Mutex
	keys    []uint64
	rows    semantic.Rows
	version semantic.Version
	looked  time.Time
}

// lookAgain is how long places are used while the lane goes on changing.
const lookAgain = 2 * time.Second

// of returns the rows of every unit of l.
func (p *places) of(l *leaf, probe *semantic.Probe) (semantic.Rows, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	v := probe.Version()
	if p.keys != nil && (p.version == v || p.version.Generation == v.Generation && time.Since(p.looked) < lookAgain) {
		return p.rows, nil
	}
	if p.keys == nil {
		keys := make([]uint64, l.columns.units)
		for u := range keys {
			id, err := l.seg.DocID(uint64(u))
			if err != nil {
				return semantic.Rows{}, fmt.Errorf("read the ID of unit %d: %w", u, err)
			}
			keys[u] = semantic.Key(id)
		}
		p.keys = keys
	}
	p.rows, p.version, p.looked = probe.Rows(p.keys), v, time.Now()
	return p.rows, nil
}

// near returns the units nearest to the query in meaning that pass the gates, nearest first; none without a lane.
func (s *segments) near(plan *index.Plan, gates []gate) ([]scored, error) {
	if plan.Meaning == nil {
		return nil, nil
	}
	scan := plan.Meaning.Scan(semantic.Shortlist)
	for li := range s.leaves {
		l := &s.leaves[li]
		rows, err := l.places.of(l.leaf, plan.Meaning)
		if err != nil {
			return nil, err
		}
		g := &gates[li]
		scan.Add(li, rows, func(unit uint32) bool {
			doc := l.columns.doc[unit]
			return l.live(unit) && l.columns.head[doc] != noHead && g.failed(unit, doc) == 0
		})
	}
	var list []scored
	for _, n := range scan.Nearest(nearest) {
		list = append(list, scored{leaf: n.Part, unit: n.Unit, cosine: n.Cosine, passage: n.Passage})
	}
	return list, nil
}

// words gives the units of a block that are near in meaning the scores that their words have.
func (x *scorer) words(cells []cell, li, base int) {
	c := x.leaves[li].columns
	for i := range x.near {
		n := &x.near[i]
		at := int(n.unit) - base
		if n.leaf != li || at < 0 || at >= len(cells) {
			continue
		}
		share := x.cover.Of(cells[at].touched)
		n.touched, n.matches = uint64(cells[at].touched), share >= x.cover.Least
		n.score, n.place = x.by.place(cells[at].score, share, c, c.doc[n.unit])
	}
}

// fuse orders what both lanes found by what both say of it. Of the lane of words the first head units take part; those after
// them follow as they are.
func (s *segments) fuse(plan *index.Plan, r *index.Ranking, kind corpus.Kind, out *outcome, near []scored, head int) ([]scored, error) {
	if len(near) == 0 {
		return out.top, nil
	}
	rows := make([]semantic.Rows, len(s.leaves))
	for li := range rows {
		var err error
		if rows[li], err = s.leaves[li].places.of(s.leaves[li].leaf, plan.Meaning); err != nil {
			return nil, err
		}
	}
	least := near[len(near)-1].cosine
	out.stats.Near = near[0].cosine
	both := slices.Clone(near)
	head = min(head, len(out.top))
	for _, u := range out.top {
		u.cosine = least // of a unit without a vector it is only known that it is not among the nearest
		if cosine, passage, ok := plan.Meaning.Cosine(rows[u.leaf].Of(u.unit)); ok {
			u.cosine, u.passage = cosine, passage
		}
		both = append(both, u)
	}
	first := both[:len(near)+head]
	fused := func(u scored) float64 {
		c := s.leaves[u.leaf].columns
		return r.Fused(out.stats, kind, corpus.Rank(c.rank[c.doc[u.unit]]), u.place, u.cosine)
	}
	slices.SortStableFunc(first, func(a, b scored) int {
		a.place, b.place = fused(a), fused(b)
		return a.before(b)
	})
	return both, nil
}
