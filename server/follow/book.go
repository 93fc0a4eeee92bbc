// Package follow keeps who wants to hear of what, and what has changed.
//
// It is a file of its own, or a schema of a PostgreSQL database that several servers share, beside the journal: the journal holds no persons and is forgotten by the day, while an address
// is a person's, is kept exactly as long as that person wants it, and must be gone at once when not. Either file can be
// deleted without the other. Addresses are kept only while something is followed under them; what was not confirmed is
// forgotten after two days.
//
// Addresses are sealed with a key in a file of its own, so that whoever finds the book without it (a lost disk, a backup
// whose key is kept elsewhere) learns how many follow what, and not who.
package follow

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// schemaVersion is kept in the file's user_version, applicationID (the letters TONF) in its application_id.
const (
	schemaVersion = 2
	applicationID = 0x544F4E46
)

const schema = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE state ( -- how each document was when it was last looked at
	id TEXT PRIMARY KEY, hash BLOB NOT NULL, superseded TEXT NOT NULL, repealed TEXT NOT NULL,
	time INTEGER NOT NULL -- when it became so; 0 for what was there before anybody looked
) WITHOUT ROWID;
CREATE TABLE change (
	n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, time INTEGER NOT NULL, what TEXT NOT NULL,
	title TEXT NOT NULL, since TEXT NOT NULL -- the day from which it counts
);
CREATE INDEX change_id ON change(id);
CREATE TABLE address (
	id INTEGER PRIMARY KEY, found BLOB NOT NULL UNIQUE, sealed BLOB NOT NULL, token TEXT NOT NULL UNIQUE,
	sent INTEGER NOT NULL, -- when it last got what is new
	checked INTEGER NOT NULL, -- when it was last looked whether there is any
	refused INTEGER NOT NULL
);
CREATE TABLE seal (one INTEGER PRIMARY KEY CHECK (one = 1), mark BLOB NOT NULL); -- which key it is
CREATE TABLE subscription (
	id INTEGER PRIMARY KEY, address INTEGER NOT NULL REFERENCES address(id) ON DELETE CASCADE,
	kind TEXT NOT NULL, target TEXT NOT NULL, label TEXT NOT NULL,
	token TEXT NOT NULL UNIQUE, -- confirms it
	created INTEGER NOT NULL, mailed INTEGER NOT NULL, confirmed INTEGER NOT NULL, seen TEXT NOT NULL,
	UNIQUE (address, kind, target)
);
`

// Book is an open file of what is followed. Its methods may be called from any number of goroutines.
type Book struct {
	noting sync.Mutex // one Note at a time: one that began before another must not take for old what came meanwhile
	db     *sql.DB
	path   string
	lock   func(context.Context, *sql.Tx) error // makes a transaction the only one that writes; nil when it is by itself
	key    string
	seal   *seal
	now    func() time.Time
}

// Options of Open.
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// KeyFile holds the key of the addresses, 64 hexadecimal digits; empty means the file KeyName beside the book. It is made
	// where it is missing, unless there are addresses already that need the one that is gone.
	KeyFile string
}

// KeyName is the name of the key file that is made beside a book.
const KeyName = "follow.key"

// Open opens the book at path, or makes an empty one. A book of the time when addresses were kept in the clear has them
// sealed.
func Open(ctx context.Context, path string, opts Options) (*Book, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.KeyFile == "" {
		opts.KeyFile = filepath.Join(filepath.Dir(path), KeyName)
	}
	b := &Book{path: path, key: opts.KeyFile, now: opts.Now}
	if err := b.open(ctx); err != nil {
		return nil, fmt.Errorf("open the book of followers %s: %w", path, err)
	}
	return b, nil
}

func (b *Book) open(ctx context.Context) error {
	f, err := os.OpenFile(b.path, os.O_CREATE|os.O_RDWR, 0o600) // for its owner alone, before there is anything in it
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	// secure_delete: an address that is taken out is gone from the file as well.
	b.db, err = sql.Open("sqlite", "file:"+strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(b.path)+
		"?_pragma=busy_timeout(5000)&_pragma=synchronous(FULL)&_pragma=secure_delete(1)&_pragma=foreign_keys(1)&_txlock=immediate")
	if err != nil {
		return err
	}
	if err := b.prepare(ctx); err != nil {
		return errors.Join(err, b.db.Close())
	}
	return nil
}

func (b *Book) prepare(ctx context.Context) error {
	version, err := b.version(ctx, b.db)
	if err != nil {
		return err
	}
	if err := b.unlock(ctx, version); err != nil {
		return err
	}
	switch version {
	case schemaVersion:
		return nil
	case 1:
		return b.sealAll(ctx)
	}
	return b.change(ctx, func(tx *sql.Tx) error {
		if now, err := b.version(ctx, tx); now != 0 || err != nil { // another process was faster
			return err
		}
		for _, stmt := range []string{schema, fmt.Sprintf("PRAGMA application_id = %d", applicationID), fmt.Sprintf("PRAGMA user_version = %d", schemaVersion)} {
			if _, err := tx.ExecContext(ctx, stmt); err != nil {
				return err
			}
		}
		return b.setMark(ctx, tx)
	})
}

type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// version tells the schema of the file, 0 when it is empty.
func (b *Book) version(ctx context.Context, q queryer) (int, error) {
	var version, app, objects int
	err := q.QueryRowContext(ctx, `SELECT user_version, application_id, (SELECT count(*) FROM sqlite_master)
		FROM pragma_user_version, pragma_application_id`).Scan(&version, &app, &objects)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%w; if the file is damaged, restore it from a backup or move it away", err)
	case app == applicationID && version >= 1 && version <= schemaVersion:
		return version, nil
	case app == applicationID:
		return 0, fmt.Errorf("it was written by a newer tongsou (schema %d, this one knows %d); update the program", version, schemaVersion)
	case app != 0 || version != 0 || objects > 0:
		return 0, errors.New("it is a database of another program; choose another data directory")
	}
	return 0, nil
}

// Close closes the book.
func (b *Book) Close() error { return b.db.Close() }

// change runs do in a transaction.
func (b *Book) change(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := b.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("write the book of followers: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if b.lock != nil {
		if err := b.lock(ctx, tx); err != nil {
			return fmt.Errorf("write the book of followers: %w", err)
		}
	}
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// list reads rows by scan.
func list[T any](ctx context.Context, b *Book, scan func(*sql.Rows, *T) error, query string, args ...any) ([]T, error) {
	rows, err := b.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read the book of followers: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var all []T
	for rows.Next() {
		var one T
		if err := scan(rows, &one); err != nil {
			return nil, fmt.Errorf("read the book of followers: %w", err)
		}
		all = append(all, one)
	}
	return all, rows.Err()
}
