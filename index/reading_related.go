package index

import "fmt"

const (
	maxLearnedForms = 2   // forms that are added to a concept
	weakForm        = 0.5 // weight up to which the lexicon's forms of a concept are no more than hints
	mostLearned     = 0.3 // weight of a learned form at most
	belowLexicon    = 0.9 // weight of a learned form, as a share of the weakest form that the lexicon has for the concept
)

// addLearned adds what the corpus says beside a concept of which the lexicon knows nothing, or only weak forms.
func (r *Reader) addLearned(c *Concept) {
	most := min(mostLearned, r.Ranking.Learned)
	if r.Related == nil || most <= 0 {
		return
	}
	has := map[string]bool{}
	for i, f := range c.Forms {
		has[f.Text] = true
		if i == 0 {
			continue
		}
		if f.Weight > weakForm {
			return
		}
		most = min(most, belowLexicon*f.Weight)
	}
	added := 0
	for _, t := range r.Related(c.Text) {
		if added == maxLearnedForms {
			return
		}
		if !has[t.Text] {
			why := fmt.Sprintf("相关词: %s→%s（本站 %d 篇同现）", c.Text, t.Text, t.Documents)
			c.Forms = append(c.Forms, Form{Text: t.Text, Weight: most * t.Strength, Why: why, Learned: true})
			added++
		}
	}
}

func countOfLexicon(forms []Form) int {
	n := 0
	for _, f := range forms {
		if !f.Learned {
			n++
		}
	}
	return n
}
