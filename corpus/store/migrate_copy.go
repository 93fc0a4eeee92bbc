package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// copyBatch is the number of rows that are in memory at a time, and in one transaction of the target.
const copyBatch = 500

// row is a document as it is kept.
type row struct {
	id, kind, family, same, begins, hash string
	seq                                  uint64
	body                                 []byte
}

const rowColumns = "id, seq, kind, family, same, begins, hash, body"

func (r *row) scan(rows *sql.Rows) error {
	return rows.Scan(&r.id, &r.seq, &r.kind, &r.family, &r.same, &r.begins, &r.hash, &r.body)
}

// copyDocuments copies the next changes that the target does not have, in their order, so that the target's own sequence
// says where to go on. It returns their number.
func (m *Migration) copyDocuments(ctx context.Context) (int, error) {
	after, err := m.To.Sequence(ctx)
	if err != nil {
		return 0, err
	}
	batch, err := m.From.rows(ctx, after)
	if err != nil || len(batch) == 0 {
		return 0, err
	}
	err = m.To.write(ctx, func(tx *sql.Tx) error {
		for _, r := range batch {
			_, err := tx.ExecContext(ctx, "INSERT INTO document ("+rowColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
				ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, kind = excluded.kind, family = excluded.family,
				same = excluded.same, begins = excluded.begins, hash = excluded.hash, body = excluded.body`,
				r.id, r.seq, r.kind, r.family, r.same, r.begins, r.hash, r.body)
			if err != nil {
				return fmt.Errorf("document %q: %w", r.id, err)
			}
		}
		return nil
	})
	if err == nil && m.Progress != nil {
		last, _ := m.From.Sequence(ctx) // it is only shown
		m.Progress(batch[len(batch)-1].seq, last)
	}
	return len(batch), err
}

func (s *Store) rows(ctx context.Context, after uint64) ([]row, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT "+rowColumns+" FROM document WHERE seq > ? ORDER BY seq LIMIT ?", after, copyBatch)
	if err != nil {
		return nil, fmt.Errorf("read store %s: %w", s.path, err)
	}
	defer func() { _ = rows.Close() }()
	var batch []row
	for rows.Next() {
		var r row
		if err := r.scan(rows); err != nil {
			return nil, fmt.Errorf("read store %s: %w", s.path, err)
		}
		batch = append(batch, r)
	}
	return batch, rows.Err()
}

// origin is which source has a document.
type origin struct {
	source, id, file string
	line             int64
}

// origins reads those behind one, in order, at most copyBatch.
func (s *Store) origins(ctx context.Context, after origin) ([]origin, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT source, id, file, line FROM origin WHERE source > ?1 OR source = ?1 AND id > ?2
		ORDER BY source, id LIMIT ?3`, after.source, after.id, copyBatch)
	if err != nil {
		return nil, fmt.Errorf("read store %s: %w", s.path, err)
	}
	defer func() { _ = rows.Close() }()
	var list []origin
	for rows.Next() {
		var o origin
		if err := rows.Scan(&o.source, &o.id, &o.file, &o.line); err != nil {
			return nil, fmt.Errorf("read store %s: %w", s.path, err)
		}
		o.source, o.id, o.file = plain(o.source), plain(o.id), plain(o.file)
		list = append(list, o)
	}
	return list, rows.Err()
}

// compare orders sources as the stores give them.
func (o origin) compare(other origin) int {
	return cmp.Or(strings.Compare(o.source, other.source), strings.Compare(o.id, other.id))
}

// copyOrigins makes the target's sources those of the old store.
func (m *Migration) copyOrigins(ctx context.Context) error {
	r := reconciliation[origin]{
		from: ordered[origin]{read: m.From.origins}, to: ordered[origin]{read: m.To.origins},
		compare: origin.compare,
		same:    func(a, b origin) bool { return a == b },
		put:     m.putOrigins,
	}
	return r.run(ctx)
}

func (m *Migration) putOrigins(ctx context.Context, gone, fresh []origin) error {
	return m.To.write(ctx, func(tx *sql.Tx) error {
		for _, o := range gone {
			if _, err := tx.ExecContext(ctx, "DELETE FROM origin WHERE source = ? AND id = ?", o.source, o.id); err != nil {
				return err
			}
		}
		for _, o := range fresh {
			if _, err := tx.ExecContext(ctx, `INSERT INTO origin (source, id, file, line) VALUES (?, ?, ?, ?)
				ON CONFLICT (source, id) DO UPDATE SET file = excluded.file, line = excluded.line`, o.source, o.id, o.file, o.line); err != nil {
				return err
			}
		}
		return nil
	})
}

// copyRuns copies the ingests that the target does not have. There are few, and they never change.
func (m *Migration) copyRuns(ctx context.Context) error {
	var last int64
	if err := m.To.db.QueryRowContext(ctx, "SELECT coalesce(max(id), 0) FROM run").Scan(&last); err != nil {
		return err
	}
	rows, err := m.From.db.QueryContext(ctx, "SELECT id, source, started, finished, counts, faults FROM run WHERE id > ? ORDER BY id", last)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	return m.To.write(ctx, func(tx *sql.Tx) error {
		for rows.Next() {
			var id int64
			var source, started, finished, counts, faults string
			if err := rows.Scan(&id, &source, &started, &finished, &counts, &faults); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, "INSERT INTO run (id, source, started, finished, counts, faults) VALUES (?, ?, ?, ?, ?, ?)",
				id, source, started, finished, counts, faults); err != nil {
				return err
			}
		}
		return errors.Join(rows.Err(), m.To.dialect.numbered(ctx, tx, "run"))
	})
}
