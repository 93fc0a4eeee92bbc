package opensearch_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tongsou/corpus"
	"tongsou/corpus/reader"
	"tongsou/index"
	"tongsou/index/embedded"
	"tongsou/index/opensearch"
	"tongsou/index/opensearch/opensearchtest"
)

// TestScale prints how the engines compare by size: ingest, bytes, memory and times. SCALE lists sizes in millions of
// sections, SCALE_RAW is the folder whose files the documents are made of, SCALE_ENGINES what is measured: embedded, one (node),
// three (nodes). Each engine is filled once and measured on the way, whenever it has reached a size. Documents beyond those of
// the files are copies with IDs of their own and their sentences shuffled.
func TestScale(t *testing.T) {
	raw := os.Getenv("SCALE_RAW")
	if raw == "" {
		t.Skip("needs SCALE_RAW, a folder of files to make documents of, and SCALE, sizes in millions of sections: see `make scale`")
	}
	var sizes []int
	for size := range strings.SplitSeq(os.Getenv("SCALE"), ",") {
		millions, err := strconv.ParseFloat(strings.TrimSpace(size), 64)
		if err != nil || millions <= 0 {
			t.Fatalf("SCALE = %q: write sizes in millions of sections, 0.1,0.3,1", os.Getenv("SCALE"))
		}
		sizes = append(sizes, int(millions*1e6))
	}
	slices.Sort(sizes)
	originals := rawDocuments(t, raw)
	engines := os.Getenv("SCALE_ENGINES")
	if engines == "" {
		engines = "embedded,one,three"
	}
	for name := range strings.SplitSeq(engines, ",") {
		t.Run(name, func(t *testing.T) { scaleOf(t, strings.TrimSpace(name), originals, sizes) })
	}
}

func rawDocuments(t *testing.T, dir string) []*corpus.Document {
	t.Helper()
	var list []*corpus.Document
	err := reader.Read(dir, reader.Options{}, func(d *corpus.Document, f *reader.Fault) error {
		if f == nil && d != nil && d.Kind != corpus.KindItem {
			list = append(list, d)
		}
		return nil
	})
	if err != nil || len(list) == 0 {
		t.Fatalf("read %s: %v, %d documents", dir, err, len(list))
	}
	// The files come one kind after the other: every size is to have some of each.
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// scaleWriter is what is measured.
type scaleWriter interface {
	index.Engine
	Compact(ctx context.Context) error
}

func scaleOf(t *testing.T, name string, originals []*corpus.Document, sizes []int) {
	var e scaleWriter
	memory := func() int64 {
		debug.FreeOSMemory()
		return opensearchtest.Resident(os.Getpid())
	}
	switch name {
	case "embedded":
		// 256 MiB of decoded postings for every million sections of the largest size: half of what the operator's guide gives.
		room := int64(256<<20) * int64(max(1, math.Ceil(float64(slices.Max(sizes))/1e6)))
		here, err := embedded.Open(embedded.Options{Path: filepath.Join(t.TempDir(), "index"), CacheBytes: room})
		if err != nil {
			t.Fatal(err)
		}
		e = here
	case "one", "three":
		nodes := map[string]int{"one": 1, "three": 3}[name]
		c := opensearchtest.Start(t, opensearchtest.Options{Nodes: nodes, HeapMB: 1024, Compiled: true})
		there, err := opensearch.Open(t.Context(), opensearch.Options{
			Access: opensearch.Access{Addresses: c.URLs()}, Prefix: "scale", Shards: nodes, Replicas: min(1, nodes-1),
		})
		if err != nil {
			t.Fatal(err)
		}
		e = there
		memory = func() int64 {
			sum := int64(0)
			for _, n := range c.Nodes {
				sum += n.Memory()
			}
			return sum
		}
	default:
		t.Fatalf("SCALE_ENGINES names %q: choose embedded, one, three", name)
	}
	defer func() { _ = e.Close() }()
	short, long := scaleQueries(originals)
	fill := filling{originals: originals, random: rand.New(rand.NewPCG(3, 4))}
	for _, size := range sizes {
		fill.to(t, e, size)
		if err := e.Compact(t.Context()); err != nil {
			t.Fatal(err)
		}
		st, err := e.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("%-9s %9d sections  %7d documents  %6.0f sections/s  %5.2f MB/s  %6.0f MB  %5.2f bytes per byte  %6.0f MB resident\n",
			name, st.Units, fill.documents, float64(st.Units)/fill.took.Seconds(), float64(fill.text)/1e6/fill.took.Seconds(),
			float64(st.Bytes)/1e6, float64(st.Bytes)/float64(fill.text), float64(memory())/1e6)
		for _, q := range []struct {
			name  string
			texts []string
		}{{"key words", short}, {"sentences", long}} {
			times, failed := askTwice(t, e, q.texts)
			fmt.Printf("%-9s %9d sections  %s: p50 %.1f ms  p99 %.1f ms  failed %d of %d\n", name, st.Units, q.name, times[len(times)/2], times[len(times)*99/100], failed, len(q.texts))
		}
	}
}

// filling is how far an engine was filled, and how long that took.
type filling struct {
	originals []*corpus.Document
	random    *rand.Rand
	documents int
	sections  int
	text      int64
	took      time.Duration
}

// to writes documents until there are so many sections.
func (f *filling) to(t *testing.T, e index.Writer, sections int) {
	t.Helper()
	began := time.Now()
	defer func() { f.took += time.Since(began) }()
	var batch []index.Change
	apply := func() {
		if err := e.Apply(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		batch = batch[:0]
	}
	for f.sections < sections {
		d := f.originals[f.documents%len(f.originals)]
		if round := f.documents / len(f.originals); round > 0 {
			d = shuffled(d, round, f.random)
		}
		f.documents++
		for _, u := range index.Units(d) {
			f.sections++
			f.text += int64(len(u.Title) + len(u.Keys) + len(u.Body))
		}
		if batch = append(batch, index.Change{Seq: uint64(f.documents), ID: d.ID, Document: d}); len(batch) == 1000 {
			apply()
		}
	}
	apply()
}

// shuffled is a copy of a document under another ID with the sentences of each section in another order.
func shuffled(d *corpus.Document, round int, random *rand.Rand) *corpus.Document {
	c := *d
	c.ID = fmt.Sprintf("%s~%d", d.ID, round)
	c.Sections = slices.Clone(d.Sections)
	for i := range c.Sections {
		sentences := strings.SplitAfter(c.Sections[i].Text, "。")
		random.Shuffle(len(sentences), func(a, b int) { sentences[a], sentences[b] = sentences[b], sentences[a] })
		c.Sections[i].Text = strings.Join(sentences, "")
	}
	return &c
}

// scaleQueries are 200 beginnings of titles, and as many of sentences.
func scaleQueries(originals []*corpus.Document) (short, long []string) {
	first := func(s string, n int) string {
		r := []rune(s)
		return string(r[:min(len(r), n)])
	}
	step := max(1, len(originals)/200)
	for i := 0; i < len(originals); i += step {
		d := originals[i]
		short = append(short, first(d.Title, 8))
		if len(d.Sections) > 0 {
			long = append(long, first(d.Sections[len(d.Sections)/2].Text, 24))
		}
	}
	return short, long
}

// askTwice asks every query twice and returns the times of the second in milliseconds, in order.
func askTwice(t *testing.T, e index.Searcher, texts []string) (times []float64, failed int) {
	t.Helper()
	// The documents that the index is filled from lie in the same memory, and collecting garbage goes through them.
	debug.SetMemoryLimit(6 << 30)
	debug.SetGCPercent(-1)
	defer debug.SetMemoryLimit(math.MaxInt64)
	defer debug.SetGCPercent(100)
	for round := range 2 {
		times, failed = nil, 0
		for _, text := range texts {
			began := time.Now()
			_, err := e.Search(t.Context(), index.Query{Text: text, Facets: true})
			if err != nil && !errors.Is(err, index.ErrBadQuery) {
				failed++
				fmt.Printf("round %d: %s: %v\n", round+1, text, err)
			}
			times = append(times, float64(time.Since(began).Microseconds())/1000)
		}
	}
	slices.Sort(times)
	return times, failed
}
