package follow_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"tongsou/server/follow"
)

// bytesOf is everything that lies in a folder, but for what is named.
func bytesOf(t *testing.T, dir string, without ...string) []byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, e := range entries {
		if len(without) > 0 && e.Name() == without[0] {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, raw...)
	}
	return all
}

func TestAddressesAreSealed(t *testing.T) {
	ctx := context.Background()
	b, _, path := newBook(t)
	add(t, b, "zhang.sealed@example.org", "q=1")
	add(t, b, "zhang.sealed@example.org", "q=2")
	add(t, b, "li.sealed@example.org", "q=1")
	if all := bytesOf(t, filepath.Dir(path)); bytes.Contains(all, []byte("sealed@example")) || !bytes.Contains(all, []byte("q=2")) {
		t.Error("an address stands in the file in the clear")
	}
	if list := waiting(t, b); len(list) != 3 || list[0].Email != "zhang.sealed@example.org" || list[1].Email != list[0].Email || list[2].Email != "li.sealed@example.org" {
		t.Errorf("kept are %+v", list)
	}
	info, err := os.Stat(filepath.Join(filepath.Dir(path), follow.KeyName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file: %v, %v", info, err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := follow.Open(ctx, path, follow.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if list := waiting(t, again); len(list) != 3 || list[2].Email != "li.sealed@example.org" {
		t.Errorf("after opening it again: %+v", list)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestBooksInTheClearAreSealed opens a book of the first schema: nobody is lost, and no address stays in the clear.
func TestBooksInTheClearAreSealed(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "follow.db")
	raw, err := os.ReadFile("testdata/schema1.sql")
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(ctx, string(raw)); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(bytesOf(t, filepath.Dir(path)), []byte("old-li@example.org")) {
		t.Fatal("the old book holds no address")
	}
	for range 2 {
		b, err := follow.Open(ctx, path, follow.Options{})
		if err != nil {
			t.Fatal(err)
		}
		li, err := b.Of(ctx, "LEAVE-LI")
		if err != nil || len(li) != 2 || li[0].Email != "old-li@example.org" || li[0].Seen.Change != 3 || li[1].Target != "q=取暖" {
			t.Errorf("of the one: %+v, %v", li, err)
		}
		zhang, err := b.ByToken(ctx, "YES-1")
		if err != nil || zhang.Email != "old-zhang@example.org" || zhang.Leave != "LEAVE-ZHANG" || len(zhang.Seen.IDs) != 1 {
			t.Errorf("of the other: %+v, %v", zhang, err)
		}
		if addresses, subscriptions, err := b.Count(ctx); err != nil || addresses != 2 || subscriptions != 3 {
			t.Errorf("%d, %d, %v", addresses, subscriptions, err)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if bytes.Contains(bytesOf(t, filepath.Dir(path)), []byte("example.org")) {
		t.Error("an address stands in the file in the clear")
	}
	b, err := follow.Open(ctx, path, follow.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Leave(ctx, "LEAVE-LI", 0); err != nil {
		t.Fatal(err)
	}
	if _, subscriptions, err := b.Count(ctx); err != nil || subscriptions != 1 {
		t.Errorf("leaving after the sealing leaves %d, %v", subscriptions, err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestKeyFiles(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	path, given := filepath.Join(dir, "follow.db"), filepath.Join(t.TempDir(), "elsewhere.key")
	opened := func() (*follow.Book, error) { return follow.Open(ctx, path, follow.Options{KeyFile: given}) }
	refused := func(what, want string) {
		t.Helper()
		b, err := opened()
		if err == nil {
			err = errors.Join(errors.New("it opened"), b.Close())
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", what, err, want)
		}
	}
	write := func(text string, mode os.FileMode) {
		t.Helper()
		if err := errors.Join(os.WriteFile(given, []byte(text), mode), os.Chmod(given, mode)); err != nil {
			t.Fatal(err)
		}
	}
	write("secret", 0o600)
	refused("a key that is none", "64 hexadecimal digits")
	write(strings.Repeat("ab", 32), 0o644)
	refused("a key that everybody may read", "chmod 600")
	write(strings.Repeat("ab", 32)+"\n", 0o640)
	b, err := opened()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, follow.KeyName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a second key was made: %v", err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	write(strings.Repeat("cd", 32), 0o600) // nothing is sealed yet, so another key does as well
	if b, err = opened(); err != nil {
		t.Fatal(err)
	}
	add(t, b, "zhang@example.org", "q=1")
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	write(strings.Repeat("ab", 32), 0o600)
	refused("another key", "not the one")
	if err := os.Remove(given); err != nil {
		t.Fatal(err)
	}
	refused("no key", "is missing")
	if _, err := os.Stat(given); !errors.Is(err, os.ErrNotExist) {
		t.Error("a key was made in the place of the one that is needed")
	}
	write(strings.Repeat("cd", 32), 0o600)
	if b, err = opened(); err != nil {
		t.Fatal(err)
	}
	if list := waiting(t, b); len(list) != 1 || list[0].Email != "zhang@example.org" {
		t.Errorf("with the right key: %+v", list)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestSealedAddressesAreBoundToTheirRows exchanges what two addresses are sealed as.
func TestSealedAddressesAreBoundToTheirRows(t *testing.T) {
	ctx := context.Background()
	b, _, path := newBook(t)
	add(t, b, "zhang@example.org", "q=1")
	add(t, b, "li@example.org", "q=1")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(ctx, "UPDATE address SET sealed = (SELECT sealed FROM address WHERE id = 2) WHERE id = 1"); err != nil {
		t.Fatal(err)
	}
	if list, err := b.ToConfirm(ctx, 10); err == nil {
		t.Errorf("an address moved to another's row opens: %+v", list)
	}
}

// TestTwoProcessesMakeOneKey opens the same new book from many sides at once.
func TestTwoProcessesMakeOneKey(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "follow.db")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			b, err := follow.Open(ctx, path, follow.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			if err := b.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	b, err := follow.Open(ctx, path, follow.Options{})
	if err != nil {
		t.Fatal(err)
	}
	add(t, b, "zhang@example.org", "q=1")
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
}
