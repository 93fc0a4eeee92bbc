package journal

import (
	"context"
	"database/sql"
	"errors"

	"tongsou/corpus/sqlite"
)

// form marks a journal by the letters TONJ.
var form = sqlite.Form{Mark: 0x544F4E4A, Schema: 2}

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
	address := sqlite.Address(path, "_pragma=busy_timeout(5000)", "_pragma=synchronous(FULL)", "_pragma=secure_delete(1)", "_txlock=immediate")
	if err := sqlite.Private(path); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", address)
	if err != nil {
		return nil, err
	}
	if err := prepare(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func prepare(ctx context.Context, db *sql.DB) error {
	tables := schema
	switch version, err := form.Identify(ctx, db); {
	case err != nil || version == form.Schema:
		return err
	case version == 1:
		tables = shownSchema
	default:
		if _, err := db.ExecContext(ctx, "PRAGMA journal_mode = WAL"); err != nil {
			return err
		}
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if err := form.Sign(ctx, tx, tables); err != nil {
		return err
	}
	return tx.Commit()
}
