package server

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"

	"github.com/xuri/excelize/v2"

	"tongsou/index"
)

// exportHead is the first row of an export.
var exportHead = [...]string{"类别", "编号", "名称", "编码", "文号", "机关", "地区", "区划代码", "时效性", "最后更新", "网页"}

// exported gathers what an export holds: the table that the query finds, in the order that is shown, as far as paging
// would lead.
func (d *desk) exported(r *http.Request) ([][]string, error) {
	values := r.URL.Query()
	q, err := d.staffQuery(values)
	if err != nil {
		return nil, err
	}
	found, err := d.collect(r.Context(), q, index.MaxDepth)
	if err != nil {
		return nil, err
	}
	orderOf(values).apply(found.hits)
	rows := [][]string{exportHead[:]}
	for i := range found.hits {
		row := newStaffRow(&found.hits[i])
		cells := []string{index.KindLabel(row.Kind), row.ID, row.Title, row.Code, row.Number, row.Issuer, row.Place, row.Region,
			string(row.Valid), string(row.Date), d.origin(r) + row.Link}
		for j, c := range cells {
			cells[j] = harmless(c)
		}
		rows = append(rows, cells)
	}
	return rows, nil
}

// harmless keeps a spreadsheet from taking a text for a formula: titles come from files that anybody may have written.
func harmless(cell string) string {
	if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\n") || strings.HasPrefix(cell, "＝") || strings.HasPrefix(cell, "＋") ||
		strings.HasPrefix(cell, "－") || strings.HasPrefix(cell, "＠") {
		return "'" + cell
	}
	return cell
}

// download names the file that a browser is to save.
func (d *desk) download(w http.ResponseWriter, contentType, ending string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="tongsou-%s.%s"`, d.today(), ending))
	_, _ = w.Write(body) // the client is gone if this fails
}

func (d *desk) exportCSV(w http.ResponseWriter, r *http.Request) error {
	rows, err := d.exported(r)
	if err != nil {
		return err
	}
	return d.sendCSV(w, rows)
}

func (d *desk) exportXLSX(w http.ResponseWriter, r *http.Request) error {
	rows, err := d.exported(r)
	if err != nil {
		return err
	}
	return d.sendXLSX(w, rows)
}

// sendCSV writes RFC 4180 with a byte order mark, without which Excel takes Chinese for something else.
func (d *desk) sendCSV(w http.ResponseWriter, rows [][]string) error {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	c := csv.NewWriter(&b)
	c.UseCRLF = true
	if err := c.WriteAll(rows); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	d.download(w, "text/csv; charset=utf-8", "csv", b.Bytes())
	return nil
}

func (d *desk) sendXLSX(w http.ResponseWriter, rows [][]string) error {
	book, err := workbook(rows)
	if err != nil {
		return fmt.Errorf("write the workbook: %w", err)
	}
	d.download(w, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", book)
	return nil
}

// workbook writes rows as the one sheet of an XLSX file, the first row in bold and held in place.
func workbook(rows [][]string) (raw []byte, err error) {
	f := excelize.NewFile()
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	const sheet = "通搜"
	if err := f.SetSheetName("Sheet1", sheet); err != nil {
		return nil, err
	}
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return nil, err
	}
	s, err := f.NewStreamWriter(sheet)
	if err != nil {
		return nil, err
	}
	if err := s.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return nil, err
	}
	for col, width := range map[int]float64{2: 30, 3: 40, 4: 36, 5: 24, 6: 28, 11: 50} {
		if err := s.SetColWidth(col, col, width); err != nil {
			return nil, err
		}
	}
	for i, row := range rows {
		cells := make([]any, len(row))
		for j, text := range row {
			if cells[j] = text; i == 0 {
				cells[j] = excelize.Cell{StyleID: bold, Value: text}
			}
		}
		if err := s.SetRow(fmt.Sprintf("A%d", i+1), cells); err != nil {
			return nil, err
		}
	}
	if err := s.Flush(); err != nil {
		return nil, err
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
