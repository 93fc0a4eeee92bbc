package server

import (
	"cmp"
	"net/url"
	"slices"

	"tongsou/corpus"
	"tongsou/index"
)

// staffColumn is a column by which the table can be ordered.
type staffColumn struct {
	name, label string
	value       func(h *index.Hit) string
}

// staffColumns are the columns of the table, in its order.
func staffColumns() []staffColumn {
	return []staffColumn{
		{"title", "名称", func(h *index.Hit) string { return h.PlainTitle() }},
		{"code", "编码", codeOf},
		{"issuer", "发文（实施）机关", issuerOf},
		{"number", "文号", func(h *index.Hit) string { return h.Number }},
		{"validity", "时效性", func(h *index.Hit) string { return string(h.Valid) }},
		{"region", "地区", func(h *index.Hit) string { return h.Region }},
		{"date", "最后更新", func(h *index.Hit) string { return string(h.Date) }},
	}
}

// order is how the table is ordered: by a column or, when that is nil, as the search found it.
type order struct {
	column *staffColumn
	down   bool
}

func orderOf(values url.Values) order {
	o := order{down: values.Get("dir") == "desc"}
	for _, c := range staffColumns() {
		if c.name == values.Get("sort") {
			o.column = &c
		}
	}
	return o
}

// apply orders hits. What has no value stands last either way; equal values keep the order of the search.
func (o order) apply(hits []index.Hit) {
	if o.column == nil {
		return
	}
	slices.SortStableFunc(hits, func(a, b index.Hit) int {
		x, y := o.column.value(&a), o.column.value(&b)
		switch {
		case x == "" || y == "":
			return cmp.Compare(len(y), len(x))
		case o.down:
			return cmp.Compare(y, x)
		}
		return cmp.Compare(x, y)
	})
}

// has reports whether documents of a kind have what a column shows: only items have codes, only policies
// numbers, and news is neither in force nor repealed.
func (c staffColumn) has(kind corpus.Kind) bool {
	switch c.name {
	case "code":
		return kind == corpus.KindItem
	case "number":
		return kind == corpus.KindPolicy
	case "validity":
		return kind != corpus.KindNews
	}
	return true
}

// heads are the heads of the columns of a kind. Following one orders by it, following it again turns the order round.
func (o order) heads(values url.Values, kind corpus.Kind) []columnHead {
	var heads []columnHead
	for _, c := range staffColumns() {
		if !c.has(kind) {
			continue
		}
		h := columnHead{Label: c.label}
		down := c.name == "date" // the newest first
		if o.column != nil && o.column.name == c.name {
			h.Sort, down = "ascending", true
			if o.down {
				h.Sort, down = "descending", false
			}
		}
		h.Link = staffWith(values, func(u url.Values) {
			u.Set("sort", c.name)
			u.Del("page")
			u.Del("dir")
			if down {
				u.Set("dir", "desc")
			}
		})
		heads = append(heads, h)
	}
	return heads
}
