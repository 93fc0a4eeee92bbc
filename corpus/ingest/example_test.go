package ingest_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"testing/fstest"

	"tongsou/corpus/ingest"
	"tongsou/corpus/reader"
	"tongsou/corpus/store"
)

// What is wrong with one record is listed, and the others are taken in.
func ExampleRun() {
	dir, err := os.MkdirTemp("", "ingest")
	if err != nil {
		log.Panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx := context.Background()
	s, err := store.Open(ctx, filepath.Join(dir, "store.db"))
	if err != nil {
		log.Panic(err)
	}
	defer func() { _ = s.Close() }()

	files := fstest.MapFS{"news.jsonl": {Data: []byte(`{"id": "n1", "kind": "news", "title": "政务大厅周六开门"}
{"id": "n2", "kind": "news", "title": ""}
{"id": "n3", "kind": "news", "title": "户口可以网上办"}
`)}}
	var rejects bytes.Buffer
	opts := ingest.Options{Reader: reader.Options{FS: files, Source: "日报"}, Rejects: &rejects}
	for range 2 {
		report, err := ingest.Run(ctx, s, ".", opts)
		if err != nil {
			log.Panic(err)
		}
		fmt.Printf("added %d, unchanged %d, rejected %d\n", report.Added, report.Unchanged, report.Rejected)
		fmt.Print(rejects.String())
		rejects.Reset()
	}
	// Output:
	// added 2, unchanged 0, rejected 1
	// {"file":"news.jsonl","line":2,"field":"标题","reason":"缺少标题","severity":"error","id":"n2"}
	// added 0, unchanged 2, rejected 1
	// {"file":"news.jsonl","line":2,"field":"标题","reason":"缺少标题","severity":"error","id":"n2"}
}
