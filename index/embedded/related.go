package embedded

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"tongsou/corpus"
	"tongsou/index"
)

// relatedName is the file of related terms. It lies beside the generations, so that a rebuild keeps what is known until
// more is.
const relatedName = "related"

// Bounds on what learning reads: units of each kind, sections of one document, articles that items cite.
const (
	learnUnits    = 30_000
	learnSections = 8
	learnCited    = 5_000
)

// What must have changed since the last time for learning again: a tenth of the documents, and this many.
const (
	relearnShare = 10
	relearnLeast = 50
)

// ReadRelated reads the related terms of the index in a folder, which may be in use by another process. An error wraps
// os.ErrNotExist when nothing was learned there yet, index.ErrRelatedFile when the file is torn.
func ReadRelated(path string) (*index.Related, error) {
	raw, err := os.ReadFile(filepath.Join(path, relatedName))
	if err != nil {
		return nil, fmt.Errorf("read related terms: %w", err)
	}
	r, err := index.ParseRelated(raw)
	if err != nil {
		return nil, fmt.Errorf("read related terms of %s: %w", path, err)
	}
	return r, nil
}

// loadRelated takes over what was learned. A file that is torn or of another version counts as none: it is no more than a
// help, and is learned again.
func (e *Engine) loadRelated() {
	if r, err := ReadRelated(e.options.Path); err == nil && r.From.Version == e.options.version() {
		e.related.Store(r)
	}
}

// relatedTerms is the Related of the engine's reader.
func (e *Engine) relatedTerms(word string) []index.RelatedTerm { return e.related.Load().Terms(word) }

// Related returns what was learned from the documents, nil when nothing was.
func (e *Engine) Related() *index.Related { return e.related.Load() }

// Learn learns from the documents which words go together, if enough has changed since the last time, and keeps it beside
// the index. It reads a bounded sample and takes at most a few seconds; searches and writes go on meanwhile.
func (e *Engine) Learn(ctx context.Context) error {
	e.learning.Lock()
	defer e.learning.Unlock()
	sequence := e.Sequence()
	if !e.forgetful(sequence) {
		return nil
	}
	v, err := e.view()
	if err != nil {
		return err
	}
	defer v.release()
	l := index.NewLearner(e.options.Segmenter, e.options.Lexicon)
	if err := v.teach(ctx, l); err != nil {
		return fmt.Errorf("learn related terms: %w", err)
	}
	r := l.Learn(index.RelatedFrom{Version: e.options.version(), Sequence: sequence})
	if err := replaceFile(filepath.Join(e.options.Path, relatedName), r.Encode()); err != nil {
		return fmt.Errorf("keep related terms: %w", err)
	}
	e.related.Store(r)
	return nil
}

// forgetful reports whether what was learned is too old for an index that has reached a sequence.
func (e *Engine) forgetful(sequence uint64) bool {
	r := e.related.Load()
	if r == nil || sequence < r.From.Sequence {
		return sequence > 0
	}
	return sequence-r.From.Sequence >= uint64(max(relearnLeast, r.From.Documents/relearnShare))
}

// teach gives a learner the evidence that a view holds.
func (v *view) teach(ctx context.Context, l *index.Learner) error {
	t := &teacher{view: v, learner: l, cited: map[index.Citation]string{}}
	for _, kind := range corpus.Kinds() {
		if s := v.kinds[kind]; s != nil {
			if err := t.kind(ctx, kind, s); err != nil {
				return err
			}
		}
	}
	return nil
}

type teacher struct {
	view    *view
	learner *index.Learner
	cited   map[index.Citation]string // article → its text, "" for one that is not here
	docs    int
}

// lesson is a document to learn from. Segments keep documents and sections in no order, so that the IDs order them: the
// same documents teach the same.
type lesson struct {
	leaf  *leafView
	id    string
	head  uint32
	units []uint32
}

// kind reads every so many documents of a kind, as far apart as the bound asks for.
func (t *teacher) kind(ctx context.Context, kind corpus.Kind, s *segments) error {
	var lessons []lesson
	units := 0
	for i := range s.leaves {
		of, err := s.leaves[i].lessons()
		if err != nil {
			return err
		}
		lessons = append(lessons, of...)
		for _, d := range of {
			units += min(len(d.units), learnSections)
		}
	}
	slices.SortFunc(lessons, func(a, b lesson) int { return cmp.Compare(a.id, b.id) })
	stride := max(1, (units+learnUnits-1)/learnUnits)
	for i := 0; i < len(lessons); i += stride {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := t.document(kind, &lessons[i]); err != nil {
			return err
		}
	}
	return nil
}

// lessons returns the live documents of a leaf with their live units.
func (l *leafView) lessons() ([]lesson, error) {
	docs := make([][]uint32, len(l.columns.head))
	for unit, doc := range l.columns.doc {
		if head := l.columns.head[doc]; head != noHead && l.live(head) && l.live(uint32(unit)) {
			docs[doc] = append(docs[doc], uint32(unit))
		}
	}
	var list []lesson
	for doc, units := range docs {
		if len(units) == 0 {
			continue
		}
		d := lesson{leaf: l, head: l.columns.head[doc], units: units}
		var err error
		if d.id, err = l.id(d.head); err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, nil
}

// id returns the ID of a unit.
func (l *leaf) id(unit uint32) (string, error) {
	id, err := l.seg.DocID(uint64(unit))
	if err != nil {
		return "", fmt.Errorf("read the ID of unit %d: %w", unit, err)
	}
	return string(id), nil
}

// sections returns the units of a document that are learned from, evenly spread by their IDs.
func (d *lesson) sections() ([]uint32, error) {
	ids := make(map[uint32]string, len(d.units))
	for _, u := range d.units {
		id, err := d.leaf.id(u)
		if err != nil {
			return nil, err
		}
		ids[u] = id
	}
	slices.SortFunc(d.units, func(a, b uint32) int { return cmp.Compare(ids[a], ids[b]) })
	step := (len(d.units) + learnSections - 1) / learnSections
	var picked []uint32
	for i := 0; i < len(d.units); i += step {
		picked = append(picked, d.units[i])
	}
	return picked, nil
}

func (t *teacher) document(kind corpus.Kind, d *lesson) error {
	t.docs++
	head, err := d.leaf.stored(d.head)
	if err != nil {
		return err
	}
	if kind == corpus.KindItem {
		t.learner.Add(index.ItemEvidence(t.docs, head.Meta, head.Body, t.basis(head.Body)))
		return nil
	}
	sections, err := d.sections()
	if err != nil {
		return err
	}
	for _, u := range sections {
		st := head
		if u != d.head {
			if st, err = d.leaf.stored(u); err != nil {
				return err
			}
		}
		if e, ok := index.TextEvidence(t.docs, head.Meta, st.Ref, st.Body); ok {
			t.learner.Add(e)
		}
	}
	return nil
}

// basis returns the texts of the articles that an item cites, as far as they are here.
func (t *teacher) basis(body string) []string {
	var texts []string
	for _, c := range index.Citations(body) {
		text, ok := t.cited[c]
		if !ok && len(t.cited) < learnCited {
			text = t.view.article(c)
			t.cited[c] = text
		}
		if text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

// article returns the text of an article of a law, "" when the law is not here or cannot be read: it is one evidence less.
// Of several versions it is that of the greatest ID, whatever the order of the segments.
func (v *view) article(c index.Citation) string {
	s := v.kinds[corpus.KindPolicy]
	if s == nil {
		return ""
	}
	best, text := "", ""
	for li := range s.leaves {
		l := &s.leaves[li]
		heads, err := l.holding(fieldName, c.Law)
		if err != nil {
			return ""
		}
		for _, head := range heads {
			if id, err := l.id(head); err == nil && id > best && l.live(head) {
				if body := l.section(head, c.Article); body != "" {
					best, text = id, body
				}
			}
		}
	}
	return text
}

// section returns the text of a section of the document whose head is given, "" when there is none.
func (l *leafView) section(head uint32, id string) string {
	units, err := l.unitsByID(head, id)
	if err != nil {
		return ""
	}
	for _, u := range units {
		if st, err := l.stored(u); err == nil && l.live(u) {
			return st.Body
		}
	}
	return ""
}
