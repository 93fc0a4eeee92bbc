package index

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"tongsou/corpus/store"
	"tongsou/index/semantic"
)

// fresh is a passage whose vector is to be made: the text, and where the vector goes.
type fresh struct {
	text string
	into *store.Passage
}

// embedPassages bounds what is embedded at once, so that little is lost with the process and the lane is seen to go on; one
// document may have more.
const embedPassages = 512

// embed makes the vectors of the first of changed documents, stores them as those up to the last of these, and puts them into
// the lane. It returns how many documents and passages these were.
func (w *embedding) embed(ctx context.Context, changes []store.Change) (documents, passages int, err error) {
	var done []store.Passages
	var wanted []fresh
	last := w.sequence
	for _, c := range changes {
		old, err := w.vectors.Of(ctx, c.ID)
		if err != nil {
			return 0, 0, err
		}
		list := w.passagesOf(c, old)
		for j, text := range list.texts {
			if text != "" {
				wanted = append(wanted, fresh{text, &list.passages[j]})
			}
		}
		done, last = append(done, store.Passages{Document: c.ID, List: list.passages}), c.Seq
		if len(wanted) >= embedPassages {
			break
		}
	}
	entries, err := w.make(ctx, wanted)
	if err != nil {
		return 0, 0, err
	}
	if err := w.vectors.Put(ctx, w.sequence, last, done); err != nil {
		return 0, 0, err
	}
	w.sequence = last
	for _, d := range done {
		passages := make([]heldPassage, len(d.List))
		for i, p := range d.List {
			passages[i] = heldAs(p)
		}
		w.settle(d.Document, passages)
	}
	return len(done), len(entries), w.meaning.Lane.Add(entries)
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
	began := time.Now()
	vectors, err := w.meaning.Embedder.Embed(ctx, texts)
	w.meaning.work.batch(time.Since(began), len(texts), err)
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
		if w.size != 0 && len(f.into.Value) != w.size {
			return nil, fmt.Errorf("the model %s gives vectors of another size (%d bytes) than those that are kept (%d); give another model another name",
				w.meaning.Embedder.Name(), len(f.into.Value), w.size)
		}
		w.size = len(f.into.Value)
		entries[i] = semantic.Entry{Key: semantic.Key([]byte(f.into.Unit)), Vector: v}
	}
	return entries, nil
}

// passageList is the passages of a document; a text is set where the vector is to be made.
type passageList struct {
	passages []store.Passage
	texts    []string
}

// passagesOf lists a document's passages, given those that have a vector.
func (w *embedding) passagesOf(c store.Change, old []store.Passage) passageList {
	had := make(map[string][]byte, len(old))
	for _, p := range old {
		if _, ok := w.sound(p); ok {
			had[p.Unit] = p.Hash
		}
	}
	var list passageList
	if c.Document == nil {
		return list
	}
	for _, u := range Units(c.Document) {
		for _, p := range Passages(c.Document, &u) {
			sum := sha256.Sum256([]byte(p.Text))
			hash := sum[:16]
			if bytes.Equal(had[p.ID], hash) {
				p.Text = ""
			}
			list.passages = append(list.passages, store.Passage{Unit: p.ID, Hash: hash})
			list.texts = append(list.texts, p.Text)
		}
	}
	return list
}
