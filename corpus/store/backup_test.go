package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"tongsou/corpus/store"
)

// A backup taken while somebody writes is one moment of the store: a whole number of transactions.
func TestCopyWhileWriting(t *testing.T) {
	s, path := open(t)
	put(t, s, news("a-0", "一"), news("b-0", "二"))
	stop := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := 1; ; i++ {
			select {
			case <-stop:
				return
			default:
				put(t, s, news(fmt.Sprint("a-", i), "一"), news(fmt.Sprint("b-", i), "二"))
			}
		}
	})
	for i := range 5 {
		target := filepath.Join(t.TempDir(), "copy.db")
		if err := store.CopyDatabase(t.Context(), path, target); err != nil {
			t.Fatal(err)
		}
		if left, _ := filepath.Glob(target + "-*"); len(left) > 0 {
			t.Errorf("beside the copy there is %v", left)
		}
		c := reopen(t, target)
		if err := c.VerifyDeep(t.Context()); err != nil {
			t.Error(err)
		}
		if n := len(ids(t, c)); n < 2 || n%2 != 0 {
			t.Errorf("copy %d holds %d documents, half a transaction", i, n)
		}
	}
	close(stop)
	writer.Wait()
}

func TestCopyRefuses(t *testing.T) {
	s, path := open(t)
	put(t, s, news("a", "一"))
	dir := t.TempDir()
	there := filepath.Join(dir, "there.db")
	write("x")(t, there)
	wantError(t, store.CopyDatabase(t.Context(), path, there), "there already")
	wantError(t, store.CopyDatabase(t.Context(), filepath.Join(dir, "none.db"), filepath.Join(dir, "c.db")), "none.db")
	if _, err := os.Stat(filepath.Join(dir, "none.db")); err == nil {
		t.Error("a source was made")
	}
	noise := filepath.Join(dir, "noise.db")
	write(strings.Repeat("不是数据库", 1000))(t, noise)
	wantError(t, store.CopyDatabase(t.Context(), noise, filepath.Join(dir, "c.db")), "noise.db")
	if left, _ := filepath.Glob(filepath.Join(dir, "c.db*")); len(left) > 0 {
		t.Errorf("half a copy is left: %v", left)
	}
}

func TestVerifyDeepSeesWhatIsKeptBeside(t *testing.T) {
	for _, column := range []string{"kind = 'policy'", "family = 'x'", "same = 'x'", "begins = '2020-01-01'", "hash = 'x'"} {
		s, path := open(t)
		put(t, s, news("a", "一"), news("b", "二"))
		if err := s.VerifyDeep(t.Context()); err != nil {
			t.Fatal(err)
		}
		exec(t, path, "UPDATE document SET "+column+" WHERE id = 'b'")
		wantError(t, s.VerifyDeep(t.Context()), `"b"`, "backup")
	}
}
