package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// vectorRow is a passage's vector as it is kept.
type vectorRow struct {
	model, unit, doc string
	hash, value      []byte
}

const vectorColumns = "model, unit, doc, hash, value"

func (v vectorRow) compare(other vectorRow) int {
	return cmp.Or(strings.Compare(v.model, other.model), strings.Compare(v.unit, other.unit))
}

func (v vectorRow) same(other vectorRow) bool {
	return v.doc == other.doc && bytes.Equal(v.hash, other.hash) && bytes.Equal(v.value, other.value)
}

// vectorRows reads those behind one, in order, at most copyBatch; none of a file that has no room for any.
func (s *Store) vectorRows(ctx context.Context, after vectorRow) ([]vectorRow, error) {
	there, err := s.dialect.holdsVectors(ctx, s.db)
	if err != nil || !there {
		return nil, err
	}
	// Compared as a row, or SQLite reads the whole table for every batch.
	rows, err := s.db.QueryContext(ctx, "SELECT "+vectorColumns+` FROM vector WHERE (model, unit) > (?, ?)
		ORDER BY model, unit LIMIT ?`, after.model, after.unit, copyBatch)
	if err != nil {
		return nil, fmt.Errorf("read store %s: %w", s.path, err)
	}
	defer func() { _ = rows.Close() }()
	var list []vectorRow
	for rows.Next() {
		var v vectorRow
		if err := rows.Scan(&v.model, &v.unit, &v.doc, &v.hash, &v.value); err != nil {
			return nil, fmt.Errorf("read store %s: %w", s.path, err)
		}
		v.model, v.unit, v.doc = plain(v.model), plain(v.unit), plain(v.doc)
		list = append(list, v)
	}
	return list, rows.Err()
}

// copyVectors makes the target's vectors those of the old store: it takes an hour to make what is copied in a minute.
func (m *Migration) copyVectors(ctx context.Context) error {
	there, err := m.To.dialect.holdsVectors(ctx, m.To.db)
	if err == nil && !there {
		err = m.To.write(ctx, func(tx *sql.Tx) error { return makeRoom(ctx, tx) })
	}
	if err != nil {
		return err
	}
	r := reconciliation[vectorRow]{
		from: ordered[vectorRow]{read: m.From.vectorRows}, to: ordered[vectorRow]{read: m.To.vectorRows},
		compare: vectorRow.compare, same: vectorRow.same, put: m.putVectors,
	}
	return r.run(ctx)
}

func (m *Migration) putVectors(ctx context.Context, gone, fresh []vectorRow) error {
	return m.To.write(ctx, func(tx *sql.Tx) error {
		for _, v := range gone {
			if _, err := tx.ExecContext(ctx, "DELETE FROM vector WHERE model = ? AND unit = ?", v.model, v.unit); err != nil {
				return err
			}
		}
		if len(fresh) == 0 {
			return nil
		}
		// In one statement: one a row takes a server five times as long.
		args := make([]any, 0, 5*len(fresh))
		for _, v := range fresh {
			args = append(args, v.model, v.unit, v.doc, v.hash, v.value)
		}
		if _, err := tx.ExecContext(ctx, putVectors(len(fresh)), args...); err != nil {
			return fmt.Errorf("vectors from %q: %w", fresh[0].unit, err)
		}
		return nil
	})
}

// copyVectorMarks says of the target how far its vectors are. They are those of the old store then.
func (m *Migration) copyVectorMarks(ctx context.Context) error {
	rows, err := m.From.db.QueryContext(ctx, "SELECT key, value FROM meta WHERE key LIKE '"+markVectors+"%'")
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	return m.To.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM meta WHERE key LIKE '"+markVectors+"%'"); err != nil {
			return err
		}
		for rows.Next() {
			var key, value string
			if err := rows.Scan(&key, &value); err != nil {
				return err
			}
			if err := setMark(ctx, tx, key, value); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}
