package reader

import (
	"net/url"
	"strings"

	"tongsou/corpus"
)

// itemRecords reads service items as JSON lines or an array under any of the names in itemColumns.
type itemRecords struct{}

func (itemRecords) Name() string { return "items" }

func (itemRecords) Accepts(f *File) bool {
	r, ok := firstRow(f.Head)
	if !ok {
		return false
	}
	name, others := false, 0
	for key := range r.fields {
		switch column := itemColumn(key); {
		case column == "name":
			name = true
		case column != "":
			others++
		}
	}
	return name && others >= 2 && !r.has(policyText...) || acceptsMapped(f, r)
}

func (itemRecords) Read(f *File, emit Emit) error {
	m, fault := readMapping(f)
	if fault != nil {
		return emit(nil, fault)
	}
	return m.watch(f, emit, func(column func(string) string) error {
		return eachRow(f, func(r *row) error {
			cells := make(map[string]string, len(r.fields))
			for key := range r.fields {
				cells[key] = r.text(key)
			}
			return emitItem(cells, r.line, column, emit)
		}, lineFault(emit))
	})
}

// emitItem makes an item of named cells, emitting a fault for every cell that cannot be read and the item all the same.
// column tells which of ItemColumns a name is, "" when none.
func emitItem(cells map[string]string, line int, column func(name string) string, emit Emit) error {
	d := &corpus.Document{Kind: corpus.KindItem, Item: &corpus.Item{}}
	d.Source.Line = line
	for _, key := range sortedNames(cells) {
		value := strings.TrimSpace(cells[key])
		if value == "" {
			continue
		}
		set, ok := itemSetters[column(key)]
		if !ok {
			d.Item.Extra = append(d.Item.Extra, corpus.ItemField{Name: key, Value: value})
			continue
		}
		if reason := set(d, value); reason != "" {
			if err := emit(nil, &Fault{Line: line, Field: key, Reason: reason, Record: clipRecord(value)}); err != nil {
				return err
			}
		}
	}
	if d.Title == "" {
		return emit(nil, &Fault{Line: line, Field: "事项名称", Reason: "缺少事项名称，整条未收入"})
	}
	finishItem(d)
	return emit(d, nil)
}

// finishItem fills what follows from other fields: the codes in a link, the issuer, the ID.
func finishItem(d *corpus.Document) {
	it := d.Item
	if u, err := url.Parse(d.URL); err == nil && u.RawQuery != "" {
		q := u.Query()
		if it.Code == "" {
			it.Code = q.Get("itemCode")
		}
		if code, ok := corpus.NormalizeRegion(q.Get("areaCode")); ok && d.Region == "" {
			d.Region = code
		}
		if it.Type == "" {
			it.Type = taskTypes[q.Get("taskType")]
		}
	}
	d.Issuer = it.Body
	switch {
	case it.TaskCode != "":
		d.ID = codeID("item", it.TaskCode)
	case it.Code != "":
		d.ID = codeID("item", it.Code)
	default:
		d.ID = hashID("item", d.Region, it.Body, d.Title)
	}
}

// taskTypes are the item types by the digit that portals of the national platform use (GB/T 36114's order of types).
var taskTypes = map[string]string{
	"1": "行政许可", "2": "行政处罚", "3": "行政强制", "4": "行政征收", "5": "行政给付", "6": "行政检查", "7": "行政确认",
	"8": "行政奖励", "9": "行政裁决", "10": "其他行政权力", "20": "公共服务",
}
