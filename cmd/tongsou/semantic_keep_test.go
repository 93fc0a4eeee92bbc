package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"tongsou/index"
)

// asked counts the texts that an endpoint was asked for.
type asked struct {
	mu    sync.Mutex
	texts map[string]int
}

// times is how often texts that contain a part were asked for.
func (a *asked) times(part string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := 0
	for text, times := range a.texts {
		if strings.Contains(text, part) {
			n += times
		}
	}
	return n
}

// meantByEndpoint makes that every tongsou of a test searches by meaning, by an endpoint to which 咕噜, a word that no lexicon
// knows, means the same as 劳动保障.
func meantByEndpoint(t *testing.T) *asked {
	t.Helper()
	a := &asked{texts: map[string]int{}}
	t.Setenv("TONGSOU_SEMANTIC_LANE", "endpoint")
	t.Setenv("TONGSOU_SEMANTIC_MODEL", "house/some-model")
	t.Setenv("TONGSOU_SEMANTIC_URL", embeddings(t, func(text string) []float32 {
		a.mu.Lock()
		a.texts[text]++
		a.mu.Unlock()
		switch {
		case strings.Contains(text, "咕噜"), strings.Contains(text, "劳动保障"):
			return []float32{1, 0.1, 0}
		case strings.Contains(text, "身份证"):
			return []float32{0, 1, 0.1}
		}
		return []float32{0, 0.1, 1}
	}))
	return a
}

// meaning is what /readyz of a node says of the lane.
func (n *node) meaning() (m index.MeaningStatus) {
	n.t.Helper()
	code, raw := fetch(n.t, n.url()+"/readyz")
	var answer struct{ Meaning *index.MeaningStatus }
	if err := json.Unmarshal(raw, &answer); err != nil || answer.Meaning == nil {
		n.t.Fatalf("%d %s: %v", code, raw, err)
	}
	return *answer.Meaning
}

// embeds reports whether the process was elected to embed for all.
func (n *node) embeds() bool {
	return strings.Contains(n.process.out.String(), `office="`+embedderOffice)
}

// finds reports whether a node finds a document by its meaning.
func (n *node) finds(query, id string) bool {
	answer := n.search(query)
	return strings.Contains(answer, `"`+id+`"`) && strings.Contains(answer, index.WhyMeaning)
}

// Two serve processes over one database both answer by meaning, though only one has embedded the passages; when that one is
// killed the other goes on.
func TestTwoServesByMeaning(t *testing.T) {
	inDatabase(t)
	a := meantByEndpoint(t)
	nodes := []*node{newNode(t), newNode(t)} // over the sample, by now or soon
	must(t, "ingest", "--data", t.TempDir(), write(t, filepath.Join(t.TempDir(), "needs.jsonl"), needs))
	last := uint64(0)
	for _, n := range nodes {
		took := waitUntil(t, "found by meaning", func() bool { return n.finds("咕噜咕噜", "wages") })
		t.Logf("found by meaning %v after it was taken in", took)
		waitUntil(t, "all is embedded", func() bool { m := n.meaning(); return m.Passages > 2 && m.Waiting == 0 })
		last = n.meaning().Sequence
	}
	if nodes[0].embeds() == nodes[1].embeds() {
		t.Errorf("embedding: %v and %v, want one", nodes[0].embeds(), nodes[1].embeds())
	}
	first, second := nodes[0].meaning(), nodes[1].meaning()
	if first.Passages != second.Passages || first.Sequence != last || second.Sequence != last {
		t.Errorf("one holds %+v, the other %+v", first, second)
	}
	if all, queries := a.times(""), a.times("咕噜"); all-queries != first.Passages {
		t.Errorf("%d texts were embedded for %d passages", all-queries, first.Passages)
	}

	holder, other := nodes[0], nodes[1]
	if other.embeds() {
		holder, other = other, holder
	}
	holder.process.kill()
	const more = `{"id":"arrears","kind":"item","title":"劳动保障书面审查","region":"150102","item":{}}`
	must(t, "ingest", "--data", t.TempDir(), write(t, filepath.Join(t.TempDir(), "more.jsonl"), more))
	took := waitUntil(t, "the other embeds", func() bool { return other.finds("咕噜咕噜", "arrears") })
	t.Logf("found by meaning %v after the one that embeds was killed", took)
	if n := a.times("劳动保障书面审查"); n != 1 {
		t.Errorf("the new passage was embedded %d times", n)
	}
	if n := a.times("") - a.times("咕噜"); n != first.Passages+1 {
		t.Errorf("after one new passage %d were embedded, want %d", n, first.Passages+1)
	}
}

// servedByMeaning starts a program over a data folder, waits until the two needs have their vectors, and stops it.
func servedByMeaning(t *testing.T, data string) {
	t.Helper()
	p, log := openedIn(t, data)
	waitUntil(t, "embedded", func() bool { m := p.meaning.Status(); return m.Passages == 2 && m.Sequence > 0 })
	if h := firstItem(t, p, "咕噜咕噜"); h.ID != "wages" {
		t.Errorf("found %q; the log: %s", h.ID, log)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

// Vectors take an hour to make: a backup has them, and they move with the store.
func TestMeaningIsKept(t *testing.T) {
	dsn := database.Database(t)
	t.Setenv("TONGSOU_POSTGRES_DSN", dsn)
	a := meantByEndpoint(t)
	data, target := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "backup")
	must(t, "ingest", "--data", data, write(t, filepath.Join(t.TempDir(), "needs.jsonl"), needs))
	once := func(where string) {
		t.Helper()
		servedByMeaning(t, data)
		if n := a.times("") - a.times("咕噜"); n != 2 {
			t.Errorf("%s: %d passages were embedded, want 2 in all", where, n)
		}
		if out := must(t, "check", "--data", data, "--deep"); !strings.Contains(out, "相符") {
			t.Errorf("%s: check says %s", where, out)
		}
	}
	once("at first")
	must(t, "backup", "--data", data, target)
	must(t, "restore", "--check", target)
	if err := os.RemoveAll(data); err != nil {
		t.Fatal(err)
	}
	must(t, "restore", "--data", data, target)
	once("restored")
	for _, to := range []string{"postgres", "sqlite", "postgres"} {
		t.Setenv("TONGSOU_STORE", "sqlite")
		if out := must(t, "migrate", "--data", data, "--to", to); !strings.Contains(out, "2 个向量") {
			t.Errorf("migrate: %s", out)
		}
		t.Setenv("TONGSOU_STORE", to)
		once("moved to " + to)
	}
}

// A deep check tells of damaged vectors, and what it advises mends them.
func TestMeaningDamageIsToldAndMended(t *testing.T) {
	a := meantByEndpoint(t)
	data := t.TempDir()
	must(t, "ingest", "--data", data, write(t, filepath.Join(t.TempDir(), "needs.jsonl"), needs))
	servedByMeaning(t, data)
	for i, damage := range []string{"zeroblob(length(value))", "substr(value, 1, 5)", "x'0000803F7F7F7F'"} {
		tamper(t, data, "UPDATE vector SET value = "+damage+" WHERE unit = 'wages'")
		must(t, "check", "--data", data) // which does not read them
		out, err := tongsou(t, "check", "--data", data, "--deep")
		if err == nil || !strings.Contains(out, "2 个向量里有 1 个损坏（如 wages 的）") || !strings.Contains(out, "自动重新计算") {
			t.Errorf("%s: %v, %s", damage, err, out)
		}
		servedByMeaning(t, data)
		must(t, "check", "--data", data, "--deep")
		if n := a.times("劳动保障监察投诉"); n != i+2 {
			t.Errorf("%s: the passage was embedded %d times, want %d", damage, n, i+2)
		}
	}
}

// A set is judged by whatever model there is, by vectors of its own length, which are kept from one run to the next.
func TestEvalByMeaningOfAnyLength(t *testing.T) {
	a := meantByEndpoint(t)
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "cache"))
	t.Setenv("HOME", dir)
	corpusFile := write(t, filepath.Join(dir, "corpus.jsonl"), `{"_id": "d1", "title": "劳动保障监察投诉", "text": "拖欠工资"}
{"_id": "d2", "title": "居民身份证换领", "text": "到期"}
`)
	queries := write(t, filepath.Join(dir, "queries.jsonl"), `{"_id": "q1", "text": "咕噜咕噜"}`+"\n")
	qrels := write(t, filepath.Join(dir, "qrels.tsv"), "query-id\tcorpus-id\tscore\nq1\td1\t1\n")
	for run := range 2 {
		out := must(t, "eval", "--data", dir, "--semantic", "--corpus", corpusFile, "--queries", queries, "--qrels", qrels, "--json")
		var report struct {
			NDCG float64 `json:"ndcg@10"`
		}
		if err := json.Unmarshal([]byte(out), &report); err != nil || report.NDCG != 1 {
			t.Errorf("nDCG@10 %v (%v), want 1 with the right document first", report.NDCG, err)
		}
		if n := a.times("身份证"); n != 1 {
			t.Errorf("run %d: a passage was embedded %d times", run, n)
		}
	}
}
