package server

import (
	"context"
	"fmt"
	"hash/fnv"
	"sync"
	"sync/atomic"
	"time"

	"tongsou/index"
	"tongsou/server/journal"
)

// popular knows what many people searched lately (常搜). What one person types is never shown to another: a query counts
// only when it was made often and led on, and is shown only where it is also a name that the documents themselves bear.
type popular struct {
	options *Options
	now     atomic.Pointer[popularQueries]
	reading sync.Mutex
}

// popularQueries is what was popular at one time. It is only read.
type popularQueries struct {
	at    time.Time
	asked map[string]bool // squashed
	names []string        // those that are names, most asked first
	mark  uint64          // differs when the names do
}

const (
	popularSpan     = 30 * 24 * time.Hour
	popularSearches = 20  // how often a query must have been made
	popularQuery    = 200 // how many queries are looked at
	popularNames    = 5   // how many stand on the front page
	popularFor      = 10 * time.Minute
)

// current is what is popular, at most ten minutes old. Whoever finds it older reads it anew; meanwhile others get the old.
func (p *popular) current(ctx context.Context) *popularQueries {
	old := p.now.Load()
	if old == nil {
		old = &popularQueries{}
	}
	if p.options.Journal == nil || p.options.Now().Sub(old.at) < popularFor || !p.reading.TryLock() {
		return old
	}
	defer p.reading.Unlock()
	fresh, err := p.read(ctx)
	if err != nil {
		if ctx.Err() == nil { // else it was the client that went away
			p.options.Log.Warn("what is popular cannot be read", "error", err)
			kept := *old
			kept.at = p.options.Now()
			p.now.Store(&kept)
		}
		return old
	}
	p.now.Store(fresh)
	return fresh
}

func (p *popular) read(ctx context.Context) (*popularQueries, error) {
	q := &popularQueries{at: p.options.Now(), asked: map[string]bool{}}
	stats, err := p.options.Journal.Queries(ctx, journal.Popular, q.at.Add(-popularSpan), popularQuery)
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	h := fnv.New64a()
	for _, s := range stats {
		if s.Searches < popularSearches || s.Clicks == 0 || 2*s.Empty > s.Searches {
			continue
		}
		name, err := p.name(ctx, s.Query)
		if err != nil {
			return nil, err
		}
		if name == "" {
			continue
		}
		q.asked[index.Squash(name)] = true
		if len(q.names) < popularNames {
			q.names = append(q.names, name)
		}
		fmt.Fprintln(h, name)
	}
	q.mark = h.Sum64()
	return q, nil
}

// forget makes that what is popular is read anew.
func (p *popular) forget() { p.now.Store(nil) }

// name is what the documents call it when a query is one of their names, else empty.
func (p *popular) name(ctx context.Context, query string) (string, error) {
	list, err := p.options.Engine.Suggest(ctx, index.SuggestQuery{Text: query})
	if err != nil {
		return "", fmt.Errorf("look up %q: %w", query, err)
	}
	for _, s := range list {
		if index.Squash(s.Text) == index.Squash(query) {
			return s.Text, nil
		}
	}
	return "", nil
}

// sort takes the suggestions that stand for no document of their own and are popular out of their kinds.
func (q *popularQueries) sort(list []index.Suggestion) {
	for i := range list {
		if list[i].ID == "" && q.asked[index.Squash(list[i].Text)] {
			list[i].Kind = ""
		}
	}
}
