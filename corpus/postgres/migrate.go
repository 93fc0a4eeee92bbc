package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strconv"
	"strings"
)

// migration is one file.
type migration struct {
	number int
	name   string
	sql    string
}

// readMigrations reads the files in order. Their numbers go from 1 without a gap.
func readMigrations(files fs.FS) ([]migration, error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	sort.Strings(names)
	var list []migration
	for i, name := range names {
		digits, _, _ := strings.Cut(path.Base(name), "_")
		n, err := strconv.Atoi(digits)
		if err != nil || n != i+1 {
			return nil, fmt.Errorf("migration %s: its name must begin with %04d_", name, i+1)
		}
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		list = append(list, migration{n, name, string(raw)})
	}
	return list, nil
}

// migrate runs what was not yet run, all in one transaction: a migration that fails leaves everything as it was. Programs
// that start at the same moment wait for each other.
func (db *DB) migrate(ctx context.Context, files fs.FS) error {
	list, err := readMigrations(files)
	if err != nil {
		return err
	}
	if done, err := db.migrated(ctx, db.DB); err == nil && done == len(list) {
		return nil // the usual start takes no lock
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if err := db.Lock(ctx, tx, "migrate"); err != nil {
		return err
	}
	if err := db.upgrade(ctx, tx, list); err != nil {
		return err
	}
	return tx.Commit()
}

func (db *DB) upgrade(ctx context.Context, tx *sql.Tx, list []migration) error {
	// A schema that is there need not be made: the user may have no right to.
	var there bool
	if err := tx.QueryRowContext(ctx, "SELECT to_regnamespace(?) IS NOT NULL", db.schema).Scan(&there); err != nil {
		return err
	}
	if !there {
		if _, err := tx.ExecContext(ctx, "CREATE SCHEMA "+db.schema); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS migration (
		number integer PRIMARY KEY, name text NOT NULL, applied timestamptz NOT NULL DEFAULT now())`)
	if err != nil {
		return err
	}
	done, err := db.migrated(ctx, tx)
	if err != nil {
		return err
	}
	if done > len(list) {
		return fmt.Errorf("the schema %s was written by a newer tongsou (schema %d, this one knows %d); update the program", db.schema, done, len(list))
	}
	for _, m := range list[done:] {
		// Without values a text may hold many statements.
		if _, err := tx.ExecContext(ctx, m.sql); err != nil {
			return fmt.Errorf("migration %s of %s: %w", m.name, db.schema, err)
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO migration (number, name) VALUES (?, ?)", m.number, m.name); err != nil {
			return err
		}
	}
	return nil
}

type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// migrated is the number of the last migration that was run. An error may be no more than that none ever was.
func (db *DB) migrated(ctx context.Context, q queryer) (int, error) {
	var n int
	err := q.QueryRowContext(ctx, "SELECT coalesce(max(number), 0) FROM migration").Scan(&n)
	return n, err
}
