package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Vectors are the vectors of meaning that one model made of the documents' passages. They are kept with the documents, since
// they take an hour to make where an index takes a minute; what they are made of is known by its hash, so that nothing is
// made twice.
type Vectors struct {
	store      *Store
	model, cut string
}

// Passage is one passage's vector. Unit is its ID, Hash says of what text it was made, Value is the vector as the model's
// user writes it.
type Passage struct {
	Unit        string
	Hash, Value []byte
}

// ErrOvertaken means that another process has stored vectors since one looked.
var ErrOvertaken = errors.New("another process has stored vectors meanwhile")

// Passages are all passages of one document. Those without a Value keep the one that they have.
type Passages struct {
	Document string
	List     []Passage
}

const vectorTable = `
CREATE TABLE IF NOT EXISTS vector (
	model TEXT NOT NULL,
	unit  TEXT NOT NULL,
	doc   TEXT NOT NULL,
	hash  BLOB NOT NULL,
	value BLOB NOT NULL,
	PRIMARY KEY (model, unit)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS vector_doc ON vector(model, doc);
`

// Vectors returns the vectors of a model. cut names the way in which documents are cut into passages: under another one all
// documents are still to be done, and what is the same of both is kept. A store that never held vectors gets room for them.
func (s *Store) Vectors(ctx context.Context, model, cut string) (*Vectors, error) {
	there, err := s.dialect.holdsVectors(ctx, s.db)
	if err == nil && !there {
		err = s.change(ctx, func(w *writer) error { return makeRoom(ctx, w.tx) })
	}
	if err != nil {
		return nil, fmt.Errorf("make room for vectors in store %s: %w", s.path, err)
	}
	return &Vectors{s, model, cut}, nil
}

// makeRoom makes the table in a file that lacks it.
func makeRoom(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, vectorTable)
	return err
}

// Models are the models that the store has vectors of, in order.
func (s *Store) Models(ctx context.Context) ([]string, error) {
	there, err := s.dialect.holdsVectors(ctx, s.db)
	if err != nil || !there {
		return nil, err
	}
	rows, err := s.db.QueryContext(ctx, "SELECT DISTINCT model FROM vector ORDER BY model")
	if err != nil {
		return nil, fmt.Errorf("read the models of store %s: %w", s.path, err)
	}
	defer func() { _ = rows.Close() }()
	var list []string
	for rows.Next() {
		var model string
		if err := rows.Scan(&model); err != nil {
			return nil, fmt.Errorf("read the models of store %s: %w", s.path, err)
		}
		list = append(list, model)
	}
	return list, rows.Err()
}

// markVectors begins the key in meta under which the sequence is kept up to which the documents have a model's vectors.
const markVectors = "vectors "

// mark is the key in meta of one model and way of cutting.
func (v *Vectors) mark() string {
	if v.cut == "" {
		return markVectors + v.model
	}
	return markVectors + v.model + " cut " + v.cut
}

// Sequence is the number of the last change whose documents have their vectors, 0 for none.
func (v *Vectors) Sequence(ctx context.Context) (uint64, error) { return v.sequence(ctx, v.store.db) }

func (v *Vectors) sequence(ctx context.Context, q queryer) (n uint64, err error) {
	text, err := mark(ctx, q, v.mark())
	if err == nil && text != "" {
		n, err = strconv.ParseUint(text, 10, 64)
	}
	if err != nil {
		return 0, fmt.Errorf("read how far the vectors of %s are: %w", v.model, err)
	}
	return n, nil
}

// Size is how many bytes most vectors have, 0 without any. One of another size is damaged, or of another model of that name.
func (v *Vectors) Size(ctx context.Context) (n int, err error) {
	err = v.store.db.QueryRowContext(ctx, `SELECT length(value) FROM vector WHERE model = ?
		GROUP BY length(value) ORDER BY count(*) DESC LIMIT 1`, v.model).Scan(&n)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("read the vectors of %s: %w", v.model, err)
	}
	return n, nil
}

// Each calls visit for every passage, with its document. visit must not use the store, nor keep the passage's bytes.
func (v *Vectors) Each(ctx context.Context, visit func(document string, p Passage) error) error {
	return v.visit(ctx, v.store.db, "SELECT doc, unit, hash, value FROM vector WHERE model = ?", visit, v.model)
}

// Of returns the passages of a document that have a vector.
func (v *Vectors) Of(ctx context.Context, document string) ([]Passage, error) {
	var list []Passage
	err := v.visit(ctx, v.store.db, "SELECT doc, unit, hash, value FROM vector WHERE model = ? AND doc = ?", func(_ string, p Passage) error {
		list = append(list, Passage{p.Unit, bytes.Clone(p.Hash), bytes.Clone(p.Value)})
		return nil
	}, v.model, document)
	return list, err
}

// asker is a database or a transaction.
type asker interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func (v *Vectors) visit(ctx context.Context, db asker, query string, visit func(document string, p Passage) error, args ...any) error {
	failed := func(err error) error { return fmt.Errorf("read the vectors of %s: %w", v.model, err) }
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return failed(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var document string
		var p Passage
		if err := rows.Scan(&document, &p.Unit, (*sql.RawBytes)(&p.Hash), (*sql.RawBytes)(&p.Value)); err != nil {
			return failed(err)
		}
		if err := visit(document, p); err != nil {
			return fmt.Errorf("vector of %s: %w", p.Unit, err)
		}
	}
	if err := rows.Err(); err != nil {
		return failed(err)
	}
	return nil
}

// Put stores the vectors of documents, in place of what they had, and that all changes up to a sequence number are done. A
// document without passages has none from then on. It is durable when Put returns. The error wraps ErrOvertaken, and nothing
// is stored, when Sequence is no longer after: what two processes make at the same time is stored once.
func (v *Vectors) Put(ctx context.Context, after, sequence uint64, documents []Passages) error {
	err := v.store.change(ctx, func(w *writer) error {
		now, err := v.sequence(ctx, w.tx)
		if err != nil {
			return err
		}
		if now != after {
			return fmt.Errorf("%w: up to change %d, not %d", ErrOvertaken, now, after)
		}
		for _, d := range documents {
			if err := v.put(w, d); err != nil {
				return fmt.Errorf("document %s: %w", d.Document, err)
			}
		}
		return setMark(ctx, w.tx, v.mark(), strconv.FormatUint(sequence, 10))
	})
	if err != nil {
		return fmt.Errorf("store vectors of %s: %w", v.model, err)
	}
	return nil
}

func (v *Vectors) put(w *writer, d Passages) error {
	wanted := make(map[string]bool, len(d.List))
	for _, p := range d.List {
		wanted[p.Unit] = true
	}
	old, err := w.strings("SELECT unit FROM vector WHERE model = ? AND doc = ?", v.model, d.Document)
	if err != nil {
		return err
	}
	for _, unit := range old {
		if wanted[unit] {
			continue
		}
		if _, err := w.tx.ExecContext(w.ctx, "DELETE FROM vector WHERE model = ? AND unit = ?", v.model, unit); err != nil {
			return err
		}
	}
	for _, p := range d.List {
		if p.Value == nil {
			continue
		}
		if _, err := w.tx.ExecContext(w.ctx, putVectors(1), v.model, p.Unit, d.Document, p.Hash, p.Value); err != nil {
			return err
		}
	}
	return nil
}

// putVectors is the statement that puts n vectors in, each in place of one of its passage. It takes vectorColumns of each.
func putVectors(n int) string {
	return "INSERT INTO vector (" + vectorColumns + ") VALUES (?, ?, ?, ?, ?)" + strings.Repeat(", (?, ?, ?, ?, ?)", n-1) + `
		ON CONFLICT (model, unit) DO UPDATE SET doc = excluded.doc, hash = excluded.hash, value = excluded.value`
}
