package index

import (
	"context"

	"tongsou/corpus"
)

// Searcher answers queries. Its methods may be called from any number of goroutines.
type Searcher interface {
	// Search answers q. It returns an error that wraps ErrBadQuery when q cannot be answered as it stands, ErrUnavailable
	// when the engine is closed, and the context's error when ctx ended first. When ctx has a deadline, and it comes when a
	// part was searched, the answer is that part, marked Partial. A query that matches nothing is no error.
	// The groups come in the order of corpus.Kinds, those without hits included.
	Search(ctx context.Context, q Query) (*Result, error)
	// Suggest completes what is being typed. An empty text gives no suggestions.
	Suggest(ctx context.Context, q SuggestQuery) ([]Suggestion, error)
}

// Change is one step of the store's sequence: a document that was put, or one that is gone.
type Change struct {
	Seq      uint64
	ID       string
	Document *corpus.Document // nil when the document was deleted
}

// Writer keeps an index in step with the store of record.
type Writer interface {
	// Apply makes the changes searchable and durable, in order, and remembers the last one's sequence number. Applying
	// a change again is harmless. When it returns an error none or some of the changes may be in the index, and the
	// sequence is that of the last Apply that succeeded.
	Apply(ctx context.Context, changes []Change) error
	// Sequence returns the sequence number of the last change applied, 0 for an empty index.
	Sequence() uint64
}

// Status is what an engine says of itself.
type Status struct {
	Documents map[corpus.Kind]int `json:"documents"`
	// Units is the number of passages that are ranked: sections, items, news.
	Units    int    `json:"units"`
	Sequence uint64 `json:"sequence"`
	// Bytes is the index's size on disk.
	Bytes int64 `json:"bytes"`
	// Version names the dictionary, lexicon and mapping that the index was built with.
	Version string `json:"version"`
	// Meaning is how far the semantic lane is; nil where it is off.
	Meaning *MeaningStatus `json:"meaning,omitempty"`
}

// Engine is an index that can be searched, written and closed.
type Engine interface {
	Searcher
	Writer
	// Status describes the index as it is now.
	Status(ctx context.Context) (Status, error)
	// Close releases the index. Searches under way finish or fail with ErrUnavailable; closing twice is harmless.
	Close() error
}
