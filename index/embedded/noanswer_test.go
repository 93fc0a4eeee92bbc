package embedded_test

import (
	"bufio"
	"context"
	"os"
	"strings"
	"testing"

	"tongsou/corpus"
	"tongsou/index"
)

// TestNothingFits asks what the sample cannot answer: no item may stand above the confidence line, and the answer must say
// so and whom to call.
func TestNothingFits(t *testing.T) {
	e := sampleSearcher(t)
	f, err := os.Open("testdata/unanswerable.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	asked := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		query := strings.TrimSpace(lines.Text())
		if query == "" || strings.HasPrefix(query, "#") {
			continue
		}
		asked++
		res, err := e.Search(context.Background(), index.Query{
			Text: query, Place: "1501", Facets: true, Filter: index.Filter{Kinds: []corpus.Kind{corpus.KindItem}},
		})
		if err != nil {
			t.Fatalf("search %q: %v", query, err)
		}
		for _, h := range res.Groups[0].Hits {
			if h.Sure {
				t.Errorf("%s: %s is sure", query, h.PlainTitle())
			}
		}
		if n := res.NoAnswer; n == nil || n.Phone == "" || n.Note == "" || !strings.HasPrefix(n.Office, "呼和浩特") {
			t.Errorf("%s: the answer does not say that nothing fits and whom to call: %+v", query, n)
		}
	}
	if asked < 30 {
		t.Errorf("only %d queries were asked", asked)
	}
}

// TestWhatFitsIsSure asks what the sample answers: a confidence line that nothing passes would be honest and of no use.
func TestWhatFitsIsSure(t *testing.T) {
	e := sampleSearcher(t)
	right, sure := 0, 0
	for _, x := range expectations(t, "invariants.txt") {
		if at, _ := rank(t, e, x); at != 1 {
			continue
		}
		res, err := e.Search(context.Background(), index.Query{Text: x.query, Filter: index.Filter{Kinds: []corpus.Kind{corpus.KindItem}}})
		if err != nil {
			t.Fatal(err)
		}
		right++
		if res.Groups[0].Hits[0].Sure {
			sure++
		}
	}
	t.Logf("%d of %d right answers are sure", sure, right)
	if sure*10 < right*9 {
		t.Errorf("%d of %d right answers are sure, want nine in ten", sure, right)
	}
}
