package embedded_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/index/embedded"
)

// feedOf is a store that holds these changes.
func feedOf(changes []index.Change) embedded.Feed {
	return func(_ context.Context, after uint64) ([]index.Change, error) {
		for i, c := range changes {
			if c.Seq > after {
				return changes[i:], nil
			}
		}
		return nil, nil
	}
}

func few(o *embedded.Options) { o.Shards = 1 }

// made makes an index of twenty news and twenty policies and closes it, or leaves it as a killed process does.
func made(t *testing.T, closed bool) (path string, changes []index.Change) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "index")
	for _, id := range strings.Split("abcdefghijklmnopqrst", "") {
		policy := news("p"+id, "供暖管理办法的内容"+id)
		policy.Document.Kind = corpus.KindPolicy
		changes = append(changes, news(id, "供暖站"+id), policy)
	}
	changes = numbered(changes...)
	e := open(t, path, few)
	for part := range slices.Chunk(changes, 10) {
		if err := e.Apply(t.Context(), part); err != nil {
			t.Fatal(err)
		}
	}
	if !closed {
		for { // until no file goes away meanwhile: bleve goes on merging
			left := filepath.Join(t.TempDir(), "left")
			err := os.CopyFS(left, os.DirFS(path))
			if err == nil {
				return left, changes
			}
			if !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return path, changes
}

func copyTree(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	var list []string
	if err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && name != "lock" {
			list = append(list, name)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return list
}

// harms are what disks do to files.
var harms = []struct {
	name string
	do   func(raw []byte) []byte
}{
	{"first byte flipped", func(raw []byte) []byte { raw[0] ^= 0x10; return raw }},
	{"middle byte flipped", func(raw []byte) []byte { raw[len(raw)/2] ^= 0x01; return raw }},
	{"last byte flipped", func(raw []byte) []byte { raw[len(raw)-1] ^= 0x80; return raw }},
	{"cut in half", func(raw []byte) []byte { return raw[:len(raw)/2] }},
	{"emptied", func([]byte) []byte { return nil }},
}

func harm(t *testing.T, name string, do func([]byte) []byte) {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(name, do(raw), 0o600), os.Chtimes(name, time.Time{}, info.ModTime())); err != nil {
		t.Fatal(err)
	}
}

// Whatever happens to whatever file of an index: it opens, says so unless nothing is lost, and is whole after a rebuild.
func TestDamageIsSeenAndMended(t *testing.T) {
	base, changes := made(t, true)
	for _, name := range files(t, base) {
		for _, h := range harms {
			t.Run(name[strings.Index(name, "/")+1:]+" "+h.name, func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "index")
				copyTree(t, base, path)
				harm(t, filepath.Join(path, filepath.FromSlash(name)), h.do)
				e := open(t, path, few)
				health := e.Health()
				if n := foundOr503(t, e, health.Blind); n != len(changes) && len(health.Faults) == 0 {
					t.Errorf("only %d of %d are found, and nothing is said of it", n, len(changes))
				}
				if len(health.Faults) == 0 {
					return
				}
				if err := e.Apply(t.Context(), changes[:1]); !errors.Is(err, index.ErrUnavailable) {
					t.Errorf("a damaged index takes changes: %v", err)
				}
				if err := e.Rebuild(t.Context(), feedOf(changes)); err != nil {
					t.Fatal(err)
				}
				if h := e.Health(); len(h.Faults) > 0 || h.Blind || h.Rebuild.Documents != len(changes) || h.Rebuild.Running {
					t.Errorf("after the rebuild: %+v", h)
				}
				if n := foundOr503(t, e, false); n != len(changes) {
					t.Errorf("%d found after the rebuild, want %d", n, len(changes))
				}
			})
		}
	}
}

func foundOr503(t *testing.T, e *embedded.Engine, blind bool) int {
	t.Helper()
	_, err := e.Search(t.Context(), index.Query{Text: "供暖"})
	if blind != errors.Is(err, index.ErrUnavailable) {
		t.Fatalf("blind is %v, and a search says %v", blind, err)
	}
	if blind {
		return 0
	}
	return total(t, e, "供暖")
}

// One damaged shard leaves the others to answer.
func TestSoundShardsAnswer(t *testing.T) {
	path, changes := made(t, true)
	segments, err := filepath.Glob(filepath.Join(path, "gen-*", "news-0", "store", "*.zap"))
	if err != nil || len(segments) == 0 {
		t.Fatalf("no segments: %v", err)
	}
	for _, s := range segments {
		harm(t, s, harms[1].do)
	}
	e := open(t, path, few)
	if h := e.Health(); len(h.Faults) != 1 || h.Blind {
		t.Errorf("health: %+v", h)
	}
	if res, err := e.Search(t.Context(), index.Query{Text: "供暖"}); err != nil || !res.Partial || len(res.Query.Notes) == 0 {
		t.Errorf("half an answer does not say so: %+v %v", res, err)
	}
	if n := total(t, e, "供暖"); n != len(changes)/2 {
		t.Errorf("%d found, want the %d policies", n, len(changes)/2)
	}
}

// After a kill there is no closed ledger. Segments are then vouched for by their own sums.
func TestDamageAfterAKill(t *testing.T) {
	base, changes := made(t, false)
	e := open(t, base, few)
	if h := e.Health(); len(h.Faults) > 0 || total(t, e, "供暖") != len(changes) {
		t.Errorf("after a kill: %+v, %d found", h, total(t, e, "供暖"))
	}
	base, _ = made(t, false)
	for _, name := range files(t, base) {
		path := filepath.Join(base, filepath.FromSlash(name))
		if info, err := os.Stat(path); err != nil {
			t.Fatal(err)
		} else if filepath.Ext(name) == ".zap" && info.Size() > 0 { // the kill may have come when one had just been begun
			harm(t, path, harms[1].do)
		}
	}
	if h := open(t, base, few).Health(); len(h.Faults) == 0 {
		t.Error("damaged segments that no ledger knows are not seen")
	}
}

func TestDistrustedIndexes(t *testing.T) {
	path, changes := made(t, true)
	e := open(t, path, few)
	if err := e.Distrust("two documents are missing", true); err != nil || foundOr503(t, e, false) != len(changes) {
		t.Errorf("a sound index stops answering: %v", err)
	}
	if err := e.Distrust("it belongs to another store", false); err != nil {
		t.Error(err)
	}
	foundOr503(t, e, true)
	if h := e.Health(); len(h.Faults) != 2 || !h.Blind {
		t.Errorf("health: %+v", h)
	}
	if err := e.Rebuild(t.Context(), feedOf(changes)); err != nil || foundOr503(t, e, false) != len(changes) {
		t.Errorf("after the rebuild: %v", err)
	}
}

// A copy is an index like any other, and what is written meanwhile is not in it.
func TestCopyOfAnIndexInUse(t *testing.T) {
	path, changes := made(t, true)
	e := open(t, path, few)
	target := filepath.Join(t.TempDir(), "copy")
	if err := e.CopyTo(t.Context(), target); err != nil {
		t.Fatal(err)
	}
	later := news("later", "供暖站later")
	later.Seq = 100
	if err := e.Apply(t.Context(), []index.Change{later}); err != nil {
		t.Fatal(err)
	}
	if err := e.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := open(t, target, few)
	if h := c.Health(); len(h.Faults) > 0 || c.Sequence() != uint64(len(changes)) || foundOr503(t, c, false) != len(changes) {
		t.Errorf("the copy: %+v, sequence %d", h, c.Sequence())
	}
	seen := 0
	if err := c.Audit(t.Context(), func(string, corpus.Kind) { seen++ }); err != nil || seen != len(changes) {
		t.Errorf("the audit saw %d of %d documents: %v", seen, len(changes), err)
	}
	if err := e.CopyTo(t.Context(), filepath.Join(path, "lock", "below a file")); err == nil {
		t.Error("a copy into a file is no error")
	}
}

// The clock may jump: nothing durable depends on it.
func TestClockJumps(t *testing.T) {
	path, changes := made(t, true)
	now := clock()
	e := open(t, path, func(o *embedded.Options) { o.Shards = 1; o.Now = func() time.Time { return now } })
	for _, jump := range []time.Duration{-100 * 365 * 24 * time.Hour, 0, 200 * 365 * 24 * time.Hour, -time.Nanosecond} {
		now = clock().Add(jump)
		if err := e.Rebuild(t.Context(), feedOf(changes)); err != nil {
			t.Fatalf("at %v: %v", now, err)
		}
		if n := foundOr503(t, e, false); n != len(changes) {
			t.Errorf("at %v: %d found", now, n)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if n := foundOr503(t, open(t, path, few), false); n != len(changes) {
		t.Errorf("%d found after reopening", n)
	}
}
