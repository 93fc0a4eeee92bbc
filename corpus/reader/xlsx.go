package reader

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/xuri/excelize/v2"
)

// xlsxItems reads service items from the first sheet of an XLSX workbook that has the heads of the 实施清单. Source.Line is
// the row.
type xlsxItems struct{}

func (xlsxItems) Name() string { return "xlsx" }

func (xlsxItems) Accepts(f *File) bool { return isOffice(f, "xl/", ".xlsx", ".xlsm") }

// isOffice reports whether a file is a zip with a part below folder, or with one of the extensions: the folder may come
// later than the head.
func isOffice(f *File, folder string, extensions ...string) bool {
	if !bytes.HasPrefix(f.Head, []byte("PK\x03\x04")) {
		return false
	}
	for _, other := range []string{"xl/", "word/", "ppt/"} {
		if bytes.Contains(f.Head, []byte(other)) {
			return bytes.Contains(f.Head, []byte(folder))
		}
	}
	ext := strings.ToLower(path.Ext(f.Path))
	for _, e := range extensions {
		if ext == e {
			return true
		}
	}
	return false
}

// readBounded reads a binary file of at most limit bytes.
func readBounded(r io.Reader, limit int64) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(raw)) > limit {
		return nil, fmt.Errorf("文件超过 %s；请拆成几个文件", inBytes(limit))
	}
	return raw, nil
}

func (xlsxItems) Read(f *File, emit Emit) (err error) {
	m, fault := readMapping(f)
	if fault != nil {
		return emit(nil, fault)
	}
	raw, err := readBounded(f.Raw, f.Limits.Office)
	if err != nil {
		return err
	}
	book, err := excelize.OpenReader(bytes.NewReader(raw), excelize.Options{
		UnzipSizeLimit: f.Limits.Unzipped, ShortDatePattern: "yyyy-mm-dd",
	})
	if err != nil {
		return emit(nil, &Fault{Reason: fmt.Sprintf("不是完好的 XLSX 文件，或解压后超过 %s：%v；请用表格软件另存为 XLSX", inBytes(f.Limits.Unzipped), err)})
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	for _, sheet := range book.GetSheetList() {
		found, err := readSheet(f, raw, book, sheet, m, emit)
		if found || err != nil {
			return err
		}
	}
	fault = noHeads(f)
	fault.Record = "工作表：" + strings.Join(book.GetSheetList(), "、")
	return emit(nil, fault)
}

// readSheet reads the items of one sheet, or reports that it has no head row.
func readSheet(f *File, raw []byte, book *excelize.File, sheet string, m *mapping, emit Emit) (found bool, err error) {
	top, err := topRows(f, book, sheet)
	if err != nil {
		return false, fmt.Errorf("工作表 %s：%w", sheet, err)
	}
	head, ok := findHeads(top, m)
	if !ok {
		return false, nil
	}
	t := newTable(top[head], m)
	if fault := m.missing(f, t.heads); fault != nil {
		return true, emit(nil, fault)
	}
	merged, err := mergedDown(f, raw, sheet)
	if err != nil {
		return true, fmt.Errorf("工作表 %s：%w", sheet, err)
	}
	return true, eachSheetRow(f, book, sheet, func(row int, cells []string) (bool, error) {
		if row <= head+1 {
			return true, nil
		}
		whole := merged.fill(row, cells, t)
		if filled(cells) == 0 {
			return true, nil
		}
		return true, t.emit(whole, row, emit)
	})
}

func topRows(f *File, book *excelize.File, sheet string) (top [][]string, err error) {
	err = eachSheetRow(f, book, sheet, func(_ int, cells []string) (bool, error) {
		top = append(top, cells)
		return len(top) < headRows, nil
	})
	return top, err
}

// eachSheetRow streams the rows of a sheet, counted from 1, until visit says that it has seen enough.
func eachSheetRow(f *File, book *excelize.File, sheet string, visit func(row int, cells []string) (bool, error)) error {
	rows, err := book.Rows(sheet)
	if err != nil {
		return err
	}
	total := 0
	for n := 1; rows.Next(); n++ {
		cells, err := rows.Columns()
		if total += len(cells); err == nil && total > f.Limits.Cells {
			err = fmt.Errorf("超过 %d 格；请拆成几个文件，或删去表格右边和下边的空格", f.Limits.Cells)
		}
		if err == nil {
			var more bool
			if more, err = visit(n, cells); !more && err == nil {
				break
			}
		}
		if err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Error(), rows.Close())
}
