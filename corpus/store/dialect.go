package store

import (
	"context"
	"database/sql"
)

// dialect is what differs between the databases that may hold a store. Queries stand once, in SQL that both take, with ?
// for a value.
type dialect interface {
	// prepare makes sure that the database is a store that this program knows. It writes nothing to one that is not.
	prepare(ctx context.Context, db *sql.DB) error
	// begin starts a transaction that is the only one that writes until it ends, and that sees what the one before
	// committed: sequence numbers become visible in their order. It waits ten seconds at most, then the error wraps errBusy.
	begin(ctx context.Context, db *sql.DB) (*sql.Tx, error)
	// check asks the database whether it is sound, page by page, and with deep its tables against their indexes. The
	// verdict is "ok" or what is wrong.
	check(ctx context.Context, db *sql.DB, deep bool) (verdict string, err error)
	// changes is the query for (seq, id, body) after a number, at most a number of rows, in order. One that sends rows
	// before they are asked for stops by itself after changesBytes.
	changes() string
	// numbered makes that the next row of a table gets a number after those that are there: rows with numbers of their own
	// were put in.
	numbered(ctx context.Context, tx *sql.Tx, table string) error
	// holdsVectors reports whether there is a table for vectors.
	holdsVectors(ctx context.Context, q queryer) (bool, error)
	// text is a text as the database keeps it.
	text(s string) string
}
