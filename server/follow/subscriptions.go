package follow

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"
)

// The kinds of what can be followed.
const (
	Search   = "search"   // the target is the address of an answer: its parameters
	Document = "document" // the target is an ID
)

// Bounds on what is kept of one address and of all, and how long an address waits for its owner's yes.
const (
	MaxPerAddress = 50
	maxUnanswered = 5 // confirmations that one address is asked for at a time
	maxWaiting    = 5000
	confirmWithin = 48 * time.Hour
	askAgain      = time.Hour
	daily         = 24 * time.Hour // what is new comes at most so often
	hourly        = time.Hour      // and is looked for at most so often
	maxSeen       = 1000
	maxRefused    = 5
)

// The errors that are for the one who asks.
var (
	ErrBadAddress = errors.New("no e-mail address")
	ErrFull       = errors.New("too many wait for their confirmation")
	ErrNoToken    = errors.New("the link is not known or no longer valid")
)

// Wish is something that somebody wants to follow.
type Wish struct{ Email, Kind, Target, Label string }

// Subscription is something that an address follows or is asked about.
type Subscription struct {
	ID                  int64
	Email               string
	Kind, Target, Label string
	// Token confirms it, Leave ends everything of the address.
	Token, Leave string
	Confirmed    bool
	Seen         Seen
}

// Seen is what the follower knows already.
type Seen struct {
	IDs    []string `json:"ids,omitempty"`    // of a search
	Change int64    `json:"change,omitempty"` // of a document
}

// CleanAddress reads an e-mail address as people type it.
func CleanAddress(s string) (string, error) {
	s = strings.TrimSpace(s)
	a, err := mail.ParseAddress(s)
	if err != nil || a.Name != "" || a.Address != s || len(s) > 254 {
		return "", ErrBadAddress
	}
	local, domain, _ := strings.Cut(s, "@")
	if len(local) > 64 || !strings.Contains(domain, ".") || strings.ContainsAny(domain, "[] ") || strings.HasSuffix(domain, ".") {
		return "", ErrBadAddress
	}
	for _, r := range s {
		if r <= ' ' || r > '~' {
			return "", ErrBadAddress
		}
	}
	return local + "@" + strings.ToLower(domain), nil
}

// Add notes a wish that is to be confirmed. It says nothing of whether the address is known: what it follows already, or
// was asked about too often, is left as it is.
func (b *Book) Add(ctx context.Context, w Wish) error {
	email, err := CleanAddress(w.Email)
	if err != nil {
		return err
	}
	now := b.now()
	return b.change(ctx, func(tx *sql.Tx) error {
		var waiting int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM subscription WHERE confirmed = 0").Scan(&waiting); err != nil {
			return err
		}
		if waiting >= maxWaiting {
			return ErrFull
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO address (found, sealed, token, sent, checked, refused) VALUES (?, ?, ?, 0, 0, 0) ON CONFLICT DO NOTHING",
			b.seal.find(email), b.seal.hide(email), rand.Text()); err != nil {
			return err
		}
		var address int64
		var all, open int
		err := tx.QueryRowContext(ctx, `SELECT id, (SELECT count(*) FROM subscription WHERE address = a.id),
			(SELECT count(*) FROM subscription WHERE address = a.id AND confirmed = 0) FROM address a WHERE found = ?`, b.seal.find(email)).Scan(&address, &all, &open)
		if err != nil {
			return err
		}
		if all < MaxPerAddress && open < maxUnanswered {
			_, err = tx.ExecContext(ctx, `INSERT INTO subscription (address, kind, target, label, token, created, mailed, confirmed, seen)
				VALUES (?, ?, ?, ?, ?, ?, 0, 0, '{}') ON CONFLICT DO NOTHING`, address, w.Kind, w.Target, w.Label, rand.Text(), now.Unix())
			if err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `UPDATE subscription SET mailed = 0 WHERE address = ? AND kind = ? AND target = ? AND confirmed = 0 AND mailed < ?`,
			address, w.Kind, w.Target, now.Add(-askAgain).Unix())
		return err
	})
}

const columns = `s.id, a.sealed, a.found, s.kind, s.target, s.label, s.token, a.token, s.confirmed > 0, s.seen FROM subscription s JOIN address a ON a.id = s.address `

func (b *Book) scanSubscription(rows *sql.Rows, s *Subscription) (err error) {
	var seen string
	var sealed, found []byte
	if err := rows.Scan(&s.ID, &sealed, &found, &s.Kind, &s.Target, &s.Label, &s.Token, &s.Leave, &s.Confirmed, &seen); err != nil {
		return err
	}
	if s.Email, err = b.seal.show(sealed, found); err != nil {
		return err
	}
	return json.Unmarshal([]byte(seen), &s.Seen)
}

// ToConfirm lists those whose owner has not been asked yet.
func (b *Book) ToConfirm(ctx context.Context, limit int) ([]Subscription, error) {
	return list(ctx, b, b.scanSubscription, "SELECT "+columns+"WHERE s.confirmed = 0 AND s.mailed = 0 ORDER BY s.id LIMIT ?", limit)
}

// Asked notes that the owner was asked.
func (b *Book) Asked(ctx context.Context, id int64) error {
	_, err := b.db.ExecContext(ctx, "UPDATE subscription SET mailed = ? WHERE id = ?", b.now().Unix(), id)
	return err
}

// ByToken returns what a confirmation is about, or ErrNoToken.
func (b *Book) ByToken(ctx context.Context, token string) (Subscription, error) {
	found, err := list(ctx, b, b.scanSubscription, "SELECT "+columns+"WHERE s.token = ? AND (s.confirmed > 0 OR s.created > ?)",
		token, b.now().Add(-confirmWithin).Unix())
	if err == nil && (token == "" || len(found) != 1) {
		err = ErrNoToken
	}
	if err != nil {
		return Subscription{}, err
	}
	return found[0], nil
}

// Confirm is the owner's yes. seen is what there is to know already. A second yes changes nothing.
func (b *Book) Confirm(ctx context.Context, token string, seen Seen) error {
	s, err := b.ByToken(ctx, token)
	if err != nil || s.Confirmed {
		return err
	}
	raw, err := json.Marshal(seen)
	if err != nil {
		return err
	}
	_, err = b.db.ExecContext(ctx, "UPDATE subscription SET confirmed = ?, seen = ? WHERE id = ?", b.now().Unix(), string(raw), s.ID)
	return err
}

// Of lists what an address follows, by the token in its mails. No such address is ErrNoToken.
func (b *Book) Of(ctx context.Context, leave string) ([]Subscription, error) {
	found, err := list(ctx, b, b.scanSubscription, "SELECT "+columns+"WHERE a.token = ? AND s.confirmed > 0 ORDER BY s.id", leave)
	if err == nil && (leave == "" || len(found) == 0) {
		err = ErrNoToken
	}
	return found, err
}

// Leave ends one of an address's subscriptions, all of them when id is 0. With the last the address is forgotten. Leaving
// twice is harmless.
func (b *Book) Leave(ctx context.Context, leave string, id int64) error {
	return b.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM subscription WHERE (? = 0 OR id = ?) AND address = (SELECT id FROM address WHERE token = ?)", id, id, leave)
		if err != nil {
			return err
		}
		return forgetEmpty(ctx, tx)
	})
}

// Forget drops what was not confirmed in time, and the addresses that follow nothing.
func (b *Book) Forget(ctx context.Context) error {
	return b.change(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM subscription WHERE confirmed = 0 AND created <= ?", b.now().Add(-confirmWithin).Unix()); err != nil {
			return err
		}
		return forgetEmpty(ctx, tx)
	})
}

func forgetEmpty(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM address WHERE id NOT IN (SELECT address FROM subscription)")
	return err
}

// Due lists what the addresses follow that have had no mail for a day and were not looked at for an hour, by address, of at
// most limit addresses.
func (b *Book) Due(ctx context.Context, limit int) ([][]Subscription, error) {
	all, err := list(ctx, b, b.scanSubscription, "SELECT "+columns+`WHERE s.confirmed > 0 AND a.id IN
		(SELECT id FROM address WHERE sent <= ? AND checked <= ? AND id IN (SELECT address FROM subscription WHERE confirmed > 0)
		ORDER BY checked, id LIMIT ?) ORDER BY a.id, s.id`, b.now().Add(-daily).Unix(), b.now().Add(-hourly).Unix(), limit)
	var groups [][]Subscription
	for _, s := range all {
		if n := len(groups); n > 0 && groups[n-1][0].Email == s.Email {
			groups[n-1] = append(groups[n-1], s)
		} else {
			groups = append(groups, []Subscription{s})
		}
	}
	return groups, err
}

// Told notes what the followers of one address know now, and whether they got a mail for it or there was nothing new.
func (b *Book) Told(ctx context.Context, told []Subscription, mailed bool) error {
	return b.change(ctx, func(tx *sql.Tx) error {
		for _, s := range told {
			s.Seen.IDs = s.Seen.IDs[:min(len(s.Seen.IDs), maxSeen)]
			raw, err := json.Marshal(s.Seen)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, "UPDATE subscription SET seen = ? WHERE id = ?", string(raw), s.ID); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `UPDATE address SET checked = ?1, sent = CASE WHEN ?2 THEN ?1 ELSE sent END, refused = CASE WHEN ?2 THEN 0 ELSE refused END
				WHERE found = ?3`, b.now().Unix(), mailed, b.seal.find(s.Email)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Checked notes that an address was looked at, and that what is new for it has to wait.
func (b *Book) Checked(ctx context.Context, email string) error {
	_, err := b.db.ExecContext(ctx, "UPDATE address SET checked = ? WHERE found = ?", b.now().Unix(), b.seal.find(email))
	return err
}

// Refused notes that an address takes no mail. One that has not for some days is forgotten with all it follows.
func (b *Book) Refused(ctx context.Context, email string) error {
	return b.change(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE address SET refused = refused + 1, sent = ? WHERE found = ?", b.now().Unix(), b.seal.find(email)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM subscription WHERE confirmed = 0 AND mailed = 0 AND address = (SELECT id FROM address WHERE found = ?)", b.seal.find(email)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM address WHERE refused >= ?", maxRefused); err != nil {
			return err
		}
		return forgetEmpty(ctx, tx)
	})
}

// Count is the number of addresses that follow something, and of what they follow.
func (b *Book) Count(ctx context.Context) (addresses, subscriptions int, err error) {
	err = b.db.QueryRowContext(ctx, "SELECT count(DISTINCT address), count(*) FROM subscription WHERE confirmed > 0").Scan(&addresses, &subscriptions)
	if err != nil {
		err = fmt.Errorf("read the book of followers: %w", err)
	}
	return addresses, subscriptions, err
}
