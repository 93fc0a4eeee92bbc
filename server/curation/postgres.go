package curation

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"tongsou/corpus/postgres"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is the schema of a PostgreSQL database that holds these tables.
const Schema = "tongsou_curation"

func openPostgres(ctx context.Context, dsn string) (*postgres.DB, error) {
	return postgres.Open(ctx, postgres.Options{DSN: dsn, Schema: Schema, Migrations: migrations, Connections: 4})
}

// channel is where it is told that a version was published.
const channel = "published"

// OpenPostgres opens what several servers share in the PostgreSQL database at an address, or makes it there. now is the
// clock; nil means time.Now.
func OpenPostgres(ctx context.Context, dsn string, now func() time.Time) (*Store, error) {
	if now == nil {
		now = time.Now
	}
	db, err := openPostgres(ctx, dsn)
	if err != nil {
		return nil, fmt.Errorf("open the curation: %w", err)
	}
	return &Store{db: db.DB, shared: db, path: db.String(), now: now}, nil
}

// begin starts a transaction that is the only one that writes: a draft is read, changed and written.
func (s *Store) begin(ctx context.Context) (*sql.Tx, error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil || s.shared == nil {
		return tx, err
	}
	if err := s.shared.Lock(ctx, tx, "write"); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return tx, nil
}

// tell tells the other servers that a version was published, when the transaction commits.
func (s *Store) tell(ctx context.Context, tx *sql.Tx) error {
	if s.shared == nil {
		return nil
	}
	return s.shared.Tell(ctx, tx, channel)
}

// lookEvery is how often Watch looks where no news come through.
const lookEvery = 1500 * time.Millisecond

// Watch calls look whenever another server may have published, until ctx ends: at once where the database tells, and every
// second and a half in any case. A store that is a file has no other server, and returns at once.
func (s *Store) Watch(ctx context.Context, look func(ctx context.Context), log *slog.Logger) {
	if s.shared != nil {
		s.shared.Watch(ctx, channel, lookEvery, look, log)
	}
}

// CopyTo replaces what another holds by what this one does: for a move between a file and a database. It returns the
// number of rows.
func (s *Store) CopyTo(ctx context.Context, other *Store) (int, error) {
	return postgres.CopyTables(ctx, s.db, other.db, "key", "audit", "draft", "version", "decision", "answered")
}
