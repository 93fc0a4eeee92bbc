package index_test

import (
	"strings"
	"testing"

	"tongsou/corpus"
	"tongsou/index"
)

// TestExplainSaysWhatMatched: who asks why a hit is there reads which of the words stand where, by which other word, and
// which do not.
func TestExplainSaysWhatMatched(t *testing.T) {
	plan := &index.Plan{
		Explain: true, Folded: "社保卡 补领 月球",
		Concepts: []index.Concept{
			{Text: "社保卡", Weight: 1, Forms: []index.Form{{Text: "社保卡", Weight: 1}, {Text: "社会保障卡", Weight: 0.8, Why: "相关词: 社保卡→社会保障卡"}}},
			{Text: "补领", Weight: 1, Forms: []index.Form{{Text: "补领", Weight: 1}}},
			{Text: "月球", Weight: 1, Forms: []index.Form{{Text: "月球", Weight: 1}}},
		},
	}
	r := index.DefaultRanking()
	ranked := r.Rank(plan, index.Stats{Rarity: []float64{2, 2, 2}, Best: 1}, []index.Candidate{{
		Unit: "a", Doc: "a", Meta: &index.Meta{ID: "a", Kind: corpus.KindItem, Title: "社会保障卡补领"}, Body: "申请材料：居民身份证", Score: 1,
	}})
	var notes []string
	for _, p := range ranked[0].Parts {
		notes = append(notes, p.Note)
	}
	all := strings.Join(notes, "\n")
	for _, want := range []string{"“社会保障卡”（您说的“社保卡”）", "有", "“补领”", "没有“月球”"} {
		if !strings.Contains(all, want) {
			t.Errorf("the explanation lacks %s:\n%s", want, all)
		}
	}
}
