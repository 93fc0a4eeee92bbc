package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"modernc.org/sqlite" // also the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

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

// sqliteDialect is a file.
type sqliteDialect struct{}

// Open opens the store at path, or makes an empty one. A file that is no store, is damaged, or was written by a newer
// version is an error that says what to do.
func Open(ctx context.Context, path string) (*Store, error) {
	// synchronous=FULL: what Put has acknowledged survives a power cut, not only a crash.
	dsn := "file:" + escape(path) + "?_pragma=busy_timeout(10000)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_txlock=immediate"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	return open(ctx, db, path, sqliteDialect{})
}

func escape(path string) string {
	return strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
}

// prepare implements dialect.
func (sqliteDialect) prepare(ctx context.Context, db *sql.DB) error {
	found, err := identify(ctx, db)
	if found || err != nil {
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

func create(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
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
