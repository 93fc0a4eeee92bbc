package server_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/net/html"

	"tongsou/index"
	"tongsou/server/journal"
)

// told fills a journal: three searches answered by an item, one of them unsure, and one without an answer.
func told(t *testing.T, j *journal.Journal, h index.Hit) {
	t.Helper()
	for i := range 3 {
		j.AddSearch(journal.Search{Query: "社保卡", Place: "150102", Items: 1, Results: [][]string{{h.ID}}, Sure: i > 0})
	}
	j.AddSearch(journal.Search{Query: "飞碟登记"})
	j.AddClick(journal.Click{Query: "社保卡", ID: h.ID})
	for _, f := range []journal.Feedback{
		{Kind: "item", ID: h.ID, Satisfied: true}, {Kind: "item", ID: h.ID, Satisfied: true}, {Kind: "item", ID: h.ID}, {Kind: "item", ID: "gone-long-ago"},
	} {
		if err := j.AddFeedback(context.Background(), f); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReports(t *testing.T) {
	s, j := staffServer(t, nil)
	var item index.Hit
	for _, h := range items(t, newServer(t, nil), "社保卡") {
		if h.Card != nil && h.Region == "150102" {
			item = h
			break
		}
	}
	if item.ID == "" {
		t.Fatal("the sample has no such item in the district")
	}
	told(t, j, item)
	cookie := enter(t, s)
	month := time.Now().Format("2006-01")
	for by, want := range map[string][][]string{
		"body": {
			{month, item.Card.Body, "3", "0", "1", "1", "2", "1", "66%"},
			{month, "没有搜到（不归属机关）", "1", "1", "0", "0", "0", "0", ""},
			{month, "已删除的内容", "0", "0", "0", "0", "0", "1", "0%"},
		},
		"place": {
			{month, "内蒙古自治区呼和浩特市新城区", "3", "0", "1", "1", "2", "1", "66%"},
			{month, "没有选地区", "1", "1", "0", "0", "0", "0", ""},
			{month, "已删除的内容", "0", "0", "0", "0", "0", "1", "0%"},
		},
	} {
		page := get(s, "/staff/reports?months=3&by="+by, "Accept", "text/html", "Cookie", cookie)
		noInline(t, page.Body.String())
		text := pageText(t, page.Body.String())
		for _, part := range []string{want[0][1], want[1][1], "满意率 50%", "导出 Excel"} {
			if page.Code != http.StatusOK || !strings.Contains(text, part) {
				t.Errorf("%d: %q is not on the page by %s:\n%s", page.Code, part, by, text)
			}
		}
		raw := get(s, "/staff/reports.csv?months=3&by="+by, "Cookie", cookie).Body.Bytes()
		rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\ufeff")))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		book, err := excelize.OpenReader(get(s, "/staff/reports.xlsx?months=3&by="+by, "Cookie", cookie).Body)
		if err != nil {
			t.Fatal(err)
		}
		sheet, err := book.GetRows("通搜")
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) != 4 || len(sheet) != 4 || rows[0][0] != "月份" {
			t.Fatalf("by %s: %q and %q", by, rows, sheet)
		}
		for i, row := range want {
			if got := strings.Join(rows[i+1], "|"); got != strings.Join(row, "|") {
				t.Errorf("by %s, row %d is %s, want %s", by, i+1, got, strings.Join(row, "|"))
			}
			if got := strings.TrimRight(strings.Join(sheet[i+1], "|"), "|"); got != strings.TrimRight(strings.Join(row, "|"), "|") {
				t.Errorf("by %s, row %d of the sheet is %s", by, i+1, got)
			}
		}
	}
}

func TestReportsOfNothing(t *testing.T) {
	s, _ := staffServer(t, nil)
	if w := get(s, "/staff/reports?months=99&by=nothing", "Accept", "text/html", "Cookie", enter(t, s)); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "这段时间里没有") {
		t.Errorf("an empty journal: %d", w.Code)
	}
}

// pageText is what a page says, without its marks.
func pageText(t *testing.T, page string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for n := range root.Descendants() {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
	}
	return b.String()
}
