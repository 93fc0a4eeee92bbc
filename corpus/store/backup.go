package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"modernc.org/sqlite"

	files "tongsou/corpus/sqlite"
)

// CopyDatabase copies the SQLite database at path to the file target, which must not exist, while others read and write
// it: SQLite's own backup takes one moment of it. The copy is checked page by page, needs no other file, and is durable.
func CopyDatabase(ctx context.Context, path, target string) (err error) {
	if _, err := os.Lstat(target); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("back up %s: %s is there already; choose another name", path, target)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("back up %s: %w", path, err)
			for _, end := range []string{"", "-wal", "-shm", "-journal"} {
				_ = os.Remove(target + end) // half a copy is of no use; most of these are not there
			}
		}
	}()
	if _, err := os.Stat(path); err != nil {
		return err // SQLite would make an empty one
	}
	if err := copyPages(ctx, path, target); err != nil {
		return err
	}
	if err := VerifyDatabase(ctx, target); err != nil { // the last to close it leaves nothing beside the file
		return err
	}
	return syncFile(target)
}

func copyPages(ctx context.Context, path, target string) error {
	db, err := sql.Open("sqlite", files.Address(path, "_pragma=busy_timeout(10000)"))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // it was only read
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	return conn.Raw(func(c any) error {
		source, ok := c.(interface {
			NewBackup(target string) (*sqlite.Backup, error)
		})
		if !ok {
			return fmt.Errorf("the driver's %T makes no backups", c)
		}
		b, err := source.NewBackup(files.Address(target))
		if err != nil {
			return err
		}
		for more := true; more && err == nil; {
			if err = ctx.Err(); err == nil {
				// All at once: between steps another process's write would start the copy over, for ever while one ingests.
				// A reader does not hold up the writer.
				more, err = b.Step(-1)
			}
		}
		return errors.Join(err, b.Finish())
	})
}

// VerifyDatabase checks any SQLite database page by page, and its tables against their indexes.
func VerifyDatabase(ctx context.Context, path string) error {
	if _, err := os.Stat(path); err != nil {
		return err // SQLite would make an empty one
	}
	db, err := sql.Open("sqlite", files.Address(path, "_pragma=busy_timeout(10000)", "_pragma=synchronous(FULL)"))
	if err != nil {
		return err
	}
	var verdict string
	err = db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&verdict)
	if err == nil && verdict != "ok" {
		err = fmt.Errorf("the database is damaged: %s", verdict)
	}
	return errors.Join(err, db.Close())
}

func syncFile(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
