package server

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"tongsou/corpus"
	"tongsou/index"
)

// pageLimit is the number of hits per group on the first page, where three groups share the screen; groupLimit when one
// kind was chosen.
const (
	pageLimit  = 5
	groupLimit = 10
)

// resultView is what the result page shows.
type resultView struct {
	frame
	Home         bool
	Examples     []string
	Themes       []choice
	Notes        []string
	Correction   *index.Correction
	VerbatimLink string
	Chips        []choice
	Groups       []groupView
	Facets       []facetView
	Filtered     bool
	Empty        bool
	NextLink     string
}

// choice is a link that narrows or widens what is shown.
type choice struct {
	Label, Link string
	Count       int
	On          bool
	Level       int // 1 for the top of a tree
}

type facetView struct {
	Label  string
	Values []choice
}

type groupView struct {
	Kind    corpus.Kind
	Label   string
	Total   int
	Hits    []hitView
	AllLink string
}

type hitView struct {
	Title, Snippet []index.Run
	Link, Label    string
	Sample, Stale  bool
	Valid          corpus.Validity
	Facts          []string
	Card           *cardView
	More           []sectionHitView
	Why            []string
	Apply          string
}

type sectionHitView struct {
	Link, Label string
	Snippet     []index.Run
}

type cardView struct{ Limit, Visits, Fee, Materials, Address string }

func (s *Server) resultPage(w http.ResponseWriter, r *http.Request) error {
	values := r.URL.Query()
	q, err := searchQuery(values, s.options.Place)
	if err != nil {
		return err
	}
	if s.unchanged(w, r) {
		return nil
	}
	if q.Limit == 0 {
		q.Limit = pageLimit
		if len(q.Filter.Kinds) == 1 {
			q.Limit = groupLimit
		}
	}
	result, err := s.options.Engine.Search(r.Context(), q)
	if err != nil {
		return err
	}
	s.noteSearch(r, q, result)
	v := newResultView(values, q, result)
	f := s.newFrame(r)
	f.Text, f.Kept, f.Sample, f.Styles = v.Text, v.Kept, v.Sample, []string{"search.css"}
	v.frame = f
	return s.pages.write(w, http.StatusOK, "search.html", v)
}

func newResultView(values url.Values, q index.Query, res *index.Result) *resultView {
	v := &resultView{
		frame: frame{Text: q.Text, Kept: kept(values)}, Notes: res.Query.Notes, Correction: res.Query.Correction,
		VerbatimLink: with(values, func(u url.Values) { u.Set("verbatim", "true") }),
	}
	for _, c := range res.Query.Chips {
		v.Chips = append(v.Chips, choice{Label: c.Label, Link: with(values, func(u url.Values) { u.Set("q", c.Without) })})
	}
	v.Empty = true
	for _, g := range res.Groups {
		gv := newGroupView(values, q, g)
		v.Groups = append(v.Groups, gv)
		v.Empty = v.Empty && len(g.Hits) == 0
		v.Sample = v.Sample || slices.ContainsFunc(g.Hits, func(h index.Hit) bool { return h.Sample })
	}
	v.Filtered = len(v.Kept) > 0
	for _, f := range res.Facets {
		v.Facets = append(v.Facets, newFacetView(values, f))
	}
	if res.Next != "" {
		v.NextLink = with(values, func(u url.Values) { u.Set("next", res.Next) })
	}
	if strings.TrimSpace(q.Text) == "" && !v.Filtered {
		v.Home = true
		v.Examples = []string{"孩子上户口", "公积金提取", "开个小饭馆", "老年人补贴", "驾照到期换证"}
		v.Themes = themes(v.Facets)
	}
	return v
}

func themes(facets []facetView) []choice {
	for _, f := range facets {
		if f.Label == "主题" {
			return f.Values
		}
	}
	return nil
}

// filters are the parameters that narrow a search, in the order of the facets.
var filters = []string{"kind", "region", "issuer", "audience", "theme", "item_type", "channel", "year", "validity"}

// kept lists the filters in force, so that the form sends them along with new words.
func kept(values url.Values) []namedValue {
	var list []namedValue
	for _, name := range append([]string{"from", "to", "place"}, filters...) {
		for _, v := range values[name] {
			if v != "" {
				list = append(list, namedValue{name, v})
			}
		}
	}
	return list
}

func newFacetView(values url.Values, f index.Facet) facetView {
	v := facetView{Label: f.Label}
	for _, fv := range f.Values {
		on := slices.Contains(values[f.Field], fv.Value)
		level := 1
		if f.Field == "region" {
			level = len(fv.Value) / 2
		}
		v.Values = append(v.Values, choice{
			Label: fv.Label, Count: fv.Count, On: on, Level: level,
			Link: with(values, func(u url.Values) {
				if on {
					u[f.Field] = slices.DeleteFunc(u[f.Field], func(x string) bool { return x == fv.Value })
				} else {
					u.Add(f.Field, fv.Value)
				}
			}),
		})
	}
	return v
}

func newGroupView(values url.Values, q index.Query, g index.Group) groupView {
	v := groupView{Kind: g.Kind, Label: index.KindLabel(g.Kind), Total: g.Total}
	for i := range g.Hits {
		v.Hits = append(v.Hits, newHitView(&g.Hits[i]))
	}
	if g.Total > len(g.Hits) && len(q.Filter.Kinds) != 1 {
		v.AllLink = with(values, func(u url.Values) { u["kind"] = []string{string(g.Kind)} })
	}
	return v
}

func newHitView(h *index.Hit) hitView {
	base := "/documents/" + h.ID
	if h.Kind == corpus.KindItem {
		base = "/items/" + h.ID
	}
	v := hitView{
		Title: h.Title, Snippet: h.Snippet, Link: base, Sample: h.Sample, Valid: h.Valid, Stale: stale(h.Valid), Why: h.Why,
		Facts: nonEmpty(h.Number, h.Issuer, h.Place, string(h.Date)),
	}
	if h.Section != nil {
		v.Label, v.Link = h.Section.Label, base+"#"+h.Section.ID
	}
	for _, m := range h.More {
		label := m.Section.Label
		if label == "" {
			label = "正文"
		}
		v.More = append(v.More, sectionHitView{base + "#" + m.Section.ID, label, m.Snippet})
	}
	if c := h.Card; c != nil {
		v.Facts = nonEmpty(c.Body, h.Place, c.Handling, strings.Join(c.Channels, "、"))
		v.Apply = c.ApplyURL
		v.Card = &cardView{limitText(c.PromisedLimit), visitsText(c.Visits), feeText(c.FeeFree, c.Fees),
			strings.Join(c.Materials, "、"), strings.TrimSpace(c.Address + " " + c.Hours)}
		if *v.Card == (cardView{}) {
			v.Card = nil
		}
	}
	return v
}

func nonEmpty(list ...string) []string {
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}
