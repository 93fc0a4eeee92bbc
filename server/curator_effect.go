package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/index/eval"
	"tongsou/server/curation"
	"tongsou/server/journal"
)

// JudgedSet is a set of queries with known answers, by which the effect of a change is measured.
type JudgedSet struct {
	Name string
	Set  *eval.Set
}

// effect is what publishing the draft would change.
type effect struct {
	// Revision names the draft that was measured; it is what publishing asks for.
	Revision string `json:"revision"`
	// Replayed is the number of queries that were answered with and without the changes; Cut is set when time ended first.
	Replayed int            `json:"replayed"`
	Cut      bool           `json:"cut,omitempty"`
	Changes  []answerChange `json:"changes"`
	Judged   []judgedEffect `json:"judged"`
}

// answerChange is a query whose first result of a kind would be another one.
type answerChange struct {
	Query string `json:"query"`
	// Searches is how often it was searched in the days that were replayed.
	Searches int         `json:"searches"`
	Kind     corpus.Kind `json:"kind"`
	Before   firstHit    `json:"before"`
	After    firstHit    `json:"after"`
}

// firstHit is the first result, empty when there is none.
type firstHit struct {
	ID    string `json:"id,omitempty"`
	Title string `json:"title,omitempty"`
	Place string `json:"place,omitempty"`
	Sure  bool   `json:"sure"`
}

// judgedEffect is a measure of a judged set before and after.
type judgedEffect struct {
	Name    string  `json:"name"`
	Queries int     `json:"queries"`
	Before  float64 `json:"before"` // nDCG@10
	After   float64 `json:"after"`
}

// What a measurement replays, and how long it may take. It works on after the time that a search may take.
const (
	replayDays    = 30
	replayQueries = 200
	judgedQueries = 100
	effectTime    = 15 * time.Second
)

// replayed is a query to answer, and how often it was asked.
type replayed struct {
	query    string
	searches int
}

// replays gathers the queries that the changes speak of, then those that people ask most and those without an answer.
func (c *curator) replays(ctx context.Context, changed curation.Entries) ([]replayed, error) {
	var list []replayed
	at := map[string]int{}
	add := func(q replayed) {
		if i, ok := at[q.query]; ok {
			list[i].searches = max(list[i].searches, q.searches)
			return
		}
		at[q.query] = len(list)
		list = append(list, q)
	}
	for _, e := range changed {
		if q := journal.Normalize(e.Text); q != "" && e.Kind != curation.Deny {
			add(replayed{query: q})
		}
	}
	if c.options.Journal == nil {
		return list, nil
	}
	since := c.options.Now().AddDate(0, 0, -replayDays)
	for _, view := range []journal.View{journal.Popular, journal.Unanswered} {
		stats, err := c.options.Journal.Queries(ctx, view, since, replayQueries)
		if err != nil {
			return nil, err
		}
		for _, s := range stats {
			add(replayed{s.Query, s.Searches})
		}
	}
	return list, nil
}

// measure answers queries with what is published and with the draft, and remembers that the draft was looked at.
func (c *curator) measure(ctx context.Context) (*effect, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), effectTime)
	defer cancel()
	now, err := c.entries(ctx)
	if err != nil {
		return nil, err
	}
	before, err := c.engine.Overlaid(now.Published.Entries.Overlay())
	if err != nil {
		return nil, err
	}
	after, err := c.engine.Overlaid(now.Draft.Overlay())
	if err != nil {
		return nil, err
	}
	queries, err := c.replays(ctx, curation.Differing(now.Draft, now.Published.Entries))
	if err != nil {
		return nil, err
	}
	e := &effect{Revision: now.Draft.Revision(), Changes: []answerChange{}, Judged: []judgedEffect{}}
	for _, q := range queries {
		changes, err := c.compare(ctx, before, after, q)
		if errors.Is(err, context.DeadlineExceeded) {
			e.Cut = true
			break
		}
		if err != nil {
			return nil, err
		}
		e.Replayed++
		e.Changes = append(e.Changes, changes...)
	}
	if err := c.judge(ctx, before, after, e); err != nil {
		return nil, err
	}
	c.measured.Store(&e.Revision)
	return e, nil
}

func (c *curator) compare(ctx context.Context, before, after index.Searcher, q replayed) ([]answerChange, error) {
	old, err := c.firsts(ctx, before, q.query)
	if err != nil {
		return nil, err
	}
	fresh, err := c.firsts(ctx, after, q.query)
	if err != nil {
		return nil, err
	}
	var changes []answerChange
	for _, kind := range corpus.Kinds() {
		if old[kind].ID != fresh[kind].ID || old[kind].Sure != fresh[kind].Sure {
			changes = append(changes, answerChange{q.query, q.searches, kind, old[kind], fresh[kind]})
		}
	}
	return changes, nil
}

// firsts returns the first result of each kind. A query that cannot be answered has none.
func (c *curator) firsts(ctx context.Context, s index.Searcher, query string) (map[corpus.Kind]firstHit, error) {
	res, err := s.Search(ctx, index.Query{Text: query, Place: c.options.Place, Limit: 1})
	if errors.Is(err, index.ErrBadQuery) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	found := map[corpus.Kind]firstHit{}
	for _, g := range res.Groups {
		if len(g.Hits) > 0 {
			h := &g.Hits[0]
			found[g.Kind] = firstHit{h.ID, h.PlainTitle(), h.Place, h.Sure}
		}
	}
	return found, ctx.Err() // an answer for which there was no time says nothing
}

func (c *curator) judge(ctx context.Context, before, after index.Searcher, e *effect) error {
	for _, j := range c.options.Judged {
		set := sampleOf(j.Set, judgedQueries)
		row := judgedEffect{Name: j.Name, Queries: len(set.Queries)}
		for searcher, figure := range map[index.Searcher]*float64{before: &row.Before, after: &row.After} {
			report, _, err := eval.Judge(ctx, searcher, set)
			if errors.Is(err, context.DeadlineExceeded) {
				e.Cut = true
				return nil
			}
			if err != nil {
				return err
			}
			*figure = report.NDCG10
		}
		e.Judged = append(e.Judged, row)
	}
	return nil
}

// sampleOf takes at most n queries of a set, spread over it.
func sampleOf(set *eval.Set, n int) *eval.Set {
	some := &eval.Set{Grades: set.Grades}
	step := max(1, (len(set.Queries)+n-1)/n)
	for i := 0; i < len(set.Queries); i += step {
		some.Queries = append(some.Queries, set.Queries[i])
	}
	return some
}

func (c *curator) getEffect(w http.ResponseWriter, r *http.Request, _ principal) error {
	e, err := c.measure(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, e)
}
