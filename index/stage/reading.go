package stage

import (
	"context"
	"sync/atomic"

	"tongsou/index"
)

// Reading is the part of an engine that reads queries: the words and weights in force, which the operator's overlay changes
// while searches go on, and how the engine answers by them. An engine embeds it. Its zero value must be begun first.
type Reading struct {
	base    *index.Reader
	inForce atomic.Pointer[index.Reader]
	by      By
}

// By is how an engine answers by a given reader.
type By struct {
	Search  func(ctx context.Context, reader *index.Reader, q index.Query) (*index.Result, error)
	Suggest func(ctx context.Context, reader *index.Reader, q index.SuggestQuery) ([]index.Suggestion, error)
}

// Begin lets queries be read by base, without an overlay. It is called once, before anything is searched.
func (r *Reading) Begin(base *index.Reader, by By) {
	r.base, r.by = base, by
	r.inForce.Store(base)
}

// Reader is the one in force.
func (r *Reading) Reader() *index.Reader { return r.inForce.Load() }

// Search implements index.Searcher.
func (r *Reading) Search(ctx context.Context, q index.Query) (*index.Result, error) {
	return r.by.Search(ctx, r.Reader(), q)
}

// Suggest implements index.Searcher. Names that begin with what was typed come first, then names in which a word does, then
// those that are read like it.
func (r *Reading) Suggest(ctx context.Context, q index.SuggestQuery) ([]index.Suggestion, error) {
	return r.by.Suggest(ctx, r.Reader(), q)
}

// SetOverlay implements index.Overlayer. Searches under way go on with the overlay with which they began.
func (r *Reading) SetOverlay(o index.Overlay) error {
	reader, err := r.base.With(o)
	if err != nil {
		return err
	}
	r.inForce.Store(reader)
	return nil
}

// Overlaid implements index.Overlayer.
func (r *Reading) Overlaid(o index.Overlay) (index.Searcher, error) {
	reader, err := r.base.With(o)
	if err != nil {
		return nil, err
	}
	return r.with(reader), nil
}

// Tuned is the engine ranking by other weights: what `tongsou eval --fit` compares. Both may be used at once.
func (r *Reading) Tuned(weights index.Ranking) index.Searcher {
	reader := *r.Reader()
	reader.Ranking = &weights
	return r.with(&reader)
}

// with is the same engine with a reader of its own.
func (r *Reading) with(reader *index.Reader) *Reading {
	other := &Reading{}
	other.Begin(reader, r.by)
	return other
}
