// Package curation keeps what the people behind a site decide: who may change it (keys), what they changed of its answers
// (entries, in a draft and in published versions), what they made of proposals, and a log of every change with who made
// it and what stood there before and afterwards.
//
// It is one small SQLite file beside the store, or a schema of a PostgreSQL database that several servers share. Nothing
// in it is needed to answer a query: what is published is read once and kept in memory.
package curation

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"tongsou/corpus/postgres"
	"tongsou/corpus/sqlite"
)

// The errors that callers tell apart.
var (
	// ErrNotFound means that there is no key, entry or version of that ID.
	ErrNotFound = errors.New("no such entry")
	// ErrStale means that the draft has changed since it was looked at.
	ErrStale = errors.New("the draft has changed")
	// ErrNothing means that there is nothing to publish or to undo.
	ErrNothing = errors.New("nothing to change")
)

// form marks a file by the letters TONC.
var form = sqlite.Form{Mark: 0x544F4E43, Schema: 2}

const schema = `
CREATE TABLE key (
	id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, hash BLOB NOT NULL,
	created INTEGER NOT NULL, expires INTEGER NOT NULL, revoked INTEGER NOT NULL -- 0: never
) WITHOUT ROWID;
CREATE TABLE audit (
	id INTEGER PRIMARY KEY, time INTEGER NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL,
	before TEXT NOT NULL, after TEXT NOT NULL
);
CREATE TABLE draft (one INTEGER PRIMARY KEY CHECK (one = 1), last INTEGER NOT NULL, entries TEXT NOT NULL);
INSERT INTO draft VALUES (1, 0, '[]');
CREATE TABLE version (
	id INTEGER PRIMARY KEY, time INTEGER NOT NULL, who TEXT NOT NULL, note TEXT NOT NULL, entries TEXT NOT NULL,
	origin INTEGER NOT NULL, parent INTEGER NOT NULL -- the version that it repeats, and what stood before that one
);
CREATE TABLE decision (
	query TEXT PRIMARY KEY, time INTEGER NOT NULL, who TEXT NOT NULL, taken INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE answered (
	key TEXT PRIMARY KEY, time INTEGER NOT NULL, body TEXT NOT NULL, status INTEGER NOT NULL, answer BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX answered_time ON answered(time);
`

// upgrade makes schema 2 of schema 1, in which undoing knew the version before and no further: every version follows the one
// before it.
const upgrade = `
ALTER TABLE version ADD COLUMN origin INTEGER NOT NULL DEFAULT 0;
ALTER TABLE version ADD COLUMN parent INTEGER NOT NULL DEFAULT 0;
UPDATE version SET origin = id, parent = coalesce((SELECT max(w.id) FROM version w WHERE w.id < version.id), 0);
`

// Store is an open file. Its methods may be called from any number of goroutines, and `tongsou key` may change it while a
// server has it open.
type Store struct {
	db     *sql.DB
	shared *postgres.DB // nil for a file
	path   string
	now    func() time.Time
}

// Open opens the file at path, or makes an empty one for its owner alone. now is the clock; nil means time.Now.
func Open(ctx context.Context, path string, now func() time.Time) (*Store, error) {
	if now == nil {
		now = time.Now
	}
	s := &Store{path: path, now: now}
	if err := s.open(ctx); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) error {
	err := sqlite.Private(s.path)
	if err != nil {
		return err
	}
	// synchronous=FULL: a change that was acknowledged, and a key that was revoked, stay so after a power cut.
	address := sqlite.Address(s.path, "_pragma=busy_timeout(5000)", "_pragma=synchronous(FULL)", "_txlock=immediate")
	if s.db, err = sql.Open("sqlite", address); err != nil {
		return err
	}
	if err := s.prepare(ctx); err != nil {
		return errors.Join(err, s.db.Close())
	}
	return nil
}

func (s *Store) prepare(ctx context.Context) error {
	if now, err := form.Identify(ctx, s.db); now == form.Schema || err != nil {
		return err
	}
	if _, err := s.db.ExecContext(ctx, "PRAGMA journal_mode = WAL"); err != nil {
		return err
	}
	return s.change(ctx, func(tx *sql.Tx) error {
		now, err := form.Identify(ctx, tx)
		if now == form.Schema || err != nil { // another process was faster
			return err
		}
		tables := schema
		if now == 1 {
			tables = upgrade
		}
		return form.Sign(ctx, tx, tables)
	})
}

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

// change runs do in a transaction that holds the write lock.
func (s *Store) change(ctx context.Context, do func(tx *sql.Tx) error) error {
	tx, err := s.begin(ctx)
	if err != nil {
		return fmt.Errorf("write %s: %w", s.path, err)
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("write %s: %w", s.path, err)
	}
	return nil
}

// scanAll reads every row with scan.
func scanAll[T any](rows *sql.Rows, err error, scan func(*sql.Rows) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var list []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, rows.Err()
}

// moment is a time as it is kept; the zero time is 0, for never.
func moment(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func (s *Store) at(unix int64) time.Time {
	if unix == 0 {
		return time.Time{}
	}
	return time.Unix(unix, 0).In(s.now().Location())
}
