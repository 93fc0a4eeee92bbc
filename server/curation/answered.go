package curation

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// RememberFor is how long the answer to a request with an idempotency key is kept.
const RememberFor = 24 * time.Hour

// Answer is how a request with an idempotency key was answered.
type Answer struct {
	// Body names what was sent: the same key with another body is a mistake.
	Body   string
	Status int
	Answer []byte
}

// Answered returns how a request was answered within the last day, and whether it was.
func (s *Store) Answered(ctx context.Context, key string) (Answer, bool, error) {
	var a Answer
	err := s.db.QueryRowContext(ctx, "SELECT body, status, answer FROM answered WHERE key = ? AND time > ?", key, s.now().Add(-RememberFor).Unix()).
		Scan(&a.Body, &a.Status, &a.Answer)
	if errors.Is(err, sql.ErrNoRows) {
		return a, false, nil
	}
	if err != nil {
		return a, false, fmt.Errorf("read %s: %w", s.path, err)
	}
	return a, true, nil
}

// Remember keeps an answer for a day and forgets older ones.
func (s *Store) Remember(ctx context.Context, key string, a Answer) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		now := s.now()
		if _, err := tx.ExecContext(ctx, "DELETE FROM answered WHERE time <= ?", now.Add(-RememberFor).Unix()); err != nil {
			return fmt.Errorf("write %s: %w", s.path, err)
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO answered (key, time, body, status, answer) VALUES (?, ?, ?, ?, ?) ON CONFLICT (key)
			DO UPDATE SET time = excluded.time, body = excluded.body, status = excluded.status, answer = excluded.answer`, key, now.Unix(), a.Body, a.Status, a.Answer)
		if err != nil {
			return fmt.Errorf("write %s: %w", s.path, err)
		}
		return nil
	})
}
