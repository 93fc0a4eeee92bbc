// Package eval judges a ranking against queries whose right answers are known. It reads the BEIR layout (corpus.jsonl,
// queries.jsonl, qrels as tab-separated query, document, grade), runs every judged query through an index.Searcher, and
// reports nDCG@10, MRR@10, Recall@10, Recall@100 and latency; a run can be written in TREC format for other tools.
package eval

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sort"
	"strconv"
	"strings"

	"tongsou/corpus"
)

// Query is one judged query.
type Query struct {
	ID   string
	Text string
	// Type is the query's metadata.type where it has one: colloquial, typo, pinyin …
	Type string
}

// Set is a judged set.
type Set struct {
	Documents []*corpus.Document
	Queries   []Query // those that have judgements, in the file's order
	// Grades of documents by query: how well a document answers, 0 for not at all.
	Grades map[string]map[string]int
}

// Load reads a set. Empty files, lines that cannot be read, unknown document or query IDs in the qrels and a set in which
// no query is judged are errors that name file and line.
func Load(corpusFile, queriesFile, qrelsFile string) (*Set, error) {
	s := &Set{Grades: map[string]map[string]int{}}
	var err error
	if s.Documents, err = loadDocuments(corpusFile); err != nil {
		return nil, err
	}
	queries, err := loadQueries(queriesFile)
	if err != nil {
		return nil, err
	}
	if err := s.loadGrades(qrelsFile, queries); err != nil {
		return nil, err
	}
	for _, q := range queries {
		if len(s.Grades[q.ID]) > 0 {
			s.Queries = append(s.Queries, q)
		}
	}
	if len(s.Queries) == 0 {
		return nil, fmt.Errorf("%s: no query of %s is judged", qrelsFile, queriesFile)
	}
	return s, nil
}

// record is a line of corpus.jsonl or queries.jsonl.
type record struct {
	ID       string          `json:"_id"`
	Title    string          `json:"title"`
	Text     string          `json:"text"`
	Metadata json.RawMessage `json:"metadata"`
}

type metadata struct {
	Kind   corpus.Kind `json:"kind"`
	Code   string      `json:"code"`
	Region string      `json:"region"`
	Type   string      `json:"type"`
}

func eachRecord(file string, visit func(line int, r record, m metadata) error) error {
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("open judged set: %w", err)
	}
	defer func() { _ = f.Close() }()
	in := bufio.NewReaderSize(f, 1<<20)
	n := 0
	for {
		raw, err := in.ReadBytes('\n')
		if len(strings.TrimSpace(string(raw))) > 0 {
			n++
			var r record
			var m metadata
			if e := json.Unmarshal(raw, &r); e != nil {
				return fmt.Errorf("%s:%d: not a JSON record: %w", file, n, e)
			}
			if r.ID == "" {
				return fmt.Errorf("%s:%d: _id: a BEIR record needs one", file, n)
			}
			if len(r.Metadata) > 0 {
				_ = json.Unmarshal(r.Metadata, &m) // other sets have metadata of other shapes
			}
			if e := visit(n, r, m); e != nil {
				return e
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", file, err)
		}
	}
	if n == 0 {
		return fmt.Errorf("%s is empty", file)
	}
	return nil
}

func loadDocuments(file string) ([]*corpus.Document, error) {
	var docs []*corpus.Document
	seen := map[string]bool{}
	err := eachRecord(file, func(line int, r record, m metadata) error {
		if seen[r.ID] {
			return fmt.Errorf("%s:%d: document %q stands there twice", file, line, r.ID)
		}
		seen[r.ID] = true
		docs = append(docs, document(r, m))
		return nil
	})
	return docs, err
}

// document makes a document of a judged record: an item when its metadata says so, else a policy of one section.
func document(r record, m metadata) *corpus.Document {
	d := &corpus.Document{ID: r.ID, Kind: corpus.KindPolicy, Title: r.Title, Region: m.Region}
	if m.Kind.Valid() {
		d.Kind = m.Kind
	}
	if d.Kind == corpus.KindItem {
		d.Item = &corpus.Item{Code: m.Code, Body: r.Text}
		d.Issuer = r.Text
	} else if r.Text != "" {
		d.Sections = []corpus.Section{{ID: "p1", Text: r.Text}}
	}
	return d
}

func loadQueries(file string) ([]Query, error) {
	var queries []Query
	err := eachRecord(file, func(_ int, r record, m metadata) error {
		queries = append(queries, Query{ID: r.ID, Text: r.Text, Type: m.Type})
		return nil
	})
	return queries, err
}

func (s *Set) loadGrades(file string, queries []Query) error {
	knownDoc, knownQuery := map[string]bool{}, map[string]bool{}
	for _, d := range s.Documents {
		knownDoc[d.ID] = true
	}
	for _, q := range queries {
		knownQuery[q.ID] = true
	}
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("open judgements: %w", err)
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || n == 1 && fields[0] == "query-id" {
			continue
		}
		if len(fields) == 4 { // TREC qrels: query, iteration, document, grade
			fields = []string{fields[0], fields[2], fields[3]}
		}
		if len(fields) != 3 {
			return fmt.Errorf("%s:%d: want query, document and grade, have %d fields", file, n, len(fields))
		}
		grade, err := strconv.Atoi(fields[2])
		switch {
		case err != nil:
			return fmt.Errorf("%s:%d: grade %q is not a whole number", file, n, fields[2])
		case !knownQuery[fields[0]]:
			return fmt.Errorf("%s:%d: unknown query %q", file, n, fields[0])
		case !knownDoc[fields[1]]:
			return fmt.Errorf("%s:%d: unknown document %q", file, n, fields[1])
		}
		if grade <= 0 {
			continue
		}
		if s.Grades[fields[0]] == nil {
			s.Grades[fields[0]] = map[string]int{}
		}
		s.Grades[fields[0]][fields[1]] = grade
	}
	return lines.Err()
}

// WriteTREC writes a run in TREC format: query Q0 document rank score tag.
func WriteTREC(w io.Writer, runs []Run, tag string) error {
	out := bufio.NewWriter(w)
	sorted := append([]Run(nil), runs...)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].Query.ID < sorted[j].Query.ID })
	for _, r := range sorted {
		for i, h := range r.Hits {
			if _, err := fmt.Fprintf(out, "%s Q0 %s %d %.6f %s\n", r.Query.ID, h.ID, i+1, h.Score, tag); err != nil {
				return err
			}
		}
	}
	return out.Flush()
}
