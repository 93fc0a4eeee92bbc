package server

import (
	"slices"
	"strings"
)

// elsewhereView is the same item in other places, side by side.
type elsewhereView struct {
	Heads []string
	Rows  []elsewhereRow
	More  int // places that are not shown
	Same  bool
}

type elsewhereRow struct {
	Place, Link string
	Here        bool
	Cells       []elsewhereCell
}

// elsewhereCell is a value with whether it is another than here.
type elsewhereCell struct {
	Value   string
	Differs bool
}

// maxElsewhere is the number of other places shown: those nearest in the division tree come first.
const maxElsewhere = 12

var elsewhereHeads = []string{"谁来办", "多久办好", "法定时限", "跑几次", "收费", "电话"}

// elsewhere compares an item with those of the same name or basic code in other places; nil when there are none.
func (v *catalogView) elsewhere(id string) *elsewhereView {
	at := slices.IndexFunc(v.items, func(it *catalogItem) bool { return it.ID == id })
	if at < 0 {
		return nil
	}
	here := v.items[at]
	var others []*catalogItem
	for _, name := range here.names {
		for _, it := range v.byName[name] {
			if it.Region != here.Region && !slices.Contains(others, it) {
				others = append(others, it)
			}
		}
	}
	if len(others) == 0 {
		return nil
	}
	slices.SortStableFunc(others, func(a, b *catalogItem) int { return kinship(b.Region, here.Region) - kinship(a.Region, here.Region) })
	view := &elsewhereView{Heads: elsewhereHeads, More: max(0, len(others)-maxElsewhere), Same: true}
	view.Rows = append(view.Rows, newElsewhereRow(here, here))
	for _, it := range others[:min(len(others), maxElsewhere)] {
		row := newElsewhereRow(it, here)
		view.Same = view.Same && !slices.ContainsFunc(row.Cells, func(c elsewhereCell) bool { return c.Differs })
		view.Rows = append(view.Rows, row)
	}
	return view
}

// kinship is how many levels of the division tree two divisions have in common.
func kinship(a, b string) int {
	n := 0
	for n+2 <= len(a) && n+2 <= len(b) && a[n:n+2] == b[n:n+2] {
		n += 2
	}
	return n
}

func newElsewhereRow(it, here *catalogItem) elsewhereRow {
	row := elsewhereRow{Place: placeName(it.Region), Link: "/items/" + it.ID, Here: it == here}
	mine, theirs := elsewhereValues(here), elsewhereValues(it)
	for i, value := range theirs {
		// 新城区公安局 and 赛罕区公安局 are the same office of two places.
		differs := value != mine[i]
		if i == 0 {
			differs = localBody(it) != localBody(here)
		}
		row.Cells = append(row.Cells, elsewhereCell{value, differs})
	}
	return row
}

func localBody(it *catalogItem) string { return strings.TrimPrefix(it.Body, placeName(it.Region)) }

func elsewhereValues(it *catalogItem) []string {
	return []string{it.Body, limitText(it.Promised), limitText(it.Legal), visitsText(it.Visits), it.Fee, it.Phone}
}
