package curation

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Role is what the bearer of a key may do. Each role may do what those before it may.
type Role string

// The roles: a reader looks, an editor changes entries and documents, an owner gives out keys.
const (
	Reader Role = "reader"
	Editor Role = "editor"
	Owner  Role = "owner"
)

// Roles lists the roles, the least first.
func Roles() []Role { return []Role{Reader, Editor, Owner} }

// May reports whether r includes another role. What is no role may nothing.
func (r Role) May(other Role) bool {
	have, need := slices.Index(Roles(), r), slices.Index(Roles(), other)
	return have >= 0 && need >= 0 && have >= need
}

// Key is a key as it is kept: all of it but the secret.
type Key struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Role    Role      `json:"role"`
	Created time.Time `json:"created"`
	// Expires is when it ends by itself, Revoked when somebody ended it; zero for never.
	Expires time.Time `json:"expires,omitzero"`
	Revoked time.Time `json:"revoked,omitzero"`
}

// Works reports whether the key opens anything at a time.
func (k *Key) Works(now time.Time) bool {
	return k.Revoked.IsZero() && (k.Expires.IsZero() || now.Before(k.Expires))
}

// keyPrefix makes a key that was published by mistake easy to find for those who scan for such things.
const keyPrefix = "tongsou"

// secretBytes makes a secret that nobody guesses. Because it is random and this long, one round of SHA-256 keeps it as
// well as a slow hash would: slow hashes are for passwords, of which there are few enough to try.
const secretBytes = 32

// NewKey describes a key to make. Days is for how long it works, 0 for ever.
type NewKey struct {
	Name string `json:"name"`
	Role Role   `json:"role"`
	Days int    `json:"days,omitempty"`
}

// maxKeyDays is the longest time that a key works: ten years.
const maxKeyDays = 3650

func (n *NewKey) check() error {
	n.Name = strings.TrimSpace(n.Name)
	switch {
	case n.Name == "" || utf8.RuneCountInString(n.Name) > 50:
		return &FieldError{"name", "请写明给谁用，1 到 50 个字"}
	case !slices.Contains(Roles(), n.Role):
		return &FieldError{"role", "应为 reader（查看）、editor（修改）或 owner（管理）"}
	case n.Days < 0 || n.Days > maxKeyDays:
		return &FieldError{"days", fmt.Sprintf("有效天数应为 1 到 %d，0 表示不过期", maxKeyDays)}
	}
	return nil
}

// CreateKey makes a key. The secret that it returns is known to nobody afterwards: only its hash is kept.
func (s *Store) CreateKey(ctx context.Context, who string, n NewKey) (Key, string, error) {
	if err := n.check(); err != nil {
		return Key{}, "", err
	}
	raw := make([]byte, 4+secretBytes)
	if _, err := rand.Read(raw); err != nil {
		return Key{}, "", fmt.Errorf("make a key: %w", err)
	}
	k := Key{ID: hex.EncodeToString(raw[:4]), Name: n.Name, Role: n.Role, Created: s.at(s.now().Unix())}
	if n.Days > 0 {
		k.Expires = k.Created.AddDate(0, 0, n.Days)
	}
	secret := hex.EncodeToString(raw[4:])
	hash := sha256.Sum256([]byte(secret))
	err := s.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO key (id, name, role, hash, created, expires, revoked) VALUES (?, ?, ?, ?, ?, ?, 0)",
			k.ID, k.Name, k.Role, hash[:], moment(k.Created), moment(k.Expires))
		if err != nil {
			return fmt.Errorf("keep the key in %s: %w", s.path, err)
		}
		return s.note(ctx, tx, who, KeyCreated, k.ID, nil, k)
	})
	return k, keyPrefix + "_" + k.ID + "_" + secret, err
}

const keyColumns = "id, name, role, created, expires, revoked"

func (s *Store) scanKey(row interface{ Scan(...any) error }, more ...any) (Key, error) {
	var k Key
	var created, expires, revoked int64
	err := row.Scan(append([]any{&k.ID, &k.Name, &k.Role, &created, &expires, &revoked}, more...)...)
	k.Created, k.Expires, k.Revoked = s.at(created), s.at(expires), s.at(revoked)
	return k, err
}

// Keys lists all keys, the newest first.
func (s *Store) Keys(ctx context.Context) ([]Key, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT "+keyColumns+" FROM key ORDER BY created DESC, id")
	return scanAll(rows, err, func(rows *sql.Rows) (Key, error) { return s.scanKey(rows) })
}

// Key returns the key of an ID, or an error that wraps ErrNotFound.
func (s *Store) Key(ctx context.Context, id string) (Key, error) {
	k, err := s.scanKey(s.db.QueryRowContext(ctx, "SELECT "+keyColumns+" FROM key WHERE id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		return Key{}, fmt.Errorf("key %s: %w", id, ErrNotFound)
	}
	return k, err
}

// Revoke ends a key at once. Revoking it again is harmless.
func (s *Store) Revoke(ctx context.Context, who, id string) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		k, err := s.scanKey(tx.QueryRowContext(ctx, "SELECT "+keyColumns+" FROM key WHERE id = ?", id))
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("key %s: %w", id, ErrNotFound)
		}
		if err != nil || !k.Revoked.IsZero() {
			return err
		}
		before := k
		k.Revoked = s.at(s.now().Unix())
		if _, err := tx.ExecContext(ctx, "UPDATE key SET revoked = ? WHERE id = ?", moment(k.Revoked), id); err != nil {
			return fmt.Errorf("revoke the key in %s: %w", s.path, err)
		}
		return s.note(ctx, tx, who, KeyRevoked, id, before, k)
	})
}

// Identify returns the key that a text is, or an error that wraps ErrNotFound when it is none that works. A secret is
// compared by its hash and in constant time, and an unknown ID takes as long as a known one.
func (s *Store) Identify(ctx context.Context, text string) (Key, error) {
	no := fmt.Errorf("that key: %w", ErrNotFound)
	parts := strings.Split(strings.TrimSpace(text), "_")
	if len(parts) != 3 || parts[0] != keyPrefix {
		return Key{}, no
	}
	given := sha256.Sum256([]byte(parts[2]))
	kept := make([]byte, 0, sha256.Size)
	k, err := s.scanKey(s.db.QueryRowContext(ctx, "SELECT "+keyColumns+", hash FROM key WHERE id = ?", parts[1]), &kept)
	unknown := errors.Is(err, sql.ErrNoRows)
	if err != nil && !unknown {
		return Key{}, err
	}
	if unknown {
		kept = make([]byte, sha256.Size)
	}
	if subtle.ConstantTimeCompare(given[:], kept) != 1 || unknown || !k.Works(s.now()) {
		return Key{}, no
	}
	return k, nil
}
