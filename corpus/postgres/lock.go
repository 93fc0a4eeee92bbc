package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"

	"github.com/jackc/pgx/v5/pgconn"
)

// ErrBusy means that another process held a lock for as long as one waits.
var ErrBusy = errors.New("another process has been at it for ten seconds")

// Lock takes a lock that ends with the transaction. Whoever asks for the same of the same schema waits, ten seconds at
// most: then the error wraps ErrBusy. What the one before committed is visible to the statements that follow.
func (db *DB) Lock(ctx context.Context, tx *sql.Tx, what string) error {
	if _, err := tx.ExecContext(ctx, "SET LOCAL lock_timeout = '10s'"); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock(?)", db.lockKey(what))
	if server := (*pgconn.PgError)(nil); errors.As(err, &server) && server.Code == "55P03" {
		return fmt.Errorf("%s: %w", what, ErrBusy)
	}
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "SET LOCAL lock_timeout = 0")
	return err
}

// lockKey is the number of a lock. Advisory locks are numbers, the same for all schemas of a database.
func (db *DB) lockKey(what string) int64 {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "tongsou\x00%s\x00%s", db.schema, what) // a hash takes everything
	return int64(h.Sum64())
}
