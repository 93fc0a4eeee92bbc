package stage

import (
	"math"
	"math/bits"

	"tongsou/index"
)

// IDF is the rarity of a term that n of a number of units hold: ln(1 + (N − n + 0.5)/(n + 0.5)).
func IDF(units float64, n int) float64 {
	return math.Log(1 + (units-float64(n)+0.5)/(float64(n)+0.5))
}

// Stats says how rare the concepts are: a concept is as rare as the rarest term that was typed for it.
func Stats(plan *index.Plan, idf []float64, r *index.Ranking) index.Stats {
	st := index.Stats{Rarity: make([]float64, len(plan.Concepts))}
	for ti, t := range plan.Terms {
		if t.Concept >= 0 && t.Weight > 0 {
			st.Rarity[t.Concept] = max(st.Rarity[t.Concept], idf[ti]*min(1, float64(t.Weight)))
		}
		if t.Concept >= 0 && plan.Concepts[t.Concept].Light() {
			continue
		}
		st.Best += float64(t.Weight) * math.Pow(idf[ti], r.IDFPower)
	}
	for i, c := range plan.Concepts {
		st.Rarity[i] *= c.Weight
	}
	return st
}

// Coverage tells how much of the query's weight a set of concepts carries: for each byte of the set a table of sums,
// since it is asked for every unit.
type Coverage struct {
	tables [4][256]float32
	empty  bool // the query has no concepts
	// Least is the share from which a unit counts as a match.
	Least float32
}

// NewCoverage makes the tables for concepts of the given rarities.
func NewCoverage(rarity []float64, least float64) *Coverage {
	total := 0.0
	for _, x := range rarity {
		total += x
	}
	c := &Coverage{empty: total == 0, Least: float32(least)}
	if c.empty {
		return c
	}
	for t := range c.tables {
		for set := 1; set < 256; set++ {
			low := bits.TrailingZeros8(uint8(set))
			c.tables[t][set] = c.tables[t][set&(set-1)]
			if concept := 8*t + low; concept < len(rarity) {
				c.tables[t][set] += float32(rarity[concept] / total)
			}
		}
	}
	return c
}

// Of returns the share of the query's weight that the concepts in touched carry, 1 when the query has no concepts.
func (c *Coverage) Of(touched uint32) float32 {
	if c.empty {
		return 1
	}
	return c.tables[0][touched&255] + c.tables[1][touched>>8&255] + c.tables[2][touched>>16&255] + c.tables[3][touched>>24]
}
