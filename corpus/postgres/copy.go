package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// Renumber lets a column that counts by itself go on after the largest number that was put in.
func Renumber(ctx context.Context, tx *sql.Tx, table, column string) error {
	_, err := tx.ExecContext(ctx, fmt.Sprintf("SELECT setval(pg_get_serial_sequence('%s', '%s'), (SELECT coalesce(max(%s), 0) + 1 FROM %s), false)", table, column, column, table))
	return err
}

// CopyTables replaces the rows of tables in one database by those of another, SQLite or PostgreSQL, where they have the
// same columns; all or nothing. It returns the number of rows. Tables that others refer to come first.
func CopyTables(ctx context.Context, from, to *sql.DB, tables ...string) (int, error) {
	tx, err := to.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	total := 0
	for i := len(tables) - 1; i >= 0; i-- {
		if _, err := tx.ExecContext(ctx, "DELETE FROM "+tables[i]); err != nil {
			return 0, fmt.Errorf("copy %s: %w", tables[i], err)
		}
	}
	for _, table := range tables {
		n, err := copyTable(ctx, from, tx, table)
		if err != nil {
			return 0, fmt.Errorf("copy %s: %w", table, err)
		}
		total += n
	}
	return total, tx.Commit()
}

// column is one of the table that is copied to.
type column struct {
	name string
	kind string // as the database calls it
}

func copyTable(ctx context.Context, from *sql.DB, to *sql.Tx, table string) (int, error) {
	columns, err := columnsOf(ctx, to, table)
	if err != nil {
		return 0, err
	}
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	list := strings.Join(names, ", ")
	insert := "INSERT INTO " + table + " (" + list + ") VALUES (?" + strings.Repeat(", ?", len(columns)-1) + ")"
	rows, err := from.QueryContext(ctx, "SELECT "+list+" FROM "+table)
	if err != nil {
		return 0, err
	}
	defer func() { _ = rows.Close() }()
	n := 0
	for ; rows.Next(); n++ {
		values, places := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			places[i] = &values[i]
		}
		if err := rows.Scan(places...); err != nil {
			return 0, err
		}
		for i, c := range columns {
			if number, ok := values[i].(int64); ok && c.kind == "BOOL" {
				values[i] = number != 0
			}
		}
		if _, err := to.ExecContext(ctx, insert, values...); err != nil {
			return 0, err
		}
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	for _, c := range columns {
		if (c.name == "id" || c.name == "n" || c.name == "rowid") && c.kind == "INT8" && table != "shown" {
			if err := Renumber(ctx, to, table, c.name); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

func columnsOf(ctx context.Context, tx *sql.Tx, table string) ([]column, error) {
	rows, err := tx.QueryContext(ctx, "SELECT * FROM "+table+" WHERE 1 = 0")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	kinds, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	columns := make([]column, len(kinds))
	for i, k := range kinds {
		columns[i] = column{k.Name(), k.DatabaseTypeName()}
	}
	return columns, rows.Err()
}
