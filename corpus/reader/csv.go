package reader

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode/utf8"
)

// csvItems reads service items as CSV, cut at commas, semicolons or tabs, with the heads of the 实施清单.
type csvItems struct{}

func (csvItems) Name() string { return "csv" }

// Accepts takes text with a head row of items, and whatever is called CSV, so that its Read can say what is missing.
func (csvItems) Accepts(f *File) bool {
	if bytes.IndexByte(f.Head, 0) >= 0 || isMarkup(f.Head) {
		return false
	}
	if ext := strings.ToLower(path.Ext(f.Path)); ext == ".csv" || ext == ".tsv" {
		return true
	}
	m, _ := readMapping(f) // a mapping that cannot be read is reported by whoever reads the file
	_, _, row, ok := csvHead(f.Head, m)
	return ok && (m == nil || m.finds(row) || isItemHead(row, columnsOf(row, nil)))
}

// csvHead finds the head row in the beginning of a file: the mark at which it is cut, its line counted from 0, its cells.
func csvHead(head []byte, m *mapping) (comma rune, line int, row []string, ok bool) {
	lines := strings.SplitAfterN(strings.ToValidUTF8(string(head), "\uFFFD"), "\n", headRows+1)
	known := 0
	for _, c := range []rune{',', ';', '\t'} {
		rows := make([][]string, 0, headRows)
		for _, l := range lines[:min(len(lines), headRows)] {
			cells, _ := csvCells(l, c) // a line that is no record is no head row
			rows = append(rows, cells)
		}
		if i, found := findHeads(rows, m); found && len(rows[i]) > known {
			comma, line, row, ok, known = c, i, rows[i], true, len(rows[i])
		}
	}
	return comma, line, row, ok
}

// csvCells cuts one record.
func csvCells(text string, comma rune) ([]string, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord = comma, -1
	cells, err := r.Read()
	if err != nil {
		return nil, err
	}
	if _, err := r.Read(); !errors.Is(err, io.EOF) {
		return nil, errors.New("one record expected")
	}
	return cells, nil
}

func (csvItems) Read(f *File, emit Emit) error {
	m, fault := readMapping(f)
	if fault != nil {
		return emit(nil, fault)
	}
	comma, line, row, ok := csvHead(f.Head, m)
	if !ok {
		return emit(nil, noHeads(f))
	}
	t := newTable(row, m)
	if fault := m.missing(f, t.heads); fault != nil {
		return emit(nil, fault)
	}
	bound := boundRecords(f)
	r := &csvRecords{in: bufio.NewReaderSize(bound, 1<<16), bound: bound, comma: comma, cells: len(t.heads), line: 1}
	if err := r.fill(line + 1); err != nil {
		return err
	}
	r.drop(min(line+1, len(r.lines)))
	return r.each(func(cells []string, line int) error { return t.emit(cells, line, emit) }, lineFault(emit))
}

// csvRecords streams the records of a CSV file. encoding/csv alone would let one forgotten quotation mark swallow the
// records up to the next; here a record is cut out by its marks first, and after a bad one reading goes on with the next
// line that is a whole record by itself.
type csvRecords struct {
	in    *bufio.Reader
	bound *recordBound
	comma rune
	cells int
	lines []string // read and not yet used
	line  int      // number of the first of them
	ended bool
}

// maxRecordLines bounds how far a cell may reach over lines.
const maxRecordLines = 500

func (r *csvRecords) fill(n int) error {
	for len(r.lines) < n && !r.ended {
		line, err := r.in.ReadString('\n')
		if line != "" {
			r.lines = append(r.lines, line)
		}
		if errors.Is(err, io.EOF) {
			r.ended = true
		} else if err != nil {
			return err
		}
	}
	return nil
}

func (r *csvRecords) drop(n int) { r.lines, r.line = r.lines[n:], r.line+n }

func (r *csvRecords) each(visit func(cells []string, line int) error, fault func(line int, reason, record string) error) error {
	for {
		r.bound.next()
		n, err := r.record()
		if err != nil || n == 0 {
			return err
		}
		text := strings.Join(r.lines[:n], "")
		line := r.line
		cells, reason := r.cut(text)
		if reason != "" {
			n = r.damage(n)
			text = strings.Join(r.lines[:n], "")
		}
		r.drop(n)
		switch {
		case reason != "":
			err = fault(line, reason, strings.TrimRight(text, "\r\n"))
		case filled(cells) > 0:
			err = visit(cells, line)
		}
		if err != nil {
			return err
		}
	}
}

// record is the number of lines that the next record takes: up to where its quotation marks are even.
func (r *csvRecords) record() (int, error) {
	marks := 0
	for n := 1; n <= maxRecordLines; n++ {
		if err := r.fill(n); err != nil {
			return 0, err
		}
		if len(r.lines) < n {
			return n - 1, nil
		}
		if marks += strings.Count(r.lines[n-1], `"`); marks%2 == 0 {
			return n, nil
		}
	}
	return maxRecordLines, nil
}

// cut cuts a record into as many cells as there are heads; further ones may follow when they are empty.
func (r *csvRecords) cut(text string) (cells []string, reason string) {
	cells, err := csvCells(text, r.comma)
	switch {
	case err != nil:
		return nil, "引号不成对或位置不对；单元格里的引号请写成两个引号"
	case len(cells) > r.cells && lastFilled(cells) <= r.cells:
		cells = cells[:r.cells]
	case len(cells) != r.cells && filled(cells) > 0:
		return nil, fmt.Sprintf("这一行有 %d 格，表头有 %d 格；请补齐，或给含分隔符的单元格加上引号", len(cells), r.cells)
	}
	return cells, ""
}

// damage is how many of the n lines of a bad record are lost: those before the first that is a record by itself.
func (r *csvRecords) damage(n int) int {
	for i := 1; i < n; i++ {
		if strings.Count(r.lines[i], `"`)%2 != 0 {
			continue
		}
		if cells, reason := r.cut(r.lines[i]); reason == "" && filled(cells) > 0 {
			return i
		}
	}
	return n
}

// isMarkup reports whether text begins as HTML, XML or JSON do.
func isMarkup(head []byte) bool {
	head = bytes.TrimLeft(head, " \t\r\n\uFEFF")
	first, _ := utf8.DecodeRune(head)
	return strings.ContainsRune("<{[", first)
}
