package store

import (
	"context"
	"database/sql"
	"fmt"

	"tongsou/corpus"
)

// Versions returns all versions of one law or policy, the one that began first in front. An empty family has none: it is
// the family of every document that has no versions.
func (s *Store) Versions(ctx context.Context, family string) ([]*corpus.Document, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, body FROM document WHERE family = ? AND family <> '' AND body IS NOT NULL
		ORDER BY begins, id`, family)
	if err != nil {
		return nil, fmt.Errorf("read the versions of %q: %w", family, err)
	}
	defer func() { _ = rows.Close() }()
	var list []*corpus.Document
	for rows.Next() {
		var id string
		var body []byte
		if err := rows.Scan(&id, &body); err != nil {
			return nil, fmt.Errorf("read the versions of %q: %w", family, err)
		}
		d, err := s.decode(id, body)
		if err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, rows.Err()
}

// ItemChanges calls visit for every change after a sequence number, in order: with the document where it is a service item
// now, with nil where it is deleted or something else. It is for those who keep a view of all items in step with the store
// and shall not read a library of laws to do so; unlike Changes it has no limit. visit must not use the store.
func (s *Store) ItemChanges(ctx context.Context, after uint64, visit func(seq uint64, id string, item *corpus.Document) error) error {
	rows, err := s.db.QueryContext(ctx, "SELECT seq, id, CASE WHEN kind = ? THEN body END FROM document WHERE seq > ? ORDER BY seq", corpus.KindItem, after)
	if err != nil {
		return fmt.Errorf("read the items of store %s: %w", s.path, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var seq uint64
		var id string
		var body sql.RawBytes
		if err := rows.Scan(&seq, &id, &body); err != nil {
			return fmt.Errorf("read the items of store %s: %w", s.path, err)
		}
		var d *corpus.Document
		if body != nil {
			if d, err = s.decode(id, body); err != nil {
				return err
			}
		}
		if err := visit(seq, id, d); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the items of store %s: %w", s.path, err)
	}
	return nil
}
