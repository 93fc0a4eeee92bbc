package opensearch

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/index/stage"
	"tongsou/segment"
)

func (e *Engine) search(ctx context.Context, reader *index.Reader, q index.Query) (*index.Result, error) {
	began := time.Now()
	if q.Today == "" {
		q.Today = corpus.DateOf(e.options.Now())
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	v, err := e.view(ctx)
	if err != nil {
		return nil, err
	}
	if err := v.ahead(q.Text); err != nil {
		return nil, err
	}
	return stage.Answer(ctx, v, reader, q, nil, began)
}

// ahead asks in one request for the frequencies of what was typed: reading the query asks for many of them, one after the
// other, and the search for the others.
func (v *view) ahead(text string) error {
	var terms []string
	for i, t := range segment.Grams(segment.Fold(text)) {
		if i >= 2*index.MaxQueryRunes {
			break
		}
		terms = append(terms, t.Text)
	}
	return v.learnFrequencies(corpus.Kinds(), terms)
}

// failure is why a search failed as a whole, nil when it did not.
func (a *answer) failure() error {
	if a.Error == nil {
		if a.Shards.Total > 0 && a.Shards.Failed == a.Shards.Total {
			return fmt.Errorf("search: no shard answers: %w", index.ErrUnavailable)
		}
		return nil
	}
	reason := cmp.Or(a.Error.Reason, a.Error.Cause.Reason)
	if len(a.Error.Causes) > 0 {
		reason = a.Error.Causes[0].Reason
	}
	err := &statusError{a.Status, a.Error.Type, reason}
	if a.Status == 0 || a.Status >= 500 || later(a.Status) {
		return fmt.Errorf("search: %w: %w", index.ErrUnavailable, err)
	}
	return err
}

// remaining is the time that a search may take within the cluster: what the context has left, less the way back.
func remaining(ctx context.Context) string {
	left := short
	if end, ok := ctx.Deadline(); ok {
		left = min(left, time.Until(end)*9/10)
	}
	return strconv.FormatInt(max(1, left.Milliseconds()), 10) + "ms"
}

// How many documents are scored again in Go, at least. It is the same on every page, so that all pages are cut from one order;
// what lies behind stands in the order of the cluster.
const (
	// nearEnough is the share of what makes a match from which a unit may be among the best of all; so may one that holds a rare
	// term. Scoring every unit that holds a character of a query took two thirds of a search: 32 ms over a hundred thousand units
	// against 15 with a half.
	nearEnough = 0.5
	// poolNear is how many of these are looked at, poolMatching how many of those that match where the others crowd them out.
	poolNear     = 96
	poolMatching = 64
	// unitsNear and unitsShown are how many units of a document are looked at: of a law many articles may be among the best.
	unitsNear  = 8
	unitsShown = 4
)

// scored is a unit with its score and its place, larger first.
type scored struct {
	doc     *hit
	unit    *stored
	score   float64
	place   float64
	touched uint64
	matches bool
}

// Find implements stage.View.
func (v *view) Find(ctx context.Context, kind corpus.Kind, plan *index.Plan, ranking *index.Ranking, load bool) (*index.Found, *stage.Tally, error) {
	began := time.Now()
	if st, err := v.statistics(kind); err != nil || st.units == 0 {
		return &index.Found{Kind: kind}, &stage.Tally{Kind: kind}, err
	}
	f, err := v.finder(kind, plan, ranking)
	if err != nil {
		return nil, nil, err
	}
	most := 0
	if load && !f.covered() {
		most = max(f.pool, f.plan.Depth)
	}
	bodies := []m{f.counting(most)}
	if load {
		bodies = append(bodies, f.others()...)
	}
	answers, err := v.search(bodies)
	if err != nil {
		return nil, nil, err
	}
	f.total = answers[0].Hits.Total.Value
	found := &index.Found{Kind: kind, Stats: f.stats, Total: f.total}
	count := f.tally(&answers[0])
	found.Stages.Scan = time.Since(began)
	if !load {
		return found, count, nil
	}
	err = f.gather(answers, found)
	found.Stages.Load = time.Since(began) - found.Stages.Scan
	return found, count, err
}

// gather scores what was found again and picks the candidates.
func (f *finder) gather(answers []answer, found *index.Found) error {
	named, pinned := f.of(answers, f.named), f.of(answers, f.pins)
	seen := seenUnits{}
	top, err := f.score(seen, f.of(answers, f.near))
	if err != nil {
		return err
	}
	pool, behind, err := f.further(top, answers[0].Hits.Hits)
	if err != nil {
		return err
	}
	further, err := f.score(seen, pool)
	if err != nil {
		return err
	}
	top = append(top, further...)
	if !f.byDate {
		slices.SortStableFunc(top, func(a, b scored) int {
			return cmp.Or(cmp.Compare(b.place, a.place), cmp.Compare(a.doc.Meta.ID, b.doc.Meta.ID))
		})
	}
	tail, err := f.score(seen, behind)
	if err != nil {
		return err
	}
	top = append(f.head(top), tail...)
	picked, err := f.outright(named)
	if err != nil {
		return err
	}
	pins, more, err := f.pinned(pinned, top)
	if err != nil {
		return err
	}
	found.Total += more
	picked = append(pins, picked...)
	found.Candidates = f.candidates(append(picked, top...), len(picked))
	return nil
}

// further returns the documents that are scored again beside the nearest, and those that stay behind them in the order of the
// cluster. It asks for those that match where the nearest are not enough of them, for this page or for what is ranked on any,
// and for any that hold a term where all there are do not fill a first page.
func (f *finder) further(near []scored, matching []hit) (pool, behind []hit, err error) {
	if !f.covered() {
		first := min(len(matching), f.pool)
		return matching[:first], matching[first:], nil
	}
	docs, match := map[string]bool{}, map[string]bool{}
	for _, u := range near {
		docs[u.doc.Meta.ID] = true
		if u.matches {
			match[u.doc.Meta.ID] = true
		}
	}
	var bodies []m
	few := len(match) < min(f.total, max(f.ranking.Depth, f.plan.Depth))
	if few {
		bodies = append(bodies, f.matching(max(f.pool, f.plan.Depth)))
	}
	if f.plan.Offset == 0 && len(docs) < f.plan.Limit {
		bodies = append(bodies, f.nearest(0))
	}
	if len(bodies) == 0 {
		return nil, nil, nil
	}
	answers, err := f.view.search(bodies)
	if err != nil {
		return nil, nil, err
	}
	if few {
		behind, answers = answers[0].Hits.Hits, answers[1:]
		if len(match) < f.ranking.Depth { // on every page, whatever it asks for
			first := min(len(behind), f.pool)
			pool, behind = behind[:first:first], behind[first:]
		}
	}
	for _, a := range answers {
		pool = append(pool, a.Hits.Hits...)
	}
	return pool, behind, nil
}

// of returns the hits of a search that may not have been asked.
func (f *finder) of(answers []answer, at int) []hit {
	if at == 0 {
		return nil
	}
	return answers[at].Hits.Hits
}

// head keeps the best units of all, and after them the further ones that match.
func (f *finder) head(units []scored) []scored {
	keep := max(2*f.ranking.Depth, 2*f.plan.Limit)
	if len(units) <= keep {
		return units
	}
	return append(units[:keep:keep], slices.DeleteFunc(slices.Clone(units[keep:]), func(u scored) bool { return !u.matches })...)
}

// seenUnits are the units that were scored already, by document and place in it.
type seenUnits map[unitPlace]bool

type unitPlace struct {
	id     string
	offset int
}

// score scores the units of documents that were not seen before.
func (f *finder) score(seen seenUnits, hits []hit) ([]scored, error) {
	var list []scored
	for i := range hits {
		for _, inner := range hits[i].Inner[units].Hits.Hits {
			at := unitPlace{hits[i].Meta.ID, inner.Nested.Offset}
			if seen[at] {
				continue
			}
			seen[at] = true
			st, err := unpack(inner.Fields[unitStored])
			if err != nil {
				return nil, fmt.Errorf("read a unit of %s: %w", at.id, err)
			}
			list = append(list, f.judge(&hits[i], st))
		}
	}
	return list, nil
}

// outright are the units that the query names: they are candidates whatever their words score.
func (f *finder) outright(hits []hit) ([]scored, error) {
	list, err := f.score(seenUnits{}, hits)
	for i := range list {
		list[i].score, list[i].place, list[i].touched, list[i].matches = 0, 0, 0, false
	}
	return list, err
}

// pinned are the units of the documents that the operator puts first, in that order, as they were found or else their heads,
// and how many of the documents do not match.
func (f *finder) pinned(hits []hit, top []scored) (list []scored, more int, err error) {
	for _, id := range f.plan.Pinned {
		var units []scored
		for _, u := range top {
			if u.doc.Meta.ID == id {
				units = append(units, u)
			}
		}
		at := slices.IndexFunc(hits, func(h hit) bool { return h.Meta.ID == id })
		if at < 0 {
			continue
		}
		if len(units) == 0 {
			if units, err = f.outright(hits[at : at+1]); err != nil {
				return nil, 0, err
			}
		}
		if !slices.ContainsFunc(units, func(u scored) bool { return u.matches }) {
			more++
		}
		list = append(list, units...)
	}
	return list, more, nil
}

// candidates picks what is ranked: Depth documents that match, or any until a first page is full. The first units tell all
// there is to say of a document, those after them only bring further documents.
func (f *finder) candidates(units []scored, picked int) []index.Candidate {
	head, fill := picked+2*f.ranking.Depth, 0
	if f.plan.Offset == 0 {
		fill = f.plan.Limit
	}
	docs, matching, taken := map[string]bool{}, map[string]bool{}, map[*stored]bool{}
	var list []index.Candidate
	for i, u := range units {
		id := u.doc.Meta.ID
		known := docs[id]
		full := len(matching) >= f.total || !u.matches
		switch {
		case taken[u.unit], !known && len(matching) >= f.plan.Depth:
			continue
		case i >= head && (known && (matching[id] || !u.matches) || !known && full && len(docs) >= fill):
			continue
		}
		taken[u.unit], docs[id] = true, true
		if u.matches {
			matching[id] = true
		}
		list = append(list, index.Candidate{
			Doc: id, Section: u.unit.Ref, Meta: u.doc.Meta, Body: u.unit.Body, Score: u.score, Touched: u.touched,
		})
	}
	return list
}
