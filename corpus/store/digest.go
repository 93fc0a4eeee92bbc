package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"

	"tongsou/corpus"
	"tongsou/corpus/postgres"
)

// Digest sums up what a store holds. Two stores with the same digest hold the same.
type Digest struct {
	Documents map[corpus.Kind]int `json:"documents"`
	Sequence  uint64              `json:"sequence"`
	// Rows counts documents, deleted ones included, Sources which source has which document, Runs ingests.
	Rows    int `json:"rows"`
	Sources int `json:"sources"`
	Runs    int `json:"runs"`
	// Vectors counts the vectors of meaning, of all models.
	Vectors int `json:"vectors"`
	// SHA256 is over all of that in order.
	SHA256 string `json:"sha256"`
}

// String says in one line what was counted.
func (d Digest) String() string {
	return fmt.Sprintf("%d rows to change %d with %d sources, %d ingests and %d vectors (%s)", d.Rows, d.Sequence, d.Sources, d.Runs, d.Vectors, d.SHA256[:min(12, len(d.SHA256))])
}

// Digest reads everything that the store holds. What is written meanwhile may be in it in parts.
func (s *Store) Digest(ctx context.Context) (Digest, error) {
	d := Digest{}
	var err error
	if d.Documents, err = s.Count(ctx); err != nil {
		return d, err
	}
	if d.Sequence, err = s.Sequence(ctx); err != nil {
		return d, err
	}
	type part struct {
		count *int
		query string
	}
	parts := []part{
		{&d.Rows, "SELECT " + rowColumns + " FROM document ORDER BY id"},
		{&d.Sources, "SELECT source, id, file, line FROM origin ORDER BY source, id"},
		{&d.Runs, "SELECT id, source, started, finished, counts, faults FROM run ORDER BY id"},
		{new(int), "SELECT key, value FROM meta WHERE key LIKE '" + markVectors + "%' ORDER BY key"},
	}
	there, err := s.dialect.holdsVectors(ctx, s.db)
	if err != nil {
		return d, fmt.Errorf("read store %s: %w", s.path, err)
	}
	if there {
		parts = append(parts, part{&d.Vectors, "SELECT " + vectorColumns + " FROM vector ORDER BY model, unit"})
	}
	h := sha256.New()
	for _, part := range parts {
		if *part.count, err = s.sum(ctx, h, part.query); err != nil {
			return d, fmt.Errorf("read store %s: %w", s.path, err)
		}
	}
	d.SHA256 = hex.EncodeToString(h.Sum(nil))
	return d, nil
}

// sum adds the rows of a query to a hash and counts them.
func (s *Store) sum(ctx context.Context, h hash.Hash, query string) (int, error) {
	rows, err := s.db.QueryContext(ctx, query)
	if err != nil {
		return 0, err
	}
	defer func() { _ = rows.Close() }()
	names, err := rows.Columns()
	if err != nil {
		return 0, err
	}
	values, places := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		places[i] = &values[i]
	}
	n := 0
	for ; rows.Next(); n++ {
		if err := rows.Scan(places...); err != nil {
			return 0, err
		}
		for _, v := range values {
			switch v := v.(type) {
			case []byte:
				_, _ = fmt.Fprintf(h, "b%d:", len(v)) // a hash takes everything
				_, _ = h.Write(v)
			case string:
				text := plain(v)
				_, _ = fmt.Fprintf(h, "t%d:%s", len(text), text)
			default:
				_, _ = fmt.Fprintf(h, "v%v;", v)
			}
		}
	}
	return n, rows.Err()
}

// plain is a text as every database can keep it.
func plain(s string) string { return postgres.Text(s) }

// compare holds both stores against each other.
func (m *Migration) compare(ctx context.Context) (Digest, error) {
	from, err := m.From.Digest(ctx)
	if err != nil {
		return from, err
	}
	to, err := m.To.Digest(ctx)
	if err != nil {
		return from, err
	}
	if from.SHA256 != to.SHA256 || from.Sequence != to.Sequence {
		return from, fmt.Errorf("the copy is not the same: %s became %s; the old store stays in use", from, to)
	}
	return from, nil
}
