package curation

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Steps is where undoing and doing again lead from the version in force.
type Steps struct {
	// Current is the version in force, 0 when there is none.
	Current int64 `json:"current"`
	// Undo is the version that stood before it (0: nothing was published then), and Redo the one that was undone last;
	// nil when there is no such step.
	Undo *int64 `json:"undo,omitempty"`
	Redo *int64 `json:"redo,omitempty"`
}

// Steps tells where undoing and doing again lead.
func (s *Store) Steps(ctx context.Context) (Steps, error) {
	now, err := s.current(ctx, s.db)
	if err != nil || now.ID == 0 {
		return Steps{}, err
	}
	steps := Steps{Current: now.ID}
	if now.Of != 0 {
		steps.Undo = &now.parent
	}
	var next int64
	// Of the versions that followed this one it is the latest: what was undone before that was given up by publishing it.
	err = s.db.QueryRowContext(ctx, "SELECT id FROM version WHERE origin = id AND parent = ? ORDER BY id DESC LIMIT 1", now.Of).Scan(&next)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return steps, nil
	case err != nil:
		return steps, fmt.Errorf("read the versions in %s: %w", s.path, err)
	}
	steps.Redo = &next
	return steps, nil
}

// Undo publishes once more what stood before version id, which must be the current one, so that two people who undo at once
// do not undo twice. Undoing again goes one version further back. The draft becomes what is published; what it held is in
// the log.
func (s *Store) Undo(ctx context.Context, who string, id int64) (Version, error) {
	return s.again(ctx, who, Undone, id, func(now Version) (int64, error) {
		if now.Of == 0 {
			return 0, fmt.Errorf("undo: %w", ErrNothing)
		}
		return now.parent, nil
	})
}

// Restore publishes version to once more, 0 being the state before the first. current must be the version in force, else the
// error wraps ErrStale: two people who restore at once are told. A version that is in force already is ErrNothing, one that
// there never was is ErrNotFound. The draft becomes what is published.
func (s *Store) Restore(ctx context.Context, who string, current, to int64) (Version, error) {
	return s.again(ctx, who, Restored, current, func(Version) (int64, error) { return to, nil })
}

// again publishes an earlier version once more, which choose names.
func (s *Store) again(ctx context.Context, who string, action Action, current int64, choose func(now Version) (int64, error)) (v Version, err error) {
	err = s.change(ctx, func(tx *sql.Tx) error {
		now, err := s.current(ctx, tx)
		switch {
		case err != nil:
			return err
		case now.ID == 0:
			return fmt.Errorf("go back: %w", ErrNothing)
		case now.ID != current:
			return fmt.Errorf("go back from version %d, which is not the current one: %w", current, ErrStale)
		}
		to, err := choose(now)
		if err != nil {
			return err
		}
		old, err := s.version(ctx, tx, to)
		if err != nil {
			return err
		}
		if old.Of == now.Of {
			return fmt.Errorf("version %d is in force: %w", to, ErrNothing)
		}
		note, about := "恢复"+named(old.Of), old.Of
		if action == Undone {
			note, about = fmt.Sprintf("撤销第 %d 版，回到%s", now.ID, named(old.Of)), now.ID
		}
		v, err = s.publish(ctx, tx, Version{Who: who, Note: note, Of: old.Of, parent: old.parent, Entries: old.Entries})
		if err != nil {
			return err
		}
		if err := s.note(ctx, tx, who, action, versionName(about), Without(now.Entries, v.Entries), Without(v.Entries, now.Entries)); err != nil {
			return err
		}
		return s.resetDraft(ctx, tx, who, now.Entries, v.Entries)
	})
	return v, err
}

// named is a version in a note that people read.
func named(id int64) string {
	if id == 0 {
		return "第一次发布之前"
	}
	return fmt.Sprintf("第 %d 版", id)
}

// version returns a version by its ID; 0 is what there was before the first.
func (s *Store) version(ctx context.Context, q queryer, id int64) (Version, error) {
	if id == 0 {
		return Version{Entries: Entries{}}, nil
	}
	v, err := s.scanVersion(q.QueryRowContext(ctx, "SELECT "+versionColumns+" FROM version WHERE id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		return v, fmt.Errorf("version %d: %w", id, ErrNotFound)
	}
	return v, err
}
