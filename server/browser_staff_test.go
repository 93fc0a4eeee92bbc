package server_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"tongsou/server"
	"tongsou/server/journal"
)

// staffPages is every page of the desk, in each of its states.
var staffPages = []struct{ name, path string }{
	{"staff-overview", "/staff"},
	{"staff-search", "/staff/search"},
	{"staff-hits", "/staff/search?kind=item&sort=date&q=" + url.QueryEscape(`社保卡 标题:社会保障卡 地区:1501 -激活`)},
	{"staff-policies", "/staff/search?kind=policy&q=" + url.QueryEscape("户口登记")},
	{"staff-no-hits", "/staff/search?q=" + url.QueryEscape("\"没有这样的一句话\"")},
	{"staff-wrong-query", "/staff/search?q=" + url.QueryEscape("地区:火星")},
	{"staff-places", "/staff/places"},
	{"staff-place", "/staff/places?title=" + url.QueryEscape("普通护照首次申领")},
	{"staff-queries", "/staff/queries?days=90"},
	{"staff-unanswered", "/staff/queries?days=7&view=unanswered"},
	{"staff-feedback", "/staff/feedback"},
	{"staff-reports", "/staff/reports?by=body"},
	{"staff-reports-places", "/staff/reports?by=place&months=12"},
	{"staff-quality", "/staff/quality"},
	{"staff-body", "/staff/quality?body=" + url.QueryEscape("示例园林局")},
	{"staff-ingests", "/staff/ingests"},
	{"staff-ingest", "/staff/ingests?run=8"},
}

// busyWeeks fills a journal with what people may have searched and said over two months.
func busyWeeks(t *testing.T) *journal.Journal {
	t.Helper()
	var clock atomic.Pointer[time.Time]
	now := time.Now()
	clock.Store(&now)
	options := journal.Options{Now: func() time.Time { return *clock.Load() }, Log: slog.New(slog.DiscardHandler), Queue: 1 << 14}
	j, err := journal.Open(context.Background(), filepath.Join(t.TempDir(), "journal.db"), options)
	if err != nil {
		t.Fatal(err)
	}
	for back := 60; back >= 0; back-- {
		day := now.AddDate(0, 0, -back)
		clock.Store(&day)
		for i, q := range []string{"公积金提取", "孩子上户口", "社保卡丢了", "开个小饭馆", "飞碟登记", "宠物落户"} {
			for n := range (back*7+i*5)%11 + 1 {
				j.AddSearch(journal.Search{Query: q, Items: 12 - 2*i, Sure: i < 4, Results: [][]string{{"a"}}})
				if n%2 == 0 && i != 1 && i < 4 {
					j.AddClick(journal.Click{Query: q, ID: "a"})
				}
			}
		}
		if back%9 == 0 {
			f := journal.Feedback{Kind: "search", Query: "宠物落户", Reason: "没有我要找的", Text: "打电话才知道要先去打疫苗，网上一个字也没有写"}
			good := journal.Feedback{Kind: "item", ID: "item-birth-registration-150102", Satisfied: true}
			for _, f := range []journal.Feedback{f, good} {
				if err := j.AddFeedback(context.Background(), f); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return j
}

// TestStaffDeskInTheBrowser goes through the door as a person does, without scripts, and holds every page of the desk to
// what the pages of citizens are held to.
func TestStaffDeskInTheBrowser(t *testing.T) {
	j := busyWeeks(t)
	t.Cleanup(func() { _ = j.Close() })
	s, _ := staffServer(t, func(o *server.Options) { o.Journal = j })
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	b := openTab(t)
	b.width(360)
	b.scripts(false)
	b.run(chromedp.Navigate(web.URL + "/staff/ingests"))
	give := func(key string) {
		b.run(chromedp.Focus(chromedp.CSS("#key")))
		b.commit(key)
		b.keys(kb.Enter)
	}
	give("a wrong key")
	b.until(`document.querySelector('[role=alert]')`)
	give(adminKey)
	b.until(`document.querySelector('.desk-head') && location.pathname === '/staff/ingests'`)
	b.scripts(true)
	for _, p := range staffPages {
		t.Run(p.name, func(t *testing.T) {
			b.t = t
			b.width(360)
			b.dark(false)
			b.forget()
			b.visit(web.URL + p.path)
			if !eval[bool](b, `!!document.querySelector('.desk-head')`) {
				t.Fatalf("this is not the desk: %s", eval[string](b, "document.body.innerText"))
			}
			b.loadedWell(p.path)
			b.unfold()
			b.fits(p.path + ", unfolded")
			b.axe(p.name + ", light")
			b.dark(true)
			b.axe(p.name + ", dark")
			b.dark(false)
			b.shoot(p.name + "-360")
			b.width(1280)
			b.fits(p.path + ", wide")
			b.shoot(p.name + "-1280")
		})
	}
}

// unfold opens the first details of a table and everything else that is folded.
func (b *tab) unfold() {
	b.t.Helper()
	eval[bool](b, `[...document.querySelectorAll('main details')].slice(0, 4).every(d => d.open = true)`)
}

// TestRatingInTheBrowser says that an answer was not satisfying, without scripts.
func TestRatingInTheBrowser(t *testing.T) {
	s, j := staffServer(t, nil)
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	b := openTab(t)
	b.scripts(false)
	search := "/search?q=" + url.QueryEscape("飞碟登记")
	b.run(chromedp.Navigate(web.URL+search), chromedp.Click(chromedp.CSS(".rate summary")), chromedp.Click(chromedp.CSS(".rate label")),
		chromedp.Focus(chromedp.CSS("#rate-text")))
	b.commit("哪里都没有写")
	b.run(chromedp.Click(chromedp.CSS(".rate details form .button")))
	b.until(`document.querySelector('.thanks')`)
	list, err := j.Comments(context.Background(), time.Now().Add(-time.Hour), true, 2)
	if err != nil || len(list) != 1 {
		t.Fatalf("kept %v, %v", list, err)
	}
	if f := list[0]; f.Query != "飞碟登记" || f.Reason != "没有我要找的" || f.Text != "哪里都没有写" {
		t.Errorf("kept %+v", f)
	}
	b.run(chromedp.Click(chromedp.CSS(".thanks a.button")))
	b.until(`location.pathname === '/search'`)
	if got := eval[string](b, "location.pathname + location.search"); got != search {
		t.Errorf("the way back leads to %s", got)
	}
	b.scripts(true)
	b.visit(web.URL + search)
	eval[bool](b, `document.querySelector('.rate details').open = true`)
	b.axe("rating")
	b.fits("rating")
	b.shoot("rating")
}

// TestOpenedResultInTheBrowser opens a result as a citizen does: the browser itself says from which answer it came.
func TestOpenedResultInTheBrowser(t *testing.T) {
	s, j := staffServer(t, nil)
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	b := openTab(t)
	b.visit(web.URL + "/search?q=" + url.QueryEscape("孩子上户口"))
	b.run(chromedp.Click(chromedp.CSS("main h3 a[href^='/items/']")))
	b.until("location.pathname.startsWith('/items/')")
	if err := j.AddFeedback(context.Background(), journal.Feedback{Kind: "item", ID: "x", Satisfied: true}); err != nil { // everything before it is written
		t.Fatal(err)
	}
	list, err := j.Queries(context.Background(), journal.Popular, time.Now().Add(-time.Hour), 10)
	if err != nil || len(list) != 1 || list[0].Query != "孩子上户口" || list[0].Searches != 1 || list[0].Clicks != 1 {
		t.Errorf("noted %+v, %v", list, err)
	}
}

// TestDoorInTheBrowser holds the door of the desk, with and without a key, to what other pages are held to.
func TestDoorInTheBrowser(t *testing.T) {
	for name, key := range map[string]string{"staff-door": adminKey, "staff-no-key": ""} {
		s, _ := staffServer(t, func(o *server.Options) { o.AdminKey = key })
		web := httptest.NewServer(s)
		t.Cleanup(web.Close)
		b := openTab(t)
		b.visit(web.URL + "/staff")
		b.axe(name)
		b.fits(name)
		b.shoot(name)
	}
}
