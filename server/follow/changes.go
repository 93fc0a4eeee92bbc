package follow

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"tongsou/corpus"
	"tongsou/corpus/store"
)

// What can happen to a document.
const (
	Added    = "新收录"
	Updated  = "有更新"
	Amended  = "被修订"
	Repealed = "被废止"
	Removed  = "已撤下"
)

// Change is one thing that happened to a document.
type Change struct {
	Number          int64
	ID, What, Title string
	// Time is when it was noticed, Since the day from which it counts, where it says one.
	Time  time.Time
	Since corpus.Date
}

// keepChanges is how long it is remembered what happened.
const keepChanges = 400 * 24 * time.Hour

// Source is the store of record in its order.
type Source interface {
	Sequence(ctx context.Context) (uint64, error)
	Changes(ctx context.Context, after uint64, limit int) ([]store.Change, error)
}

// Note goes on from where it last stopped and notes what has happened in the store since. What is there when it first
// looks is no news. It returns the number of things that happened.
func (b *Book) Note(ctx context.Context, source Source) (int, error) {
	b.noting.Lock()
	defer b.noting.Unlock()
	last, err := source.Sequence(ctx)
	if err != nil {
		return 0, err
	}
	seq, err := b.meta(ctx, "sequence")
	if err != nil {
		return 0, err
	}
	if uint64(seq) > last { // another store: what it holds is no news either
		if err := b.startAnew(ctx); err != nil {
			return 0, err
		}
		seq = 0
	}
	known, err := b.meta(ctx, "known")
	if err != nil {
		return 0, err
	}
	happened := 0
	for after := uint64(seq); ; {
		changes, err := source.Changes(ctx, after, 500)
		if err != nil || len(changes) == 0 {
			if err == nil && known == 0 {
				_, err = b.db.ExecContext(ctx, "INSERT INTO meta VALUES ('known', 1) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
			}
			return happened, err
		}
		n, err := b.noteBatch(ctx, changes, known == 1)
		if err != nil {
			return happened, fmt.Errorf("note what has changed: %w", err)
		}
		happened += n
		after = changes[len(changes)-1].Seq
	}
}

func (b *Book) meta(ctx context.Context, key string) (int64, error) {
	var value int64
	err := b.db.QueryRowContext(ctx, "SELECT value FROM meta WHERE key = ?", key).Scan(&value)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("read the book of followers: %w", err)
	}
	return value, nil
}

func (b *Book) startAnew(ctx context.Context) error {
	return b.change(ctx, func(tx *sql.Tx) error {
		for _, stmt := range []string{"DELETE FROM meta", "DELETE FROM state"} {
			if _, err := tx.ExecContext(ctx, stmt); err != nil {
				return err
			}
		}
		return nil
	})
}

// noteBatch notes some changes; they are news unless the store is looked at for the first time.
func (b *Book) noteBatch(ctx context.Context, changes []store.Change, news bool) (happened int, err error) {
	now := b.now().Unix()
	err = b.change(ctx, func(tx *sql.Tx) error {
		for _, c := range changes {
			what, since, err := noteOne(ctx, tx, c, now, news)
			if err != nil {
				return err
			}
			if what == "" || !news {
				continue
			}
			happened++
			title := c.ID
			if c.Document != nil {
				title = c.Document.Title
			}
			if _, err := tx.ExecContext(ctx, "INSERT INTO change (id, time, what, title, since) VALUES (?, ?, ?, ?, ?)", c.ID, now, what, title, since); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM change WHERE time < ?", b.now().Add(-keepChanges).Unix()); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO meta VALUES ('sequence', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", int64(changes[len(changes)-1].Seq))
		return err
	})
	return happened, err
}

// noteOne compares a document with how it was and keeps how it is.
func noteOne(ctx context.Context, tx *sql.Tx, c store.Change, now int64, news bool) (what string, since corpus.Date, err error) {
	var hash []byte
	var superseded, repealed corpus.Date
	err = tx.QueryRowContext(ctx, "SELECT hash, superseded, repealed FROM state WHERE id = ?", c.ID).Scan(&hash, &superseded, &repealed)
	was := err == nil
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", "", err
	}
	d := c.Document
	if d == nil {
		if was {
			what = Removed
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM state WHERE id = ?", c.ID)
		return what, "", err
	}
	print, err := fingerprint(d)
	if err != nil {
		return "", "", err
	}
	switch {
	case !was:
		what = Added
	case d.Repealed != "" && d.Repealed != repealed:
		what, since = Repealed, d.Repealed
	case d.Superseded != "" && d.Superseded != superseded:
		what, since = Amended, d.Superseded
	case string(print) != string(hash):
		what = Updated
	default:
		return "", "", nil
	}
	if !news {
		now = 0
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO state (id, hash, superseded, repealed, time) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
		hash = excluded.hash, superseded = excluded.superseded, repealed = excluded.repealed, time = excluded.time`, c.ID, print, d.Superseded, d.Repealed, now)
	return what, since, err
}

// fingerprint is what a document says, wherever it came from.
func fingerprint(d *corpus.Document) ([]byte, error) {
	bare := *d
	bare.Source = corpus.Source{}
	raw, err := json.Marshal(&bare)
	if err != nil {
		return nil, fmt.Errorf("document %s: %w", d.ID, err)
	}
	sum := sha256.Sum256(raw)
	return sum[:12], nil
}

// Changes lists what happened to some documents after a change, the latest first, at most limit.
func (b *Book) Changes(ctx context.Context, after int64, limit int, ids ...string) ([]Change, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	args := []any{after}
	for _, id := range ids {
		args = append(args, id)
	}
	return list(ctx, b, func(rows *sql.Rows, c *Change) error {
		var at int64
		err := rows.Scan(&c.Number, &c.ID, &at, &c.What, &c.Title, &c.Since)
		c.Time = time.Unix(at, 0)
		return err
	}, `SELECT n, id, time, what, title, since FROM change WHERE n > ? AND id IN (?`+strings.Repeat(", ?", len(ids)-1)+`)
		ORDER BY n DESC LIMIT ?`, append(args, limit)...)
}

// LastChange is the number of the latest change.
func (b *Book) LastChange(ctx context.Context) (int64, error) {
	var n int64
	if err := b.db.QueryRowContext(ctx, "SELECT coalesce(max(n), 0) FROM change").Scan(&n); err != nil {
		return 0, fmt.Errorf("read the book of followers: %w", err)
	}
	return n, nil
}

// Times says when documents became as they are, of those that did so since somebody looks.
func (b *Book) Times(ctx context.Context, ids ...string) (map[string]time.Time, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	type at struct {
		id   string
		time int64
	}
	found, err := list(ctx, b, func(rows *sql.Rows, a *at) error { return rows.Scan(&a.id, &a.time) },
		"SELECT id, time FROM state WHERE time > 0 AND id IN (?"+strings.Repeat(", ?", len(ids)-1)+")", args...)
	times := map[string]time.Time{}
	for _, a := range found {
		times[a.id] = time.Unix(a.time, 0)
	}
	return times, err
}
