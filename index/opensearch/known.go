package opensearch

import (
	"strings"
	"sync"

	"tongsou/corpus"
)

// known is what the cluster said of an index as it stood at one sequence. Most of it is thrown away when the index changes.
type known struct {
	frequencies *frequencies
	mu          sync.Mutex
	kinds       map[corpus.Kind]statistics
	// places are the divisions that have items, needs everything that some item asks for; nil before they were asked for.
	places, needs []string
}

// frequencies are how many units hold a term. They outlive changes that are few beside the index: a search has a hundred terms
// to ask for, and where documents come in every second each search would ask for all of them again.
type frequencies struct {
	mu sync.Mutex
	of map[corpus.Kind]map[string]int
	// changes is how many documents changed since the first of them was asked for, units how many there were when that was last
	// known.
	changes uint64
	units   float64
}

// fewChanges is the number of units that one changed document may stand beside for its frequencies to be kept.
const fewChanges = 1000

// statistics are how many units a kind has and how long their fields are on average.
type statistics struct {
	units   float64
	average [3]float64
}

func newKnown() *known {
	return &known{frequencies: &frequencies{of: map[corpus.Kind]map[string]int{}}, kinds: map[corpus.Kind]statistics{}}
}

// after is what is still known after so many changes.
func (k *known) after(changes uint64) *known {
	fresh := newKnown()
	k.mu.Lock()
	units := 0.0
	for _, st := range k.kinds {
		units += st.units
	}
	k.mu.Unlock()
	f := k.frequencies
	f.mu.Lock()
	defer f.mu.Unlock()
	if units > 0 {
		f.units = units
	}
	if f.changes += changes; float64(f.changes)*fewChanges <= f.units {
		fresh.frequencies = f
	}
	return fresh
}

// mostFrequencies bounds what is kept of one kind: some ten megabytes.
const mostFrequencies = 200_000

// missing returns the terms whose frequency is not known yet, each once.
func (f *frequencies) missing(kind corpus.Kind, terms []string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	of := f.of[kind]
	if of == nil || len(of) > mostFrequencies {
		of = map[string]int{}
		f.of[kind] = of
	}
	var list []string
	asked := map[string]bool{}
	for _, t := range terms {
		if _, ok := of[t]; !ok && !asked[t] {
			asked[t] = true
			list = append(list, t)
		}
	}
	return list
}

func (f *frequencies) get(kind corpus.Kind, term string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.of[kind][term]
}

// explanation is how OpenSearch says where a score comes from.
type explanation struct {
	Value       float64       `json:"value"`
	Description string        `json:"description"`
	Details     []explanation `json:"details"`
}

// holding finds in an explanation how many units hold the term.
func (x *explanation) holding() (int, bool) {
	if strings.HasPrefix(x.Description, "n, number of documents containing term") {
		return int(x.Value), true
	}
	for i := range x.Details {
		if n, ok := x.Details[i].holding(); ok {
			return n, true
		}
	}
	return 0, false
}

// learnFrequencies asks how many units of some kinds hold terms. OpenSearch has no request that says it; but it explains the
// score of one hit by it, over all shards when they exchange their statistics first, and stops at that hit.
func (v *view) learnFrequencies(kinds []corpus.Kind, terms []string) error {
	type asked struct {
		kind corpus.Kind
		term string
	}
	var list []asked
	var bodies []m
	for _, kind := range kinds {
		st, err := v.statistics(kind)
		if err != nil {
			return err
		}
		if st.units == 0 {
			continue // of nothing nobody need ask
		}
		for _, t := range v.known.frequencies.missing(kind, terms) {
			list = append(list, asked{kind, t})
			bodies = append(bodies, m{
				"size": 1, "terminate_after": 1, "explain": true, "_source": false, "track_total_hits": false,
				"query": nested(m{"term": m{termsOf(kind): t}}),
			})
		}
	}
	if len(list) == 0 {
		return nil
	}
	answers, err := v.search(bodies)
	if err != nil {
		return err
	}
	v.known.frequencies.mu.Lock()
	defer v.known.frequencies.mu.Unlock()
	for i, a := range answers {
		n := 0
		for _, h := range a.Hits.Hits {
			n, _ = h.Explanation.holding()
		}
		v.known.frequencies.of[list[i].kind][list[i].term] = n
	}
	return nil
}

// nested asks for documents by their units.
func nested(query m) m {
	return m{"nested": m{"path": units, "score_mode": "max", "query": query}}
}

// statistics are those of a kind. All are asked for at once.
func (v *view) statistics(kind corpus.Kind) (statistics, error) {
	v.known.mu.Lock()
	st, ok := v.known.kinds[kind]
	v.known.mu.Unlock()
	if ok {
		return st, nil
	}
	average := func(f string) m { return m{"avg": m{"field": f}} }
	var bodies []m
	for _, k := range corpus.Kinds() {
		bodies = append(bodies, m{
			"size": 0, "query": term(fieldKind, string(k)),
			"aggs": m{"units": m{"nested": m{"path": units}, "aggs": m{"l0": average("u.l0"), "l1": average("u.l1"), "l2": average("u.l2")}}},
		})
	}
	answers, err := v.search(bodies)
	if err != nil {
		return st, err
	}
	v.known.mu.Lock()
	defer v.known.mu.Unlock()
	for i, k := range corpus.Kinds() {
		found := answers[i].Aggregations["units"]
		of := statistics{units: float64(found.Count)}
		for f, mean := range [...]*value{found.L0, found.L1, found.L2} {
			of.average[f] = 1
			if mean != nil {
				of.average[f] = max(1, mean.Value)
			}
		}
		v.known.kinds[k] = of
	}
	return v.known.kinds[kind], nil
}

// mostValues bounds how many values of a field are asked for: all that there are, in any corpus that is not abused.
const mostValues = 10_000

// values returns the values that a field has among the items.
func (v *view) values(field string, kept *[]string) ([]string, error) {
	v.known.mu.Lock()
	list := *kept
	v.known.mu.Unlock()
	if list != nil {
		return list, nil
	}
	answers, err := v.search([]m{{
		"size": 0, "query": term(fieldKind, string(corpus.KindItem)), "aggs": m{"values": m{"terms": m{"field": field, "size": mostValues}}},
	}})
	if err != nil {
		return nil, err
	}
	list = []string{}
	for _, b := range answers[0].Aggregations["values"].Buckets {
		list = append(list, b.Key)
	}
	v.known.mu.Lock()
	*kept = list
	v.known.mu.Unlock()
	return list, nil
}

// Frequency implements index.Terms over all kinds. What cannot be asked counts as none: the search that follows says what is
// wrong.
func (v *view) Frequency(term string) int {
	if err := v.learnFrequencies(corpus.Kinds(), []string{term}); err != nil {
		return 0
	}
	n := 0
	for _, kind := range corpus.Kinds() {
		n += v.known.frequencies.get(kind, term)
	}
	return n
}

// HasItems implements index.Places.
func (v *view) HasItems(region string, below bool) bool {
	list, err := v.values(facetOf+"region", &v.known.places)
	if err != nil {
		return false
	}
	for _, r := range list {
		if r == region || below && strings.HasPrefix(r, region) {
			return true
		}
	}
	return false
}
