package server

import (
	"fmt"
	"net/http"
	"time"
)

// spark is the trend of one query: a line of small columns, and in words what it says.
type spark struct {
	Columns []column
	Says    string
}

// The size of a spark in its own units, and how many columns it has at most.
const (
	sparkWidth   = 90
	sparkHeight  = 20
	sparkColumns = 15
)

// newSpark gathers days into columns of the same number of days; what does not fill one stands at the beginning.
func newSpark(days []int) spark {
	per := max(1, (len(days)+sparkColumns-1)/sparkColumns)
	var sums []int
	for end := len(days); end > 0; end -= per {
		sum := 0
		for _, n := range days[max(0, end-per):end] {
			sum += n
		}
		sums = append([]int{sum}, sums...)
	}
	c := chart{Width: sparkWidth, Height: sparkHeight}
	for _, n := range sums {
		c.Top = max(c.Top, n)
		c.Columns = append(c.Columns, column{All: n})
	}
	for i := range c.Columns {
		c.place(i)
	}
	before, after := 0, 0
	for i, n := range days {
		if i < len(days)/2 {
			before += n
		} else {
			after += n
		}
	}
	return spark{c.Columns, trendWords(before, after)}
}

// trendWords says how the second half of a time compares with the first.
func trendWords(before, after int) string {
	trend := "前后差不多"
	switch {
	case before == 0 && after > 0:
		trend = "新出现"
	case after*2 > before*3:
		trend = "在增加"
	case after*3 < before*2:
		trend = "在减少"
	}
	return fmt.Sprintf("%s：前半段 %d 次，后半段 %d 次", trend, before, after)
}

// addTrends draws the trend of each of some queries.
func (d *desk) addTrends(r *http.Request, rows []queryRow, since time.Time) error {
	var queries []string
	for _, q := range rows {
		queries = append(queries, q.Query)
	}
	trends, err := d.options.Journal.Trends(r.Context(), queries, since)
	if err != nil {
		return err
	}
	for i := range rows {
		rows[i].Trend = newSpark(trends[rows[i].Query])
	}
	return nil
}
