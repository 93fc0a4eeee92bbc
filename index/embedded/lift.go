package embedded

import (
	"tongsou/corpus"
	"tongsou/index"
)

// lift raises in the first stage the items that are done where the citizen is, and those that answer the query's wishes, so
// that they are among those that are judged however many items share the query's words. What they are worth in the end is
// for the second stage to say. Policies and news have no lift.
type lift struct {
	share       float64
	place       string
	holds, easy []string
}

func newLift(r *index.Ranking, plan *index.Plan) lift {
	holds, easy := plan.Wishes()
	return lift{share: r.WishFirst, place: plan.Place, holds: holds, easy: easy}
}

// leafLift is a lift compiled for the columns of one leaf.
type leafLift struct {
	share   float64
	columns *columns
	regions []float64 // by region: the factor
	easy    [][]bool
	met     []bool
}

// in compiles the lift; nil when it raises nothing.
func (l *lift) in(c *columns) *leafLift {
	if l.share == 0 || l.place == "" && len(l.holds)+len(l.easy) == 0 {
		return nil
	}
	out := &leafLift{share: l.share, columns: c, regions: make([]float64, len(c.facet[regions].values)), easy: every(c, l.easy), met: met(c, l.holds)}
	for v, region := range c.facet[regions].values {
		out.regions[v] = 1
		switch {
		case l.place == "":
		case corpus.Contains(l.place, region):
			out.regions[v] += l.share
		case corpus.Contains(region, l.place):
			out.regions[v] += l.share / 2
		}
	}
	return out
}

// of is what the place of a document's units is multiplied by.
func (l *leafLift) of(doc uint32) float64 {
	factor := 1.0
	for _, o := range l.columns.facet[regions].of(doc) {
		factor *= l.regions[o]
	}
	if len(l.easy) > 0 && easy(l.columns, l.easy, doc) {
		factor *= 1 + l.share
	}
	if l.met != nil && enough(l.columns, l.met, doc) {
		factor *= 1 + l.share
	}
	return factor
}

// every says for each convenience asked for which values of the facet are it.
func every(c *columns, wanted []string) [][]bool {
	var all [][]bool
	for _, want := range wanted {
		is := make([]bool, len(c.facet[conveniences].values))
		for v, value := range c.facet[conveniences].values {
			is[v] = value == want
		}
		all = append(all, is)
	}
	return all
}

// met says which needs the papers in hand meet; nil when none are said to be there.
func met(c *columns, holds []string) []bool {
	if len(holds) == 0 {
		return nil
	}
	met := make([]bool, len(c.needs.values))
	for v, value := range c.needs.values {
		met[v] = index.Meets(value, holds)
	}
	return met
}

// easy reports whether a document has every convenience.
func easy(c *columns, every [][]bool, doc uint32) bool {
	for _, is := range every {
		if !anyAllowed(c.facet[conveniences].of(doc), is) {
			return false
		}
	}
	return true
}

// enough reports whether the papers in hand are all that an item asks for.
func enough(c *columns, met []bool, doc uint32) bool {
	for _, o := range c.needs.of(doc) {
		if !met[o] {
			return false
		}
	}
	return true
}
