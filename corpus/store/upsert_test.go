package store_test

import (
	"testing"

	"tongsou/corpus"
	"tongsou/corpus/store"
)

func TestPutAgain(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		base := func() *corpus.Document { return news("a", "原文") }
		for _, c := range []struct {
			name   string
			change func(*corpus.Document)
			want   store.Summary
		}{
			{"the same", func(*corpus.Document) {}, store.Summary{Unchanged: 1, Sequence: 2}},
			{"another file", func(d *corpus.Document) { d.Source.File = "moved.txt" }, store.Summary{Unchanged: 1, Sequence: 2}},
			{"another line", func(d *corpus.Document) { d.Source.Line = 99 }, store.Summary{Unchanged: 1, Sequence: 2}},
			{"another source", func(d *corpus.Document) { d.Source.Name = "网站" }, store.Summary{Unchanged: 1, Sequence: 2}},
			{"another title", func(d *corpus.Document) { d.Title = "改" }, store.Summary{Updated: 1, Sequence: 3}},
			{"another text", func(d *corpus.Document) { d.Sections[0].Text = "改" }, store.Summary{Updated: 1, Sequence: 3}},
			{"no text", func(d *corpus.Document) { d.Sections = nil }, store.Summary{Updated: 1, Sequence: 3}},
			{"another kind", func(d *corpus.Document) { d.Kind = corpus.KindPolicy }, store.Summary{Updated: 1, Sequence: 3}},
			{"repealed", func(d *corpus.Document) { d.Repealed = "2024-01-01" }, store.Summary{Updated: 1, Sequence: 3}},
		} {
			t.Run(c.name, func(t *testing.T) {
				s, _ := open(t)
				wantSummary(t, "first", put(t, s, base(), news("b", "旁边")), store.Summary{Added: 2, Sequence: 2})
				d := base()
				c.change(d)
				wantSummary(t, "again", put(t, s, d), c.want)
				got := get(t, s, "a")
				if got.Title != d.Title || got.Text() != d.Text() || got.Kind != d.Kind || got.Repealed != d.Repealed {
					t.Errorf("the store holds %+v, want %+v", got, d)
				}
				c.want.Unchanged, c.want.Updated = 1, 0
				wantSummary(t, "a third time", put(t, s, d), c.want)
			})
		}
	})
}

// The bytes of a broken text are mended on the way in; that must not look like a change the next time.
func TestPutAgainWhatIsNoText(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		s, _ := open(t)
		v1, v2 := version("v1", "2001-01-01"), version("v2", "2012-07-01")
		v1.Issuer, v2.Issuer = "公安\xff局", "公安\xe5\xb1"
		put(t, s, v1, v2)
		sum := put(t, s, v1, v2)
		wantSummary(t, "again", sum, store.Summary{Unchanged: 2, Sequence: sum.Sequence})
		if got := get(t, s, "v1").Issuer; got != "公安\ufffd局" {
			t.Errorf("the issuer is %q", got)
		}
	})
}

func TestPutTwiceInOneBatch(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		s, _ := open(t)
		sum := put(t, s, news("a", "一"), news("a", "一"), news("a", "二"))
		wantSummary(t, "batch", sum, store.Summary{Added: 1, Unchanged: 1, Updated: 1, Sequence: 2})
		if got := get(t, s, "a").Text(); got != "二" {
			t.Errorf("the store holds %q, want the last, 二", got)
		}
	})
}

func TestPutAfterDelete(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		s, _ := open(t)
		put(t, s, news("a", "一"))
		sum, err := s.Delete(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		wantSummary(t, "delete", sum, store.Summary{Deleted: 1, Sequence: 2})
		if sum, err = s.Delete(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		wantSummary(t, "delete again", sum, store.Summary{Sequence: 2})
		wantSummary(t, "put again", put(t, s, news("a", "一")), store.Summary{Added: 1, Sequence: 3})
		wantIDs(t, s, "a")
	})
}

// A broken member of a family makes the whole batch fail, since the family cannot be linked.
func TestFailedPutStoresNothing(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		s, path := open(t)
		put(t, s, version("v1", "2020-01-01"))
		exec(t, path, "UPDATE document SET body = x'00' WHERE id = 'v1'")
		sum, err := s.Put(t.Context(), []*corpus.Document{news("n", "一"), version("v2", "2021-01-01")})
		wantError(t, err, "v1", path, "backup")
		wantSummary(t, "a failed Put", sum, store.Summary{})
		wantIDs(t, s, "v1")
		wantSummary(t, "the next", put(t, s, news("n", "一")), store.Summary{Added: 1, Sequence: 2})
	})
}
