package curation

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// Change is a line of the audit log: who did what to what, and what it was before and after.
type Change struct {
	ID      int64     `json:"id"`
	Time    time.Time `json:"time"`
	Who     string    `json:"who"`
	Action  Action    `json:"action"`
	Subject string    `json:"subject,omitempty"`
	// Before and After are JSON, empty where there was or is nothing.
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// Action is what a change does.
type Action string

// The actions.
const (
	KeyCreated       Action = "key.create"
	KeyRevoked       Action = "key.revoke"
	EntryAdded       Action = "entry.add"
	EntryChanged     Action = "entry.change"
	EntryRemoved     Action = "entry.remove"
	Published        Action = "publish"
	Undone           Action = "undo"
	Restored         Action = "restore"
	DraftDropped     Action = "draft.drop"
	ProposalTaken    Action = "proposal.accept"
	ProposalDropped  Action = "proposal.dismiss"
	DocumentsPut     Action = "documents.put"
	DocumentsDeleted Action = "documents.delete"
	IndexRebuilt     Action = "index.rebuild"
)

// Note writes a change that was made elsewhere (of documents, say) into the log. before and after become JSON; nil is
// nothing.
func (s *Store) Note(ctx context.Context, who string, action Action, subject string, before, after any) error {
	return s.change(ctx, func(tx *sql.Tx) error { return s.note(ctx, tx, who, action, subject, before, after) })
}

func (s *Store) note(ctx context.Context, tx *sql.Tx, who string, action Action, subject string, before, after any) error {
	var sides [2]string
	for i, v := range []any{before, after} {
		if v == nil {
			continue
		}
		raw, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("log the change: %w", err)
		}
		sides[i] = string(raw)
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO audit (time, who, action, subject, before, after) VALUES (?, ?, ?, ?, ?, ?)",
		s.now().Unix(), who, action, subject, sides[0], sides[1])
	if err != nil {
		return fmt.Errorf("log the change in %s: %w", s.path, err)
	}
	return nil
}

// Changes lists the log, newest first: at most limit lines with an ID less than before, or the newest when before is 0.
func (s *Store) Changes(ctx context.Context, before int64, limit int) ([]Change, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, time, who, action, subject, before, after FROM audit
		WHERE ?1 = 0 OR id < ?1 ORDER BY id DESC LIMIT ?2`, before, limit)
	return scanAll(rows, err, func(rows *sql.Rows) (Change, error) {
		var c Change
		var at int64
		err := rows.Scan(&c.ID, &at, &c.Who, &c.Action, &c.Subject, &c.Before, &c.After)
		c.Time = s.at(at)
		return c, err
	})
}
