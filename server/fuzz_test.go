package server_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"tongsou/corpus/store"
	"tongsou/index"
	"tongsou/server"
	"tongsou/server/curation"
	"tongsou/server/journal"
)

// fuzzed is a server with everything switched on, and a key that may do everything. What a fuzzer puts into it stays there
// for the following inputs.
func fuzzed(f *testing.F) (*server.Server, string) {
	f.Helper()
	o, err := fixture()
	if err != nil {
		f.Fatal(err)
	}
	ctx, dir := context.Background(), f.TempDir()
	log, err := journal.Open(ctx, filepath.Join(dir, "journal.db"), journal.Options{})
	if err != nil {
		f.Fatal(err)
	}
	decided, err := curation.Open(ctx, filepath.Join(dir, "curation.db"), nil)
	if err != nil {
		f.Fatal(err)
	}
	intake, err := store.Open(ctx, filepath.Join(dir, "store.db"))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _, _, _ = log.Close(), decided.Close(), intake.Close() })
	over, ok := o.Engine.(index.Overlayer)
	if !ok {
		f.Fatal("the engine takes no overlay")
	}
	o.Engine = &bent{Engine: o.Engine, Overlayer: over}
	o.Journal, o.Curation, o.Intake, o.AdminKey = log, decided, intake, adminKey
	o.Sites = []server.Site{{Key: "portal-2026", Origins: []string{"https://www.example.gov.cn"}}}
	s, err := server.New(o)
	if err != nil {
		f.Fatal(err)
	}
	_, key, err := decided.CreateKey(ctx, "测试", curation.NewKey{Name: "全部", Role: curation.Owner})
	if err != nil {
		f.Fatal(err)
	}
	return s, key
}

// answered holds what is promised of every answer: it is no fault of ours, and it is what it says it is.
func answered(t *testing.T, r *http.Request, s http.Handler) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code >= http.StatusInternalServerError && w.Code != http.StatusGatewayTimeout {
		t.Errorf("%s %s: %d %s", r.Method, r.URL, w.Code, w.Body)
	}
	kind := w.Header().Get("Content-Type")
	if strings.Contains(kind, "json") && w.Body.Len() > 0 && r.Method != http.MethodHead {
		for line := range strings.Lines(strings.TrimSpace(w.Body.String())) {
			if !strings.Contains(kind, "ndjson") {
				line = w.Body.String()
			}
			if !json.Valid([]byte(line)) {
				t.Errorf("%s %s: the answer is no JSON: %.200s", r.Method, r.URL, line)
			}
		}
	}
	if !utf8.Valid(w.Body.Bytes()) {
		t.Errorf("%s %s: the answer is no UTF-8", r.Method, r.URL)
	}
	for name, values := range w.Header() {
		if strings.ContainsAny(name+strings.Join(values, ""), "\r\n\x00") {
			t.Errorf("%s %s: the header %s breaks its line: %q", r.Method, r.URL, name, values)
		}
	}
	return w
}

// FuzzParameters asks every page and every call of the API with whatever parameters.
func FuzzParameters(f *testing.F) {
	s, _ := fuzzed(f)
	paths := []string{"/api/v1/search", "/api/v1/suggest", "/search", "/", "/place", "/holdings", "/guides", "/embed", "/embed/preview", "/embed/frame",
		"/embed/theme.css", "/feeds/search.atom", "/feeds/new.atom", "/follow", "/follow/confirm", "/follow/manage", "/documents/x/compare", "/api/v1/items/item-birth-registration-150102", "/items/item-birth-registration-150102", "/documents/x", "/docs", "/nowhere"}
	for i, query := range []string{
		"q=户口&kind=item,policy&region=1501&sort=date&limit=100&next=o10", "q=\"a&q=b&limit=-1&explain=1", "q=日期:2023..&from=2023-02-30&year=99999",
		"place=%ff&holds=身份证&trail=o10,o20", "q=%00%0d%0a&key=portal-2026", "brand=%23fff&kinds=x", "convenience=免费&validity=现行&verbatim=1", "a=%zz&;&&==", "0\xff&from=00",
	} {
		f.Add(i, query, i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, path int, query string, browser bool) {
		u := &url.URL{Path: paths[uint(path)%uint(len(paths))], RawQuery: query}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL, r.RequestURI = u, u.Path+"?"+query
		if browser {
			r.Header.Set("Accept", "text/html")
			r.Header.Set("Cookie", "place="+url.QueryEscape(query)+"; look="+url.QueryEscape(query))
		}
		answered(t, r, s)
	})
}

// FuzzForms sends whatever to what takes forms.
func FuzzForms(f *testing.F) {
	s, _ := fuzzed(f)
	paths := []string{"/feedback", "/settings", "/place", "/staff/login", "/staff/logout"}
	for i, body := range []string{
		"kind=search&query=户口&satisfied=0&reason=看不懂&text=电话13912345678&back=/search", "look=large&back=//evil.example", "place=150102&back=%2F%0d%0a",
		"key=wrong&back=/staff", "", "kind=document&id=item-birth-registration-150102&satisfied=1", "a=%zz;b",
	} {
		f.Add(i, body, "application/x-www-form-urlencoded")
	}
	f.Add(0, "--x\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\nsearch\r\n--x--", "multipart/form-data; boundary=x")
	f.Fuzz(func(t *testing.T, path int, body, kind string) {
		r := httptest.NewRequest(http.MethodPost, paths[uint(path)%uint(len(paths))], strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		if w := answered(t, r, s); strings.HasPrefix(w.Header().Get("Location"), "//") || strings.Contains(w.Header().Get("Location"), "://") {
			t.Errorf("the way back leads away: %s", w.Header().Get("Location"))
		}
	})
}

// FuzzStaff sends whatever to the pages and forms of the desk, in the name of somebody who may do everything.
func FuzzStaff(f *testing.F) {
	s, key := fuzzed(f)
	enter := httptest.NewRequest(http.MethodPost, "/staff/login", strings.NewReader(url.Values{"key": {key}}.Encode()))
	enter.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, enter)
	cookies := w.Result().Cookies()
	if len(cookies) == 0 {
		f.Fatalf("the desk does not open: %d", w.Code)
	}
	forms := []string{"/staff/entries", "/staff/entries/remove", "/staff/entries/publish", "/staff/entries/undo", "/staff/entries/restore", "/staff/proposals", "/staff/keys/revoke"}
	pages := []string{"/staff", "/staff/search", "/staff/export.csv", "/staff/reports.csv", "/staff/entries", "/staff/changes", "/staff/queries", "/staff/feedback", "/staff/quality", "/staff/places", "/staff/reports", "/staff/ingests"}
	for i, text := range []string{
		"kind=pin&text=户口&documents=item-birth-registration-150102&until=2026-13-01", "id=1&kind=deny", "revision=x&note=y", "id=0&current=1", "id=99999999999999999999&current=-1",
		"do=accept&query=飞碟&term=户口登记", "q=日期:..&kind=item&region=15&order=title&page=-1", "before=x&days=0", "month=2026-00&by=body", "%zz&a=\x00",
	} {
		f.Add(i, text, i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, path int, text string, form bool) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL = &url.URL{Path: pages[uint(path)%uint(len(pages))], RawQuery: text}
		if form {
			r = httptest.NewRequest(http.MethodPost, forms[uint(path)%uint(len(forms))], strings.NewReader(text))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		r.Header.Set("Accept", "text/html")
		r.AddCookie(cookies[0])
		if w := answered(t, r, s); w.Code == http.StatusUnauthorized || strings.HasPrefix(w.Header().Get("Location"), "//") || strings.Contains(w.Header().Get("Location"), "://") {
			t.Errorf("%s is answered by %d, to %s", r.URL, w.Code, w.Header().Get("Location"))
		}
	})
}

// FuzzAdminBodies sends whatever to what the admin API takes.
func FuzzAdminBodies(f *testing.F) {
	s, key := fuzzed(f)
	calls := [][2]string{
		{"POST", "entries"}, {"PUT", "entries/1"}, {"POST", "versions"}, {"POST", "versions/1/restore"}, {"POST", "proposals"}, {"POST", "keys"}, {"POST", "documents?source=a"}, {"POST", "documents?source=a&sync=1"},
		{"DELETE", "documents?source=a"}, {"DELETE", "entries/1"}, {"DELETE", "draft"}, {"GET", "effect"}, {"GET", "entries"},
	}
	for i, body := range []string{
		`{"kind":"synonym","words":["社保卡","社会保障卡"],"query":"社保卡","id":"x"}`, `{"kind":"pin","query":"户口","id":"item-birth-registration-150102","from":"2026-13-01"}`,
		`{"note":"x"}`, `{"query":"户口","accept":true}`, `{"name":"x","role":"editor","expires":"2026-01-01"}`,
		`{"id":"d1","kind":"news","title":"甲","sections":[{"id":"p1","text":"乙"}]}` + "\n{\n" + `{"id":"d1"}`, `{"id":"d1"}` + "\n" + `"d2"`, "", "[[[[", "{}", "\x00",
	} {
		f.Add(i, body, "")
	}
	f.Fuzz(func(t *testing.T, call int, body, idempotency string) {
		c := calls[uint(call)%uint(len(calls))]
		r := httptest.NewRequest(c[0], "/api/v1/admin/"+c[1], strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+key)
		r.Header.Set("Content-Type", "application/json")
		if strings.HasPrefix(c[1], "documents") {
			r.Header.Set("Content-Type", "application/x-ndjson")
		}
		if idempotency != "" && !strings.ContainsAny(idempotency, "\r\n\x00") {
			r.Header.Set("Idempotency-Key", idempotency)
		}
		answered(t, r, s)
	})
}
