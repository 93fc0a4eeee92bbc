package index

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
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
	// Sequence is the store's last change whose documents have their vectors.
	Sequence uint64 `json:"sequence"`
	// PerSecond is how many passages were embedded a second while there were any, over the last batch.
	PerSecond float64 `json:"per_second,omitempty"`
}

// Status is how far the lane is.
func (m *Meaning) Status() MeaningStatus {
	if s := m.status.Load(); s != nil {
		return *s
	}
	return MeaningStatus{Model: m.Embedder.Name()}
}

// The worker's steps: embedBatch documents are embedded and stored at once, so that no more than their work is lost with the
// process; it looks for changes every embedEvery, after a failure every embedRetry, and says how far it is every embedSays.
const (
	embedBatch = 64
	embedEvery = time.Second
	embedRetry = 10 * time.Second
	embedSays  = 30 * time.Second
)

// FollowMeaning loads the vectors that the store has into the lane, then embeds what changes until ctx ends. What goes wrong
// is logged and tried again; searches go on without what is missing.
func FollowMeaning(ctx context.Context, s *store.Store, m *Meaning, log *slog.Logger) {
	w := &embedding{store: s, meaning: m, log: log}
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
	w := &embedding{store: s, meaning: m, log: log}
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
	log      *slog.Logger
	vectors  *store.Vectors // nil before the lane was loaded
	sequence uint64
	told     time.Time
	behind   bool
}

// step loads the lane the first time, and then embeds the next documents. It reports whether there may be more to do.
func (w *embedding) step(ctx context.Context) (more bool, err error) {
	if w.vectors == nil {
		return true, w.load(ctx)
	}
	changes, err := w.store.Changes(ctx, w.sequence, embedBatch)
	if err != nil {
		return false, err
	}
	if len(changes) == 0 {
		if w.behind {
			w.log.Info("按意思查找已跟上存储", "passages", w.meaning.Lane.Len(), "sequence", w.sequence)
		}
		w.behind = false
		return false, nil
	}
	began := time.Now()
	n, err := w.embed(ctx, changes)
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

func (w *embedding) report(rate float64) {
	lane := w.meaning.Lane
	w.meaning.status.Store(&MeaningStatus{
		Model: w.meaning.Embedder.Name(), Passages: lane.Len(), Bytes: lane.Bytes(), Sequence: w.sequence, PerSecond: rate,
	})
}

// loadAtOnce is how many vectors enter the lane together.
const loadAtOnce = 10000

// load reads what the store has.
func (w *embedding) load(ctx context.Context) error {
	vectors, err := w.store.Vectors(ctx, w.meaning.Embedder.Name())
	if err != nil {
		return err
	}
	if w.sequence, err = vectors.Sequence(ctx); err != nil {
		return err
	}
	var entries []semantic.Entry
	err = vectors.Each(ctx, func(unit string, value []byte) error {
		var v semantic.Vector
		if err := v.UnmarshalBinary(value); err != nil {
			return err
		}
		if entries = append(entries, semantic.Entry{Key: semantic.Key([]byte(unit)), Vector: v}); len(entries) < loadAtOnce {
			return nil
		}
		err := w.meaning.Lane.Add(entries)
		entries = entries[:0]
		return err
	})
	if err = errors.Join(err, w.meaning.Lane.Add(entries)); err != nil {
		return err
	}
	w.vectors, w.behind = vectors, true
	w.report(0)
	return nil
}

// fresh is a passage whose vector is to be made: the text, and where the vector goes.
type fresh struct {
	text string
	into *store.Passage
}

// embed makes the vectors of changed documents, stores them and puts them into the lane. It returns how many it made.
func (w *embedding) embed(ctx context.Context, changes []store.Change) (int, error) {
	documents := make([]store.Passages, len(changes))
	var wanted []fresh
	var gone []uint64
	for i, c := range changes {
		old, err := w.vectors.Of(ctx, c.ID)
		if err != nil {
			return 0, err
		}
		list, lost := passagesOf(c, old)
		documents[i] = store.Passages{Document: c.ID, List: list.passages}
		for j, text := range list.texts {
			if text != "" {
				wanted = append(wanted, fresh{text, &documents[i].List[j]})
			}
		}
		gone = append(gone, lost...)
	}
	entries, err := w.make(ctx, wanted)
	if err != nil {
		return 0, err
	}
	last := changes[len(changes)-1].Seq
	if err := w.vectors.Put(ctx, last, documents); err != nil {
		return 0, err
	}
	w.sequence = last
	w.meaning.Lane.Remove(gone...)
	return len(entries), w.meaning.Lane.Add(entries)
}

// make embeds texts.
func (w *embedding) make(ctx context.Context, wanted []fresh) ([]semantic.Entry, error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	texts := make([]string, len(wanted))
	for i, f := range wanted {
		texts[i] = f.text
	}
	vectors, err := w.meaning.Embedder.Embed(ctx, texts)
	if err != nil {
		return nil, err
	}
	if len(vectors) != len(texts) {
		return nil, fmt.Errorf("%d vectors for %d texts", len(vectors), len(texts))
	}
	entries := make([]semantic.Entry, len(wanted))
	for i, f := range wanted {
		v := semantic.Quantize(vectors[i])
		if f.into.Value, err = v.MarshalBinary(); err != nil {
			return nil, err
		}
		entries[i] = semantic.Entry{Key: semantic.Key([]byte(f.into.Unit)), Vector: v}
	}
	return entries, nil
}

// passageList is the passages of a document; a text is set where the vector is to be made.
type passageList struct {
	passages []store.Passage
	texts    []string
}

// passagesOf lists a document's passages, given those that have a vector, and the keys of those that are gone.
func passagesOf(c store.Change, old []store.Passage) (passageList, []uint64) {
	had := make(map[string][]byte, len(old))
	for _, p := range old {
		had[p.Unit] = p.Hash
	}
	var list passageList
	if c.Document != nil {
		for _, u := range Units(c.Document) {
			text := PassageText(c.Document, &u)
			sum := sha256.Sum256([]byte(text))
			hash := sum[:16]
			if bytes.Equal(had[u.ID], hash) {
				text = ""
			}
			delete(had, u.ID)
			list.passages = append(list.passages, store.Passage{Unit: u.ID, Hash: hash})
			list.texts = append(list.texts, text)
		}
	}
	var gone []uint64
	for unit := range had {
		gone = append(gone, semantic.Key([]byte(unit)))
	}
	return list, gone
}
