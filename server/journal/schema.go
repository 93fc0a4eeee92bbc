package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
)

// schemaVersion is kept in the file's user_version, applicationID (the letters TONJ) in its application_id.
const (
	schemaVersion = 2
	applicationID = 0x544F4E4A
)

const schema = `
CREATE TABLE search (
	time INTEGER NOT NULL, day TEXT NOT NULL, query TEXT NOT NULL, place TEXT NOT NULL,
	items INTEGER NOT NULL, policies INTEGER NOT NULL, news INTEGER NOT NULL,
	first TEXT NOT NULL, sure INTEGER NOT NULL, took_us INTEGER NOT NULL
);
CREATE INDEX search_time ON search(time);
CREATE TABLE click (
	time INTEGER NOT NULL, day TEXT NOT NULL, query TEXT NOT NULL, id TEXT NOT NULL,
	rank INTEGER NOT NULL -- 1 for the first of its kind, 0 when not known
);
CREATE INDEX click_time ON click(time);
CREATE TABLE feedback (
	time INTEGER NOT NULL, day TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, query TEXT NOT NULL,
	satisfied INTEGER NOT NULL, reason TEXT NOT NULL, text TEXT NOT NULL
);
CREATE INDEX feedback_time ON feedback(time);
` + shownSchema

// shownSchema came with version 2: which results stood where, counted by day. One list is one row, however often it was
// shown, and its time is that of the first.
const shownSchema = `
CREATE TABLE shown (
	query TEXT NOT NULL, day TEXT NOT NULL, ids TEXT NOT NULL, -- best first, a blank between IDs, a line a kind
	time INTEGER NOT NULL, n INTEGER NOT NULL,
	PRIMARY KEY (query, day, ids)
) WITHOUT ROWID;
CREATE INDEX shown_time ON shown(time);
`

// tables are those of the schema that hold entries.
var tables = [...]string{"search", "click", "feedback", "shown"}

func openDatabase(ctx context.Context, path string) (*sql.DB, error) {
	// synchronous=FULL: feedback that was acknowledged survives a power cut. secure_delete: what is forgotten is gone from
	// the file as well.
	dsn := "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path) +
		"?_pragma=busy_timeout(5000)&_pragma=synchronous(FULL)&_pragma=secure_delete(1)&_txlock=immediate"
	if err := private(path); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	if err := prepare(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// private makes a file that is not there for its owner alone; what SQLite puts beside it is as private.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func prepare(ctx context.Context, db *sql.DB) error {
	var version, app, objects int
	err := db.QueryRowContext(ctx, `SELECT user_version, application_id, (SELECT count(*) FROM sqlite_master)
		FROM pragma_user_version, pragma_application_id`).Scan(&version, &app, &objects)
	switch {
	case err != nil:
		return fmt.Errorf("%w; if the file is damaged, move it away and a new one is made", err)
	case app == applicationID && version == schemaVersion:
		return nil
	case app == applicationID && version == 1:
		return change(ctx, db, shownSchema, setVersion())
	case app == applicationID:
		return fmt.Errorf("it was written by a newer tongsou (schema %d, this one knows %d); update the program", version, schemaVersion)
	case app != 0 || version != 0 || objects > 0:
		return errors.New("it is a database of another program; choose another data directory")
	}
	if _, err := db.ExecContext(ctx, "PRAGMA journal_mode = WAL"); err != nil {
		return err
	}
	return change(ctx, db, schema, fmt.Sprintf("PRAGMA application_id = %d", applicationID), setVersion())
}

func setVersion() string { return fmt.Sprintf("PRAGMA user_version = %d", schemaVersion) }

// change runs statements in one transaction.
func change(ctx context.Context, db *sql.DB, statements ...string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	for _, stmt := range statements {
		if _, err := tx.ExecContext(ctx, stmt); err != nil {
			return err
		}
	}
	return tx.Commit()
}
