package journal

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// MonthSearches is the searches of one month from one place whose first result was the same; First is empty for those that
// found nothing.
type MonthSearches struct {
	Month, Place, First     string // the month as 2006-01
	Searches, Empty, Unsure int
}

// MonthDocument is what happened to one document in one month.
type MonthDocument struct {
	Month, ID                       string
	Opened, Satisfied, Dissatisfied int
}

// Months sums up searches, and what was opened and rated, by month since a day.
func (j *Journal) Months(ctx context.Context, since time.Time) ([]MonthSearches, []MonthDocument, error) {
	searches, err := summed(ctx, j, since, `SELECT substr(day, 1, 7), place, first, count(*), sum(CASE WHEN items + policies + news = 0 THEN 1 ELSE 0 END),
		sum(CASE WHEN items + policies + news > 0 AND NOT sure THEN 1 ELSE 0 END) FROM search WHERE time >= ?1 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
		func(rows *sql.Rows, m *MonthSearches) error {
			return rows.Scan(&m.Month, &m.Place, &m.First, &m.Searches, &m.Empty, &m.Unsure)
		})
	if err != nil {
		return nil, nil, err
	}
	documents, err := summed(ctx, j, since, `SELECT month, id, sum(opened), sum(good), sum(bad) FROM (
			SELECT substr(day, 1, 7) AS month, id, 1 AS opened, 0 AS good, 0 AS bad FROM click WHERE time >= ?1
			UNION ALL SELECT substr(day, 1, 7), id, 0, CASE WHEN satisfied THEN 1 ELSE 0 END, CASE WHEN satisfied THEN 0 ELSE 1 END FROM feedback WHERE time >= ?1 AND id <> ''
		) AS told GROUP BY month, id ORDER BY month, id`,
		func(rows *sql.Rows, m *MonthDocument) error {
			return rows.Scan(&m.Month, &m.ID, &m.Opened, &m.Satisfied, &m.Dissatisfied)
		})
	return searches, documents, err
}

func summed[T any](ctx context.Context, j *Journal, since time.Time, query string, scan func(*sql.Rows, *T) error) ([]T, error) {
	rows, err := j.db.QueryContext(ctx, query, since.Unix())
	if err != nil {
		return nil, fmt.Errorf("read journal %s: %w", j.path, err)
	}
	defer func() { _ = rows.Close() }()
	var list []T
	for rows.Next() {
		var one T
		if err := scan(rows, &one); err != nil {
			return nil, fmt.Errorf("read journal %s: %w", j.path, err)
		}
		list = append(list, one)
	}
	return list, rows.Err()
}
