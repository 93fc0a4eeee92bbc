package opensearch

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/index/stage"
)

// finder is a plan made ready for the cluster and for scoring what it finds, for one kind.
type finder struct {
	view    *view
	kind    corpus.Kind
	plan    *index.Plan
	ranking *index.Ranking

	idf, weight []float64
	// rare tells of each term whether few units hold it.
	rare []bool
	// long and latin tell of each term what it is: a word of three characters and more, a run of letters.
	long, latin, telling []bool
	grams                *grams
	stats                index.Stats
	cover                *stage.Coverage
	shares               []float64
	norms                [3][256]float64

	// fixed are the conditions that a document must meet to count anywhere, own those of a facet by its name, and within
	// those of a unit.
	fixed  []m
	own    map[string]m
	within []m
	// open lets every unit count that meets the conditions: a query of filters alone, or one whose phrases decide.
	open, byDate bool
	// The places of further searches in the request, 0 for none; pool is how many documents that match are scored again where
	// they are asked for by themselves, total how many match.
	near, named, pins int
	pool, total       int
}

// mostTerms bounds the clauses of a query: OpenSearch takes 1,024.
const mostTerms = 500

func term(field, value string) m       { return m{"term": m{field: value}} }
func terms(field string, v []string) m { return m{"terms": m{field: append([]string{}, v...)}} } // null is refused
func filter(conditions ...m) m         { return m{"bool": m{"filter": conditions}} }
func either(alternatives ...m) m {
	return m{"bool": m{"should": alternatives, "minimum_should_match": 1}}
}
func not(conditions ...m) m             { return m{"bool": m{"must_not": conditions}} }
func weighted(condition m, w float64) m { return m{"filter": condition, "weight": w} }

var everything, nothing = m{"match_all": m{}}, m{"match_none": m{}}

func (v *view) finder(kind corpus.Kind, plan *index.Plan, r *index.Ranking) (*finder, error) {
	f := &finder{view: v, kind: kind, plan: plan, grams: gramsOf(plan), ranking: r, byDate: plan.Sort == index.ByDate, own: map[string]m{}, pool: max(poolMatching, 2*plan.Limit)}
	var texts []string
	for _, t := range plan.Terms {
		texts = append(texts, t.Text)
	}
	if err := v.learnFrequencies([]corpus.Kind{kind}, texts); err != nil {
		return nil, err
	}
	st, err := v.statistics(kind)
	if err != nil {
		return nil, err
	}
	df := make([]int, len(texts))
	for i, t := range texts {
		df[i] = min(v.known.frequencies.get(kind, t), int(st.units))
		f.idf = append(f.idf, stage.IDF(st.units, df[i]))
		f.rare = append(f.rare, float64(df[i]) <= max(fewUnits, st.units/200))
		first, _ := utf8.DecodeRuneInString(t)
		f.long, f.latin = append(f.long, long3(t)), append(f.latin, !unicode.Is(unicode.Han, first))
	}
	f.stats, f.weight, f.telling = stage.Stats(plan, f.idf, r), weights(plan, f.idf, r), plan.Telling(f.idf, df)
	least := r.MatchCoverage
	if plan.Named() {
		least = r.NamedCoverage
	}
	f.cover = stage.NewCoverage(f.stats.Rarity, least)
	f.share()
	f.norms = normsOf(r, st.average, stage.Lengths())
	return f, f.conditions()
}

// share is what part of the query's weight each concept carries; none for a query without concepts.
func (f *finder) share() {
	sum := 0.0
	for _, r := range f.stats.Rarity {
		sum += r
	}
	if sum == 0 {
		return
	}
	for _, r := range f.stats.Rarity {
		f.shares = append(f.shares, r/sum)
	}
}

// matches is the condition that a unit covers a share of what is enough of the query; nil where each counts.
func (f *finder) matches(share float64) m {
	switch {
	case f.open:
		return nil
	case f.shares == nil:
		return terms(termsOf(f.kind), f.texts(func(int) bool { return true }))
	}
	var parts []m
	for c, share := range f.shares {
		if of := f.concept(c); of != nil && share > 0 {
			parts = append(parts, m{"constant_score": m{"filter": of, "boost": share}})
		}
	}
	if len(parts) == 0 {
		return nothing
	}
	const exact = 1e-5 // sums of 32 bits
	return m{"function_score": m{"query": m{"bool": m{"should": parts}}, "min_score": share*float64(f.cover.Least) - exact}}
}

// concept is the condition that a unit touches a concept, nil when no term tells of it.
func (f *finder) concept(c int) m {
	list := f.texts(func(i int) bool { return f.telling[i] && f.plan.Terms[i].Concept == c })
	if len(list) == 0 {
		return nil
	}
	return terms(termsOf(f.kind), list)
}

func (f *finder) texts(want func(i int) bool) []string {
	var list []string
	for i, t := range f.plan.Terms {
		if t.Weight > 0 && want(i) {
			list = append(list, t.Text)
		}
	}
	return list
}

// scoring are the clauses that score a unit: each term by the cluster's BM25, whose own idf is in it already.
func (f *finder) scoring() []m {
	places := make([]int, 0, len(f.plan.Terms))
	for i, t := range f.plan.Terms {
		if t.Weight > 0 && f.idf[i] > 0 {
			places = append(places, i)
		}
	}
	if len(places) > mostTerms {
		slices.SortStableFunc(places, func(a, b int) int { return cmp.Compare(f.weight[b], f.weight[a]) })
		places = places[:mostTerms]
	}
	field := termsOf(f.kind)
	var list []m
	for _, i := range places {
		boost := f.weight[i] / f.idf[i] / (f.ranking.K1 + 1)
		list = append(list, m{"term": m{field: m{"value": f.plan.Terms[i].Text, "boost": boost}}})
	}
	return list
}

// unitQuery finds units that meet conditions and scores them.
func (f *finder) unitQuery(conditions []m) m {
	b := m{}
	clauses := f.scoring()
	if len(clauses) > 0 {
		b["should"] = clauses
	}
	if len(conditions) > 0 {
		b["filter"] = conditions
	}
	if len(clauses) == 0 {
		if len(conditions) == 0 {
			b["filter"] = []m{{"term": m{unitHead: true}}}
		}
		return m{"bool": b}
	}
	functions := []m{weighted(everything, 1)}
	for c, share := range f.shares {
		if of := f.concept(c); of != nil && share > 0 {
			functions = append(functions, weighted(of, f.ranking.CoverageBoost*share))
		}
	}
	return m{"function_score": m{"query": m{"bool": b}, "functions": functions, "score_mode": "sum", "boost_mode": "multiply"}}
}

// request is a search for documents by their units.
func (f *finder) request(conditions []m, unit m, size, inner int) m {
	n := nested(unit)
	if size > 0 {
		n["nested"].(m)["inner_hits"] = reads(m{"size": inner}, unitStored)
	}
	query := m{"function_score": m{"query": n, "functions": f.lifts(), "score_mode": "multiply", "boost_mode": "multiply"}}
	sort := []any{"_score", m{fieldDay: "desc"}, m{fieldID: "asc"}}
	if f.byDate {
		sort = []any{m{fieldDay: "desc"}, "_score", m{fieldID: "asc"}}
	}
	return reads(m{"size": size, "sort": sort, "query": m{"bool": m{"filter": conditions, "must": []m{query}}}}, fieldShown)
}

// lifts are what raises a document: its place in the hierarchy of law, and of an item that it is done where the citizen is
// and answers the wishes.
func (f *finder) lifts() []m {
	var list []m
	for level, a := range f.ranking.Authority {
		if a != 0 {
			list = append(list, weighted(m{"term": m{fieldRank: level}}, 1+a))
		}
	}
	share := f.ranking.WishFirst
	if f.kind != corpus.KindItem || share == 0 || f.byDate {
		return list
	}
	if place := f.plan.Place; place != "" {
		above := path(place)
		list = append(list, weighted(term(fieldPath, place), 1+share), weighted(terms(facetOf+"region", above[:max(0, len(above)-1)]), 1+share/2))
	}
	holds, easy := f.plan.Wishes()
	var all []m
	for _, c := range easy {
		all = append(all, term(facetOf+"convenience", c))
	}
	if len(all) > 0 {
		list = append(list, weighted(filter(all...), 1+share))
	}
	if len(holds) > 0 {
		if unmet, err := f.unmet(holds); err == nil { // it is no more than a help
			list = append(list, weighted(not(terms(fieldNeed, unmet)), 1+share))
		}
	}
	return list
}

// covered reports whether it is by coverage that units are found. A query that has none to tell by, or that is sorted by date,
// is answered by the units that match alone.
func (f *finder) covered() bool { return !f.open && !f.byDate && f.shares != nil }

// matching is the search for the documents that match, in the order of the cluster, or for their number alone when size is 0.
func (f *finder) matching(size int) m {
	conditions := f.within
	if match := f.matches(1); match != nil {
		conditions = append(slices.Clone(conditions), match)
	}
	body := f.request(f.fixed, f.unitQuery(conditions), size, unitsShown)
	if size == 0 {
		delete(body, "sort")
	}
	body["track_total_hits"], body["post_filter"] = false, filter(f.but("")...)
	return body
}

// counting is the search that says how many documents match, by facets where those are asked for; size is how many are found
// besides.
func (f *finder) counting(size int) m {
	body := f.matching(size)
	body["track_total_hits"] = true
	if f.plan.Facets {
		body["aggs"] = f.facets()
	}
	return body
}

// fewUnits is how many units may hold a term so that all of them are scored, in any index.
const fewUnits = 1000

// nearest is the search for the best units of those that cover a share of what is enough or hold a rare term; with 0 of any that
// hold a term.
func (f *finder) nearest(share float64) m {
	near := terms(termsOf(f.kind), f.texts(func(i int) bool { return f.idf[i] > 0 && (share == 0 || f.rare[i]) }))
	if share > 0 {
		near = either(f.matches(share), near)
	}
	conditions := append(slices.Clone(f.within), near)
	body := f.request(append(slices.Clone(f.fixed), f.but("")...), f.unitQuery(conditions), max(poolNear, 2*f.plan.Limit), unitsNear)
	body["track_total_hits"] = false
	return body
}

// others are the further searches of the first request: for the best units near enough, for what the query names outright, and
// for what is pinned.
func (f *finder) others() []m {
	conditions := append(slices.Clone(f.fixed), f.but("")...)
	var list []m
	ask := func(body m) int {
		body["track_total_hits"] = false
		list = append(list, body)
		return len(list)
	}
	if f.covered() {
		f.near = ask(f.nearest(nearEnough))
	}
	heads := []m{{"term": m{unitHead: true}}}
	if p := f.plan; p.Number+p.Code+p.Law != "" {
		bearing := f.bearing()
		if p.Law != "" && len(p.Law) < longestKeyword {
			bearing = append(bearing, term(fieldName, p.Law))
		}
		wanted := heads
		if p.Article != "" {
			wanted = append(slices.Clone(heads), term(unitSection, p.Article))
		}
		unit := filter(append(slices.Clone(f.within), either(wanted...))...)
		f.named = ask(f.request(append(slices.Clone(conditions), either(bearing...)), unit, mostNamed, 2))
	}
	if len(f.plan.Pinned) > 0 {
		f.pins = ask(f.request(append(slices.Clone(conditions), terms(fieldID, f.plan.Pinned)), filter(append(slices.Clone(f.within), heads...)...), len(f.plan.Pinned), 1))
	}
	return list
}

// mostNamed is how many documents of one name are looked at.
const mostNamed = 50

// dayNumber is a date as yyyymmdd, 0 for none.
func dayNumber(d corpus.Date) int {
	n, _ := strconv.Atoi(strings.ReplaceAll(string(d), "-", ""))
	return n
}
