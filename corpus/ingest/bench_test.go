package ingest_test

import (
	"testing"

	"tongsou/corpus/ingest"
	"tongsou/corpus/reader"
	"tongsou/corpus/store"
)

// BenchmarkRun reads 2,000 short policies, four versions of each law, into an empty store.
func BenchmarkRun(b *testing.B) {
	const documents = 2000
	opts := ingest.Options{Reader: reader.Options{FS: laws(b, documents), Source: "法规"}}
	for b.Loop() {
		b.StopTimer()
		s := open(b)
		b.StartTimer()
		if report := run(b, s, ".", opts); report.Added != documents {
			b.Fatalf("%+v", report)
		}
	}
	b.ReportMetric(documents*float64(b.N)/b.Elapsed().Seconds(), "documents/s")
}

// BenchmarkRunAgain reads them into a store that has them all: what a nightly ingest costs.
func BenchmarkRunAgain(b *testing.B) {
	const documents = 2000
	opts := ingest.Options{Reader: reader.Options{FS: laws(b, documents), Source: "法规"}}
	s := open(b)
	first := run(b, s, ".", opts)
	for b.Loop() {
		if report := run(b, s, ".", opts); report.Summary != (store.Summary{Unchanged: documents, Sequence: first.Sequence}) {
			b.Fatalf("%+v", report)
		}
	}
	b.ReportMetric(documents*float64(b.N)/b.Elapsed().Seconds(), "documents/s")
}
