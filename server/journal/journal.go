// Package journal keeps what people searched, opened and said of it, so that the staff see where the guidance fails
// them. It is no record of persons: numbers and names are masked before anything is written, no address and no browser
// is kept, times are cut to the minute, and everything is forgotten after a while.
//
// One goroutine writes. A search or a click is put into a queue and never waited for: when the queue is full it is
// dropped and counted. Feedback is different, because a person is told that it was kept: it is written first.
package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// ErrClosed means that the journal takes nothing any more.
var ErrClosed = errors.New("the journal is closed")

// Bounds on what is kept of one entry, in characters, and on what waits to be written.
const (
	maxQuery  = 200
	maxText   = 2000
	queueSize = 1024
	batchSize = 256
)

// DefaultRetention is how long entries are kept unless the configuration says otherwise.
const DefaultRetention = 180 * 24 * time.Hour

// Options of Open.
type Options struct {
	// Retention is how long entries are kept; 0 means DefaultRetention.
	Retention time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log receives what goes wrong in the background; nil means slog.Default.
	Log *slog.Logger
	// Queue is the number of entries that wait to be written; 0 means 1024.
	Queue int
	// Shown says that it is kept which results stood where, to learn from what was opened (Uses).
	Shown bool
}

// Search is one search with what it found.
type Search struct {
	Query string
	// Place is the code of the division where the citizen is.
	Place                 string
	Items, Policies, News int
	// Results are the IDs that were shown, best first in each kind.
	Results [][]string
	// Sure is set when some hit was above the confidence line.
	Sure bool
	Took time.Duration
}

// Click is one result that was opened from the answer to a query.
type Click struct{ Query, ID string }

// Feedback is what somebody said of an answer or a page (好差评).
type Feedback struct {
	// Time is set by the journal.
	Time time.Time
	// Kind is item, policy or news with ID, or search with Query.
	Kind, ID, Query string
	Satisfied       bool
	// Reason is one of those offered, Text what was written in one's own words.
	Reason, Text string
}

// Journal is an open journal. Its methods may be called from any number of goroutines.
type Journal struct {
	db       *sql.DB
	path     string
	options  Options
	queue    chan entry
	stop     chan struct{}
	stopped  chan struct{}
	once     sync.Once
	closeErr error
	dropped  atomic.Int64
	recent   *recent
}

// entry is one line to write. done, when set, is told when it is durable.
type entry struct {
	insert string
	args   []any
	done   chan error
}

// Open opens the journal at path, or makes an empty one, and starts its writer.
func Open(ctx context.Context, path string, options Options) (*Journal, error) {
	db, err := openDatabase(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("open journal %s: %w", path, err)
	}
	return start(db, path, options), nil
}

// start makes a journal of an open database.
func start(db *sql.DB, path string, options Options) *Journal {
	if options.Retention == 0 {
		options.Retention = DefaultRetention
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Log == nil {
		options.Log = slog.Default()
	}
	if options.Queue == 0 {
		options.Queue = queueSize
	}
	j := &Journal{
		db: db, path: path, options: options, queue: make(chan entry, options.Queue),
		stop: make(chan struct{}), stopped: make(chan struct{}), recent: newRecent(),
	}
	go j.write()
	return j
}

// Close writes what waits and closes the file. Closing twice is harmless.
func (j *Journal) Close() error {
	j.once.Do(func() {
		close(j.stop)
		<-j.stopped
		j.closeErr = j.db.Close()
	})
	return j.closeErr
}

// Dropped is the number of searches and clicks that were not written since the start because too many came at once.
func (j *Journal) Dropped() int64 { return j.dropped.Load() }

// AddSearch notes a search. It never waits.
func (j *Journal) AddSearch(s Search) {
	query := Normalize(s.Query)
	if query == "" {
		return
	}
	first := ""
	for _, ids := range s.Results {
		if first == "" && len(ids) > 0 {
			first = ids[0]
		}
	}
	j.recent.put(query, s.Results)
	at, day := j.moment()
	j.offer(entry{insert: `INSERT INTO search (time, day, query, place, items, policies, news, first, sure, took_us)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		args: []any{at, day, query, s.Place, s.Items, s.Policies, s.News, first, s.Sure, s.Took.Microseconds()}})
	if j.options.Shown && first != "" {
		j.offer(entry{insert: `INSERT INTO shown (query, day, ids, time, n) VALUES (?, ?, ?, ?, 1)
			ON CONFLICT (query, day, ids) DO UPDATE SET n = shown.n + 1`, args: []any{query, day, packShown(s.Results), at}})
	}
}

// AddClick notes that a result was opened. It never waits. The rank is known while the search is not long ago.
func (j *Journal) AddClick(c Click) {
	query := Normalize(c.Query)
	if query == "" {
		return
	}
	at, day := j.moment()
	j.offer(entry{insert: "INSERT INTO click (time, day, query, id, rank) VALUES (?, ?, ?, ?, ?)",
		args: []any{at, day, query, clip(c.ID, maxQuery), j.recent.rank(query, c.ID)}})
}

// AddFeedback keeps what somebody said. When it returns without an error it is durable.
func (j *Journal) AddFeedback(ctx context.Context, f Feedback) error {
	at, day := j.moment()
	e := entry{insert: `INSERT INTO feedback (time, day, kind, id, query, satisfied, reason, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		args: []any{at, day, f.Kind, clip(f.ID, maxQuery), Normalize(f.Query), f.Satisfied,
			clip(Mask(f.Reason), maxQuery), clip(strings.TrimSpace(Mask(f.Text)), maxText)},
		done: make(chan error, 1)}
	select {
	case j.queue <- e:
	case <-j.stop:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-e.done:
		return err
	case <-j.stopped:
		select { // the writer's last batch may have held it
		case err := <-e.done:
			return err
		default:
			return ErrClosed
		}
	case <-ctx.Done():
		return ctx.Err()
	}
}

// moment is the time to write down: to the minute, so that an entry cannot be matched with a server's own log.
func (j *Journal) moment() (unix int64, day string) {
	now := j.options.Now()
	return now.Truncate(time.Minute).Unix(), now.Format(time.DateOnly)
}

func (j *Journal) offer(e entry) {
	select {
	case <-j.stop:
	case j.queue <- e:
	default:
		j.dropped.Add(1)
	}
}
