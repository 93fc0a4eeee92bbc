package server

import (
	"net/http"
	"time"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/server/curation"
	"tongsou/server/journal"
)

// overviewDays is how far the first page looks back.
const overviewDays = 30

// overviewView is the first page of the desk: what there is, what people do with it, and what wants to be looked at.
type overviewView struct {
	staffView
	Documents    []namedCount
	Behind       uint64 // changes of the store that cannot be searched yet
	Upkeep       readiness
	MayRebuild   bool
	Journal      bool
	Sum          journal.DayStat
	Chart        chart
	Missing, Bad []queryRow
	Survey       *survey
	LastRun      *runRow
}

func (d *desk) overview(w http.ResponseWriter, r *http.Request) error {
	v := &overviewView{staffView: d.view(r), Journal: d.options.Journal != nil}
	var err error
	if v.Upkeep, err = d.readiness(r.Context()); err != nil {
		return err
	}
	v.MayRebuild = d.options.Upkeep != nil && whose(r).Role.May(curation.Owner)
	for _, k := range corpus.Kinds() {
		v.Documents = append(v.Documents, namedCount{index.KindLabel(k), v.Upkeep.Documents[k]})
	}
	v.Behind = v.Upkeep.StoreSequence - min(v.Upkeep.StoreSequence, v.Upkeep.Sequence)
	if v.Survey, v.Waiting, err = d.surveyed(r); err != nil {
		return err
	}
	v.Broken = v.Survey.Broken
	runs, err := d.runs(r, 1)
	if err != nil {
		return err
	}
	if len(runs) > 0 {
		v.LastRun = &runs[0]
	}
	if v.Journal {
		if err := d.sumJournal(r, v); err != nil {
			return err
		}
	}
	return d.pages.write(w, http.StatusOK, "staff_overview.html", v)
}

func (d *desk) sumJournal(r *http.Request, v *overviewView) error {
	now := d.options.Now()
	since := time.Date(now.Year(), now.Month(), now.Day()-overviewDays+1, 0, 0, 0, 0, now.Location())
	days, err := d.options.Journal.Days(r.Context(), since)
	if err != nil {
		return err
	}
	for _, day := range days {
		v.Sum.Searches += day.Searches
		v.Sum.Unanswered += day.Unanswered
		v.Sum.Clicks += day.Clicks
		v.Sum.Satisfied += day.Satisfied
		v.Sum.Dissatisfied += day.Dissatisfied
	}
	v.Chart = searchChart(days)
	for view, list := range map[journal.View]*[]queryRow{journal.Unanswered: &v.Missing, journal.BadlyRated: &v.Bad} {
		found, err := d.options.Journal.Queries(r.Context(), view, since, 5)
		if err != nil {
			return err
		}
		for _, q := range found {
			*list = append(*list, newQueryRow(q))
		}
		if err := d.addTrends(r, *list, since); err != nil {
			return err
		}
	}
	return nil
}
