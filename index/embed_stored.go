package index

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"tongsou/corpus/store"
	"tongsou/index/semantic"
)

// loadAtOnce is how many vectors enter the lane together.
const loadAtOnce = 10000

// load reads what the store has. Vectors that are damaged are left out, and made again later.
func (w *embedding) load(ctx context.Context) error {
	vectors, err := w.store.Vectors(ctx, w.meaning.Embedder.Name(), passageCut)
	if err != nil {
		return err
	}
	if w.sequence, err = vectors.Sequence(ctx); err != nil {
		return err
	}
	if w.size, err = vectors.Size(ctx); err != nil {
		return err
	}
	var entries []semantic.Entry
	broken := map[string]bool{}
	clear(w.held)
	w.units = 0
	err = vectors.Each(ctx, func(document string, p store.Passage) error {
		v, ok := w.sound(p)
		if !ok {
			broken[document] = true
			return nil
		}
		h, d := heldAs(p), semantic.Key([]byte(document))
		if w.held[d] = append(w.held[d], h); h.first {
			w.units++
		}
		if entries = append(entries, semantic.Entry{Key: h.key, Vector: v}); len(entries) < loadAtOnce {
			return nil
		}
		err := w.meaning.Lane.Add(entries)
		entries = entries[:0]
		return err
	})
	if err = errors.Join(err, w.meaning.Lane.Add(entries)); err != nil {
		return err
	}
	w.broken = slices.Sorted(maps.Keys(broken))
	if len(w.broken) > 0 {
		w.log.Warn("存储里有损坏的向量，将重新计算", "documents", len(w.broken), "first", w.broken[0])
	}
	w.vectors, w.behind = vectors, true
	w.report(0)
	return nil
}

func heldAs(p store.Passage) heldPassage {
	return heldPassage{key: semantic.Key([]byte(p.Unit)), text: semantic.Key(p.Hash), first: semantic.FirstPassage(p.Unit)}
}

// follow takes the vectors that another process has stored, up to a change.
func (w *embedding) follow(ctx context.Context, stored uint64) error {
	changes, err := w.store.Changes(ctx, w.sequence, embedBatch)
	if err != nil {
		return err
	}
	// What changed again since it was embedded has a later number, and its turn comes.
	reached := stored
	if n := len(changes); n > 0 && changes[n-1].Seq < stored {
		reached = changes[n-1].Seq
	}
	var ids []string
	for _, c := range changes {
		if c.Seq <= reached {
			ids = append(ids, c.ID)
		}
	}
	if err := w.take(ctx, ids); err != nil {
		return err
	}
	w.sequence, w.behind = reached, true
	w.report(0)
	return nil
}

// take brings the lane to what the store has of documents.
func (w *embedding) take(ctx context.Context, ids []string) error {
	var entries []semantic.Entry
	for _, id := range ids {
		list, err := w.vectors.Of(ctx, id)
		if err != nil {
			return err
		}
		had := w.held[semantic.Key([]byte(id))]
		passages := make([]heldPassage, 0, len(list))
		damaged := false
		for _, p := range list {
			v, ok := w.sound(p)
			if !ok {
				damaged = true
				continue
			}
			h := heldAs(p)
			if passages = append(passages, h); !slices.Contains(had, h) {
				entries = append(entries, semantic.Entry{Key: h.key, Vector: v})
			}
		}
		if damaged {
			w.broken = append(w.broken, id)
		}
		w.settle(id, passages)
	}
	return w.meaning.Lane.Add(entries)
}

// settle notes what the lane is to have of a document, and takes out what it had beside that.
func (w *embedding) settle(id string, passages []heldPassage) {
	document := semantic.Key([]byte(id))
	left := make(map[uint64]bool, len(passages))
	for _, p := range passages {
		if left[p.key] = true; p.first {
			w.units++
		}
	}
	var gone []uint64
	for _, p := range w.held[document] {
		if p.first {
			w.units--
		}
		if !left[p.key] {
			gone = append(gone, p.key)
		}
	}
	w.meaning.Lane.Remove(gone...)
	if w.held[document] = passages; len(passages) == 0 {
		delete(w.held, document)
	}
}

// VectorDamage is what is wrong with the vectors that a store keeps of a model.
type VectorDamage struct {
	Model string
	// Damaged is how many of Vectors cannot be used, First the passage of one.
	Damaged, Vectors int
	First            string
}

// String says it in one line.
func (d VectorDamage) String() string {
	return fmt.Sprintf("模型 %s 的 %d 个向量里有 %d 个损坏（如 %s 的）", d.Model, d.Vectors, d.Damaged, d.First)
}

// CheckVectors reads all vectors of all models, and returns what is wrong: nothing when all can be used. A damaged one costs
// its passage the lane of meaning until a serve with that lane has made it again.
func CheckVectors(ctx context.Context, s *store.Store) ([]VectorDamage, error) {
	models, err := s.Models(ctx)
	if err != nil {
		return nil, err
	}
	var all []VectorDamage
	for _, model := range models {
		vectors, err := s.Vectors(ctx, model, passageCut)
		if err != nil {
			return nil, err
		}
		d, w := VectorDamage{Model: model}, embedding{}
		if w.size, err = vectors.Size(ctx); err != nil {
			return nil, err
		}
		if err := vectors.Each(ctx, func(_ string, p store.Passage) error {
			d.Vectors++
			if _, ok := w.sound(p); !ok {
				if d.Damaged++; d.First == "" {
					d.First = p.Unit
				}
			}
			return nil
		}); err != nil {
			return nil, err
		}
		if d.Damaged > 0 {
			all = append(all, d)
		}
	}
	return all, nil
}
