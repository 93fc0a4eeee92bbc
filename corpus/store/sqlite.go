package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite" // also the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	files "tongsou/corpus/sqlite"
)

// form marks a store by the letters TONG.
var form = files.Form{Mark: 0x544F4E47, Schema: 1}

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

// sqliteDialect is a file.
type sqliteDialect struct{}

// Open opens the store at path, or makes an empty one. A file that is no store, is damaged, or was written by a newer
// version is an error that says what to do.
func Open(ctx context.Context, path string) (*Store, error) {
	// synchronous=FULL: what Put has acknowledged survives a power cut, not only a crash.
	address := files.Address(path, "_pragma=busy_timeout(10000)", "_pragma=synchronous(FULL)", "_pragma=foreign_keys(1)", "_txlock=immediate")
	db, err := sql.Open("sqlite", address)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	return open(ctx, db, path, sqliteDialect{})
}

// prepare implements dialect.
func (sqliteDialect) prepare(ctx context.Context, db *sql.DB) error {
	found, err := form.Identify(ctx, db)
	if found > 0 || err != nil {
		return err
	}
	// In this mode readers go on while one writes. It stays with the file, and is set before there is anything in it.
	if err := writeAhead(ctx, db); err != nil {
		return err
	}
	return create(ctx, db)
}

// writeAhead changes the file's mode. SQLite does not wait for another process that does so at the same moment, whatever
// busy_timeout says, so it is asked again for up to ten seconds.
func writeAhead(ctx context.Context, db *sql.DB) error {
	for end := time.Now().Add(10 * time.Second); ; {
		_, err := db.ExecContext(ctx, "PRAGMA journal_mode = WAL")
		var failed *sqlite.Error
		if !errors.As(err, &failed) || failed.Code() != sqlite3.SQLITE_BUSY || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func create(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	found, err := form.Identify(ctx, tx)
	if found > 0 || err != nil { // found: another process was faster
		return err
	}
	if err := form.Sign(ctx, tx, schema); err != nil {
		return err
	}
	return tx.Commit()
}

// begin implements dialect: by the file's lock.
func (sqliteDialect) begin(ctx context.Context, db *sql.DB) (*sql.Tx, error) {
	tx, err := db.BeginTx(ctx, nil)
	if locked := (*sqlite.Error)(nil); errors.As(err, &locked) && locked.Code()&0xff == sqlite3.SQLITE_BUSY {
		return nil, fmt.Errorf("%w: %w", errBusy, err)
	}
	return tx, err
}

// check implements dialect.
func (sqliteDialect) check(ctx context.Context, db *sql.DB, deep bool) (verdict string, err error) {
	query := "PRAGMA quick_check"
	if deep {
		query = "PRAGMA integrity_check(1)"
	}
	err = db.QueryRowContext(ctx, query).Scan(&verdict)
	return verdict, err
}

// changes implements dialect: rows are read one by one, as they are asked for.
func (sqliteDialect) changes() string {
	return "SELECT seq, id, body FROM document WHERE seq > ? ORDER BY seq LIMIT ?"
}

// numbered implements dialect: SQLite counts on from the largest by itself.
func (sqliteDialect) numbered(context.Context, *sql.Tx, string) error { return nil }

// holdsVectors implements dialect: a file gets it when it is first asked for vectors.
func (sqliteDialect) holdsVectors(ctx context.Context, q queryer) (there bool, err error) {
	err = q.QueryRowContext(ctx, "SELECT count(*) > 0 FROM sqlite_master WHERE type = 'table' AND name = 'vector'").Scan(&there)
	return there, err
}

// text implements dialect: bytes are kept as they are.
func (sqliteDialect) text(s string) string { return s }
