package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"

	"tongsou/corpus/postgres"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is the schema of a PostgreSQL database that holds the store's tables.
const Schema = "tongsou"

// postgresDialect is a schema of a PostgreSQL database.
type postgresDialect struct{ db *postgres.DB }

// OpenPostgres opens the store in the PostgreSQL database at an address, or makes an empty one there. The database's
// encoding must be UTF8. A schema that was written by a newer version is an error that says what to do; no error holds the
// password.
func OpenPostgres(ctx context.Context, dsn string) (*Store, error) {
	db, err := postgres.Open(ctx, postgres.Options{DSN: dsn, Schema: Schema, Migrations: migrations})
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	return open(ctx, db.DB, db.String(), postgresDialect{db})
}

// Postgres returns the database of a store that is in one, for what else its processes share; nil for a file.
func (s *Store) Postgres() *postgres.DB {
	if p, ok := s.dialect.(postgresDialect); ok {
		return p.db
	}
	return nil
}

// prepare implements dialect. The tables are there; what is left is what no migration can change.
func (postgresDialect) prepare(ctx context.Context, db *sql.DB) error {
	var encoding string
	if err := db.QueryRowContext(ctx, "SELECT current_setting('server_encoding')").Scan(&encoding); err != nil {
		return err
	}
	if encoding != "UTF8" {
		return fmt.Errorf("the database's encoding is %s; make one with createdb --encoding=UTF8 --template=template0", encoding)
	}
	return nil
}

// begin implements dialect: by a lock of the database that every writer takes before it looks at the sequence.
func (p postgresDialect) begin(ctx context.Context, db *sql.DB) (*sql.Tx, error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	// Each statement sees what was committed when it began: the first after the lock sees all that the writer before did.
	if err := p.db.Lock(ctx, tx, "write"); err != nil {
		err = errors.Join(err, tx.Rollback())
		if errors.Is(err, postgres.ErrBusy) {
			return nil, fmt.Errorf("%w: %w", errBusy, err)
		}
		return nil, err
	}
	return tx, nil
}

// check implements dialect: reading every row is what a client can do; the server checks its own pages with
// data checksums, and its indexes with amcheck.
func (postgresDialect) check(ctx context.Context, db *sql.DB, _ bool) (string, error) {
	var n int
	return "ok", db.QueryRowContext(ctx, "SELECT count(*) FROM document").Scan(&n)
}

// changes implements dialect: the server sends what it has found at once, so that it must know where to stop.
func (postgresDialect) changes() string {
	return fmt.Sprintf(`SELECT seq, id, body FROM (
			SELECT seq, id, body, coalesce(sum(length(body)) OVER (ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
			FROM (SELECT seq, id, body FROM document WHERE seq > ? ORDER BY seq LIMIT ?) AS next
		) AS counted WHERE before < %d ORDER BY seq`, changesBytes)
}

// numbered implements dialect.
func (postgresDialect) numbered(ctx context.Context, tx *sql.Tx, table string) error {
	return postgres.Renumber(ctx, tx, table, "id")
}

// holdsVectors implements dialect: a migration has made it.
func (postgresDialect) holdsVectors(context.Context, queryer) (bool, error) { return true, nil }

// text implements dialect.
func (postgresDialect) text(s string) string { return postgres.Text(s) }
