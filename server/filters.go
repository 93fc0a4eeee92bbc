package server

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"tongsou/corpus"
	"tongsou/index"
)

// filters are the parameters that narrow a search, in the order in which citizens need them.
var filters = []string{"kind", "region", "theme", "audience", "convenience", "channel", "holds", "issuer", "item_type",
	"validity", "year", "from", "to"}

// with returns the address of the result page with some values changed; the marks of pages never outlive a change.
func with(values url.Values, change func(url.Values)) string {
	v := url.Values{}
	for name, list := range values {
		if name != "next" && name != "trail" {
			v[name] = slices.Clone(list)
		}
	}
	change(v)
	return "/search?" + v.Encode()
}

// picked are the values of a filter in force. Names of offices may hold commas.
func picked(values url.Values, name string) []string {
	if name == "issuer" {
		return nonEmpty(slices.Clone(values[name])...)
	}
	p := &params{values: values}
	return p.list(name)
}

// toggled is the address where a value of a filter is put in, or taken out when it is in.
func toggled(values url.Values, name, value string) string {
	return with(values, func(u url.Values) {
		list := picked(u, name)
		if slices.Contains(list, value) {
			list = slices.DeleteFunc(list, func(s string) bool { return s == value })
		} else {
			list = append(list, value)
		}
		if u[name] = list; len(list) == 0 {
			u.Del(name)
		}
	})
}

// kept lists the filters in force, so that the form sends them along with new words.
func kept(values url.Values) []namedValue {
	var list []namedValue
	for _, name := range append([]string{"place"}, filters...) {
		for _, v := range picked(values, name) {
			list = append(list, namedValue{name, v})
		}
	}
	return list
}

func clearFilters(u url.Values) {
	for _, name := range filters {
		if name != "kind" {
			u.Del(name)
		}
	}
}

// activeFilters says every filter in force as a sentence. The kind is not among them: the tabs show it.
func activeFilters(values url.Values) []choice {
	var list []choice
	for _, name := range filters {
		for _, v := range picked(values, name) {
			if s := filterSentence(name, v); s != "" {
				list = append(list, choice{Label: s, Link: toggled(values, name, v)})
			}
		}
	}
	return list
}

func filterSentence(name, value string) string {
	switch name {
	case "region":
		if code, ok := corpus.NormalizeRegion(value); ok {
			value = index.RegionName(code)
		}
		return "只看" + value + "的"
	case "issuer":
		return "只看" + value + "的"
	case "audience":
		return "只看" + audienceLabel(value) + "办的"
	case "theme":
		return "只看“" + value + "”这一类"
	case "item_type":
		return "只看" + value + "事项"
	case "channel":
		return "只看" + channelLabel(value)
	case "convenience":
		return "只看" + cmp.Or(conveniences[value], value)
	case "holds":
		return "手里有" + value
	case "year":
		return "只看 " + value + " 年的"
	case "validity":
		return "只看" + value + "的"
	case "from":
		return "只看 " + value + " 以后的"
	case "to":
		return "只看 " + value + " 以前的"
	}
	return ""
}

var conveniences = map[string]string{"即办": "当场办好的", "不用跑": "一次都不用跑的", "免费": "不收费的", "网上办": "能在网上办的"}

func audienceLabel(value string) string {
	if value == "自然人" {
		return "个人"
	}
	return value
}

func channelLabel(value string) string {
	switch value {
	case "网上":
		return "网上能办的"
	case "掌上":
		return "手机上能办的"
	case "一窗":
		return "窗口能办的"
	case "自助":
		return "自助机能办的"
	}
	return value + "能办的"
}

// tabs lead from one kind of document to another, with how many of each there are.
func tabs(values url.Values, res *index.Result) []choice {
	kinds := picked(values, "kind")
	list := []choice{{Label: "全部", On: len(kinds) == 0, Link: with(values, func(u url.Values) { u.Del("kind") })}}
	counts := map[string]int{}
	for _, f := range res.Facets {
		if f.Field == "kind" {
			for _, v := range f.Values {
				counts[v.Value] = v.Count
			}
		}
	}
	for _, g := range res.Groups {
		if g.Total > 0 {
			counts[string(g.Kind)] = g.Total
		}
	}
	for _, k := range corpus.Kinds() {
		list = append(list, choice{
			Label: index.KindLabel(k), Count: counts[string(k)], On: slices.Contains(kinds, string(k)),
			Link: with(values, func(u url.Values) { u.Set("kind", string(k)) }),
		})
	}
	return list
}

func sorts(values url.Values, q index.Query) []choice {
	return []choice{
		{Label: "最相关", On: q.Sort != index.ByDate, Link: with(values, func(u url.Values) { u.Del("sort") })},
		{Label: "最新", On: q.Sort == index.ByDate, Link: with(values, func(u url.Values) { u.Set("sort", string(index.ByDate)) })},
	}
}

// facetView is one filter with its values: those shown at once, and those behind 更多.
type facetView struct {
	Label        string
	Values, More []facetChoice
}

type facetChoice struct {
	choice
	Level int // 1 for the top of a tree
}

// facetShown is the number of values of a facet that are shown at once.
const facetShown = 6

// facetViews lists the facets in the order in which citizens need them. The kind is not among them: the tabs show it.
func facetViews(values url.Values, facets []index.Facet) []facetView {
	var list []facetView
	for _, name := range filters[1:] {
		for _, f := range facets {
			if f.Field == name {
				list = append(list, newFacetView(values, f))
			}
		}
	}
	return list
}

func newFacetView(values url.Values, f index.Facet) facetView {
	on := picked(values, f.Field)
	if f.Field == "region" {
		for i, v := range on {
			on[i], _ = corpus.NormalizeRegion(v)
		}
	}
	label := map[string]string{"issuer": "部门", "audience": "谁来办", "channel": "怎么办", "convenience": "方便办", "item_type": "事项类型", "validity": "是否有效"}[f.Field]
	if label == "" {
		label = f.Label
	}
	v := facetView{Label: label}
	list := f.Values
	if f.Field == "region" {
		list = openRegions(list, on)
	}
	for _, fv := range list {
		c := facetChoice{choice: choice{
			Label: facetLabel(f.Field, fv), Count: fv.Count, On: slices.Contains(on, fv.Value), Link: toggled(values, f.Field, fv.Value),
		}, Level: 1}
		if f.Field == "region" {
			c.Level = len(fv.Value) / 2
		}
		if len(v.Values) < facetShown || c.On || f.Field == "region" {
			v.Values = append(v.Values, c)
		} else {
			v.More = append(v.More, c)
		}
	}
	return v
}

func facetLabel(field string, v index.FacetValue) string {
	switch field {
	case "audience":
		return audienceLabel(v.Value)
	case "channel":
		return channelLabel(v.Value)
	case "convenience":
		return cmp.Or(conveniences[v.Value], v.Label)
	}
	return v.Label
}

// openRegions lists a tree of regions from the top down, each division before its parts. It keeps the top, what lies under
// a chosen region or beside it, and, as long as there is but one way down, that way: the whole tree would fill the page.
func openRegions(list []index.FacetValue, on []string) []index.FacetValue {
	parts := map[string][]index.FacetValue{}
	for _, v := range list {
		parts[v.Parent] = append(parts[v.Parent], v)
	}
	var open []index.FacetValue
	var descend func(parent string, only bool)
	descend = func(parent string, only bool) {
		chosen := slices.ContainsFunc(on, func(code string) bool { return strings.HasPrefix(code, parent) })
		if parent != "" && !chosen && !only {
			return
		}
		for _, v := range parts[parent] {
			open = append(open, v)
			descend(v.Value, (parent == "" || only) && len(parts[parent]) == 1)
		}
	}
	descend("", true)
	return open
}
