// Package follow keeps who wants to hear of what, and what has changed.
//
// It is a file of its own, or a schema of a PostgreSQL database that several servers share, beside the journal: the journal
// holds no persons and is forgotten by the day, while an address is a person's, is kept exactly as long as that person wants
// it, and must be gone at once when not. Either file can be
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
	"path/filepath"
	"sync"
	"time"

	"tongsou/corpus/sqlite"
)

// form marks a book by the letters TONF.
var form = sqlite.Form{Mark: 0x544F4E46, Schema: 2}

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
	err := sqlite.Private(b.path)
	if err != nil {
		return err
	}
	// secure_delete: an address that is taken out is gone from the file as well.
	address := sqlite.Address(b.path, "_pragma=busy_timeout(5000)", "_pragma=synchronous(FULL)", "_pragma=secure_delete(1)", "_pragma=foreign_keys(1)", "_txlock=immediate")
	if b.db, err = sql.Open("sqlite", address); err != nil {
		return err
	}
	if err := b.prepare(ctx); err != nil {
		return errors.Join(err, b.db.Close())
	}
	return nil
}

func (b *Book) prepare(ctx context.Context) error {
	version, err := form.Identify(ctx, b.db)
	if err != nil {
		return err
	}
	if err := b.unlock(ctx, version); err != nil {
		return err
	}
	switch version {
	case form.Schema:
		return nil
	case 1:
		return b.sealAll(ctx)
	}
	return b.change(ctx, func(tx *sql.Tx) error {
		if now, err := form.Identify(ctx, tx); now != 0 || err != nil { // another process was faster
			return err
		}
		if err := form.Sign(ctx, tx, schema); err != nil {
			return err
		}
		return b.setMark(ctx, tx)
	})
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
