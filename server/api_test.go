package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/server"
)

// description loads what /openapi.json says, so that answers are held to what clients are told.
func description(t *testing.T, s http.Handler) routers.Router {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(get(s, "/openapi.json").Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatalf("/openapi.json is not valid: %v", err)
	}
	r, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// conforms checks one answer against the description.
func conforms(t *testing.T, router routers.Router, target string, w *httptest.ResponseRecorder) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	route, vars, err := router.FindRoute(r)
	if err != nil {
		t.Errorf("%s is not described: %v", target, err)
		return
	}
	err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: vars, Route: route},
		Status:                 w.Code, Header: w.Header(), Body: nopCloser{bytes.NewReader(w.Body.Bytes())},
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	})
	if err != nil {
		t.Errorf("%s: the answer is not as described: %v", target, err)
	}
}

type nopCloser struct{ *bytes.Reader }

func (nopCloser) Close() error { return nil }

func TestAnswersAreAsDescribed(t *testing.T) {
	s := newServer(t, nil)
	router := description(t, s)
	q := url.QueryEscape
	for _, c := range []struct {
		target string
		status int
	}{
		{"/api/v1/search?q=" + q("孩子上户口") + "&explain=true", 200},
		{"/api/v1/search", 200},
		{"/api/v1/search?q=" + q("请问孩子的户口怎么办") + "&place=150102&limit=2", 200},
		{"/api/v1/search?q=" + q("文号:内政办发〔2023〕12号"), 200},
		{"/api/v1/search?kind=policy&validity=" + q("现行") + "&sort=date&from=2020-01-01", 200},
		{"/api/v1/search?q=" + q("没有人写过的词组啊啊啊"), 200},
		{"/api/v1/search?kind=book", 400},
		{"/api/v1/search?limit=1000", 400},
		{"/api/v1/search?limit=x", 400},
		{"/api/v1/search?from=2023-02-30", 400},
		{"/api/v1/search?region=999999", 400},
		{"/api/v1/search?sort=up", 400},
		{"/api/v1/search?year=12", 400},
		{"/api/v1/search?facets=maybe", 400},
		{"/api/v1/search?next=nonsense", 400},
		{"/api/v1/search?colour=red", 400},
		{"/api/v1/search?q=" + strings.Repeat("a", 9000), 414},
		{"/api/v1/suggest?q=" + q("户"), 200},
		{"/api/v1/suggest", 200},
		{"/api/v1/suggest?limit=99", 400},
		{"/api/v1/items/item-birth-registration-150102", 200},
		{"/api/v1/items/nobody", 404},
		{"/api/v1/documents/item-birth-registration-150102", 200},
		{"/api/v1/documents/nobody", 404},
		{"/healthz", 200},
		{"/readyz", 200},
	} {
		w := get(s, c.target)
		if w.Code != c.status {
			t.Errorf("%.80s: got %d %s, want %d", c.target, w.Code, w.Body, c.status)
		}
		conforms(t, router, c.target, w)
	}
}

func TestProblemsSayWhatToDo(t *testing.T) {
	s := newServer(t, nil)
	for _, c := range []struct {
		method, target string
		status         int
		field, says    string
	}{
		{"GET", "/api/v1/search?kind=book", 400, "kind", "item、policy、news"},
		{"GET", "/api/v1/search?from=2023-02-30", 400, "from", "2022-02-07"},
		{"GET", "/api/v1/search?kindd=item", 400, "kindd", "kind"},
		{"GET", "/api/v1/nothing", 404, "", "/openapi.json"},
		{"POST", "/api/v1/search", 405, "", "GET"},
		{"GET", "/api/v1/items/nobody", 404, "", "首页"},
	} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(c.method, c.target, nil))
		var p struct {
			Type, Title, Detail, Field string
			Status                     int
		}
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Errorf("%s %s: %v", c.method, c.target, err)
			continue
		}
		if w.Code != c.status || p.Status != c.status || p.Field != c.field || !strings.Contains(p.Detail, c.says) {
			t.Errorf("%s %s: got %d %+v, want %d about %q with %q", c.method, c.target, w.Code, p, c.status, c.field, c.says)
		}
		if ct := w.Header().Get("Content-Type"); ct != "application/problem+json" {
			t.Errorf("%s %s: Content-Type is %q", c.method, c.target, ct)
		}
	}
}

func TestSearchAnswersWithItemsFirst(t *testing.T) {
	w := get(newServer(t, nil), "/api/v1/search?q="+url.QueryEscape("孩子上户口"))
	var res index.Result
	if err := json.Unmarshal(w.Body.Bytes(), &res); err != nil {
		t.Fatal(err)
	}
	if len(res.Groups) != 3 || res.Groups[0].Kind != "item" || len(res.Groups[0].Hits) == 0 {
		t.Fatalf("got %d groups, the first without items", len(res.Groups))
	}
	if title := res.Groups[0].Hits[0].PlainTitle(); !strings.Contains(title, "出生登记") {
		t.Errorf("the first item is %q, want the birth registration", title)
	}
	if len(res.Facets) == 0 {
		t.Error("no facets, want them unless facets=false")
	}
}

// TestPagesFollowOneAnother pages through answers of every kind: each hit comes once, all that the total promises come,
// and there is an end.
func TestPagesFollowOneAnother(t *testing.T) {
	s := newServer(t, func(o *server.Options) { o.Timeout = time.Minute }) // what is cut short on a busy machine has other totals
	for _, query := range []url.Values{
		{"kind": {"item"}, "limit": {"60"}},
		{"kind": {"item"}, "limit": {"65"}, "sort": {"date"}},
		{"limit": {"45"}, "q": {"办理"}},
		{"limit": {"7"}, "q": {"社会保险"}},
		{"limit": {"15"}, "q": {"社会保险"}, "sort": {"date"}},
		{"limit": {"10"}, "q": {"公积金提取要什么材料"}},
		{"limit": {"25"}, "q": {"申请人应当提交身份证明和营业执照"}},
		{"limit": {"5"}, "q": {"社会保险法第五十八条"}},
		{"limit": {"95"}, "q": {`"申请材料"`}},
		{"limit": {"100"}},
	} {
		t.Run(query.Encode(), func(t *testing.T) { pageToTheEnd(t, s, query) })
	}
}

func pageToTheEnd(t *testing.T, s http.Handler, query url.Values) {
	t.Helper()
	limit, err := strconv.Atoi(query.Get("limit"))
	if err != nil {
		t.Fatal(err)
	}
	seen, count, total := map[string]bool{}, map[corpus.Kind]int{}, map[corpus.Kind]int{}
	for page := range index.MaxDepth/limit + 1 {
		var res index.Result
		if err := json.Unmarshal(get(s, "/api/v1/search?"+query.Encode()).Body.Bytes(), &res); err != nil {
			t.Fatal(err)
		}
		for _, g := range res.Groups {
			if page > 0 && g.Total != total[g.Kind] {
				t.Errorf("page %d says %d %s in all, the one before %d", page+1, g.Total, g.Kind, total[g.Kind])
			}
			total[g.Kind] = g.Total
			for _, h := range g.Hits {
				if seen[h.ID] {
					t.Errorf("page %d has %s again", page+1, h.ID)
				}
				seen[h.ID] = true
				count[g.Kind]++
			}
		}
		if res.Next == "" {
			for kind, n := range total {
				if count[kind] != min(n, index.MaxDepth) {
					t.Errorf("the pages hold %d %s, the total says %d", count[kind], kind, n)
				}
			}
			return
		}
		query.Set("next", res.Next)
	}
	t.Error("more pages than paging reaches, and no end")
}
