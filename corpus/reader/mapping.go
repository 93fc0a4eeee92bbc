package reader

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// mapping says which head of a table is which column of an item, for tables whose heads are not those of the 实施清单. Its
// file is YAML, one line a column, the names of ItemColumns on the left:
//
//	name: 服务名称
//	body: 承办单位
//
// A nil mapping maps nothing.
type mapping struct {
	file  string
	heads map[string]string // column to plain head
}

// readMapping reads the mapping of a file, nil when none was given. What is wrong with it is a Fault that names it.
func readMapping(f *File) (*mapping, *Fault) {
	if f.Mapping == "" {
		return nil, nil
	}
	fault := func(field, reason string, args ...any) *Fault {
		return &Fault{File: f.Mapping, Field: field, Reason: fmt.Sprintf(reason, args...)}
	}
	raw, err := os.ReadFile(f.Mapping)
	if err != nil {
		return nil, fault("", "打不开列映射文件：%v", err)
	}
	m := &mapping{file: f.Mapping}
	if err := yaml.UnmarshalStrict(raw, &m.heads); err != nil {
		return nil, fault("", "列映射文件应为 YAML，每行写 “列名: 表头”：%v", err)
	}
	columns := map[string]string{}
	for _, column := range sortedNames(m.heads) {
		if _, ok := columnNames[column]; !ok {
			return nil, fault(column, "不认识的列名；可用：%s", strings.Join(ItemColumns(), "、"))
		}
		if m.heads[column] = plainHead(m.heads[column]); m.heads[column] == "" {
			return nil, fault(column, "没有写表头；请写出表格里这一列的表头，或删去这一行")
		}
		if other := columns[m.heads[column]]; other != "" {
			return nil, fault(column, "表头 “%s” 已经用在 %s 这一列；一个表头只能用一次", m.heads[column], other)
		}
		columns[m.heads[column]] = column
	}
	if len(m.heads) == 0 {
		return nil, fault("", "列映射文件是空的；每行写 “列名: 表头”，列名可用：%s", strings.Join(ItemColumns(), "、"))
	}
	return m, nil
}

// column is the column that the mapping gives a head, and whether it gives one.
func (m *mapping) column(head string) (string, bool) {
	if m == nil {
		return "", false
	}
	head = plainHead(head)
	for column, mapped := range m.heads {
		if mapped == head {
			return column, true
		}
	}
	return "", false
}

// maps reports whether the mapping names a head for the column.
func (m *mapping) maps(column string) bool {
	return m != nil && m.heads[column] != ""
}

// missing is the fault of a table that lacks heads which the mapping names, nil when it has them all.
func (m *mapping) missing(f *File, heads []string) *Fault {
	if m == nil {
		return nil
	}
	for _, column := range sortedNames(m.heads) {
		if !slices.ContainsFunc(heads, func(head string) bool { return plainHead(head) == m.heads[column] }) {
			return &Fault{File: m.file, Field: column, Reason: fmt.Sprintf("文件 %s 里没有表头 “%s”；可用的表头：%s", f.Path, m.heads[column], strings.Join(heads, "、"))}
		}
	}
	return nil
}

// finds reports whether one of the heads is in the mapping.
func (m *mapping) finds(heads []string) bool {
	return slices.ContainsFunc(heads, func(head string) bool { _, ok := m.column(head); return ok })
}

// acceptsMapped reports whether JSON records are items because a mapping was given: it names one of their fields, or they
// are neither policies nor news.
func acceptsMapped(f *File, r *row) bool {
	m, fault := readMapping(f)
	if m == nil && fault == nil {
		return false
	}
	return m.finds(sortedNames(r.fields)) || !(policyRecords{}).Accepts(f) && !(newsRecords{}).Accepts(f)
}

// watch runs read with the columns of JSON records and emits the fault of the mapping's heads that no record had: single
// records may leave a field out.
func (m *mapping) watch(f *File, emit Emit, read func(column func(name string) string) error) error {
	if m == nil {
		return read(itemColumn)
	}
	seen := map[string]bool{}
	err := read(func(name string) string {
		seen[name] = true
		if column, ok := m.column(name); ok {
			return column
		}
		if column := itemColumn(name); !m.maps(column) {
			return column
		}
		return ""
	})
	if err != nil {
		return err
	}
	if fault := m.missing(f, sortedNames(seen)); fault != nil {
		return emit(nil, fault)
	}
	return nil
}
