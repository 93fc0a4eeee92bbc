package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
)

// Vectors are the vectors of meaning that one model made of the documents' passages. They are kept with the documents, since
// they take an hour to make where an index takes a minute; what they are made of is known by its hash, so that nothing is
// made twice.
type Vectors struct {
	store *Store
	model string
}

// Passage is one passage's vector. Unit is its ID, Hash says of what text it was made, Value is the vector as the model's
// user writes it.
type Passage struct {
	Unit        string
	Hash, Value []byte
}

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

// Vectors returns the vectors of a model. A store that never held vectors gets room for them.
func (s *Store) Vectors(ctx context.Context, model string) (*Vectors, error) {
	if _, file := s.dialect.(sqliteDialect); file { // PostgreSQL has the table from its migrations
		if err := s.change(ctx, func(w *writer) error {
			_, err := w.tx.ExecContext(ctx, vectorTable)
			return err
		}); err != nil {
			return nil, fmt.Errorf("make room for vectors in store %s: %w", s.path, err)
		}
	}
	return &Vectors{s, model}, nil
}

// applied is the key under which the sequence is kept up to which the documents have their vectors.
func (v *Vectors) applied() string { return "vectors " + v.model }

// Sequence is the number of the last change whose documents have their vectors, 0 for none.
func (v *Vectors) Sequence(ctx context.Context) (uint64, error) {
	var text string
	err := v.store.db.QueryRowContext(ctx, "SELECT value FROM meta WHERE key = ?", v.applied()).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read how far the vectors of %s are: %w", v.model, err)
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read how far the vectors of %s are: %w", v.model, err)
	}
	return n, nil
}

// Each calls visit for every passage. visit must not use the store, nor keep value.
func (v *Vectors) Each(ctx context.Context, visit func(unit string, value []byte) error) error {
	rows, err := v.store.db.QueryContext(ctx, "SELECT unit, value FROM vector WHERE model = ?", v.model)
	if err != nil {
		return fmt.Errorf("read the vectors of %s: %w", v.model, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var unit string
		var value sql.RawBytes
		if err := rows.Scan(&unit, &value); err != nil {
			return fmt.Errorf("read the vectors of %s: %w", v.model, err)
		}
		if err := visit(unit, value); err != nil {
			return fmt.Errorf("vector of %s: %w", unit, err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the vectors of %s: %w", v.model, err)
	}
	return nil
}

// Of returns the passages of a document that have a vector, with their hashes and without the vectors.
func (v *Vectors) Of(ctx context.Context, document string) ([]Passage, error) {
	return passagesOf(ctx, v.store.db, v.model, document)
}

// Put stores the vectors of documents, in place of what they had, and that all changes up to a sequence number are done. A
// document without passages has none from then on. It is durable when Put returns.
func (v *Vectors) Put(ctx context.Context, sequence uint64, documents []Passages) error {
	err := v.store.change(ctx, func(w *writer) error {
		for _, d := range documents {
			if err := v.put(ctx, w.tx, d); err != nil {
				return fmt.Errorf("document %s: %w", d.Document, err)
			}
		}
		_, err := w.tx.ExecContext(ctx, `INSERT INTO meta (key, value) VALUES (?, ?)
			ON CONFLICT (key) DO UPDATE SET value = excluded.value`, v.applied(), strconv.FormatUint(sequence, 10))
		return err
	})
	if err != nil {
		return fmt.Errorf("store vectors of %s: %w", v.model, err)
	}
	return nil
}

func (v *Vectors) put(ctx context.Context, tx *sql.Tx, d Passages) error {
	wanted := make(map[string]bool, len(d.List))
	for _, p := range d.List {
		wanted[p.Unit] = true
	}
	old, err := passagesOf(ctx, tx, v.model, d.Document)
	if err != nil {
		return err
	}
	for _, p := range old {
		if !wanted[p.Unit] {
			if _, err := tx.ExecContext(ctx, "DELETE FROM vector WHERE model = ? AND unit = ?", v.model, p.Unit); err != nil {
				return err
			}
		}
	}
	for _, p := range d.List {
		if p.Value == nil {
			continue
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO vector (model, unit, doc, hash, value) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (model, unit) DO UPDATE SET doc = excluded.doc, hash = excluded.hash, value = excluded.value`,
			v.model, p.Unit, d.Document, p.Hash, p.Value); err != nil {
			return err
		}
	}
	return nil
}

// asker is a database or a transaction.
type asker interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func passagesOf(ctx context.Context, db asker, model, document string) ([]Passage, error) {
	rows, err := db.QueryContext(ctx, "SELECT unit, hash FROM vector WHERE model = ? AND doc = ?", model, document)
	if err != nil {
		return nil, fmt.Errorf("read the vectors of document %s: %w", document, err)
	}
	defer func() { _ = rows.Close() }()
	var list []Passage
	for rows.Next() {
		var p Passage
		if err := rows.Scan(&p.Unit, &p.Hash); err != nil {
			return nil, fmt.Errorf("read the vectors of document %s: %w", document, err)
		}
		list = append(list, p)
	}
	return list, rows.Err()
}
