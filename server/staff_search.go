package server

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"tongsou/corpus"
	"tongsou/index"
)

// staffHits is the number of hits on one page of the staff's table.
const staffHits = 20

// staffSearchView is the page of advanced search: the query as language and as a form, and what it finds as a table.
type staffSearchView struct {
	staffView
	Query      string
	Form       syntaxForm
	Asked      bool
	Open       bool // whether the form is unfolded
	Wrong      string
	Kinds      []choice
	Kind       corpus.Kind
	KindNames  []namedValue
	Validity   string
	Validities []corpus.Validity
	Notes      []string
	Correction *index.Correction
	Columns    []columnHead
	Rows       []staffRow
	Turner     turner
	Cut        bool // more was found than can be ordered by a column
	CSV, XLSX  string
	TookMS     float64
}

// columnHead is the head of a column that orders the table when it is followed.
type columnHead struct {
	Label, Link string
	Sort        string // ascending or descending where the table is ordered by it: what aria-sort takes
}

// staffRow is one hit as the staff see it.
type staffRow struct {
	ID, Link, Title, Code, Number, Issuer, Place, Region string
	Kind                                                 corpus.Kind
	Valid                                                corpus.Validity
	Stale, Sample, Unsure                                bool
	Date                                                 corpus.Date
	Explain                                              *explanation
}

// syntaxForm holds what the form of advanced search shows, several values of one field on one line.
type syntaxForm struct {
	Words, Phrases, Without, Titles, Number, Code, Issuer, Regions, From, To string
}

// between parts several values in one box of the form.
const between = "；"

func formOf(s index.Syntax) syntaxForm {
	return syntaxForm{
		s.Words, strings.Join(s.Phrases, between), strings.Join(s.Without, " "), strings.Join(s.Titles, between),
		s.Number, s.Code, s.Issuer, strings.Join(s.Regions, between), s.From, s.To,
	}
}

// syntaxOf reads the form. The field asked for by its old place, "to", keeps a single day when "from" is empty.
func syntaxOf(v url.Values) index.Syntax {
	several := func(name string) []string {
		return nonEmpty(strings.FieldsFunc(v.Get(name), func(r rune) bool { return r == '；' || r == ';' || r == '\n' })...)
	}
	return index.Syntax{
		Words: v.Get("words"), Phrases: several("phrases"), Without: strings.Fields(v.Get("without")), Titles: several("titles"),
		Number: v.Get("number"), Code: v.Get("code"), Issuer: v.Get("issuer"), Regions: several("regions"),
		From: strings.TrimSpace(v.Get("from")), To: strings.TrimSpace(v.Get("to")),
	}
}

func (d *desk) searchPage(w http.ResponseWriter, r *http.Request) error {
	values := r.URL.Query()
	if values.Has("words") { // the form was sent: its query goes into the address, where it can be read, kept and passed on
		to := url.Values{"q": {syntaxOf(values).String()}}
		for _, name := range []string{"kind", "validity"} {
			if value := values.Get(name); value != "" {
				to.Set(name, value)
			}
		}
		http.Redirect(w, r, "/staff/search?"+to.Encode(), http.StatusSeeOther)
		return nil
	}
	v := &staffSearchView{staffView: d.view(r), Query: strings.TrimSpace(values.Get("q")), Validities: corpus.Validities()}
	for _, k := range corpus.Kinds() {
		v.KindNames = append(v.KindNames, namedValue{string(k), index.KindLabel(k)})
	}
	parsed := index.ParseSyntax(v.Query)
	v.Form, v.Open = formOf(parsed), parsed.String() != parsed.Words
	v.Asked = v.Query != "" || values.Get("validity") != "" || values.Get("kind") != ""
	v.Open = v.Open || !v.Asked
	if v.Asked {
		if err := d.find(r, v); err != nil {
			p := problemOf(err)
			if p.Status != http.StatusBadRequest {
				return err
			}
			v.Wrong, v.Open = p.Detail, true // the form stays, to be mended
		}
	}
	return d.pages.write(w, http.StatusOK, "staff_search.html", v)
}

// staffQuery reads what the table is asked for.
func (d *desk) staffQuery(values url.Values) (index.Query, error) {
	taken := url.Values{}
	for _, name := range []string{"q", "kind", "validity"} {
		taken[name] = values[name]
	}
	q, err := searchQuery(taken, "")
	q.Facets, q.Limit = false, index.MaxLimit
	return q, err
}

func (d *desk) find(r *http.Request, v *staffSearchView) error {
	values := r.URL.Query()
	q, err := d.staffQuery(values)
	if err != nil {
		return err
	}
	v.Validity = values.Get("validity")
	order := orderOf(values)
	depth := index.MaxDepth
	if order.column == nil {
		t, _, to := turn(r, index.MaxDepth, staffHits)
		v.Turner, depth = t, to
	}
	q.Explain, q.Use = true, d.use(q.Text)
	found, err := d.collect(r.Context(), q, depth)
	if err != nil {
		return err
	}
	v.Kind = found.kind
	v.Notes, v.Correction, v.TookMS = found.first.Query.Notes, found.first.Query.Correction, found.first.TookMS
	for _, g := range found.first.Groups {
		v.Kinds = append(v.Kinds, choice{Label: index.KindLabel(g.Kind), Count: g.Total, On: g.Kind == v.Kind,
			Link: staffWith(values, func(u url.Values) { u.Set("kind", string(g.Kind)); u.Del("page"); u.Del("sort"); u.Del("dir") })})
	}
	order.apply(found.hits)
	v.Cut = order.column != nil && found.total > index.MaxDepth
	t, from, to := turn(r, min(found.total, index.MaxDepth), staffHits)
	v.Turner = t
	v.Turner.Total = found.total
	judged := found.first.NoAnswer != nil || slices.ContainsFunc(found.hits, func(h index.Hit) bool { return h.Sure })
	for i := from; i < min(to, len(found.hits)); i++ {
		row := newStaffRow(&found.hits[i])
		row.Unsure = judged && !found.hits[i].Sure
		v.Rows = append(v.Rows, row)
	}
	v.Columns = order.heads(values, v.Kind)
	export := staffWith(values, func(u url.Values) { u.Set("kind", string(v.Kind)); u.Del("page") })
	_, query, _ := strings.Cut(export, "?")
	v.CSV, v.XLSX = "/staff/export.csv?"+query, "/staff/export.xlsx?"+query
	return nil
}

func staffWith(values url.Values, change func(url.Values)) string {
	v := url.Values{}
	for name, list := range values {
		v[name] = slices.Clone(list)
	}
	change(v)
	return "/staff/search?" + v.Encode()
}

// collected is what the table is cut from: the hits of one kind, best first.
type collected struct {
	first *index.Result
	kind  corpus.Kind
	total int
	hits  []index.Hit
}

// collect gathers hits of one kind down to a depth. Without a kind it takes the first that has a sure answer, or any.
func (d *desk) collect(ctx context.Context, q index.Query, depth int) (*collected, error) {
	kinds := q.Filter.Kinds
	q.Filter.Kinds = nil // all are counted, so that the other tables can be offered
	res, err := d.options.Engine.Search(ctx, q)
	if err != nil {
		return nil, err
	}
	c := &collected{first: res, kind: chooseKind(res)}
	if len(kinds) > 0 {
		c.kind = kinds[0]
	}
	q.Filter.Kinds, q.Facets = []corpus.Kind{c.kind}, false
	for {
		for _, g := range res.Groups {
			if g.Kind == c.kind {
				c.hits, c.total = append(c.hits, g.Hits...), max(c.total, g.Total)
			}
		}
		if q.Next = res.Next; q.Next == "" || len(c.hits) >= min(depth, c.total) {
			return c, nil
		}
		if res, err = d.options.Engine.Search(ctx, q); err != nil {
			return nil, err
		}
	}
}

func chooseKind(res *index.Result) corpus.Kind {
	some := corpus.KindItem
	for i := len(res.Groups) - 1; i >= 0; i-- {
		if len(res.Groups[i].Hits) > 0 {
			some = res.Groups[i].Kind
		}
	}
	for _, g := range res.Groups {
		if len(g.Hits) > 0 && g.Hits[0].Sure {
			return g.Kind
		}
	}
	return some
}

func newStaffRow(h *index.Hit) staffRow {
	return staffRow{
		ID: h.ID, Link: documentLink(h.Kind, h.ID), Title: h.PlainTitle(), Code: codeOf(h), Number: h.Number, Issuer: issuerOf(h), Place: h.Place, Region: h.Region,
		Kind: h.Kind, Valid: h.Valid, Stale: stale(h.Valid), Sample: h.Sample, Date: h.Date, Explain: explain(h),
	}
}

func codeOf(h *index.Hit) string {
	if h.Card == nil {
		return ""
	}
	return h.Card.Code
}

// issuerOf is who issued a document or does an item.
func issuerOf(h *index.Hit) string {
	if h.Issuer == "" && h.Card != nil {
		return h.Card.Body
	}
	return h.Issuer
}
