package follow

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"time"

	"tongsou/corpus/postgres"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is the schema of a PostgreSQL database that holds these tables.
const Schema = "tongsou_follow"

func openPostgres(ctx context.Context, dsn string) (*postgres.DB, error) {
	return postgres.Open(ctx, postgres.Options{DSN: dsn, Schema: Schema, Migrations: migrations, Connections: 4})
}

// OpenPostgres opens the book that several servers share in the PostgreSQL database at an address, or makes it there. The
// key file must be named, and the same at every server. An address that is taken out is gone from the database's files once
// PostgreSQL has tidied up (vacuum), and from its archived log when that is thrown away.
func OpenPostgres(ctx context.Context, dsn string, opts Options) (*Book, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.KeyFile == "" {
		return nil, errors.New("open the book of followers: name the key file of the addresses (follow_key_file)")
	}
	db, err := openPostgres(ctx, dsn)
	if err != nil {
		return nil, fmt.Errorf("open the book of followers: %w", err)
	}
	b := &Book{db: db.DB, path: db.String(), key: opts.KeyFile, now: opts.Now, lock: func(ctx context.Context, tx *sql.Tx) error { return db.Lock(ctx, tx, "write") }}
	if err := b.unlock(ctx, form.Schema); err != nil {
		return nil, errors.Join(fmt.Errorf("open the book of followers: %w", err), db.Close())
	}
	return b, nil
}

// CopyTo replaces what another holds by what this one does: for a move between a file and a database. Addresses are sealed
// with the other's key. It returns the number of rows.
func (b *Book) CopyTo(ctx context.Context, other *Book) (int, error) {
	n, err := postgres.CopyTables(ctx, b.db, other.db, "meta", "state", "change", "address", "subscription")
	if err != nil || hmac.Equal(b.seal.mark(), other.seal.mark()) {
		return n, err
	}
	return n, other.change(ctx, func(tx *sql.Tx) error { return other.resealFrom(ctx, tx, b.seal) })
}

// resealFrom seals addresses that were sealed with another key.
func (b *Book) resealFrom(ctx context.Context, tx *sql.Tx, from *seal) error {
	rows, err := tx.QueryContext(ctx, "SELECT id, found, sealed FROM address")
	if err != nil {
		return err
	}
	all := map[int64]string{}
	for rows.Next() {
		var id int64
		var found, sealed []byte
		err := rows.Scan(&id, &found, &sealed)
		if err == nil {
			all[id], err = from.show(sealed, found)
		}
		if err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for id, email := range all {
		if _, err := tx.ExecContext(ctx, "UPDATE address SET found = ?, sealed = ? WHERE id = ?", b.seal.find(email), b.seal.hide(email), id); err != nil {
			return err
		}
	}
	return b.setMark(ctx, tx)
}
