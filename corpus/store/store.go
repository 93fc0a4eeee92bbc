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
	"time"

	"github.com/klauspost/compress/zstd"
	_ "modernc.org/sqlite" // the driver "sqlite"

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
	dsn := "file:" + escape(path) + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=foreign_keys(1)&_txlock=immediate"
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

func (s *Store) prepare(ctx context.Context) error {
	var version, app int
	if err := s.db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return fmt.Errorf("%w; if the file is damaged, restore it from a backup", err)
	}
	if err := s.db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&app); err != nil {
		return err
	}
	switch {
	case version == schemaVersion && app == applicationID:
		return nil
	case version > schemaVersion && app == applicationID:
		return fmt.Errorf("it was written by a newer tongsou (schema %d, this one knows %d); update the program", version, schemaVersion)
	case app != 0 || version != 0:
		return fmt.Errorf("it is a database of another program; choose another data directory")
	}
	return s.create(ctx)
}

func (s *Store) create(ctx context.Context) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	var tables int
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master").Scan(&tables); err != nil {
		return err
	}
	if tables > 0 { // another process was faster
		return nil
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
	Added, Updated, Unchanged int
	// Linked counts documents that another source already had: they were not stored a second time.
	Linked  int
	Deleted int
	// Sequence is the store's sequence number afterwards.
	Sequence uint64
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
	return sum, err
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
	return sum, err
}

// change runs do in a transaction that holds the write lock.
func (s *Store) change(ctx context.Context, do func(*writer) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
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
	same := sameKey(d)
	if twin, err := w.twin(d.ID, same, d.Source.Name); err != nil {
		return err
	} else if twin != "" {
		sum.Linked++
		return w.originate(twin, d.Source)
	}
	if err := w.originate(d.ID, d.Source); err != nil {
		return err
	}
	var hash string
	var live bool
	err := w.tx.QueryRowContext(w.ctx, "SELECT hash, body IS NOT NULL FROM document WHERE id = ?", d.ID).Scan(&hash, &live)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
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
	if d.Family != "" {
		families[d.Family] = true
	}
	return w.write(d, now, same)
}

// sameKey is what tells that two sources speak of the same document although they give it different IDs.
func sameKey(d *corpus.Document) string {
	switch {
	case d.Item != nil && d.Item.TaskCode != "":
		return "task " + d.Item.TaskCode
	case d.Item != nil && d.Item.Code != "":
		return "code " + d.Item.Code + " " + d.Region + " " + d.Title
	case d.Kind == corpus.KindPolicy && d.Number != "":
		return "number " + d.Number + " " + d.Title
	}
	return ""
}

// twin returns the ID of a document of another source that is the same as this one, or nothing.
func (w *writer) twin(id, same, source string) (string, error) {
	if same == "" {
		return "", nil
	}
	var twin string
	err := w.tx.QueryRowContext(w.ctx, `SELECT id FROM document WHERE same = ? AND id <> ? AND body IS NOT NULL
		AND NOT EXISTS (SELECT 1 FROM origin WHERE origin.id = document.id AND origin.source = ?
			AND (SELECT count(*) FROM origin o WHERE o.id = document.id) = 1) LIMIT 1`, same, id, source).Scan(&twin)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return twin, err
}

func (w *writer) originate(id string, src corpus.Source) error {
	_, err := w.tx.ExecContext(w.ctx, `INSERT INTO origin (source, id, file, line) VALUES (?, ?, ?, ?)
		ON CONFLICT (source, id) DO UPDATE SET file = excluded.file, line = excluded.line`, src.Name, id, src.File, src.Line)
	return err
}

func (w *writer) write(d *corpus.Document, hash, same string) error {
	raw, err := json.Marshal(d)
	if err != nil {
		return err
	}
	w.seq++
	_, err = w.tx.ExecContext(w.ctx, `INSERT OR REPLACE INTO document (id, seq, kind, family, same, begins, hash, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, d.ID, w.seq, d.Kind, d.Family, same, begins(d), hash, w.store.encoder.EncodeAll(raw, nil))
	return err
}

// begins is the day from which a version counts among its family.
func begins(d *corpus.Document) corpus.Date {
	for _, date := range []corpus.Date{d.Effective, d.Published, d.Adopted} {
		if date != "" {
			return date
		}
	}
	return ""
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

// linkVersions sets Superseded of every version of a family to the day on which the next one begins.
func (w *writer) linkVersions(family string) error {
	ids, err := w.strings("SELECT id FROM document WHERE family = ? AND body IS NOT NULL ORDER BY begins, id", family)
	if err != nil {
		return err
	}
	docs := make([]*corpus.Document, 0, len(ids))
	for _, id := range ids {
		d, err := w.store.get(w.ctx, w.tx, id)
		if err != nil {
			return err
		}
		docs = append(docs, d)
	}
	for i, d := range docs {
		next := corpus.Date("")
		for _, later := range docs[i+1:] {
			if begins(later) > begins(d) && begins(d) != "" {
				next = begins(later)
				break
			}
		}
		if d.Superseded == next {
			continue
		}
		d.Superseded = next
		hash, err := contentHash(d)
		if err != nil {
			return err
		}
		if err := w.write(d, hash, sameKey(d)); err != nil {
			return err
		}
	}
	return nil
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

// Run is one ingest.
type Run struct {
	ID       int64     `json:"id,omitempty"`
	Source   string    `json:"source"`
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	Summary  Summary   `json:"summary"`
	// Faults are what was rejected or doubtful, one line each, at most the first 1,000.
	Faults []string `json:"faults,omitempty"`
}
