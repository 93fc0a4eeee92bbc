package embedded_test

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"tongsou/corpus"
	"tongsou/corpus/store"
	"tongsou/index"
	"tongsou/index/embedded"
	"tongsou/index/semantic"
)

// sense is a model that knows a few subjects by their words, one a dimension.  咕噜 is a word that no lexicon knows.
type sense struct {
	subjects [][]string
	embedded atomic.Int64
	fail     atomic.Bool
}

func newSense() *sense {
	return &sense{subjects: [][]string{
		{"咕噜", "拖欠", "劳动保障监察"}, {"户口", "出生"}, {"身份证"}, {"取暖", "供热"},
	}}
}

func (s *sense) Name() string { return "sense" }
func (s *sense) Close() error { return nil }

func (s *sense) Embed(_ context.Context, texts []string) ([][]float32, error) {
	if s.fail.Load() {
		return nil, errors.New("no answer")
	}
	s.embedded.Add(int64(len(texts)))
	list := make([][]float32, len(texts))
	for i, text := range texts {
		v := make([]float32, len(s.subjects)+1)
		v[len(s.subjects)] = 0.1
		length := 0.01
		for j, words := range s.subjects {
			if slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) }) {
				v[j] = 1
				length++
			}
		}
		for j := range v {
			v[j] /= float32(math.Sqrt(length))
		}
		list[i] = v
	}
	return list, nil
}

func item(id, title, region string) *corpus.Document {
	return &corpus.Document{ID: id, Kind: corpus.KindItem, Title: title, Region: region, Item: &corpus.Item{Code: "code-" + id}}
}

// meant is an engine over a store with its semantic lane on.
type meant struct {
	*embedded.Engine
	store   *store.Store
	sense   *sense
	meaning *index.Meaning
}

func newMeant(t *testing.T, docs ...*corpus.Document) *meant {
	t.Helper()
	dir := t.TempDir()
	s, err := store.Open(t.Context(), filepath.Join(dir, "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	e, err := embedded.Open(embedded.Options{Path: filepath.Join(dir, "index")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	m := &meant{Engine: e, store: s, sense: newSense()}
	m.meaning = &index.Meaning{Embedder: m.sense, Lane: semantic.NewLane()}
	e.SetMeaning(m.meaning)
	m.put(t, docs...)
	return m
}

func (m *meant) put(t *testing.T, docs ...*corpus.Document) {
	t.Helper()
	if _, err := m.store.Put(t.Context(), docs); err != nil {
		t.Fatal(err)
	}
	m.follow(t)
}

func (m *meant) follow(t *testing.T) {
	t.Helper()
	if _, err := index.CatchUp(t.Context(), m.store, m.Engine, nil); err != nil {
		t.Fatal(err)
	}
	if err := index.EmbedAll(t.Context(), m.store, m.meaning, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
}

func (m *meant) items(t *testing.T, q index.Query) []index.Hit {
	t.Helper()
	res, err := m.Search(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range res.Groups {
		if g.Kind == corpus.KindItem {
			return g.Hits
		}
	}
	return nil
}

var needs = []*corpus.Document{
	item("wages", "劳动保障监察投诉", "150102"), item("birth", "出生登记", "150102"), item("card", "居民身份证换领", "150102"),
	item("heat", "供热用户报装", "150103"), item("fire", "公众聚集场所投入使用前消防安全检查", "150102"),
}

func TestMeaningFindsWhatSharesNoWord(t *testing.T) {
	m := newMeant(t, needs...)
	hits := m.items(t, index.Query{Text: "咕噜咕噜"})
	if len(hits) == 0 || hits[0].ID != "wages" || !slices.Contains(hits[0].Why, index.WhyMeaning) || hits[0].Sure {
		t.Fatalf("got %+v, want wages first, marked and not sure", hits)
	}
	if len(hits) > 1 {
		t.Errorf("the page was filled with what means something else: %+v", hits[1:])
	}
	if hits := m.items(t, index.Query{Text: "咕噜咕噜", Verbatim: true}); slices.ContainsFunc(hits, func(h index.Hit) bool { return h.ID == "wages" }) {
		t.Error("asked for as typed, what only means the same was found")
	}
	m.SetMeaning(nil)
	if hits := m.items(t, index.Query{Text: "咕噜咕噜"}); slices.ContainsFunc(hits, func(h index.Hit) bool { return h.ID == "wages" }) {
		t.Error("with the lane off, what only means the same was found")
	}
}

// A section that means what was asked only further on is found by that passage, and shows it.
func TestMeaningShowsThePassageThatItFound(t *testing.T) {
	law := &corpus.Document{ID: "law", Kind: corpus.KindPolicy, Title: "办法"}
	text := strings.Repeat("本办法自公布之日起施行。", 64) + "对拖欠工资的单位，责令限期支付。" + strings.Repeat("本办法由主管部门解释。", 40)
	law.Sections = []corpus.Section{{ID: "s1", Text: text}}
	m := newMeant(t, append(needs, law)...)
	res, err := m.Search(t.Context(), index.Query{Text: "咕噜咕噜", Filter: index.Filter{Kinds: []corpus.Kind{corpus.KindPolicy}}})
	if err != nil || len(res.Groups) != 1 || len(res.Groups[0].Hits) != 1 {
		t.Fatalf("got %+v, %v", res, err)
	}
	shown := ""
	for _, run := range res.Groups[0].Hits[0].Snippet {
		shown += run.Text
	}
	if !strings.HasPrefix(shown, "…本办法") || !strings.Contains(shown, "拖欠工资") {
		t.Errorf("shown is %q", shown)
	}
	if status, err := m.Status(t.Context()); err != nil || status.Meaning.Units != len(needs)+1 || status.Meaning.Waiting != 0 ||
		status.Meaning.Passages <= status.Meaning.Units {
		t.Errorf("the status is %+v, %v", status.Meaning, err)
	}
}

func TestMeaningStaysBehindTheItemThatIsNamed(t *testing.T) {
	m := newMeant(t, needs...)
	for _, text := range []string{"居民身份证换领", "消防安全检查 咕噜", "出生登记"} {
		hits := m.items(t, index.Query{Text: text})
		if len(hits) == 0 || slices.Contains(hits[0].Why, index.WhyMeaning) {
			t.Errorf("%s: got %+v first", text, hits)
		}
	}
}

func TestMeaningKeepsWithinTheFilters(t *testing.T) {
	m := newMeant(t, needs...)
	for _, h := range m.items(t, index.Query{Text: "取暖没人管", Filter: index.Filter{Regions: []string{"150102"}}}) {
		if h.ID == "heat" {
			t.Error("an item of another place passed the filter")
		}
	}
	if hits := m.items(t, index.Query{Text: "取暖没人管", Filter: index.Filter{Regions: []string{"150103"}}}); len(hits) == 0 || hits[0].ID != "heat" {
		t.Errorf("within its place the item is not found: %+v", hits)
	}
}

func TestWithoutAnAnswerFromTheModelTheWordsAnswer(t *testing.T) {
	m := newMeant(t, needs...)
	m.sense.fail.Store(true)
	res, err := m.Search(t.Context(), index.Query{Text: "身份证换领"})
	if err != nil || len(res.Groups[0].Hits) == 0 || res.Groups[0].Hits[0].ID != "card" {
		t.Fatalf("got %+v, %v", res, err)
	}
	if !slices.ContainsFunc(res.Query.Notes, func(n string) bool { return strings.Contains(n, "按意思查找") }) {
		t.Errorf("the answer does not say that it was by words alone: %v", res.Query.Notes)
	}
}

func TestOnlyWhatChangedIsEmbedded(t *testing.T) {
	m := newMeant(t, needs...)
	if n := m.sense.embedded.Load(); n != int64(len(needs)) {
		t.Errorf("%d passages were embedded, want %d", n, len(needs))
	}
	m.follow(t)
	changed := item("heat", "供热用户报装", "150103")
	changed.Issuer = "热力公司" // says nothing of what it means
	m.put(t, changed, item("wages", "拖欠农民工工资投诉", "150102"))
	if n := m.sense.embedded.Load(); n != int64(len(needs))+1 {
		t.Errorf("after one passage changed %d were embedded, want %d", n, len(needs)+1)
	}
	if _, err := m.store.Delete(t.Context(), "birth"); err != nil {
		t.Fatal(err)
	}
	m.follow(t)
	if n := m.meaning.Lane.Len(); n != len(needs)-1 {
		t.Errorf("the lane holds %d passages, want %d", n, len(needs)-1)
	}
	// Another process over the same store embeds nothing.
	fresh := newSense()
	again := &index.Meaning{Embedder: fresh, Lane: semantic.NewLane()}
	if err := index.EmbedAll(context.Background(), m.store, again, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	if fresh.embedded.Load() != 0 || again.Lane.Len() != m.meaning.Lane.Len() {
		t.Errorf("the next process embedded %d passages and holds %d", fresh.embedded.Load(), again.Lane.Len())
	}
	status, err := m.Status(t.Context())
	if err != nil || status.Meaning == nil || status.Meaning.Passages != len(needs)-1 {
		t.Errorf("the status is %+v, %v", status.Meaning, err)
	}
}
