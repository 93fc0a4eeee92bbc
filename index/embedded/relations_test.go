package embedded_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"tongsou/corpus"
	"tongsou/corpus/reader"
	"tongsou/corpus/sample"
	"tongsou/index"
)

// itemTitles returns the titles that a query finds among the items.
func itemTitles(t *testing.T, e index.Searcher, text string) []string {
	t.Helper()
	res, err := e.Search(context.Background(), index.Query{Text: text, Filter: index.Filter{Kinds: []corpus.Kind{corpus.KindItem}}})
	if err != nil {
		t.Fatalf("search %q: %v", text, err)
	}
	var titles []string
	for _, h := range res.Groups[0].Hits {
		titles = append(titles, h.PlainTitle())
	}
	return titles
}

// TestRelationsOfTitles holds for any corpus: the exact name of an item finds it first, and still does with politeness
// around it, in full width, spaced out, and with a word added that the item itself says.
func TestRelationsOfTitles(t *testing.T) {
	e := sampleSearcher(t)
	seen := map[string]bool{}
	var items []*corpus.Document
	err := reader.Read(".", reader.Options{FS: sample.Files, Source: sample.Source}, func(d *corpus.Document, f *reader.Fault) error {
		if f == nil && d.Kind == corpus.KindItem && !seen[d.Title] {
			seen[d.Title] = true
			items = append(items, d)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range items {
		if i%3 > 0 && testing.Short() {
			continue
		}
		said := []string{d.Title, "请问" + d.Title + "怎么办理", wide(d.Title)}
		if len(d.Item.Materials) > 0 {
			said = append(said, d.Title+" "+d.Item.Materials[0].Name)
		}
		for _, text := range said {
			if got := itemTitles(t, e, text); len(got) == 0 || got[0] != d.Title {
				t.Errorf("%s finds %v, want %s first", text, got[:min(len(got), 2)], d.Title)
			}
		}
	}
}

// wide writes ASCII in full width.
func wide(s string) string {
	return strings.Map(func(r rune) rune {
		if '!' <= r && r <= '~' {
			return r - '!' + '！'
		}
		return r
	}, s)
}

// TestPolitenessChangesNothing asks every query of the suite again with 请问 before it and 谢谢 behind it.
func TestPolitenessChangesNothing(t *testing.T) {
	e := sampleSearcher(t)
	for _, x := range expectations(t, "invariants.txt") {
		if strings.ContainsAny(x.query, `"“:：`) {
			continue
		}
		plain, polite := itemTitles(t, e, x.query), itemTitles(t, e, "请问，"+x.query+"，谢谢")
		if !slices.Equal(plain[:min(1, len(plain))], polite[:min(1, len(polite))]) {
			t.Errorf("%s finds %v, with politeness %v", x.query, plain[:min(1, len(plain))], polite[:min(1, len(polite))])
		}
	}
}

// A word that people say, and that neither the dictionary nor the items have, is no slip of one that looks like it.
func TestSpokenWordsAreNoSlips(t *testing.T) {
	e := sampleSearcher(t)
	for _, text := range []string{"老板跑路了工资没给", "健身房跑路了", "爹妈没得了", "屋头着火找哪个", "遭打了找哪个"} {
		res, err := e.Search(t.Context(), index.Query{Text: text})
		if err != nil {
			t.Fatal(err)
		}
		if c := res.Query.Correction; c != nil {
			t.Errorf("%s was taken for %s", text, c.To)
		}
	}
}

// TestSlipsNeverBeatTheRightSpelling compares slips with what was meant: the answer to a slip is that of the right
// spelling, or less sure.
func TestSlipsNeverBeatTheRightSpelling(t *testing.T) {
	e := sampleSearcher(t)
	for _, c := range []struct{ right, slip string }{
		{"公积金提取", "公机金提取"}, {"社会保障卡补领", "社会保章卡补领"}, {"居住证申领", "居住正申领"}, {"不动产转移登记", "不动铲转移登记"},
		{"营业执照", "营业执造"}, {"医疗救助申请", "医疗救住申请"}, {"结婚登记", "结婚登机"}, {"失业保险金申领", "失业保显金申领"},
	} {
		score := func(text string) (string, float64) {
			res, err := e.Search(context.Background(), index.Query{Text: text, Filter: index.Filter{Kinds: []corpus.Kind{corpus.KindItem}}})
			if err != nil {
				t.Fatal(err)
			}
			if len(res.Groups[0].Hits) == 0 {
				return "", 0
			}
			return res.Groups[0].Hits[0].PlainTitle(), res.Groups[0].Hits[0].Score
		}
		title, right := score(c.right)
		got, slip := score(c.slip)
		if got != title && slip > right || slip > right+1e-6 {
			t.Errorf("%s finds %s with %.2f, %s %s with %.2f", c.slip, got, slip, c.right, title, right)
		}
	}
}
