package eval

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sort"
	"time"

	"tongsou/index"
)

// Report is how well a searcher answered a set. All measures lie between 0 and 1 and are means over the judged queries.
type Report struct {
	Queries int `json:"queries"`
	// NDCG10 uses gain 2^grade − 1 and discount log2(rank + 1) (Järvelin and Kekäläinen 2002, as TREC computes it).
	NDCG10    float64 `json:"ndcg@10"`
	MRR10     float64 `json:"mrr@10"`
	Recall10  float64 `json:"recall@10"`
	Recall100 float64 `json:"recall@100"`
	// P50MS and P99MS are the latencies of one client, in milliseconds.
	P50MS float64 `json:"p50_ms"`
	P99MS float64 `json:"p99_ms"`
	// Types holds nDCG@10 by the type of query, where queries have one.
	Types map[string]float64 `json:"types,omitempty"`
}

// String writes the report in one line.
func (r Report) String() string {
	return fmt.Sprintf("queries %d  nDCG@10 %.4f  MRR@10 %.4f  R@10 %.4f  R@100 %.4f  p50 %.2f ms  p99 %.2f ms",
		r.Queries, r.NDCG10, r.MRR10, r.Recall10, r.Recall100, r.P50MS, r.P99MS)
}

// Run is the answer to one query, the first 100 documents of all groups together.
type Run struct {
	Query Query
	Hits  []Scored
	Took  time.Duration
}

// Scored is a document with its score.
type Scored struct {
	ID    string
	Score float64
}

// Judge runs every judged query, one after the other, and reports. A set without queries is an error: it has no mean.
func Judge(ctx context.Context, s index.Searcher, set *Set) (Report, []Run, error) {
	if len(set.Queries) == 0 {
		return Report{}, nil, errors.New("the judged set has no queries")
	}
	runs := make([]Run, 0, len(set.Queries))
	for _, q := range set.Queries {
		began := time.Now()
		res, err := s.Search(ctx, index.Query{Text: q.Text, Filter: index.Filter{Kinds: set.Kinds}, Limit: index.MaxLimit})
		if err != nil {
			return Report{}, nil, fmt.Errorf("query %s %q: %w", q.ID, q.Text, err)
		}
		run := Run{Query: q, Took: time.Since(began)}
		for _, g := range res.Groups {
			for _, h := range g.Hits {
				run.Hits = append(run.Hits, Scored{h.ID, h.Score})
			}
		}
		sort.SliceStable(run.Hits, func(i, j int) bool { return run.Hits[i].Score > run.Hits[j].Score })
		run.Hits = run.Hits[:min(len(run.Hits), 100)]
		runs = append(runs, run)
	}
	return Measure(runs, set.Grades), runs, nil
}

// Measure computes a report from runs. A document that stands in a run more than once counts at its first place only.
func Measure(runs []Run, grades map[string]map[string]int) Report {
	r := Report{Queries: len(runs)}
	if len(runs) == 0 {
		return r
	}
	sums, counts := map[string]float64{}, map[string]float64{}
	times := make([]float64, 0, len(runs))
	for _, run := range runs {
		g, hits := grades[run.Query.ID], distinct(run.Hits)
		ndcg := ndcgAt(10, hits, g)
		r.NDCG10 += ndcg
		r.MRR10 += reciprocalRank(10, hits, g)
		r.Recall10 += recallAt(10, hits, g)
		r.Recall100 += recallAt(100, hits, g)
		sums[run.Query.Type] += ndcg
		counts[run.Query.Type]++
		times = append(times, float64(run.Took.Microseconds())/1000)
	}
	n := float64(len(runs))
	r.NDCG10, r.MRR10, r.Recall10, r.Recall100 = r.NDCG10/n, r.MRR10/n, r.Recall10/n, r.Recall100/n
	sort.Float64s(times)
	r.P50MS, r.P99MS = percentile(times, 0.50), percentile(times, 0.99)
	for t, sum := range sums {
		if t != "" {
			if r.Types == nil {
				r.Types = map[string]float64{}
			}
			r.Types[t] = sum / counts[t]
		}
	}
	return r
}

// distinct returns the first hit of every document. Counting one twice would lift recall and nDCG above 1.
func distinct(hits []Scored) []Scored {
	seen := make(map[string]bool, len(hits))
	kept := make([]Scored, 0, len(hits))
	for _, h := range hits {
		if !seen[h.ID] {
			seen[h.ID] = true
			kept = append(kept, h)
		}
	}
	return kept
}

// percentile is the value at or below which a share p of the sorted values lie (nearest rank).
func percentile(sorted []float64, p float64) float64 {
	return sorted[max(0, int(math.Ceil(p*float64(len(sorted))))-1)]
}

func ndcgAt(k int, hits []Scored, grades map[string]int) float64 {
	dcg := 0.0
	for i, h := range hits[:min(k, len(hits))] {
		dcg += gain(grades[h.ID]) / math.Log2(float64(i)+2)
	}
	ideal := make([]int, 0, len(grades))
	for _, g := range grades {
		ideal = append(ideal, g)
	}
	sort.Sort(sort.Reverse(sort.IntSlice(ideal)))
	best := 0.0
	for i, g := range ideal[:min(k, len(ideal))] {
		best += gain(g) / math.Log2(float64(i)+2)
	}
	if best == 0 {
		return 0
	}
	return dcg / best
}

// gain is 0 for grades below 0, which some sets give to spam.
func gain(grade int) float64 { return math.Exp2(float64(max(grade, 0))) - 1 }

// relevant is the number of documents that answer at all.
func relevant(grades map[string]int) int {
	n := 0
	for _, g := range grades {
		if g > 0 {
			n++
		}
	}
	return n
}

func reciprocalRank(k int, hits []Scored, grades map[string]int) float64 {
	for i, h := range hits[:min(k, len(hits))] {
		if grades[h.ID] > 0 {
			return 1 / float64(i+1)
		}
	}
	return 0
}

func recallAt(k int, hits []Scored, grades map[string]int) float64 {
	all := relevant(grades)
	if all == 0 {
		return 0
	}
	found := 0
	for _, h := range hits[:min(k, len(hits))] {
		if grades[h.ID] > 0 {
			found++
		}
	}
	return float64(found) / float64(all)
}

// Index puts a set's documents into an empty index.
func Index(ctx context.Context, w index.Writer, set *Set) error {
	const batch = 1000
	for from := 0; from < len(set.Documents); from += batch {
		var changes []index.Change
		for i, d := range set.Documents[from:min(from+batch, len(set.Documents))] {
			changes = append(changes, index.Change{Seq: uint64(from + i + 1), ID: d.ID, Document: d})
		}
		if err := w.Apply(ctx, changes); err != nil {
			return fmt.Errorf("index the judged set: %w", err)
		}
	}
	return nil
}
