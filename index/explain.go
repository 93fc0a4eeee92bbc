package index

import "strings"

// told says in words which concepts of the query stand in the texts: 有“出生登记”（您说的“娃儿上户口”）；没有“补贴”. It is made
// only for answers that explain themselves.
func (m *matcher) told(where string, texts ...matched) string {
	if !m.plan.Explain {
		return ""
	}
	var with, without []string
	for ci, forms := range m.forms {
		concept := &m.plan.Concepts[ci]
		best, at := 0.0, 0
		for fi, f := range forms {
			if share := f.weight * bestShare(f.grams, texts); share > best {
				best, at = share, fi
			}
		}
		switch {
		case best < leastTold:
			without = append(without, "“"+concept.Text+"”")
		case at == 0:
			with = append(with, "“"+concept.Text+"”")
		default:
			with = append(with, "“"+concept.Forms[at].Text+"”（您说的“"+concept.Text+"”）")
		}
	}
	var parts []string
	if len(with) > 0 {
		parts = append(parts, where+"有"+strings.Join(with, "、"))
	}
	if len(without) > 0 {
		parts = append(parts, "没有"+strings.Join(without, "、"))
	}
	return strings.Join(parts, "；")
}

// leastTold is the share of a word from which a text is said to have it: half of its characters, squared, as in coverage.
const leastTold = 0.25

// bestShare is the share of a form's pairs that stand in the best of the texts.
func bestShare(grams []int, texts []matched) float64 {
	best := 0.0
	for _, t := range texts {
		n := 0
		for _, g := range grams {
			if t.grams[g] {
				n++
			}
		}
		if len(grams) > 0 {
			best = max(best, float64(n)/float64(len(grams)))
		}
	}
	return best
}
