package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"tongsou/corpus"
)

// Change is one step of the sequence: the state of a document after its latest change.
type Change struct {
	Seq      uint64
	ID       string
	Document *corpus.Document // nil when it was deleted
}

// changesBytes bounds what Changes returns by the compressed size of the documents: about 5 MB of text, so that a run of
// long laws does not fill the memory of whoever indexes them.
const changesBytes = 1 << 20

// Changes returns at most limit changes after sequence number after, in order, fewer when the documents are long. Every
// document comes once, at its latest change. No changes means that there are none.
func (s *Store) Changes(ctx context.Context, after uint64, limit int) ([]Change, error) {
	rows, err := s.db.QueryContext(ctx, s.dialect.changes(), after, limit)
	if err != nil {
		return nil, fmt.Errorf("read changes from store %s: %w", s.path, err)
	}
	defer func() { _ = rows.Close() }()
	var list []Change
	for size := 0; size < changesBytes && rows.Next(); {
		var c Change
		var body []byte
		if err := rows.Scan(&c.Seq, &c.ID, &body); err != nil {
			return nil, fmt.Errorf("read changes from store %s: %w", s.path, err)
		}
		if size += len(body); body != nil {
			if c.Document, err = s.decode(c.ID, body); err != nil {
				return nil, err
			}
		}
		list = append(list, c)
	}
	return list, rows.Err()
}

// Sequence is the number of the latest change, 0 for an empty store.
func (s *Store) Sequence(ctx context.Context) (uint64, error) {
	var seq uint64
	err := s.db.QueryRowContext(ctx, "SELECT coalesce(max(seq), 0) FROM document").Scan(&seq)
	if err != nil {
		return 0, fmt.Errorf("read the sequence of store %s: %w", s.path, err)
	}
	return seq, nil
}

// Count returns the number of documents of each kind.
func (s *Store) Count(ctx context.Context) (map[corpus.Kind]int, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT kind, count(*) FROM document WHERE body IS NOT NULL GROUP BY kind")
	if err != nil {
		return nil, fmt.Errorf("count documents of store %s: %w", s.path, err)
	}
	defer func() { _ = rows.Close() }()
	counts := map[corpus.Kind]int{}
	for rows.Next() {
		var kind corpus.Kind
		var n int
		if err := rows.Scan(&kind, &n); err != nil {
			return nil, err
		}
		counts[kind] = n
	}
	return counts, rows.Err()
}

// Get returns a document, or an error that wraps ErrNotFound.
func (s *Store) Get(ctx context.Context, id string) (*corpus.Document, error) {
	return s.get(ctx, s.db, id)
}

// Sources returns where every source has a document, by the source's name, or an error that wraps ErrNotFound.
func (s *Store) Sources(ctx context.Context, id string) ([]corpus.Source, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT source, file, line FROM origin WHERE id = ? ORDER BY source", id)
	if err != nil {
		return nil, fmt.Errorf("read the sources of document %q: %w", id, err)
	}
	defer func() { _ = rows.Close() }()
	var list []corpus.Source
	for rows.Next() {
		var src corpus.Source
		if err := rows.Scan(&src.Name, &src.File, &src.Line); err != nil {
			return nil, fmt.Errorf("read the sources of document %q: %w", id, err)
		}
		list = append(list, src)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the sources of document %q: %w", id, err)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("document %q: %w", id, ErrNotFound)
	}
	return list, nil
}

type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func (s *Store) get(ctx context.Context, q queryer, id string) (*corpus.Document, error) {
	var body []byte
	err := q.QueryRowContext(ctx, "SELECT body FROM document WHERE id = ? AND body IS NOT NULL", id).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("document %q: %w", id, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("read document %q: %w", id, err)
	}
	return s.decode(id, body)
}

func (s *Store) decode(id string, body []byte) (*corpus.Document, error) {
	d, err := s.unpack(body)
	if err != nil {
		return nil, fmt.Errorf("document %q in store %s is damaged: %w; restore the store from a backup", id, s.path, err)
	}
	return d, nil
}

func (s *Store) unpack(body []byte) (*corpus.Document, error) {
	raw, err := s.decoder.DecodeAll(body, nil)
	if err != nil {
		return nil, err
	}
	d := new(corpus.Document)
	if err := json.Unmarshal(raw, d); err != nil {
		return nil, err
	}
	return d, nil
}

// IDs calls visit for every document, by ID.
func (s *Store) IDs(ctx context.Context, visit func(id string, kind corpus.Kind) error) error {
	rows, err := s.db.QueryContext(ctx, "SELECT id, kind FROM document WHERE body IS NOT NULL ORDER BY id")
	if err != nil {
		return fmt.Errorf("list documents of store %s: %w", s.path, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id string
		var kind corpus.Kind
		if err := rows.Scan(&id, &kind); err != nil {
			return err
		}
		if err := visit(id, kind); err != nil {
			return err
		}
	}
	return rows.Err()
}
