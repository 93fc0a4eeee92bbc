package ingest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"tongsou/corpus"
	"tongsou/corpus/ingest"
	"tongsou/corpus/reader"
	"tongsou/corpus/store"
)

// laws is n policies in files of 100, four versions of each law.
func laws(t testing.TB, n int) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	var lines strings.Builder
	for i := range n {
		d := corpus.Document{
			ID: fmt.Sprintf("law-%d", i), Kind: corpus.KindPolicy, Title: fmt.Sprintf("第%d号办法", i%(n/4)), Family: fmt.Sprint("f", i%(n/4)),
			Effective: corpus.Date(fmt.Sprintf("20%02d-01-01", (i*7)%100)),
			Sections:  []corpus.Section{{ID: "a1", Label: "第一条", Text: fmt.Sprintf("第%d次公布。", i)}},
		}
		raw, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(raw, '\n'))
		if i%100 == 99 || i == n-1 {
			files[fmt.Sprintf("%05d.jsonl", i/100)] = &fstest.MapFile{Data: []byte(lines.String())}
			lines.Reset()
		}
	}
	return files
}

// content is every document of a store.
func content(t testing.TB, s *store.Store) map[string]*corpus.Document {
	t.Helper()
	docs := map[string]*corpus.Document{}
	err := s.IDs(t.Context(), func(id string, _ corpus.Kind) (err error) {
		docs[id], err = s.Get(t.Context(), id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

func TestCancelledRunResumes(t *testing.T) {
	const n = 1300 // batches of 500, 500 and 300
	opts := ingest.Options{Reader: reader.Options{FS: laws(t, n), Source: "法规"}}
	whole := open(t)
	if report := run(t, whole, ".", opts); report.Added != n {
		t.Fatalf("uninterrupted: %+v", report)
	}
	want := content(t, whole)
	for _, stopAfter := range []int{0, 250, 700, 1299} {
		t.Run(fmt.Sprint("after ", stopAfter), func(t *testing.T) {
			s := open(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			halted := opts
			halted.Reader.Progress = func(p reader.Progress) {
				if p.FilesDone*100 >= stopAfter {
					cancel()
				}
			}
			stopped, err := ingest.Run(ctx, s, ".", halted)
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("error %v, want that it was cancelled", err)
			}
			stored := len(content(t, s))
			if stored != stopped.Added || stored > stopAfter+100 || stopAfter >= 700 && stored < 500 {
				t.Errorf("stopped with %d stored, the report says %d", stored, stopped.Added)
			}
			if runs, err := s.Runs(t.Context(), 1); err != nil || len(runs) != 1 || runs[0].Summary != stopped.Summary {
				t.Errorf("the stopped run is recorded as %+v, %v", runs, err)
			}
			resumed := run(t, s, ".", opts)
			if resumed.Unchanged != stored || resumed.Added != n-stored || resumed.Updated != 0 {
				t.Errorf("resumed: %+v, want %d unchanged", resumed, stored)
			}
			if got := content(t, s); !reflect.DeepEqual(got, want) {
				t.Error("the store differs from one that was filled at once")
			}
		})
	}
}

// When Stored is called another process that has the file open sees what it says.
func TestStoredComesAfterTheStoreAcknowledged(t *testing.T) {
	s := open(t)
	var seen []store.Summary
	opts := ingest.Options{Reader: reader.Options{FS: laws(t, 1100)}}
	opts.Stored = func(sum store.Summary) {
		seen = append(seen, sum)
		seq, err := s.Sequence(t.Context())
		if err != nil || seq != sum.Sequence {
			t.Errorf("told of sequence %d, the store is at %d, %v", sum.Sequence, seq, err)
		}
		if n := len(content(t, s)); n != sum.Added {
			t.Errorf("told of %d documents, the store has %d", sum.Added, n)
		}
	}
	report := run(t, s, ".", opts)
	if len(seen) != 3 || seen[2] != report.Summary || seen[0].Added != 500 || seen[1].Added != 1000 {
		t.Errorf("told %+v, want after 500, 1000 and 1100", seen)
	}
	seen = nil
	opts.Reader.FS = fstest.MapFS{}
	if run(t, s, ".", opts); len(seen) != 0 {
		t.Errorf("told %+v of nothing", seen)
	}
}

// A few long documents are stored before 500 of them have come together.
func TestLongDocumentsMakeSmallBatches(t *testing.T) {
	files := fstest.MapFS{}
	text := strings.Repeat("正文", 500_000) // 3 MB
	for i := range 7 {
		files[fmt.Sprintf("%d.jsonl", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, `{"id": "d%d", "kind": "news", "title": "长文", "sections": [{"id": "p1", "text": %q}]}`, i, text)}
	}
	batches := 0
	s := open(t)
	run(t, s, ".", ingest.Options{Reader: reader.Options{FS: files}, Stored: func(store.Summary) { batches++ }})
	if batches != 3 {
		t.Errorf("21 MB came in %d batches, want 3", batches)
	}
	if n := len(content(t, s)); n != 7 {
		t.Errorf("%d documents, want 7", n)
	}
}
