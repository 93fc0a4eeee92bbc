package eval

import (
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"reflect"
	"slices"

	"tongsou/index"
)

// Tunable is an index that can be searched by other weights.
type Tunable interface {
	Tuned(index.Ranking) index.Searcher
}

// Judged is a set with the index of its documents.
type Judged struct {
	Name  string
	Set   *Set
	Index Tunable
}

// FitOptions bound a fit. Zero values are replaced.
type FitOptions struct {
	// Folds is the number of parts that each hold out their queries in turn; 0 means 3.
	Folds int
	// Sample is the number of queries of each set that are used, chosen by a hash of their IDs; 0 means 150.
	Sample int
	// Passes is how often all weights are gone through; 0 means 1.
	Passes int
	// Only names the weights to move; none means all.
	Only []string
	// Log receives a line per step.
	Log io.Writer
}

// Fit is the outcome of a fit.
type Fit struct {
	// Before and After are mean nDCG@10 over the sets of queries that were held out from the weights they are judged by.
	Before, After float64
	// Ranking holds the weights fitted on all folds together.
	Ranking index.Ranking
}

// factors are what a weight is multiplied by in turn.
var factors = [...]float64{0.5, 0.8, 1.25, 2}

// leastGain is the least gain in mean nDCG@10 for which a weight moves: less is noise at some hundred queries.
const leastGain = 0.0005

// FitRanking searches for better weights, one coordinate after another. What it reports comes from queries held out in
// turn (cross-validation), so that a gain on the queries that were fitted to does not count. The folds are drawn by a hash
// of the queries' IDs: the same sets give the same outcome.
func FitRanking(ctx context.Context, sets []Judged, start index.Ranking, o FitOptions) (*Fit, error) {
	o.complete()
	fit := &Fit{}
	for fold := range o.Folds {
		train, held := o.split(sets, fold, false), o.split(sets, fold, true)
		best, err := o.climb(ctx, train, start)
		if err != nil {
			return nil, err
		}
		before, err := mean(ctx, held, start)
		if err != nil {
			return nil, err
		}
		after, err := mean(ctx, held, best)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(o.Log, "fold %d: held-out nDCG@10 %.4f → %.4f\n", fold+1, before, after)
		fit.Before += before / float64(o.Folds)
		fit.After += after / float64(o.Folds)
	}
	var err error
	fit.Ranking, err = o.climb(ctx, o.split(sets, -1, false), start)
	return fit, err
}

func (o *FitOptions) complete() {
	if o.Folds < 2 {
		o.Folds = 3
	}
	if o.Sample <= 0 {
		o.Sample = 150
	}
	if o.Passes <= 0 {
		o.Passes = 1
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
}

// split returns the sampled queries that a fold holds out, or the others.
func (o *FitOptions) split(sets []Judged, fold int, held bool) []Judged {
	return drawn(sets, o.Sample, func(draw int) bool { return (draw%o.Folds == fold) == held })
}

// drawn returns the sets with about sample of their queries each, of those that keep keeps. What is drawn is decided by a
// hash of the queries' IDs, so it is the same every time.
func drawn(sets []Judged, sample int, keep func(draw int) bool) []Judged {
	parts := make([]Judged, len(sets))
	for i, s := range sets {
		part := *s.Set
		part.Queries = nil
		for _, q := range s.Set.Queries {
			h := fnv.New32a()
			_, _ = h.Write([]byte(q.ID)) // never fails
			draw := int(h.Sum32() >> 1)
			if draw/64%len(s.Set.Queries) < sample && keep(draw) {
				part.Queries = append(part.Queries, q)
			}
		}
		parts[i] = Judged{s.Name, &part, s.Index}
	}
	return parts
}

// climb moves one weight at a time to whatever of its neighbours is best on the sets.
func (o *FitOptions) climb(ctx context.Context, sets []Judged, r index.Ranking) (index.Ranking, error) {
	best, err := mean(ctx, sets, r)
	if err != nil {
		return r, err
	}
	for range o.Passes {
		for _, w := range Weights(&r) {
			if len(o.Only) > 0 && !slices.Contains(o.Only, w.Name) {
				continue
			}
			from := *w.Value
			keep := from
			for _, f := range factors {
				*w.Value = from * f
				score, err := mean(ctx, sets, r)
				if err != nil {
					return r, err
				}
				if score > best+leastGain {
					best, keep = score, *w.Value
				}
			}
			*w.Value = keep
			if keep != from {
				fmt.Fprintf(o.Log, "  %-14s %.4g → %.4g  nDCG@10 %.4f\n", w.Name, from, keep, best)
			}
		}
	}
	return r, nil
}

func mean(ctx context.Context, sets []Judged, r index.Ranking) (float64, error) {
	sum, n := 0.0, 0
	for _, s := range sets {
		if len(s.Set.Queries) == 0 {
			continue
		}
		report, _, err := Judge(ctx, s.Index.Tuned(r), s.Set)
		if err != nil {
			return 0, fmt.Errorf("judge %s: %w", s.Name, err)
		}
		sum += report.NDCG10
		n++
	}
	if n == 0 {
		return 0, fmt.Errorf("no queries to fit to")
	}
	return sum / float64(n), nil
}

// Weight is one number of a Ranking.
type Weight struct {
	Name  string
	Value *float64
}

// Weights lists the numbers of a Ranking that decide the order and are not zero, by the names of its fields.
func Weights(r *index.Ranking) []Weight {
	var list []Weight
	v := reflect.ValueOf(r).Elem()
	for i := range v.NumField() {
		f, name := v.Field(i), v.Type().Field(i).Name
		switch {
		case f.Kind() == reflect.Float64:
			list = append(list, Weight{name, f.Addr().Interface().(*float64)})
		case f.Kind() == reflect.Array && f.Type().Elem().Kind() == reflect.Float64:
			for j := range f.Len() {
				list = append(list, Weight{fmt.Sprintf("%s[%d]", name, j), f.Index(j).Addr().Interface().(*float64)})
			}
		}
	}
	kept := list[:0]
	for _, w := range list {
		if *w.Value != 0 {
			kept = append(kept, w)
		}
	}
	return kept
}
