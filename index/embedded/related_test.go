package embedded_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/index/embedded"
)

// township is a small corpus of items, some of which people call by words that no dictionary of ours leads anywhere.
func township() []*corpus.Document {
	item := func(id, title string, everyday ...string) *corpus.Document {
		return &corpus.Document{ID: id, Kind: corpus.KindItem, Title: title, Issuer: "示例镇政府", Item: &corpus.Item{Everyday: everyday}}
	}
	var docs []*corpus.Document
	for i, title := range []string{"供热设施报装", "供热设施维修", "供热设施过户", "供热设施停用"} {
		docs = append(docs, item(fmt.Sprint("heat-", i), title, "热疙瘩 炕头"))
	}
	for i, title := range []string{
		"雪橇比赛备案", "冰灯展览许可", "渔船检验", "古树认养", "温室蔬菜补贴", "风筝协会成立", "路灯安装", "宠物登记", "车位划线", "围墙修缮",
		"水井取水", "蜂箱摆放", "马匹检疫", "草场承包", "羊毛收购", "奶站备案",
	} {
		docs = append(docs, item(fmt.Sprint("other-", i), title, "镇里的事"))
	}
	return docs
}

func changesOf(docs []*corpus.Document) []index.Change {
	changes := make([]index.Change, len(docs))
	for i, d := range docs {
		changes[i] = index.Change{Seq: uint64(i + 1), ID: d.ID, Document: d}
	}
	return changes
}

func openAt(t *testing.T, dir string) *embedded.Engine {
	t.Helper()
	e, err := embedded.Open(embedded.Options{Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// taught is an engine that has learned from the township.
func taught(t *testing.T, dir string) *embedded.Engine {
	t.Helper()
	e := openAt(t, dir)
	if err := e.Apply(t.Context(), changesOf(township())); err != nil {
		t.Fatal(err)
	}
	if err := e.Learn(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}

// widenings returns the reasons of the learned widenings of a query.
func widenings(t *testing.T, e index.Searcher, q index.Query) []index.Term {
	t.Helper()
	res, err := e.Search(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(res.Query.Terms, func(term index.Term) bool { return !strings.Contains(term.Why, "篇同现") })
}

func TestLearnedTermsWidenWeakly(t *testing.T) {
	e := taught(t, t.TempDir())
	terms := widenings(t, e, index.Query{Text: "炕头"})
	if len(terms) == 0 || len(terms) > 2 {
		t.Fatalf("炕头 is widened by %v, want one or two terms", terms)
	}
	want := "相关词: 炕头→供热（本站 4 篇同现）"
	if !slices.ContainsFunc(terms, func(term index.Term) bool { return term.Why == want }) {
		t.Errorf("the reasons are %v, want %q among them", terms, want)
	}
	for _, term := range terms {
		if term.Weight <= 0 || term.Weight > 0.3 {
			t.Errorf("%s has the weight %g, want no more than 0.3", term.Text, term.Weight)
		}
	}
	if got := widenings(t, e, index.Query{Text: "炕头", Verbatim: true}); len(got) > 0 {
		t.Errorf("verbatim is widened by %v", got)
	}
	off := index.DefaultRanking()
	off.Learned = 0
	if got := widenings(t, e.Tuned(off), index.Query{Text: "炕头"}); len(got) > 0 {
		t.Errorf("the weight 0 widens by %v", got)
	}
}

// TestLearnedTermsFindNothing: what was learned lifts what is found, and makes no document an answer.
func TestLearnedTermsFindNothing(t *testing.T) {
	e := taught(t, t.TempDir())
	extra := &corpus.Document{ID: "bare", Kind: corpus.KindItem, Title: "供热计量", Item: &corpus.Item{}}
	if err := e.Apply(t.Context(), []index.Change{{Seq: 100, ID: extra.ID, Document: extra}}); err != nil {
		t.Fatal(err)
	}
	q := index.Query{Text: "炕头"}
	res, err := e.Search(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	q.Verbatim = true
	verbatim, err := e.Search(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if res.Groups[0].Total != 4 || verbatim.Groups[0].Total != 4 {
		t.Errorf("炕头 finds %d items, verbatim %d; want the 4 that say it", res.Groups[0].Total, verbatim.Groups[0].Total)
	}
}

func TestLearnedTermsStay(t *testing.T) {
	dir := t.TempDir()
	e := taught(t, dir)
	words := e.Related().Words()
	if len(words) == 0 {
		t.Fatal("nothing was learned")
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = openAt(t, dir)
	if got := e.Related().Words(); !slices.Equal(got, words) {
		t.Errorf("after a restart %v are known, before %v", got, words)
	}
	all := changesOf(township())
	err := e.Rebuild(t.Context(), func(_ context.Context, after uint64) ([]index.Change, error) { return all[after:], nil })
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Learn(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := e.Related().Words(); !slices.Equal(got, words) {
		t.Errorf("after a rebuild %v are known, before %v", got, words)
	}
	fromFile, err := embedded.ReadRelated(dir)
	if err != nil || !slices.Equal(fromFile.Words(), words) {
		t.Errorf("the file of a folder in use holds %v, %v; want %v", fromFile.Words(), err, words)
	}
}

// TestLearningIsRepeatable: segments keep no order, and what is learned must not depend on it.
func TestLearningIsRepeatable(t *testing.T) {
	var first []byte
	for range 3 {
		raw := sampleEngine(t).Related().Encode()
		if first == nil {
			first = raw
		}
		if len(raw) < 1000 || string(raw) != string(first) {
			t.Fatalf("the sample taught %d bytes, then %d others", len(first), len(raw))
		}
	}
}

func TestLearnAgainOnlyWhenEnoughChanged(t *testing.T) {
	e := taught(t, t.TempDir())
	before := e.Related()
	more := changesOf(township())
	for i := range more {
		more[i].Seq += 20
	}
	for range 2 { // 20 changes, then 40: not enough; then 60
		if err := e.Apply(t.Context(), more); err != nil {
			t.Fatal(err)
		}
		if err := e.Learn(t.Context()); err != nil {
			t.Fatal(err)
		}
		if e.Related() != before {
			t.Fatalf("learned again at %d after %d", e.Sequence(), before.From.Sequence)
		}
		for i := range more {
			more[i].Seq += 20
		}
	}
	if err := e.Apply(t.Context(), more); err != nil {
		t.Fatal(err)
	}
	if err := e.Learn(t.Context()); err != nil {
		t.Fatal(err)
	}
	if e.Related() == before || index.LearnedAt(e) != e.Sequence() {
		t.Errorf("at %d what was learned is from %d", e.Sequence(), index.LearnedAt(e))
	}
}

func TestUselessFileOfRelatedTermsCountsAsNone(t *testing.T) {
	for name, spoil := range map[string]func([]byte) []byte{
		"torn":            func(raw []byte) []byte { return raw[:len(raw)-7] },
		"empty":           func([]byte) []byte { return nil },
		"another version": func([]byte) []byte { return new(index.Related).Encode() },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			e := taught(t, dir)
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, "related")
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, spoil(raw), 0o644); err != nil {
				t.Fatal(err)
			}
			e = openAt(t, dir)
			if n := e.Related().Len(); n != 0 {
				t.Errorf("%d words are known", n)
			}
			if got := widenings(t, e, index.Query{Text: "炕头"}); len(got) > 0 {
				t.Errorf("a query is widened by %v", got)
			}
			if err := e.Learn(t.Context()); err != nil {
				t.Fatal(err)
			}
			if e.Related().Len() == 0 {
				t.Error("nothing was learned again")
			}
		})
	}
}

// TestLearnFromBasis: the article that items cite, when the law is here, says what the items are about.
func TestLearnFromBasis(t *testing.T) {
	docs := township()
	for _, d := range docs[:4] {
		d.Item.Everyday = nil
		d.Item.Basis = []corpus.Basis{{Law: "示例市供热条例", Article: "第二条"}}
	}
	docs = append(docs, &corpus.Document{ID: "law", Kind: corpus.KindPolicy, Title: "示例市供热条例", Sections: []corpus.Section{
		{ID: "a1", Label: "第一条", Text: "为了温暖，制定本条例。"}, {ID: "a2", Label: "第二条", Text: "锅炉房应当避开水源。"},
	}})
	e := openAt(t, t.TempDir())
	if err := e.Apply(t.Context(), changesOf(docs)); err != nil {
		t.Fatal(err)
	}
	if err := e.Learn(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := e.Related().Terms("锅炉房"); !slices.ContainsFunc(got, func(r index.RelatedTerm) bool { return r.Text == "供热" }) {
		t.Errorf("锅炉房 goes with %v, want 供热 among them", got)
	}
	if got := e.Related().Terms("温暖"); len(got) > 0 {
		t.Errorf("温暖 of an article that nobody cites goes with %v", got)
	}
}

// TestLearnBesideSearchesAndWrites is for the race detector.
func TestLearnBesideSearchesAndWrites(t *testing.T) {
	e := openAt(t, t.TempDir())
	all := changesOf(township())
	var work errgroup.Group
	work.Go(func() error {
		for n := range 4 {
			for i := range all {
				all[i].Seq = uint64(n*len(all) + i + 1)
			}
			if err := e.Apply(t.Context(), all); err != nil {
				return err
			}
		}
		return nil
	})
	for range 2 {
		work.Go(func() error {
			for range 4 {
				if err := e.Learn(t.Context()); err != nil {
					return err
				}
			}
			return nil
		})
	}
	work.Go(func() error {
		for range 20 {
			if _, err := e.Search(t.Context(), index.Query{Text: "炕头"}); err != nil {
				return err
			}
		}
		return nil
	})
	if err := work.Wait(); err != nil {
		t.Error(err)
	}
}
