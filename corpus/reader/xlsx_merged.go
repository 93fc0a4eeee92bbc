package reader

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"
)

// merge is a cell that is merged downwards, as that of a department with several items is: its column counted from 0, its
// first and last row from 1.
type merge struct {
	column, top, bottom int
	value               string
}

// merges are the merged cells of a sheet while its rows are read in their order.
type merges struct {
	coming []merge // by their first row
	open   []merge
}

// fill returns the cells of a row, the empty ones set that belong to a cell merged from above. A merged name stays empty:
// it is one item on several rows, and not several items.
func (m *merges) fill(row int, cells []string, t *table) []string {
	m.open = slices.DeleteFunc(m.open, func(c merge) bool { return c.bottom < row })
	whole := slices.Clone(cells)
	for _, c := range m.open {
		for len(whole) <= c.column {
			whole = append(whole, "")
		}
		if strings.TrimSpace(whole[c.column]) == "" {
			whole[c.column] = c.value
		}
	}
	for len(m.coming) > 0 && m.coming[0].top <= row {
		c := m.coming[0]
		m.coming = m.coming[1:]
		if c.top == row && c.column < min(len(cells), len(t.heads)) && t.columns[t.heads[c.column]] != "name" {
			c.value = cells[c.column]
			m.open = append(m.open, c)
		}
	}
	return whole
}

var reMergeCell = regexp.MustCompile(`^(?:\w+:)?mergeCell\s[^>]*\bref="([A-Z]{1,3}\d{1,7}):([A-Z]{1,3}\d{1,7})"`)

// mergedDown lists the cells of a sheet that are merged within one column. excelize would parse the whole sheet for it:
// for 50,000 rows that takes 1.2 GB and three times as long.
func mergedDown(f *File, raw []byte, sheet string) (*merges, error) {
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, err
	}
	name, err := sheetPart(z, sheet, f.Limits.Part)
	if err != nil || name == "" {
		return &merges{}, err // excelize finds parts in more ways and has read the sheet: only merged cells stay empty
	}
	part, err := z.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = part.Close() }()
	m := &merges{}
	for in := bufio.NewReaderSize(io.LimitReader(part, f.Limits.Unzipped), 1<<16); ; {
		element, err := in.ReadSlice('<')
		if found := mergeOf(element); found.bottom > found.top {
			m.coming = append(m.coming, found)
			if len(m.coming) > f.Limits.Merges {
				return nil, fmt.Errorf("合并的单元格超过 %d 处；请取消合并后再导入", f.Limits.Merges)
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return nil, err
		}
	}
	slices.SortFunc(m.coming, func(a, b merge) int { return a.top - b.top })
	return m, nil
}

// mergeOf reads one element; any but a merge within one column is the zero merge.
func mergeOf(element []byte) merge {
	if !bytes.Contains(element[:min(len(element), 30)], []byte("mergeCell ")) {
		return merge{}
	}
	m := reMergeCell.FindSubmatch(element)
	if m == nil {
		return merge{}
	}
	left, top, err := excelize.CellNameToCoordinates(string(m[1]))
	if err != nil {
		return merge{}
	}
	right, bottom, err := excelize.CellNameToCoordinates(string(m[2]))
	if err != nil || left != right {
		return merge{}
	}
	return merge{column: left - 1, top: top, bottom: bottom}
}

// sheetPart is the name of the part that holds a sheet, "" when it cannot be told.
func sheetPart(z *zip.Reader, sheet string, most int64) (string, error) {
	id, target := "", ""
	ignore := func(xml.EndElement) {}
	err := eachToken(z, "xl/workbook.xml", most, func(e xml.StartElement) {
		if e.Name.Local == "sheet" && xmlAttr(e, "name") == sheet {
			id = xmlAttr(e, "id")
		}
	}, ignore, func(string) {})
	if err == nil {
		err = eachToken(z, "xl/_rels/workbook.xml.rels", most, func(e xml.StartElement) {
			if e.Name.Local == "Relationship" && xmlAttr(e, "Id") == id {
				target = xmlAttr(e, "Target")
			}
		}, ignore, func(string) {})
	}
	if errors.Is(err, errNoPart) || target == "" {
		return "", nil
	}
	if strings.HasPrefix(target, "/") {
		return strings.TrimPrefix(path.Clean(target), "/"), err
	}
	return path.Join("xl", target), err
}
