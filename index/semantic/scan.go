package semantic

import (
	"cmp"
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
			if int(row) >= len(s.probe.table.scales) {
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
	var near []Near
	for _, c := range s.list {
		if int(c.distance) > s.limit {
			continue
		}
		x := Near{int(c.part), c.unit, int(c.passage), s.probe.cosine(c.row) - byChance(int(c.of))}
		last := len(near) - 1
		switch { // passages of a unit follow one another
		case last < 0 || near[last].Part != x.Part || near[last].Unit != x.Unit:
			near = append(near, x)
		case x.Cosine > near[last].Cosine:
			near[last] = x
		}
	}
	slices.SortStableFunc(near, func(a, b Near) int { return cmp.Compare(b.Cosine, a.Cosine) })
	return near[:min(n, len(near))]
}
