package store

import (
	"context"
	"fmt"
	"strings"
)

// namedFaults is how many broken documents an error of Verify names; the others it counts.
const namedFaults = 10

// Verify checks the database's own integrity, page by page, then that every document can be read and has a source. The error
// names the first ten documents that are damaged.
func (s *Store) Verify(ctx context.Context) error {
	verdict, err := s.dialect.check(ctx, s.db, false)
	if err != nil {
		return fmt.Errorf("check store %s: %w", s.path, err)
	}
	if verdict != "ok" {
		return fmt.Errorf("store %s is damaged: %s; restore it from a backup", s.path, verdict)
	}
	var faults []string
	add := func(id, reason string) { faults = append(faults, fmt.Sprintf("document %q %s", id, reason)) }
	if err := s.verifyDocuments(ctx, add); err != nil {
		return fmt.Errorf("check store %s: %w", s.path, err)
	}
	if err := s.verifyOrigins(ctx, add); err != nil {
		return fmt.Errorf("check store %s: %w", s.path, err)
	}
	if len(faults) == 0 {
		return nil
	}
	named := strings.Join(faults[:min(len(faults), namedFaults)], "; ")
	if more := len(faults) - namedFaults; more > 0 {
		named += fmt.Sprintf("; and %d more", more)
	}
	return fmt.Errorf("store %s is damaged in %d places: %s; restore it from a backup", s.path, len(faults), named)
}

func (s *Store) verifyDocuments(ctx context.Context, add func(id, reason string)) error {
	rows, err := s.db.QueryContext(ctx, "SELECT id, body FROM document WHERE body IS NOT NULL ORDER BY id")
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id string
		var body []byte
		if err := rows.Scan(&id, &body); err != nil {
			return err
		}
		if d, err := s.unpack(body); err != nil {
			add(id, "cannot be read: "+err.Error())
		} else if d.ID != id {
			add(id, fmt.Sprintf("holds %q", d.ID))
		}
	}
	return rows.Err()
}

// verifyOrigins finds documents that no source has, and sources of documents that are not there.
func (s *Store) verifyOrigins(ctx context.Context, add func(id, reason string)) error {
	rows, err := s.db.QueryContext(ctx, `
		SELECT id, 'has no source' FROM document WHERE body IS NOT NULL AND id NOT IN (SELECT id FROM origin)
		UNION ALL SELECT id, 'is missing' FROM origin WHERE id NOT IN (SELECT id FROM document WHERE body IS NOT NULL)`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id, reason string
		if err := rows.Scan(&id, &reason); err != nil {
			return err
		}
		add(id, reason)
	}
	return rows.Err()
}
