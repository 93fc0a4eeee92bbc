package curation

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Version is a published state. Versions are never changed: undoing one publishes an earlier one again.
type Version struct {
	ID   int64     `json:"id"` // 0 before anything was published
	Time time.Time `json:"time,omitzero"`
	Who  string    `json:"who,omitempty"`
	Note string    `json:"note,omitempty"`
	// Of is the version whose entries these are: its own ID, or that of the one that was published again.
	Of      int64   `json:"of"`
	Entries Entries `json:"entries"`
	// parent is the Of of what was in force when version Of was published.
	parent int64
}

// Draft returns the entries that are being worked on.
func (s *Store) Draft(ctx context.Context) (Entries, error) {
	_, entries, err := s.draft(ctx, s.db)
	return entries, err
}

// queryer is the database, or a transaction on it.
type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func (s *Store) draft(ctx context.Context, q queryer) (last int64, entries Entries, err error) {
	var raw string
	if err := q.QueryRowContext(ctx, "SELECT last, entries FROM draft").Scan(&last, &raw); err != nil {
		return 0, nil, fmt.Errorf("read the draft in %s: %w", s.path, err)
	}
	entries, err = s.decode(raw)
	return last, entries, err
}

func (s *Store) decode(raw string) (Entries, error) {
	entries := Entries{}
	if err := json.Unmarshal([]byte(raw), &entries); err != nil {
		return nil, fmt.Errorf("the entries in %s are damaged: %w; restore the file from a backup", s.path, err)
	}
	return entries, nil
}

func (s *Store) setDraft(ctx context.Context, tx *sql.Tx, last int64, entries Entries) error {
	raw, err := json.Marshal(entries)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE draft SET last = ?, entries = ?", last, string(raw)); err != nil {
		return fmt.Errorf("write the draft in %s: %w", s.path, err)
	}
	return nil
}

// Add puts an entry into the draft and returns it with its ID.
func (s *Store) Add(ctx context.Context, who string, e Entry) (Entry, error) {
	err := s.change(ctx, func(tx *sql.Tx) error {
		var err error
		e, err = s.add(ctx, tx, who, e)
		return err
	})
	return e, err
}

func (s *Store) add(ctx context.Context, tx *sql.Tx, who string, e Entry) (Entry, error) {
	if err := e.normalize(); err != nil {
		return e, err
	}
	last, entries, err := s.draft(ctx, tx)
	if err != nil {
		return e, err
	}
	if len(entries) >= maxEntries {
		return e, &FieldError{"text", fmt.Sprintf("已有 %d 条，请先删去不再需要的", maxEntries)}
	}
	if other, ok := entries.same(e); ok {
		return e, &FieldError{"text", fmt.Sprintf("与第 %d 条重复，请修改那一条", other.ID)}
	}
	e.ID = last + 1
	if err := s.setDraft(ctx, tx, e.ID, append(entries, e)); err != nil {
		return e, err
	}
	return e, s.note(ctx, tx, who, EntryAdded, entryName(e.ID), nil, e)
}

func entryName(id int64) string { return fmt.Sprint("entry ", id) }

// same returns an entry that says the same as e.
func (l Entries) same(e Entry) (Entry, bool) {
	at := slices.IndexFunc(l, func(o Entry) bool {
		return o.ID != e.ID && o.Kind == e.Kind && o.Text == e.Text && o.Term == e.Term && slices.Equal(o.Documents, e.Documents) && o.From == e.From && o.Until == e.Until
	})
	if at < 0 {
		return Entry{}, false
	}
	return l[at], true
}

// Replace puts e in the place of the draft's entry with its ID.
func (s *Store) Replace(ctx context.Context, who string, e Entry) (Entry, error) {
	if err := e.normalize(); err != nil {
		return e, err
	}
	return e, s.edit(ctx, who, EntryChanged, e.ID, func(entries Entries, at int) (Entries, any, error) {
		if other, ok := entries.same(e); ok {
			return nil, nil, &FieldError{"text", fmt.Sprintf("与第 %d 条重复", other.ID)}
		}
		entries[at] = e
		return entries, e, nil
	})
}

// Remove takes an entry out of the draft.
func (s *Store) Remove(ctx context.Context, who string, id int64) error {
	return s.edit(ctx, who, EntryRemoved, id, func(entries Entries, at int) (Entries, any, error) {
		return slices.Delete(entries, at, at+1), nil, nil
	})
}

func (s *Store) edit(ctx context.Context, who string, action Action, id int64, do func(entries Entries, at int) (Entries, any, error)) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		last, entries, err := s.draft(ctx, tx)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(entries, func(e Entry) bool { return e.ID == id })
		if at < 0 {
			return fmt.Errorf("entry %d: %w", id, ErrNotFound)
		}
		before := entries[at]
		entries, after, err := do(entries, at)
		if err != nil {
			return err
		}
		if err := s.setDraft(ctx, tx, last, entries); err != nil {
			return err
		}
		return s.note(ctx, tx, who, action, entryName(id), before, after)
	})
}

// Current returns the latest version, one of number 0 when nothing was ever published.
func (s *Store) Current(ctx context.Context) (Version, error) { return s.current(ctx, s.db) }

const versionColumns = "id, time, who, note, origin, parent, entries"

func (s *Store) current(ctx context.Context, q queryer) (Version, error) {
	v, err := s.scanVersion(q.QueryRowContext(ctx, "SELECT "+versionColumns+" FROM version ORDER BY id DESC LIMIT 1"))
	if errors.Is(err, sql.ErrNoRows) {
		return Version{Entries: Entries{}}, nil
	}
	return v, err
}

func (s *Store) scanVersion(row interface{ Scan(...any) error }) (Version, error) {
	var v Version
	var at int64
	var raw string
	if err := row.Scan(&v.ID, &at, &v.Who, &v.Note, &v.Of, &v.parent, &raw); err != nil {
		return v, err
	}
	v.Time = s.at(at)
	var err error
	v.Entries, err = s.decode(raw)
	return v, err
}

// Versions lists what was published, newest first, at most limit.
func (s *Store) Versions(ctx context.Context, limit int) ([]Version, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT "+versionColumns+" FROM version ORDER BY id DESC LIMIT ?", limit)
	return scanAll(rows, err, func(rows *sql.Rows) (Version, error) { return s.scanVersion(rows) })
}

// Publish makes a version of the draft. It must still have the revision that its effect was measured for: else the error
// wraps ErrStale. Nothing new is ErrNothing.
func (s *Store) Publish(ctx context.Context, who, revision, note string) (Version, error) {
	var v Version
	if note = strings.TrimSpace(note); utf8.RuneCountInString(note) > maxNote {
		return v, &FieldError{"note", fmt.Sprintf("最多 %d 个字", maxNote)}
	}
	err := s.change(ctx, func(tx *sql.Tx) error {
		_, draft, err := s.draft(ctx, tx)
		if err != nil {
			return err
		}
		now, err := s.current(ctx, tx)
		switch {
		case err != nil:
			return err
		case draft.Revision() != revision:
			return fmt.Errorf("publish revision %q: %w", revision, ErrStale)
		case draft.Revision() == now.Entries.Revision():
			return fmt.Errorf("publish: %w", ErrNothing)
		}
		v, err = s.publish(ctx, tx, Version{Who: who, Note: note, Of: itself, parent: now.Of, Entries: draft})
		if err != nil {
			return err
		}
		return s.note(ctx, tx, who, Published, versionName(v.ID), Without(now.Entries, v.Entries), Without(v.Entries, now.Entries))
	})
	return v, err
}

func versionName(id int64) string { return fmt.Sprint("version ", id) }

// itself is the Of of a version that has no ID yet and repeats no other.
const itself = -1

// publish makes a version of v.
func (s *Store) publish(ctx context.Context, tx *sql.Tx, v Version) (Version, error) {
	raw, err := json.Marshal(v.Entries)
	if err != nil {
		return v, err
	}
	v.Time = s.at(s.now().Unix())
	err = tx.QueryRowContext(ctx, "INSERT INTO version (time, who, note, origin, parent, entries) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
		moment(v.Time), v.Who, v.Note, v.Of, v.parent, string(raw)).Scan(&v.ID)
	if err == nil && v.Of == itself {
		v.Of = v.ID
		_, err = tx.ExecContext(ctx, "UPDATE version SET origin = id WHERE id = ?", v.ID)
	}
	if err != nil {
		return v, fmt.Errorf("publish in %s: %w", s.path, err)
	}
	return v, s.tell(ctx, tx)
}

// Drop makes the draft what is published.
func (s *Store) Drop(ctx context.Context, who string) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		now, err := s.current(ctx, tx)
		if err != nil {
			return err
		}
		return s.resetDraft(ctx, tx, who, now.Entries, now.Entries)
	})
}

// resetDraft replaces the draft. IDs go on counting, so that one ID in the log never means two entries. The log tells of it
// where something is lost, which is not so for a draft that is what was published.
func (s *Store) resetDraft(ctx context.Context, tx *sql.Tx, who string, published, entries Entries) error {
	last, draft, err := s.draft(ctx, tx)
	if err != nil || draft.Revision() == entries.Revision() {
		return err
	}
	if err := s.setDraft(ctx, tx, last, entries); err != nil || draft.Revision() == published.Revision() {
		return err
	}
	return s.note(ctx, tx, who, DraftDropped, "draft", Without(draft, entries), Without(entries, draft))
}
