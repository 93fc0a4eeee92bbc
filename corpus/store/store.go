// Package store is the store of record: it holds every document with where it came from and a sequence number for every
// change. What it has committed is acknowledged; indexes are made from it and can be thrown away.
//
// It is one SQLite file, or tables in PostgreSQL that several machines share. The logic is one; what differs stands in
// dialect.
package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd"

	"tongsou/corpus"
)

// ErrNotFound means that the store holds no document of that ID.
var ErrNotFound = errors.New("not found")

// errBusy means that another process has been writing for as long as one waits.
var errBusy = errors.New("another process has been writing for ten seconds")

// Store is an open store. Its methods may be called from any number of goroutines, and several processes may have the
// same open: one writes at a time, the others wait up to ten seconds for it.
type Store struct {
	db      *sql.DB
	path    string // the file, or the database's name without its password
	dialect dialect
	encoder *zstd.Encoder
	decoder *zstd.Decoder
}

// open makes a store of an open database, which it closes when that fails.
func open(ctx context.Context, db *sql.DB, path string, d dialect) (*Store, error) {
	s := &Store{db: db, path: path, dialect: d}
	var err error
	if s.encoder, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1)); err == nil {
		s.decoder, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(0))
	}
	if err == nil {
		err = d.prepare(ctx, db)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", path, err), db.Close())
	}
	return s, nil
}

// String names the store for messages.
func (s *Store) String() string { return s.path }

// Close closes the store.
func (s *Store) Close() error {
	s.decoder.Close()
	return errors.Join(s.encoder.Close(), s.db.Close())
}

// Summary is what a change to the store did.
type Summary struct {
	Added     int `json:"added"`
	Updated   int `json:"updated"`
	Unchanged int `json:"unchanged"`
	// Linked counts documents that another source already had: they were not stored a second time.
	Linked  int `json:"linked"`
	Deleted int `json:"deleted"`
	// Sequence is the store's sequence number afterwards.
	Sequence uint64 `json:"sequence"`
}

// Add adds the counts of another summary.
func (s *Summary) Add(o Summary) {
	s.Added += o.Added
	s.Updated += o.Updated
	s.Unchanged += o.Unchanged
	s.Linked += o.Linked
	s.Deleted += o.Deleted
	s.Sequence = max(s.Sequence, o.Sequence)
}

// Put stores documents in one transaction. When it returns without an error they are durable. A document with the ID of
// one that is there replaces it, unless nothing but its source changed; a document that is the same as one of another
// source (same item code, or same 文号 and title) is linked to it. Versions of one family learn from each other when they
// were superseded.
func (s *Store) Put(ctx context.Context, docs []*corpus.Document) (Summary, error) {
	_, sum, err := s.PutEach(ctx, docs)
	return sum, err
}

// PutEach is Put that tells for each document the ID under which the store holds it: its own, or that of the document of
// another source which is the same.
func (s *Store) PutEach(ctx context.Context, docs []*corpus.Document) (ids []string, sum Summary, err error) {
	err = s.change(ctx, func(w *writer) error {
		families := map[string]bool{}
		for _, d := range docs {
			id, err := w.put(d, &sum, families)
			if err != nil {
				return fmt.Errorf("store document %s: %w", d.ID, err)
			}
			ids = append(ids, id)
		}
		for family := range families {
			if err := w.linkVersions(family); err != nil {
				return fmt.Errorf("link the versions of %s: %w", family, err)
			}
		}
		sum.Sequence = w.seq
		return nil
	})
	if err != nil {
		return nil, Summary{}, err
	}
	return ids, sum, nil
}

// DeleteSource removes everything that came from a source alone.
func (s *Store) DeleteSource(ctx context.Context, source string) (Summary, error) {
	return s.delete(ctx, "SELECT id FROM origin WHERE source = ?", source, "DELETE FROM origin WHERE source = ?")
}

// Delete removes a document whatever sources have it.
func (s *Store) Delete(ctx context.Context, id string) (Summary, error) {
	return s.delete(ctx, "SELECT id FROM document WHERE id = ? AND body IS NOT NULL", id, "DELETE FROM origin WHERE id = ?")
}

func (s *Store) delete(ctx context.Context, choose, arg, unlink string) (Summary, error) {
	var sum Summary
	err := s.change(ctx, func(w *writer) error {
		ids, err := w.strings(choose, arg)
		if err != nil {
			return err
		}
		if _, err := w.tx.ExecContext(ctx, unlink, arg); err != nil {
			return err
		}
		for _, id := range ids {
			if err := w.bury(id, &sum); err != nil {
				return err
			}
		}
		sum.Sequence = w.seq
		return nil
	})
	if err != nil {
		return Summary{}, err
	}
	return sum, nil
}

// change runs do in a transaction that holds the write lock.
func (s *Store) change(ctx context.Context, do func(*writer) error) error {
	tx, err := s.dialect.begin(ctx, s.db)
	if errors.Is(err, errBusy) {
		return fmt.Errorf("write store %s: %w; try again when it has ended", s.path, err)
	}
	if err != nil {
		return fmt.Errorf("write store %s: %w", s.path, err)
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if err := settled(ctx, tx); err != nil {
		return fmt.Errorf("write store %s: %w", s.path, err)
	}
	w := &writer{ctx: ctx, tx: tx, store: s}
	if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(seq), 0) FROM document").Scan(&w.seq); err != nil {
		return err
	}
	if err := do(w); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit to store %s: %w", s.path, err)
	}
	return nil
}

// writer is one transaction.
type writer struct {
	ctx   context.Context
	tx    *sql.Tx
	store *Store
	seq   uint64
}

// put stores a document, and returns the ID that it has in the store.
func (w *writer) put(d *corpus.Document, sum *Summary, families map[string]bool) (string, error) {
	var hash, family string
	var live bool
	err := w.tx.QueryRowContext(w.ctx, "SELECT hash, family, body IS NOT NULL FROM document WHERE id = ?", d.ID).Scan(&hash, &family, &live)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", err
	}
	if !live {
		if twin, err := w.link(d, sum); twin != "" || err != nil {
			return twin, err
		}
	}
	if err := w.originate(d.ID, d.Source); err != nil {
		return "", err
	}
	now, err := contentHash(d)
	if err != nil {
		return "", err
	}
	switch {
	case live && hash == now:
		sum.Unchanged++
		return d.ID, nil
	case live:
		sum.Updated++
	default:
		sum.Added++
	}
	for _, f := range []string{family, d.Family} { // one that it leaves closes the gap
		if f != "" {
			families[f] = true
		}
	}
	return d.ID, w.write(d, now)
}

func (w *writer) originate(id string, src corpus.Source) error {
	_, err := w.tx.ExecContext(w.ctx, `INSERT INTO origin (source, id, file, line) VALUES (?, ?, ?, ?)
		ON CONFLICT (source, id) DO UPDATE SET file = excluded.file, line = excluded.line`, src.Name, id, src.File, src.Line)
	return err
}

func (w *writer) write(d *corpus.Document, hash string) error {
	raw, err := json.Marshal(d)
	if err != nil {
		return err
	}
	w.seq++
	_, err = w.tx.ExecContext(w.ctx, `INSERT INTO document (id, seq, kind, family, same, begins, hash, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, kind = excluded.kind,
		family = excluded.family, same = excluded.same, begins = excluded.begins, hash = excluded.hash, body = excluded.body`, d.ID, w.seq, d.Kind, d.Family, sameKey(d), begins(d), hash, w.store.encoder.EncodeAll(raw, nil))
	return err
}

// contentHash is over what the source says; Superseded is left out because the store sets it.
func contentHash(d *corpus.Document) (string, error) {
	c := *d
	c.Source, c.Superseded = corpus.Source{}, ""
	raw, err := json.Marshal(&c)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:16]), nil
}

// bury leaves a tombstone for a document that no source has any more.
func (w *writer) bury(id string, sum *Summary) error {
	var left int
	if err := w.tx.QueryRowContext(w.ctx, "SELECT count(*) FROM origin WHERE id = ?", id).Scan(&left); err != nil || left > 0 {
		return err
	}
	var family string
	if err := w.tx.QueryRowContext(w.ctx, "SELECT family FROM document WHERE id = ?", id).Scan(&family); err != nil {
		return err
	}
	w.seq++
	sum.Deleted++
	if _, err := w.tx.ExecContext(w.ctx, "UPDATE document SET seq = ?, body = NULL, hash = '', same = '', family = '' WHERE id = ?", w.seq, id); err != nil {
		return err
	}
	if family == "" {
		return nil
	}
	return w.linkVersions(family)
}

func (w *writer) strings(query string, args ...any) ([]string, error) {
	rows, err := w.tx.QueryContext(w.ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var list []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, rows.Err()
}
