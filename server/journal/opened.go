package journal

import (
	"context"
	"fmt"
	"time"
)

// OpenedResult is a result that was opened from the answer to a query, and how often.
type OpenedResult struct {
	ID    string `json:"id"`
	Times int    `json:"times"`
}

// OpenedFrom lists what was opened from the answers to a query since a day, the most often first, at most limit.
func (j *Journal) OpenedFrom(ctx context.Context, query string, since time.Time, limit int) ([]OpenedResult, error) {
	rows, err := j.db.QueryContext(ctx, `SELECT id, count(*) AS times FROM click WHERE time >= ? AND query = ?
		GROUP BY id ORDER BY times DESC, id LIMIT ?`, since.Unix(), Normalize(query), limit)
	if err != nil {
		return nil, fmt.Errorf("read journal %s: %w", j.path, err)
	}
	defer func() { _ = rows.Close() }()
	var list []OpenedResult
	for rows.Next() {
		var o OpenedResult
		if err := rows.Scan(&o.ID, &o.Times); err != nil {
			return nil, fmt.Errorf("read journal %s: %w", j.path, err)
		}
		list = append(list, o)
	}
	return list, rows.Err()
}
