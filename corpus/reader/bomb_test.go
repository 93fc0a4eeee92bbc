package reader_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
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

// zeros is a reader of n bytes, all the same.
func zeros(b byte, n int64) io.Reader { return chant(string([]byte{b}), n) }

// chant is a reader of n bytes of a text that says the same over and over, of whole sayings but for the last.
func chant(text string, n int64) io.Reader {
	block := strings.Repeat(text, max(1, 64<<10/len(text)))
	var all []io.Reader
	for left := n; left > 0; left -= int64(len(block)) {
		all = append(all, strings.NewReader(block[:min(left, int64(len(block)))]))
	}
	return io.MultiReader(all...)
}

// deflated is a zip whose parts are written by the readers given.
func deflated(t *testing.T, parts map[string]io.Reader) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
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
	return squeezedAt(t, gzip.BestSpeed, r)
}

func squeezedAt(t *testing.T, level int, r io.Reader) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(z, r); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const bombMB = 1 << 20

// sixteenth are the default bounds made smaller, and with them the bombs that have to reach them: what is proved is the
// same, in a sixteenth of the time.
func sixteenth() reader.Limits {
	l := reader.DefaultLimits()
	for _, n := range []*int64{&l.Record, &l.Entry, &l.Text, &l.Page, &l.Office, &l.Unzipped, &l.Part, &l.PDF, &l.Inflated} {
		*n /= 16
	}
	l.Cells /= 16
	l.Merges /= 16
	return l
}

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
	for n := 2; n < 200; n++ {
		fmt.Fprintf(&wide, `<row r="%d">%s</row>`, n, cell(fmt.Sprintf("XFD%d", n), "x"))
	}
	for n := 2; n < 16_000; n++ {
		fmt.Fprintf(&merged, `<mergeCell ref="A%d:A%d"/>`, n, n+1)
	}
	laughs := `<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "` + strings.Repeat("哈", 100) + `">`
	for c := 'b'; c < 'l'; c++ {
		laughs += fmt.Sprintf(`<!ENTITY %c "%s">`, c, strings.Repeat(fmt.Sprintf("&%c;", c-1), 10))
	}
	laughs += `]><document><body><p><t>&k;</t></p></body></document>`
	const first = `{"title":"雪人登记","date":"2024-01-02","text":"雪人登记今天开始。"}`
	return map[string][]byte{
		"text.txt.gz":    squeezedAt(t, gzip.DefaultCompression, io.MultiReader(strings.NewReader("雪人登记办法\n第一条　甲。\n"), chant("雪人应当登记。\n", 20*bombMB))),
		"line.jsonl.gz":  squeezed(t, io.MultiReader(strings.NewReader(first+"\n"+`{"title":"甲","text":"`), zeros('a', 20*bombMB))),
		"array.json.gz":  squeezed(t, io.MultiReader(strings.NewReader("["+first+`,{"title":"甲","text":"`), zeros('a', 20*bombMB))),
		"cell.csv.gz":    squeezed(t, io.MultiReader(strings.NewReader("事项名称,实施主体,事项类型\n\""), zeros('a', 20*bombMB))),
		"page.html.gz":   squeezed(t, io.MultiReader(strings.NewReader("<html><body><p>"), zeros('a', 20*bombMB))),
		"items.yaml.gz":  squeezed(t, io.MultiReader(strings.NewReader("- id: a\n  regions: [\"15\"]\n  title: "), zeros('a', 20*bombMB))),
		"law.md.gz":      squeezed(t, io.MultiReader(strings.NewReader("# 甲\n<!-- INFO END -->\n第一条 "), zeros('a', 20*bombMB))),
		"scan.pdf.gz":    squeezed(t, io.MultiReader(strings.NewReader("%PDF-1.7\n"), zeros(0, 44*bombMB))),
		"part.docx":      deflated(t, map[string]io.Reader{"word/document.xml": io.MultiReader(strings.NewReader("<document><p><t>"), zeros('a', 20*bombMB))}),
		"deep.docx":      deflated(t, map[string]io.Reader{"word/document.xml": strings.NewReader(strings.Repeat("<p>", 300_000))}),
		"laughs.docx":    deflated(t, map[string]io.Reader{"word/document.xml": strings.NewReader(laughs)}),
		"rows.xlsx":      book(io.MultiReader(strings.NewReader(head), zeros(' ', 38*bombMB))),
		"wide.xlsx":      book(strings.NewReader(head + wide.String() + `</sheetData></worksheet>`)),
		"merged.xlsx":    book(strings.NewReader(head + `</sheetData><mergeCells>` + merged.String() + `</mergeCells></worksheet>`)),
		"deep.html":      []byte("<html><body>" + strings.Repeat("<div>", 60_000) + "雪人"),
		"deep.json":      []byte(first + "\n" + `{"title":` + strings.Repeat("[", 125_000)),
		"aliases.yaml":   []byte("- id: a\n  regions: [\"15\"]\n  title: x\n  a: &a [x,x,x,x,x,x,x,x,x]\n  b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n  c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n  d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n  e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n  f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n  g: [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n"),
		"regions.yaml":   []byte("- id: a\n  regions: [" + strings.Repeat(`"15", `, 25_000) + "\"15\"]\n  title: x\n"),
		"quoted.csv":     []byte("事项名称,实施主体,事项类型\n" + strings.Repeat("\"a\n", 50_000)),
		"attribute.html": []byte("<html><body " + strings.Repeat("a=b ", 200_000) + ">雪人"),
	}
}

// TestBombsAreRefused reads files that unfold to far more than the bounds. Each is refused with a reason, or read as the
// little that it is, in bounded memory.
func TestBombsAreRefused(t *testing.T) {
	const mostMemory, mostTime = 100 * bombMB, 30 * time.Second
	reasons := map[string]string{
		"text.txt.gz": "倍", "line.jsonl.gz": "一条记录超过", "array.json.gz": "一条记录超过", "cell.csv.gz": "一条记录超过", "page.html.gz": "文件超过",
		"items.yaml.gz": "倍", "law.md.gz": "倍", "scan.pdf.gz": "解压后", "part.docx": "解压后", "deep.docx": "层以上", "laughs.docx": "entity",
		"rows.xlsx": "解压后", "wide.xlsx": "格", "merged.xlsx": "合并的单元格", "deep.json": "JSON", "aliases.yaml": "aliasing", "regions.yaml": "一个事项超过 64 KB", "quoted.csv": "引号",
	}
	honest := map[string]bool{"attribute.html": true, "deep.html": true} // a lot of nothing, which is no document
	for name, data := range bombs(t) {
		t.Run(name, func(t *testing.T) {
			if len(data) > bombMB {
				t.Fatalf("the bomb has %d bytes, which is no bomb", len(data))
			}
			debug.FreeOSMemory()
			var before runtime.MemStats
			runtime.ReadMemStats(&before)
			stop := make(chan struct{})
			peak := make(chan uint64)
			go watch(stop, peak)
			began := time.Now()
			got := read(t, name, data, reader.Options{Limits: sixteenth()})
			took := time.Since(began)
			close(stop)
			if most := <-peak; most > before.HeapInuse+mostMemory {
				t.Errorf("it took %d MiB", (most-before.HeapInuse)>>20)
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

// TestBoundsHoldUnasked reads a bomb with no bounds named: the defaults are there.
func TestBoundsHoldUnasked(t *testing.T) {
	megabyte := squeezed(t, zeros('a', bombMB))
	data := squeezed(t, strings.NewReader(`{"title":"甲","date":"2024-01-02","text":"`))
	for range 40 { // a gzip file may have many members, which is quicker to make
		data = append(data, megabyte...)
	}
	got := read(t, "line.jsonl.gz", data, reader.Options{})
	if len(got.Documents) != 0 || len(got.Faults) == 0 || !strings.Contains(got.Faults[len(got.Faults)-1].Reason, "一条记录超过 32 MB") {
		t.Errorf("%d documents, faults %v", len(got.Documents), got.Faults)
	}
}

// TestHonestArchivesAreRead holds that the bounds keep nothing out that is text, where it is more than is free.
func TestHonestArchivesAreRead(t *testing.T) {
	const records = 30_000
	var b strings.Builder
	for i := range records { // some 6 MB that are much alike
		fmt.Fprintf(&b, `{"title":"新闻第%d篇","date":"2024-01-02","text":"首批雪人今天完成登记，市民说手续很快，十分钟就办好了。第%d个雪人站在公园门口。"}`+"\n", i, i)
	}
	data := squeezed(t, strings.NewReader(b.String()))
	got := read(t, "news.jsonl.gz", data, reader.Options{Limits: sixteenth()})
	if int64(b.Len()) < sixteenth().Inflated {
		t.Fatal("the archive is within what is free")
	}
	if len(got.Documents) != records || len(got.Faults) != 0 {
		t.Errorf("%d documents and %d faults out of %d MB from %d KB", len(got.Documents), len(got.Faults), b.Len()>>20, len(data)>>10)
	}
}
