package server_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/net/html"

	"tongsou/corpus"
	"tongsou/corpus/store"
	"tongsou/index"
	"tongsou/server"
	"tongsou/server/journal"
)

const adminKey = "a key for tests only"

// faultyArchive is the store with documents in it that the checks find fault with, and an ingest that refused some.
type faultyArchive struct{ server.Archive }

func (a faultyArchive) Changes(ctx context.Context, after uint64, limit int) ([]store.Change, error) {
	changes, err := a.Archive.Changes(ctx, after, limit)
	if err != nil || len(changes) > 0 || after >= 1<<20 {
		return changes, err
	}
	visits := 3
	var extra []store.Change
	for i, code := range []string{"150102", "150105"} {
		extra = append(extra, store.Change{Seq: 1<<20 + uint64(i), ID: "faulty-" + code, Document: &corpus.Document{
			ID: "faulty-" + code, Kind: corpus.KindItem, Title: "雪人登记<b>", Region: code, Item: &corpus.Item{
				Body: "示例园林局", Handling: corpus.HandlingPromised, Visits: &visits, FeeFree: i == 0,
				LegalLimit: corpus.Limit{Days: 5, Unit: corpus.WorkingDays}, PromisedLimit: corpus.Limit{Days: 10 + i, Unit: corpus.WorkingDays},
			}}})
	}
	return extra, nil
}

func (a faultyArchive) Runs(context.Context, int) ([]store.Run, error) {
	began := time.Date(2026, 3, 1, 9, 30, 0, 0, time.Local)
	return []store.Run{
		{ID: 8, Source: "区政务局", Started: began, Finished: began.Add(2 * time.Second), Summary: store.Summary{Added: 41, Updated: 2}, Faults: []string{"事项.csv:5: 缺少<事项名称>"}},
		{ID: 7, Source: "示例", Started: began, Finished: began},
		{ID: 6, Source: "收件", Started: began, Finished: began, Summary: store.Summary{Deleted: 37}},
		{ID: 5, Source: "收件", Started: began, Finished: began, Faults: []string{(&store.TooManyError{Source: "收件", Gone: 30, Held: 40}).Error()}},
	}, nil
}

// staffServer is a server with a desk and a journal, and the journal.
func staffServer(t *testing.T, change func(*server.Options)) (*server.Server, *journal.Journal) {
	t.Helper()
	j, err := journal.Open(context.Background(), filepath.Join(t.TempDir(), "journal.db"), journal.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, func(o *server.Options) {
		archive, ok := o.Library.(server.Archive)
		if !ok {
			t.Fatal("the store is no archive")
		}
		o.AdminKey, o.Journal, o.Archive = adminKey, j, faultyArchive{archive}
		if change != nil {
			change(o)
		}
	})
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), j.Close()); err != nil {
			t.Error(err)
		}
	})
	return s, j
}

// submit sends a form, as our own pages do unless a header says otherwise.
func submit(s http.Handler, address string, form url.Values, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, address, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// enter gives the key and returns the session's cookie as a header.
func enter(t *testing.T, s http.Handler) string {
	t.Helper()
	w := submit(s, "/staff/login", url.Values{"key": {adminKey}})
	if w.Code != http.StatusSeeOther || len(w.Result().Cookies()) != 1 {
		t.Fatalf("the key is answered by %d: %s", w.Code, w.Body)
	}
	c := w.Result().Cookies()[0]
	return c.Name + "=" + c.Value
}

var staffPaths = []string{
	"/staff", "/staff/search", "/staff/search?q=" + url.QueryEscape("社保卡"), "/staff/places", "/staff/queries", "/staff/feedback", "/staff/reports", "/staff/reports.csv", "/staff/reports.xlsx",
	"/staff/quality", "/staff/ingests", "/staff/export.csv?q=x", "/staff/export.xlsx?q=x", "/staff/nowhere", "/staff/",
}

func TestNothingOfTheDeskIsShownWithoutTheKey(t *testing.T) {
	s, _ := staffServer(t, nil)
	for _, path := range staffPaths {
		for _, cookie := range []string{"", "tongsou_staff=", "tongsou_staff=guessed"} {
			w := get(s, path, "Accept", "text/html", "Cookie", cookie)
			page := w.Body.String()
			if w.Code != http.StatusUnauthorized || !strings.Contains(page, `name="key"`) || strings.Contains(page, "desk-head") {
				t.Errorf("%s with %q: got %d %.80s", path, cookie, w.Code, page)
			}
			if w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s may be kept: %s", path, w.Header().Get("Cache-Control"))
			}
		}
	}
}

func TestDeskWithoutAKeySaysHowToSetOne(t *testing.T) {
	s, _ := staffServer(t, func(o *server.Options) { o.AdminKey = " " })
	for _, w := range []*httptest.ResponseRecorder{
		get(s, "/staff", "Accept", "text/html"), get(s, "/staff/queries", "Accept", "text/html"), submit(s, "/staff/login", url.Values{"key": {""}}),
	} {
		if page := w.Body.String(); w.Code != http.StatusForbidden || !strings.Contains(page, "TONGSOU_ADMIN_KEY") || strings.Contains(page, "<input id=\"key\"") {
			t.Errorf("got %d %s", w.Code, page)
		}
	}
}

func TestSession(t *testing.T) {
	now := time.Now()
	s, _ := staffServer(t, func(o *server.Options) { o.Now = func() time.Time { return now } })
	w := submit(s, "/staff/login", url.Values{"key": {" " + adminKey + " "}, "back": {"/staff/queries?days=7"}})
	if w.Header().Get("Location") != "/staff/queries?days=7" {
		t.Errorf("leads to %q", w.Header().Get("Location"))
	}
	c := w.Result().Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/staff" || len(c.Value) < 32 {
		t.Errorf("the cookie is %+v", c)
	}
	cookie := c.Name + "=" + c.Value
	inside := func() int { return get(s, "/staff", "Accept", "text/html", "Cookie", cookie).Code }
	if code := inside(); code != http.StatusOK {
		t.Fatalf("with the cookie: %d", code)
	}
	other := enter(t, s)
	if w := submit(s, "/staff/logout", nil, "Cookie", cookie); w.Code != http.StatusSeeOther {
		t.Errorf("logout: %d", w.Code)
	}
	if code := inside(); code != http.StatusUnauthorized {
		t.Errorf("after logout: %d", code)
	}
	cookie = other
	if code := inside(); code != http.StatusOK {
		t.Errorf("another session ended with the first: %d", code)
	}
	now = now.Add(9 * time.Hour)
	if code := inside(); code != http.StatusUnauthorized {
		t.Errorf("after nine hours: %d", code)
	}
	for back, want := range map[string]string{"//evil.example": "/staff", "https://evil.example/staff": "/staff", "/search?q=x": "/staff", "/staffroom": "/staff", "/staff?x=1": "/staff?x=1"} {
		if w := submit(s, "/staff/login", url.Values{"key": {adminKey}, "back": {back}}); w.Header().Get("Location") != want {
			t.Errorf("back to %s leads to %q, want %s", back, w.Header().Get("Location"), want)
		}
	}
}

func TestTriesAreLimited(t *testing.T) {
	now := time.Now()
	s, _ := staffServer(t, func(o *server.Options) { o.Now = func() time.Time { return now } })
	for i := range 10 {
		if w := submit(s, "/staff/login", url.Values{"key": {"wrong"}}); w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), "口令不对") {
			t.Fatalf("try %d: %d", i+1, w.Code)
		}
	}
	right := url.Values{"key": {adminKey}}
	if w := submit(s, "/staff/login", right); w.Code != http.StatusTooManyRequests || len(w.Result().Cookies()) > 0 {
		t.Errorf("after ten wrong keys the right one is answered by %d", w.Code)
	}
	now = now.Add(16 * time.Minute)
	if w := submit(s, "/staff/login", right); w.Code != http.StatusSeeOther {
		t.Errorf("a quarter of an hour later: %d", w.Code)
	}
}

func TestOneSenderDoesNotShutOutAnother(t *testing.T) {
	s, _ := staffServer(t, nil)
	try := func(remote, forwarded, key string) int {
		r := httptest.NewRequest(http.MethodPost, "/staff/login", strings.NewReader(url.Values{"key": {key}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Forwarded-For", forwarded)
		r.RemoteAddr = remote
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Code
	}
	for i := range 10 { // from behind a proxy on this machine, from a network of IPv6, and with addresses made up
		try("127.0.0.1:999", fmt.Sprintf("10.0.0.%d, 192.0.2.1", i), "wrong")
		try(fmt.Sprintf("[2001:db8::%d]:999", i+1), "", "wrong")
		try("192.0.2.9:999", fmt.Sprintf("10.0.0.%d", i), "wrong")
	}
	for _, c := range []struct {
		remote, forwarded string
		want              int
	}{
		{"127.0.0.1:999", "192.0.2.1", http.StatusTooManyRequests},
		{"127.0.0.1:999", "192.0.2.2", http.StatusSeeOther},
		{"[2001:db8::99]:999", "", http.StatusTooManyRequests},
		{"[2001:db8:1::1]:999", "", http.StatusSeeOther},
		{"192.0.2.9:999", "198.51.100.7", http.StatusTooManyRequests},
	} {
		if got := try(c.remote, c.forwarded, adminKey); got != c.want {
			t.Errorf("from %s for %s: %d, want %d", c.remote, c.forwarded, got, c.want)
		}
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	s, j := staffServer(t, nil)
	for _, address := range []string{"/staff/login", "/staff/logout", "/feedback"} {
		form := url.Values{"key": {adminKey}, "kind": {"search"}, "query": {"户口"}, "satisfied": {"0"}}
		for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "", "Origin", "https://evil.example"}} {
			if w := submit(s, address, form, header...); w.Code != http.StatusForbidden || len(w.Result().Cookies()) > 0 {
				t.Errorf("%s with %v: %d", address, header, w.Code)
			}
		}
	}
	if list, err := j.Comments(context.Background(), time.Now().Add(-time.Hour), false, 10); err != nil || len(list) > 0 {
		t.Errorf("kept %v, %v", list, err)
	}
}

func TestStaffPages(t *testing.T) {
	s, _ := staffServer(t, nil)
	cookie := enter(t, s)
	for path, says := range map[string][]string{
		"/staff":               {"办事事项", "数据问题", "区政务局", "收入记录"},
		"/staff/search":        {"按栏目填写", "查询语句"},
		"/staff/places":        {"雪人登记&lt;b&gt;", "承诺时限、收费"},
		"/staff/quality":       {"示例园林局", "处存疑", "承诺办结时限 2"},
		"/staff/ingests":       {"区政务局", "41", "/staff/ingests?run=8", `data-label="删去">37<`, `data-label="未收入或存疑">0<`, "没有删"},
		"/staff/ingests?run=5": {"40 篇里有 30 篇不见了，多得像是出了错，所以一篇也没有删。", "max_gone", "未收入或存疑 0"},
		"/staff/quality?body=" + url.QueryEscape("示例园林局"): {"/items/faulty-150102", "超过法定的 5 个工作日", "赛罕区"},
		"/staff/ingests?run=8":                  {"缺少&lt;事项名称&gt;"},
		"/staff/queries?view=unanswered&days=7": {"没有结果，或者没有一条有把握", "近 90 天", `role="img"`, "看每天的数字"},
		"/staff/feedback?bad=1":                 {"这段时间里没有评价"},
	} {
		w := get(s, path, "Accept", "text/html", "Cookie", cookie)
		page := w.Body.String()
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d %.200s", path, w.Code, page)
			continue
		}
		noInline(t, page)
		for _, want := range says {
			if !strings.Contains(page, want) {
				t.Errorf("%s lacks %q", path, want)
			}
		}
	}
	for path, want := range map[string]int{
		"/staff/nowhere": 404, "/staff/quality?body=nobody": 404, "/staff/places?title=nothing": 404, "/staff/ingests?run=99": 404, "/staff/export.csv?kind=book": 400,
	} {
		if w := get(s, path, "Accept", "text/html", "Cookie", cookie); w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
}

// damaged is a store that cannot be read beyond its beginning.
type damaged struct{ server.Archive }

func (a damaged) Changes(ctx context.Context, after uint64, _ int) ([]store.Change, error) {
	if after > 0 {
		return nil, errors.New("a page is damaged")
	}
	return a.Archive.Changes(ctx, after, 1)
}

// stuck is a store that is read for ever.
type stuck struct{ server.Archive }

func (stuck) Changes(ctx context.Context, _ uint64, _ int) ([]store.Change, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestSurveyThatIsNotFinished(t *testing.T) {
	for want, archive := range map[string]server.Archive{"运行 <code>tongsou check</code>": damaged{}, "正在逐条检查": stuck{}} {
		s, _ := staffServer(t, func(o *server.Options) {
			if _, ok := archive.(damaged); ok {
				archive = damaged{o.Archive}
			}
			o.Archive = archive
		})
		w := get(s, "/staff/quality", "Accept", "text/html", "Cookie", enter(t, s))
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%d without %q", w.Code, want)
		}
	}
}

func TestWhatIsTheSameEverywhereIsNoDifference(t *testing.T) {
	s, _ := staffServer(t, nil)
	page := get(s, "/staff/places?title="+url.QueryEscape("普通护照首次申领"), "Accept", "text/html", "Cookie", enter(t, s)).Body.String()
	var heads []string
	for _, n := range nodes(t, page, "h2") {
		heads = append(heads, says(n))
	}
	if want := []string{"法定时限", "收费", "材料份数"}; !slices.Equal(heads, want) {
		t.Errorf("the differences are %v, want %v", heads, want)
	}
}

// says is what an element says.
func says(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

func TestFormWritesTheLanguageAndReadsIt(t *testing.T) {
	s, _ := staffServer(t, nil)
	cookie := enter(t, s)
	form := url.Values{
		"words": {"社保卡"}, "phrases": {"五个 工作日；当场"}, "without": {"激活 -注销"}, "titles": {"补领"}, "number": {""}, "code": {""},
		"issuer": {"人力资源"}, "regions": {"赛罕区;新城区"}, "from": {"2021"}, "to": {"2023-06"}, "kind": {"item"}, "validity": {"现行"},
	}
	w := get(s, "/staff/search?"+form.Encode(), "Accept", "text/html", "Cookie", cookie)
	to, err := url.Parse(w.Header().Get("Location"))
	if err != nil || w.Code != http.StatusSeeOther {
		t.Fatalf("got %d to %q", w.Code, w.Header().Get("Location"))
	}
	want := `社保卡 "五个 工作日" "当场" 标题:补领 发文机关:人力资源 地区:赛罕区 地区:新城区 日期:2021..2023-06 -激活 -注销`
	if got := to.Query().Get("q"); got != want || to.Query().Get("kind") != "item" || to.Query().Get("validity") != "现行" {
		t.Errorf("the form writes %v, want %s", to.Query(), want)
	}
	page := get(s, to.String(), "Accept", "text/html", "Cookie", cookie).Body.String()
	back := map[string]string{}
	for _, in := range nodes(t, page, "input") {
		back[attr(in, "name")] = attr(in, "value")
	}
	for name, value := range map[string]string{
		"words": "社保卡", "phrases": "五个 工作日；当场", "without": "激活 注销", "titles": "补领", "issuer": "人力资源", "regions": "赛罕区；新城区", "from": "2021", "to": "2023-06",
	} {
		if back[name] != value {
			t.Errorf("the form shows %s as %q, want %q", name, back[name], value)
		}
	}
	wrong := get(s, "/staff/search?q="+url.QueryEscape("地区:火星"), "Accept", "text/html", "Cookie", cookie)
	if wrong.Code != http.StatusOK || !strings.Contains(wrong.Body.String(), "不认识地区") || !strings.Contains(wrong.Body.String(), "火星") {
		t.Errorf("a query that cannot be read: %d", wrong.Code)
	}
}

// titles are the names in the table, in its order.
func titles(t *testing.T, page string) []string {
	t.Helper()
	var list []string
	for _, n := range nodes(t, page, "th") {
		if attr(n, "scope") == "row" && n.Parent.Parent.Data == "tbody" && attr(n.Parent.Parent.Parent, "class") == "rows hits" {
			list = append(list, says(n))
		}
	}
	return list
}

func TestTableIsOrderedAndTurned(t *testing.T) {
	s, _ := staffServer(t, nil)
	cookie := enter(t, s)
	page := func(query string) string {
		w := get(s, "/staff/search?"+query, "Accept", "text/html", "Cookie", cookie)
		if w.Code != http.StatusOK {
			t.Fatalf("%s: %d", query, w.Code)
		}
		return w.Body.String()
	}
	all := page("q=" + url.QueryEscape("登记") + "&kind=item&sort=title")
	up := titles(t, all)
	if len(up) != 20 || !slices.IsSorted(up) {
		t.Errorf("ordered by title: %q", up)
	}
	if !strings.Contains(all, `aria-sort="ascending"`) {
		t.Error("the head does not say how the table is ordered")
	}
	down := titles(t, page("q="+url.QueryEscape("登记")+"&kind=item&sort=title&dir=desc"))
	if slices.Reverse(down); len(down) != 20 || !slices.IsSorted(down) || slices.Equal(up, down) {
		t.Errorf("ordered down by title, read from below: %q", down)
	}
	first, second := page("q="+url.QueryEscape("登记")+"&kind=item"), page("q="+url.QueryEscape("登记")+"&kind=item&page=2")
	if slices.Equal(titles(t, first), titles(t, second)) || len(titles(t, second)) != 20 {
		t.Errorf("the second page holds %q", titles(t, second))
	}
	for _, want := range []string{"为什么排在这里", "词语匹配", `<svg class="bar"`} {
		if !strings.Contains(first, want) {
			t.Errorf("no explanation: the page lacks %q", want)
		}
	}
}

// titled is an engine whose only hit has a title and an issuer of one's choice.
type titled struct {
	server.Engine
	title, issuer string
}

func (e titled) Search(context.Context, index.Query) (*index.Result, error) {
	hit := index.Hit{ID: "x", Kind: corpus.KindPolicy, Title: []index.Run{{Text: e.title}}, Issuer: e.issuer}
	return &index.Result{Groups: []index.Group{{Kind: corpus.KindPolicy, Total: 1, Hits: []index.Hit{hit}}}}, nil
}

// readExports returns the rows of both exports of one query.
func readExports(t *testing.T, s http.Handler, query string) (fromCSV, fromXLSX [][]string) {
	t.Helper()
	cookie := enter(t, s)
	w := get(s, "/staff/export.csv?"+query, "Cookie", cookie)
	raw, ok := strings.CutPrefix(w.Body.String(), "\ufeff")
	if !ok || !strings.Contains(raw, "\r\n") || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") {
		t.Errorf("the CSV has no mark, other line ends or no name: %q %.40q", w.Header(), raw)
	}
	fromCSV, err := csv.NewReader(strings.NewReader(raw)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(bytes.NewReader(get(s, "/staff/export.xlsx?"+query, "Cookie", cookie).Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = book.Close() }()
	if fromXLSX, err = book.GetRows(book.GetSheetName(0)); err != nil {
		t.Fatal(err)
	}
	for row := range fromXLSX {
		for col := range fromXLSX[row] {
			cell, _ := excelize.CoordinatesToCellName(col+1, row+1)
			if f, err := book.GetCellFormula(book.GetSheetName(0), cell); err != nil || f != "" {
				t.Errorf("%s is a formula: %s %v", cell, f, err)
			}
		}
	}
	return fromCSV, fromXLSX
}

func TestExportsHoldTheTable(t *testing.T) {
	s, _ := staffServer(t, nil)
	fromCSV, fromXLSX := readExports(t, s, "kind=item&sort=region&q="+url.QueryEscape("地区:1501 标题:登记"))
	if len(fromCSV) < 5 || len(fromCSV) != len(fromXLSX) || fromCSV[0][2] != "名称" {
		t.Fatalf("CSV has %d rows, XLSX %d", len(fromCSV), len(fromXLSX))
	}
	for i, row := range fromCSV[1:] {
		if row[0] != "办事事项" || !strings.Contains(row[2], "登记") || row[10] != "http://example.com/items/"+row[1] || !slices.Equal(row, fromXLSX[i+1]) {
			t.Errorf("CSV has %q, XLSX %q", row, fromXLSX[i+1])
		}
	}
}

func TestExportsHoldNoFormulas(t *testing.T) {
	for _, title := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "＝1+1", `=HYPERLINK("http://evil.example","户口")`} {
		s, _ := staffServer(t, func(o *server.Options) { o.Engine = titled{o.Engine, title, "发改委, \"示例\"\n二行"} })
		fromCSV, fromXLSX := readExports(t, s, "q=x")
		if got := fromCSV[1][2]; got != "'"+strings.ReplaceAll(title, "\r", "") { // CSV has no bare CR
			t.Errorf("CSV holds %q for %q", got, title)
		}
		if got := fromXLSX[1][2]; !strings.HasPrefix(got, "'") {
			t.Errorf("XLSX holds %q for %q", got, title)
		}
		if fromCSV[1][5] != "发改委, \"示例\"\n二行" {
			t.Errorf("CSV holds the issuer as %q", fromCSV[1][5])
		}
	}
}

func TestFeedbackIsKeptAndShown(t *testing.T) {
	s, _ := staffServer(t, nil)
	cookie := enter(t, s)
	for _, form := range []url.Values{
		{"kind": {"document"}, "id": {"item-birth-registration-150102"}, "satisfied": {"0"}, "reason": {"和实际不一样"}, "text": {"我叫张三丰，电话13912345678<i>"}, "back": {"/items/item-birth-registration-150102"}},
		{"kind": {"search"}, "query": {"飞碟登记 150102199001011234"}, "satisfied": {"0"}, "back": {"//evil.example/"}},
		{"kind": {"search"}, "query": {"孩子上户口"}, "satisfied": {"1"}},
	} {
		w := submit(s, "/feedback", form)
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "谢谢") || strings.Contains(w.Body.String(), "evil.example") {
			t.Errorf("%v: %d", form, w.Code)
		}
	}
	page := get(s, "/staff/feedback", "Accept", "text/html", "Cookie", cookie).Body.String()
	for _, want := range []string{"/items/item-birth-registration-150102", "和实际不一样", "我叫〔姓名〕，电话〔电话〕&lt;i&gt;", "飞碟登记 〔身份证号〕", "孩子上户口"} {
		if !strings.Contains(page, want) {
			t.Errorf("the list lacks %q", want)
		}
	}
	bad := get(s, "/staff/feedback?bad=1", "Accept", "text/html", "Cookie", cookie).Body.String()
	if strings.Contains(bad, "孩子上户口") || !strings.Contains(bad, "飞碟登记") {
		t.Error("the list of what was not satisfying holds something else")
	}
	if queries := get(s, "/staff/queries?view=bad", "Accept", "text/html", "Cookie", cookie).Body.String(); !strings.Contains(queries, "飞碟登记") {
		t.Error("the query that was rated badly is not listed")
	}
}

func TestFeedbackThatCannotBeKept(t *testing.T) {
	s, j := staffServer(t, nil)
	for what, c := range map[string]struct {
		form url.Values
		want int
	}{
		"no rating":        {url.Values{"kind": {"search"}, "query": {"x"}}, 400},
		"nothing rated":    {url.Values{"kind": {"search"}, "satisfied": {"1"}}, 400},
		"unknown kind":     {url.Values{"kind": {"site"}, "satisfied": {"1"}}, 400},
		"no such document": {url.Values{"kind": {"document"}, "id": {"nobody"}, "satisfied": {"1"}}, 404},
		"unknown reason":   {url.Values{"kind": {"search"}, "query": {"x"}, "satisfied": {"0"}, "reason": {"buy now"}}, 400},
		"a long text":      {url.Values{"kind": {"search"}, "query": {"x"}, "satisfied": {"0"}, "text": {strings.Repeat("长", 1500)}}, 413},
		"a long body":      {url.Values{"kind": {"search"}, "query": {"x"}, "satisfied": {"0"}, "text": {strings.Repeat("x", 9000)}}, 413},
	} {
		if w := submit(s, "/feedback", c.form); w.Code != c.want {
			t.Errorf("%s: %d, want %d", what, w.Code, c.want)
		}
	}
	if list, err := j.Comments(context.Background(), time.Now().Add(-time.Hour), false, 10); err != nil || len(list) > 0 {
		t.Errorf("kept %v, %v", list, err)
	}
	limited := 0
	for range 70 {
		if w := submit(s, "/feedback", url.Values{"kind": {"search"}, "query": {"x"}, "satisfied": {"1"}}); w.Code == http.StatusTooManyRequests {
			limited++
		}
	}
	if limited == 0 {
		t.Error("seventy ratings from one address were all kept")
	}
	off := newServer(t, nil)
	if w := submit(off, "/feedback", url.Values{"kind": {"search"}, "query": {"x"}, "satisfied": {"1"}}); w.Code != http.StatusNotFound {
		t.Errorf("without a journal: %d", w.Code)
	}
}

func TestPagesAskForFeedback(t *testing.T) {
	on, _ := staffServer(t, nil)
	off := newServer(t, nil)
	for _, path := range []string{"/search?q=" + url.QueryEscape("孩子上户口"), "/items/item-birth-registration-150102", "/documents/" + somePolicy(t, on)} {
		if page := get(on, path, "Accept", "text/html").Body.String(); strings.Count(page, `action="/feedback"`) != 2 {
			t.Errorf("%s does not ask", path)
		}
		if page := get(off, path, "Accept", "text/html").Body.String(); strings.Contains(page, "/feedback") {
			t.Errorf("%s asks though nothing is kept", path)
		}
	}
}

func somePolicy(t *testing.T, s http.Handler) string {
	t.Helper()
	page := get(s, "/search?kind=policy&q="+url.QueryEscape("户口登记"), "Accept", "text/html").Body.String()
	for _, a := range nodes(t, page, "a") {
		if id, ok := strings.CutPrefix(attr(a, "href"), "/documents/"); ok {
			id, _, _ = strings.Cut(id, "#")
			return id
		}
	}
	t.Fatal("no policy was found")
	return ""
}

func TestSearchesAndClicksAreNoted(t *testing.T) {
	s, j := staffServer(t, nil)
	search := "/search?q=" + url.QueryEscape("孩子上户口")
	const item = "/items/item-birth-registration-150102"
	from := "http://example.com" + search
	get(s, search, "Accept", "text/html")
	get(s, "/api/v1/search?q="+url.QueryEscape("孩子上户口"))
	get(s, search, "Accept", "text/html", "Sec-Purpose", "prefetch")
	get(s, "/api/v1/search?next=o10&q="+url.QueryEscape("孩子上户口"))
	get(s, "/api/v1/search?kind=item") // nothing was typed
	get(s, item, "Referer", from)
	get(s, item) // from nowhere
	get(s, item, "Referer", "https://other.example/search?q=x")
	get(s, item, "Referer", "http://example.com/staff/search?q=x")
	get(s, "/items/nobody", "Referer", from)
	if err := j.AddFeedback(context.Background(), journal.Feedback{Kind: "item", ID: "x", Satisfied: true}); err != nil { // everything before it is written
		t.Fatal(err)
	}
	list, err := j.Queries(context.Background(), journal.Popular, time.Now().Add(-time.Hour), 10)
	if err != nil {
		t.Fatal(err)
	}
	if want := []journal.QueryStat{{Query: "孩子上户口", Searches: 2, Clicks: 1}}; fmt.Sprint(list) != fmt.Sprint(want) {
		t.Errorf("noted %+v, want %+v", list, want)
	}
	page := get(s, "/staff/queries", "Accept", "text/html", "Cookie", enter(t, s)).Body.String()
	if !strings.Contains(page, "孩子上户口") || !strings.Contains(page, "50%") {
		t.Error("the desk does not show it")
	}
}
