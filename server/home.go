package server

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"tongsou/corpus"
	"tongsou/index"
)

// homeView is what the front page shows.
type homeView struct {
	frame
	PlaceLink       string
	Popular         bool // whether the examples are what people search most
	Examples        []choice
	Doors           []door
	Events          []choice // 办成一件事
	Persons, Bodies []choice // theme classes for people, and for companies and other bodies
}

// door is another way in.
type door struct{ Label, Note, Link string }

var doors = []door{
	{"凭证照查事项", "勾一勾手里有什么证，看能办什么", "/holdings"},
	{"全部办事事项", "按地区、部门、主题慢慢挑", "/search?kind=item"},
	{"政策法规", "每一条都写明是否有效", "/search?kind=policy&sort=date"},
	{"新闻资讯", "最近有什么新办法", "/search?kind=news&sort=date"},
}

// examples are what people say. The first is the one in the README.
var examples = []string{"孩子上户口", "公积金提取要什么材料", "开个小饭馆", "老年人补贴", "驾照到期换证"}

func (s *Server) newHomeView(r *http.Request) (*homeView, error) {
	v := &homeView{frame: s.newFrame(r)}
	v.Bare, v.Styles = true, []string{"search.css"}
	place := r.URL.Query().Get("place") // a portal names it in the links to its front page
	if place != "" {
		v.Kept = []namedValue{{"place", place}}
	}
	v.PlaceLink, v.Doors = placeLink(v.Here), doors
	if err := v.addEvents(r, s.catalog); err != nil {
		return nil, err
	}
	words := examples
	if names := s.popular.current(r.Context()).names; len(names) == popularNames {
		words, v.Popular = names, true
	}
	for _, e := range words {
		v.Examples = append(v.Examples, choice{Label: e, Link: searchLink(place, url.Values{"q": {e}})})
	}
	person, err := s.themeCounts(r, "自然人")
	if err != nil {
		return nil, err
	}
	body, err := s.themeCounts(r, "企业法人", "事业法人", "社会组织法人", "非法人企业", "其他组织")
	if err != nil {
		return nil, err
	}
	v.Persons, v.Bodies = themeChoices(place, person, body), themeChoices(place, body, person)
	return v, nil
}

// homeEvents is the number of life events on the front page.
const homeEvents = 8

func (v *homeView) addEvents(r *http.Request, c *catalog) error {
	all, err := c.current(r.Context())
	if err != nil {
		return err
	}
	events := all.eventViews("")
	for _, e := range events[:min(len(events), homeEvents)] {
		v.Events = append(v.Events, choice{Label: e.Name, Link: e.Link})
	}
	return nil
}

// themeCounts counts the items for some audiences by theme.
func (s *Server) themeCounts(r *http.Request, audiences ...string) ([]index.FacetValue, error) {
	q := index.Query{Limit: 1, Facets: true, Filter: index.Filter{Kinds: []corpus.Kind{corpus.KindItem}, Audiences: audiences}}
	res, err := s.options.Engine.Search(r.Context(), q)
	if err != nil {
		return nil, err
	}
	for _, f := range res.Facets {
		if f.Field == "theme" {
			return f.Values, nil
		}
	}
	return nil, nil
}

// homeThemes is the number of theme classes on the front page for people, and as many for bodies.
const homeThemes = 16

// themeChoices are the themes of one audience. An item for both audiences bears the themes of both lists: a theme
// belongs to those who have the more items in it.
func themeChoices(place string, own, other []index.FacetValue) []choice {
	elsewhere := map[string]int{}
	for _, t := range other {
		elsewhere[t.Value] = t.Count
	}
	var list []choice
	for _, t := range own {
		short, _, _ := strings.Cut(t.Label, "（")
		known := slices.ContainsFunc(list, func(c choice) bool { return c.Label == short })
		if t.Count >= elsewhere[t.Value] && !known && short != "其他" && len(list) < homeThemes {
			list = append(list, choice{Label: short, Link: themeLink(place, sameTheme(own, short)...)})
		}
	}
	return list
}

// sameTheme lists the ways in which sources spell a theme: 社会保障 and 社会保障（社会保险、社会救助）.
func sameTheme(values []index.FacetValue, short string) []string {
	var list []string
	for _, t := range values {
		if name, _, _ := strings.Cut(t.Label, "（"); name == short {
			list = append(list, t.Value)
		}
	}
	return list
}

func themeLink(place string, values ...string) string {
	return searchLink(place, url.Values{"kind": {string(corpus.KindItem)}, "theme": values})
}

// searchLink leads to results, for the place that the address names, if it names one.
func searchLink(place string, values url.Values) string {
	if place != "" {
		values.Set("place", place)
	}
	return "/search?" + values.Encode()
}
