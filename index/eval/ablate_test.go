package eval_test

import (
	"context"
	"strings"
	"testing"

	"tongsou/index"
	"tongsou/index/eval"
)

func TestAblateComparesEveryPart(t *testing.T) {
	set := &eval.Set{Queries: []eval.Query{{ID: "q", Text: "甲"}}, Grades: map[string]map[string]int{"q": {"a": 1}}}
	sets := []eval.Judged{{Name: "toy", Set: set, Index: toy{}}, {Name: "again", Set: set, Index: toy{}}}
	var out strings.Builder
	if err := eval.Ablate(context.Background(), &out, sets, index.DefaultRanking(), 100); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2+len(eval.Ablations()) {
		t.Errorf("got %d lines, want a head of two and one for each of %d ablations:\n%s", len(lines), len(eval.Ablations()), out.String())
	}
	for _, line := range lines[2:] {
		if strings.Count(line, "|") != strings.Count(lines[0], "|") || !strings.Contains(line, "0.") && !strings.Contains(line, "1.") {
			t.Errorf("%q is no row of the table", line)
		}
	}
}
