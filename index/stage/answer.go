package stage

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"tongsou/corpus"
	"tongsou/index"
)

// View is an index at one moment, as one search sees it from beginning to end.
type View interface {
	index.Terms
	// Find returns the candidates of one kind and how many documents match; without load only the latter. An error for
	// which there was no time is context.DeadlineExceeded.
	Find(ctx context.Context, kind corpus.Kind, plan *index.Plan, ranking *index.Ranking, load bool) (*index.Found, *Tally, error)
	// Halved reports whether a part of the index is left out.
	Halved() bool
}

// Tally is how many documents of a kind match, by the values of every facet but kind. A document counts for a facet when it
// passes every filter but that facet's own.
type Tally struct {
	Kind   corpus.Kind
	Total  int
	Values map[string]map[string]int
}

// Answer reads a query and answers it from a view, by meaning too where there is a lane for it. began is when the search
// began.
func Answer(ctx context.Context, v View, reader *index.Reader, q index.Query, m *index.Meaning, began time.Time) (*index.Result, error) {
	plan, understood, err := reader.Read(q, v)
	if err != nil {
		return nil, err
	}
	if note, err := climb(ctx, v, plan, reader.Ranking); err != nil {
		return nil, err
	} else if note != "" {
		understood.Notes = append(understood.Notes, note)
	}
	read := time.Since(began)
	meant, err := mean(ctx, m, q, plan, &understood)
	if err != nil {
		return nil, err
	}
	groups, tallies, spent, err := answer(ctx, v, plan, reader.Ranking)
	if err != nil {
		return nil, err
	}
	if plan.Number != "" && !plan.NumberOnly && !slices.ContainsFunc(groups, func(g index.Group) bool { return g.Total > 0 }) {
		understood.Notes = append(understood.Notes, "没有收录文号 "+plan.Number+" 的文件，也没有引用它的；以下按字词查找。")
		plan.Number, understood.Number = "", ""
		if groups, tallies, spent, err = answer(ctx, v, plan, reader.Ranking); err != nil {
			return nil, err
		}
	}
	result := &index.Result{Query: understood, Groups: groups, Next: index.Next(plan, groups), Partial: spent.partial, Stages: spent.stages}
	result.Stages.Read, result.Stages.Mean = read, meant
	if v.Halved() {
		result.Partial = true
		result.Query.Notes = append(result.Query.Notes, "有一部分内容正在修复，这次只搜索了其余的部分；请过几分钟再试。")
	}
	if spent.partial {
		result.Query.Notes = append(result.Query.Notes, "这次查询花的时间太长，只搜索了一部分；请少写几个字，或增加筛选条件后再试。")
	}
	if plan.Facets {
		result.Facets = facets(tallies)
	}
	if !spent.partial { // what was not searched may hold the answer
		result.NoAnswer = index.Honest(plan, groups, result.Facets)
	}
	result.TookMS = float64(time.Since(began).Microseconds()) / 1000
	return result, nil
}

// climb lets a filter by place find the items of the divisions above it where the place has no such item, and says so. It
// compares the best item within the place with the best that is done above.
func climb(ctx context.Context, v View, plan *index.Plan, ranking *index.Ranking) (string, error) {
	above := index.Above(plan)
	if len(above) == 0 {
		return "", nil
	}
	wider := *plan
	wider.Above = above
	var groups [2]index.Group
	for i, p := range []*index.Plan{plan, &wider} {
		first := *p
		first.Offset, first.Limit, first.Facets, first.Sort, first.Pinned = 0, 1, false, index.ByRelevance, nil
		found, _, err := v.Find(ctx, corpus.KindItem, &first, ranking, true)
		if OutOfTime(err) {
			return "", nil // what follows says so
		}
		if err != nil {
			return "", err
		}
		groups[i] = ranking.Group(&first, *found)
	}
	note, ok := index.Climbs(plan, groups[0], groups[1])
	if ok {
		plan.Above = above
	}
	return note, nil
}

// spent is what an answer cost, and whether the time ended before it was whole.
type spent struct {
	stages  index.Stages
	partial bool
}

// answer searches the kinds side by side: on two cores an answer comes in the time of the largest. A kind for which there
// was no time is empty, unless there was none for any.
func answer(ctx context.Context, v View, plan *index.Plan, ranking *index.Ranking) ([]index.Group, []*Tally, spent, error) {
	kinds := corpus.Kinds()
	tallies := make([]*Tally, len(kinds))
	groups := make([]*index.Group, len(kinds))
	founds := make([]*index.Found, len(kinds))
	var work errgroup.Group
	for i, kind := range kinds {
		wanted := len(plan.Filter.Kinds) == 0 || slices.Contains(plan.Filter.Kinds, kind)
		if !wanted && !plan.Facets {
			continue
		}
		plan := plan.ForKind(kind)
		work.Go(func() error {
			found, count, err := v.Find(ctx, kind, plan, ranking, wanted)
			if OutOfTime(err) {
				found, count, err = &index.Found{Kind: kind, Partial: true}, &Tally{Kind: kind}, nil
			}
			if err != nil {
				return err
			}
			tallies[i], founds[i] = count, found
			if wanted {
				began := time.Now()
				g := ranking.Group(plan, *found)
				found.Stages.Rank, groups[i] = time.Since(began), &g
			}
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return nil, nil, spent{}, err
	}
	kept, all := gather(groups, founds)
	if all.partial && !slices.ContainsFunc(kept, func(g index.Group) bool { return len(g.Hits) > 0 }) {
		return nil, nil, spent{}, context.DeadlineExceeded // a part without anything says nothing
	}
	return kept, tallies, all, nil
}

// gather joins what was found of each kind.
func gather(groups []*index.Group, founds []*index.Found) ([]index.Group, spent) {
	var kept []index.Group
	var all spent
	for i, f := range founds {
		if f == nil {
			continue
		}
		all.partial = all.partial || f.Partial
		all.stages.Longest(f.Stages)
		if groups[i] != nil {
			kept = append(kept, *groups[i])
		}
	}
	return kept, all
}

// OutOfTime tells the end of the time for a query from a client that went away.
func OutOfTime(err error) bool { return errors.Is(err, context.DeadlineExceeded) }

// facets joins the counts of the kinds into the answer's facets.
func facets(tallies []*Tally) []index.Facet {
	counts := map[string]map[string]int{"kind": {}}
	for _, t := range tallies {
		if t == nil {
			continue
		}
		if t.Total > 0 {
			counts["kind"][string(t.Kind)] += t.Total
		}
		for name, values := range t.Values {
			for v, n := range values {
				if counts[name] == nil {
					counts[name] = map[string]int{}
				}
				counts[name][v] += n
			}
		}
	}
	return index.Facets(counts)
}
