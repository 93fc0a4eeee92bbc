package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
)

// ErrMoved means that the store's content was moved elsewhere, and that it takes no more changes.
var ErrMoved = errors.New("the store has moved")

// ErrUnfinished means that a migration into the store has not come to its end.
var ErrUnfinished = errors.New("a migration into the store is not finished")

// The marks of a migration in the table meta.
const (
	markLineage   = "lineage"   // what stores have in common of which one was made of the other
	markMoved     = "moved"     // where to; such a store is read, and never written
	markMigrating = "migrating" // where from; such a store is neither
)

// Settled reports that a store is the one to use: the error wraps ErrMoved or ErrUnfinished when it is not.
func (s *Store) Settled(ctx context.Context) error {
	if err := settled(ctx, s.db); err != nil {
		return fmt.Errorf("store %s: %w", s.path, err)
	}
	return nil
}

func settled(ctx context.Context, q queryer) error {
	from, err := mark(ctx, q, markMigrating)
	if err != nil {
		return err
	}
	if from != "" {
		return fmt.Errorf("%w: that from %s; run tongsou migrate again", ErrUnfinished, from)
	}
	to, err := mark(ctx, q, markMoved)
	if err == nil && to != "" {
		return fmt.Errorf("%w to %s; set store and postgres.dsn accordingly, and restart", ErrMoved, to)
	}
	return err
}

func mark(ctx context.Context, q queryer, key string) (value string, err error) {
	err = q.QueryRowContext(ctx, "SELECT value FROM meta WHERE key = ?", key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, err
}

// setMark writes a mark, or takes it away when value is empty.
func setMark(ctx context.Context, tx *sql.Tx, key, value string) error {
	query, args := "DELETE FROM meta WHERE key = ?", []any{key}
	if value != "" {
		query, args = "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", []any{key, value}
	}
	_, err := tx.ExecContext(ctx, query, args...)
	return err
}

// write runs do in a transaction that holds the write lock, whatever marks there are.
func (s *Store) write(ctx context.Context, do func(tx *sql.Tx) error) error {
	tx, err := s.dialect.begin(ctx, s.db)
	if err != nil {
		return fmt.Errorf("write store %s: %w", s.path, err)
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if err := do(tx); err != nil {
		return fmt.Errorf("write store %s: %w", s.path, err)
	}
	return tx.Commit()
}

// Migration moves what a store holds to another: documents with their sequence numbers, deleted ones too, sources,
// ingests and vectors of meaning. An index that followed the one goes on with the other.
type Migration struct {
	From, To *Store
	// Copy leaves the old store in use: what is made is a copy, with a life of its own.
	Copy bool
	// Check is called before the switch, when both stores are the same and nobody writes; an error keeps the old one in
	// use. It is for what else has to be right. nil checks nothing.
	Check func(ctx context.Context) error
	// Progress is called with the sequence number that was reached, and the last one. nil tells nobody.
	Progress func(done, last uint64)
}

// Migrated is what a migration did.
type Migrated struct {
	Digest
	// Copied is the number of documents, deleted ones included, that were copied in this run.
	Copied int `json:"copied"`
}

// Run copies while the old store is read and written, then stops the writers for as long as the rest takes, holds both
// stores against each other by counts and checksums, and switches: from then on the old one takes no changes. Until then
// it stays in use, and what was copied is gone on with by the next run.
func (m *Migration) Run(ctx context.Context) (Migrated, error) {
	var done Migrated
	if err := m.begin(ctx); err != nil {
		return done, fmt.Errorf("migrate %s to %s: %w", m.From, m.To, err)
	}
	err := m.copy(ctx, &done)
	if err == nil {
		err = m.finish(ctx, &done)
	}
	if err != nil {
		return done, fmt.Errorf("migrate %s to %s: %w", m.From, m.To, err)
	}
	return done, nil
}

// begin makes sure that the target is empty or of the same lineage, and marks it.
func (m *Migration) begin(ctx context.Context) error {
	if from, err := mark(ctx, m.From.db, markMigrating); from != "" || err != nil {
		return errors.Join(err, fmt.Errorf("%w, and nothing can be taken from it", ErrUnfinished))
	}
	lineage, err := m.lineage(ctx)
	if err != nil {
		return err
	}
	return m.To.write(ctx, func(tx *sql.Tx) error {
		theirs, err := mark(ctx, tx, markLineage)
		if err != nil {
			return err
		}
		var last uint64
		if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(seq), 0) FROM document").Scan(&last); err != nil {
			return err
		}
		moved, err := mark(ctx, tx, markMoved)
		if err != nil {
			return err
		}
		unfinished, err := mark(ctx, tx, markMigrating)
		switch {
		case err != nil:
			return err
		case last > 0 && theirs != lineage:
			return errors.New("it holds documents of its own; choose an empty one")
		case last > 0 && moved == "" && unfinished == "":
			return errors.New("it is in use itself; choose an empty one")
		}
		return errors.Join(setMark(ctx, tx, markLineage, lineage), setMark(ctx, tx, markMigrating, m.From.path))
	})
}

// lineage is that of the old store, which gets one if it has none.
func (m *Migration) lineage(ctx context.Context) (string, error) {
	have, err := mark(ctx, m.From.db, markLineage)
	if have != "" || err != nil {
		return have, err
	}
	have = rand.Text()
	return have, m.From.write(ctx, func(tx *sql.Tx) error { return setMark(ctx, tx, markLineage, have) })
}

// copy brings over what there is until hardly anything is left.
func (m *Migration) copy(ctx context.Context, done *Migrated) error {
	for {
		n, err := m.copyDocuments(ctx)
		if err != nil {
			return err
		}
		done.Copied += n
		if n < copyBatch {
			break
		}
	}
	if err := m.copyOrigins(ctx); err != nil {
		return err
	}
	return m.copyVectors(ctx)
}

// finish does the rest while nobody writes, compares and switches.
func (m *Migration) finish(ctx context.Context, done *Migrated) error {
	held, err := m.From.dialect.begin(ctx, m.From.db)
	if err != nil {
		return err
	}
	defer func() { _ = held.Rollback() }() // after Commit it does nothing
	moved, err := mark(ctx, held, markMoved)
	if err != nil {
		return err
	}
	if moved != "" && moved != m.To.path {
		return fmt.Errorf("%w to %s", ErrMoved, moved)
	}
	if err := m.copy(ctx, done); err != nil {
		return err
	}
	if err := errors.Join(m.copyRuns(ctx), m.copyVectorMarks(ctx)); err != nil {
		return err
	}
	if done.Digest, err = m.compare(ctx); err != nil {
		return err
	}
	if m.Check != nil {
		if err := m.Check(ctx); err != nil {
			return err
		}
	}
	return m.turn(ctx, held)
}

// turn makes the new store the one in use. The old one ends first: at no moment are there two.
func (m *Migration) turn(ctx context.Context, held *sql.Tx) error {
	lineage := ""
	if !m.Copy {
		if err := setMark(ctx, held, markMoved, m.To.path); err != nil {
			return err
		}
		if err := held.Commit(); err != nil {
			return err
		}
		var err error
		if lineage, err = mark(ctx, m.From.db, markLineage); err != nil {
			return err
		}
	}
	return m.To.write(ctx, func(tx *sql.Tx) error {
		return errors.Join(setMark(ctx, tx, markMigrating, ""), setMark(ctx, tx, markMoved, ""), setMark(ctx, tx, markLineage, lineage))
	})
}
