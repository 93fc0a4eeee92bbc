// Package embedded is the engine that needs nothing but a folder: bleve shards on disk, scored by our own searcher.
//
// bleve keeps what it is good at: building segments, merging them, making a batch durable, dropping what was deleted. Its
// query side is not used. The terms come from package segment, and the searcher in score.go reads bleve's segments
// directly: it holds columns of each segment in memory (leaf.go), keeps decoded postings (postings.go), and scores textbook
// BM25F, which bleve's scorer is not. The shape that the design page sketches, shards behind a bleve alias, is therefore a list
// of segments behind one pointer here: the pointer does what an alias's Swap would.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/index/stage"
	"tongsou/segment"
)

// Options say where an index lives and how it works. Path is required; zero values of the others are replaced.
type Options struct {
	// Path is the folder of the index. It is created when it does not exist.
	Path string
	// Shards is the number of shards for policies and for news, 1 to 64; 0 means 2. It takes effect when an index is made.
	Shards int
	// CacheBytes bounds the decoded postings kept in memory; 0 means 256 MiB.
	CacheBytes int64
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
const mappingVersion = "9"

// Engine implements index.Engine. All methods may be called from any number of goroutines.
type Engine struct {
	stage.Reading
	options Options
	lock    *flock.Flock
	budget  *budget
	current atomic.Pointer[generation]
	writing sync.Mutex
	rebuild stage.Progress
	// related is what was learned from the documents, nil for nothing; one goroutine learns at a time.
	related atomic.Pointer[index.Related]
	// meaning is the semantic lane, nil while there is none.
	meaning  atomic.Pointer[index.Meaning]
	learning sync.Mutex
	stop     chan struct{}
	done     sync.WaitGroup
}

// Open opens the index at options.Path, or makes an empty one. An error wraps index.ErrLocked when another process holds
// it.
func Open(options Options) (*Engine, error) {
	if err := options.complete(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(options.Path, 0o750); err != nil {
		return nil, fmt.Errorf("create index folder: %w", err)
	}
	lock := flock.New(filepath.Join(options.Path, "lock"))
	held, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock index %s: %w", options.Path, err)
	}
	if !held {
		return nil, fmt.Errorf("open index %s: %w", options.Path, index.ErrLocked)
	}
	e := &Engine{options: options, lock: lock, budget: &budget{limit: options.CacheBytes}, stop: make(chan struct{})}
	e.Begin(options.words.Reader(&options.Ranking, e.relatedTerms), stage.By{Search: e.search, Suggest: e.suggest})
	g, err := e.openCurrent()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open index %s: %w", options.Path, err), lock.Unlock())
	}
	e.current.Store(g)
	e.loadRelated()
	e.done.Add(1)
	go e.followMerges()
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
	if o.CacheBytes == 0 {
		o.CacheBytes = 256 << 20
	}
	if o.Shards == 0 {
		o.Shards = 2
	}
	if o.Shards < 1 || o.Shards > 64 {
		return fmt.Errorf("shards = %d: choose 1 to 64", o.Shards)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return nil
}

// version names everything that decides what an index holds.
func (o *Options) version() string { return mappingVersion + "-" + o.Segmenter.Version() }

// followMerges shows searches the segments that bleve merges in the background, so that the old ones' files can go.
func (e *Engine) followMerges() {
	defer e.done.Done()
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-e.stop:
			return
		case <-tick.C:
			if g := e.current.Load(); g != nil {
				_ = g.refresh()   // the view in use stays good; the next tick tries again
				_ = g.note(false) // as it does here: what is not noted is verified by its own sum
			}
		}
	}
}

// view returns the present view with a reference that the caller releases.
func (e *Engine) view() (*view, error) {
	for {
		g := e.current.Load()
		if g == nil {
			return nil, fmt.Errorf("index %s is closed: %w", e.options.Path, index.ErrUnavailable)
		}
		v, err := g.reader()
		if err != nil && e.current.Load() != g {
			continue // swapped in between
		}
		return v, err
	}
}

// Apply implements index.Writer.
func (e *Engine) Apply(ctx context.Context, changes []index.Change) error {
	e.writing.Lock()
	defer e.writing.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	g := e.current.Load()
	if g == nil {
		return fmt.Errorf("write index %s: %w", e.options.Path, index.ErrUnavailable)
	}
	return g.apply(changes)
}

// Sequence implements index.Writer.
func (e *Engine) Sequence() uint64 {
	g := e.current.Load()
	if g == nil {
		return 0
	}
	return g.applied.Load()
}

// Stale reports whether the index was built with another dictionary or mapping than this program's, so that it should
// be rebuilt. It can be searched meanwhile.
func (e *Engine) Stale() bool {
	g := e.current.Load()
	return g != nil && g.manifest.Version != e.options.version()
}

// Feed returns the changes after a sequence number in order, none when there are no more: the store's side of a rebuild.
type Feed = func(ctx context.Context, after uint64) ([]index.Change, error)

// Compact merges each shard into one segment. After much was written this makes the index a sixth smaller and searches
// faster; it takes some seconds for 200,000 units. Searches go on meanwhile.
func (e *Engine) Compact(ctx context.Context) error {
	e.writing.Lock()
	defer e.writing.Unlock()
	g := e.current.Load()
	if g == nil {
		return fmt.Errorf("compact index %s: %w", e.options.Path, index.ErrUnavailable)
	}
	for _, s := range g.shards {
		if err := s.compact(ctx); err != nil {
			return err
		}
	}
	// bleve removes the files of segments that nobody reads any more when it next persists something.
	for range 2 {
		if err := g.refresh(); err != nil {
			return err
		}
		for _, s := range g.shards {
			if err := s.bleve.SetInternal([]byte("compacted"), []byte(time.Now().Format(time.RFC3339))); err != nil {
				return fmt.Errorf("compact shard %s: %w", s.name, err)
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil
}

// Status implements index.Engine.
func (e *Engine) Status(context.Context) (index.Status, error) {
	v, err := e.view()
	if err != nil {
		return index.Status{}, err
	}
	defer v.release()
	g := e.current.Load()
	st := index.Status{Documents: map[corpus.Kind]int{}, Sequence: e.Sequence()}
	if g != nil {
		st.Bytes, st.Version = diskBytes(g.dir), g.manifest.Version
	}
	for kind, s := range v.kinds {
		for _, l := range s.leaves {
			for _, head := range l.columns.head {
				if head != noHead && l.live(head) {
					st.Documents[kind]++
				}
			}
		}
		st.Units += int(s.units)
	}
	if m := e.meaning.Load(); m != nil {
		how := m.Status()
		how.Waiting = max(0, st.Units-how.Units)
		st.Meaning = &how
	}
	return st, nil
}

// Close implements index.Engine.
func (e *Engine) Close() error {
	g := e.current.Swap(nil)
	if g == nil {
		return nil
	}
	close(e.stop)
	e.done.Wait()
	return errors.Join(g.close(), e.lock.Unlock())
}
