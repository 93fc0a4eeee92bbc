package index

import (
	"cmp"
	"slices"
	"strings"

	"tongsou/corpus"
)

// Found is what an engine found of one kind: the candidates to rank, the statistics to rank them by, and how many
// documents match.
type Found struct {
	Kind       corpus.Kind
	Candidates []Candidate
	Stats      Stats
	Total      int
	// Partial is set when the time ended before all of the kind was searched. Stages is where the time went.
	Partial bool
	Stages  Stages
}

// Group ranks what was found of one kind and cuts the page of the plan, with snippets.
func (r *Ranking) Group(plan *Plan, f Found) Group {
	g := Group{Kind: f.Kind, Hits: []Hit{}}
	// What the operator pinned is no matter of ranking: it is taken out, and put before what is left of the rest.
	top, ranked := takePinned(plan, r.Rank(plan, f.Stats, f.Candidates))
	f.Total -= len(top)
	if plan.Sort == ByDate {
		keepOrder(ranked, f.Candidates)
	}
	// An article of a law that nobody here knows by that name names nothing: its words are searched like any others.
	if named := plan.Number+plan.Code != "" || len(ranked) > 0 && ranked[0].Score > pinned/2; plan.Named() && named {
		ranked = ranked[:min(len(ranked), r.depth(plan))] // nobody judged what the others hold
		ranked = slices.DeleteFunc(ranked, func(d Ranked) bool { return d.Score < pinned/2 && d.Coverage < r.NamedCoverage })
	}
	// Where few documents say enough of the query, a first page is filled with those that say less. A query of one or two
	// words that some document answers is not filled with what shares a single character with it.
	short := len(plan.Concepts) > 0 && len(plan.Concepts) <= shortQuery && len(plan.Phrases)+len(plan.TitlePhrases) == 0
	if short {
		least := nearest(ranked) - meantMargin
		ranked = slices.DeleteFunc(ranked, func(d Ranked) bool {
			return d.Score < pinned/2 && d.touched() == 0 && !(d.onlyMeant() && d.Units[0].Cosine >= least)
		})
	}
	g.Total = max(f.Total, min(len(ranked), plan.Limit))
	if len(ranked) < min(f.Total, plan.Depth-len(top)) {
		g.Total = len(ranked) // the total promises what paging reaches
	}
	if plan.Number != "" {
		ranked = slices.DeleteFunc(ranked, func(d Ranked) bool { return d.Score < pinned/2 && !d.cites(plan.Number) })
		g.Total = len(ranked)
	}
	ranked = append(top, ranked[:min(len(ranked), g.Total)]...)
	g.Total += len(top)
	if plan.Offset >= len(ranked) {
		return g
	}
	page := ranked[plan.Offset:min(len(ranked), plan.Offset+plan.Limit)]
	h := newHighlighter(newMatcher(plan, f.Stats))
	for i := range page {
		g.Hits = append(g.Hits, h.hit(&page[i]))
	}
	setOffices(plan, ranked, g.Hits)
	return g
}

// meantMargin is how much farther than the nearest in meaning a document may be that shares no word with a short query: the
// model finds everything a little like everything.
const meantMargin = 0.1

// nearest is the largest cosine of what was ranked.
func nearest(ranked []Ranked) float64 {
	most := 0.0
	for i := range ranked {
		most = max(most, ranked[i].Units[0].Cosine)
	}
	return most
}

// keepOrder orders documents by date and, within a day, as the engine found them. Ordered by what judging says of them, a
// day that is longer than a page would stand in another order on every page, since each page judges more of it.
func keepOrder(ranked []Ranked, candidates []Candidate) {
	place := map[string]int{}
	for i := range candidates {
		if _, ok := place[candidates[i].Doc]; !ok {
			place[candidates[i].Doc] = i
		}
	}
	slices.SortFunc(ranked, func(a, b Ranked) int {
		am, bm := a.Units[0].Meta, b.Units[0].Meta
		return cmp.Or(cmp.Compare(bm.Date, am.Date), cmp.Compare(place[am.ID], place[bm.ID]))
	})
}

// cites reports whether a document's text holds a document number. Who asks for one number does not want its neighbours.
func (d *Ranked) cites(number string) bool {
	want := Squash(number)
	return slices.ContainsFunc(d.Units, func(c *Candidate) bool { return strings.Contains(Squash(c.Body), want) })
}

// shortQuery is the number of concepts up to which a query is a name rather than a description.
const shortQuery = 2

// maxMore is the number of further sections shown under a hit.
const maxMore = 3

func (h *highlighter) hit(d *Ranked) Hit {
	best := d.Units[0]
	m := best.Meta
	hit := Hit{
		ID: m.ID, Kind: m.Kind, Title: h.title(m.Title), Genre: m.Genre, Number: m.Number, Issuer: m.Issuer,
		Region: m.Region, Date: m.Date, URL: m.URL, Sample: m.Sample, Card: m.Card, Section: best.Section,
		Snippet: h.answering(best), Score: d.Score, Explain: d.Parts, Sure: d.Sure,
		Valid: corpus.ValidityOn(m.Kind, m.Effective, m.Superseded, m.Repealed, h.matcher.plan.Today),
	}
	if m.Region != "" {
		hit.Place = RegionName(m.Region)
	}
	for _, u := range d.Units[1:] {
		if u.Section != nil && len(hit.More) < maxMore {
			hit.More = append(hit.More, SectionHit{Section: *u.Section, Snippet: h.snippet(u.Body)})
		}
	}
	hit.Why = h.why(best)
	if d.onlyMeant() {
		hit.Why = append(hit.Why, WhyMeaning)
	}
	if d.pinned {
		hit.Why = append([]string{WhyPinned}, hit.Why...)
	}
	return hit
}

// why says by which related words a hit matched that holds none of the words typed.
func (h *highlighter) why(c *Candidate) []string {
	m := h.matcher
	text := m.match(foldAll(c))
	var reasons []string
	for ci, forms := range m.forms {
		for fi, f := range forms {
			if len(f.grams) == 0 || slices.ContainsFunc(f.grams, func(g int) bool { return !text.grams[g] }) {
				continue
			}
			if why := m.plan.Concepts[ci].Forms[fi].Why; why != "" && len(reasons) < 3 {
				reasons = append(reasons, why)
			}
			break
		}
	}
	return reasons
}

// Next returns the mark of the next page, empty when no group has more.
func Next(plan *Plan, groups []Group) string {
	end := plan.Offset + plan.Limit
	if end >= MaxDepth {
		return ""
	}
	for _, g := range groups {
		if g.Total > end && len(g.Hits) == plan.Limit {
			return plan.next()
		}
	}
	return ""
}
