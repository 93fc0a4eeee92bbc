package ingest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"tongsou/corpus"
	"tongsou/corpus/ingest"
	"tongsou/corpus/reader"
	"tongsou/corpus/store"
)

func open(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), filepath.Join(t.TempDir(), "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// mixed is a folder of good and bad files; every bad one stands before a good one.
var mixed = map[string]string{
	"a.jsonl": `{"id": "n1", "kind": "news", "title": "政务大厅搬家", "sections": [{"id": "p1", "text": "明天起在新址办公。"}]}
{"id": "n2", "kind": "news", "title": "断了
{"id": "n3", "kind": "news", "title": "多了一个字段", "colour": "red"}
{"id": "n4", "kind": "news", "title": " ", "published": "2024-13-01"}
{"id": "n5", "kind": "news", "title": "地区不认识", "region": "999999"}
`,
	"b.json":       `[{"id": "n6", "kind": "news", "title": "数组的第一条"}, {"id": "n7", "kind": "news", "ti`,
	"c.bin":        "\x00\x01\x02\x03",
	"d.jsonl.gz":   "\x1f\x8bnot gzip at all",
	"e/law.md":     "# 户口便民办法\n\n2020年1月2日公布\n\n<!-- INFO END -->\n\n第一条 为了方便群众，制定本办法。\n\n第二条 本办法自2020年3月1日起施行。\n",
	".hidden/x.md": "not to be read",
}

func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func run(t testing.TB, s *store.Store, root string, opts ingest.Options) ingest.Report {
	t.Helper()
	report, err := ingest.Run(t.Context(), s, root, opts)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func titles(t testing.TB, s *store.Store) map[string]string {
	t.Helper()
	list := map[string]string{}
	err := s.IDs(t.Context(), func(id string, _ corpus.Kind) error {
		d, err := s.Get(t.Context(), id)
		if err == nil {
			list[d.Title] = d.Source.File
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestRunTakesTheGoodBesideTheBad(t *testing.T) {
	s := open(t)
	var rejects bytes.Buffer
	report := run(t, s, folder(t, mixed), ingest.Options{Rejects: &rejects})
	want := ingest.Report{
		Summary: store.Summary{Added: 4, Sequence: 4}, Documents: 4, Sections: 3,
		Rejected: 6, // n2, n3, n4, what is cut off of b.json, c.bin and d.jsonl.gz
		Warnings: 1,
	}
	if report != want {
		t.Errorf("report %+v, want %+v", report, want)
	}
	good := map[string]string{"政务大厅搬家": "a.jsonl", "地区不认识": "a.jsonl", "数组的第一条": "b.json", "户口便民办法": "e/law.md"}
	if got := titles(t, s); !reflect.DeepEqual(got, good) {
		t.Errorf("the store holds %v, want %v", got, good)
	}
	checkRejects(t, rejects.String())
}

// checkRejects checks the faults of mixed: JSON lines that name file, line, field and reason.
func checkRejects(t *testing.T, rejects string) {
	t.Helper()
	want := []struct {
		file     string
		line     int
		field    string
		severity corpus.Severity
		reason   string
		id       string
	}{
		{"a.jsonl", 2, "", corpus.Reject, "JSON", ""},
		{"a.jsonl", 3, "", corpus.Reject, "colour", ""},
		{"a.jsonl", 4, "标题", corpus.Reject, "缺少标题", "n4"},
		{"a.jsonl", 4, "发布日期", corpus.Reject, "2024-13-01", "n4"},
		{"a.jsonl", 5, "地区", corpus.Warn, "999999", "n5"},
		{"b.json", 0, "", corpus.Reject, "读取中断", ""},
		{"c.bin", 0, "", corpus.Reject, "格式", ""},
		{"d.jsonl.gz", 0, "", corpus.Reject, "打不开", ""},
	}
	lines := strings.Split(strings.TrimSuffix(rejects, "\n"), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%d faults, want %d:\n%s", len(lines), len(want), rejects)
	}
	for i, w := range want {
		var f ingest.Fault
		if err := json.Unmarshal([]byte(lines[i]), &f); err != nil {
			t.Fatalf("line %d is no JSON: %v", i+1, err)
		}
		if f.File != w.file || f.Line != w.line || f.Field != w.field || f.Severity != w.severity || f.ID != w.id || !strings.Contains(f.Reason, w.reason) {
			t.Errorf("fault %d: %s, want %+v", i, lines[i], w)
		}
	}
}

func TestRunAgainChangesNothing(t *testing.T) {
	s, dir := open(t), folder(t, mixed)
	first := run(t, s, dir, ingest.Options{})
	second := run(t, s, dir, ingest.Options{})
	want := first
	want.Summary = store.Summary{Unchanged: 4, Sequence: first.Sequence}
	if second != want {
		t.Errorf("second run %+v, want %+v", second, want)
	}
	if err := os.WriteFile(filepath.Join(dir, "new.jsonl"), []byte(`{"id": "n8", "kind": "news", "title": "新来的"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	third := run(t, s, dir, ingest.Options{})
	if third.Added != 1 || third.Unchanged != 4 || third.Sequence != first.Sequence+1 {
		t.Errorf("with a new file: %+v", third)
	}
}

func TestRunReadsOneFile(t *testing.T) {
	s := open(t)
	path := filepath.Join(folder(t, mixed), "e", "law.md")
	if report := run(t, s, path, ingest.Options{}); report.Added != 1 || report.Rejected != 0 {
		t.Errorf("report %+v", report)
	}
	if got := titles(t, s); got["户口便民办法"] != "law.md" {
		t.Errorf("the store holds %v", got)
	}
}

func TestRunIsRecorded(t *testing.T) {
	dir := folder(t, mixed)
	for _, c := range []struct{ name, root, source, want string }{
		{"by path", dir, "", filepath.ToSlash(dir)},
		{"by a path that is not clean", dir + "/e/..//", "", filepath.ToSlash(dir)},
		{"by name", dir, "区政务局", "区政务局"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t)
			report := run(t, s, c.root, ingest.Options{Reader: reader.Options{Source: c.source}})
			runs, err := s.Runs(t.Context(), 10)
			if err != nil || len(runs) != 1 {
				t.Fatalf("runs %+v, %v", runs, err)
			}
			r := runs[0]
			if r.Source != c.want || r.Summary != report.Summary || r.Started.After(r.Finished) {
				t.Errorf("recorded %+v, want source %q and %+v", r, c.want, report.Summary)
			}
			if len(r.Faults) != 8 || !strings.HasPrefix(r.Faults[2], "a.jsonl:4: 标题: ") {
				t.Errorf("faults %q", r.Faults)
			}
			if sum, err := s.DeleteSource(t.Context(), r.Source); err != nil || sum.Deleted != 4 {
				t.Errorf("deleting the source that was recorded: %+v, %v", sum, err)
			}
		})
	}
}

func TestRunOnNothing(t *testing.T) {
	s := open(t)
	if _, err := ingest.Run(t.Context(), s, filepath.Join(t.TempDir(), "no-such"), ingest.Options{}); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "no-such") {
		t.Errorf("error %v, want one that names the folder", err)
	}
	if report := run(t, s, t.TempDir(), ingest.Options{}); report != (ingest.Report{}) {
		t.Errorf("an empty folder: %+v", report)
	}
	if _, err := ingest.Run(t.Context(), s, folder(t, mixed), ingest.Options{Reader: reader.Options{Format: "tarot"}}); err == nil || !strings.Contains(err.Error(), "tarot") {
		t.Errorf("error %v, want one that names the format", err)
	}
}

// full is a rejects file on a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, fmt.Errorf("no room") }

func TestRunSaysWhenItCannotWriteRejects(t *testing.T) {
	_, err := ingest.Run(t.Context(), open(t), folder(t, mixed), ingest.Options{Rejects: full{}})
	if err == nil || !strings.Contains(err.Error(), "rejects file") || !strings.Contains(err.Error(), "no room") {
		t.Errorf("error %v, want one that says that the rejects file has no room", err)
	}
}
