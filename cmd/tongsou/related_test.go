package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestRelated follows what is learned from an ingest to the command that shows it, and from there to a search.
func TestRelated(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	if _, err := tongsou(t, "related", "--data", data, "宝宝"); err == nil || !strings.Contains(err.Error(), "ingest") {
		t.Errorf("before anything was learned: %v, want an error that says how", err)
	}
	must(t, "ingest", "--data", data, filepath.Join("..", "..", "corpus", "sample", "items"))
	if out := must(t, "related", "--data", data, "宝宝"); !strings.Contains(out, "宝宝→新生儿") || !strings.Contains(out, "篇") {
		t.Errorf("宝宝 shows\n%s\nwant 新生儿 with the number of documents", out)
	}
	if out := must(t, "related", "--data", data, "没有这个词"); !strings.Contains(out, "没有与“没有这个词”相关的词") {
		t.Errorf("a word of which nothing is known shows\n%s", out)
	}
	var found relatedTo
	if err := json.Unmarshal([]byte(must(t, "related", "--data", data, "--json", "宝宝")), &found); err != nil {
		t.Fatal(err)
	}
	if len(found.Terms) == 0 || found.Terms[0].Documents < 3 || found.From.Documents == 0 {
		t.Errorf("as JSON it is %+v, want terms of at least 3 documents each", found)
	}
	file := filepath.Join(data, "index", "related")
	if err := os.Truncate(file, 100); err != nil {
		t.Fatal(err)
	}
	if _, err := tongsou(t, "related", "--data", data, "宝宝"); err == nil || !strings.Contains(err.Error(), "不完整") {
		t.Errorf("a torn file: %v, want an error that says so", err)
	}
	must(t, "search", "--data", data, "宝宝")
}

// TestServeLearns: a server learns by itself, and the command shows it while the server runs.
func TestServeLearns(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	serving(t, data)
	for range 200 {
		if out, err := tongsou(t, "related", "--data", data, "宝宝"); err == nil && strings.Contains(out, "宝宝→新生儿") {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("nothing was learned in ten seconds")
}
