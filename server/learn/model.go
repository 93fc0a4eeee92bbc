// Package learn makes of what people opened and how they rated it a judgement of each result of each query that is asked
// often: better or worse than its place let expect, between -1 and 1 (index.Use).
//
// What stands first is opened most because it stands first. So an opening counts against how often results at that place
// are opened, over all queries: a result that only gets what its place brings gains nothing, however often it is opened,
// and a wrong first answer that people pass over sinks. Nothing is said before there is enough to say it from, what was
// is forgotten slowly, one day never decides, and little evidence moves little.
package learn

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"tongsou/index"
	"tongsou/server/journal"
)

// What must have been seen before anything is said, how it is weighed and how it ages.
const (
	// Span is how far back is looked.
	Span     = 90 * 24 * time.Hour
	halfLife = 30.0 // days in which evidence loses half its weight

	minShown = 30 // how often a result must have been shown for the query
	minDays  = 5  // on how many days
	dayCap   = 20 // what one day counts at most, in showings: a day's fashion, or somebody with a program, is no more
	prior    = 8  // openings as expected that are added to every result's own
	farther  = 4  // as many times more often opened than expected is 1, as many times less is -1

	minRatings  = 10  // and on minDays days
	ratingCap   = 3   // what one day's ratings count at most
	priorRating = 10  // ratings like everybody's that are added to every document's own
	ratingShare = 0.5 // of what openings may do
)

// Journal is where the evidence stands. journal.Journal is one.
type Journal interface {
	Uses(ctx context.Context, since time.Time, visit func(journal.Uses) error) error
	Ratings(ctx context.Context, since time.Time) ([]journal.Rated, error)
}

// Model is what was learned at one time. It is only read.
type Model struct {
	opened map[string]map[string]judgement // by query and ID
	rated  map[string]judgement            // by ID
	mark   uint64
}

// judgement is what is said of a result, with its evidence.
type judgement struct {
	value    float64
	evidence string
}

// Read learns from a journal.
func Read(ctx context.Context, j Journal, now time.Time) (*Model, error) {
	since := now.Add(-Span)
	places := &placeRates{}
	if err := j.Uses(ctx, since, func(u journal.Uses) error { places.add(u); return nil }); err != nil {
		return nil, fmt.Errorf("learn how often each place is opened: %w", err)
	}
	m := &Model{opened: map[string]map[string]judgement{}}
	err := j.Uses(ctx, since, func(u journal.Uses) error {
		if found := judgeQuery(u, places, now); len(found) > 0 {
			m.opened[u.Query] = found
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("learn from what was opened: %w", err)
	}
	ratings, err := j.Ratings(ctx, since)
	if err != nil {
		return nil, fmt.Errorf("learn from ratings: %w", err)
	}
	m.rated = judgeRatings(ratings, now)
	m.mark = m.sum()
	return m, nil
}

// Queries is the number of queries of which something was learned, Documents that of the documents by their ratings.
func (m *Model) Queries() int { return len(m.opened) }

// Documents is the number of documents of which something was learned from ratings.
func (m *Model) Documents() int { return len(m.rated) }

// Mark differs when what was learned does. It is 0 for a model that says nothing.
func (m *Model) Mark() uint64 {
	if m == nil {
		return 0
	}
	return m.mark
}

// For is what is known of the results of a query; nil when nothing is.
func (m *Model) For(query string) index.Use {
	if m == nil {
		return nil
	}
	opened := m.opened[journal.Normalize(query)]
	if len(opened) == 0 && len(m.rated) == 0 {
		return nil
	}
	return func(id string) (float64, string) {
		o, r := opened[id], m.rated[id]
		text := o.evidence
		if text != "" && r.evidence != "" {
			text += "；"
		}
		return clamp(o.value + ratingShare*r.value), text + r.evidence
	}
}

// place is where a result stood: which kind, and at which rank in it.
type place struct{ group, rank int }

// placeRates is how often results are opened at each place, over all queries.
type placeRates struct{ shown, opened map[place]float64 }

func (p *placeRates) add(u journal.Uses) {
	if p.shown == nil {
		p.shown, p.opened = map[place]float64{}, map[place]float64{}
	}
	for _, d := range byDay(u) {
		for _, e := range d.results {
			for at, n := range e.at {
				p.shown[at] += d.scale * n
				p.opened[at] += d.scale * e.opened * n / e.shown
			}
		}
	}
}

// rate is how often a result at a place is opened. Where little was shown yet it is taken to fall with the rank.
func (p *placeRates) rate(at place) float64 {
	const known, first = 50, 0.3
	return (p.opened[at] + known*first/float64(at.rank+1)) / (p.shown[at] + known)
}

// dayUse is what happened to one query on one day; scale makes less of a day on which it was asked very often.
type dayUse struct {
	day     string
	scale   float64
	results map[string]*resultUse
}

type resultUse struct {
	at            map[place]float64
	shown, opened float64
}

func byDay(u journal.Uses) []dayUse {
	var days []dayUse
	for _, s := range u.Shown {
		if len(days) == 0 || days[len(days)-1].day != s.Day {
			days = append(days, dayUse{day: s.Day, results: map[string]*resultUse{}})
		}
		d := &days[len(days)-1]
		d.scale += float64(s.Times)
		for group, ids := range s.Results {
			for rank, id := range ids {
				r := d.results[id]
				if r == nil {
					r = &resultUse{at: map[place]float64{}}
					d.results[id] = r
				}
				r.at[place{group, rank}] += float64(s.Times)
				r.shown += float64(s.Times)
			}
		}
	}
	for _, o := range u.Opened {
		i := slices.IndexFunc(days, func(d dayUse) bool { return d.day == o.Day })
		if i < 0 || days[i].results[o.ID] == nil {
			continue // nobody was shown it that day: such an opening was made up
		}
		r := days[i].results[o.ID]
		r.opened = min(float64(o.Times), r.shown)
	}
	for i := range days {
		days[i].scale = min(1, dayCap/days[i].scale)
	}
	return days
}

// tally is what all days together say of one result, as it weighs today.
type tally struct{ opened, expected, shown, clicks, days float64 }

func judgeQuery(u journal.Uses, places *placeRates, now time.Time) map[string]judgement {
	sums := map[string]*tally{}
	for _, d := range byDay(u) {
		weight := d.scale * fading(d.day, now)
		for id, r := range d.results {
			t := sums[id]
			if t == nil {
				t = &tally{}
				sums[id] = t
			}
			t.shown, t.clicks, t.days = t.shown+r.shown, t.clicks+r.opened, t.days+1
			t.opened += weight * r.opened
			for at, n := range r.at {
				t.expected += weight * n * places.rate(at)
			}
		}
	}
	found := map[string]judgement{}
	for id, t := range sums {
		if t.shown < minShown || t.days < minDays {
			continue
		}
		value := clamp(math.Log((t.opened+prior)/(t.expected+prior)) / math.Log(farther))
		found[id] = judgement{value, fmt.Sprintf("近 90 天有 %.0f 天显示过 %.0f 次，点开 %.0f 次；折算后点开 %.1f 次，按位置应为 %.1f 次",
			t.days, t.shown, t.clicks, t.opened, t.expected)}
	}
	return found
}

// fading is what evidence of a day weighs today.
func fading(day string, now time.Time) float64 {
	t, err := time.ParseInLocation(time.DateOnly, day, now.Location())
	if err != nil {
		return 0
	}
	return math.Exp2(-max(0, now.Sub(t).Hours()/24) / halfLife)
}

func clamp(v float64) float64 { return min(1, max(-1, v)) }
