// Package opensearch is the engine for more than one machine: the same answers as index/embedded, from a cluster of
// OpenSearch 2.19 or later that many processes share.
//
// OpenSearch does what needs the whole index: it keeps the documents in copies, finds the units that hold a query's terms,
// decides which documents match, filters and counts. Words are ours alone: all terms of a unit go, joined by blanks, into a
// field that OpenSearch cuts at blanks and nowhere else, and queries are cut by the same segmenter. A field with one BM25 can
// not be BM25F, so what it orders are candidates, more than are needed; they are scored again here by the embedded engine's
// formula, with the same statistics (how many units hold a term, the average lengths of the fields), which the cluster is
// asked for and which are kept until the index changes, the former until it has changed by a thousandth. From there on
// everything is the house's own: ranking, snippets, groups.
//
// A corpus document is one OpenSearch document with its units nested in it. The other way, one OpenSearch document a unit,
// collapsed when searching, would leave sections of an older version behind when a law has fewer than before, and would count
// units where answers count documents. Every write carries the store's sequence as its external version, so that a write that
// comes late or twice undoes nothing newer.
//
// The client is net/http. Ten kinds of request are needed, each a line of path and a body that is built here anyway, and the
// retries, the breaker and the deadlines are ours either way: opensearch-go would add a dependency and no less code.
package opensearch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/index/stage"
	"tongsou/segment"
)

// MaxShards is the largest number of shards of an index: that of OpenSearch itself, unless its administrators allow more.
const MaxShards = 1024

// Options say where the cluster is and how the index is kept there. Access.Addresses is required; zero values of the others are
// replaced.
type Options struct {
	Access
	// Prefix names the alias that is searched; the indices behind it are Prefix-1, Prefix-2 … "tongsou" when empty.
	Prefix string
	// Shards is the number of shards of a new index, 1 when 0, at most MaxShards; Replicas how many further copies there are of each.
	Shards, Replicas int
	// Ranking holds the weights; nil means index.DefaultRanking.
	Ranking index.Ranking
	// Segmenter and Lexicon are the embedded ones when nil.
	Segmenter *segment.Segmenter
	Lexicon   *segment.Lexicon
	// Now tells the day against which validity is judged; nil means time.Now.
	Now func() time.Time

	words stage.Words // set by complete
}

// mappingVersion is raised whenever what is written for a document changes, so that older indexes are rebuilt.
const mappingVersion = "os4"

func (o *Options) version() string { return mappingVersion + "-" + o.Segmenter.Version() }

// Engine implements index.Engine. All methods may be called from any number of goroutines, and any number of processes may
// search one index; one of them at a time should write.
type Engine struct {
	stage.Reading
	options Options
	client  *client
	// present is what is known of the index in use.
	present  atomic.Pointer[present]
	writing  sync.Mutex
	rebuild  stage.Progress
	related  atomic.Pointer[index.Related]
	learning sync.Mutex
	life     context.Context
	stop     context.CancelFunc
	done     sync.WaitGroup
	doubt    atomic.Pointer[doubt]
}

// present is the index in use at one moment: which one, how far it is, and what was asked of it so far.
type present struct {
	index, version string
	sequence       uint64
	known          *known
}

// doubt is why the index is not trusted.
type doubt struct {
	reason string
	blind  bool
}

var validPrefix = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,99}$`)

// Open connects to the cluster and makes an empty index where there is none. An error wraps index.ErrUnavailable when the
// cluster does not answer.
func Open(ctx context.Context, options Options) (*Engine, error) {
	if err := options.complete(); err != nil {
		return nil, err
	}
	c, err := options.client()
	if err != nil {
		return nil, err
	}
	e := &Engine{options: options, client: c}
	related := func(word string) []index.RelatedTerm { return e.related.Load().Terms(word) }
	e.Begin(options.words.Reader(&options.Ranking, related), stage.By{Search: e.search, Suggest: e.suggest})
	if err := e.create(ctx); err != nil {
		return nil, fmt.Errorf("open index %q: %w", options.Prefix, err)
	}
	if err := e.look(ctx); err != nil {
		return nil, fmt.Errorf("open index %q: %w", options.Prefix, err)
	}
	if e.Sequence() > 0 {
		e.loadRelated(ctx)
	}
	e.life, e.stop = context.WithCancel(context.WithoutCancel(ctx))
	e.done.Go(e.watch)
	return e, nil
}

func (o *Options) complete() error {
	words, err := stage.CompleteWords(o.Segmenter, o.Lexicon)
	if err != nil {
		return err
	}
	o.Segmenter, o.Lexicon, o.words = words.Segmenter, words.Lexicon, words
	if o.Ranking == (index.Ranking{}) {
		o.Ranking = index.DefaultRanking()
	}
	if o.Prefix == "" {
		o.Prefix = "tongsou"
	}
	if !validPrefix.MatchString(o.Prefix) {
		return fmt.Errorf("index prefix %q: use small letters, digits, - and _, at most 100", o.Prefix)
	}
	if o.Shards == 0 {
		o.Shards = 1
	}
	if o.Shards < 1 || o.Shards > MaxShards || o.Replicas < 0 || o.Replicas > 8 {
		return fmt.Errorf("shards = %d, replicas = %d: choose 1 to %d and 0 to 8", o.Shards, o.Replicas, MaxShards)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return nil
}

// create makes the first index with its alias, unless there is one. Its name is the same whoever makes it, so that of two that
// start at once one makes it and the other finds it.
func (e *Engine) create(ctx context.Context) error {
	err := e.client.do(ctx, http.MethodGet, "/_alias/"+e.options.Prefix, nil, short, nil)
	if status(err) != http.StatusNotFound {
		return err
	}
	err = e.client.do(ctx, http.MethodPut, "/"+e.options.Prefix+"-1", encode(e.options.definition(true)), long, nil)
	var s *statusError
	if errors.As(err, &s) && s.kind == "resource_already_exists_exception" {
		return nil
	}
	return err
}

// How long one attempt of a request may take: one that reads, and one that writes or makes something.
const (
	short = 10 * time.Second
	long  = time.Minute
)

// look asks which index is in use and how far it is, and forgets what was known of it when that changed.
func (e *Engine) look(ctx context.Context) error {
	var found struct {
		Index  string `json:"_index"`
		Found  bool   `json:"found"`
		Source struct {
			Seq uint64 `json:"seq"`
		} `json:"_source"`
	}
	err := e.client.do(ctx, http.MethodGet, "/"+e.options.Prefix+"/_doc/"+stateID, nil, short, &found)
	if err != nil && status(err) != http.StatusNotFound {
		return err
	}
	old := e.present.Load()
	if old != nil && found.Found && old.index == found.Index && old.sequence == found.Source.Seq {
		return nil
	}
	p := &present{sequence: found.Source.Seq, known: newKnown()}
	if p.index, p.version, err = e.inUse(ctx); err != nil {
		return err
	}
	if old != nil && old.index == p.index && old.sequence >= p.sequence {
		return nil // a writer of this process is ahead of what was asked
	}
	if old != nil && old.index == p.index {
		p.known = old.known.after(p.sequence - old.sequence)
	}
	e.present.Store(p)
	return nil
}

// inUse returns the name and the version of the index behind the alias.
func (e *Engine) inUse(ctx context.Context) (name, version string, err error) {
	var mappings map[string]struct {
		Mappings struct {
			Meta struct {
				Version string `json:"version"`
			} `json:"_meta"`
		} `json:"mappings"`
	}
	if err := e.client.do(ctx, http.MethodGet, "/"+e.options.Prefix+"/_mapping", nil, short, &mappings); err != nil {
		return "", "", err
	}
	for name, x := range mappings {
		if len(mappings) == 1 {
			return name, x.Mappings.Meta.Version, nil
		}
	}
	return "", "", fmt.Errorf("the alias %s leads to %d indices: remove all but one with POST /_aliases", e.options.Prefix, len(mappings))
}

// watchEvery is how often a process looks for what others wrote.
const watchEvery = time.Second

func (e *Engine) watch() {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	learned := uint64(0)
	for {
		select {
		case <-e.life.Done():
			return
		case <-tick.C:
			_ = e.look(e.life) // searches say what is wrong
			if p := e.present.Load(); p != nil && p.sequence != learned {
				learned = p.sequence
				e.loadRelated(e.life)
			}
		}
	}
}

// Sequence implements index.Writer. Of what other processes write it is at most watchEvery behind.
func (e *Engine) Sequence() uint64 {
	if p := e.present.Load(); p != nil {
		return p.sequence
	}
	return 0
}

// Stale reports whether the index was built with another dictionary or mapping than this program's.
func (e *Engine) Stale() bool {
	p := e.present.Load()
	return p != nil && p.version != e.options.version()
}

// Status implements index.Engine.
func (e *Engine) Status(ctx context.Context) (index.Status, error) {
	if err := e.open(); err != nil {
		return index.Status{}, err
	}
	var found struct {
		Aggregations struct {
			Kinds struct{ Buckets []bucket } `json:"kinds"`
			Units struct{ Value float64 }    `json:"units"`
		} `json:"aggregations"`
	}
	body := encode(m{"size": 0, "aggs": m{"kinds": m{"terms": m{"field": fieldKind}}, "units": m{"sum": m{"field": fieldUnits}}}})
	if err := e.client.do(ctx, http.MethodPost, "/"+e.options.Prefix+"/_search", body, short, &found); err != nil {
		return index.Status{}, err
	}
	p := e.present.Load()
	st := index.Status{Documents: map[corpus.Kind]int{}, Units: int(found.Aggregations.Units.Value), Sequence: p.sequence, Version: p.version}
	for _, b := range found.Aggregations.Kinds.Buckets {
		st.Documents[corpus.Kind(b.Key)] = b.Count
	}
	var stats struct {
		All struct {
			Primaries struct {
				Store struct {
					Bytes int64 `json:"size_in_bytes"`
				} `json:"store"`
			} `json:"primaries"`
		} `json:"_all"`
	}
	err := e.client.do(ctx, http.MethodGet, "/"+e.options.Prefix+"/_stats/store", nil, short, &stats)
	st.Bytes = stats.All.Primaries.Store.Bytes
	return st, err
}

// open returns an error that wraps index.ErrUnavailable after Close, and where the index is not to be searched.
func (e *Engine) open() error {
	if e.life.Err() != nil {
		return fmt.Errorf("index %s is closed: %w", e.options.Prefix, index.ErrUnavailable)
	}
	if d := e.doubt.Load(); d != nil && d.blind {
		return fmt.Errorf("index %s waits to be rebuilt: %w", e.options.Prefix, index.ErrUnavailable)
	}
	return nil
}

// Close implements index.Engine.
func (e *Engine) Close() error {
	e.stop()
	e.done.Wait()
	e.client.http.CloseIdleConnections()
	return nil
}

// Health tells what is in doubt, and how far a rebuild is.
func (e *Engine) Health() index.Health {
	h := index.Health{Rebuild: e.rebuild.Copy()}
	if d := e.doubt.Load(); d != nil {
		h.Faults, h.Blind = []string{d.reason}, d.blind
	}
	return h
}

// Distrust notes that the index does not agree with the store. It takes no change from then on; when sound is false it
// answers no search either. A rebuild mends it.
func (e *Engine) Distrust(reason string, sound bool) error {
	e.doubt.Store(&doubt{reason, !sound})
	return nil
}

// next is the name of the index that follows one.
func (e *Engine) next(name string) string {
	n, _ := strconv.Atoi(strings.TrimPrefix(name, e.options.Prefix+"-")) // 0 for a name of somebody else's
	return e.options.Prefix + "-" + strconv.Itoa(n+1)
}
