package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// Run is one ingest.
type Run struct {
	ID       int64     `json:"id,omitempty"`
	Source   string    `json:"source"`
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	Summary  Summary   `json:"summary"`
	// Faults are what was rejected or doubtful, one line each, at most the first 1,000.
	Faults []string `json:"faults,omitempty"`
}

// AddRun records an ingest.
func (s *Store) AddRun(ctx context.Context, r Run) error {
	counts, err := json.Marshal(r.Summary)
	if err != nil {
		return err
	}
	faults, err := json.Marshal(r.Faults[:min(len(r.Faults), 1000)])
	if err != nil {
		return err
	}
	err = s.change(ctx, func(w *writer) error {
		_, err := w.tx.ExecContext(ctx, "INSERT INTO run (source, started, finished, counts, faults) VALUES (?, ?, ?, ?, ?)",
			r.Source, r.Started.UTC().Format(time.RFC3339), r.Finished.UTC().Format(time.RFC3339), string(counts), string(faults))
		return err
	})
	if err != nil {
		return fmt.Errorf("record the ingest in store %s: %w", s.path, err)
	}
	return nil
}

// Runs returns the latest ingests, newest first, at most limit.
func (s *Store) Runs(ctx context.Context, limit int) ([]Run, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT id, source, started, finished, counts, faults FROM run ORDER BY id DESC LIMIT ?", limit)
	if err != nil {
		return nil, fmt.Errorf("read the ingests of store %s: %w", s.path, err)
	}
	defer func() { _ = rows.Close() }()
	var list []Run
	for rows.Next() {
		r, err := scanRun(rows)
		if err != nil {
			return nil, fmt.Errorf("read the ingests of store %s: %w", s.path, err)
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

func scanRun(rows *sql.Rows) (Run, error) {
	var r Run
	var started, finished, counts, faults string
	err := rows.Scan(&r.ID, &r.Source, &started, &finished, &counts, &faults)
	if err != nil {
		return r, err
	}
	if r.Started, err = time.Parse(time.RFC3339, started); err != nil {
		return r, err
	}
	if r.Finished, err = time.Parse(time.RFC3339, finished); err != nil {
		return r, err
	}
	if err := json.Unmarshal([]byte(counts), &r.Summary); err != nil {
		return r, err
	}
	return r, json.Unmarshal([]byte(faults), &r.Faults)
}
