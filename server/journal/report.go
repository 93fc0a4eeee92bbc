package journal

import (
	"context"
	"fmt"
	"time"
)

// QueryStat is what happened to one query since a day.
type QueryStat struct {
	Query    string
	Searches int
	// Empty is how many of the searches found nothing, Unsure how many found nothing sure.
	Empty, Unsure int
	// Clicks is how many results were opened from it.
	Clicks                  int
	Satisfied, Dissatisfied int
}

// ClickRate is the clicks per hundred searches, at most 100.
func (q QueryStat) ClickRate() int {
	if q.Searches == 0 {
		return 0
	}
	return min(100, q.Clicks*100/q.Searches)
}

// View chooses which queries Queries lists.
type View string

// The views.
const (
	Popular    View = "popular"
	Unanswered View = "unanswered" // nothing found, or nothing sure
	LowClick   View = "lowclick"   // found, but hardly ever opened
	BadlyRated View = "bad"        // somebody was not satisfied
)

// lowClickSearches is the number of searches from which it says something that nobody opened a result.
const lowClickSearches = 3

// views are the conditions on the sums and the orders, by view.
var views = map[View]string{
	Popular:    "ORDER BY searches DESC, query",
	Unanswered: "WHERE empty + unsure > 0 ORDER BY empty + unsure DESC, query",
	LowClick:   fmt.Sprintf("WHERE searches >= %d AND searches > empty AND clicks * 5 <= searches ORDER BY searches - clicks DESC, query", lowClickSearches),
	BadlyRated: "WHERE bad > 0 ORDER BY bad DESC, query",
}

// Queries lists the queries of a view since a day, the most telling first, at most limit.
func (j *Journal) Queries(ctx context.Context, view View, since time.Time, limit int) ([]QueryStat, error) {
	rest, ok := views[view]
	if !ok {
		return nil, fmt.Errorf("the journal has no view %q", view)
	}
	rows, err := j.db.QueryContext(ctx, `
		WITH told AS (
			SELECT query, 1 AS searches, CASE WHEN items + policies + news = 0 THEN 1 ELSE 0 END AS empty, CASE WHEN items + policies + news > 0 AND NOT sure THEN 1 ELSE 0 END AS unsure,
				0 AS clicks, 0 AS good, 0 AS bad FROM search WHERE time >= ?1
			UNION ALL SELECT query, 0, 0, 0, 1, 0, 0 FROM click WHERE time >= ?1
			UNION ALL SELECT query, 0, 0, 0, 0, CASE WHEN satisfied THEN 1 ELSE 0 END, CASE WHEN satisfied THEN 0 ELSE 1 END FROM feedback WHERE time >= ?1 AND kind = 'search' AND query <> ''
		), summed AS (
			SELECT query, sum(searches) AS searches, sum(empty) AS empty, sum(unsure) AS unsure, sum(clicks) AS clicks,
				sum(good) AS good, sum(bad) AS bad FROM told GROUP BY query
		)
		SELECT query, searches, empty, unsure, clicks, good, bad FROM summed `+rest+` LIMIT ?2`, since.Unix(), limit)
	if err != nil {
		return nil, fmt.Errorf("read journal %s: %w", j.path, err)
	}
	defer func() { _ = rows.Close() }()
	var list []QueryStat
	for rows.Next() {
		var q QueryStat
		if err := rows.Scan(&q.Query, &q.Searches, &q.Empty, &q.Unsure, &q.Clicks, &q.Satisfied, &q.Dissatisfied); err != nil {
			return nil, fmt.Errorf("read journal %s: %w", j.path, err)
		}
		list = append(list, q)
	}
	return list, rows.Err()
}

// DayStat is one day in numbers.
type DayStat struct {
	Day                     string // 2006-01-02
	Searches, Unanswered    int
	Clicks                  int
	Satisfied, Dissatisfied int
}

// Days returns every day from since until today, those on which nothing happened as well.
func (j *Journal) Days(ctx context.Context, since time.Time) ([]DayStat, error) {
	rows, err := j.db.QueryContext(ctx, `
		SELECT day, sum(searches), sum(unanswered), sum(clicks), sum(good), sum(bad) FROM (
			SELECT day, 1 AS searches, CASE WHEN items + policies + news = 0 OR NOT sure THEN 1 ELSE 0 END AS unanswered, 0 AS clicks, 0 AS good, 0 AS bad FROM search WHERE time >= ?1
			UNION ALL SELECT day, 0, 0, 1, 0, 0 FROM click WHERE time >= ?1
			UNION ALL SELECT day, 0, 0, 0, CASE WHEN satisfied THEN 1 ELSE 0 END, CASE WHEN satisfied THEN 0 ELSE 1 END FROM feedback WHERE time >= ?1
		) AS told GROUP BY day`, since.Unix())
	if err != nil {
		return nil, fmt.Errorf("read journal %s: %w", j.path, err)
	}
	defer func() { _ = rows.Close() }()
	found := map[string]DayStat{}
	for rows.Next() {
		var d DayStat
		if err := rows.Scan(&d.Day, &d.Searches, &d.Unanswered, &d.Clicks, &d.Satisfied, &d.Dissatisfied); err != nil {
			return nil, fmt.Errorf("read journal %s: %w", j.path, err)
		}
		found[d.Day] = d
	}
	return everyDay(found, since, j.options.Now()), rows.Err()
}

func everyDay(found map[string]DayStat, since, until time.Time) []DayStat {
	var days []DayStat
	for t := since.In(until.Location()); t.Format(time.DateOnly) <= until.Format(time.DateOnly); t = t.AddDate(0, 0, 1) {
		d := found[t.Format(time.DateOnly)]
		d.Day = t.Format(time.DateOnly)
		days = append(days, d)
	}
	return days
}

// Comments lists what was said since a day, newest first, at most limit; only what was not satisfied when bad is set.
func (j *Journal) Comments(ctx context.Context, since time.Time, bad bool, limit int) ([]Feedback, error) {
	rows, err := j.db.QueryContext(ctx, `SELECT time, kind, id, query, satisfied, reason, text FROM feedback
		WHERE time >= ? AND (NOT ? OR NOT satisfied) ORDER BY rowid DESC LIMIT ?`, since.Unix(), bad, limit)
	if err != nil {
		return nil, fmt.Errorf("read journal %s: %w", j.path, err)
	}
	defer func() { _ = rows.Close() }()
	var list []Feedback
	for rows.Next() {
		var f Feedback
		var at int64
		if err := rows.Scan(&at, &f.Kind, &f.ID, &f.Query, &f.Satisfied, &f.Reason, &f.Text); err != nil {
			return nil, fmt.Errorf("read journal %s: %w", j.path, err)
		}
		f.Time = time.Unix(at, 0).In(j.options.Now().Location())
		list = append(list, f)
	}
	return list, rows.Err()
}
