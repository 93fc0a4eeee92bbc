// Package sqlite is what the program's SQLite files have in common: where they are, who may read them, and how a file of ours
// is told from another program's. What stands in a file is its own package's matter.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Address is the address of the file at path for sql.Open, with the pragmas and other parameters given: "_txlock=immediate".
func Address(path string, parameters ...string) string {
	address := "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
	if len(parameters) > 0 {
		address += "?" + strings.Join(parameters, "&")
	}
	return address
}

// Private makes a file that is not there for its owner alone, before there is anything in it; what SQLite puts beside it is as
// private.
func Private(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// Queryer is a database, or a transaction on it.
type Queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// A Form is what marks a file as one of ours: application_id is Mark, and user_version the schema, of which Schema is the
// newest that this program knows.
type Form struct{ Mark, Schema int }

// Identify returns the schema of a file, 0 when it is empty. A file that is damaged, of another program or of a newer tongsou
// is an error that says what to do.
func (f Form) Identify(ctx context.Context, q Queryer) (schema int, err error) {
	var mark, objects int
	err = q.QueryRowContext(ctx, `SELECT user_version, application_id, (SELECT count(*) FROM sqlite_master)
		FROM pragma_user_version, pragma_application_id`).Scan(&schema, &mark, &objects)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%w; if the file is damaged, restore it from a backup, or move it away to begin anew", err)
	case mark == f.Mark && schema >= 1 && schema <= f.Schema:
		return schema, nil
	case mark == f.Mark:
		return 0, fmt.Errorf("it was written by a newer tongsou (schema %d, this one knows %d); update the program", schema, f.Schema)
	case mark != 0 || schema != 0 || objects > 0:
		return 0, errors.New("it is a database of another program; choose another data directory")
	}
	return 0, nil
}

// Sign runs statements that make or upgrade the tables of a file in a transaction, and marks it as one of ours.
func (f Form) Sign(ctx context.Context, tx *sql.Tx, statements ...string) error {
	for _, stmt := range append(statements, fmt.Sprintf("PRAGMA application_id = %d", f.Mark), fmt.Sprintf("PRAGMA user_version = %d", f.Schema)) {
		if _, err := tx.ExecContext(ctx, stmt); err != nil {
			return err
		}
	}
	return nil
}
