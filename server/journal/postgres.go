package journal

import (
	"context"
	"embed"
	"fmt"

	"tongsou/corpus/postgres"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is the schema of a PostgreSQL database that holds these tables.
const Schema = "tongsou_journal"

func openPostgres(ctx context.Context, dsn string) (*postgres.DB, error) {
	return postgres.Open(ctx, postgres.Options{DSN: dsn, Schema: Schema, Migrations: migrations, Connections: 4})
}

// OpenPostgres opens the journal that several servers share in the PostgreSQL database at an address, or makes it there,
// and starts a writer.
func OpenPostgres(ctx context.Context, dsn string, options Options) (*Journal, error) {
	db, err := openPostgres(ctx, dsn)
	if err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	return start(db.DB, db.String(), options), nil
}

// CopyTo replaces what another holds by what this one does: for a move between a file and a database. It returns the
// number of rows.
func (j *Journal) CopyTo(ctx context.Context, other *Journal) (int, error) {
	return postgres.CopyTables(ctx, j.db, other.db, tables[:]...)
}
