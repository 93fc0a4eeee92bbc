package journal

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ShownRanks is how many results of each kind are kept of an answer; what stands below is hardly seen.
const ShownRanks = 10

// Uses is what happened to the answers to one query.
type Uses struct {
	Query  string
	Shown  []Shown  // by day
	Opened []Opened // by day
}

// Shown is one list of results that was shown on a day, best first in each kind, and how often.
type Shown struct {
	Day     string
	Results [][]string
	Times   int
}

// Opened is how often a result was opened on a day.
type Opened struct {
	Day, ID string
	Times   int
}

// packShown writes the results of an answer as one text. IDs are safe in addresses and hold no blanks.
func packShown(results [][]string) string {
	lines := make([]string, len(results))
	for i, ids := range results {
		lines[i] = strings.Join(ids[:min(len(ids), ShownRanks)], " ")
	}
	return strings.Join(lines, "\n")
}

func unpackShown(s string) [][]string {
	var results [][]string
	for _, line := range strings.Split(s, "\n") {
		results = append(results, strings.Fields(line))
	}
	return results
}

// Uses visits every query that was answered since a day, with what was shown and opened. Little of it is in memory at
// once. It is empty unless Options.Shown is set.
func (j *Journal) Uses(ctx context.Context, since time.Time, visit func(Uses) error) error {
	rows, err := j.db.QueryContext(ctx, `
		SELECT query, day, ids, n, 0 AS opened FROM shown WHERE time >= ?1
		UNION ALL SELECT query, day, id, count(*), 1 FROM click WHERE time >= ?1 GROUP BY query, day, id
		ORDER BY query`, since.Unix())
	if err != nil {
		return fmt.Errorf("read journal %s: %w", j.path, err)
	}
	defer func() { _ = rows.Close() }()
	if err := visitUses(rows, visit); err != nil {
		return fmt.Errorf("read journal %s: %w", j.path, err)
	}
	return nil
}

func visitUses(rows *sql.Rows, visit func(Uses) error) error {
	var u Uses
	end := func() error {
		if len(u.Shown) == 0 { // opened from an answer that is forgotten, or from none
			return nil
		}
		slices.SortFunc(u.Shown, func(a, b Shown) int { return strings.Compare(a.Day, b.Day) })
		slices.SortFunc(u.Opened, func(a, b Opened) int { return cmp.Or(strings.Compare(a.Day, b.Day), strings.Compare(a.ID, b.ID)) })
		return visit(u)
	}
	for rows.Next() {
		var query, day, what string
		var n int
		var opened bool
		if err := rows.Scan(&query, &day, &what, &n, &opened); err != nil {
			return err
		}
		if query != u.Query {
			if err := end(); err != nil {
				return err
			}
			u = Uses{Query: query}
		}
		if opened {
			u.Opened = append(u.Opened, Opened{day, what, n})
		} else {
			u.Shown = append(u.Shown, Shown{day, unpackShown(what), n})
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return end()
}

// Rated is how a document was rated on a day.
type Rated struct {
	Day, ID                 string
	Satisfied, Dissatisfied int
}

// Ratings lists how documents were rated since a day, by document and day.
func (j *Journal) Ratings(ctx context.Context, since time.Time) ([]Rated, error) {
	rows, err := j.db.QueryContext(ctx, `SELECT day, id, sum(CASE WHEN satisfied THEN 1 ELSE 0 END), sum(CASE WHEN satisfied THEN 0 ELSE 1 END) FROM feedback
		WHERE time >= ? AND id <> '' GROUP BY id, day ORDER BY id, day`, since.Unix())
	if err != nil {
		return nil, fmt.Errorf("read journal %s: %w", j.path, err)
	}
	defer func() { _ = rows.Close() }()
	var list []Rated
	for rows.Next() {
		var r Rated
		if err := rows.Scan(&r.Day, &r.ID, &r.Satisfied, &r.Dissatisfied); err != nil {
			return nil, fmt.Errorf("read journal %s: %w", j.path, err)
		}
		list = append(list, r)
	}
	return list, rows.Err()
}
