package eval_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/index/eval"
)

// ranked makes the hits of a run from IDs, best first.
func ranked(ids ...string) []eval.Scored {
	var hits []eval.Scored
	for i, id := range ids {
		hits = append(hits, eval.Scored{ID: id, Score: float64(len(ids) - i)})
	}
	return hits
}

// filler is n documents that answer nothing.
func filler(n int) []string {
	var ids []string
	for i := range n {
		ids = append(ids, fmt.Sprintf("x%d", i))
	}
	return ids
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-6 }

// The values are computed by hand: a grade of 3, 2, 1 gains 7, 3, 1; the discounts of the ranks 1, 2, 3, 4 are 1,
// 1.5849625, 2, 2.3219281, that of rank 10 is 3.4594316.
func TestMeasures(t *testing.T) {
	grades := map[string]int{"a": 3, "b": 2, "c": 1, "junk": 0, "spam": -2}
	const ideal = 7 + 3/1.5849625 + 1/2.0 // 9.3927893
	for _, c := range []struct {
		name                         string
		hits                         []eval.Scored
		ndcg, mrr, recall, recall100 float64
	}{
		{"ideal", ranked("a", "b", "c"), 1, 1, 1, 1},
		{"backwards", ranked("c", "b", "a"), (1 + 3/1.5849625 + 7/2.0) / ideal, 1, 1, 1},
		{"first is wrong", ranked("x", "b", "x2", "a"), (3/1.5849625 + 7/2.3219281) / ideal, 0.5, 2. / 3, 2. / 3},
		{"grades of 0 and below are wrong", ranked("junk", "spam", "c"), (1 / 2.0) / ideal, 1. / 3, 1. / 3, 1. / 3},
		{"tenth", ranked(append(filler(9), "a")...), (7 / 3.4594316) / ideal, 0.1, 1. / 3, 1. / 3},
		{"eleventh", ranked(append(filler(10), "a")...), 0, 0, 0, 1. / 3},
		{"hundredth", ranked(append(filler(99), "a")...), 0, 0, 0, 1. / 3},
		{"hundred and first", ranked(append(filler(100), "a")...), 0, 0, 0, 0},
		{"a document again and again", ranked("a", "a", "a", "b"), (7 + 3/1.5849625) / ideal, 1, 2. / 3, 2. / 3},
		{"nothing found", nil, 0, 0, 0, 0},
	} {
		r := eval.Measure([]eval.Run{{Query: eval.Query{ID: "q"}, Hits: c.hits}}, map[string]map[string]int{"q": grades})
		if !near(r.NDCG10, c.ndcg) || !near(r.MRR10, c.mrr) || !near(r.Recall10, c.recall) || !near(r.Recall100, c.recall100) {
			t.Errorf("%s: %v, want nDCG@10 %.4f, MRR@10 %.4f, recall %.4f and %.4f", c.name, r, c.ndcg, c.mrr, c.recall, c.recall100)
		}
	}
}

// With more answers than ten, the ideal is the best ten: a full first page is perfect, and recall@10 is not.
func TestIdealIsCutAtTen(t *testing.T) {
	ids := filler(20)
	grades := map[string]int{}
	for _, id := range ids {
		grades[id] = 1
	}
	r := eval.Measure([]eval.Run{{Query: eval.Query{ID: "q"}, Hits: ranked(ids[:10]...)}}, map[string]map[string]int{"q": grades})
	if !near(r.NDCG10, 1) || !near(r.Recall10, 0.5) {
		t.Errorf("%v, want nDCG@10 1 and recall@10 0.5", r)
	}
}

func TestMeansTypesAndLatency(t *testing.T) {
	grades := map[string]map[string]int{"q1": {"a": 1}, "q2": {"a": 1}, "q3": {"a": 1}, "q4": {"a": 1}}
	run := func(id, kind string, took int, hits ...string) eval.Run {
		return eval.Run{Query: eval.Query{ID: id, Type: kind}, Hits: ranked(hits...), Took: time.Duration(took) * time.Millisecond}
	}
	r := eval.Measure([]eval.Run{
		run("q1", "typo", 4, "a"), run("q2", "typo", 1), run("q3", "pinyin", 3, "a"), run("q4", "", 2),
	}, grades)
	if r.Queries != 4 || !near(r.NDCG10, 0.5) || !near(r.MRR10, 0.5) || r.P50MS != 2 || r.P99MS != 4 {
		t.Errorf("report %v", r)
	}
	if len(r.Types) != 2 || !near(r.Types["typo"], 0.5) || !near(r.Types["pinyin"], 1) {
		t.Errorf("by type %v", r.Types)
	}
	const want = "queries 4  nDCG@10 0.5000  MRR@10 0.5000  R@10 0.5000  R@100 0.5000  p50 2.00 ms  p99 4.00 ms"
	if r.String() != want {
		t.Errorf("written as %s, want %s", r, want)
	}
	if r := eval.Measure([]eval.Run{run("q4", "", 1)}, grades); r.Types != nil {
		t.Errorf("queries without types have %v", r.Types)
	}
	if r := eval.Measure(nil, grades); r.Queries != 0 || r.NDCG10 != 0 {
		t.Errorf("no runs give %v", r)
	}
}

// stub answers every query with the groups it holds for its text, or with an error.
type stub struct {
	index.Searcher
	groups map[string][]index.Group
	err    error
	limits []int
}

func (s *stub) Search(_ context.Context, q index.Query) (*index.Result, error) {
	s.limits = append(s.limits, q.Limit)
	return &index.Result{Groups: s.groups[q.Text]}, s.err
}

func TestJudgeMergesTheGroupsByScore(t *testing.T) {
	set, _, err := sound.load(t)
	if err != nil {
		t.Fatal(err)
	}
	s := &stub{groups: map[string][]index.Group{"孩子上户口": {
		{Kind: corpus.KindItem, Hits: []index.Hit{{ID: "d3", Score: 1}}},
		{Kind: corpus.KindPolicy, Hits: []index.Hit{{ID: "d2", Score: 9}, {ID: "d1", Score: 1}}},
		{Kind: corpus.KindNews},
	}}}
	r, runs, err := eval.Judge(t.Context(), s, set)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, h := range runs[0].Hits {
		ids = append(ids, h.ID)
	}
	if got := strings.Join(ids, " "); got != "d2 d3 d1" { // of equals, the earlier group first
		t.Errorf("ranked %s", got)
	}
	// q1: (3 + 1/2) / (3 + 1/log2 3); q2 has no answer.
	if want := (3 + 1/2.0) / (3 + 1/1.5849625) / 2; !near(r.NDCG10, want) || !near(r.MRR10, 0.5) || r.Queries != 2 {
		t.Errorf("report %v, want nDCG@10 %.4f", r, want)
	}
	if len(r.Types) != 1 || !near(r.Types["colloquial"], 2*r.NDCG10) {
		t.Errorf("by type %v", r.Types)
	}
	for _, limit := range s.limits {
		if limit != index.MaxLimit {
			t.Errorf("asked for %d hits, want %d", limit, index.MaxLimit)
		}
	}
}

func TestJudgeKeepsAHundred(t *testing.T) {
	var hits []index.Hit
	for i, id := range filler(130) {
		hits = append(hits, index.Hit{ID: id, Score: -float64(i)})
	}
	set := &eval.Set{Queries: []eval.Query{{ID: "q", Text: "户口"}}, Grades: map[string]map[string]int{"q": {"x99": 1}}}
	r, runs, err := eval.Judge(t.Context(), &stub{groups: map[string][]index.Group{"户口": {{Hits: hits}}}}, set)
	if err != nil || len(runs[0].Hits) != 100 || r.Recall100 != 1 {
		t.Errorf("error %v, %d hits, report %v", err, len(runs[0].Hits), r)
	}
}

func TestJudgeFails(t *testing.T) {
	set := &eval.Set{Queries: []eval.Query{{ID: "q7", Text: "户口"}}}
	_, _, err := eval.Judge(t.Context(), &stub{err: index.ErrUnavailable}, set)
	if !errors.Is(err, index.ErrUnavailable) || !strings.Contains(err.Error(), "q7") {
		t.Errorf("error %v does not name the query and its cause", err)
	}
	if _, _, err := eval.Judge(t.Context(), &stub{}, &eval.Set{}); err == nil {
		t.Error("a set without queries was judged")
	}
}

// sink keeps what is written to it and fails at a batch.
type sink struct {
	index.Writer
	sizes  []int
	last   uint64
	failAt int
}

func (s *sink) Apply(_ context.Context, changes []index.Change) error {
	if len(s.sizes)+1 == s.failAt {
		return index.ErrUnavailable
	}
	s.sizes = append(s.sizes, len(changes))
	for _, c := range changes {
		if c.Seq != s.last+1 || c.Document == nil || c.Document.ID != c.ID {
			return fmt.Errorf("change %+v after %d", c, s.last)
		}
		s.last = c.Seq
	}
	return nil
}

func TestIndexWritesInBatches(t *testing.T) {
	set := &eval.Set{}
	for _, id := range filler(2001) {
		set.Documents = append(set.Documents, &corpus.Document{ID: id})
	}
	s := &sink{}
	if err := eval.Index(t.Context(), s, set); err != nil || fmt.Sprint(s.sizes) != "[1000 1000 1]" {
		t.Errorf("error %v, batches %v", err, s.sizes)
	}
	if err := eval.Index(t.Context(), &sink{failAt: 2}, set); !errors.Is(err, index.ErrUnavailable) {
		t.Errorf("error %v", err)
	}
}
