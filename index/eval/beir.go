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
	"slices"
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
	Queries   []Query // those that some document answers, in the file's order
	// Grades of documents by query: how well a document answers, 0 for not at all.
	Grades map[string]map[string]int
	// Kinds are the kinds of documents that are asked for; none means all.
	Kinds []corpus.Kind
}

// Load reads a set. Empty files, lines that cannot be read, IDs that stand twice, unknown document or query IDs in the
// qrels, two grades for one document and a set in which no query is judged are errors that name file and line.
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
		if relevant(s.Grades[q.ID]) > 0 {
			s.Queries = append(s.Queries, q)
		} else {
			delete(s.Grades, q.ID)
		}
	}
	if len(s.Queries) == 0 {
		return nil, fmt.Errorf("%s: no query of %s is judged", qrelsFile, queriesFile)
	}
	return s, nil
}

// Only returns the set with the queries that keep keeps.
func (s *Set) Only(keep func(Query) bool) *Set {
	part := *s
	part.Queries = slices.DeleteFunc(slices.Clone(s.Queries), func(q Query) bool { return !keep(q) })
	return &part
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
	empty := true
	for n := 1; ; n++ {
		raw, err := in.ReadBytes('\n')
		if len(strings.TrimSpace(string(raw))) > 0 {
			empty = false
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
	if empty {
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
	seen := map[string]bool{}
	err := eachRecord(file, func(line int, r record, m metadata) error {
		if seen[r.ID] {
			return fmt.Errorf("%s:%d: query %q stands there twice", file, line, r.ID)
		}
		seen[r.ID] = true
		queries = append(queries, Query{ID: r.ID, Text: r.Text, Type: m.Type})
		return nil
	})
	return queries, err
}

// maxGrade bounds a grade: gains are powers of two, and those of grades in the thousands are infinite.
const maxGrade = 30

func (s *Set) loadGrades(file string, queries []Query) error {
	knownDoc, knownQuery := map[string]bool{}, map[string]bool{}
	for _, d := range s.Documents {
		knownDoc[d.ID] = true
	}
	for _, q := range queries {
		knownQuery[q.ID] = true
		s.Grades[q.ID] = map[string]int{}
	}
	return eachJudgement(file, func(j judgement) error {
		before, twice := s.Grades[j.query][j.document]
		switch {
		case !knownQuery[j.query]:
			return fmt.Errorf("unknown query %q", j.query)
		case !knownDoc[j.document]:
			return fmt.Errorf("unknown document %q", j.document)
		case twice && before != j.grade:
			return fmt.Errorf("document %q has the grade %d for query %q already", j.document, before, j.query)
		}
		s.Grades[j.query][j.document] = j.grade
		return nil
	})
}

// judgement is a line of the qrels.
type judgement struct {
	query, document string
	grade           int
}

// eachJudgement visits the lines of a qrels file. An error is returned with file and line before it.
func eachJudgement(file string, visit func(judgement) error) error {
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("open judgements: %w", err)
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	n := 1
	for ; lines.Scan(); n++ {
		fields := splitJudgement(lines.Text())
		if len(fields) == 0 || n == 1 && fields[0] == "query-id" {
			continue
		}
		j, err := parseJudgement(fields)
		if err == nil {
			err = visit(j)
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", file, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s:%d: %w", file, n, err)
	}
	return nil
}

// splitJudgement splits at tabs where there are enough of them, since the IDs of a BEIR set may hold blanks.
func splitJudgement(line string) []string {
	line = strings.TrimSpace(strings.TrimPrefix(line, "\ufeff"))
	fields := strings.Split(line, "\t")
	if len(fields) != 3 && len(fields) != 4 {
		return strings.Fields(line)
	}
	for i := range fields {
		fields[i] = strings.TrimSpace(fields[i])
	}
	return fields
}

func parseJudgement(fields []string) (judgement, error) {
	if len(fields) == 4 { // TREC qrels: query, iteration, document, grade
		fields = []string{fields[0], fields[2], fields[3]}
	}
	if len(fields) != 3 {
		return judgement{}, fmt.Errorf("want query, document and grade, have %d fields", len(fields))
	}
	grade, err := strconv.Atoi(fields[2])
	if err != nil {
		return judgement{}, fmt.Errorf("grade %q is not a whole number", fields[2])
	}
	if grade > maxGrade {
		return judgement{}, fmt.Errorf("grade %d is above %d", grade, maxGrade)
	}
	return judgement{fields[0], fields[1], max(grade, 0)}, nil
}

// WriteTREC writes a run in TREC format: query Q0 document rank score tag. An ID or a tag that is empty or holds white
// space is an error, because the format has nothing but white space between its columns.
func WriteTREC(w io.Writer, runs []Run, tag string) error {
	out := bufio.NewWriter(w)
	sorted := append([]Run(nil), runs...)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].Query.ID < sorted[j].Query.ID })
	for _, r := range sorted {
		for i, h := range r.Hits {
			for _, column := range []string{r.Query.ID, h.ID, tag} {
				if len(strings.Fields(column)) != 1 || strings.TrimSpace(column) != column {
					return fmt.Errorf("%q cannot be a column of a TREC run", column)
				}
			}
			if _, err := fmt.Fprintf(out, "%s Q0 %s %d %.6f %s\n", r.Query.ID, h.ID, i+1, h.Score, tag); err != nil {
				return err
			}
		}
	}
	return out.Flush()
}
