package reader_test

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"tongsou/corpus"
	"tongsou/corpus/reader"
)

// fuzzFormat feeds bytes to one format, seeded with its examples, whole and cut; read holds the output to what is promised.
func fuzzFormat(f *testing.F, format, name string, seeds ...string) {
	f.Helper()
	dirs, err := filepath.Glob(filepath.Join("testdata", format+"*", "input*"))
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range dirs {
		if base := filepath.Base(filepath.Dir(path)); base != format && !strings.HasPrefix(base, format+"+") {
			continue
		}
		if data, err := os.ReadFile(path); err == nil {
			f.Add(data)
			f.Add(data[:len(data)/2])
		}
	}
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		read(t, name, data, reader.Options{Format: format})
	})
}

func FuzzNewspaper(f *testing.F) {
	fuzzFormat(f, "newspaper", "a.txt", "本报2月7日讯\n\n甲\n乙 摄\n\n——丙", "某某社13月40日电")
}

func FuzzLaw(f *testing.F) {
	fuzzFormat(f, "law", "某某条例(2020-13-41).md", "# 甲\n2020年1月1日通过\n<!-- INFO END -->\n第一条　乙。", "第一条")
}

func FuzzPolicy(f *testing.F) {
	fuzzFormat(f, "policy", "a.jsonl", `[{"title":"甲","text":"标题：\n\n\n文号：","doc_no":"甲发〔2020〕1号"}]`)
}

func FuzzNews(f *testing.F) {
	fuzzFormat(f, "news", "a.jsonl", `{"date":"20200230","title":"[视频]","text":"（编辑：）"}`)
}

func FuzzNative(f *testing.F) {
	fuzzFormat(f, "native", "a.jsonl", `[{"id":"","kind":"item","title":""}]`)
}

func FuzzItems(f *testing.F) {
	fuzzFormat(f, "items", "a.jsonl", `[{"name":"甲","link":"http://a/?areaCode=1501&taskType=1","materials":"[{}]","steps":"甲→乙：丙"}]`)
}

func FuzzItemsYAML(f *testing.F) {
	fuzzFormat(f, "items-yaml", "a.yaml", "- id: a\n  regions: [\"15\"]\n  title: \"{地区}\"\n", "- &a [*a]\n")
}

func FuzzCSV(f *testing.F) {
	fuzzFormat(f, "csv", "a.csv", "事项名称\t实施主体\t事项类型\n\"\"\"\t\"\n", "事项名称,事项名称,名称,类型,部门\n1,2,3,4,5\n")
}

func FuzzHTML(f *testing.F) {
	fuzzFormat(f, "html", "a.html", "<title>甲_乙</title><table><tr><td>文号：<td>甲发〔2020〕1号<tr><td>丙", "<meta charset=utf-16><p>\xff\xfe",
		"<title>甲</title><pre>乙\n\n丙</pre><h2>", strings.Repeat("<div>", 600)+"甲")
}

func FuzzMarkdown(f *testing.F) {
	fuzzFormat(f, "markdown", "a.md", "# 甲\n文号：\n编号：\n<!-- INFO END -->\n# \n一、\n（一）")
}

func FuzzPlain(f *testing.F) {
	fuzzFormat(f, "plain", "a.txt", "某省人民政府令\n第3号\n某规定\n第一条 甲\n第二条 乙", "\n\n标题：\n甲")
}

// FuzzDOCX feeds XML to the reader in a sound zip, and bytes that are none.
func FuzzDOCX(f *testing.F) {
	document, err := os.ReadFile("testdata/docx/input/word/document.xml")
	if err != nil {
		f.Fatal(err)
	}
	styles, err := os.ReadFile("testdata/docx/input/word/styles.xml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(document, styles, true)
	f.Add(document[:len(document)/2], []byte("<style styleId='1'><name val='title'/></style>"), true)
	f.Add([]byte("<p><pStyle val='1'/><t>甲</t></p><tbl><tr><tc><p><t>乙</t></p><tbl><tr/></tbl></tc></tr></tbl>"), styles, true)
	f.Add([]byte("PK\x03\x04"), []byte(nil), false)
	f.Fuzz(func(t *testing.T, document, styles []byte, sound bool) {
		data := document
		if sound {
			data = parts(t, map[string][]byte{"word/document.xml": document, "word/styles.xml": styles})
		}
		read(t, "a.docx", data, reader.Options{Format: "docx"})
	})
}

// FuzzPDF feeds pages of text to pdftotext in a sound PDF, and what it makes of them to the reader; and bytes that are none.
func FuzzPDF(f *testing.F) {
	needPDF(f)
	f.Add("某省人民政府文件\n某政发〔2024〕1号\n关于某事的通知\n第一条 甲。", "第二条 乙。\n2024年1月2日", true)
	f.Add("第 1 页\n甲\n\n\n乙", "第 2 页\n丙", true)
	f.Add("%PDF-1.7\n1 0 obj\n<<>>", "", false)
	f.Add("", "\x00\f\u202e", true)
	f.Fuzz(func(t *testing.T, one, two string, sound bool) {
		data := []byte("%PDF-1.4\n" + one + two)
		if sound {
			data = pdfOf([]string{one, two})
		}
		read(t, "a.pdf", data, reader.Options{Format: "pdf"})
	})
}

// FuzzXLSX changes the sheet within a sound workbook.
func FuzzXLSX(f *testing.F) {
	book := workbook(f, "testdata/xlsx/input.tsv")
	z, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	if err != nil {
		f.Fatal(err)
	}
	files := map[string][]byte{}
	for _, part := range z.File {
		var b bytes.Buffer
		r, err := part.Open()
		if err != nil {
			f.Fatal(err)
		}
		if _, err := b.ReadFrom(r); err != nil {
			f.Fatal(err)
		}
		files[part.Name] = b.Bytes()
	}
	const sheet = "xl/worksheets/sheet2.xml"
	if len(files[sheet]) == 0 {
		f.Fatalf("the workbook has no %s", sheet)
	}
	f.Add(files[sheet])
	f.Add(bytes.Replace(files[sheet], []byte("C4:C5"), []byte("A1:XFD1048576"), 1))
	f.Fuzz(func(t *testing.T, xml []byte) {
		changed := map[string][]byte{}
		for name, data := range files {
			changed[name] = data
		}
		changed[sheet] = xml
		read(t, "a.xlsx", parts(t, changed), reader.Options{Format: "xlsx"})
	})
}

// parts makes a zip of named parts, unpacked: a fuzzer has no time to deflate.
func parts(t testing.TB, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, data := range files {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// FuzzAnyFile lets the content choose the format, under names of every sort.
func FuzzAnyFile(f *testing.F) {
	for _, name := range []string{"a.txt", "a.md", "a.csv", "a.html", "a.json", "a.yaml", "a", "a.gz"} {
		f.Add(name, []byte("雪人登记\n第一条　甲。"))
	}
	f.Add("a.txt", []byte{0x1f, 0x8b, 0})
	f.Add("a.txt", []byte("\xff\xfe\x00"))
	f.Add("a.txt", []byte("\xd1\xa9\xc8\xcb\xb5\xc7\xbc\xc7"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		if bytes.Contains(data, []byte("%PDF-")) { // what pdftotext does is its own affair
			return
		}
		if name = filepath.Base(name); strings.HasPrefix(name, ".") || strings.ContainsAny(name, "/\\\x00") || !utf8.ValidString(name) {
			return
		}
		read(t, name, data, reader.Options{})
	})
}

func FuzzMapping(f *testing.F) {
	f.Add([]byte("name: 服务\nbody: 承办\n"), []byte("服务,承办\n甲,乙\n"))
	f.Add([]byte("name: &a [*a]\n"), []byte("服务,承办\n甲,乙\n"))
	f.Fuzz(func(t *testing.T, mapping, table []byte) {
		file := filepath.Join(t.TempDir(), "m.yaml")
		if err := os.WriteFile(file, mapping, 0o644); err != nil {
			t.Fatal(err)
		}
		read(t, "a.csv", table, reader.Options{Format: "csv", Mapping: file})
	})
}

// FuzzSections holds that no character of a paragraph is lost: what is no heading stands in a section.
func FuzzSections(f *testing.F) {
	f.Add("第一章　总　则\n第一条　甲。\n乙。\n一、丙\n（一）丁\n# 戊\n己")
	f.Add(strings.Repeat("第一条　甲\n"+strings.Repeat("雪", 2100)+"\n", 3))
	f.Add("第十条之一\n第〇条\n（一）\n一、")
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return
		}
		sections := reader.Sections(text)
		sound(t, result{Documents: []*corpus.Document{{Sections: sections}}}, true)
		marks := 0
		for _, s := range sections {
			marks += strings.Count(s.Text, "雪")
			if strings.Count(text, s.Text) == 0 && !strings.Contains(s.Text, "\n") {
				t.Errorf("section %s holds what the text does not: %q", s.ID, s.Text)
			}
		}
		for line := range strings.Lines(text) {
			if strings.HasPrefix(strings.TrimSpace(line), "#") || strings.HasPrefix(strings.TrimSpace(line), "第") {
				return // a heading may have nothing below it
			}
		}
		in := strings.Count(text, "雪")
		for _, s := range sections {
			for _, heading := range s.Path {
				marks += strings.Count(heading, "雪")
			}
		}
		if marks < in {
			t.Errorf("%d of %d characters are left", marks, in)
		}
	})
}

func FuzzParseLimit(f *testing.F) {
	for _, s := range []string{"20个工作日", "即办", "3（月）", "９９９９年", "", "0天"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l, ok := reader.ParseLimit(s)
		switch {
		case !ok && !l.IsZero(), ok && l.IsZero():
			t.Errorf("ParseLimit(%q) = %+v, %v", s, l, ok)
		case l.Days < 0, (l.Days > 0) != (l.Unit != ""), l.Days > 0 && l.Instant:
			t.Errorf("ParseLimit(%q) = %+v", s, l)
		}
	})
}
