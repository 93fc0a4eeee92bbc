package server

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"tongsou/corpus"
	"tongsou/index"
)

// params reads the values of a request and keeps the first thing that is wrong with them.
type params struct {
	values url.Values
	err    error
}

func (p *params) wrong(name, reason string, args ...any) {
	if p.err == nil {
		p.err = &paramError{name, fmt.Sprintf(reason, args...)}
	}
}

// known refuses names that nobody reads: a misspelt filter that is silently dropped gives wrong answers.
func known(values url.Values, names []string) error {
	for name := range values {
		if !slices.Contains(names, name) {
			return &paramError{name, "不认识的参数；可用：" + strings.Join(names, "、")}
		}
	}
	return nil
}

// list returns every non-empty value of a name, whether it is given several times or separated by commas.
func (p *params) list(name string) []string {
	var list []string
	for _, v := range p.values[name] {
		for _, s := range strings.Split(v, ",") {
			if s = strings.TrimSpace(s); s != "" {
				list = append(list, s)
			}
		}
	}
	return list
}

func (p *params) flag(name string, preset bool) bool {
	switch v := p.values.Get(name); v {
	case "":
		return preset
	case "true", "1":
		return true
	case "false", "0":
		return false
	default:
		p.wrong(name, "%q 无效；应为 true 或 false", v)
		return preset
	}
}

func (p *params) number(name string, low, high int) int {
	v := p.values.Get(name)
	if v == "" {
		return 0
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < low || n > high {
		p.wrong(name, "%q 无效；应为 %d 到 %d 的整数", v, low, high)
		return 0
	}
	return n
}

func (p *params) date(name string) corpus.Date {
	v := p.values.Get(name)
	if v == "" {
		return ""
	}
	d, err := corpus.ParseDate(v)
	if err != nil {
		p.wrong(name, "%q 不是真实的日期；请写成 2022-02-07", v)
	}
	return d
}

func (p *params) region(name, v string) string {
	code, ok := corpus.NormalizeRegion(v)
	if v != "" && !ok {
		p.wrong(name, "%q 不是已知的行政区划代码；例如 15、1501、150102", v)
	}
	return code
}

// one returns a value that must be one of those allowed.
func one[T ~string](p *params, name, v string, allowed ...T) T {
	if !slices.Contains(allowed, T(v)) {
		var list []string
		for _, a := range allowed {
			list = append(list, string(a))
		}
		p.wrong(name, "%q 无效；可用：%s", v, strings.Join(list, "、"))
	}
	return T(v)
}

// The names that the API understands. Pages take any: portals add marks of their own to links.
var suggestParams = []string{"q", "limit", "key"}
var searchParams = []string{"q", "kind", "region", "issuer", "audience", "theme", "item_type", "channel", "convenience", "holds", "year", "validity",
	"from", "to", "place", "sort", "limit", "next", "verbatim", "facets", "explain", "key"}

// searchQuery reads a search. Several values of one filter are alternatives.
func searchQuery(values url.Values, place string) (index.Query, error) {
	p := &params{values: values}
	q := index.Query{
		Text: values.Get("q"), Place: place, Next: values.Get("next"), Limit: p.number("limit", 1, index.MaxLimit),
		Verbatim: p.flag("verbatim", false), Facets: p.flag("facets", true), Explain: p.flag("explain", false),
		Filter: index.Filter{
			Issuers: nonEmpty(slices.Clone(values["issuer"])...), Audiences: p.list("audience"), Themes: p.list("theme"), ItemTypes: p.list("item_type"),
			Channels: p.list("channel"), Conveniences: p.list("convenience"), Holds: p.list("holds"), From: p.date("from"), To: p.date("to"),
		},
	}
	if v := values.Get("place"); v != "" {
		q.Place = p.region("place", v)
	}
	if v := values.Get("sort"); v != "" {
		q.Sort = one(p, "sort", v, index.ByRelevance, index.ByDate)
	}
	for _, v := range p.list("kind") {
		q.Filter.Kinds = append(q.Filter.Kinds, one(p, "kind", v, corpus.Kinds()...))
	}
	for _, v := range p.list("validity") {
		q.Filter.Validity = append(q.Filter.Validity, one(p, "validity", v, corpus.Validities()...))
	}
	for _, v := range p.list("region") {
		q.Filter.Regions = append(q.Filter.Regions, p.region("region", v))
	}
	for _, v := range p.list("year") {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1900 || n > 2200 {
			p.wrong("year", "%q 无效；应为四位年份", v)
		}
		q.Filter.Years = append(q.Filter.Years, n)
	}
	return q, p.err
}

// suggestQuery reads a request for suggestions.
func suggestQuery(values url.Values) (index.SuggestQuery, error) {
	p := &params{values: values}
	q := index.SuggestQuery{Text: values.Get("q"), Limit: p.number("limit", 1, index.MaxSuggestions)}
	return q, p.err
}
