package reader_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tongsou/corpus"
	"tongsou/corpus/reader"
)

func titles(got result) []string {
	var list []string
	for _, d := range got.Documents {
		list = append(list, d.Title)
	}
	return list
}

// TestBadRecordKeepsNeighbours puts each way of being bad between two good records of a format.
func TestBadRecordKeepsNeighbours(t *testing.T) {
	csv := func(bad string) string {
		return "事项名称,实施主体,事项类型\n甲事项,某局,公共服务\n" + bad + "\n乙事项,某局,公共服务\n丙事项,\"某局\",公共服务\n"
	}
	items := func(bad string) string {
		return `{"事项名称":"甲事项","实施主体":"某局","事项类型":"公共服务"}` + "\n" + bad + "\n" +
			`{"事项名称":"乙事项","实施主体":"某局","事项类型":"公共服务"}` + "\n" + `{"事项名称":"丙事项","实施主体":"某局"}`
	}
	for _, c := range []struct {
		name, text string
		line       int
	}{
		{"a.csv", csv("坏事项,某局"), 3},
		{"a.csv", csv("坏事项,某局,公共服务,多一格"), 3},
		{"a.csv", csv(`坏事项,"某局,公共服务`), 3},
		{"a.csv", csv("坏事项,\"某局\n第二行\"\"\n第三行,公共服务"), 3},
		{"a.csv", csv(`坏"事"项,某局,公共服务`), 3},
		{"a.csv", csv(",某局,公共服务"), 3},
		{"a.csv", strings.ReplaceAll(csv("坏事项,某局"), ",", ";"), 3},
		{"a.tsv", strings.ReplaceAll(csv("坏事项,某局"), ",", "\t"), 3},
		{"a.csv", strings.ReplaceAll(csv("坏事项,某局"), "\n", "\r\n"), 3},
		{"a.jsonl", items(`{"事项名称":"坏事项`), 2},
		{"a.jsonl", items(`42`), 2},
		{"a.jsonl", items(`{"实施主体":"某局"}`), 2},
		{"a.jsonl", items("\x00\xff"), 2},
	} {
		got := read(t, c.name, []byte(c.text), reader.Options{})
		if !slices.Equal(titles(got), []string{"甲事项", "乙事项", "丙事项"}) {
			t.Errorf("%q: documents %v", c.text, titles(got))
		}
		if len(got.Faults) != 1 || got.Faults[0].Line != c.line || got.Faults[0].File != c.name {
			t.Errorf("%q: faults %v; want one at line %d", c.text, got.Faults, c.line)
		}
	}
}

// TestForcedFormat forces formats that a file is not.
func TestForcedFormat(t *testing.T) {
	err := reader.Read("testdata/csv/input.csv", reader.Options{Format: "nosuch"}, func(*corpus.Document, *reader.Fault) error {
		t.Error("something was emitted")
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "nosuch") || !strings.Contains(err.Error(), "xlsx") {
		t.Errorf("error = %v; want the name and the names that there are", err)
	}
	text := []byte("雪人登记窗口\n今天开门。\n")
	for _, format := range []string{"native", "items", "policy", "news", "csv", "xlsx", "docx", "pdf", "items-yaml", "newspaper"} {
		if format == "pdf" {
			needPDF(t)
		}
		data := text
		if format == "items-yaml" {
			data = []byte("- 雪人\n")
		}
		got := read(t, "a.txt", data, reader.Options{Format: format})
		if len(got.Documents) != 0 || len(got.Faults) == 0 || got.Faults[0].File != "a.txt" {
			t.Errorf("%s: got %+v", format, got)
		}
	}
}

// TestChoice tells which format takes a file; "" means none.
func TestChoice(t *testing.T) {
	for _, c := range []struct{ path, head, want string }{
		{"a.txt", "雪人登记窗口\n今天开门。\n", "plain"},
		{"a.txt", "%PDF-1.4 雪人", "pdf"},
		{"a.txt", "事项名称,实施主体,事项类型\n甲,乙,丙\n", "csv"},
		{"a.txt", "<!DOCTYPE html><p>雪人", "html"},
		{"a.txt", "\n <HTML><p>雪人", "html"},
		{"a.htm", "<div>雪人</div>", "html"},
		{"a.xml", "<?xml version='1.0'?><雪人/>", ""},
		{"a.csv", "标题,正文\n甲,乙\n", "csv"}, // so that it can say what is missing
		{"a.json", `{"雪人": 1}`, ""},
		{"a.txt", `{"雪人": 1}`, ""},
		{"a.txt", "The quick brown fox.\n", ""},
		{"a.go", "package main // 雪人\nfunc main() { println(1) }\n", ""},
		{"a.yaml", "雪人: 一个\n", ""},
		{"a.txt", "", ""},
		{"a.txt", "雪人\x00\x01\x02", ""},
		{"a.txt", "雪人\x01\x02\x03\x04", ""},
		{"a.txt", "PK\x03\x04雪人", ""},
		{"a.docx", "PK\x03\x04 nothing yet", "docx"},
		{"a.xlsx", "PK\x03\x04 nothing yet", "xlsx"},
		{"a.xlsx", "PK\x03\x04 word/document.xml", "docx"},
		{"a.bin", "PK\x03\x04 xl/workbook.xml", "xlsx"},
		{"a.pptx", "PK\x03\x04 ppt/slides", ""},
	} {
		got := ""
		for _, f := range reader.Formats() {
			if f.Accepts(&reader.File{Path: c.path, Head: []byte(c.head)}) {
				got = f.Name()
				break
			}
		}
		if got != c.want {
			t.Errorf("%s holding %q is taken for %q, want %q", c.path, c.head, got, c.want)
		}
	}
}

// TestMapping tries what can be wrong with a mapping: the fault names it and says what can stand there.
func TestMapping(t *testing.T) {
	table := "服务;承办;备注\n雪人登记;某局;冬季\n"
	for _, c := range []struct {
		mapping, field string
		reasons        []string
	}{
		{"neme: 服务\n", "neme", []string{"promised_limit", "name"}},
		{"name: 事项\nbody: 承办\n", "name", []string{"“事项”", "服务、承办、备注", "a.csv"}},
		{"name: 服务\nbody: 服务\n", "name", []string{"只能用一次"}},
		{"name: ''\n", "name", []string{"没有写表头"}},
		{"", "", []string{"空"}},
		{"name: [1\n", "", []string{"YAML"}},
	} {
		file := filepath.Join(t.TempDir(), "m.yaml")
		if err := os.WriteFile(file, []byte(c.mapping), 0o644); err != nil {
			t.Fatal(err)
		}
		got := read(t, "a.csv", []byte(table), reader.Options{Mapping: file})
		if len(got.Documents) != 0 || len(got.Faults) != 1 || got.Faults[0].File != file || got.Faults[0].Field != c.field {
			t.Errorf("%q: got %+v", c.mapping, got)
			continue
		}
		for _, want := range c.reasons {
			if !strings.Contains(got.Faults[0].Reason, want) {
				t.Errorf("%q: reason %q lacks %q", c.mapping, got.Faults[0].Reason, want)
			}
		}
	}
	got := read(t, "a.csv", []byte(table), reader.Options{Mapping: "no-such-file.yaml"})
	if len(got.Faults) != 1 || !strings.Contains(got.Faults[0].Error(), "no-such-file.yaml") {
		t.Errorf("missing mapping: %+v", got)
	}
}

// TestMappingOfEveryColumn maps each column by itself, so that none of the names on the left is a dead letter.
func TestMappingOfEveryColumn(t *testing.T) {
	values := map[string]string{
		"legal_limit": "3个工作日", "promised_limit": "3个工作日", "visits": "1次", "fee": "否", "region": "150102", "date": "2023-01-10",
	}
	for _, column := range reader.ItemColumns() {
		value := values[column]
		if value == "" {
			value = "雪人"
		}
		heads, mapping := "甲列", column+": 甲列\n"
		row := value
		if column != "name" {
			heads, row, mapping = heads+",乙列", row+",雪人登记", mapping+"name: 乙列\n"
		} else {
			heads, row = heads+",乙列", row+",无"
		}
		file := filepath.Join(t.TempDir(), "m.yaml")
		if err := os.WriteFile(file, []byte(mapping), 0o644); err != nil {
			t.Fatal(err)
		}
		got := read(t, "a.csv", []byte(heads+"\n"+row+"\n"), reader.Options{Mapping: file})
		if len(got.Documents) != 1 || len(got.Faults) != 0 {
			t.Errorf("%s: got %+v", column, got)
			continue
		}
		for _, extra := range got.Documents[0].Item.Extra {
			if extra.Name == "甲列" {
				t.Errorf("%s: the mapped column became a further field", column)
			}
		}
	}
}

// TestMappingLeavesOthersAlone reads a folder's policies although a mapping for its tables was given.
func TestMappingLeavesOthersAlone(t *testing.T) {
	for _, dir := range []string{"policy", "news", "native", "html", "law", "plain", "newspaper"} {
		name, data := input(t, filepath.Join("testdata", dir))
		want := read(t, name, data, reader.Options{})
		got := read(t, name, data, reader.Options{Mapping: "testdata/csv+mapping/mapping.yaml"})
		if !slices.Equal(titles(got), titles(want)) {
			t.Errorf("%s: got %v, want %v", dir, titles(got), titles(want))
		}
	}
}

// TestTableWithoutHeads says what a table lacks.
func TestTableWithoutHeads(t *testing.T) {
	got := read(t, "a.csv", []byte("甲,乙,丙\n1,2,3\n"), reader.Options{})
	if len(got.Faults) != 1 || !strings.Contains(got.Faults[0].Reason, "事项名称") || !strings.Contains(got.Faults[0].Reason, "--mapping") {
		t.Errorf("got %+v", got)
	}
}

// TestZipBomb opens a DOCX whose text unfolds to far more than a text may have.
func TestZipBomb(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("word/document.xml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprint(w, "<document><p><t>"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := w.Write(bytes.Repeat([]byte(`<r a="`+strings.Repeat(" ", 1014)+`"/>`), 1<<10)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	got := read(t, "bomb.docx", b.Bytes(), reader.Options{Limits: sixteenth()})
	if len(got.Documents) != 0 || len(got.Faults) != 1 || !strings.Contains(got.Faults[0].Reason, "2 MB") {
		t.Errorf("got %+v from %d bytes", got, b.Len())
	}
}

// TestPDFs reads PDFs from a disk and compressed, and says what is wrong with those that cannot be read.
func TestPDFs(t *testing.T) {
	needPDF(t)
	name, data := input(t, filepath.Join("testdata", "pdf"))
	want := read(t, name, data, reader.Options{})
	dir := t.TempDir()
	for file, raw := range map[string][]byte{"-input.pdf": data, "input.pdf.gz": gzipped(t, data)} {
		path := filepath.Join(dir, file)
		if err := os.WriteFile(path, raw, 0o644); err != nil {
			t.Fatal(err)
		}
		if got := collect(t, path, reader.Options{}); !slices.Equal(titles(got), titles(want)) || len(got.Faults) > 0 {
			t.Errorf("%s: got %+v", file, got)
		}
	}
	for text, reason := range map[string]string{string(pdfOf([]string{""})): "OCR", "%PDF-1.4\nnothing": "pdftotext"} {
		got := read(t, "a.pdf", []byte(text), reader.Options{})
		if len(got.Documents) != 0 || len(got.Faults) != 1 || !strings.Contains(got.Faults[0].Reason, reason) {
			t.Errorf("want a fault with %q, got %+v", reason, got)
		}
	}
}

func TestPDFWithoutProgram(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	got := read(t, "a.pdf", pdfOf([]string{"雪人"}), reader.Options{})
	if len(got.Faults) != 1 || !strings.Contains(got.Faults[0].Reason, "apt-get install poppler-utils") {
		t.Errorf("got %+v", got)
	}
}
