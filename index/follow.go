package index

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"tongsou/corpus/store"
)

// followBatch is the number of changes applied at once: bleve builds one segment of each batch, so larger is faster,
// until the segment's memory counts.
const followBatch = 1000

// CatchUp applies the store's changes that the writer does not have and returns how many there were: those that were there
// when it began, and whatever comes in one batch with them. It ends, however fast the store takes more in. progress, when
// not nil, is called after every batch with the sequence reached.
func CatchUp(ctx context.Context, s *store.Store, w Writer, progress func(seq uint64)) (int, error) {
	last, err := s.Sequence(ctx)
	if err != nil {
		return 0, err
	}
	n := 0
	for w.Sequence() < last {
		changes, err := Feed(s)(ctx, w.Sequence())
		if err != nil || len(changes) == 0 {
			return n, err
		}
		if err := w.Apply(ctx, changes); err != nil {
			return n, err
		}
		n += len(changes)
		if progress != nil {
			progress(w.Sequence())
		}
	}
	return n, nil
}

// Feed reads the store's changes in batches: what a rebuild is fed with.
func Feed(s *store.Store) func(ctx context.Context, after uint64) ([]Change, error) {
	return func(ctx context.Context, after uint64) ([]Change, error) {
		stored, err := s.Changes(ctx, after, followBatch)
		if err != nil {
			return nil, err
		}
		changes := make([]Change, len(stored))
		for i, c := range stored {
			changes[i] = Change(c)
		}
		return changes, nil
	}
}

// followEvery is how often Follow looks: a document is searchable about this long after another process stored it, plus
// the time to index it; the promise is two seconds.
const followEvery = 300 * time.Millisecond

// learn lets a writer learn from its documents, if it can and enough of them have changed. What goes wrong costs no more than a few hints.
func learn(ctx context.Context, w Writer, log *slog.Logger) {
	l, ok := w.(interface {
		Learn(ctx context.Context) error
	})
	if !ok {
		return
	}
	if err := l.Learn(ctx); err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, ErrUnavailable) {
		log.Warn("related terms could not be learned; searches go on without new ones", "error", err)
	}
}

// Follow keeps the writer in step with the store until ctx ends. What goes wrong is logged and tried again. When nothing
// came for a moment the writer learns, beside whatever comes next.
func Follow(ctx context.Context, s *store.Store, w Writer, log *slog.Logger) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	var learning sync.WaitGroup
	defer learning.Wait()
	behind := true // with learning: what is there already may be news to it
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if n, err := CatchUp(ctx, s, w, nil); err != nil && !errors.Is(err, context.Canceled) {
				log.Error("the index could not follow the store; trying again", "error", err)
			} else if n > 0 {
				log.Info("index caught up", "changes", n, "sequence", w.Sequence())
				behind = true
			} else if behind {
				behind = false
				learning.Go(func() { learn(ctx, w, log) })
			}
		}
	}
}
