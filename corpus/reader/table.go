package reader

import (
	"fmt"
	"slices"
	"strings"

	"tongsou/corpus"
)

// headRows is how far down a table its row of column heads may stand: portals put a title and a note above it.
const headRows = 10

// table is the head row of a table of service items and what its columns mean.
type table struct {
	heads   []string          // one for each column, all different
	columns map[string]string // head to the column of ItemColumns; heads that have none become further fields of an item
}

// findHeads finds the head row among the first rows of a table: the one with the most heads that the mapping or
// itemColumns know. Without a mapping it must have the item's name and two more; with one, a row with several cells will
// do, so that what the mapping names and the row lacks can be said.
func findHeads(rows [][]string, m *mapping) (int, bool) {
	best, most := -1, 0
	for i, row := range rows[:min(len(rows), headRows)] {
		known := 0
		columns := columnsOf(row, m)
		for _, c := range columns {
			if c != "" {
				known++
			}
		}
		if (m == nil && !isItemHead(row, columns)) || known <= most {
			continue
		}
		best, most = i, known
	}
	if best < 0 && m != nil {
		best = slices.IndexFunc(rows[:min(len(rows), headRows)], func(row []string) bool { return filled(row) > 1 })
	}
	return best, best >= 0
}

// isItemHead tells a head row of items from one of policies or news, which have a text.
func isItemHead(row []string, columns map[string]string) bool {
	name, others := false, 0
	for _, c := range columns {
		switch c {
		case "":
		case "name":
			name = true
		default:
			others++
		}
	}
	return name && others >= 2 && !slices.ContainsFunc(row, func(head string) bool { return slices.Contains(policyText, head) })
}

// columnsOf gives each head its column. Of several heads that mean the same column, the mapping's comes first, then the
// one that columnNames lists first; the others mean none.
func columnsOf(heads []string, m *mapping) map[string]string {
	columns := map[string]string{}
	taken := map[string]string{}
	for _, head := range heads {
		column, mapped := m.column(head)
		if !mapped {
			column = itemColumn(head)
		}
		other, ok := taken[column]
		switch {
		case column == "" || !ok:
		case mapped || !m.maps(column) && nameRank(column, head) < nameRank(column, other):
			columns[other] = ""
		default:
			column = ""
		}
		columns[head] = column
		if column != "" {
			taken[column] = head
		}
	}
	return columns
}

func nameRank(column, head string) int {
	return slices.Index(columnNames[column], plainHead(head))
}

// newTable makes a table of its head row.
func newTable(row []string, m *mapping) *table {
	t := &table{heads: uniqueHeads(row)}
	t.columns = columnsOf(t.heads, m)
	return t
}

// uniqueHeads trims the heads, drops empty ones at the end and tells apart those that are empty or stand twice.
func uniqueHeads(row []string) []string {
	heads := make([]string, 0, len(row))
	seen := map[string]bool{}
	for i, head := range row[:lastFilled(row)] {
		head = squeeze(head)
		if head == "" || seen[head] {
			head = fmt.Sprintf("%s（第%d列）", head, i+1)
		}
		seen[head] = true
		heads = append(heads, head)
	}
	return heads
}

// emit makes the item of one row.
func (t *table) emit(cells []string, line int, emit Emit) error {
	named := make(map[string]string, len(t.heads))
	for i, cell := range cells[:min(len(cells), len(t.heads))] {
		named[t.heads[i]] = strings.ReplaceAll(cell, "\r\n", "\n")
	}
	return emitItem(named, line, func(head string) string { return t.columns[head] }, func(d *corpus.Document, fault *Fault) error {
		if fault != nil && fault.Record == "" {
			fault.Record = clipRecord(strings.Join(cells, " | "))
		}
		return emit(d, fault)
	})
}

// lastFilled is the number of cells up to the last that holds something; filled is the number of those that do.
func lastFilled(row []string) int {
	n := len(row)
	for n > 0 && strings.TrimSpace(row[n-1]) == "" {
		n--
	}
	return n
}

func filled(row []string) int {
	n := 0
	for _, cell := range row {
		if strings.TrimSpace(cell) != "" {
			n++
		}
	}
	return n
}

// noHeads is the fault of a table whose heads nobody knows.
func noHeads(f *File) *Fault {
	return &Fault{Line: 1, Field: "表头", Reason: fmt.Sprintf("前 %d 行里找不到表头（要有 事项名称 和另外至少两个认得的列名）；请补上表头，或用 --mapping 指明各列", headRows), Record: clipRecord(firstLine(f.Head))}
}

func firstLine(head []byte) string {
	line, _, _ := strings.Cut(string(head), "\n")
	return strings.TrimSpace(strings.ToValidUTF8(line, "\uFFFD"))
}
