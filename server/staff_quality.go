package server

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"tongsou/corpus"
	"tongsou/index"
)

// staffPageSize is the number of rows on one page of a table.
const staffPageSize = 50

// turner leads through the pages of a table.
type turner struct {
	Page, Pages, Total int
	Earlier, Later     string
}

// turn chooses the rows of the page that a request asks for: from and to in a list of total.
func turn(r *http.Request, total, size int) (t turner, from, to int) {
	values := r.URL.Query()
	t = turner{Total: total, Pages: max(1, (total+size-1)/size)}
	n, _ := strconv.Atoi(values.Get("page")) // what is no number is the first page
	t.Page = min(max(n, 1), t.Pages)
	link := func(page int) string {
		v := url.Values{}
		for name, list := range values {
			v[name] = slices.Clone(list)
		}
		v.Set("page", strconv.Itoa(page))
		return r.URL.Path + "?" + v.Encode()
	}
	if t.Page > 1 {
		t.Earlier = link(t.Page - 1)
	}
	if t.Page < t.Pages {
		t.Later = link(t.Page + 1)
	}
	return t, (t.Page - 1) * size, min(t.Page*size, total)
}

// surveyed asks for the survey and says whether the page has to wait for it.
func (d *desk) surveyed(r *http.Request) (found *survey, waiting bool, err error) {
	last, err := d.options.Library.Sequence(r.Context())
	if err != nil {
		return nil, false, err
	}
	found, current := d.survey.get(r.Context(), last)
	if found == nil {
		found = new(survey)
	}
	return found, !current, nil
}

// qualityView shows what the checks say, by body; with Body the faults of one.
type qualityView struct {
	staffView
	Survey *survey
	Bodies []*bodyQuality
	Sound  int // bodies without a fault
	Body   *bodyQuality
	Faults []faultRow
	Turner turner
}

// faultRow is a fault with where to look.
type faultRow struct {
	documentFault
	Link, Place string
	Sources     []corpus.Source
}

func (d *desk) qualityPage(w http.ResponseWriter, r *http.Request) error {
	found, waiting, err := d.surveyed(r)
	if err != nil {
		return err
	}
	v := &qualityView{staffView: d.view(r), Survey: found}
	v.Waiting, v.Broken = waiting, found.Broken
	name := r.URL.Query().Get("body")
	for _, b := range found.Bodies {
		switch {
		case b.Name == name:
			v.Body = b
		case b.Faults > 0:
			v.Bodies = append(v.Bodies, b)
		default:
			v.Sound++
		}
	}
	if name != "" && v.Body == nil && !waiting {
		return fmt.Errorf("body %q: %w", name, index.ErrNotFound)
	}
	if v.Body == nil {
		t, from, to := turn(r, len(v.Bodies), staffPageSize)
		v.Turner = t
		v.Bodies = v.Bodies[from:to]
		return d.pages.write(w, http.StatusOK, "staff_quality.html", v)
	}
	v.Title = "数据质量：" + name
	t, from, to := turn(r, len(v.Body.List), staffPageSize)
	v.Turner = t
	for _, f := range v.Body.List[from:to] {
		row := faultRow{documentFault: f, Link: documentLink(f.Kind, f.ID), Place: index.RegionName(f.Region)}
		if d.options.Archive != nil {
			row.Sources, _ = d.options.Archive.Sources(r.Context(), f.ID) // a document may be gone since the survey
		}
		v.Faults = append(v.Faults, row)
	}
	return d.pages.write(w, http.StatusOK, "staff_quality.html", v)
}

// documentLink is where the page of a document is.
func documentLink(kind corpus.Kind, id string) string {
	if kind == corpus.KindItem {
		return "/items/" + id
	}
	return "/documents/" + id
}
