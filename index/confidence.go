package index

import (
	"unicode/utf8"

	"tongsou/corpus"
)

// A hit is sure when what speaks for it adds up to 1 (Ranking.Sure…). The weights came from a logistic regression over the
// pairs of the sample that hold, those that do not, and queries that the sample cannot answer; then the line was set so
// that of 66 such queries none gets a sure item, and of the items that are right nine in ten stay sure.

// confidence is how much speaks for a unit: 1 and more is sure.
func (r *Ranking) confidence(m *matcher, kind corpus.Kind, inTitle, fit, coverage float64, names ...matched) float64 {
	c := r.SureTitle*inTitle + r.SureFit*fit + r.SureWidened*m.official(names...) + r.SureCoverage*coverage
	if kind != corpus.KindItem {
		c = max(c, r.SureText*coverage) // a passage answers by what it says, not by what its law is called
	}
	return c
}

// official tells how surely an everyday expression of the query means what stands in one of the names letter by letter: the
// weight of the widening, less for short expressions and short terms, which mean many things.
func (m *matcher) official(names ...matched) float64 {
	best := 0.0
	for ci, forms := range m.forms {
		concept := &m.plan.Concepts[ci]
		for fi, f := range forms {
			if fi == 0 || concept.Forms[fi].Learned || len(f.grams) == 0 || !inOne(f.grams, names) {
				continue
			}
			term := min(1, float64(utf8.RuneCountInString(concept.Forms[fi].Text))/longTerm)
			said := min(1, float64(utf8.RuneCountInString(concept.Text))/longExpression)
			best = max(best, f.weight*term*said)
		}
	}
	return best
}

// The lengths in characters from which an official term and an everyday expression speak for themselves.
const (
	longTerm       = 4
	longExpression = 3
)

// inOne reports whether all of the grams stand in one of the texts.
func inOne(grams []int, texts []matched) bool {
	for _, t := range texts {
		all := true
		for _, g := range grams {
			all = all && t.grams[g]
		}
		if all {
			return true
		}
	}
	return false
}
