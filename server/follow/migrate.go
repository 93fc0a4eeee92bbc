package follow

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
)

// unlock reads the key file, or makes one where nothing needs the one that is missing.
func (b *Book) unlock(ctx context.Context, version int) error {
	addresses := 0
	var mark []byte
	if version == form.Schema {
		err := b.db.QueryRowContext(ctx, "SELECT mark, (SELECT count(*) FROM address) FROM seal").Scan(&mark, &addresses)
		if err != nil && !errors.Is(err, sql.ErrNoRows) { // in a database that is new nothing is marked yet
			return fmt.Errorf("read which key it needs: %w", err)
		}
	}
	secret, err := readSecret(b.key)
	if errors.Is(err, fs.ErrNotExist) && addresses > 0 {
		return fmt.Errorf("the key of the addresses is missing: put %s back from where it was kept; without it move the book away, and all subscriptions end", b.key)
	}
	if errors.Is(err, fs.ErrNotExist) {
		secret, err = makeSecret(b.key)
	}
	if err != nil {
		return fmt.Errorf("read the key of the addresses: %w", err)
	}
	if b.seal, err = newSeal(secret); err != nil {
		return err
	}
	switch {
	case version < form.Schema || hmac.Equal(mark, b.seal.mark()):
		return nil
	case addresses > 0:
		return fmt.Errorf("the key in %s is not the one that the addresses were sealed with; put the right one back", b.key)
	}
	return b.change(ctx, func(tx *sql.Tx) error { return b.setMark(ctx, tx) })
}

// setMark notes which key the book is written with.
func (b *Book) setMark(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO seal (one, mark) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET mark = excluded.mark", b.seal.mark())
	return err
}

// beforeSealing makes room for sealed addresses in a book of schema 1.
const beforeSealing = `
CREATE TABLE seal (one INTEGER PRIMARY KEY CHECK (one = 1), mark BLOB NOT NULL);
CREATE TABLE sealed_address (
	id INTEGER PRIMARY KEY, found BLOB NOT NULL UNIQUE, sealed BLOB NOT NULL, token TEXT NOT NULL UNIQUE,
	sent INTEGER NOT NULL, checked INTEGER NOT NULL, refused INTEGER NOT NULL
);
`

// sealAll seals the addresses of a book of schema 1, all or none, and takes their traces out of the file.
func (b *Book) sealAll(ctx context.Context) error {
	err := b.withoutReferences(ctx, func(conn *sql.Conn) error {
		tx, err := conn.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }() // after Commit it does nothing
		if _, err := tx.ExecContext(ctx, beforeSealing); err != nil {
			return err
		}
		if err := b.copySealed(ctx, tx); err != nil {
			return err
		}
		if err := b.setMark(ctx, tx); err != nil {
			return err
		}
		for _, stmt := range []string{"DROP TABLE address", "ALTER TABLE sealed_address RENAME TO address", fmt.Sprintf("PRAGMA user_version = %d", form.Schema)} {
			if _, err := tx.ExecContext(ctx, stmt); err != nil {
				return err
			}
		}
		return tx.Commit()
	})
	if err != nil {
		return fmt.Errorf("seal the addresses: %w", err)
	}
	if _, err := b.db.ExecContext(ctx, "VACUUM"); err != nil {
		return fmt.Errorf("take what is sealed out of the file: %w", err)
	}
	return nil
}

// withoutReferences runs do on a connection on which dropping a table does not drop what refers to it.
func (b *Book) withoutReferences(ctx context.Context, do func(*sql.Conn) error) (err error) {
	conn, err := b.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, "PRAGMA foreign_keys = 0"); err != nil {
		return err
	}
	err = do(conn)
	_, back := conn.ExecContext(ctx, "PRAGMA foreign_keys = 1")
	return errors.Join(err, back)
}

// copySealed seals one address after another.
func (b *Book) copySealed(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, "SELECT id, email FROM address")
	if err != nil {
		return err
	}
	all := map[int64]string{}
	for rows.Next() {
		var id int64
		var email string
		if err := rows.Scan(&id, &email); err != nil {
			return errors.Join(err, rows.Close())
		}
		all[id] = email
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for id, email := range all {
		_, err := tx.ExecContext(ctx, "INSERT INTO sealed_address SELECT id, ?, ?, token, sent, checked, refused FROM address WHERE id = ?",
			b.seal.find(email), b.seal.hide(email), id)
		if err != nil {
			return err
		}
	}
	return nil
}
