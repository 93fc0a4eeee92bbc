package reader_test

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"tongsou/corpus/reader"
)

func encoded(t testing.TB, enc encoding.Encoding, text []byte) []byte {
	t.Helper()
	out, err := enc.NewEncoder().Bytes(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestEncodings reads every text example in every encoding that portals use, plain and compressed: each must become the
// same documents and faults as the UTF-8 original.
func TestEncodings(t *testing.T) {
	encodings := map[string]func([]byte) []byte{
		"GB18030":          func(s []byte) []byte { return encoded(t, simplifiedchinese.GB18030, s) },
		"UTF-8 with BOM":   func(s []byte) []byte { return append([]byte("\uFEFF"), s...) },
		"UTF-16LE":         func(s []byte) []byte { return encoded(t, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), s) },
		"UTF-16BE":         func(s []byte) []byte { return encoded(t, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), s) },
		"UTF-16LE and BOM": func(s []byte) []byte { return encoded(t, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), s) },
		"UTF-16BE and BOM": func(s []byte) []byte { return encoded(t, unicode.UTF16(unicode.BigEndian, unicode.UseBOM), s) },
	}
	for _, dir := range []string{"csv", "law", "markdown", "newspaper", "plain", "plain+news", "items", "policy", "html", "html+layout"} {
		name, data := input(t, filepath.Join("testdata", dir))
		want, err := marshal(read(t, name, data, reader.Options{}))
		if err != nil {
			t.Fatal(err)
		}
		for label, encode := range encodings {
			for _, pack := range []string{"", ".gz"} {
				raw := encode(data)
				if pack != "" {
					raw = gzipped(t, raw)
				}
				got, err := marshal(read(t, name+pack, raw, reader.Options{}))
				if s := strings.ReplaceAll(string(got), name+pack, name); err != nil || s != string(want) {
					t.Errorf("%s in %s%s reads differently: %v\n%s", dir, label, pack, err, s)
				}
			}
		}
	}
}

// Text without a line break or a Latin letter gives nothing away by its zero bytes.
func TestEncodingOfNothingButChinese(t *testing.T) {
	text := []byte("雪人登记窗口今天开门，市民们排起了队，手续很快，十分钟就办好了。")
	for label, enc := range map[string]encoding.Encoding{
		"GB18030":  simplifiedchinese.GB18030,
		"UTF-16LE": unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM),
		"UTF-16BE": unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
	} {
		got := read(t, "a.txt", encoded(t, enc, text), reader.Options{})
		if len(got.Documents) != 1 || got.Documents[0].Title != string(text) {
			t.Errorf("%s: got %+v", label, got)
		}
	}
}

// TestPageCharset reads a page whose first Chinese character comes behind what the encoding is judged by.
func TestPageCharset(t *testing.T) {
	page := `<html><head><meta http-equiv="Content-Type" content="text/html; charset=CHARSET"><script>` + strings.Repeat("var a = 1;\n", 8000) +
		`</script><title>雪人登记进社区</title></head><body><p>登记窗口今天开门，市民们排起了队。</p></body></html>`
	for charset, enc := range map[string]encoding.Encoding{"gb2312": simplifiedchinese.GBK, "gbk": simplifiedchinese.GBK, "utf-8": unicode.UTF8} {
		raw := encoded(t, enc, []byte(strings.Replace(page, "CHARSET", charset, 1)))
		got := read(t, "a.html", raw, reader.Options{})
		if len(got.Documents) != 1 || got.Documents[0].Title != "雪人登记进社区" || !strings.Contains(got.Documents[0].Text(), "排起了队") {
			t.Errorf("%s: got %+v", charset, got)
		}
	}
}

// TestBrokenBytes keeps what is sound in a text that has a few broken bytes: it must not be taken for another encoding.
func TestBrokenBytes(t *testing.T) {
	for _, paragraphs := range []int{1, 5, 100, 2000} {
		text := "雪人登记指南\n第一段有坏\xff字节，其余完好。\n" + strings.Repeat("登记窗口今天开门，市民们排起了队，手续很快。\n", paragraphs)
		got := read(t, "a.txt", []byte(text), reader.Options{})
		if len(got.Documents) != 1 || got.Documents[0].Title != "雪人登记指南" || !strings.Contains(got.Documents[0].Text(), "其余完好") {
			t.Errorf("%d paragraphs: got %.300v", paragraphs, got)
		}
	}
}

// TestLocalFiles reads a folder on disk: names in order, hidden files passed over, compressed ones opened.
func TestLocalFiles(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string][]byte{
		"b.txt":      []byte("雪人登记窗口\n今天开门。\n"),
		"a/c.txt.gz": gzipped(t, []byte("雪人登记进社区\n窗口搬进了社区。\n")),
		".hidden":    []byte("不该读到的一篇\n正文。\n"),
		"z.bin":      {0, 1, 2, 3, 0xff},
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got := collect(t, dir, reader.Options{Source: "test"})
	if len(got.Documents) != 2 || got.Documents[0].Source.File != "a/c.txt.gz" || got.Documents[1].Source.File != "b.txt" {
		t.Errorf("documents: %+v", got.Documents)
	}
	if len(got.Faults) != 1 || got.Faults[0].File != "z.bin" {
		t.Errorf("faults: %+v", got.Faults)
	}
}
