package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/index/embedded"
	"tongsou/index/enginetest"
	"tongsou/segment"
)

func clock() time.Time { return time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC) }

func open(t *testing.T, path string, change func(*embedded.Options)) *embedded.Engine {
	t.Helper()
	o := embedded.Options{Path: path, Now: clock}
	if change != nil {
		change(&o)
	}
	e, err := embedded.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// TestContract holds with room for a few lists of postings, so that most are forgotten and read again.
func TestContract(t *testing.T) {
	const room = 16 << 10
	enginetest.Run(t, func(t *testing.T) index.Engine {
		return open(t, t.TempDir(), func(o *embedded.Options) { o.CacheBytes = room })
	})
}

func news(id, text string) index.Change {
	return index.Change{ID: id, Document: &corpus.Document{
		ID: id, Kind: corpus.KindNews, Title: "标题" + id, Sections: []corpus.Section{{ID: "p1", Text: text}},
	}}
}

func numbered(changes ...index.Change) []index.Change {
	for i := range changes {
		changes[i].Seq = uint64(i + 1)
	}
	return changes
}

func total(t *testing.T, e *embedded.Engine, text string) int {
	t.Helper()
	res, err := e.Search(context.Background(), index.Query{Text: text})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, g := range res.Groups {
		n += g.Total
	}
	return n
}

func TestReopen(t *testing.T) {
	path := t.TempDir()
	e := open(t, path, nil)
	if err := e.Apply(t.Context(), numbered(news("a", "供暖"), news("b", "供暖"), news("c", "供水"))); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = open(t, path, nil)
	if e.Sequence() != 3 || total(t, e, "供暖") != 2 {
		t.Errorf("after reopening: sequence %d and %d hits, want 3 and 2", e.Sequence(), total(t, e, "供暖"))
	}
	if e.Stale() {
		t.Error("an index of this very program is stale")
	}
}

func TestSecondOpenIsToldWhoHoldsIt(t *testing.T) {
	path := t.TempDir()
	open(t, path, nil)
	if _, err := embedded.Open(embedded.Options{Path: path}); !errors.Is(err, index.ErrLocked) {
		t.Errorf("got %v, want ErrLocked", err)
	}
}

func TestOpenRefusesNonsense(t *testing.T) {
	if _, err := embedded.Open(embedded.Options{Path: t.TempDir(), Shards: 65}); err == nil || !strings.Contains(err.Error(), "1 to 64") {
		t.Errorf("65 shards: got %v", err)
	}
}

// TestRebuild swaps an index made with a larger dictionary in while searches go on: none fails, none comes up short.
func TestRebuild(t *testing.T) {
	path := t.TempDir()
	var changes []index.Change
	for _, id := range strings.Split("abcdefghijklmnopqrst", "") {
		changes = append(changes, news(id, "超级供暖站"+id))
	}
	changes = numbered(changes...)
	e := open(t, path, nil)
	if err := e.Apply(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	larger, err := segment.New(strings.NewReader("超级供暖站\n"))
	if err != nil {
		t.Fatal(err)
	}
	e = open(t, path, func(o *embedded.Options) { o.Segmenter = larger })
	if !e.Stale() {
		t.Fatal("an index of another dictionary is not stale")
	}
	ctx, stop := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for range 2 {
		readers.Add(1)
		go func() {
			defer readers.Done()
			for ctx.Err() == nil {
				if n := total(t, e, "超级供暖站"); n != 20 {
					t.Errorf("during a rebuild %d documents match, want 20", n)
					return
				}
			}
		}()
	}
	err = e.Rebuild(t.Context(), func(_ context.Context, after uint64) ([]index.Change, error) {
		rest := changes[min(after, uint64(len(changes))):]
		return rest[:min(7, len(rest))], nil
	})
	stop()
	readers.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if e.Stale() || e.Sequence() != 20 || total(t, e, "超级供暖站") != 20 {
		t.Errorf("after a rebuild: stale %v, sequence %d", e.Stale(), e.Sequence())
	}
	if left, _ := filepath.Glob(filepath.Join(path, "gen-*")); len(left) != 1 {
		t.Errorf("generations left: %v", left)
	}
}

func TestFailedRebuildLeavesTheOldIndex(t *testing.T) {
	path := t.TempDir()
	e := open(t, path, nil)
	if err := e.Apply(t.Context(), numbered(news("a", "供暖"))); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the store broke")
	err := e.Rebuild(t.Context(), func(context.Context, uint64) ([]index.Change, error) { return nil, broken })
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want the feed's error", err)
	}
	if total(t, e, "供暖") != 1 {
		t.Error("the old index does not answer after a failed rebuild")
	}
	if left, _ := filepath.Glob(filepath.Join(path, "gen-*")); len(left) != 1 {
		t.Errorf("generations left: %v", left)
	}
}

func TestCompactKeepsEveryDocument(t *testing.T) {
	e := open(t, t.TempDir(), nil)
	for i := range 12 {
		id := string(rune('a' + i))
		if err := e.Apply(t.Context(), []index.Change{{Seq: uint64(i + 1), ID: id, Document: news(id, strings.Repeat("供暖季节到来。", 400)).Document}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := total(t, e, "供暖季节"); n != 12 {
		t.Errorf("after compacting %d documents match, want 12", n)
	}
}

// One law says it in more articles than a page looks at: the others must be found all the same, on the pages where the
// total promises them.
func TestPagesReachWhatOneLongLawCrowdsOut(t *testing.T) {
	e := open(t, t.TempDir(), nil)
	law := &corpus.Document{ID: "law", Kind: corpus.KindPolicy, Title: "取水许可条例"}
	for i := range 300 {
		a := corpus.Article{Number: i + 1}
		law.Sections = append(law.Sections, corpus.Section{ID: a.ID(), Label: a.String(), Text: "取水许可证由取水许可机关发给"})
	}
	changes := []index.Change{{ID: law.ID, Document: law}}
	const others = 70
	for i := range others {
		d := &corpus.Document{ID: fmt.Sprintf("notice%02d", i), Kind: corpus.KindPolicy, Title: fmt.Sprintf("第%d号通知", i)}
		d.Sections = []corpus.Section{{ID: "p1", Text: strings.Repeat("关于水利工程建设与管理的其他要求", 5) + "取水许可证由机关发给"}}
		changes = append(changes, index.Change{ID: d.ID, Document: d})
	}
	if err := e.Apply(t.Context(), numbered(changes...)); err != nil {
		t.Fatal(err)
	}
	for _, sort := range []index.Sort{index.ByRelevance, index.ByDate} {
		q := index.Query{Text: "取水许可证由机关发给", Limit: 15, Sort: sort, Filter: index.Filter{Kinds: []corpus.Kind{corpus.KindPolicy}}}
		seen := map[string]bool{}
		for range others {
			res, err := e.Search(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if n := res.Groups[0].Total; n != others+1 {
				t.Errorf("by %s: %d in all, want %d", sort, n, others+1)
			}
			for _, h := range res.Groups[0].Hits {
				if seen[h.ID] {
					t.Errorf("by %s: %s comes twice", sort, h.ID)
				}
				seen[h.ID] = true
			}
			if q.Next = res.Next; q.Next == "" {
				break
			}
		}
		if len(seen) != others+1 {
			t.Errorf("by %s: the pages hold %d documents, want %d", sort, len(seen), others+1)
		}
	}
}

// An order by date is an order of what the query finds, not of whatever shares a character with it.
func TestOrderByDateHoldsOnlyWhatMatches(t *testing.T) {
	e := open(t, t.TempDir(), nil)
	old, fresh := news("old", "住房公积金提取办法"), news("fresh", "住宅小区停水通知")
	old.Document.Published, fresh.Document.Published = "2010-01-01", "2025-01-01"
	if err := e.Apply(t.Context(), numbered(old, fresh)); err != nil {
		t.Fatal(err)
	}
	res, err := e.Search(t.Context(), index.Query{Text: "住房公积金怎么提取", Sort: index.ByDate})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range res.Groups {
		for _, h := range g.Hits {
			if h.ID != "old" {
				t.Errorf("%s is found", h.ID)
			}
		}
	}
}
