package embedded_test

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tongsou/corpus"
	"tongsou/corpus/reader"
	"tongsou/corpus/sample"
	"tongsou/index"
	"tongsou/index/embedded"
)

var update = flag.Bool("update", false, "rewrite the golden files from what the program answers now")

// sampleEngine is an engine that holds the embedded sample on 1 January 2026.
func sampleEngine(t testing.TB) *embedded.Engine {
	t.Helper()
	e, err := embedded.Open(embedded.Options{Path: t.TempDir(), Now: func() time.Time { return time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	var changes []index.Change
	err = reader.Read(".", reader.Options{FS: sample.Files, Source: sample.Source}, func(d *corpus.Document, f *reader.Fault) error {
		if f != nil {
			return fmt.Errorf("%v", f)
		}
		changes = append(changes, index.Change{Seq: uint64(len(changes) + 1), ID: d.ID, Document: d})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Apply(context.Background(), changes); err != nil {
		t.Fatal(err)
	}
	return e
}

// expectation is a query with the items that answer it.
type expectation struct {
	query, kind string
	line        int
	ids         []string
}

func expectations(t *testing.T, name string) []expectation {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var list []expectation
	kind, n := "", 0
	lines := bufio.NewScanner(bytes.NewReader(raw))
	for lines.Scan() {
		n++
		line := strings.TrimSpace(lines.Text())
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			kind = strings.Trim(line, "[]")
		default:
			query, answer, ok := strings.Cut(line, "=>")
			if !ok {
				t.Fatalf("%s:%d: no => in %q", name, n, line)
			}
			x := expectation{query: strings.TrimSpace(query), kind: kind, line: n}
			for id := range strings.SplitSeq(answer, "|") {
				x.ids = append(x.ids, strings.TrimSpace(id))
			}
			list = append(list, x)
		}
	}
	return list
}

// rank returns the place of the first item that answers, 0 when none of the first ten does, and the first item's title.
func rank(t *testing.T, e index.Searcher, x expectation) (int, string) {
	t.Helper()
	res, err := e.Search(context.Background(), index.Query{Text: x.query, Filter: index.Filter{Kinds: []corpus.Kind{corpus.KindItem}}})
	if err != nil {
		t.Fatalf("search %q: %v", x.query, err)
	}
	first := "–"
	for i, h := range res.Groups[0].Hits {
		if i == 0 {
			first = h.PlainTitle()
		}
		base := h.ID[:strings.LastIndexByte(h.ID, '-')]
		if slices.Contains(x.ids, strings.TrimPrefix(base, "item-")) {
			return i + 1, first
		}
	}
	return 0, first
}

// TestGoldenRanking makes every change of the ranking a change of a file that can be read: where the right item stands for
// each query of queries.txt, and how many are first and among the first five. Run with -update to rewrite it.
func TestGoldenRanking(t *testing.T) {
	e := sampleEngine(t)
	var out strings.Builder
	kind := ""
	list := expectations(t, "queries.txt")
	first, five, reciprocal := 0, 0, 0.0
	for _, x := range list {
		if x.kind != kind {
			kind = x.kind
			fmt.Fprintf(&out, "[%s]\n", kind)
		}
		at, title := rank(t, e, x)
		fmt.Fprintf(&out, "%2d  %s → %s\n", at, x.query, title)
		if at == 1 {
			first++
		}
		if at >= 1 && at <= 5 {
			five++
		}
		if at > 0 {
			reciprocal += 1 / float64(at)
		}
	}
	n := float64(len(list))
	fmt.Fprintf(&out, "[all]\nqueries %d  recall@1 %.3f  recall@5 %.3f  MRR@10 %.3f\n", len(list), float64(first)/n, float64(five)/n, reciprocal/n)
	golden := filepath.Join("testdata", "ranking.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != string(want) {
		t.Errorf("the ranking changed; run the test with -update and read the difference of %s:\n%s", golden, firstDifference(got, string(want)))
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	var b strings.Builder
	for i := range max(len(g), len(w)) {
		a, z := "", ""
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			z = w[i]
		}
		if a != z {
			fmt.Fprintf(&b, "  got  %s\n  want %s\n", a, z)
		}
	}
	return b.String()
}

// TestRelations holds whatever is in the index: politeness, script, width and blanks change nothing; a slip never beats
// the right spelling; every spelling of a document number finds the same.
func TestRelations(t *testing.T) {
	e := sampleEngine(t)
	top := func(text string) string {
		res, err := e.Search(context.Background(), index.Query{Text: text})
		if err != nil {
			t.Fatalf("search %q: %v", text, err)
		}
		for _, g := range res.Groups {
			if len(g.Hits) > 0 {
				return g.Hits[0].PlainTitle()
			}
		}
		return ""
	}
	for _, c := range []struct{ name, a, b string }{
		{"politeness", "公积金提取", "请问公积金提取"},
		{"traditional", "结婚登记", "結婚登記"},
		{"full width", "ETC", "ＥＴＣ"},
		{"blanks", "居住证", "居 住 证"},
		{"brackets", "示例发〔2023〕2号", "示例发[2023]2号"},
		{"year in words", "示例发〔2023〕2号", "示例发2023年2号"},
		{"full width number", "示例发〔2023〕2号", "示例发（２０２３）２号"},
		{"an added word", "公积金提取", "公积金提取 手续"},
	} {
		if a, b := top(c.a), top(c.b); a != b {
			t.Errorf("%s: %s finds %q first, %s %q", c.name, c.a, a, c.b, b)
		}
	}
}
