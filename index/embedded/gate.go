package embedded

import (
	"slices"
	"strconv"
	"strings"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/segment"
)

// A gate decides which units of a leaf may be found: the query's filters, its phrases and what it excludes.
type gate struct {
	columns *columns
	// allowed[f] says for each value of facet f whether the filter takes it; nil where there is no filter.
	allowed [len(facetFields)][]bool
	// every holds, for each convenience that is asked for, which values are it; met says which needs the papers in the
	// citizen's hands meet, nil without such a filter.
	every    [][]bool
	met      []bool
	items    bool   // the kind has materials at all
	validity []bool // by index into columns.lives; nil without a filter
	from, to int32  // yyyymmdd, 0 without a limit
	issuer   []bool // by issuer value, for a part of an issuer's name
	// only, when not nil, holds the units that a phrase or a document number allows; without those that must not come.
	only, without map[uint32]bool
	hidden        map[uint32]bool // documents that the operator hides
	// browse lets units pass that no term matched: a query of filters alone, or one whose phrases decide.
	browse bool
}

// failed bits: one for each facet filter that a document fails, so that a facet can be counted as if its own filter were
// not set. rejected means that it fails for good.
const (
	failedValidity = 1 << len(facetFields)
	rejected       = 1 << 31
)

// newGate compiles the filters of a plan for one leaf.
func newGate(c *columns, kind corpus.Kind, plan *index.Plan) gate {
	f := &plan.Filter
	g := gate{columns: c, from: day(f.From), to: day(f.To)}
	years := make([]string, 0, len(f.Years))
	for _, y := range f.Years {
		years = append(years, strconv.Itoa(y))
	}
	for i, want := range [len(facetFields)][]string{f.Regions, f.Issuers, f.Audiences, f.Themes, f.ItemTypes, f.Channels, nil, years} {
		if len(want) == 0 {
			continue
		}
		g.allowed[i] = make([]bool, len(c.facet[i].values))
		for v, value := range c.facet[i].values {
			g.allowed[i][v] = slices.Contains(want, value) || i == regions && (withinAny(value, want) || slices.Contains(plan.Above, value))
		}
	}
	g.every, g.met, g.items = every(c, f.Conveniences), met(c, f.Holds), kind == corpus.KindItem
	if len(f.Validity) > 0 {
		g.validity = make([]bool, len(c.lives))
		for i, l := range c.lives {
			v := corpus.ValidityOn(kind, l.effective, l.superseded, l.repealed, plan.Today)
			g.validity[i] = slices.Contains(f.Validity, v)
		}
	}
	if plan.Issuer != "" {
		g.issuer = make([]bool, len(c.facet[1].values))
		for v, value := range c.facet[1].values {
			g.issuer[v] = strings.Contains(segment.Fold(value), plan.Issuer)
		}
	}
	return g
}

// withinAny reports whether a division code lies within one of the given divisions.
func withinAny(code string, within []string) bool {
	return slices.ContainsFunc(within, func(w string) bool { return w != "" && strings.HasPrefix(code, w) })
}

func day(d corpus.Date) int32 {
	n, _ := strconv.Atoi(strings.ReplaceAll(string(d), "-", ""))
	return int32(n)
}

// open reports whether a unit may be found although no term matched it.
func (g *gate) open(unit uint32) bool { return g.browse && (g.only == nil || g.only[unit]) }

// failed returns the filters that the unit's document fails as bits, or rejected.
func (g *gate) failed(unit, doc uint32) uint32 {
	if g.only != nil && !g.only[unit] || g.without[unit] || g.hidden[doc] {
		return rejected
	}
	if g.from > 0 && g.columns.date[doc] < g.from || g.to > 0 && g.columns.date[doc] > g.to {
		return rejected
	}
	if g.issuer != nil && !anyAllowed(g.columns.facet[1].of(doc), g.issuer) {
		return rejected
	}
	if !g.suits(doc) {
		return rejected
	}
	bits := uint32(0)
	for f, allowed := range g.allowed {
		if allowed != nil && !anyAllowed(g.columns.facet[f].of(doc), allowed) {
			bits |= 1 << f
		}
	}
	if g.validity != nil && !g.validity[g.columns.life[doc]] {
		bits |= failedValidity
	}
	return bits
}

// suits reports whether a document has every convenience that is asked for, and needs no paper that is not in hand. What
// fails counts nowhere: another value of these filters would not bring it back.
func (g *gate) suits(doc uint32) bool {
	return easy(g.columns, g.every, doc) && (g.met == nil || g.items && enough(g.columns, g.met, doc))
}

func anyAllowed(ordinals []uint16, allowed []bool) bool {
	for _, o := range ordinals {
		if allowed[o] {
			return true
		}
	}
	return false
}
