package enginetest

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"tongsou/corpus"
	"tongsou/corpus/reader"
	"tongsou/corpus/sample"
	"tongsou/index"
)

// SampleDay is the day on which the pairs over the sample are asked.
func SampleDay() time.Time { return time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC) }

// Sample are the changes that put the embedded sample into an index.
func Sample(t testing.TB) []index.Change {
	t.Helper()
	var changes []index.Change
	err := reader.Read(".", reader.Options{FS: sample.Files, Source: sample.Source}, func(d *corpus.Document, f *reader.Fault) error {
		if f != nil {
			return f
		}
		changes = append(changes, index.Change{Seq: uint64(len(changes) + 1), ID: d.ID, Document: d})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return changes
}

// Pairs holds a searcher over the sample to the pairs of query and item in a file: lines "query => item|item@place", where an
// item is item-ID without its office, or with it behind a slash, and place is 1 or 3. It returns how many pairs there are.
func Pairs(t *testing.T, s index.Searcher, file string) int {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for lines := bufio.NewScanner(bytes.NewReader(raw)); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "[") {
			continue
		}
		query, answer, ok := strings.Cut(line, "=>")
		answer, within, ok2 := strings.Cut(answer, "@")
		if !ok || !ok2 || within == "" {
			t.Fatalf("%s: %q is no pair", file, line)
		}
		n++
		if at := itemAt(t, s, strings.TrimSpace(query), answer); at == 0 || at > int(within[0]-'0') {
			t.Errorf("%s: the item that answers stands at place %d, want %s at most", line, at, within)
		}
	}
	return n
}

// itemAt is the place of the first item among the first ten that is one of the answers, 0 for none.
func itemAt(t *testing.T, s index.Searcher, query, answers string) int {
	t.Helper()
	res, err := s.Search(context.Background(), index.Query{Text: query, Filter: index.Filter{Kinds: []corpus.Kind{corpus.KindItem}}})
	if err != nil {
		t.Fatalf("search %q: %v", query, err)
	}
	var wanted []string
	for a := range strings.SplitSeq(answers, "|") {
		wanted = append(wanted, strings.TrimSpace(a))
	}
	for i, h := range res.Groups[0].Hits {
		at := strings.LastIndexByte(h.ID, '-')
		base := strings.TrimPrefix(h.ID[:at], "item-")
		if slices.Contains(wanted, base) || slices.Contains(wanted, base+"/"+h.ID[at+1:]) {
			return i + 1
		}
	}
	return 0
}
