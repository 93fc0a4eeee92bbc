package index

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"tongsou/corpus/store"
	"tongsou/index/semantic"
)

// MeaningStatus is how far the semantic lane is.
type MeaningStatus struct {
	// Model names the vectors.
	Model string `json:"model"`
	// Passages is how many have a vector, Bytes what these take in memory.
	Passages int   `json:"passages"`
	Bytes    int64 `json:"bytes"`
	// Units is of how many units of the index these are, Waiting how many units have none yet.
	Units   int `json:"units"`
	Waiting int `json:"waiting"`
	// Sequence is the store's last change whose documents have their vectors.
	Sequence uint64 `json:"sequence"`
	// PerSecond is how many passages were embedded a second while there were any, over the last batch.
	PerSecond float64 `json:"per_second,omitempty"`
	// Work is what the model was asked.
	Work *MeaningWork `json:"-"`
}

// Status is how far the lane is. It does not know Waiting, which the engine does.
func (m *Meaning) Status() MeaningStatus {
	st := MeaningStatus{Model: m.Embedder.Name()}
	if s := m.status.Load(); s != nil {
		st = *s
	}
	st.Work = m.work.read()
	return st
}

// The worker's steps: at most embedBatch documents are embedded and stored at once; it looks for changes every embedEvery, after a failure every embedRetry, and says how far it is every embedSays.
const (
	embedBatch = 64
	embedEvery = time.Second
	embedRetry = 10 * time.Second
	embedSays  = 30 * time.Second
)

// FollowMeaning loads the vectors that the store has into the lane, then keeps it in step until ctx ends. Of several processes
// over one store the one for which leads is true embeds what changes; the others take its vectors from the store. leads may
// change at any time, and nil leads always. What goes wrong is logged and tried again; searches go on without what is missing.
//
// One embeds for all, and not each a part: that would need claims on documents that outlive their process, for an hour's work
// once. The others look every second, as the index looks for documents: a notice from the database would save less than a
// batch takes.
func FollowMeaning(ctx context.Context, s *store.Store, m *Meaning, leads func() bool, log *slog.Logger) {
	w := newEmbedding(s, m, leads, log)
	for wait := time.Duration(0); ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		more, err := w.step(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			log.Warn("按意思查找的向量没有算成，稍后再试", "model", m.Embedder.Name(), "error", err)
			wait = embedRetry
		case more:
			wait = 0
		default:
			wait = embedEvery
		}
	}
}

// EmbedAll brings the lane up to the store and returns.
func EmbedAll(ctx context.Context, s *store.Store, m *Meaning, log *slog.Logger) error {
	w := newEmbedding(s, m, nil, log)
	for {
		if more, err := w.step(ctx); err != nil || !more {
			return err
		}
	}
}

// embedding is the worker's state.
type embedding struct {
	store    *store.Store
	meaning  *Meaning
	leads    func() bool
	log      *slog.Logger
	vectors  *store.Vectors // nil before the lane was loaded
	sequence uint64
	size     int                      // bytes of a vector, 0 before the first
	held     map[uint64][]heldPassage // what the lane has, by the key of the document
	units    int                      // how many first passages that are
	broken   []string                 // documents with vectors that are damaged
	told     time.Time
	behind   bool
}

// heldPassage is a passage in the lane: its key, that of the text of which its vector was made, and whether it is the first of
// its unit.
type heldPassage struct {
	key, text uint64
	first     bool
}

func newEmbedding(s *store.Store, m *Meaning, leads func() bool, log *slog.Logger) *embedding {
	if leads == nil {
		leads = func() bool { return true }
	}
	return &embedding{store: s, meaning: m, leads: leads, log: log, held: map[uint64][]heldPassage{}}
}

// step loads the lane the first time; then it takes what another process has stored, or embeds the next documents. It reports
// whether there may be more to do.
func (w *embedding) step(ctx context.Context) (more bool, err error) {
	if w.vectors == nil {
		return true, w.load(ctx)
	}
	stored, err := w.vectors.Sequence(ctx)
	if err != nil {
		return false, err
	}
	switch {
	case stored > w.sequence:
		return true, w.follow(ctx, stored)
	case stored < w.sequence: // the store was put back
		w.sequence = stored
		return true, nil
	case !w.leads():
		w.caughtUp()
		return false, w.lookAgain(ctx)
	case len(w.broken) > 0:
		return true, w.mend(ctx)
	}
	return w.next(ctx)
}

// next embeds the next documents.
func (w *embedding) next(ctx context.Context) (more bool, err error) {
	changes, err := w.store.Changes(ctx, w.sequence, embedBatch)
	if err != nil {
		return false, err
	}
	if len(changes) == 0 {
		w.caughtUp()
		return false, nil
	}
	began := time.Now()
	_, n, err := w.embed(ctx, changes)
	if errors.Is(err, store.ErrOvertaken) {
		return true, nil // what the other stored is taken
	}
	if err != nil {
		return false, err
	}
	w.behind = w.behind || n > 0
	rate := float64(n) / max(time.Since(began).Seconds(), 1e-9)
	w.report(rate)
	if time.Since(w.told) > embedSays && n > 0 {
		w.told = time.Now()
		w.log.Info("正在计算按意思查找的向量", "passages", w.meaning.Lane.Len(), "sequence", w.sequence, "per_second", int(rate))
	}
	return true, nil
}

func (w *embedding) caughtUp() {
	if w.behind {
		w.log.Info("按意思查找已跟上存储", "passages", w.meaning.Lane.Len(), "sequence", w.sequence)
	}
	w.behind = false
}

func (w *embedding) report(rate float64) {
	lane := w.meaning.Lane
	w.meaning.status.Store(&MeaningStatus{
		Model: w.meaning.Embedder.Name(), Passages: lane.Len(), Units: w.units, Bytes: lane.Bytes(),
		Sequence: w.sequence, PerSecond: rate,
	})
}

// mend embeds documents again whose vectors are damaged.
func (w *embedding) mend(ctx context.Context) error {
	part := w.broken[:min(len(w.broken), embedBatch)]
	changes := make([]store.Change, len(part))
	for i, id := range part {
		d, err := w.store.Get(ctx, id)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		changes[i] = store.Change{ID: id, Seq: w.sequence, Document: d}
	}
	mended, n, err := w.embed(ctx, changes)
	if errors.Is(err, store.ErrOvertaken) {
		return nil
	}
	if err != nil {
		return err
	}
	w.log.Info("损坏的向量已重新计算", "documents", mended, "passages", n)
	w.broken = w.broken[mended:]
	w.report(0)
	return nil
}

// lookAgain looks whether the one that embeds has mended what is damaged.
func (w *embedding) lookAgain(ctx context.Context) error {
	part := w.broken[:min(len(w.broken), embedBatch)]
	if len(part) == 0 {
		return nil
	}
	w.broken = w.broken[len(part):]
	defer w.report(0)
	return w.take(ctx, part)
}

// sound reports whether a stored vector can be used.
func (w *embedding) sound(p store.Passage) (semantic.Vector, bool) {
	v, err := semantic.Restore(p.Value)
	if err != nil || w.size != 0 && len(p.Value) != w.size {
		return v, false
	}
	w.size = len(p.Value)
	return v, true
}
