package reader_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"tongsou/corpus/reader"
)

// zeros is a reader of as many bytes as it is long, all the same.
func zeros(b byte, n int64) io.Reader { return io.LimitReader(same(b), n) }

type same byte

func (s same) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(s)
	}
	return len(p), nil
}

// chant is a text that says the same over and over.
type chant struct {
	text string
	at   int
}

func (c *chant) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = c.text[c.at]
		c.at = (c.at + 1) % len(c.text)
	}
	return len(p), nil
}

// deflated is a zip whose parts are written by the readers given.
func deflated(t *testing.T, parts map[string]io.Reader) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, r := range parts {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.Copy(w, r)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func squeezed(t *testing.T, r io.Reader) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.Copy(z, r); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const bombMB = 1 << 20

// bombs are small files that unfold to much: in bytes, in depth, in references or in cells.
func bombs(t *testing.T) map[string][]byte {
	t.Helper()
	const types = `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>`
	book := func(sheet io.Reader) []byte {
		return deflated(t, map[string]io.Reader{
			"[Content_Types].xml": strings.NewReader(types),
			"_rels/.rels":         strings.NewReader(`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`),
			"xl/workbook.xml": strings.NewReader(`<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">` +
				`<sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>`),
			"xl/_rels/workbook.xml.rels": strings.NewReader(`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`),
			"xl/worksheets/sheet1.xml":   sheet,
		})
	}
	cell := func(ref, text string) string {
		return `<c r="` + ref + `" t="inlineStr"><is><t>` + text + `</t></is></c>`
	}
	head := `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">` +
		cell("A1", "事项名称") + cell("B1", "实施主体") + cell("C1", "事项类型") + `</row>`
	var wide, merged strings.Builder
	for n := 2; n < 3000; n++ {
		fmt.Fprintf(&wide, `<row r="%d">%s</row>`, n, cell(fmt.Sprintf("XFD%d", n), "x"))
	}
	for n := 2; n < 250_000; n++ {
		fmt.Fprintf(&merged, `<mergeCell ref="A%d:A%d"/>`, n, n+1)
	}
	laughs := `<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "` + strings.Repeat("哈", 100) + `">`
	for c := 'b'; c < 'l'; c++ {
		laughs += fmt.Sprintf(`<!ENTITY %c "%s">`, c, strings.Repeat(fmt.Sprintf("&%c;", c-1), 10))
	}
	laughs += `]><document><body><p><t>&k;</t></p></body></document>`
	const first = `{"title":"雪人登记","date":"2024-01-02","text":"雪人登记今天开始。"}`
	return map[string][]byte{
		"text.txt.gz":    squeezed(t, io.MultiReader(strings.NewReader("雪人登记办法\n第一条　甲。\n"), io.LimitReader(&chant{text: "雪人应当登记。\n"}, 300*bombMB))),
		"line.jsonl.gz":  squeezed(t, io.MultiReader(strings.NewReader(first+"\n"+`{"title":"甲","text":"`), zeros('a', 300*bombMB))),
		"array.json.gz":  squeezed(t, io.MultiReader(strings.NewReader("["+first+`,{"title":"甲","text":"`), zeros('a', 300*bombMB))),
		"cell.csv.gz":    squeezed(t, io.MultiReader(strings.NewReader("事项名称,实施主体,事项类型\n\""), zeros('a', 300*bombMB))),
		"page.html.gz":   squeezed(t, io.MultiReader(strings.NewReader("<html><body><p>"), zeros('a', 300*bombMB))),
		"items.yaml.gz":  squeezed(t, io.MultiReader(strings.NewReader("- id: a\n  regions: [\"15\"]\n  title: "), zeros('a', 300*bombMB))),
		"law.md.gz":      squeezed(t, io.MultiReader(strings.NewReader("# 甲\n<!-- INFO END -->\n第一条 "), zeros('a', 300*bombMB))),
		"scan.pdf.gz":    squeezed(t, io.MultiReader(strings.NewReader("%PDF-1.7\n"), zeros(0, 700*bombMB))),
		"part.docx":      deflated(t, map[string]io.Reader{"word/document.xml": io.MultiReader(strings.NewReader("<document><p><t>"), zeros('a', 300*bombMB))}),
		"deep.docx":      deflated(t, map[string]io.Reader{"word/document.xml": strings.NewReader(strings.Repeat("<p>", 5_000_000))}),
		"laughs.docx":    deflated(t, map[string]io.Reader{"word/document.xml": strings.NewReader(laughs)}),
		"rows.xlsx":      book(io.MultiReader(strings.NewReader(head), zeros(' ', 600*bombMB))),
		"wide.xlsx":      book(strings.NewReader(head + wide.String() + `</sheetData></worksheet>`)),
		"merged.xlsx":    book(strings.NewReader(head + `</sheetData><mergeCells>` + merged.String() + `</mergeCells></worksheet>`)),
		"deep.html":      []byte("<html><body>" + strings.Repeat("<div>", 1_000_000) + "雪人"),
		"deep.json":      []byte(first + "\n" + `{"title":` + strings.Repeat("[", 2_000_000)),
		"aliases.yaml":   []byte("- id: a\n  regions: [\"15\"]\n  title: x\n  a: &a [x,x,x,x,x,x,x,x,x]\n  b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n  c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n  d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n  e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n  f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n  g: [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n"),
		"regions.yaml":   []byte("- id: a\n  regions: [" + strings.Repeat(`"15", `, 400_000) + "\"15\"]\n  title: x\n"),
		"quoted.csv":     []byte("事项名称,实施主体,事项类型\n" + strings.Repeat("\"a\n", 200_000)),
		"attribute.html": []byte("<html><body " + strings.Repeat("a=b ", 300_000) + ">雪人"),
	}
}

// TestBombsAreRefused reads files that unfold to hundreds of megabytes. Each is refused with a reason, or read as the little
// that it is, in seconds and in bounded memory.
func TestBombsAreRefused(t *testing.T) {
	const mostMemory, mostTime = 900 * bombMB, 30 * time.Second
	reasons := map[string]string{
		"text.txt.gz": "倍", "line.jsonl.gz": "一条记录超过", "array.json.gz": "一条记录超过", "cell.csv.gz": "一条记录超过", "page.html.gz": "文件超过",
		"items.yaml.gz": "倍", "law.md.gz": "倍", "scan.pdf.gz": "解压后", "part.docx": "解压后", "deep.docx": "层以上", "laughs.docx": "entity",
		"rows.xlsx": "解压后", "wide.xlsx": "格", "merged.xlsx": "合并的单元格", "deep.json": "JSON", "aliases.yaml": "aliasing", "regions.yaml": "超过 1 MB", "quoted.csv": "引号",
	}
	honest := map[string]bool{"attribute.html": true, "deep.html": true} // a lot of nothing, which is no document
	for name, data := range bombs(t) {
		t.Run(name, func(t *testing.T) {
			if len(data) > 5*bombMB {
				t.Fatalf("the bomb has %d bytes, which is no bomb", len(data))
			}
			debug.FreeOSMemory()
			stop := make(chan struct{})
			peak := make(chan uint64)
			go watch(stop, peak)
			began := time.Now()
			got := read(t, name, data, reader.Options{})
			took := time.Since(began)
			close(stop)
			if most := <-peak; most > mostMemory {
				t.Errorf("it took %d MiB", most>>20)
			}
			if took > mostTime {
				t.Errorf("it took %v", took)
			}
			if len(got.Faults) == 0 && !honest[name] {
				t.Errorf("it is taken as %d documents without a word", len(got.Documents))
			}
			last := ""
			for _, f := range got.Faults {
				last = f.Reason
			}
			if !strings.Contains(last, reasons[name]) {
				t.Errorf("the reason is %q, want %q in it", last, reasons[name])
			}
			if len(got.Documents) > 10 {
				t.Errorf("it became %d documents", len(got.Documents))
			}
		})
	}
}

// watch says how much memory was in use at most.
func watch(stop chan struct{}, peak chan uint64) {
	var m runtime.MemStats
	most := uint64(0)
	for {
		runtime.ReadMemStats(&m)
		most = max(most, m.HeapInuse)
		select {
		case <-stop:
			peak <- most
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// TestHonestArchivesAreRead holds that the bounds keep nothing out that is text.
func TestHonestArchivesAreRead(t *testing.T) {
	var b strings.Builder
	for i := range 200_000 { // some 40 MB of records that are much alike
		fmt.Fprintf(&b, `{"title":"新闻第%d篇","date":"2024-01-02","text":"首批雪人今天完成登记，市民说手续很快，十分钟就办好了。第%d个雪人站在公园门口。"}`+"\n", i, i)
	}
	data := squeezed(t, strings.NewReader(b.String()))
	got := read(t, "news.jsonl.gz", data, reader.Options{})
	if len(got.Documents) != 200_000 || len(got.Faults) != 0 {
		t.Errorf("%d documents and %d faults out of %d MB from %d KB", len(got.Documents), len(got.Faults), b.Len()>>20, len(data)>>10)
	}
}
