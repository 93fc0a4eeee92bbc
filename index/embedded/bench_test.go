package embedded

import (
	"bufio"
	"context"
	"encoding/json"
	"hash/fnv"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/search/query"

	"tongsou/corpus"
	"tongsou/corpus/store"
	"tongsou/index"
)

// The benchmarks of this file measure over real data, which the repository does not hold. They need
//
//	TONGSOU_DATA    a data directory that `tongsou ingest` has filled
//	TONGSOU_SHARED  the folder with the judged sets, for their questions
//
// and are skipped without. They live inside the package to time the scorer alone.

func need(b *testing.B, name string) string {
	b.Helper()
	dir := os.Getenv(name)
	if dir == "" {
		b.Skipf("set %s to run this benchmark; see the comment at the top of the file", name)
	}
	return dir
}

// questions reads the queries of a judged set.
func questions(b *testing.B, set string) []string {
	b.Helper()
	f, err := os.Open(filepath.Join(need(b, "TONGSOU_SHARED"), "beir", set, "queries.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var list []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var q struct{ Text string }
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			b.Fatal(err)
		}
		list = append(list, q.Text)
	}
	return list
}

// share opens an index of a share of the documents of TONGSOU_DATA, in percent.
func share(b *testing.B, percent, shards int, kinds ...corpus.Kind) *Engine {
	b.Helper()
	dir := need(b, "TONGSOU_DATA")
	path := b.TempDir()
	if percent == 100 && kinds == nil {
		path = filepath.Join(dir, "index")
	}
	e, err := Open(Options{Path: path, Shards: shards})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = e.Close() })
	if percent == 100 && kinds == nil {
		return e
	}
	s, err := store.Open(b.Context(), filepath.Join(dir, "store.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	fill := index.Feed(s)
	for after := uint64(0); ; {
		changes, err := fill(b.Context(), after)
		if err != nil {
			b.Fatal(err)
		}
		if len(changes) == 0 {
			break
		}
		after = changes[len(changes)-1].Seq
		changes = slices.DeleteFunc(changes, func(c index.Change) bool {
			h := fnv.New32a()
			_, _ = h.Write([]byte(c.ID))
			return c.Document == nil || int(h.Sum32()%100) >= percent || kinds != nil && !slices.Contains(kinds, c.Document.Kind)
		})
		if err := e.Apply(b.Context(), changes); err != nil {
			b.Fatal(err)
		}
	}
	if err := e.Compact(b.Context()); err != nil {
		b.Fatal(err)
	}
	return e
}

// report adds the median and the 99th percentile to a benchmark's figures.
func report(b *testing.B, took []time.Duration) {
	b.Helper()
	if len(took) == 0 {
		return
	}
	slices.Sort(took)
	ms := func(share float64) float64 {
		return float64(took[int(share*float64(len(took)-1))].Microseconds()) / 1000
	}
	b.ReportMetric(ms(0.5), "p50-ms")
	b.ReportMetric(ms(0.99), "p99-ms")
}

// reportStages adds the share of the whole time that each stage takes, in percent.
func reportStages(b *testing.B, all index.Stages) {
	b.Helper()
	for name, d := range map[string]time.Duration{"read-%": all.Read, "scan-%": all.Scan, "load-%": all.Load, "rank-%": all.Rank} {
		b.ReportMetric(100*float64(d)/float64(b.Elapsed()), name)
	}
}

// commonPhrases stand in many texts: each of those that is no word of the dictionary is looked for in thousands.
var commonPhrases = []string{
	"“一带一路”", "“人民政府”", "“中国特色社会主义”", "“人民代表大会常务委员会”", "“社会保险”", "“依法追究刑事责任”", "“县级以上地方人民政府”", "“高质量发展”",
	"“疫情防控”", "“习近平总书记”", "“改革开放”", "“营业执照”", "“有下列情形之一的”", "“发展”", "“改革 创新”",
}

// BenchmarkSearch times whole searches by one client, with snippets and all facets, in memory that has seen the queries'
// words once. Run it with -benchtime 1000x.
func BenchmarkSearch(b *testing.B) {
	for _, percent := range []int{10, 50, 100} {
		b.Run(strconv.Itoa(percent), func(b *testing.B) {
			e := share(b, percent, 0)
			for _, set := range []struct{ name, from string }{{"words", "stard-short"}, {"questions", "stard"}} {
				list := questions(b, set.from)
				b.Run(set.name, func(b *testing.B) { timeSearches(b, e, list) })
			}
			b.Run("phrases", func(b *testing.B) { timeSearches(b, e, commonPhrases) })
		})
	}
}

// timeSearches times whole searches of the queries, one after the other, after each has been seen once.
func timeSearches(b *testing.B, e *Engine, list []string) {
	ctx := context.Background()
	for _, text := range list {
		if _, err := e.Search(ctx, index.Query{Text: text, Facets: true}); err != nil {
			b.Fatal(err)
		}
	}
	var took []time.Duration
	var all index.Stages
	for i := 0; b.Loop(); i++ {
		q := index.Query{Text: list[i%len(list)], Facets: true}
		began := time.Now()
		res, err := e.Search(ctx, q)
		if err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
		all.Read, all.Scan = all.Read+res.Stages.Read, all.Scan+res.Stages.Scan
		all.Load, all.Rank = all.Load+res.Stages.Load, all.Rank+res.Stages.Rank
	}
	report(b, took)
	reportStages(b, all)
}

// BenchmarkSuggest times a suggestion for every beginning of a thousand titles.
func BenchmarkSuggest(b *testing.B) {
	e := share(b, 100, 0)
	var typed []string
	for _, q := range questions(b, "stard-short")[:250] {
		for i := range q {
			if i > 0 && i < 24 {
				typed = append(typed, q[:i])
			}
		}
	}
	typed = append(typed, "g", "gj", "gjj", "s", "sb", "zhong", "办", "中", "中华人民共和国", "a", "户口")
	ctx := context.Background()
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		began := time.Now()
		if _, err := e.Suggest(ctx, index.SuggestQuery{Text: typed[i%len(typed)]}); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	report(b, took)
}

// BenchmarkScorer times our searcher against bleve's disjunction over the same postings of the same shard: an OR of all
// the terms of a question, top ten, in turns, so that both meet the same machine. x-bleve is the ratio of the medians.
// Ours sums three fields, bleve's is given the body alone.
func BenchmarkScorer(b *testing.B) {
	e := share(b, 100, 1, corpus.KindPolicy)
	list := questions(b, "stard")
	v, err := e.view()
	if err != nil {
		b.Fatal(err)
	}
	defer v.release()
	s := v.kinds[corpus.KindPolicy]
	var shard *shard
	for _, sh := range e.current.Load().shards {
		if sh.kind == corpus.KindPolicy {
			shard = sh
		}
	}
	ctx := context.Background()
	var ours, theirs []time.Duration
	for i := 0; b.Loop(); i++ {
		plan, _, err := e.Reader().Read(index.Query{Text: list[i%len(list)], Today: "2026-01-01"}, nil)
		if err != nil {
			b.Fatal(err)
		}
		var terms []query.Query
		for _, t := range plan.Terms {
			q := bleve.NewTermQuery(t.Text)
			q.SetField(fieldBody)
			terms = append(terms, q)
		}
		request := bleve.NewSearchRequestOptions(bleve.NewDisjunctionQuery(terms...), 10, 0, false)
		began := time.Now()
		if _, err := shard.bleve.SearchInContext(ctx, request); err != nil {
			b.Fatal(err)
		}
		theirs = append(theirs, time.Since(began))
		began = time.Now()
		gates := make([]gate, len(s.leaves))
		for li := range gates {
			gates[li] = newGate(s.leaves[li].columns, corpus.KindPolicy, plan)
		}
		if _, err := s.scan(ctx, plan, &e.options.Ranking, gates, tally{kind: corpus.KindPolicy, today: plan.Today}, bounds{10, 10}, nil); err != nil {
			b.Fatal(err)
		}
		ours = append(ours, time.Since(began))
	}
	report(b, ours)
	slices.Sort(theirs)
	half := theirs[len(theirs)/2]
	b.ReportMetric(float64(half.Microseconds())/1000, "bleve-p50-ms")
	b.ReportMetric(float64(ours[len(ours)/2])/float64(half), "x-bleve")
}
