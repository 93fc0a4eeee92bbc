package semantic

import (
	"cmp"
	"math"
	"slices"
)

// Near is a unit near to a query: where it was scanned, which of its passages is nearest, and the cosine of that.
type Near struct {
	Part    int
	Unit    uint32
	Passage int
	Cosine  float64
}

// Shortlist is how many of the nearest codes are compared exactly: see table.code for what that loses. It takes 1.2 ms.
const Shortlist = 4000

// Scan looks for the units nearest to a probe in any number of parts. The zero Scan is of no use; see Probe.Scan.
type Scan struct {
	probe  *Probe
	keep   int
	limit  int   // the largest distance that can still be among the nearest
	within int   // passages of at most that distance
	counts []int // by distance
	list   []coded
}

type coded struct {
	part     int32
	distance int16
	passage  uint8
	of       uint8 // passages of the unit
	unit     uint32
	row      int32
}

// Scan begins a search whose shortlist holds keep passages, and all that are as near as the last of them.
func (p *Probe) Scan(keep int) *Scan {
	most := 64 * p.table.words
	return &Scan{probe: p, keep: keep, limit: most, counts: make([]int, most+1)}
}

// Add scans a part: the passages of its units. Those of units that pass refuses do not count; it is only asked about units that
// are near enough.
func (s *Scan) Add(part int, rows Rows, pass func(unit uint32) bool) {
	for u := range uint32(rows.Len()) {
		passages := rows.Of(u)
		for n, row := range passages {
			if !s.probe.holds(row) {
				continue
			}
			d := s.probe.distance(row)
			if d > s.limit || !pass(u) {
				continue
			}
			s.list = append(s.list, coded{int32(part), int16(d), uint8(n), uint8(len(passages)), u, row})
			s.counts[d]++
			s.within++
			for s.within-s.counts[s.limit] >= s.keep {
				s.within -= s.counts[s.limit]
				s.limit--
			}
		}
	}
}

// Nearest compares the shortlist exactly and returns the n nearest units, nearest first; of equals the one that was added
// first.
func (s *Scan) Nearest(n int) []Near {
	best := nearest{n: n, least: math.Inf(-1)}
	for at := 0; at < len(s.list); {
		x := Near{Part: int(s.list[at].part), Unit: s.list[at].unit, Cosine: math.Inf(-1)}
		for ; at < len(s.list) && int(s.list[at].part) == x.Part && s.list[at].unit == x.Unit; at++ {
			c := &s.list[at]
			if int(c.distance) > s.limit {
				continue
			}
			if cosine := s.probe.cosine(c.row) - byChance(int(c.of)); cosine > x.Cosine {
				x.Passage, x.Cosine = int(c.passage), cosine
			}
		}
		best.add(x)
	}
	return best.cut()
}

// nearest keeps the n nearest of what is added. It sorts whenever it has four times as many, and refuses what is no nearer
// than the nth was then: of a shortlist of 4,000 that sorts a few hundred.
type nearest struct {
	n     int
	list  []Near
	least float64
}

func (b *nearest) add(x Near) {
	if x.Cosine <= b.least {
		return
	}
	if b.list = append(b.list, x); len(b.list) >= 4*b.n {
		b.cut()
	}
}

func (b *nearest) cut() []Near {
	slices.SortStableFunc(b.list, func(a, b Near) int { return cmp.Compare(b.Cosine, a.Cosine) })
	if len(b.list) >= b.n && b.n > 0 {
		b.list = b.list[:b.n]
		b.least = b.list[b.n-1].Cosine
	}
	return b.list[:min(b.n, len(b.list))]
}
