package index_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tongsou/corpus"
	"tongsou/corpus/store"
	"tongsou/index"
	"tongsou/index/semantic"
)

// letters is a model to which texts mean the same that have the same last letter. It remembers what it embedded.
type letters struct {
	mu    sync.Mutex
	texts []string
	fail  error
}

func (l *letters) Name() string { return "letters" }
func (l *letters) Close() error { return nil }

func (l *letters) Embed(_ context.Context, texts []string) ([][]float32, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		return nil, l.fail
	}
	l.texts = append(l.texts, texts...)
	list := make([][]float32, len(texts))
	for i, text := range texts {
		list[i] = make([]float32, 26)
		list[i][(text[len(text)-1]-'a')%26] = 1
	}
	return list, nil
}

func (l *letters) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.texts)
}

// member is one process over a store.
type member struct {
	model   *letters
	meaning *index.Meaning
	leads   atomic.Bool
	log     *strings.Builder
}

func newMember() *member {
	m := &member{model: &letters{}, log: new(strings.Builder)}
	m.meaning = &index.Meaning{Embedder: m.model, Lane: semantic.NewLane()}
	return m
}

func (m *member) follow(t *testing.T, s *store.Store) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { index.FollowMeaning(ctx, s, m.meaning, m.leads.Load, slog.New(slog.DiscardHandler)) })
	t.Cleanup(func() { cancel(); done.Wait() })
}

// cosine is how near a unit is to a letter, and whether the lane has it.
func (m *member) cosine(unit string, letter byte) (float64, bool) {
	v := make([]float32, 26)
	v[letter-'a'] = 1
	p := m.meaning.Lane.Probe(v)
	if p == nil {
		return 0, false
	}
	c, _, ok := p.Cosine(p.Rows([]uint64{semantic.Key([]byte(unit))}).Of(0))
	return c, ok
}

func (m *member) embedAll(t *testing.T, s *store.Store) {
	t.Helper()
	if err := index.EmbedAll(t.Context(), s, m.meaning, slog.New(slog.NewTextHandler(m.log, nil))); err != nil {
		t.Fatal(err)
	}
}

func titled(id, title string) *corpus.Document {
	return &corpus.Document{ID: id, Kind: corpus.KindItem, Title: title, Item: &corpus.Item{}, Source: corpus.Source{Name: "t"}}
}

func stored(t *testing.T, s *store.Store, docs ...*corpus.Document) {
	t.Helper()
	if _, err := s.Put(t.Context(), docs); err != nil {
		t.Fatal(err)
	}
}

func openStore(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func eventually(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !happened(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}

// Of two processes over one store the one that leads embeds; the other has the same lane, and takes over.
func TestOneEmbedsForAll(t *testing.T) {
	s := openStore(t)
	var docs []*corpus.Document
	for i := range 150 { // more than two batches
		docs = append(docs, titled(fmt.Sprint("d", i), fmt.Sprintf("title %d a", i)))
	}
	stored(t, s, docs...)
	first, second := newMember(), newMember()
	second.follow(t, s)
	first.leads.Store(true)
	first.follow(t, s)
	eventually(t, "both have all", func() bool { return first.meaning.Lane.Len() == 150 && second.meaning.Lane.Len() == 150 })

	stored(t, s, titled("d7", "title 7 b"), titled("new", "title c"))
	if _, err := s.Delete(t.Context(), "d8"); err != nil {
		t.Fatal(err)
	}
	last, err := s.Sequence(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []*member{first, second} {
		eventually(t, "the changes are there", func() bool { return m.meaning.Status().Sequence == last })
		if c, ok := m.cosine("d7", 'b'); !ok || c < 0.9 {
			t.Errorf("the changed passage is %v near to what it says now, %v", c, ok)
		}
		if _, ok := m.cosine("d8", 'a'); ok || m.meaning.Lane.Len() != 150 {
			t.Errorf("the lane has %d passages, or one that is gone", m.meaning.Lane.Len())
		}
	}
	if a, b := first.model.count(), second.model.count(); a != 152 || b != 0 {
		t.Errorf("the one embedded %d passages, the other %d; want 152 and none", a, b)
	}

	first.leads.Store(false)
	second.leads.Store(true)
	stored(t, s, titled("d9", "title 9 x"))
	for _, m := range []*member{first, second} {
		eventually(t, "the next one embeds", func() bool { c, _ := m.cosine("d9", 'x'); return c > 0.9 })
	}
	if a, b := first.model.count(), second.model.count(); a != 152 || b != 1 {
		t.Errorf("after the change the one embedded %d passages, the other %d; want 152 and 1", a, b)
	}
}

// Two that both believe that they lead do each other no harm.
func TestTwoLeadersDoNoHarm(t *testing.T) {
	s := openStore(t)
	members := []*member{newMember(), newMember(), newMember()}
	for _, m := range members {
		m.leads.Store(true)
		m.follow(t, s)
	}
	for i := range 30 {
		stored(t, s, titled(fmt.Sprint("d", i%10), fmt.Sprintf("title %d %c", i, 'a'+i%26)))
	}
	last, err := s.Sequence(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range members {
		eventually(t, "it has caught up", func() bool { return m.meaning.Status().Sequence == last })
		for i := 20; i < 30; i++ {
			if c, ok := m.cosine(fmt.Sprint("d", i%10), byte('a'+i%26)); !ok || c < 0.9 {
				t.Errorf("passage %d is %v near, %v", i, c, ok)
			}
		}
	}
}

// damage replaces the vector of a document by bytes.
func damage(t *testing.T, s *store.Store, id string, value []byte) {
	t.Helper()
	v, err := s.Vectors(t.Context(), "letters", index.PassageCut)
	if err != nil {
		t.Fatal(err)
	}
	now, err := v.Sequence(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	list, err := v.Of(t.Context(), id)
	if err != nil || len(list) != 1 {
		t.Fatalf("of %s there is %v, %v", id, list, err)
	}
	list[0].Value = value
	if err := v.Put(t.Context(), now, now, []store.Passages{{Document: id, List: list}}); err != nil {
		t.Fatal(err)
	}
}

// Vectors that were damaged are told of by a check, cost nobody the rest, and are made again.
func TestDamagedVectorsAreMadeAgain(t *testing.T) {
	good, err := semantic.Quantize(append([]float32{1}, make([]float32, 25)...)).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	loud := append([]byte{0, 0, 0x80, 0x3f}, good[4:]...) // its scale is 1
	for what, value := range map[string][]byte{
		"nothing": {}, "cut off": good[:10], "one short": good[:len(good)-1], "zeros": make([]byte, len(good)), "too long a vector": loud,
	} {
		t.Run(what, func(t *testing.T) {
			s := openStore(t)
			for i := range 5 {
				stored(t, s, titled(fmt.Sprint("d", i), fmt.Sprintf("title %c", 'a'+i)))
			}
			newMember().embedAll(t, s)
			if found, err := index.CheckVectors(t.Context(), s); err != nil || len(found) != 0 {
				t.Fatalf("of sound vectors: %v, %v", found, err)
			}
			damage(t, s, "d0", value) // the first that is read
			found, err := index.CheckVectors(t.Context(), s)
			if err != nil || len(found) != 1 || found[0].Damaged != 1 || found[0].Vectors != 5 || found[0].First != "d0" || found[0].Model != "letters" {
				t.Errorf("the check found %+v, %v", found, err)
			}

			watcher := newMember() // embeds nothing
			watcher.follow(t, s)
			eventually(t, "the rest is loaded", func() bool { return watcher.meaning.Lane.Len() == 4 })
			m := newMember()
			m.embedAll(t, s)
			if n := m.model.count(); n != 1 || m.meaning.Lane.Len() != 5 || !strings.Contains(m.log.String(), "损坏") {
				t.Errorf("%d were embedded, the lane has %d; the log: %s", n, m.meaning.Lane.Len(), m.log)
			}
			if c, _ := m.cosine("d0", 'a'); c < 0.9 || c > 1.1 {
				t.Errorf("the vector is %v near to what it was made of", c)
			}
			eventually(t, "the other process takes it", func() bool { return watcher.meaning.Lane.Len() == 5 })
			if n := watcher.model.count(); n != 0 {
				t.Errorf("the other embedded %d", n)
			}
			if found, err := index.CheckVectors(t.Context(), s); err != nil || len(found) != 0 {
				t.Errorf("afterwards: %v, %v", found, err)
			}
		})
	}
}

// policy is a policy of one section, of so many sentences of ten runes.
func policy(id, title string, sentences int) *corpus.Document {
	var text strings.Builder
	for i := range sentences {
		fmt.Fprintf(&text, "第%04d句说了话。", i)
	}
	d := &corpus.Document{ID: id, Kind: corpus.KindPolicy, Title: title, Source: corpus.Source{Name: "t"}}
	d.Sections = []corpus.Section{{ID: "s1", Text: text.String() + "z"}}
	return d
}

func passages(d *corpus.Document) []index.Passage {
	var list []index.Passage
	for _, u := range index.Units(d) {
		list = append(list, index.Passages(d, &u)...)
	}
	return list
}

// A model reads some 250 runes, and of a policy every passage of so many is read with the title.
func TestPoliciesAreReadToTheirEnd(t *testing.T) {
	for sentences, want := range map[int]int{3: 1, 20: 1, 30: 2, 60: 4, 100: 6, 5000: semantic.MaxPassages} {
		d := policy("p", "关于供热的办法", sentences)
		list := passages(d)
		if len(list) != want {
			t.Errorf("%d runes are %d passages, want %d", 10*sentences, len(list), want)
		}
		ids, read := map[string]bool{}, ""
		for i, p := range list {
			if ids[p.ID] || !strings.HasPrefix(p.Text, d.Title) || i > 0 && len([]rune(p.Text)) > 250 {
				t.Errorf("passage %q of %d runes: %.30s…", p.ID, len([]rune(p.Text)), p.Text)
			}
			ids[p.ID] = true
			read += p.Text
		}
		for i := range min(sentences, 500) {
			if sentence := fmt.Sprintf("第%04d句说了话。", i); !strings.Contains(read, sentence) {
				t.Errorf("of %d sentences %s is read in no passage whole", sentences, sentence)
			}
		}
	}
	news := &corpus.Document{ID: "n", Kind: corpus.KindNews, Title: "标题", Sections: policy("p", "", 100).Sections}
	if list := passages(news); len(list) != 1 || list[0].ID != "n" {
		t.Errorf("news has the passages %v", list)
	}
}

// A store whose vectors were made when documents were cut into fewer passages gets the others, and keeps what it has.
func TestPassagesThatAreNewAreMadeAlone(t *testing.T) {
	s := openStore(t)
	short, long := titled("short", "title a"), policy("long", "title", 60)
	stored(t, s, short, long)
	last, err := s.Sequence(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	newMember().embedAll(t, s)
	now, err := s.Vectors(t.Context(), "letters", index.PassageCut)
	if err != nil {
		t.Fatal(err)
	}
	old, err := s.Vectors(t.Context(), "letters", "as before")
	if err != nil {
		t.Fatal(err)
	}
	var had []store.Passages // of each document the first passage
	for _, id := range []string{"long", "short"} {
		list, err := now.Of(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range list {
			if p.Unit == id {
				had = append(had, store.Passages{Document: id, List: []store.Passage{p}})
			}
		}
	}
	if err := old.Put(t.Context(), 0, last, had); err != nil {
		t.Fatal(err)
	}
	if err := now.Put(t.Context(), last, 0, nil); err != nil { // as in a store that was never cut so
		t.Fatal(err)
	}
	m := newMember()
	m.embedAll(t, s)
	if n := m.model.count(); n != 3 || m.meaning.Lane.Len() != 5 {
		t.Errorf("%d were embedded, the lane has %d passages; want 3 and 5", n, m.meaning.Lane.Len())
	}
	if c, ok := m.cosine("long", 'z'); !ok || c < 0.9 {
		t.Errorf("the policy is %v near to its end, %v", c, ok)
	}
	// A section that becomes shorter loses its further passages.
	stored(t, s, policy("long", "title", 10))
	m.embedAll(t, s)
	if n := m.meaning.Lane.Len(); n != 2 {
		t.Errorf("the lane has %d passages, want 2", n)
	}
}

// sized is a model whose vectors have another number of dimensions than letters, of the same name.
type sized struct{ *letters }

func (sized) Embed(_ context.Context, texts []string) ([][]float32, error) {
	list := make([][]float32, len(texts))
	for i := range list {
		list[i] = []float32{0.6, 0.8}
	}
	return list, nil
}

func TestAnotherModelOfTheSameNameIsRefused(t *testing.T) {
	s := openStore(t)
	stored(t, s, titled("a", "title a"))
	newMember().embedAll(t, s)
	stored(t, s, titled("b", "title b"))
	m := &index.Meaning{Embedder: sized{&letters{}}, Lane: semantic.NewLane()}
	err := index.EmbedAll(t.Context(), s, m, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "another name") {
		t.Errorf("got %v", err)
	}
	if found, err := index.CheckVectors(t.Context(), s); err != nil || len(found) != 0 {
		t.Errorf("the store has %v, %v", found, err)
	}
}

func TestMeaningCountsItsWork(t *testing.T) {
	s := openStore(t)
	stored(t, s, titled("a", "title a"), titled("b", "title b"))
	m := newMember()
	m.embedAll(t, s)
	ask := func(fail error) {
		m.model.fail = fail
		if _, err := m.meaning.Vector(t.Context(), "query q"); !errors.Is(err, fail) {
			t.Errorf("got %v, want %v", err, fail)
		}
	}
	ask(nil)
	ask(fmt.Errorf("no answer: %w", context.DeadlineExceeded))
	ask(errors.New("no"))
	ask(context.Canceled) // who asked has left
	stored(t, s, titled("c", "title c"))
	m.model.fail = errors.New("no")
	if err := index.EmbedAll(t.Context(), s, m.meaning, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("what failed was no error")
	}
	w := m.meaning.Status().Work
	if w.Queries.Count != 1 || w.Passages.Count != 2 || w.Late != 1 || w.Failed != 1 || w.Batches != 1 {
		t.Errorf("counted %+v", w)
	}
	if w.Queries.Within[10] != 1 || w.Passages.Within[10] != 2 || w.Passages.Seconds < 0 {
		t.Errorf("the times are %+v and %+v", w.Queries, w.Passages)
	}
}
