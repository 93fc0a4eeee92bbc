package follow

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"time"

	"tongsou/corpus/postgres"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Schema is the schema of a PostgreSQL database that holds these tables.
const Schema = "tongsou_follow"

func openPostgres(ctx context.Context, dsn string) (*postgres.DB, error) {
	migrations, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return nil, err
	}
	return postgres.Open(ctx, postgres.Options{DSN: dsn, Schema: Schema, Migrations: migrations, Connections: 4})
}

// OpenPostgres opens the book that several servers share in the PostgreSQL database at an address, or makes it there. now
// is the clock; nil means time.Now. An address that is taken out is gone from the database's files once PostgreSQL has
// tidied up (vacuum), and from its archived log when that is thrown away.
func OpenPostgres(ctx context.Context, dsn string, now func() time.Time) (*Book, error) {
	if now == nil {
		now = time.Now
	}
	db, err := openPostgres(ctx, dsn)
	if err != nil {
		return nil, fmt.Errorf("open the book of followers: %w", err)
	}
	return &Book{db: db.DB, path: db.String(), now: now, lock: func(ctx context.Context, tx *sql.Tx) error { return db.Lock(ctx, tx, "write") }}, nil
}

// CopyTo replaces what another holds by what this one does: for a move between a file and a database. It returns the
// number of rows.
func (b *Book) CopyTo(ctx context.Context, other *Book) (int, error) {
	return postgres.CopyTables(ctx, b.db, other.db, "meta", "state", "change", "address", "subscription")
}
