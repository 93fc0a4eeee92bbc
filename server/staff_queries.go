package server

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"tongsou/index"
	"tongsou/server/journal"
)

// maxQueries and maxComments are the numbers of queries and of comments that are shown.
const (
	maxQueries  = 200
	maxComments = 1000
)

// period is how many days back a page looks.
type period struct {
	Days  int
	Since time.Time
	Links []choice
}

// readPeriod reads the days of a request: 7, 30 or 90. Other values count as 30.
func (d *desk) readPeriod(r *http.Request) period {
	p := period{Days: 30}
	for _, n := range []int{7, 30, 90} {
		if r.URL.Query().Get("days") == strconv.Itoa(n) {
			p.Days = n
		}
	}
	for _, n := range []int{7, 30, 90} {
		v := url.Values{"days": {strconv.Itoa(n)}}
		for _, name := range []string{"view", "bad"} {
			if value := r.URL.Query().Get(name); value != "" {
				v.Set(name, value)
			}
		}
		p.Links = append(p.Links, choice{Label: "近 " + strconv.Itoa(n) + " 天", Link: r.URL.Path + "?" + v.Encode(), On: n == p.Days})
	}
	now := d.options.Now()
	p.Since = time.Date(now.Year(), now.Month(), now.Day()-p.Days+1, 0, 0, 0, 0, now.Location())
	return p
}

// journalViews are the lists of queries, with what each is for.
func journalViews() []struct {
	View        journal.View
	Label, Note string
} {
	return []struct {
		View        journal.View
		Label, Note string
	}{
		{journal.Popular, "搜得最多", "搜的人最多的词。这些事项的指南最值得先写好。"},
		{journal.Unanswered, "没有搜到", "没有结果，或者没有一条有把握。可能缺事项、缺日常用语，或者群众的说法与事项名称不同。"},
		{journal.LowClick, "很少点开", "有结果，但很少有人点开：标题可能看不懂，或者排在前面的不对。"},
		{journal.BadlyRated, "评价不满意", "有人对搜索结果表示不满意。"},
	}
}

// queriesView shows what people searched.
type queriesView struct {
	staffView
	Off     bool // the journal is switched off
	Period  period
	Views   []choice
	Note    string
	Chart   chart
	Queries []queryRow
	Turner  turner
	Dropped int64
}

type queryRow struct {
	journal.QueryStat
	Link  string
	Trend spark
}

// newQueryRow leads from a query to what it finds today.
func newQueryRow(q journal.QueryStat) queryRow {
	return queryRow{QueryStat: q, Link: "/staff/search?" + url.Values{"q": {q.Query}}.Encode()}
}

func (d *desk) queriesPage(w http.ResponseWriter, r *http.Request) error {
	v := &queriesView{staffView: d.view(r), Off: d.options.Journal == nil, Period: d.readPeriod(r)}
	if v.Off {
		return d.pages.write(w, http.StatusOK, "staff_queries.html", v)
	}
	view := journal.Popular
	for _, jv := range journalViews() {
		on := r.URL.Query().Get("view") == string(jv.View)
		if on {
			view = jv.View
		}
		v.Views = append(v.Views, choice{Label: jv.Label, On: on, Link: "/staff/queries?" + url.Values{
			"view": {string(jv.View)}, "days": {strconv.Itoa(v.Period.Days)}}.Encode()})
	}
	for i, jv := range journalViews() {
		if jv.View == view {
			v.Note, v.Views[i].On = jv.Note, true
		}
	}
	days, err := d.options.Journal.Days(r.Context(), v.Period.Since)
	if err != nil {
		return err
	}
	v.Chart = searchChart(days)
	list, err := d.options.Journal.Queries(r.Context(), view, v.Period.Since, maxQueries)
	if err != nil {
		return err
	}
	t, from, to := turn(r, len(list), staffPageSize)
	v.Turner = t
	for _, q := range list[from:to] {
		v.Queries = append(v.Queries, newQueryRow(q))
	}
	if err := d.addTrends(r, v.Queries, v.Period.Since); err != nil {
		return err
	}
	v.Dropped = d.options.Journal.Dropped()
	return d.pages.write(w, http.StatusOK, "staff_queries.html", v)
}

func searchChart(days []journal.DayStat) chart {
	return newChart("searches", "每天的搜索", "搜索次数", "没有搜到", days, func(s journal.DayStat) (int, int) { return s.Searches, s.Unanswered })
}

// commentsView shows what people said (好差评).
type commentsView struct {
	staffView
	Off      bool
	Period   period
	Bad      bool
	Views    []choice
	Chart    chart
	Comments []commentRow
	Turner   turner
}

type commentRow struct {
	journal.Feedback
	Title, Link string
}

func (d *desk) feedbackPage(w http.ResponseWriter, r *http.Request) error {
	v := &commentsView{staffView: d.view(r), Off: d.options.Journal == nil, Period: d.readPeriod(r), Bad: r.URL.Query().Get("bad") == "1"}
	if v.Off {
		return d.pages.write(w, http.StatusOK, "staff_feedback.html", v)
	}
	link := "/staff/feedback?days=" + strconv.Itoa(v.Period.Days)
	v.Views = []choice{{Label: "全部", Link: link, On: !v.Bad}, {Label: "不满意", Link: link + "&bad=1", On: v.Bad}}
	days, err := d.options.Journal.Days(r.Context(), v.Period.Since)
	if err != nil {
		return err
	}
	v.Chart = newChart("comments", "每天的评价", "评价", "不满意", days, func(s journal.DayStat) (int, int) { return s.Satisfied + s.Dissatisfied, s.Dissatisfied })
	list, err := d.options.Journal.Comments(r.Context(), v.Period.Since, v.Bad, maxComments)
	if err != nil {
		return err
	}
	t, from, to := turn(r, len(list), staffPageSize)
	v.Turner = t
	for _, f := range list[from:to] {
		v.Comments = append(v.Comments, d.commentRow(r, f))
	}
	return d.pages.write(w, http.StatusOK, "staff_feedback.html", v)
}

// commentRow names what was rated. A document that is gone is named by its ID.
func (d *desk) commentRow(r *http.Request, f journal.Feedback) commentRow {
	if f.Kind == "search" {
		return commentRow{f, "搜索“" + f.Query + "”", "/staff/search?" + url.Values{"q": {f.Query}}.Encode()}
	}
	row := commentRow{Feedback: f, Title: f.ID}
	if doc, err := d.options.Library.Get(r.Context(), f.ID); err == nil {
		row.Title, row.Link = doc.Title, documentLink(doc.Kind, doc.ID)
		if doc.Region != "" {
			row.Title += "（" + index.RegionName(doc.Region) + "）"
		}
	}
	return row
}
