package store_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"tongsou/corpus"
	"tongsou/corpus/store"
)

// version is one version of a law, in force from a day on; its source is named like it.
func version(id string, effective corpus.Date) *corpus.Document {
	return &corpus.Document{
		ID: id, Kind: corpus.KindPolicy, Title: "户口办法", Family: "户口办法", Effective: effective,
		Source: corpus.Source{Name: id, File: id + ".md"},
	}
}

// superseded lists id:day for every document, "" for one that nothing took the place of.
func superseded(t *testing.T, s *store.Store) string {
	t.Helper()
	days := map[string]string{}
	for _, id := range ids(t, s) {
		days[id] = id + ":" + string(get(t, s, id).Superseded)
	}
	return strings.Join(slices.Sorted(maps.Values(days)), " ")
}

func TestVersionsSupersedeEachOther(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		v1, v2, v3 := version("v1", "2001-01-01"), version("v2", "2012-07-01"), version("v3", "2020-05-01")
		same := version("v4", "2012-07-01") // a corrected print of v2
		undated := version("v5", "")
		published := version("v6", "")
		published.Published = "2015-01-01"
		const all = "v1:2012-07-01 v2:2020-05-01 v3:"
		for _, c := range []struct {
			name string
			docs []*corpus.Document
			want string
		}{
			{"oldest first", []*corpus.Document{v1, v2, v3}, all},
			{"newest first", []*corpus.Document{v3, v2, v1}, all},
			{"the middle last", []*corpus.Document{v3, v1, v2}, all},
			{"two of one day", []*corpus.Document{v1, v2, same, v3}, "v1:2012-07-01 v2:2020-05-01 v3: v4:2020-05-01"},
			{"one without a day", []*corpus.Document{undated, v1, v2}, "v1:2012-07-01 v2: v5:"},
			{"one that says only when it was published", []*corpus.Document{v2, published}, "v2:2015-01-01 v6:"},
		} {
			t.Run(c.name+" in one batch", func(t *testing.T) {
				s, _ := open(t)
				put(t, s, c.docs...)
				if got := superseded(t, s); got != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
			})
			t.Run(c.name+" one by one", func(t *testing.T) {
				s, _ := open(t)
				for _, d := range c.docs {
					put(t, s, d)
				}
				if got := superseded(t, s); got != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
				sum := put(t, s, c.docs...)
				wantSummary(t, "put again", sum, store.Summary{Unchanged: len(c.docs), Sequence: sum.Sequence})
			})
		}
	})
}

func TestVersionsAreSetBack(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		for _, c := range []struct {
			name   string
			remove func(*store.Store) error
			want   string
		}{
			{"delete the newest", func(s *store.Store) error { _, err := s.Delete(t.Context(), "v3"); return err }, "v1:2012-07-01 v2:"},
			{"delete its source", func(s *store.Store) error { _, err := s.DeleteSource(t.Context(), "v3"); return err }, "v1:2012-07-01 v2:"},
			{"delete the middle", func(s *store.Store) error { _, err := s.Delete(t.Context(), "v2"); return err }, "v1:2020-05-01 v3:"},
			{"the newest is another law's", func(s *store.Store) error {
				d := version("v3", "2020-05-01")
				d.Family = "居住证办法"
				_, err := s.Put(t.Context(), []*corpus.Document{d})
				return err
			}, "v1:2012-07-01 v2: v3:"},
			{"the middle is nobody's version", func(s *store.Store) error {
				d := version("v2", "2012-07-01")
				d.Family = ""
				_, err := s.Put(t.Context(), []*corpus.Document{d})
				return err
			}, "v1:2020-05-01 v2: v3:"},
			{"the newest begins earlier", func(s *store.Store) error {
				_, err := s.Put(t.Context(), []*corpus.Document{version("v3", "2005-05-01")})
				return err
			}, "v1:2005-05-01 v2: v3:2012-07-01"},
		} {
			t.Run(c.name, func(t *testing.T) {
				s, _ := open(t)
				put(t, s, version("v1", "2001-01-01"), version("v2", "2012-07-01"), version("v3", "2020-05-01"))
				var m mirror
				m.follow(t, s, 100)
				if err := c.remove(s); err != nil {
					t.Fatal(err)
				}
				if got := superseded(t, s); got != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
				m.follow(t, s, 100)
				m.wantSame(t, s)
			})
		}
	})
}
