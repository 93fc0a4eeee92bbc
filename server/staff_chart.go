package server

import (
	"fmt"

	"tongsou/server/journal"
)

// chart is a column chart drawn as SVG: a column a day, part of it darker. Its numbers stand in a table beside it for
// those who do not see it.
type chart struct {
	ID, Title, Summary string
	All, Part          string // what a column and its darker part count
	Width, Height      int
	Columns            []column
	Top                int // the largest count
	First, Last        string
	Unit               string // what a column is: 天 or 月
}

type column struct {
	Day          string
	All, Part    int
	X, W         int
	AllY, AllH   int
	PartY, PartH int
}

// The size of a chart in its own units; it is drawn as wide as there is room.
const (
	chartWidth  = 720
	chartHeight = 120
)

// newChart draws days, or months, by two counts of each.
func newChart(id, title, all, part string, days []journal.DayStat, counts func(journal.DayStat) (all, part int)) chart {
	c := chart{ID: id, Title: title, All: all, Part: part, Width: chartWidth, Height: chartHeight, Unit: "天"}
	sumAll, sumPart, peak := 0, 0, ""
	for _, d := range days {
		n, p := counts(d)
		sumAll, sumPart = sumAll+n, sumPart+p
		if n > c.Top {
			c.Top, peak = n, d.Day
		}
		c.Columns = append(c.Columns, column{Day: d.Day, All: n, Part: p})
	}
	for i := range c.Columns {
		c.place(i)
	}
	if len(days) > 0 {
		c.First, c.Last = days[0].Day, days[len(days)-1].Day
		if len(c.First) == len("2006-01") {
			c.Unit = "月"
		}
	}
	c.Summary = fmt.Sprintf("%s到%s：%s %d，其中%s %d。", c.First, c.Last, all, sumAll, part, sumPart)
	if peak != "" {
		c.Summary += fmt.Sprintf("最多的一%s是 %s，%d。", map[string]string{"天": "天", "月": "个月"}[c.Unit], peak, c.Top)
	}
	return c
}

// place works out where a column stands. A day with anything at all is seen.
func (c *chart) place(i int) {
	k := &c.Columns[i]
	left, right := i*c.Width/len(c.Columns), (i+1)*c.Width/len(c.Columns)
	k.X, k.W = left, max(1, right-left-max(1, (right-left)/5))
	k.AllH, k.PartH = c.scale(k.All), c.scale(k.Part)
	k.AllY, k.PartY = c.Height-k.AllH, c.Height-k.PartH
}

func (c *chart) scale(n int) int {
	if n == 0 || c.Top == 0 {
		return 0
	}
	return max(2, n*c.Height/c.Top)
}
