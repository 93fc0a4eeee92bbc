package embedded_test

import (
	"context"
	"slices"
	"testing"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/index/embedded"
)

func overlay(t *testing.T, e *embedded.Engine, o index.Overlay) {
	t.Helper()
	if err := e.SetOverlay(o); err != nil {
		t.Fatal(err)
	}
}

// pages reads all pages of the items for a query and checks that they hold the total, each document once.
func pages(t *testing.T, e *embedded.Engine, q index.Query) []index.Hit {
	t.Helper()
	q.Limit = 7
	q.Filter.Kinds = []corpus.Kind{corpus.KindItem}
	var all []index.Hit
	seen := map[string]bool{}
	for {
		res, err := e.Search(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range res.Groups[0].Hits {
			if seen[h.ID] {
				t.Errorf("%q: %s comes twice", q.Text, h.ID)
			}
			seen[h.ID] = true
			all = append(all, h)
		}
		if q.Next = res.Next; q.Next == "" {
			if len(all) != res.Groups[0].Total {
				t.Errorf("%q: the pages hold %d hits, the total is %d", q.Text, len(all), res.Groups[0].Total)
			}
			return all
		}
	}
}

const (
	birth = "item-birth-registration-150102"
)

func TestPinsComeFirst(t *testing.T) {
	e := sampleEngine(t)
	before := pages(t, e, index.Query{Text: "租房提取公积金"})
	last, other := before[len(before)-1].ID, birth // one that matches, one that does not
	if slices.ContainsFunc(before, func(h index.Hit) bool { return h.ID == other }) {
		t.Fatalf("%s is found without being pinned", other)
	}
	overlay(t, e, index.Overlay{Pins: []index.Pin{{Query: "租房 提取公积金", Documents: []string{other, last, "nobody", other}}}})
	after := pages(t, e, index.Query{Text: "租房提取公积金", Explain: true})
	if len(after) != len(before)+1 || after[0].ID != other || after[1].ID != last || after[2].ID != before[0].ID {
		t.Fatalf("%d hits after %d, the first are %s, %s, %s", len(after), len(before), after[0].ID, after[1].ID, after[2].ID)
	}
	for i, want := range []bool{true, true, false} {
		if got := slices.Contains(after[i].Why, index.WhyPinned); got != want || want && (!after[i].Sure || after[i].Explain[len(after[i].Explain)-1].Name != index.WhyPinned) {
			t.Errorf("hit %d: why %q, sure %v, parts %v", i, after[i].Why, after[i].Sure, after[i].Explain)
		}
	}
	if other := pages(t, e, index.Query{Text: "提取公积金"}); slices.Contains(other[0].Why, index.WhyPinned) {
		t.Error("a pin counts for another query")
	}
	away := index.Query{Text: "租房提取公积金", Filter: index.Filter{Regions: []string{"1502"}}}
	for _, h := range pages(t, e, away) {
		if h.ID == other {
			t.Error("a pin passes a filter that it does not meet")
		}
	}
	if byDate := pages(t, e, index.Query{Text: "租房提取公积金", Sort: index.ByDate}); len(byDate) != len(before) {
		t.Errorf("by date there are %d hits, want %d", len(byDate), len(before))
	}
	overlay(t, e, index.Overlay{})
	if again := pages(t, e, index.Query{Text: "租房提取公积金"}); len(again) != len(before) || again[0].ID != before[0].ID {
		t.Error("the pin outlives its overlay")
	}
}

func TestPinsHoldOnTheirDays(t *testing.T) {
	e := sampleEngine(t) // on 1 January 2026
	for what, c := range map[string]struct {
		from, until corpus.Date
		want        bool
	}{
		"always": {"", "", true}, "from today": {"2026-01-01", "", true}, "until today": {"", "2026-01-01", true},
		"expired": {"", "2025-12-31", false}, "not yet": {"2026-01-02", "", false},
	} {
		overlay(t, e, index.Overlay{Pins: []index.Pin{{Query: "租房提取公积金", Documents: []string{birth}, From: c.from, Until: c.until}}})
		g, _ := items(t, e, index.Query{Text: "租房提取公积金"})
		if got := g.Hits[0].ID == birth; got != c.want {
			t.Errorf("%s: pinned %v", what, got)
		}
	}
}

func TestHiddenIsNotFound(t *testing.T) {
	e := sampleEngine(t)
	before := pages(t, e, index.Query{Text: "孩子上户口"})
	first := before[0].ID
	overlay(t, e, index.Overlay{Hidden: []index.Hidden{{Document: first, Query: "孩子上户口"}}, Pins: []index.Pin{{Query: "孩子上户口", Documents: []string{first}}}})
	if after := pages(t, e, index.Query{Text: "孩子上户口"}); len(after) != len(before)-1 || after[0].ID == first {
		t.Errorf("%d hits after %d, the first is %s", len(after), len(before), after[0].ID)
	}
	g, _ := items(t, e, index.Query{Text: "新生儿出生登记"})
	if !slices.ContainsFunc(g.Hits, func(h index.Hit) bool { return h.ID == first }) {
		t.Error("it is hidden from other queries, too")
	}
	overlay(t, e, index.Overlay{Hidden: []index.Hidden{{Document: first}}})
	for _, text := range []string{"孩子上户口", "新生儿出生登记"} {
		for _, h := range pages(t, e, index.Query{Text: text}) {
			if h.ID == first {
				t.Errorf("%q finds what is hidden everywhere", text)
			}
		}
	}
}

func TestSynonymsOfTheOperator(t *testing.T) {
	e := sampleEngine(t)
	const query = "办飞碟证"
	before, res := items(t, e, index.Query{Text: query})
	if res.NoAnswer == nil {
		t.Fatalf("%q has an answer already: %v", query, before.Hits[0].PlainTitle())
	}
	o := index.Overlay{Synonyms: []index.Synonym{{From: "飞碟证", To: "居住证"}}}
	look, err := e.Overlaid(o)
	if err != nil {
		t.Fatal(err)
	}
	found, err := look.Search(context.Background(), index.Query{Text: query})
	if err != nil || found.NoAnswer != nil || found.Query.Correction != nil {
		t.Errorf("with the synonym: %+v, %v", found, err)
	}
	if _, res := items(t, e, index.Query{Text: query}); res.NoAnswer == nil {
		t.Error("looking at an overlay published it")
	}
	overlay(t, e, o)
	if g, res := items(t, e, index.Query{Text: query}); res.NoAnswer != nil || len(g.Hits[0].Why) == 0 {
		t.Errorf("with the synonym published: %+v", g.Hits[0])
	}
	if _, res := items(t, e, index.Query{Text: query, Verbatim: true}); res.NoAnswer == nil {
		t.Error("a verbatim query is widened")
	}
	if err := e.SetOverlay(index.Overlay{Synonyms: []index.Synonym{{From: "甲"}}}); err == nil {
		t.Error("a synonym of nothing is taken")
	}
	if _, res := items(t, e, index.Query{Text: query}); res.NoAnswer != nil {
		t.Error("an overlay that was refused took the old one away")
	}
}

func TestDeniedSuggestions(t *testing.T) {
	e := sampleEngine(t)
	suggest := func() []index.Suggestion {
		list, err := e.Suggest(context.Background(), index.SuggestQuery{Text: "出生"})
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	before := suggest()
	if len(before) < 2 {
		t.Fatalf("only %v to deny", before)
	}
	overlay(t, e, index.Overlay{Denied: []string{" " + before[0].Text}})
	for _, s := range suggest() {
		if s.Text == before[0].Text {
			t.Errorf("%q is suggested", s.Text)
		}
	}
}
