package index

import (
	"sort"
	"strings"

	"tongsou/corpus"
)

// MaxFacetValues bounds the values shown of one facet; regions, a tree, are all shown.
const MaxFacetValues = 50

// Facets turns counts by field and value into the answer's facets: labelled in Chinese, regions rolled up to every
// division above them, in display order, the most frequent values first.
func Facets(counts map[string]map[string]int) []Facet {
	var facets []Facet
	for _, f := range facetLabels {
		values := counts[f.Field]
		if f.Field == "region" {
			values = rollUp(values)
		}
		if len(values) == 0 {
			continue
		}
		facets = append(facets, Facet{Field: f.Field, Label: f.Label, Values: facetValues(f.Field, values)})
	}
	return facets
}

// rollUp adds a region's count to every division above it.
func rollUp(counts map[string]int) map[string]int {
	sum := make(map[string]int, len(counts))
	for code, n := range counts {
		for l := 2; l <= len(code); l += 2 {
			sum[code[:l]] += n
		}
	}
	return sum
}

func facetValues(field string, counts map[string]int) []FacetValue {
	list := make([]FacetValue, 0, len(counts))
	for v, n := range counts {
		fv := FacetValue{Value: v, Label: v, Count: n}
		switch field {
		case "region":
			fv.Label = RegionName(v)
			if len(v) > 2 {
				fv.Parent = v[:len(v)-2]
			}
		case "kind":
			fv.Label = KindLabel(corpus.Kind(v))
		case "year":
			fv.Label = v + "年"
		}
		list = append(list, fv)
	}
	sort.Slice(list, func(i, j int) bool { return facetLess(field, list[i], list[j]) })
	if field != "region" && len(list) > MaxFacetValues {
		list = list[:MaxFacetValues]
	}
	return list
}

func facetLess(field string, a, b FacetValue) bool {
	switch {
	case field == "year":
		return a.Value > b.Value
	case field == "kind":
		return kindRank(a.Value) < kindRank(b.Value)
	case a.Count != b.Count:
		return a.Count > b.Count
	default:
		return a.Value < b.Value
	}
}

func kindRank(kind string) int {
	for i, k := range corpus.Kinds() {
		if string(k) == kind {
			return i
		}
	}
	return len(corpus.Kinds())
}

// KindLabel is what people call a kind of document.
func KindLabel(k corpus.Kind) string {
	switch k {
	case corpus.KindItem:
		return "办事事项"
	case corpus.KindPolicy:
		return "政策法规"
	case corpus.KindNews:
		return "新闻资讯"
	}
	return string(k)
}

// RegionName is a division's name, or its code when the name is not known.
func RegionName(code string) string {
	if r, ok := corpus.Regions().Lookup(code); ok {
		return r.Name
	}
	return strings.TrimSpace(code)
}
