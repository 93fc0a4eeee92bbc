package embedded_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/index/embedded"
	"tongsou/index/enginetest"
)

var update = flag.Bool("update", false, "rewrite the golden files from what the program answers now")

// sampleEngine is an engine of a test's own that holds the embedded sample on 1 January 2026.
func sampleEngine(t testing.TB) *embedded.Engine {
	t.Helper()
	e := openSample(t, t.TempDir())
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func openSample(t testing.TB, path string) *embedded.Engine {
	t.Helper()
	e, err := embedded.Open(embedded.Options{Path: path, Now: enginetest.SampleDay})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(e.Apply(context.Background(), enginetest.Sample(t)), e.Learn(context.Background())); err != nil {
		t.Fatal(errors.Join(err, e.Close()))
	}
	return e
}

// sampleAsked is a sample engine for all tests that only ask: to fill one takes seconds under the race detector.
var sampleAsked struct {
	once   sync.Once
	engine *embedded.Engine
}

func sampleSearcher(t testing.TB) index.Searcher {
	t.Helper()
	sampleAsked.once.Do(func() { sampleAsked.engine = openSample(t, filepath.Join(scratch, "sample")) })
	if sampleAsked.engine == nil {
		t.Fatal("the sample engine could not be filled: see the test that tried first")
	}
	return sampleAsked.engine
}

// scratch is a folder that all tests share and that goes with them.
var scratch string

func TestMain(m *testing.M) { os.Exit(runAll(m)) }

func runAll(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tongsou-embedded-test")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	scratch = dir
	code := m.Run()
	if sampleAsked.engine != nil {
		err = sampleAsked.engine.Close()
	}
	if err := errors.Join(err, os.RemoveAll(dir)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// expectation is a query with the items that answer it.
type expectation struct {
	query, kind string
	line        int
	ids         []string // base-id of any office, or base-id/REGION
	within      int      // 1 or 3
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
			answer, within, _ := strings.Cut(answer, "@")
			if x.within = int(within[0] - '0'); x.within != 1 && x.within != 3 {
				t.Fatalf("%s:%d: the place is @%s, want @1 or @3", name, n, within)
			}
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
		at := strings.LastIndexByte(h.ID, '-')
		base := strings.TrimPrefix(h.ID[:at], "item-")
		if slices.Contains(x.ids, base) || slices.Contains(x.ids, base+"/"+h.ID[at+1:]) {
			return i + 1, first
		}
	}
	return 0, first
}

// TestGoldenRanking makes every change of the ranking a change of a file that can be read: where the right item stands for
// each query of invariants.txt, and by type how many stand where they must. Run with -update to rewrite it.
func TestGoldenRanking(t *testing.T) {
	e := sampleSearcher(t)
	var out strings.Builder
	var kinds []string
	sums := map[string]*tally{"all": {}}
	for _, x := range expectations(t, "invariants.txt") {
		if sums[x.kind] == nil {
			kinds = append(kinds, x.kind)
			sums[x.kind] = new(tally)
			fmt.Fprintf(&out, "[%s]\n", x.kind)
		}
		at, title := rank(t, e, x)
		mark := " "
		if at == 0 || at > x.within {
			mark = "!"
			t.Errorf("%s:%d: %s: the item that answers stands at place %d, want %d at most; the first is %s",
				"invariants.txt", x.line, x.query, at, x.within, title)
		}
		fmt.Fprintf(&out, "%s%2d  %s → %s\n", mark, at, x.query, title)
		sums[x.kind].add(at, x.within)
		sums["all"].add(at, x.within)
	}
	for _, kind := range append(kinds, "all") {
		fmt.Fprintf(&out, "%-12s %s\n", kind, sums[kind])
	}
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

// tally counts where the right items stand.
type tally struct {
	queries, kept, first, five int
	reciprocal                 float64
}

func (s *tally) add(at, within int) {
	s.queries++
	if at == 0 {
		return
	}
	s.reciprocal += 1 / float64(at)
	if at <= within {
		s.kept++
	}
	if at == 1 {
		s.first++
	}
	if at <= 5 {
		s.five++
	}
}

func (s *tally) String() string {
	n := float64(s.queries)
	return fmt.Sprintf("queries %3d  kept %3d  recall@1 %.3f  recall@5 %.3f  MRR@10 %.3f",
		s.queries, s.kept, float64(s.first)/n, float64(s.five)/n, s.reciprocal/n)
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
	e := sampleSearcher(t)
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
