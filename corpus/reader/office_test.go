package reader_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"
)

// workbook makes an XLSX of lines cut at tabs: a first sheet with nothing to read, then the lines, their first cell merged
// over the table and the implementing body of the first two items merged into one cell.
func workbook(t testing.TB, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	book := excelize.NewFile()
	defer func() { _ = book.Close() }()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(book.SetCellStr("Sheet1", "A1", "填表说明"))
	_, err = book.NewSheet("清单")
	check(err)
	for i, line := range strings.Split(strings.TrimRight(string(text), "\n"), "\n") {
		for j, cell := range strings.Split(line, "\t") {
			name, err := excelize.CoordinatesToCellName(j+1, i+1)
			check(err)
			check(book.SetCellStr("清单", name, cell))
		}
	}
	check(book.MergeCell("清单", "A1", "I1"))
	check(book.MergeCell("清单", "C4", "C5"))
	var b bytes.Buffer
	check(book.Write(&b))
	return b.Bytes()
}

// portable makes a PDF of lines of text; a form feed begins a page. Its font has no shapes, only the table that says which
// code is which character, which is all that pdftotext asks for.
func portable(t testing.TB, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return pdfOf(strings.Split(string(text), "\f"))
}

func pdfOf(pages []string) []byte {
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>", "", // the pages are known last
		"<< /Type /Font /Subtype /Type0 /BaseFont /F /Encoding /Identity-H /DescendantFonts [4 0 R] /ToUnicode 6 0 R >>",
		"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /F /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor 5 0 R /DW 1000 /W [32 [250] 33 126 500] >>",
		"<< /Type /FontDescriptor /FontName /F /Flags 4 /FontBBox [0 0 1000 1000] /ItalicAngle 0 /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>",
		stream("/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /U def /CMapType 2 def\n" +
			"1 begincodespacerange <0000> <FFFF> endcodespacerange\n1 beginbfrange <0000> <FFFF> <0000> endbfrange\n" +
			"endcmap end end"),
	}
	var kids strings.Builder
	for _, page := range pages {
		var content strings.Builder
		for i, line := range strings.Split(strings.TrimSpace(page), "\n") {
			var codes strings.Builder
			for _, unit := range utf16.Encode([]rune(strings.TrimSpace(line))) {
				fmt.Fprintf(&codes, "%04X", unit)
			}
			fmt.Fprintf(&content, "BT /F 10 Tf 50 %d Td <%s> Tj ET\n", 800-20*i, codes.String())
		}
		objects = append(objects, stream(content.String()), fmt.Sprintf(
			"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 842] /Resources << /Font << /F 3 0 R >> >> /Contents %d 0 R >>", len(objects)+1))
		fmt.Fprintf(&kids, "%d 0 R ", len(objects))
	}
	objects[1] = fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", kids.String(), len(pages))
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	offsets := make([]int, 0, len(objects))
	for i, o := range objects {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, at := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&b, "trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, xref)
	return b.Bytes()
}

func stream(s string) string {
	return fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(s), s)
}
