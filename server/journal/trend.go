package journal

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Trends counts the searches of each of some queries day by day, from since until today.
func (j *Journal) Trends(ctx context.Context, queries []string, since time.Time) (map[string][]int, error) {
	if len(queries) == 0 {
		return nil, nil
	}
	days := map[string]int{}
	for i, d := range everyDay(nil, since, j.options.Now()) {
		days[d.Day] = i
	}
	args := []any{since.Unix()}
	for _, q := range queries {
		args = append(args, q)
	}
	rows, err := j.db.QueryContext(ctx, `SELECT query, day, count(*) FROM search WHERE time >= ?
		AND query IN (?`+strings.Repeat(", ?", len(queries)-1)+`) GROUP BY query, day`, args...)
	if err != nil {
		return nil, fmt.Errorf("read journal %s: %w", j.path, err)
	}
	defer func() { _ = rows.Close() }()
	trends := map[string][]int{}
	for _, q := range queries {
		trends[q] = make([]int, len(days))
	}
	for rows.Next() {
		var query, day string
		var n int
		if err := rows.Scan(&query, &day, &n); err != nil {
			return nil, fmt.Errorf("read journal %s: %w", j.path, err)
		}
		if i, ok := days[day]; ok {
			trends[query][i] = n
		}
	}
	return trends, rows.Err()
}
