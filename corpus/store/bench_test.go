package store_test

import (
	"fmt"
	"strings"
	"testing"

	"tongsou/corpus"
)

// articles is a batch of regulations of 40 articles, some 8 KB of text each, as an ingest hands them over.
func articles(batch, n int) []*corpus.Document {
	docs := make([]*corpus.Document, n)
	for i := range docs {
		d := version(fmt.Sprintf("b%d-%d", batch, i), "2020-01-01")
		d.Title = fmt.Sprintf("第%d号办法", batch*n+i)
		d.Family = d.Title
		for a := range 40 {
			text := strings.Repeat(fmt.Sprintf("申请人应当提交第%d项材料。", a*i), 5)
			d.Sections = append(d.Sections, corpus.Section{ID: corpus.Article{Number: a + 1}.ID(), Label: corpus.Article{Number: a + 1}.String(), Text: text})
		}
		docs[i] = d
	}
	return docs
}

// BenchmarkPut stores batches of 500, new ones and the same again.
func BenchmarkPut(b *testing.B) {
	const batch = 500
	b.Run("new", func(b *testing.B) {
		s, _ := open(b)
		for i := 0; b.Loop(); i++ {
			put(b, s, articles(i, batch)...)
		}
		b.ReportMetric(batch*float64(b.N)/b.Elapsed().Seconds(), "documents/s")
	})
	b.Run("unchanged", func(b *testing.B) {
		s, _ := open(b)
		docs := articles(0, batch)
		put(b, s, docs...)
		for b.Loop() {
			put(b, s, docs...)
		}
		b.ReportMetric(batch*float64(b.N)/b.Elapsed().Seconds(), "documents/s")
	})
}
