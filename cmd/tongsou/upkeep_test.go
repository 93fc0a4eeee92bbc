package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tongsou/server/follow"
)

// filled ingests n news into a data directory.
func filled(t *testing.T, data string, n int) {
	t.Helper()
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"id": "n%d", "kind": "news", "title": "政务大厅第%d号消息"}`+"\n", i, i)
	}
	must(t, "ingest", "--data", data, "--source", "消息", write(t, filepath.Join(t.TempDir(), "n.jsonl"), b.String()))
}

// readyz is what the server says of itself.
func readyz(t *testing.T, address string) (code int, status string, body string) {
	t.Helper()
	code, raw := fetch(t, address+"/readyz")
	var got struct{ Status string }
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	return code, got.Status, string(raw)
}

func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	data, target := t.TempDir(), filepath.Join(t.TempDir(), "b", "one")
	filled(t, data, 30)
	address, stop := serving(t, data)
	if out := must(t, "backup", "--data", data, target); !strings.Contains(out, "30 篇") {
		t.Errorf("backup beside serve says %s", out)
	}
	if code, _ := fetch(t, address+"/api/v1/documents/n7"); code != http.StatusOK {
		t.Errorf("after the backup serve answers %d", code)
	}
	if _, err := os.Stat(filepath.Join(target, "index", "CURRENT")); err != nil {
		t.Errorf("the backup made beside serve has no index: %v", err)
	}
	if _, err := tongsou(t, "restore", "--data", data, "--force", target); err == nil || !strings.Contains(err.Error(), "先停止 serve") {
		t.Errorf("restore beside serve: %v", err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	filled(t, data, 40)
	if _, err := tongsou(t, "restore", "--data", data, target); err == nil || !strings.Contains(err.Error(), "--force") {
		t.Errorf("restore over data without --force: %v", err)
	}
	must(t, "restore", "--data", data, "--force", target)
	must(t, "check", "--data", data, "--deep")
	if out := must(t, "search", "--data", data, "政务大厅第39号消息"); strings.Contains(out, "39") {
		t.Errorf("what came after the backup is still there:\n%s", out)
	}
	if kept, err := filepath.Glob(filepath.Join(data, "replaced-*", "store.db")); err != nil || len(kept) != 1 {
		t.Errorf("what was replaced is not kept: %v %v", kept, err)
	}
	fresh := filepath.Join(t.TempDir(), "fresh")
	must(t, "restore", "--data", fresh, target)
	must(t, "check", "--data", fresh, "--deep")
}

// TestBackupsAndTheKeyOfFollowers backs up a book of followers with its key beside it, and with the key elsewhere: then the key
// is in no backup, and both commands say that it has to be kept.
func TestBackupsAndTheKeyOfFollowers(t *testing.T) {
	const email = "zhang@example.org"
	data, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "elsewhere.key")
	filled(t, data, 3)
	open := func(dir, key string) (*follow.Book, error) {
		return follow.Open(t.Context(), filepath.Join(dir, followName), follow.Options{KeyFile: key})
	}
	kept := func(what, dir, key string) {
		t.Helper()
		b, err := open(dir, key)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		list, err := b.ToConfirm(t.Context(), 10)
		if err = errors.Join(err, b.Close()); err != nil || len(list) != 1 || list[0].Email != email {
			t.Errorf("%s: %+v, %v", what, list, err)
		}
	}
	book, err := open(data, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(book.Add(t.Context(), follow.Wish{Email: email, Kind: follow.Search, Target: "q=1", Label: "1"}), book.Close()); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	notes := func(args ...string) string {
		t.Helper()
		_, notes, err := tongsouSays(t.Context(), args...)
		if err != nil {
			t.Fatal(err)
		}
		return notes
	}
	if out := notes("backup", "--data", data, filepath.Join(dir, "with")); strings.Contains(out, "密钥") {
		t.Errorf("a backup with its key says %s", out)
	}
	if info, err := os.Stat(filepath.Join(dir, "with", follow.KeyName)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key in the backup: %v, %v", info, err)
	}
	must(t, "restore", "--data", filepath.Join(dir, "one"), filepath.Join(dir, "with"))
	kept("restored with its key", filepath.Join(dir, "one"), "")

	if err := os.Rename(filepath.Join(data, follow.KeyName), elsewhere); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TONGSOU_FOLLOW_KEY_FILE", elsewhere)
	if out := notes("backup", "--data", data, filepath.Join(dir, "without")); !strings.Contains(out, elsewhere) {
		t.Errorf("a backup without its key says %s", out)
	}
	if _, err := os.Stat(filepath.Join(dir, "without", follow.KeyName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a key that is kept elsewhere is in the backup: %v", err)
	}
	t.Setenv("TONGSOU_FOLLOW_KEY_FILE", "")
	if out := notes("restore", "--data", filepath.Join(dir, "two"), filepath.Join(dir, "without")); !strings.Contains(out, "follow_key_file") {
		t.Errorf("restoring a backup without its key says %s", out)
	}
	if b, err := open(filepath.Join(dir, "two"), ""); err == nil {
		_ = b.Close()
		t.Error("addresses open without their key")
	}
	kept("restored, with the key from elsewhere", filepath.Join(dir, "two"), elsewhere)
}

func TestBackupsAreVerified(t *testing.T) {
	t.Parallel()
	data, dir := t.TempDir(), t.TempDir()
	filled(t, data, 5)
	target := filepath.Join(dir, "good")
	must(t, "backup", "--data", data, target)
	must(t, "restore", "--check", target)
	for name, harm := range map[string]func(dir string) error{
		"a byte flipped": func(dir string) error {
			raw, err := os.ReadFile(filepath.Join(dir, "store.db"))
			if err != nil {
				return err
			}
			raw[len(raw)/2] ^= 1
			return os.WriteFile(filepath.Join(dir, "store.db"), raw, 0o600)
		},
		"a file cut":       func(dir string) error { return os.Truncate(filepath.Join(dir, "store.db"), 4096) },
		"a file gone":      func(dir string) error { return os.Remove(filepath.Join(dir, "store.db")) },
		"no inventory":     func(dir string) error { return os.Remove(filepath.Join(dir, "backup.json")) },
		"a torn inventory": func(dir string) error { return os.Truncate(filepath.Join(dir, "backup.json"), 40) },
		"a path that leaves": func(dir string) error {
			raw, err := os.ReadFile(filepath.Join(dir, "backup.json"))
			if err != nil {
				return err
			}
			raw = []byte(strings.Replace(string(raw), `"index/CURRENT"`, `"../../../escaped"`, 1))
			return os.WriteFile(filepath.Join(dir, "backup.json"), raw, 0o600)
		},
	} {
		bad, fresh := filepath.Join(t.TempDir(), "bad"), filepath.Join(t.TempDir(), "fresh")
		if err := os.CopyFS(bad, os.DirFS(target)); err != nil {
			t.Fatal(err)
		}
		if err := harm(bad); err != nil {
			t.Fatal(err)
		}
		if _, err := tongsou(t, "restore", "--data", fresh, bad); err == nil || !strings.Contains(err.Error(), "备份") {
			t.Errorf("%s: restore says %v", name, err)
		}
		if list, _ := os.ReadDir(fresh); len(list) > 0 {
			t.Errorf("%s: restore left %v", name, list)
		}
	}
	for want, args := range map[string][]string{
		"已经有文件":  {"backup", "--data", data, target},
		"数据目录里面": {"backup", "--data", data, filepath.Join(data, "b")},
		"没有可备份":  {"backup", "--data", filepath.Join(dir, "none"), filepath.Join(dir, "b")},
		"请给出一个":  {"backup", "--data", data},
	} {
		if _, err := tongsou(t, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %s", args, err, want)
		}
	}
}

// A restore that was killed leaves a mark, and nothing opens the directory until it is done again.
func TestHalfARestoreIsNotOpened(t *testing.T) {
	t.Parallel()
	data, target := t.TempDir(), filepath.Join(t.TempDir(), "b")
	filled(t, data, 5)
	must(t, "backup", "--data", data, target)
	write(t, filepath.Join(data, restoringName), "")
	for _, args := range [][]string{{"check", "--data", data}, {"serve", "--data", data, "--addr", "127.0.0.1:0"}, {"search", "--data", data, "x"}} {
		if _, err := tongsou(t, args...); err == nil || !strings.Contains(err.Error(), "restore --force") {
			t.Errorf("%v: %v", args, err)
		}
	}
	must(t, "restore", "--data", data, "--force", target)
	must(t, "check", "--data", data, "--deep")
}

// A damaged index never keeps serve from starting: it mends itself, and says so meanwhile.
func TestServeMendsItsIndex(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	filled(t, data, 30)
	for _, c := range []struct {
		name string
		harm func()
		left string
	}{
		{"shards", func() { breakShards(t, data) }, `"total":30`},
		{"manifest", func() { writeAll(t, filepath.Join(data, "index", "gen-*", "manifest.json"), "{") }, `"total":30`},
		{"current", func() { writeAll(t, filepath.Join(data, "index", "CURRENT"), "gen-7") }, `"total":30`},
		{"segments", func() { writeAll(t, filepath.Join(data, "index", "gen-*", "*", "store", "*.zap"), "") }, `"total":30`},
		{"a document that the store lacks", func() {
			tamper(t, data, "UPDATE document SET body = NULL WHERE id = 'n3'", "DELETE FROM origin WHERE id = 'n3'")
		}, `"total":29`},
	} {
		c.harm()
		address, stop := serving(t, data)
		until(t, c.name, func() bool {
			code, status, body := readyz(t, address)
			if status == "ready" && code != http.StatusOK || status == "unavailable" && code != http.StatusServiceUnavailable {
				t.Errorf("%s: %d with %s", c.name, code, body)
			}
			return status == "ready" && hall(t, address, c.left)
		})
		if err := stop(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// hall reports whether a search for all that filled made says this.
func hall(t *testing.T, address, want string) bool {
	t.Helper()
	_, raw := fetch(t, address+"/api/v1/search?q=%E6%94%BF%E5%8A%A1%E5%A4%A7%E5%8E%85")
	return strings.Contains(string(raw), want)
}

func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("%s: it does not come to an end", what)
}

func writeAll(t *testing.T, pattern, text string) {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no %s: %v", pattern, err)
	}
	for _, name := range names {
		write(t, name, text)
	}
}

// A rebuild is asked of the serve that holds the index, which goes on answering.
func TestRebuild(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	filled(t, data, 30)
	before := current(t, data)
	if out := must(t, "rebuild", "--data", data); !strings.Contains(out, "第 30 号") || current(t, data) == before {
		t.Errorf("rebuild says %s", out)
	}
	before = current(t, data)
	address, _ := serving(t, data)
	if out := must(t, "rebuild", "--data", data, "--json"); !strings.Contains(out, `"by_serve": true`) || current(t, data) == before {
		t.Errorf("rebuild beside serve says %s", out)
	}
	if _, status, body := readyz(t, address); status != "ready" || !strings.Contains(body, `"rebuild":{"running":false,"documents":30`) {
		t.Errorf("after the rebuild serve is %s", body)
	}
	if !hall(t, address, `"total":30`) {
		t.Error("after the rebuild the search does not find all")
	}
}

func current(t *testing.T, data string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(data, "index", "CURRENT"))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestDeepCheckSeesWhatTheOtherDoesNot(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	filled(t, data, 5)
	tamper(t, data, "UPDATE document SET hash = 'x' WHERE id = 'n3'")
	must(t, "check", "--data", data)
	if out, err := tongsou(t, "check", "--data", data, "--deep"); err == nil || !strings.Contains(out, `"n3"`) {
		t.Errorf("check --deep: %v\n%s", err, out)
	}
	filled(t, data, 6)
	write(t, filepath.Join(data, "journal.db"), strings.Repeat("坏", 3000))
	if out, err := tongsou(t, "check", "--data", data, "--deep"); err == nil || !strings.Contains(out, "journal.db") {
		t.Errorf("check --deep: %v\n%s", err, out)
	}
}
