package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tongsou/corpus"
	"tongsou/corpus/store"
)

func versionIDs(t *testing.T, s *store.Store, family string) string {
	t.Helper()
	list, err := s.Versions(t.Context(), family)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, d := range list {
		found = append(found, d.ID)
	}
	return strings.Join(found, " ")
}

func TestVersionsOfAFamily(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		s, _ := open(t)
		other := version("w1", "2010-01-01")
		other.Family = "居住证办法"
		put(t, s, version("v3", "2020-05-01"), other, version("v1", "2001-01-01"), version("v2", "2012-07-01"), news("n1", "无版本"))
		for family, want := range map[string]string{"户口办法": "v1 v2 v3", "居住证办法": "w1", "没有": "", "": ""} {
			if got := versionIDs(t, s, family); got != want {
				t.Errorf("family %q: got %q, want %q", family, got, want)
			}
		}
		if _, err := s.Delete(t.Context(), "v2"); err != nil {
			t.Fatal(err)
		}
		if got := versionIDs(t, s, "户口办法"); got != "v1 v3" {
			t.Errorf("after v2 was deleted: got %q", got)
		}
		list, err := s.Versions(t.Context(), "户口办法")
		if err != nil || list[0].Superseded != "2020-05-01" {
			t.Errorf("v1 is superseded on %q (%v), want the day of v3", list[0].Superseded, err)
		}
	})
}

// itemChanges writes seq:id, with a minus for what is no item any more.
func itemChanges(t *testing.T, s *store.Store, after uint64) string {
	t.Helper()
	var found []string
	err := s.ItemChanges(t.Context(), after, func(seq uint64, id string, d *corpus.Document) error {
		sign := "-"
		if d != nil && d.ID == id && d.Item != nil {
			sign = "+"
		}
		found = append(found, fmt.Sprint(seq, sign, id))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(found, " ")
}

func TestItemChanges(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		s, _ := open(t)
		item := func(id string) *corpus.Document {
			return &corpus.Document{ID: id, Kind: corpus.KindItem, Title: "事项 " + id, Item: &corpus.Item{Body: "公安局"}}
		}
		if got := itemChanges(t, s, 0); got != "" {
			t.Errorf("an empty store changes %q", got)
		}
		put(t, s, item("i1"), news("n1", "消息"), item("i2"))
		if got := itemChanges(t, s, 0); got != "1+i1 2-n1 3+i2" {
			t.Errorf("got %q", got)
		}
		if _, err := s.Delete(t.Context(), "i1"); err != nil {
			t.Fatal(err)
		}
		put(t, s, news("i2", "如今是新闻"))
		if got := itemChanges(t, s, 3); got != "4-i1 5-i2" {
			t.Errorf("after what was seen: got %q", got)
		}
		if got := itemChanges(t, s, 5); got != "" {
			t.Errorf("when all is seen: got %q", got)
		}
	})
}

func TestItemChangesEndsWithTheVisitAndTheContext(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		s, _ := open(t)
		put(t, s, news("n1", "一"), news("n2", "二"))
		enough := errors.New("enough")
		calls := 0
		stop := func(uint64, string, *corpus.Document) error { calls++; return enough }
		if err := s.ItemChanges(t.Context(), 0, stop); !errors.Is(err, enough) || calls != 1 {
			t.Errorf("got %v after %d calls, want the visit's error after one", err, calls)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.ItemChanges(ctx, 0, stop); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want the context's error", err)
		}
	})
}

// Both lookups must not grow with the store; a factor of 8 leaves room for a busy machine, a scan takes a hundred times as long.
func TestLookupsDoNotSlowDown(t *testing.T) {
	s, path := open(t)
	put(t, s, version("v1", "2001-01-01"), version("v2", "2012-07-01"))
	fastest := func(after uint64) time.Duration {
		best := time.Hour
		for range 20 {
			began := time.Now()
			if got := versionIDs(t, s, "户口办法"); got != "v1 v2" {
				t.Fatalf("got %q", got)
			}
			if got := itemChanges(t, s, after); got != "" {
				t.Fatalf("got %q", got)
			}
			best = min(best, time.Since(began))
		}
		return best
	}
	small := fastest(3)
	exec(t, path, fillTable)
	if large := fastest(1005000); large > 8*small {
		t.Errorf("the lookups take %v in a small store and %v beside 5,000 documents", small, large)
	}
}
