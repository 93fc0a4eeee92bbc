package store_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"tongsou/corpus/store"
)

func TestOpenRefusesWhatIsNoStore(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(t *testing.T, path string)
		want []string
	}{
		{"text", write("这不是数据库，只是一段文字"), []string{"not a database", "backup"}},
		{"zeros", write(string(make([]byte, 8192))), []string{"not a database", "backup"}},
		{"torn header", func(t *testing.T, path string) {
			closed(t, path)
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			copy(raw, "XXXX")
			write(string(raw))(t, path)
		}, []string{"not a database", "backup"}},
		{"another program's", func(t *testing.T, path string) {
			exec(t, path, "CREATE TABLE notes (text TEXT)")
		}, []string{"another program", "another data directory"}},
		{"another program's with a version", func(t *testing.T, path string) {
			exec(t, path, "CREATE TABLE notes (text TEXT); PRAGMA user_version = 1; PRAGMA application_id = 7")
		}, []string{"another program", "another data directory"}},
		{"newer", func(t *testing.T, path string) {
			closed(t, path)
			exec(t, path, "PRAGMA user_version = 99")
		}, []string{"newer", "99", "update the program"}},
		{"folder", func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o755); err != nil {
				t.Fatal(err)
			}
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "store.db")
			c.make(t, path)
			before, _ := os.ReadFile(path) // a folder has no bytes
			s, err := store.Open(t.Context(), path)
			if err == nil {
				_ = s.Close()
			}
			wantError(t, err, append(c.want, "open store", path)...)
			if after, _ := os.ReadFile(path); !bytes.Equal(after, before) {
				t.Errorf("the file was changed")
			}
		})
	}
}

func write(text string) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// closed makes a store of one document and closes it.
func closed(t *testing.T, path string) {
	t.Helper()
	s, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, news("a", "一"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestOpenInAFolderThatIsNotThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no", "store.db")
	_, err := store.Open(t.Context(), path)
	wantError(t, err, "open store", path)
}

func TestOpenTakesAnyName(t *testing.T) {
	for _, name := range []string{"a b.db", "100%25.db", "what?.db", "a#b.db", "a&b=c.db", "通搜.db", "'q'\".db"} {
		path := filepath.Join(t.TempDir(), name)
		s := reopen(t, path)
		put(t, s, news("a", "一"))
		if _, err := os.Stat(path); err != nil {
			t.Errorf("the store is not at its path: %v", err)
		}
		wantIDs(t, reopen(t, path), "a")
	}
}

func TestOpenTakesAnEmptyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	write("")(t, path)
	put(t, reopen(t, path), news("a", "一"))
}

func TestOpenStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := store.Open(ctx, filepath.Join(t.TempDir(), "store.db")); err == nil {
		t.Error("no error from a cancelled Open")
	}
}

// Several programs may start on a fresh data directory at the same moment.
func TestOpenAtTheSameMoment(t *testing.T) {
	for range 5 {
		path := filepath.Join(t.TempDir(), "store.db")
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				s, err := store.Open(t.Context(), path)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := s.Count(t.Context()); err != nil {
					t.Error(err)
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
}
