package opensearch_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"tongsou/index"
	"tongsou/index/embedded"
	"tongsou/index/eval"
)

// What the two engines may differ by on a judged set.
const (
	leastOverlap = 0.95
	mostApart    = 0.005
)

// TestParity asks both engines the judged queries and compares the answers. TONGSOU_SHARED is the folder of the judged sets;
// TONGSOU_PARITY bounds the queries of each set.
func TestParity(t *testing.T) {
	shared := os.Getenv("TONGSOU_SHARED")
	if shared == "" {
		t.Skip("needs the judged sets, which are no part of the repository: set TONGSOU_SHARED to their folder")
	}
	most, _ := strconv.Atoi(os.Getenv("TONGSOU_PARITY"))
	whole, corpora := t, map[string][2]index.Engine{}
	for _, name := range []string{"items", "replies", "ncp", "stard", "stard-short"} {
		t.Run(name, func(t *testing.T) { compareOn(t, whole, corpora, filepath.Join(shared, "beir"), name, most) })
	}
}

// compareOn compares on one set. corpora keeps the two engines of a corpus, as long as whole runs, for the next set over it.
func compareOn(t, whole *testing.T, corpora map[string][2]index.Engine, dir, name string, most int) {
	documents := name
	if name == "stard-short" {
		documents = "stard"
	}
	qrels, _ := filepath.Glob(filepath.Join(dir, name, "qrels", "*.tsv"))
	if len(qrels) == 0 {
		t.Skipf("needs %s", filepath.Join(dir, name))
	}
	set, err := eval.Load(filepath.Join(dir, documents, "corpus.jsonl"), filepath.Join(dir, name, "queries.jsonl"), qrels[0])
	if err != nil {
		t.Fatal(err)
	}
	if most > 0 && len(set.Queries) > most {
		var some []eval.Query
		for i := range most {
			some = append(some, set.Queries[i*len(set.Queries)/most])
		}
		set.Queries = some
	}
	engines, ok := corpora[documents]
	if !ok {
		engines = filledBoth(whole, set)
		corpora[documents] = engines
	}
	one, first, err := eval.Judge(t.Context(), engines[0], set)
	if err != nil {
		t.Fatal(err)
	}
	other, second, err := eval.Judge(t.Context(), engines[1], set)
	if err != nil {
		t.Fatal(err)
	}
	o, worst := overlap(first, second)
	fmt.Printf("%-12s queries %d  nDCG@10 embedded %.4f  opensearch %.4f  difference %+.4f  overlap of the first ten %.4f\n",
		name, one.Queries, one.NDCG10, other.NDCG10, other.NDCG10-one.NDCG10, o)
	fmt.Printf("%-12s embedded   %v\n%-12s opensearch %v\n", "", one, "", other)
	if d := other.NDCG10 - one.NDCG10; d < -mostApart || d > mostApart || o < leastOverlap {
		t.Errorf("the engines differ by %.4f in nDCG@10 and share %.4f of the first ten; the least alike is %s", d, o, worst)
	}
}

// learner is an engine that learns related terms.
type learner interface {
	Learn(ctx context.Context) error
}

func filledBoth(t *testing.T, set *eval.Set) [2]index.Engine {
	t.Helper()
	here, err := embedded.Open(embedded.Options{Path: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = here.Close() })
	there := open(t, nil)
	for _, e := range []interface {
		index.Engine
		learner
	}{here, there} {
		if err := eval.Index(t.Context(), e, set); err != nil {
			t.Fatal(err)
		}
		if err := e.Learn(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return [2]index.Engine{here, there}
}

// overlap is the mean share of the first ten that two runs have in common, and the query that has least.
func overlap(a, b []eval.Run) (mean float64, worst string) {
	least := 2.0
	for i := range a {
		ours := map[string]bool{}
		n := min(10, len(a[i].Hits))
		for _, h := range a[i].Hits[:n] {
			ours[h.ID] = true
		}
		shared, m := 0, min(10, len(b[i].Hits))
		for _, h := range b[i].Hits[:m] {
			if ours[h.ID] {
				shared++
			}
		}
		share := 1.0
		if most := max(n, m); most > 0 {
			share = float64(shared) / float64(most)
		}
		if share < least {
			least, worst = share, fmt.Sprintf("%s %q (%.1f)", a[i].Query.ID, a[i].Query.Text, share)
		}
		mean += share / float64(len(a))
	}
	return mean, worst
}
