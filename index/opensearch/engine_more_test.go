package opensearch_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/index/enginetest"
	"tongsou/index/opensearch"
)

// The pairs of query and item over the sample hold here as they do on the embedded engine.
func TestPairs(t *testing.T) {
	e := open(t, func(o *opensearch.Options) { o.Now = enginetest.SampleDay })
	if err := e.Apply(t.Context(), enginetest.Sample(t)); err != nil {
		t.Fatal(err)
	}
	if err := e.Learn(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := enginetest.Pairs(t, e, "../embedded/testdata/invariants.txt"); n < 700 {
		t.Errorf("the file has %d pairs, want those of the embedded engine", n)
	}
	if e.Related().Len() == 0 {
		t.Error("nothing was learned")
	}
}

func notice(id, text string, seq uint64) index.Change {
	return index.Change{Seq: seq, ID: id, Document: &corpus.Document{
		ID: id, Kind: corpus.KindNews, Title: "标题" + id, Sections: []corpus.Section{{ID: "p1", Text: text}},
	}}
}

func total(t *testing.T, e index.Searcher, text string) int {
	t.Helper()
	res, err := e.Search(context.Background(), index.Query{Text: text})
	if err != nil {
		t.Fatal(err)
	}
	if res.Partial {
		t.Fatalf("the answer to %s is partial", text)
	}
	n := 0
	for _, g := range res.Groups {
		n += g.Total
	}
	return n
}

// A write that comes late undoes nothing newer: neither a change nor a deletion.
func TestLateWritesUndoNothing(t *testing.T) {
	e := open(t, nil)
	for _, changes := range [][]index.Change{
		{notice("a", "供暖", 5), {Seq: 6, ID: "b"}},
		{notice("a", "供水", 3), notice("b", "供水", 4)}, // late
	} {
		if err := e.Apply(t.Context(), changes); err != nil {
			t.Fatal(err)
		}
	}
	if warm, water := total(t, e, "供暖"), total(t, e, "供水"); warm != 1 || water != 0 {
		t.Errorf("供暖 finds %d and 供水 %d, want the newer document alone", warm, water)
	}
	if e.Sequence() != 6 {
		t.Errorf("the sequence is %d after late writes, want 6", e.Sequence())
	}
}

// Another process sees what this one wrote, and goes on from there.
func TestTwoProcesses(t *testing.T) {
	prefix := fmt.Sprintf("two-%d", time.Now().UnixNano())
	one := open(t, func(o *opensearch.Options) { o.Prefix = prefix })
	other := open(t, func(o *opensearch.Options) { o.Prefix = prefix })
	if err := one.Apply(t.Context(), []index.Change{notice("a", "供暖", 1)}); err != nil {
		t.Fatal(err)
	}
	if n := total(t, other, "供暖"); n != 1 {
		t.Errorf("the other finds %d", n)
	}
	for end := time.Now().Add(30 * time.Second); other.Sequence() != 1; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the other stays at sequence %d", other.Sequence())
		}
	}
}

// A rebuild is swapped in while searches go on: none fails, none comes up short.
func TestRebuild(t *testing.T) {
	e := open(t, nil)
	var changes []index.Change
	for i := range 20 {
		changes = append(changes, notice(fmt.Sprintf("n%d", i), "供暖季节", uint64(i+1)))
	}
	if err := e.Apply(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	if err := e.Distrust("试一试", true); err != nil || len(e.Health().Faults) != 1 {
		t.Fatalf("error %v, health %+v", err, e.Health())
	}
	if err := e.Apply(t.Context(), []index.Change{notice("x", "供暖", 21)}); !errors.Is(err, index.ErrUnavailable) {
		t.Errorf("an index that is not trusted takes a change: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for ctx.Err() == nil {
				if n := total(t, e, "供暖季节"); n != 20 {
					t.Errorf("during a rebuild %d documents match, want 20", n)
					return
				}
			}
		})
	}
	feed := func(_ context.Context, after uint64) ([]index.Change, error) {
		rest := changes[min(after, uint64(len(changes))):]
		return rest[:min(7, len(rest))], nil
	}
	err := e.Rebuild(t.Context(), feed)
	stop()
	readers.Wait()
	if err != nil || len(e.Health().Faults) != 0 || e.Sequence() != 20 || e.Stale() {
		t.Errorf("after a rebuild: %v, %+v, sequence %d", err, e.Health(), e.Sequence())
	}
	broken := errors.New("the store broke")
	if err := e.Rebuild(t.Context(), func(context.Context, uint64) ([]index.Change, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("got %v, want the feed's error", err)
	}
	if n := total(t, e, "供暖季节"); n != 20 {
		t.Errorf("after a failed rebuild %d documents match", n)
	}
}

// Audit names every document, and pages of more than one request hold all.
func TestAudit(t *testing.T) {
	e := open(t, func(o *opensearch.Options) { o.Shards = 3 })
	if err := e.Apply(t.Context(), enginetest.Sample(t)); err != nil {
		t.Fatal(err)
	}
	seen := map[string]corpus.Kind{}
	if err := e.Audit(t.Context(), func(id string, kind corpus.Kind) { seen[id] = kind }); err != nil {
		t.Fatal(err)
	}
	for _, c := range enginetest.Sample(t) {
		if seen[c.ID] != c.Document.Kind {
			t.Errorf("%s is told as %q", c.ID, seen[c.ID])
		}
	}
}

// An overlay pins and hides, and words of the operator's own count.
func TestOverlay(t *testing.T) {
	e := open(t, func(o *opensearch.Options) { o.Now = enginetest.SampleDay })
	if err := e.Apply(t.Context(), enginetest.Sample(t)); err != nil {
		t.Fatal(err)
	}
	q := index.Query{Text: "结婚登记", Filter: index.Filter{Kinds: []corpus.Kind{corpus.KindItem}}}
	plain, err := e.Search(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	hits := plain.Groups[0].Hits
	if len(hits) < 3 {
		t.Fatalf("结婚登记 finds %d items", len(hits))
	}
	last, first := hits[len(hits)-1].ID, hits[0].ID
	s, err := e.Overlaid(index.Overlay{Pins: []index.Pin{{Query: q.Text, Documents: []string{last}}}, Hidden: []index.Hidden{{Document: first}}})
	if err != nil {
		t.Fatal(err)
	}
	bent, err := s.Search(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if got := bent.Groups[0].Hits[0]; got.ID != last || len(got.Why) == 0 {
		t.Errorf("the first is %s (%v), want the pinned %s", got.ID, got.Why, last)
	}
	for _, h := range bent.Groups[0].Hits {
		if h.ID == first {
			t.Errorf("the hidden %s is found", first)
		}
	}
}

func TestOpenRefusesNonsense(t *testing.T) {
	for want, o := range map[string]opensearch.Options{
		"no address": {}, "is none": {Access: opensearch.Access{Addresses: []string{"localhost:9200"}}},
		"small letters": {Access: opensearch.Access{Addresses: []string{"http://x"}}, Prefix: "Ab"},
		"1 to 1024":     {Access: opensearch.Access{Addresses: []string{"http://x"}}, Shards: 1025},
	} {
		if _, err := opensearch.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want %q", o, err, want)
		}
	}
}
