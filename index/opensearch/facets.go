package opensearch

import (
	"tongsou/corpus"
	"tongsou/index/stage"
)

// but are the conditions of all facets but one.
func (f *finder) but(name string) []m {
	list := []m{}
	for field, condition := range f.own {
		if field != name {
			list = append(list, condition)
		}
	}
	return list
}

// facets counts each facet over the documents that pass all filters but its own.
func (f *finder) facets() m {
	aggs := m{}
	for _, name := range facetFields {
		values := m{"terms": m{"field": facetOf + name, "size": mostValues}}
		aggs[name] = m{"filter": filter(f.but(name)...), "aggs": m{"values": values}}
	}
	if f.kind != corpus.KindNews {
		for _, v := range validities {
			aggs[validityOf+string(v)] = m{"filter": filter(append(f.but("validity"), f.validity(v))...)}
		}
	}
	return aggs
}

const validityOf = "validity."

var validities = [...]corpus.Validity{corpus.InForce, corpus.Amended, corpus.Repealed, corpus.NotYet}

// tally reads the counts.
func (f *finder) tally(a *answer) *stage.Tally {
	t := &stage.Tally{Kind: f.kind, Total: a.Hits.Total.Value, Values: map[string]map[string]int{}}
	if !f.plan.Facets {
		return t
	}
	for _, name := range facetFields {
		counts := map[string]int{}
		if inner := a.Aggregations[name].Inner; inner != nil {
			for _, b := range inner.Buckets {
				counts[b.Key] = b.Count
			}
		}
		t.Values[name] = counts
	}
	t.Values["validity"] = map[string]int{}
	for _, v := range validities {
		if n := a.Aggregations[validityOf+string(v)].Count; n > 0 {
			t.Values["validity"][string(v)] = n
		}
	}
	return t
}
