package server

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"tongsou/corpus"
	"tongsou/index"
)

// shownLimit is the number of hits per group that are shown where three groups share the screen; overviewLimit how many
// are asked for, since those that are the same item in several places become one. groupLimit is for one kind alone.
const (
	shownLimit    = 5
	overviewLimit = 12
	groupLimit    = 10
)

// resultView is what the result page shows.
type resultView struct {
	frame
	PlaceLink  string
	Total      int
	Tabs       []choice
	Sorts      []choice
	Notes      []string
	Correction *index.Correction
	// Verbatim leads to the answer without widening and correction, Widened back from there.
	Verbatim, Widened string
	Chips             []choice
	Active            []choice // the filters in force, as sentences; a link takes one back
	Clear             string   // takes all of them back
	None              *noneView
	Groups            []groupView
	Facets            []facetView
	Pager             *pagerView
}

// noneView is the honest answer where nothing fits.
type noneView struct {
	Words         string // what was typed, without the quotes around it
	Note          string
	Themes        []choice
	Office, Phone string
	Found         bool // whether something stands below that may be related
}

// choice is a link that narrows or widens what is shown.
type choice struct {
	Label, Link string
	Count       int
	On          bool
}

// pagerView leads to the pages before and after.
type pagerView struct {
	Page           int
	Earlier, Later string
}

type groupView struct {
	Kind    corpus.Kind
	Label   string
	Total   int
	Hits    []hitView
	Maybe   []hitView // what is near but below the confidence line
	AllLink string
}

// homePage is the front page. Searches that older links send to it go where results are.
func (s *Server) homePage(w http.ResponseWriter, r *http.Request) error {
	values := r.URL.Query()
	for _, name := range searchParams {
		if name != "place" && values.Get(name) != "" {
			http.Redirect(w, r, "/search?"+r.URL.RawQuery, http.StatusMovedPermanently)
			return nil
		}
	}
	if s.unchanged(w, r) {
		return nil
	}
	v, err := s.newHomeView(r)
	if err != nil {
		return err
	}
	return s.pages.write(w, http.StatusOK, "home.html", v)
}

func (s *Server) resultPage(w http.ResponseWriter, r *http.Request) error {
	values := r.URL.Query()
	q, err := searchQuery(values, s.place(r))
	if err != nil {
		return err
	}
	if strings.TrimSpace(q.Text) == "" && len(kept(values)) == 0 {
		http.Redirect(w, r, "/", http.StatusSeeOther) // nothing was asked
		return nil
	}
	if s.unchanged(w, r) {
		return nil
	}
	if q.Limit == 0 {
		q.Limit = overviewLimit
		if len(q.Filter.Kinds) == 1 {
			q.Limit = groupLimit
		}
	}
	q.Use = s.use(q.Text)
	result, err := s.options.Engine.Search(r.Context(), q)
	if err != nil {
		return err
	}
	forgetPartial(w, result)
	s.noteSearch(r, q, result)
	v := newResultView(s.newFrame(r), values, q, result)
	return s.pages.write(w, http.StatusOK, "search.html", v)
}

func newResultView(f frame, values url.Values, q index.Query, res *index.Result) *resultView {
	f.Text, f.Kept, f.Styles = q.Text, kept(values), []string{"search.css"}
	if res.Query.PlaceName != "" {
		f.Place = res.Query.PlaceName
	}
	v := &resultView{
		frame: f, PlaceLink: placeLink(f.Here), Tabs: tabs(values, res), Notes: res.Query.Notes,
		Correction: res.Query.Correction, Active: activeFilters(values), None: none(res, values.Get("place")),
		Verbatim: with(values, func(u url.Values) { u.Set("verbatim", "true") }),
	}
	if q.Verbatim {
		v.Widened = with(values, func(u url.Values) { u.Del("verbatim") })
	}
	if len(v.Active) > 1 {
		v.Clear = with(values, clearFilters)
	}
	for _, c := range res.Query.Chips {
		v.Chips = append(v.Chips, choice{Label: c.Label, Link: with(values, func(u url.Values) { u.Set("q", c.Without) })})
	}
	for _, g := range res.Groups {
		v.Groups = append(v.Groups, newGroupView(values, q, res, g))
		if len(q.Filter.Kinds) != 1 { // else the group's own heading says it
			v.Total += g.Total
		}
		v.Sample = v.Sample || slices.ContainsFunc(g.Hits, func(h index.Hit) bool { return h.Sample })
	}
	if v.None == nil || v.None.Found {
		v.Sorts = sorts(values, q)
	}
	v.Facets = facetViews(values, res.Facets)
	if len(q.Filter.Kinds) == 1 || q.Next != "" {
		v.Pager = newPager(values, res.Next)
	}
	return v
}

// none says that nothing fits, where nothing does: in the engine's words when it has some.
func none(res *index.Result, place string) *noneView {
	found := slices.ContainsFunc(res.Groups, func(g index.Group) bool { return len(g.Hits) > 0 })
	if res.NoAnswer == nil && found {
		return nil
	}
	v := &noneView{Words: strings.Trim(res.Query.Text, ` "“”`), Office: "政务服务便民热线", Phone: "12345", Found: found}
	if n := res.NoAnswer; n != nil {
		v.Note = n.Note
		if n.Phone != "" {
			v.Office, v.Phone = n.Office, n.Phone
		}
		for _, t := range n.Themes {
			v.Themes = append(v.Themes, choice{Label: t.Label, Count: t.Count, Link: themeLink(place, t.Value)})
		}
	}
	return v
}

// newGroupView parts what answers from what is only near. Engines that judge nothing call no hit sure; then every hit
// counts as an answer, unless the engine says outright that there is none.
func newGroupView(values url.Values, q index.Query, res *index.Result, g index.Group) groupView {
	v := groupView{Kind: g.Kind, Label: index.KindLabel(g.Kind), Total: g.Total}
	judged := res.NoAnswer != nil || slices.ContainsFunc(g.Hits, func(h index.Hit) bool { return h.Sure })
	first := q.Next == "" && q.Sort != index.ByDate && strings.TrimSpace(q.Text) != ""
	for i := range g.Hits {
		list := &v.Hits
		if judged && first && !g.Hits[i].Sure {
			list = &v.Maybe
		}
		if h := newHitView(&g.Hits[i], res.Query.Intents); q.Sort == index.ByDate || !joinSame(*list, h) {
			*list = append(*list, h)
		}
	}
	if len(q.Filter.Kinds) == 1 {
		return v
	}
	v.Hits = v.Hits[:min(len(v.Hits), shownLimit)]
	v.Maybe = v.Maybe[:min(len(v.Maybe), shownLimit)]
	if g.Kind == corpus.KindNews {
		slices.SortStableFunc(v.Hits, func(a, b hitView) int { return strings.Compare(b.Date, a.Date) })
	}
	if len(v.Hits) > 0 && g.Total > len(v.Hits)+len(v.Maybe) {
		v.AllLink = with(values, func(u url.Values) { u.Set("kind", string(g.Kind)) })
	}
	return v
}

// joinSame puts an item of another place under the first of its name, where it takes a line and not a screen.
func joinSame(list []hitView, h hitView) bool {
	if h.Card == nil {
		return false
	}
	for i := range list {
		if list[i].Card != nil && list[i].Name == h.Name && list[i].Whole != h.Whole {
			list[i].Elsewhere = append(list[i].Elsewhere, choice{Label: cmp.Or(h.Place, h.Card.Body, "全国"), Link: h.Whole})
			return true
		}
	}
	return false
}

// newPager remembers the marks of the pages before this one in the address, since a mark leads forward only.
func newPager(values url.Values, next string) *pagerView {
	here, trail := values.Get("next"), nonEmpty(strings.Split(values.Get("trail"), ",")...)
	v := &pagerView{Page: 1}
	if here != "" {
		v.Page = len(trail) + 2
		v.Earlier = with(values, func(u url.Values) {
			if len(trail) > 0 {
				u.Set("next", trail[len(trail)-1])
				setOrDelete(u, "trail", strings.Join(trail[:len(trail)-1], ","))
			}
		})
		trail = append(trail, here)
	}
	if next != "" {
		v.Later = with(values, func(u url.Values) {
			u.Set("next", next)
			setOrDelete(u, "trail", strings.Join(trail, ","))
		})
	}
	if v.Earlier == "" && v.Later == "" {
		return nil
	}
	return v
}

func setOrDelete(u url.Values, name, value string) {
	if value == "" {
		u.Del(name)
		return
	}
	u.Set(name, value)
}
