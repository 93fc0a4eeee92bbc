package eval_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/index/eval"
)

// toy answers the right document first only when the weight of titles has moved down far enough, so that the way to a
// better ranking is known.
type toy struct{ title float64 }

func (y toy) Tuned(r index.Ranking) index.Searcher { return toy{r.FieldWeight[0]} }

func (y toy) Search(_ context.Context, q index.Query) (*index.Result, error) {
	right, wrong := index.Hit{ID: q.Text, Score: 2}, index.Hit{ID: "other", Score: 1}
	hits := []index.Hit{right, wrong}
	if y.title > 1 {
		wrong.Score = 3
		hits = []index.Hit{wrong, right}
	}
	return &index.Result{Groups: []index.Group{{Kind: corpus.KindItem, Total: 2, Hits: hits}}}, nil
}

func (toy) Suggest(context.Context, index.SuggestQuery) ([]index.Suggestion, error) { return nil, nil }

func TestFitFindsTheWeightThatMatters(t *testing.T) {
	set := &eval.Set{Grades: map[string]map[string]int{}}
	for i := range 90 {
		id := fmt.Sprintf("q%d", i)
		set.Queries = append(set.Queries, eval.Query{ID: id, Text: "d" + id})
		set.Grades[id] = map[string]int{"d" + id: 1}
	}
	start := index.DefaultRanking()
	start.FieldWeight[0] = 1.5
	var log bytes.Buffer
	fit, err := eval.FitRanking(t.Context(), []eval.Judged{{Name: "toy", Set: set, Index: toy{}}}, start, eval.FitOptions{Log: &log})
	if err != nil {
		t.Fatal(err)
	}
	if fit.Before >= 0.7 || fit.After != 1 {
		t.Errorf("held-out nDCG@10 %v → %v, want below 0.7 and 1", fit.Before, fit.After)
	}
	if got := fit.Ranking.FieldWeight[0]; got > 1 {
		t.Errorf("the weight of titles is %v, want it moved to 1 or below", got)
	}
	if fit.Ranking.K1 != start.K1 {
		t.Errorf("K1 moved from %v to %v without a gain", start.K1, fit.Ranking.K1)
	}
	if log.Len() == 0 {
		t.Error("no line per step")
	}
	if _, err := eval.FitRanking(t.Context(), nil, start, eval.FitOptions{}); err == nil {
		t.Error("a fit to nothing is no error")
	}
}
