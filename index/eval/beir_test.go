package eval_test

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tongsou/corpus"
	"tongsou/index/eval"
)

// files are the three files of a judged set.
type files struct{ corpus, queries, qrels string }

var sound = files{
	corpus: `{"_id": "d1", "title": "户口登记条例", "text": "第一条 为了维持社会秩序"}
{"_id": "d2", "title": "出生登记", "text": "派出所", "metadata": {"kind": "item", "code": "001", "region": "150100"}}
{"_id": "d3", "title": "无正文"}
`,
	queries: `{"_id": "q1", "text": "孩子上户口", "metadata": {"type": "colloquial"}}
{"_id": "q2", "text": "户口条例"}
{"_id": "q3", "text": "没有人评判"}
`,
	qrels: "query-id\tcorpus-id\tscore\nq1\td2\t2\nq1\td1\t1\nq1\td3\t0\nq2\td1\t1\nq3\td1\t0\n",
}

// load writes the files to a folder of their own and loads them.
func (f files) load(t testing.TB) (*eval.Set, string, error) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	set, err := eval.Load(write("corpus.jsonl", f.corpus), write("queries.jsonl", f.queries), write("qrels.tsv", f.qrels))
	return set, dir, err
}

func TestLoad(t *testing.T) {
	set, _, err := sound.load(t)
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Documents) != 3 || len(set.Queries) != 2 {
		t.Fatalf("%d documents and %d judged queries, want 3 and 2", len(set.Documents), len(set.Queries))
	}
	if d := set.Documents[0]; d.Kind != corpus.KindPolicy || d.Title != "户口登记条例" || len(d.Sections) != 1 {
		t.Errorf("policy read as %+v", d)
	}
	if d := set.Documents[1]; d.Kind != corpus.KindItem || d.Item == nil || d.Item.Code != "001" || d.Item.Body != "派出所" || d.Region != "150100" {
		t.Errorf("item read as %+v", d)
	}
	if d := set.Documents[2]; len(d.Sections) != 0 {
		t.Errorf("a document without text has sections: %+v", d)
	}
	if q := set.Queries[0]; q != (eval.Query{ID: "q1", Text: "孩子上户口", Type: "colloquial"}) {
		t.Errorf("query read as %+v", q)
	}
	if g := set.Grades["q1"]; g["d2"] != 2 || g["d1"] != 1 || g["d3"] != 0 {
		t.Errorf("grades read as %v", g)
	}
	if _, ok := set.Grades["q3"]; ok {
		t.Error("a query that nothing answers is judged")
	}
}

// The qrels of BEIR are separated by tabs and their IDs may hold blanks; those of TREC have four columns and any blanks.
func TestQrelsFormats(t *testing.T) {
	for name, qrels := range map[string]string{
		"TREC":           "q1 0  d2 2\r\nq2\t0\td1\t1\r\n\r\n",
		"no header":      "q1\td2\t2\n",
		"no line end":    "q1\td2\t2",
		"blanks":         "q1   d2 \t 2\n",
		"mark of order":  "\ufeffquery-id\tcorpus-id\tscore\nq1\td2\t2\n",
		"judged twice":   "q1\td2\t2\nq1\td2\t2\n",
		"negative grade": "q1\td2\t2\nq1\td1\t-2\n",
	} {
		f := sound
		f.qrels = qrels
		set, _, err := f.load(t)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if g := set.Grades["q1"]; g["d2"] != 2 || g["d1"] != 0 {
			t.Errorf("%s: grades %v", name, g)
		}
	}
	f := files{
		corpus:  `{"_id": "第 7 条", "title": "甲"}` + "\n" + `{"_id": "7", "title": "乙"}`,
		queries: `{"_id": "q1", "text": "甲"}`,
		qrels:   "q1\t第 7 条\t1\n",
	}
	set, _, err := f.load(t)
	if err != nil || set.Grades["q1"]["第 7 条"] != 1 {
		t.Errorf("an ID with blanks: %v", err)
	}
}

func TestFaultyLineIsNamed(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(*files)
		want string // behind the folder
	}{
		{"corpus that is not JSON", func(f *files) { f.corpus += "\n{\"_id\": \n" }, "corpus.jsonl:5: not a JSON record"},
		{"corpus with an ID of another type", func(f *files) { f.corpus = `{"_id": 1}` }, "corpus.jsonl:1: not a JSON record"},
		{"corpus without an ID", func(f *files) { f.corpus += "null\n" }, "corpus.jsonl:4: _id"},
		{"document twice", func(f *files) { f.corpus += "{\"_id\": \"d1\"}\n" }, `corpus.jsonl:4: document "d1"`},
		{"queries that are not JSON", func(f *files) { f.queries = "\n\nq1 户口" }, "queries.jsonl:3: not a JSON record"},
		{"query twice", func(f *files) { f.queries += "{\"_id\": \"q1\"}\n" }, `queries.jsonl:4: query "q1"`},
		{"unknown query", func(f *files) { f.qrels += "q9\td1\t1\n" }, `qrels.tsv:7: unknown query "q9"`},
		{"unknown document", func(f *files) { f.qrels += "\nq1\td9\t1\n" }, `qrels.tsv:8: unknown document "d9"`},
		{"unknown document of grade 0", func(f *files) { f.qrels += "q1\td9\t0\n" }, `qrels.tsv:7: unknown document "d9"`},
		{"two fields", func(f *files) { f.qrels += "q1\td1\n" }, "qrels.tsv:7: want query, document and grade"},
		{"no grade", func(f *files) { f.qrels += "q1\td1\t很好\n" }, "qrels.tsv:7: grade"},
		{"grade without bound", func(f *files) { f.qrels += "q2\td2\t5000\n" }, "qrels.tsv:7: grade 5000"},
		{"two grades", func(f *files) { f.qrels += "q1\td3\t1\n" }, `qrels.tsv:7: document "d3" has the grade 0`},
		{"long line", func(f *files) { f.qrels += strings.Repeat("q", 1<<17) }, "qrels.tsv:7: "},
		{"empty corpus", func(f *files) { f.corpus = "\n \n" }, "corpus.jsonl is empty"},
		{"empty queries", func(f *files) { f.queries = "" }, "queries.jsonl is empty"},
		{"empty qrels", func(f *files) { f.qrels = "" }, "qrels.tsv: no query"},
		{"nothing answers", func(f *files) { f.qrels = "q1\td1\t0\n" }, "qrels.tsv: no query"},
	} {
		f := sound
		c.edit(&f)
		_, dir, err := f.load(t)
		if err == nil || !strings.HasPrefix(err.Error(), filepath.Join(dir, c.want)) {
			t.Errorf("%s: error %v, want %s", c.name, err, c.want)
		}
	}
}

func TestMissingFileIsNamed(t *testing.T) {
	for missing := range 3 {
		names := []string{"corpus.jsonl", "queries.jsonl", "qrels.tsv"}
		dir := t.TempDir()
		for i, text := range []string{sound.corpus, sound.queries, sound.qrels} {
			path := filepath.Join(dir, names[i])
			names[i] = path
			if i == missing {
				continue
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := eval.Load(names[0], names[1], names[2]); err == nil || !strings.Contains(err.Error(), names[missing]) {
			t.Errorf("error %v does not name %s", err, names[missing])
		}
	}
}

func TestWriteTREC(t *testing.T) {
	runs := []eval.Run{
		{Query: eval.Query{ID: "q2"}, Hits: []eval.Scored{{ID: "d3", Score: 1.0 / 3}}},
		{Query: eval.Query{ID: "q3"}},
		{Query: eval.Query{ID: "q1"}, Hits: []eval.Scored{{ID: "d1", Score: 12.5}, {ID: "条2", Score: 0.25}}},
	}
	const want = "q1 Q0 d1 1 12.500000 tongsou\nq1 Q0 条2 2 0.250000 tongsou\nq2 Q0 d3 1 0.333333 tongsou\n"
	var b strings.Builder
	if err := eval.WriteTREC(&b, runs, "tongsou"); err != nil || b.String() != want {
		t.Errorf("error %v, wrote\n%swant\n%s", err, b.String(), want)
	}
	if runs[0].Query.ID != "q2" {
		t.Error("the caller's runs were sorted")
	}
	for _, c := range []struct{ query, document, tag string }{{"q 1", "d", "t"}, {"q", "第 7 条", "t"}, {"q", "d", ""}, {"q", " d", "t"}} {
		run := eval.Run{Query: eval.Query{ID: c.query}, Hits: []eval.Scored{{ID: c.document}}}
		if err := eval.WriteTREC(&b, []eval.Run{run}, c.tag); err == nil {
			t.Errorf("%+v was written", c)
		}
	}
}

// FuzzLoad holds that a set is refused with the file at fault or is one that can be judged: no measure leaves 0 to 1,
// whatever the documents are ranked as.
func FuzzLoad(f *testing.F) {
	f.Add(sound.corpus, sound.queries, sound.qrels)
	f.Add("null", "[]", "\ufeff")
	f.Add(`{"_id":"a b","metadata":{"kind":"item"}}`, `{"_id":"a","metadata":[1]}`, "a\ta b\t30")
	f.Add(`{"_id":"\ud800"}`, "{\"_id\":\"\xff\"}", "\xff 0 \xef\xbf\xbd 1")
	f.Add(`{"_id":"a"}`, `{"_id":"a"}`, "a a 9223372036854775808\na\t\ta\t1\n")
	f.Fuzz(func(t *testing.T, documents, queries, qrels string) {
		set, dir, err := files{documents, queries, qrels}.load(t)
		if err != nil {
			if !strings.HasPrefix(err.Error(), dir) {
				t.Fatalf("error without a file: %v", err)
			}
			return
		}
		var runs []eval.Run
		for _, q := range set.Queries {
			run := eval.Run{Query: q}
			for _, d := range set.Documents {
				run.Hits = append(run.Hits, eval.Scored{ID: d.ID})
			}
			runs = append(runs, run)
		}
		r := eval.Measure(runs, set.Grades)
		for _, m := range []float64{r.NDCG10, r.MRR10, r.Recall10, r.Recall100} {
			if math.IsNaN(m) || m < 0 || m > 1+1e-9 {
				t.Fatalf("report %+v", r)
			}
		}
		if len(set.Documents) <= 100 && math.Abs(r.Recall100-1) > 1e-9 {
			t.Fatalf("all documents are found and recall is %v", r.Recall100)
		}
	})
}
