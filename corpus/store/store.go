// Package store is the store of record: one SQLite file that holds every document with where it came from and a sequence
// number for every change. What it has committed is acknowledged; indexes are made from it and can be thrown away.
package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/klauspost/compress/zstd"
	"modernc.org/sqlite" // also the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"tongsou/corpus"
)

// ErrNotFound means that the store holds no document of that ID.
var ErrNotFound = errors.New("not found")

// schemaVersion is kept in the file's user_version; migrations lead from each version to the next.
const schemaVersion = 1

// applicationID marks the file as ours (the letters TONG), so that another program's database is not mistaken for it.
const applicationID = 0x544F4E47

const schema = `
CREATE TABLE document (
	id     TEXT PRIMARY KEY,
	seq    INTEGER NOT NULL UNIQUE,
	kind   TEXT NOT NULL,
	family TEXT NOT NULL,
	same   TEXT NOT NULL,  -- what makes it the same document when another source has it: its code, or number and title
	begins TEXT NOT NULL,  -- the day from which this version counts
	hash   TEXT NOT NULL,
	body   BLOB            -- zstd of the JSON; NULL once deleted
) WITHOUT ROWID;
-- A query must say <> '' itself, or SQLite uses neither of these two for a parameter and reads the whole table.
CREATE INDEX document_family ON document(family) WHERE family <> '';
CREATE INDEX document_same ON document(same) WHERE same <> '';
CREATE TABLE origin (  -- which sources have a document
	source TEXT NOT NULL,
	id     TEXT NOT NULL,
	file   TEXT NOT NULL,
	line   INTEGER NOT NULL,
	PRIMARY KEY (source, id)
) WITHOUT ROWID;
CREATE INDEX origin_id ON origin(id);
CREATE TABLE run (
	id       INTEGER PRIMARY KEY,
	source   TEXT NOT NULL,
	started  TEXT NOT NULL,
	finished TEXT NOT NULL,
	counts   TEXT NOT NULL,
	faults   TEXT NOT NULL
);
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
`

// Store is an open store. Its methods may be called from any number of goroutines, and several processes may have the
// same file open: one writes at a time, the others wait up to ten seconds for it.
type Store struct {
	db      *sql.DB
	path    string
	encoder *zstd.Encoder
	decoder *zstd.Decoder
}

// Open opens the store at path, or makes an empty one. A file that is no store, is damaged, or was written by a newer
// version is an error that says what to do.
func Open(ctx context.Context, path string) (*Store, error) {
	// synchronous=FULL: what Put has acknowledged survives a power cut, not only a crash.
	dsn := "file:" + escape(path) + "?_pragma=busy_timeout(10000)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_txlock=immediate"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	s := &Store{db: db, path: path}
	if s.encoder, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1)); err == nil {
		s.decoder, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(0))
	}
	if err == nil {
		err = s.prepare(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", path, err), db.Close())
	}
	return s, nil
}

func escape(path string) string {
	return strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
}

// prepare makes sure that the file is a store. It writes nothing to one that is not.
func (s *Store) prepare(ctx context.Context) error {
	found, err := identify(ctx, s.db)
	if found || err != nil {
		return err
	}
	// In this mode readers go on while one writes. It stays with the file, and is set before there is anything in it.
	if _, err := s.db.ExecContext(ctx, "PRAGMA journal_mode = WAL"); err != nil {
		return err
	}
	return s.create(ctx)
}

// errForeign means that the file belongs to another program.
var errForeign = errors.New("it is a database of another program; choose another data directory")

// identify reports whether the database is a store that this program knows; neither that nor an error when it is empty.
func identify(ctx context.Context, q queryer) (bool, error) {
	var version, app, tables int
	err := q.QueryRowContext(ctx, `SELECT user_version, application_id, (SELECT count(*) FROM sqlite_master)
		FROM pragma_user_version, pragma_application_id`).Scan(&version, &app, &tables)
	switch {
	case err != nil:
		return false, fmt.Errorf("%w; if the file is damaged, restore it from a backup", err)
	case version == schemaVersion && app == applicationID:
		return true, nil
	case version > schemaVersion && app == applicationID:
		return false, fmt.Errorf("it was written by a newer tongsou (schema %d, this one knows %d); update the program", version, schemaVersion)
	case app != 0 || version != 0 || tables > 0:
		return false, errForeign
	}
	return false, nil
}

func (s *Store) create(ctx context.Context) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	found, err := identify(ctx, tx)
	if found || err != nil { // found: another process was faster
		return err
	}
	for _, stmt := range []string{schema, fmt.Sprintf("PRAGMA application_id = %d", applicationID), fmt.Sprintf("PRAGMA user_version = %d", schemaVersion)} {
		if _, err := tx.ExecContext(ctx, stmt); err != nil {
			return err
		}
	}
	return tx.Commit()
}

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
	var sum Summary
	err := s.change(ctx, func(w *writer) error {
		families := map[string]bool{}
		for _, d := range docs {
			if err := w.put(d, &sum, families); err != nil {
				return fmt.Errorf("store document %s: %w", d.ID, err)
			}
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
		return Summary{}, err
	}
	return sum, nil
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
	tx, err := s.db.BeginTx(ctx, nil)
	if locked := (*sqlite.Error)(nil); errors.As(err, &locked) && locked.Code()&0xff == sqlite3.SQLITE_BUSY {
		return fmt.Errorf("write store %s: another process has been writing for ten seconds: %w; try again when it has ended", s.path, err)
	}
	if err != nil {
		return fmt.Errorf("write store %s: %w", s.path, err)
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
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

func (w *writer) put(d *corpus.Document, sum *Summary, families map[string]bool) error {
	var hash, family string
	var live bool
	err := w.tx.QueryRowContext(w.ctx, "SELECT hash, family, body IS NOT NULL FROM document WHERE id = ?", d.ID).Scan(&hash, &family, &live)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if !live {
		if linked, err := w.link(d, sum); linked || err != nil {
			return err
		}
	}
	if err := w.originate(d.ID, d.Source); err != nil {
		return err
	}
	now, err := contentHash(d)
	if err != nil {
		return err
	}
	switch {
	case live && hash == now:
		sum.Unchanged++
		return nil
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
	return w.write(d, now)
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
	_, err = w.tx.ExecContext(w.ctx, `INSERT OR REPLACE INTO document (id, seq, kind, family, same, begins, hash, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, d.ID, w.seq, d.Kind, d.Family, sameKey(d), begins(d), hash, w.store.encoder.EncodeAll(raw, nil))
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
