package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tongsou/corpus"
	"tongsou/corpus/store"
	"tongsou/index"
	"tongsou/server/journal"
)

// Names in a report of what cannot be booked to a body or a place.
const (
	noBody   = "没有搜到（不归属机关）"
	unnamed  = "没有写明机关"
	gone     = "已删除的内容"
	anyplace = "没有选地区"
	nation   = "全国"
)

// reportCounts is what happened to the guidance of one body or in one place.
type reportCounts struct {
	Searches, Empty, Unsure         int
	Opened, Satisfied, Dissatisfied int
}

func (c *reportCounts) add(o reportCounts) {
	c.Searches, c.Empty, c.Unsure = c.Searches+o.Searches, c.Empty+o.Empty, c.Unsure+o.Unsure
	c.Opened, c.Satisfied, c.Dissatisfied = c.Opened+o.Opened, c.Satisfied+o.Satisfied, c.Dissatisfied+o.Dissatisfied
}

// Content is the share of the ratings that are good, in words; nothing where nobody rated.
func (c *reportCounts) Content() string { return percent(c.Satisfied, c.Satisfied+c.Dissatisfied) }

func percent(part, all int) string {
	if all == 0 {
		return ""
	}
	return strconv.Itoa(part*100/all) + "%"
}

// reportRow is one body or place with its months.
type reportRow struct {
	Name string
	reportCounts
	Months []reportCounts
	Trend  spark
}

// report is what the journal says by body or by place, month by month.
type report struct {
	Months []string // 2006-01
	Rows   []*reportRow
}

// reportMonths are the lengths that a report may have.
var reportMonths = [...]int{3, 6, 12}

// reportWish is what a request asks for.
type reportWish struct {
	byPlace bool
	months  int
}

func readReportWish(values url.Values) reportWish {
	wish := reportWish{byPlace: values.Get("by") == "place", months: 6}
	for _, n := range reportMonths {
		if values.Get("months") == strconv.Itoa(n) {
			wish.months = n
		}
	}
	return wish
}

func (w reportWish) query() string {
	by := "body"
	if w.byPlace {
		by = "place"
	}
	return url.Values{"by": {by}, "months": {strconv.Itoa(w.months)}}.Encode()
}

// newReport reads the journal. A search belongs to the body whose guidance it showed first, and to the place where the
// citizen was; what was opened or rated belongs to the body and place of that document.
func (d *desk) newReport(ctx context.Context, wish reportWish) (*report, error) {
	now := d.options.Now()
	first := time.Date(now.Year(), now.Month()-time.Month(wish.months-1), 1, 0, 0, 0, 0, now.Location())
	searches, documents, err := d.options.Journal.Months(ctx, first)
	if err != nil {
		return nil, err
	}
	rep := &report{}
	for i := range wish.months {
		rep.Months = append(rep.Months, first.AddDate(0, i, 0).Format("2006-01"))
	}
	owners := &owners{library: d.options.Library, known: map[string]owner{}}
	rows := map[string]*reportRow{}
	for _, s := range searches {
		name := reportPlace(s.Place, anyplace)
		if !wish.byPlace {
			if name, err = owners.body(ctx, s.First); err != nil {
				return nil, err
			}
		}
		rep.book(rows, name, s.Month, reportCounts{Searches: s.Searches, Empty: s.Empty, Unsure: s.Unsure})
	}
	for _, c := range documents {
		o, err := owners.of(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		name := o.body
		if wish.byPlace {
			name = o.place
		}
		rep.book(rows, name, c.Month, reportCounts{Opened: c.Opened, Satisfied: c.Satisfied, Dissatisfied: c.Dissatisfied})
	}
	rep.finish(rows)
	return rep, nil
}

func (rep *report) book(rows map[string]*reportRow, name, month string, c reportCounts) {
	at := slices.Index(rep.Months, month)
	if at < 0 {
		return // a month that the clock was set back from
	}
	row := rows[name]
	if row == nil {
		row = &reportRow{Name: name, Months: make([]reportCounts, len(rep.Months))}
		rows[name] = row
	}
	row.add(c)
	row.Months[at].add(c)
}

// finish orders the rows, those that are searched most first, and draws their trends.
func (rep *report) finish(rows map[string]*reportRow) {
	for _, row := range rows {
		counts := make([]int, len(row.Months))
		for i, m := range row.Months {
			counts[i] = m.Searches
		}
		row.Trend = newSpark(counts)
		rep.Rows = append(rep.Rows, row)
	}
	slices.SortFunc(rep.Rows, func(a, b *reportRow) int {
		return cmp.Or(b.Searches-a.Searches, b.Opened-a.Opened, strings.Compare(a.Name, b.Name))
	})
}

// owners remembers, for one report, which body and place a document belongs to.
type owners struct {
	library Library
	known   map[string]owner
}

type owner struct{ body, place string }

func (o *owners) of(ctx context.Context, id string) (owner, error) {
	if found, ok := o.known[id]; ok {
		return found, nil
	}
	d, err := o.library.Get(ctx, id)
	found := owner{gone, gone}
	switch {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return owner{}, err
	default:
		found = owner{bodyOf(d), reportPlace(d.Region, nation)}
	}
	o.known[id] = found
	return found, nil
}

func (o *owners) body(ctx context.Context, first string) (string, error) {
	if first == "" {
		return noBody, nil
	}
	found, err := o.of(ctx, first)
	return found.body, err
}

func bodyOf(d *corpus.Document) string {
	name := d.Issuer
	if d.Item != nil && d.Item.Body != "" {
		name = d.Item.Body
	}
	return cmp.Or(strings.TrimSpace(name), unnamed)
}

func reportPlace(code, none string) string {
	if code == "" {
		return none
	}
	return cmp.Or(placePath(code), index.RegionName(code), code)
}

// reportsView shows a report.
type reportsView struct {
	staffView
	Off       bool
	By, Spans []choice
	ByPlace   bool
	Rows      []*reportRow
	Sum       reportCounts
	Charts    []chart
	Turner    turner
	CSV, XLSX string
}

func (d *desk) reportsPage(w http.ResponseWriter, r *http.Request) error {
	v := &reportsView{staffView: d.view(r), Off: d.options.Journal == nil}
	if v.Off {
		return d.pages.write(w, http.StatusOK, "staff_reports.html", v)
	}
	wish := readReportWish(r.URL.Query())
	v.ByPlace, v.CSV, v.XLSX = wish.byPlace, "/staff/reports.csv?"+wish.query(), "/staff/reports.xlsx?"+wish.query()
	for _, place := range []bool{false, true} {
		label := map[bool]string{false: "按机关", true: "按地区"}[place]
		v.By = append(v.By, choice{Label: label, Link: "/staff/reports?" + reportWish{place, wish.months}.query(), On: place == wish.byPlace})
	}
	for _, n := range reportMonths {
		v.Spans = append(v.Spans, choice{Label: fmt.Sprintf("近 %d 个月", n), Link: "/staff/reports?" + reportWish{wish.byPlace, n}.query(), On: n == wish.months})
	}
	rep, err := d.newReport(r.Context(), wish)
	if err != nil {
		return err
	}
	v.Charts = rep.charts()
	for _, row := range rep.Rows {
		v.Sum.add(row.reportCounts)
	}
	t, from, to := turn(r, len(rep.Rows), staffPageSize)
	v.Turner, v.Rows = t, rep.Rows[from:to]
	return d.pages.write(w, http.StatusOK, "staff_reports.html", v)
}

// charts draws all months together: what was searched, and what was rated.
func (rep *report) charts() []chart {
	months := make([]journal.DayStat, len(rep.Months))
	for i, m := range rep.Months {
		months[i].Day = m
		for _, row := range rep.Rows {
			c := row.Months[i]
			months[i].Searches += c.Searches
			months[i].Unanswered += c.Empty + c.Unsure
			months[i].Satisfied += c.Satisfied
			months[i].Dissatisfied += c.Dissatisfied
		}
	}
	return []chart{
		newChart("report-searches", "每月的搜索", "搜索次数", "没有搜到", months, func(s journal.DayStat) (int, int) { return s.Searches, s.Unanswered }),
		newChart("report-ratings", "每月的评价", "评价", "不满意", months, func(s journal.DayStat) (int, int) { return s.Satisfied + s.Dissatisfied, s.Dissatisfied }),
	}
}

// reportTable is a report as rows of cells, a row for each month of each body or place.
func (d *desk) reportTable(r *http.Request) ([][]string, error) {
	if d.options.Journal == nil {
		return nil, errNoRoute
	}
	wish := readReportWish(r.URL.Query())
	rep, err := d.newReport(r.Context(), wish)
	if err != nil {
		return nil, err
	}
	head := "机关"
	if wish.byPlace {
		head = "地区"
	}
	rows := [][]string{{"月份", head, "搜索", "没有搜到", "没把握", "点开", "满意", "不满意", "满意率"}}
	for i, month := range rep.Months {
		for _, row := range rep.Rows {
			c := row.Months[i]
			if c == (reportCounts{}) {
				continue
			}
			rows = append(rows, []string{month, harmless(row.Name), strconv.Itoa(c.Searches), strconv.Itoa(c.Empty), strconv.Itoa(c.Unsure),
				strconv.Itoa(c.Opened), strconv.Itoa(c.Satisfied), strconv.Itoa(c.Dissatisfied), c.Content()})
		}
	}
	return rows, nil
}

func (d *desk) reportCSV(w http.ResponseWriter, r *http.Request) error {
	rows, err := d.reportTable(r)
	if err != nil {
		return err
	}
	return d.sendCSV(w, rows)
}

func (d *desk) reportXLSX(w http.ResponseWriter, r *http.Request) error {
	rows, err := d.reportTable(r)
	if err != nil {
		return err
	}
	return d.sendXLSX(w, rows)
}
