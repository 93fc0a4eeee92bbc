package opensearch

import (
	"testing"

	"tongsou/index"
)

// What is counted here must be what the index was given: pairs overlap, and what stands at the beginning counts.
func TestGramsAreCounted(t *testing.T) {
	for _, c := range []struct {
		term, text string
		want       int
	}{
		{"户口", "户口本是户口的本，户 口", 2},
		{"天天", "天天天天，天天", 4},
		{"户", "户口户口", 2},
		{"口", "", 0},
		{"本户", "户口本户口", 1},
		{"口a", "户口a口a", 2},
		{"户", "\x00户\x00", 1},
		{"卡拉ok", "唱卡拉ok，卡拉", 1},
	} {
		plan := &index.Plan{Terms: []index.PlanTerm{{Text: "无关", Weight: 1}, {Text: c.term, Weight: 1}}}
		f := &finder{plan: plan, long: make([]bool, 2), latin: make([]bool, 2), grams: gramsOf(plan)}
		if got := f.count(c.text, false); got[1] != c.want || got[0] != 0 {
			t.Errorf("%q stands %v times in %q, want %d", c.term, got, c.text, c.want)
		}
	}
	plan := &index.Plan{Terms: []index.PlanTerm{{Text: "户", Weight: 1}, {Text: "户口", Weight: 1}}}
	f := &finder{plan: plan, long: make([]bool, 2), latin: make([]bool, 2), grams: gramsOf(plan)}
	if got := f.count("户口", true); got[0] != 0 || got[1] != 1 {
		t.Errorf("in a section's name %v, want no single characters", got)
	}
}
