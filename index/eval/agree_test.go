package eval_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"tongsou/index"
	"tongsou/index/eval"
)

// listed answers a query with the documents that are listed for it; a query that is not listed is none.
type listed map[string][]string

func (l listed) Search(_ context.Context, q index.Query) (*index.Result, error) {
	ids, ok := l[q.Text]
	if !ok {
		return nil, fmt.Errorf("%w: %s", index.ErrBadQuery, q.Text)
	}
	g := index.Group{}
	for _, id := range ids {
		g.Hits = append(g.Hits, index.Hit{ID: id})
	}
	return &index.Result{Groups: []index.Group{g}}, nil
}

func (l listed) Suggest(context.Context, index.SuggestQuery) ([]index.Suggestion, error) {
	return nil, nil
}

func TestAgree(t *testing.T) {
	one := listed{"户口": {"a", "b"}, "社保": {"c"}, "无": nil}
	for _, c := range []struct {
		name    string
		other   listed
		queries []string
		want    float64
		same    bool
		worst   string
	}{
		{"the same in another order", listed{"户口": {"b", "a"}, "社保": {"c"}, "无": nil}, []string{"户口", "社保", "无"}, 1, true, ""},
		{"one of two", listed{"户口": {"b", "x"}, "社保": {"c"}}, []string{"社保", "户口"}, 0.75, false, "户口 0.50"},
		{"nothing at all", listed{"户口": nil, "社保": nil}, []string{"户口", "社保"}, 0, false, "户口 0.00、社保 0.00"},
		{"more than the other", listed{"社保": {"c", "d", "e", "f"}}, []string{"社保"}, 0.25, false, "社保 0.25"},
		{"a query for neither", listed{"户口": {"a", "b"}}, []string{"?", "户口"}, 1, true, ""},
		{"no queries", listed{}, nil, 1, true, ""},
	} {
		got, err := eval.Agree(t.Context(), one, c.other, c.queries)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if math.Abs(got.Overlap-c.want) > 1e-9 || got.Same() != c.same || got.String() != c.worst {
			t.Errorf("%s: %+v, want %v, same %v, %q", c.name, got, c.want, c.same, c.worst)
		}
	}
	if _, err := eval.Agree(t.Context(), one, listed{}, []string{"户口"}); !errors.Is(err, index.ErrBadQuery) {
		t.Errorf("a query that one of them refuses: %v", err)
	}
}
