package store

import (
	"context"
	"errors"
	"fmt"

	"tongsou/corpus"
)

// VerifyDeep is Verify and more: it holds every table against its indexes, and what the store keeps beside each document,
// for looking it up, against the document. It reads everything twice.
func (s *Store) VerifyDeep(ctx context.Context) error {
	verdict, err := s.dialect.check(ctx, s.db, true)
	if err != nil {
		return fmt.Errorf("check store %s: %w", s.path, err)
	}
	if verdict != "ok" {
		return fmt.Errorf("store %s is damaged: %s; restore it from a backup", s.path, verdict)
	}
	return errors.Join(s.Verify(ctx), s.verifyColumns(ctx))
}

func (s *Store) verifyColumns(ctx context.Context) error {
	rows, err := s.db.QueryContext(ctx, "SELECT id, kind, family, same, begins, hash, body FROM document WHERE body IS NOT NULL ORDER BY id")
	if err != nil {
		return fmt.Errorf("check store %s: %w", s.path, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id, kind, family, same, begin, hash string
		var body []byte
		if err := rows.Scan(&id, &kind, &family, &same, &begin, &hash, &body); err != nil {
			return fmt.Errorf("check store %s: %w", s.path, err)
		}
		d, err := s.unpack(body)
		if err != nil {
			continue // Verify has named it
		}
		want, err := contentHash(d)
		if err != nil {
			return fmt.Errorf("check document %q: %w", id, err)
		}
		if kind != string(d.Kind) || family != s.dialect.text(d.Family) || same != s.dialect.text(sameKey(d)) || corpus.Date(begin) != begins(d) || hash != want {
			return fmt.Errorf("store %s is damaged: what it keeps beside document %q is not of it; restore it from a backup", s.path, id)
		}
	}
	return rows.Err()
}
