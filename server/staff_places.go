package server

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"

	"tongsou/index"
)

// placesView shows which items are not the same everywhere; with Title in what one of them differs.
type placesView struct {
	staffView
	Spread []*itemSpread
	Turner turner
	Item   *itemSpread
	Rows   []placesRow
}

// placesRow is one field that differs, with its values and the places that have each.
type placesRow struct {
	Name   string
	Values []placesValue
}

type placesValue struct {
	Value  string
	Places []choice
}

func (d *desk) placesPage(w http.ResponseWriter, r *http.Request) error {
	found, waiting, err := d.surveyed(r)
	if err != nil {
		return err
	}
	v := &placesView{staffView: d.view(r)}
	v.Waiting, v.Broken = waiting, found.Broken
	title := r.URL.Query().Get("title")
	if title == "" {
		t, from, to := turn(r, len(found.Spread), staffPageSize)
		v.Turner = t
		v.Spread = found.Spread[from:to]
		return d.pages.write(w, http.StatusOK, "staff_places.html", v)
	}
	if i := slices.IndexFunc(found.Spread, func(s *itemSpread) bool { return s.Title == title }); i >= 0 {
		v.Item = found.Spread[i]
	} else if !waiting {
		return fmt.Errorf("item %q: %w", title, index.ErrNotFound)
	}
	v.Title = "各地差异：" + title
	if v.Item != nil {
		if v.Rows, err = d.placesRows(r, v.Item); err != nil {
			return err
		}
	}
	return d.pages.write(w, http.StatusOK, "staff_places.html", v)
}

// maxPlaces is the number of places of one item that are compared on a page.
const maxPlaces = 300

// placesRows gathers the places by what they say, the rarest value last. Fields that are the same everywhere are left out.
func (d *desk) placesRows(r *http.Request, item *itemSpread) ([]placesRow, error) {
	var rows []placesRow
	for _, id := range item.IDs[:min(len(item.IDs), maxPlaces)] {
		doc, err := d.options.Library.Get(r.Context(), id)
		if err != nil {
			if r.Context().Err() != nil {
				return nil, err
			}
			continue // gone since the survey
		}
		if doc.Item == nil {
			continue
		}
		place := choice{Label: index.RegionName(doc.Region), Link: documentLink(doc.Kind, doc.ID)}
		for i, f := range itemFields(doc) {
			if i == len(rows) {
				rows = append(rows, placesRow{Name: f.Name})
			}
			rows[i].add(f.Value, place)
		}
	}
	rows = slices.DeleteFunc(rows, func(row placesRow) bool { return len(row.Values) < 2 })
	for _, row := range rows {
		slices.SortStableFunc(row.Values, func(a, b placesValue) int { return cmp.Compare(len(b.Places), len(a.Places)) })
	}
	return rows, nil
}

func (row *placesRow) add(value string, place choice) {
	for i := range row.Values {
		if row.Values[i].Value == value {
			row.Values[i].Places = append(row.Values[i].Places, place)
			return
		}
	}
	row.Values = append(row.Values, placesValue{value, []choice{place}})
}
