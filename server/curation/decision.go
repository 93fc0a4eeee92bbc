package curation

import (
	"context"
	"database/sql"
	"fmt"
)

// Decided returns the queries whose proposals were accepted or dismissed.
func (s *Store) Decided(ctx context.Context) (map[string]bool, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT query FROM decision")
	list, err := scanAll(rows, err, func(rows *sql.Rows) (string, error) {
		var query string
		return query, rows.Scan(&query)
	})
	if err != nil {
		return nil, fmt.Errorf("read the decisions in %s: %w", s.path, err)
	}
	decided := make(map[string]bool, len(list))
	for _, query := range list {
		decided[query] = true
	}
	return decided, nil
}

// Accept puts the entry that a query's proposal led to into the draft; it is not proposed again.
func (s *Store) Accept(ctx context.Context, who, query string, e Entry) (Entry, error) {
	err := s.change(ctx, func(tx *sql.Tx) error {
		var err error
		if e, err = s.add(ctx, tx, who, e); err != nil {
			return err
		}
		return s.decide(ctx, tx, who, query, true, e)
	})
	return e, err
}

// Dismiss makes that a query is not proposed again.
func (s *Store) Dismiss(ctx context.Context, who, query string) error {
	return s.change(ctx, func(tx *sql.Tx) error { return s.decide(ctx, tx, who, query, false, nil) })
}

func (s *Store) decide(ctx context.Context, tx *sql.Tx, who, query string, taken bool, after any) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO decision (query, time, who, taken) VALUES (?, ?, ?, ?)
		ON CONFLICT (query) DO UPDATE SET time = excluded.time, who = excluded.who, taken = excluded.taken`, query, s.now().Unix(), who, taken)
	if err != nil {
		return fmt.Errorf("keep the decision in %s: %w", s.path, err)
	}
	action := ProposalDropped
	if taken {
		action = ProposalTaken
	}
	return s.note(ctx, tx, who, action, query, nil, after)
}
