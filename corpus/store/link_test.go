package store_test

import (
	"errors"
	"reflect"
	"testing"

	"tongsou/corpus"
	"tongsou/corpus/store"
)

// policy is a document that is the same as every other of its number.
func policy(id, source, text string) *corpus.Document {
	return &corpus.Document{
		ID: id, Kind: corpus.KindPolicy, Title: "关于户口的通知", Number: "内政办发〔2023〕12号",
		Sections: []corpus.Section{{ID: "p1", Text: text}}, Source: corpus.Source{Name: source, File: id + ".html"},
	}
}

func item(id, source string, change func(*corpus.Document)) *corpus.Document {
	d := &corpus.Document{
		ID: id, Kind: corpus.KindItem, Title: "出生登记", Region: "150102", Source: corpus.Source{Name: source},
		Item: &corpus.Item{Code: "11150102000000", TaskCode: "T1"},
	}
	change(d)
	return d
}

// sources lists the names of the sources that have a document.
func sources(t *testing.T, s *store.Store, id string) []string {
	t.Helper()
	list, err := s.Sources(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, src := range list {
		names = append(names, src.Name)
	}
	return names
}

func deleteSource(t *testing.T, s *store.Store, source string) store.Summary {
	t.Helper()
	sum, err := s.DeleteSource(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func TestWhatIsTheSame(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		none := func(*corpus.Document) {}
		first := item("a", "甲", none)
		for _, c := range []struct {
			name   string
			first  *corpus.Document
			second *corpus.Document
			linked bool
		}{
			{"number and title", policy("a", "甲", "一"), policy("b", "乙", "二"), true},
			{"same source", policy("a", "甲", "一"), policy("b", "甲", "二"), false},
			{"other title", policy("a", "甲", "一"), func() *corpus.Document { d := policy("b", "乙", "一"); d.Title += "（续）"; return d }(), false},
			{"news about it", policy("a", "甲", "一"), func() *corpus.Document { d := policy("b", "乙", "一"); d.Kind = corpus.KindNews; return d }(), false},
			{"task code", first, item("b", "乙", func(d *corpus.Document) { d.Title, d.Region = "别名", "150105" }), true},
			{"other task code", first, item("b", "乙", func(d *corpus.Document) { d.Item.TaskCode = "T2" }), false},
			{"code, region and title", item("a", "甲", noTask), item("b", "乙", noTask), true},
			{"other region", item("a", "甲", noTask), item("b", "乙", func(d *corpus.Document) { noTask(d); d.Region = "150105" }), false},
			{"no codes", item("a", "甲", noCodes), item("b", "乙", noCodes), false},
		} {
			t.Run(c.name, func(t *testing.T) {
				s, _ := open(t)
				put(t, s, c.first)
				sum := put(t, s, c.second)
				if linked := sum.Linked == 1 && sum.Added == 0; linked != c.linked {
					t.Errorf("linked %v, want %v: %+v", linked, c.linked, sum)
				}
				if n := len(ids(t, s)); (n == 1) != c.linked {
					t.Errorf("the store holds %d documents", n)
				}
			})
		}
	})
}

func noTask(d *corpus.Document)  { d.Item.TaskCode = "" }
func noCodes(d *corpus.Document) { d.Item.TaskCode, d.Item.Code = "", "" }

func TestTwoSourcesOfOneDocument(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		s, _ := open(t)
		put(t, s, policy("a", "甲", "一"))
		wantSummary(t, "link", put(t, s, policy("b", "乙", "二")), store.Summary{Linked: 1, Sequence: 1})
		wantSummary(t, "link again", put(t, s, policy("b", "乙", "二")), store.Summary{Linked: 1, Sequence: 1})
		wantSummary(t, "its own", put(t, s, policy("a", "甲", "一")), store.Summary{Unchanged: 1, Sequence: 1})
		wantIDs(t, s, "a")
		want := []corpus.Source{{Name: "乙", File: "b.html"}, {Name: "甲", File: "a.html"}}
		if got, err := s.Sources(t.Context(), "a"); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("sources %+v, %v; want %+v", got, err, want)
		}
		if _, err := s.Sources(t.Context(), "b"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the sources of what was linked: %v, want ErrNotFound", err)
		}
		wantSummary(t, "delete one", deleteSource(t, s, "乙"), store.Summary{Sequence: 1})
		wantIDs(t, s, "a")
		put(t, s, policy("b", "乙", "二"))
		wantSummary(t, "delete the other", deleteSource(t, s, "甲"), store.Summary{Sequence: 1})
		wantIDs(t, s, "a")
		wantSummary(t, "delete both", deleteSource(t, s, "乙"), store.Summary{Deleted: 1, Sequence: 2})
		wantIDs(t, s)
		wantSummary(t, "delete what is not there", deleteSource(t, s, "乙"), store.Summary{Sequence: 2})
	})
}

// A document that lives on by a link alone makes way for the text of the source that still has it.
func TestTheLastSourceTakesOver(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		s, _ := open(t)
		put(t, s, policy("a", "甲", "一"))
		put(t, s, policy("b", "乙", "二"))
		put(t, s, policy("c", "丙", "三"))
		deleteSource(t, s, "甲")
		wantIDs(t, s, "a")
		wantSummary(t, "take over", put(t, s, policy("b", "乙", "二")), store.Summary{Added: 1, Deleted: 1, Sequence: 3})
		wantIDs(t, s, "b")
		if got := get(t, s, "b").Text(); got != "二" {
			t.Errorf("the text is %q, want 二", got)
		}
		if got, want := sources(t, s, "b"), []string{"丙", "乙"}; !reflect.DeepEqual(got, want) {
			t.Errorf("sources %q, want %q", got, want)
		}
		wantSummary(t, "again", put(t, s, policy("b", "乙", "二")), store.Summary{Unchanged: 1, Sequence: 3})
		wantSummary(t, "the first comes back", put(t, s, policy("a", "甲", "一")), store.Summary{Linked: 1, Sequence: 3})
		wantIDs(t, s, "b")
	})
}

// Two documents of one source stay two, also when another source has one of them.
func TestOwnDocumentsAreNotLinked(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		s, _ := open(t)
		put(t, s, policy("a1", "甲", "一"), policy("a2", "甲", "二"))
		put(t, s, policy("b", "乙", "三"))
		wantIDs(t, s, "a1", "a2")
		sum := put(t, s, policy("a1", "甲", "一"), policy("a2", "甲", "改"))
		wantSummary(t, "put again", sum, store.Summary{Unchanged: 1, Updated: 1, Sequence: 3})
		if got := get(t, s, "a2").Text(); got != "改" {
			t.Errorf("the text is %q, want 改", got)
		}
	})
}

func TestDeleteSource(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		s, _ := open(t)
		other := news("n3", "三")
		other.Source.Name = "网站"
		put(t, s, news("n1", "一"), news("n2", "二"), other)
		wantSummary(t, "unknown source", deleteSource(t, s, "没有"), store.Summary{Sequence: 3})
		wantSummary(t, "delete", deleteSource(t, s, "报纸"), store.Summary{Deleted: 2, Sequence: 5})
		wantIDs(t, s, "n3")
		if got, want := sources(t, s, "n3"), []string{"网站"}; !reflect.DeepEqual(got, want) {
			t.Errorf("sources %q, want %q", got, want)
		}
		moved := news("n3", "三")
		moved.Source = corpus.Source{Name: "网站", File: "moved.txt", Line: 8}
		put(t, s, moved)
		if got, err := s.Sources(t.Context(), "n3"); err != nil || !reflect.DeepEqual(got, []corpus.Source{moved.Source}) {
			t.Errorf("sources %+v, %v; want where it moved, %+v", got, err, moved.Source)
		}
	})
}

// TestDeleteOthers takes out of a source what its latest file does not have: also what it shares with another source, and what
// is kept under another source's ID.
func TestDeleteOthers(t *testing.T) {
	s, _ := open(t)
	in := func(d *corpus.Document, source, file string) *corpus.Document {
		d.Source = corpus.Source{Name: source, File: file}
		return d
	}
	none := func(*corpus.Document) {}
	put(t, s, in(item("theirs", "乙", none), "乙", "z"), in(news("shared", "同"), "乙", "z"))
	put(t, s, in(news("n1", "一"), "甲", "old"), in(news("n2", "二"), "甲", "old"), in(news("shared", "同"), "甲", "old"), in(item("ours", "甲", none), "甲", "old"))
	put(t, s, in(news("n2", "二"), "甲", "new"), in(item("ours", "甲", none), "甲", "new"))
	still := func(_, file string) bool { return file == "new" }
	var tooMany *store.TooManyError
	if _, _, err := s.DeleteOthers(t.Context(), "乙", 0.2, still); !errors.As(err, &tooMany) || *tooMany != (store.TooManyError{Source: "乙", Gone: 2, Held: 2}) {
		t.Errorf("all of a source: %v", err)
	} else if !store.HeldBack(err.Error()) || store.HeldBack("第 3 行：缺少标题") {
		t.Error("what was held back is not told from a fault of a record")
	}
	wantIDs(t, s, "n1", "n2", "shared", "theirs")
	gone, sum, err := s.DeleteOthers(t.Context(), "甲", 0.2, still)
	if err != nil || !reflect.DeepEqual(gone, []string{"n1"}) || sum.Deleted != 1 {
		t.Errorf("gone %v, %+v, %v", gone, sum, err)
	}
	wantIDs(t, s, "n2", "shared", "theirs")
	if got := sources(t, s, "shared"); !reflect.DeepEqual(got, []string{"乙"}) {
		t.Errorf("what was shared is of %q", got)
	}
	if got := sources(t, s, "theirs"); !reflect.DeepEqual(got, []string{"乙", "甲"}) && !reflect.DeepEqual(got, []string{"甲", "乙"}) {
		t.Errorf("what is the same is of %q", got)
	}
	if gone, sum, err = s.DeleteOthers(t.Context(), "没有", 0.2, still); err != nil || len(gone) > 0 || sum.Deleted != 0 {
		t.Errorf("of a source that there is not: %v, %+v, %v", gone, sum, err)
	}
}
