package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3filter"

	"tongsou/corpus"
	"tongsou/corpus/store"
	"tongsou/index"
	judging "tongsou/index/eval"
	"tongsou/server"
	"tongsou/server/curation"
	"tongsou/server/journal"
)

// bent is the fixture's engine with an overlay of a test's own, so that no test bends the answers of another.
type bent struct {
	server.Engine
	index.Overlayer
	now atomic.Pointer[index.Searcher]
}

func (b *bent) SetOverlay(o index.Overlay) error {
	s, err := b.Overlaid(o)
	if err == nil {
		b.now.Store(&s)
	}
	return err
}

func (b *bent) Search(ctx context.Context, q index.Query) (*index.Result, error) {
	return (*b.now.Load()).Search(ctx, q)
}

func (b *bent) Suggest(ctx context.Context, q index.SuggestQuery) ([]index.Suggestion, error) {
	return (*b.now.Load()).Suggest(ctx, q)
}

// office is a server that can be changed, with what is behind it and a key of every role.
type office struct {
	*server.Server
	journal  *journal.Journal
	curation *curation.Store
	store    *store.Store
	keys     map[curation.Role]string
	log      *bytes.Buffer
}

func newOffice(t *testing.T, change func(*server.Options)) *office {
	t.Helper()
	ctx := context.Background()
	o := &office{keys: map[curation.Role]string{}, log: new(bytes.Buffer)}
	var err error
	if o.curation, err = curation.Open(ctx, filepath.Join(t.TempDir(), "curation.db"), nil); err != nil {
		t.Fatal(err)
	}
	if o.store, err = store.Open(ctx, filepath.Join(t.TempDir(), "store.db")); err != nil {
		t.Fatal(err)
	}
	o.Server, o.journal = staffServer(t, func(options *server.Options) {
		over, ok := options.Engine.(index.Overlayer)
		if !ok {
			t.Fatal("the engine takes no overlay")
		}
		options.Engine = &bent{Engine: options.Engine, Overlayer: over}
		options.Curation, options.Intake, options.Upkeep = o.curation, o.store, new(kept)
		options.Log = slog.New(slog.NewTextHandler(o.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		if change != nil {
			change(options)
		}
	})
	for _, role := range curation.Roles() {
		if _, o.keys[role], err = o.curation.CreateKey(ctx, "测试", curation.NewKey{Name: string(role), Role: role}); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if err := errors.Join(o.curation.Close(), o.store.Close()); err != nil {
			t.Error(err)
		}
	})
	return o
}

// call sends a request of the admin API with a key.
func (o *office) call(key, method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/api/v1/admin/"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	o.ServeHTTP(w, r)
	return w
}

// decode reads an answer that must have a status.
func decode[T any](t *testing.T, w *httptest.ResponseRecorder, status int) T {
	t.Helper()
	var v T
	if w.Code != status {
		t.Fatalf("answered %d, want %d: %s", w.Code, status, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return v
}

const birthItem = "item-birth-registration-150102"

// adminCalls are calls of every route with the least role that may make them, in an order in which all succeed.
var adminCalls = []struct {
	role               curation.Role
	method, path, body string
	status             int
}{
	{curation.Reader, "GET", "entries", "", 200},
	{curation.Editor, "POST", "entries", `{"kind": "synonym", "text": "飞碟证", "term": "居住证"}`, 201},
	{curation.Editor, "PUT", "entries/1", `{"kind": "pin", "text": "飞碟证", "documents": ["` + birthItem + `"]}`, 200},
	{curation.Reader, "GET", "effect", "", 200},
	{curation.Editor, "POST", "versions", `{"revision": "REVISION", "note": "试"}`, 201},
	{curation.Reader, "GET", "versions", "", 200},
	{curation.Editor, "DELETE", "entries/1", "", 204},
	{curation.Editor, "DELETE", "draft", "", 204},
	{curation.Editor, "DELETE", "versions/1", "", 200},
	{curation.Editor, "POST", "versions/1/restore", `{"current": 2}`, 200},
	{curation.Reader, "GET", "proposals", "", 200},
	{curation.Editor, "POST", "proposals", `{"query": "外星人上户口", "term": "户口登记"}`, 201},
	{curation.Editor, "POST", "proposals", `{"query": "外星人"}`, 204},
	{curation.Reader, "GET", "changes?limit=5", "", 200},
	{curation.Editor, "POST", "documents", `{"id": "n1", "kind": "news", "title": "飞碟"}`, 200},
	{curation.Editor, "POST", "documents?source=b&sync=1", `{"id": "n1", "kind": "news", "title": "飞碟"}`, 200},
	{curation.Editor, "DELETE", "documents", `{"id": "n1"}`, 200},
	{curation.Reader, "GET", "upkeep", "", 200},
	{curation.Owner, "POST", "rebuild", "", 202},
	{curation.Owner, "GET", "keys", "", 200},
	{curation.Owner, "POST", "keys", `{"name": "甲", "role": "reader", "days": 3}`, 201},
	{curation.Owner, "DELETE", "keys/KEY", "", 204},
}

// TestEveryAdminRouteAsksForItsRole makes every call with no key, with a wrong one, with every lesser role and with the
// role that suffices, and holds the answers to the description.
func TestEveryAdminRouteAsksForItsRole(t *testing.T) {
	o := newOffice(t, nil)
	router := description(t, o)
	called := map[string]bool{}
	for _, c := range adminCalls {
		path, body := c.path, c.body
		if strings.Contains(body, "REVISION") {
			effect := decode[struct{ Revision string }](t, o.call(o.keys[curation.Owner], "GET", "effect", ""), 200)
			body = strings.ReplaceAll(body, "REVISION", effect.Revision)
		}
		if strings.Contains(path, "KEY") {
			keys := decode[struct{ Keys []curation.Key }](t, o.call(o.keys[curation.Owner], "GET", "keys", ""), 200)
			at := slices.IndexFunc(keys.Keys, func(k curation.Key) bool { return k.Name == "甲" })
			path = "keys/" + keys.Keys[at].ID
		}
		check := func(key string, want int) {
			t.Helper()
			w := o.call(key, c.method, path, body)
			if w.Code != want {
				t.Errorf("%s %s is answered by %d, want %d: %s", c.method, path, w.Code, want, w.Body)
			}
			if w.Code == http.StatusUnauthorized && w.Header().Get("WWW-Authenticate") == "" || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s %s: %v", c.method, path, w.Header())
			}
			r := httptest.NewRequest(c.method, "/api/v1/admin/"+path, nil)
			route, vars, err := router.FindRoute(r)
			if err != nil {
				t.Errorf("%s %s is not described: %v", c.method, path, err)
				return
			}
			called[c.method+" "+route.Path] = true
			err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
				RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: vars, Route: route},
				Status:                 w.Code, Header: w.Header(), Body: nopCloser{bytes.NewReader(w.Body.Bytes())},
				Options: &openapi3filter.Options{IncludeResponseStatus: true},
			})
			if err != nil {
				t.Errorf("%s %s: the answer is not as described: %v", c.method, path, err)
			}
		}
		check("", http.StatusUnauthorized)
		for _, role := range curation.Roles() {
			if !role.May(c.role) {
				check(o.keys[role], http.StatusForbidden)
			}
		}
		check(o.keys[c.role], c.status)
	}
	doc := decode[struct {
		Paths map[string]map[string]json.RawMessage
	}](t, get(o, "/openapi.json"), 200)
	for path, methods := range doc.Paths {
		for method := range methods {
			if call := strings.ToUpper(method) + " " + path; strings.HasPrefix(path, "/api/v1/admin/") && !called[call] {
				t.Errorf("%s is described and not tested", call)
			}
		}
	}
	for role, key := range o.keys {
		if secret := strings.Split(key, "_")[2]; strings.Contains(o.log.String(), secret) {
			t.Errorf("the log holds the secret of the %s", role)
		}
	}
}

func TestKeysAtTheDoor(t *testing.T) {
	o := newOffice(t, nil)
	if w := o.call(adminKey, "GET", "keys", ""); w.Code != 200 {
		t.Errorf("the key of the configuration is answered by %d", w.Code)
	}
	r := httptest.NewRequest(http.MethodGet, "/api/v1/admin/entries", nil)
	r.Header.Set("Authorization", "Basic "+o.keys[curation.Owner])
	w := httptest.NewRecorder()
	if o.ServeHTTP(w, r); w.Code != http.StatusUnauthorized {
		t.Errorf("another scheme is answered by %d", w.Code)
	}
	for range 10 {
		if w := o.call("tongsou_00000000_0", "GET", "entries", ""); w.Code != http.StatusUnauthorized {
			t.Fatalf("a wrong key is answered by %d", w.Code)
		}
	}
	if w := o.call(o.keys[curation.Owner], "GET", "entries", ""); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
		t.Errorf("after ten wrong keys: %d %v", w.Code, w.Header())
	}
	if w := submit(o, "/staff/login", url.Values{"key": {adminKey}}); w.Code != http.StatusTooManyRequests {
		t.Errorf("at the desk: %d", w.Code)
	}
	if off := newServer(t, nil); get(off, "/api/v1/admin/entries").Code != http.StatusNotFound {
		t.Error("a server without curation answers the admin API")
	}
}

func TestBodiesThatAreRefused(t *testing.T) {
	o := newOffice(t, nil)
	key := o.keys[curation.Owner]
	for what, c := range map[string]struct {
		method, path, body string
		status             int
		field              string
	}{
		"no JSON":          {"POST", "entries", "kind=pin", 400, "正文"},
		"two objects":      {"POST", "entries", `{"kind": "deny", "text": "飞碟"} {}`, 400, "正文"},
		"an unknown field": {"POST", "entries", `{"kind": "deny", "text": "飞碟", "query": "x"}`, 400, "正文"},
		"a large body":     {"POST", "entries", `{"kind": "` + strings.Repeat("x", 70<<10) + `"}`, 400, "正文"},
		"a faulty field":   {"POST", "entries", `{"kind": "pin", "text": "飞碟"}`, 400, "documents"},
		"no such document": {"POST", "entries", `{"kind": "pin", "text": "飞碟", "documents": ["nobody"]}`, 400, "documents"},
		"no such entry":    {"PUT", "entries/99", `{"kind": "deny", "text": "飞碟"}`, 404, ""},
		"an unseen draft":  {"POST", "versions", `{"revision": "x"}`, 409, ""},
		"nothing to undo":  {"DELETE", "versions/1", ``, 409, ""},
		"nothing to redo":  {"POST", "versions/1/restore", `{"current": 1}`, 409, ""},
		"no such key":      {"DELETE", "keys/nobody", ``, 404, ""},
		"no such role":     {"POST", "keys", `{"name": "x", "role": "root"}`, 400, "role"},
		"too many lines":   {"GET", "changes?limit=101", ``, 400, "limit"},
		"a misspelt name":  {"GET", "changes?befor=1", ``, 400, "befor"},
		"no query":         {"POST", "proposals", `{"query": " "}`, 400, "query"},
	} {
		w := o.call(key, c.method, c.path, c.body)
		p := decode[struct{ Field string }](t, w, c.status)
		if p.Field != c.field {
			t.Errorf("%s: the field is %q, want %q: %s", what, p.Field, c.field, w.Body)
		}
	}
	if w := o.call(key, "POST", "entries", `{"kind": "deny", "text": "飞碟"}`, "Content-Type", "text/plain"); w.Code != 400 {
		t.Errorf("another media type is answered by %d", w.Code)
	}
}

// bulkAnswer is what a bulk request answers.
type bulkAnswer struct {
	store.Summary
	Lines, Rejected int
	Stopped, Kept   string
	Results         []struct {
		Line     int
		ID       string
		Status   string
		Problems []corpus.Problem
	}
}

func TestBulkAnswersEveryLine(t *testing.T) {
	o := newOffice(t, nil)
	key := o.keys[curation.Editor]
	decode[bulkAnswer](t, o.call(key, "DELETE", "documents", `{"id": "`+birthItem+`"}`), 200) // the library has it, the intake does not
	log, err := o.curation.Changes(t.Context(), 0, 1)
	if err != nil || len(log) != 1 || log[0].Action != curation.DocumentsDeleted || log[0].Who != "editor" || !strings.Contains(log[0].Before, "新生儿出生登记") {
		t.Errorf("the log says %+v, %v", log, err)
	}
	body := strings.Join([]string{
		"\ufeff" + `{"id": "n1", "kind": "news", "title": "一"}`,
		``,
		`{"id": "n2", "kind": "news"}`,
		`{"id": "n3", "kind": "news", "title": "三", "published": "2026-02-30"}`,
		`{"id": "n4", "kind": "news", "title": 4}`,
		`{"id": "n5", "kind": "news", "title": "五", "colour": "red"}`,
		`{"id": "n1", "kind": "news", "title": "又一"}`,
		`no JSON`,
		`{"id": "p1", "kind": "policy", "title": "无正文的政策"}`,
		`{"id": "n6", "kind": "news", "title": "六"} {}`,
		`{"id": "n7", "kind": "news", "title": "七", "source": {"name": "冒名", "file": "x", "line": 1}}`,
	}, "\r\n")
	got := decode[bulkAnswer](t, o.call(key, "POST", "documents?source="+url.QueryEscape("门户"), body), 200)
	if got.Lines != 11 || got.Added != 3 || got.Rejected != 7 || got.Stopped != "" {
		t.Errorf("the sums are %+v", got)
	}
	want := []string{"1 n1 stored", "3 n2 rejected 标题", "4 n3 rejected 发布日期", "5  rejected title", "6  rejected ", "7 n1 rejected 编号", "8  rejected ", "9 p1 stored 正文", "10 n6 rejected ", "11 n7 stored"}
	for i, r := range got.Results {
		line := fmt.Sprint(r.Line, " ", r.ID, " ", r.Status)
		if len(r.Problems) > 0 {
			line += " " + r.Problems[0].Field
		}
		if i >= len(want) || line != want[i] {
			t.Errorf("result %d is %q of %q", i, line, want)
		}
	}
	if from, err := o.store.Sources(t.Context(), "n7"); err != nil || from[0].Name != "门户" || from[0].Line != 11 {
		t.Errorf("n7 comes from %+v, %v", from, err)
	}
	runs, err := o.store.Runs(t.Context(), 5)
	if err != nil || len(runs) != 2 || runs[0].Summary.Added != 3 || len(runs[0].Faults) != 8 || runs[0].Source != "门户" {
		t.Errorf("the run is %+v, %v", runs, err)
	}
	gone := decode[bulkAnswer](t, o.call(key, "DELETE", "documents", "\"n1\"\n{\"id\": \"nobody\"}\n{\"name\": \"n7\"}\n17"), 200)
	var statuses []string
	for _, r := range gone.Results {
		statuses = append(statuses, r.Status)
	}
	if gone.Deleted != 1 || !slices.Equal(statuses, []string{"deleted", "absent", "rejected", "rejected"}) {
		t.Errorf("deleting answers %+v", gone)
	}
	if _, err := o.store.Get(t.Context(), "n1"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("n1 is there: %v", err)
	}
}

func TestBulkIsDoneOnceForAnIdempotencyKey(t *testing.T) {
	o := newOffice(t, nil)
	key := o.keys[curation.Editor]
	const body = `{"id": "n1", "kind": "news", "title": "一"}`
	send := func(key, body, idempotency string) *httptest.ResponseRecorder {
		return o.call(key, "POST", "documents", body, "Idempotency-Key", idempotency)
	}
	first := send(key, body, "batch-0001")
	again := send(key, body, "batch-0001")
	if first.Code != 200 || again.Code != 200 || first.Body.String() != again.Body.String() || again.Header().Get("Idempotency-Replayed") != "true" {
		t.Errorf("first %d %s, again %d %s %v", first.Code, first.Body, again.Code, again.Body, again.Header())
	}
	if w := send(key, body+"\n", "batch-0001"); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("the same key with another body: %d", w.Code)
	}
	if w := send(key, body, "short"); w.Code != 400 {
		t.Errorf("a short key: %d", w.Code)
	}
	if got := decode[bulkAnswer](t, send(o.keys[curation.Owner], body, "batch-0001"), 200); got.Unchanged != 1 {
		t.Errorf("somebody else's key: %+v", got)
	}
	runs, err := o.store.Runs(t.Context(), 10)
	if err != nil || len(runs) != 2 {
		t.Errorf("it was done %d times, %v", len(runs), err)
	}
}

// TestSourceIsSynchronized sends the whole of a source again and again.
func TestSourceIsSynchronized(t *testing.T) {
	o := newOffice(t, nil)
	key := o.keys[curation.Editor]
	send := func(path string, ids ...string) bulkAnswer {
		t.Helper()
		var body strings.Builder
		for _, id := range ids {
			fmt.Fprintf(&body, `{"id": %q, "kind": "news", "title": "消息%s"}`+"\n", id, id)
		}
		return decode[bulkAnswer](t, o.call(key, "POST", path, body.String()), 200)
	}
	held := func(want string) {
		t.Helper()
		var ids []string
		if err := o.store.IDs(t.Context(), func(id string, _ corpus.Kind) error { ids = append(ids, id); return nil }); err != nil {
			t.Fatal(err)
		}
		slices.Sort(ids)
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("the store has %q, want %q", got, want)
		}
	}
	send("documents?source=other", "x", "both")
	send("documents?source=mine", "a", "b", "both")
	if got := send("documents?source=mine&sync=1", "b", "c"); got.Added != 1 || got.Unchanged != 1 || got.Deleted != 1 || got.Kept != "" {
		t.Errorf("the first: %+v", got)
	}
	held("b both c x") // both is still of the other source
	log, err := o.curation.Changes(t.Context(), 0, 1)
	if err != nil || len(log) != 1 || !strings.Contains(log[0].After, `"gone":["a"]`) {
		t.Errorf("the log says %+v, %v", log, err)
	}
	if got := send("documents?source=mine&sync=1", "b", "c"); got.Unchanged != 2 || got.Deleted != 0 {
		t.Errorf("the same again: %+v", got)
	}
	if got := send("documents?source=mine&sync=1", "c", ""); got.Rejected != 1 || got.Deleted != 0 || got.Kept == "" {
		t.Errorf("with a line that is refused: %+v", got)
	}
	if got := send("documents?source=mine&sync=1"); got.Deleted != 0 || got.Kept == "" {
		t.Errorf("with nothing: %+v", got)
	}
	held("b both c x")
	for _, path := range []string{"documents?sync=1", "documents?source=mine&sync=yes"} {
		if w := o.call(key, "POST", path, ""); w.Code != 400 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w := o.call(key, "DELETE", "documents?source=mine&sync=1", ""); w.Code != 400 {
		t.Errorf("deleting with sync: %d", w.Code)
	}
	if got := send("documents?source=mine&sync=1", "c"); got.Deleted != 1 {
		t.Errorf("the last: %+v", got)
	}
	held("both c x")
}

func TestBulkIsBounded(t *testing.T) {
	o := newOffice(t, nil)
	key := o.keys[curation.Editor]
	long := `{"id": "n1", "kind": "news", "title": "一"}` + "\n" + `{"id": "n2", "kind": "news", "title": "` + strings.Repeat("长", 2<<20) + `"}`
	if got := decode[bulkAnswer](t, o.call(key, "POST", "documents", long), 413); got.Added != 1 || !strings.Contains(got.Stopped, "第 2 行") {
		t.Errorf("a long line: %+v", got)
	}
	many := strings.Repeat("\"nobody\"\n", 3) + strings.Repeat("\n", 20000)
	if got := decode[bulkAnswer](t, o.call(key, "DELETE", "documents", many), 413); got.Lines != 20000 || len(got.Results) != 3 || got.Stopped == "" {
		t.Errorf("many lines: %d, %q", got.Lines, got.Stopped)
	}
	if w := o.call(key, "POST", "documents?source="+url.QueryEscape("<script>"), ""); w.Code != 400 {
		t.Errorf("a source of another kind: %d", w.Code)
	}
	if w := o.call(key, "POST", "documents", ""); decode[bulkAnswer](t, w, 200).Lines != 0 || !strings.Contains(w.Body.String(), `"results":[]`) {
		t.Errorf("nothing: %s", w.Body)
	}
}

// TestEffectIsMeasuredAndPublished looks at what a pin, a synonym and a hidden item change, publishes them, sees them in
// force, and undoes them.
func TestEffectIsMeasuredAndPublished(t *testing.T) {
	judged := &judging.Set{Queries: []judging.Query{{ID: "1", Text: "办飞碟证"}}, Grades: map[string]map[string]int{"1": {"item-residence-permit-150102": 1}}}
	o := newOffice(t, func(options *server.Options) { options.Judged = []server.JudgedSet{{Name: "自编", Set: judged}} })
	for range 3 {
		o.journal.AddSearch(journal.Search{Query: "办飞碟证", Items: 3})
		o.journal.AddSearch(journal.Search{Query: "孩子上户口", Items: 3, Sure: true})
	}
	if err := o.journal.AddFeedback(t.Context(), journal.Feedback{Kind: "item", ID: "x", Satisfied: true}); err != nil { // everything before it is written
		t.Fatal(err)
	}
	key := o.keys[curation.Editor]
	search := func(q string) (string, *httptest.ResponseRecorder) {
		w := get(o, "/api/v1/search?limit=1&kind=item&q="+url.QueryEscape(q))
		return decode[index.Result](t, w, 200).Groups[0].Hits[0].ID, w
	}
	first, before := search("孩子上户口")
	for _, body := range []string{
		`{"kind": "synonym", "text": "飞碟证", "term": "居住证"}`,
		`{"kind": "hide", "text": "孩子上户口", "documents": ["` + first + `"]}`,
	} {
		decode[curation.Entry](t, o.call(key, "POST", "entries", body), 201)
	}
	effect := decode[struct {
		Revision string
		Replayed int
		Changes  []struct {
			Query         string
			Searches      int
			Kind          string
			Before, After struct {
				ID, Title string
				Sure      bool
			}
		}
		Judged []struct {
			Name          string
			Before, After float64
		}
	}](t, o.call(o.keys[curation.Reader], "GET", "effect", ""), 200)
	byQuery := map[string]int{}
	for i, c := range effect.Changes {
		if c.Kind == "item" {
			byQuery[c.Query] = i
		}
	}
	hidden := effect.Changes[byQuery["孩子上户口"]]
	if hidden.Searches < 3 || hidden.Before.ID != first || hidden.After.ID == first || hidden.After.Title == "" {
		t.Errorf("hiding changes %+v", hidden)
	}
	widened := effect.Changes[byQuery["办飞碟证"]]
	if widened.Before.Sure || !widened.After.Sure || !strings.Contains(widened.After.Title, "居住证") {
		t.Errorf("the synonym changes %+v", widened)
	}
	if len(effect.Judged) != 1 || effect.Judged[0].Name != "自编" || effect.Judged[0].Before < 0 {
		t.Errorf("the judged set changes %+v", effect.Judged)
	}
	if now, _ := search("孩子上户口"); now != first {
		t.Error("measuring put the draft into force")
	}
	tag := before.Header().Get("ETag")
	published := decode[curation.Version](t, o.call(key, "POST", "versions", `{"revision": "`+effect.Revision+`"}`), 201)
	now, answer := search("孩子上户口")
	if now == first || answer.Header().Get("ETag") == tag {
		t.Errorf("after publishing the first is %s, the tag %s", now, answer.Header().Get("ETag"))
	}
	if w := o.call(key, "POST", "versions", `{"revision": "`+effect.Revision+`"}`); w.Code != http.StatusConflict {
		t.Errorf("publishing it again: %d", w.Code)
	}
	decode[curation.Entry](t, o.call(key, "POST", "entries", `{"kind": "deny", "text": "飞碟"}`), 201)
	if w := o.call(key, "POST", "versions", `{"revision": "`+effect.Revision+`"}`); w.Code != http.StatusConflict {
		t.Errorf("publishing what changed since: %d", w.Code)
	}
	decode[curation.Version](t, o.call(key, "DELETE", fmt.Sprint("versions/", published.ID), ""), 200)
	if now, _ := search("孩子上户口"); now != first {
		t.Errorf("after undoing the first is %s", now)
	}
	steps := decode[struct {
		Current    int64
		Undo, Redo *int64
		Versions   []curation.Version
	}](t, o.call(o.keys[curation.Reader], "GET", "versions", ""), 200)
	if steps.Redo == nil || *steps.Redo != published.ID || steps.Undo != nil || len(steps.Versions) != 2 {
		t.Fatalf("after undoing: %+v", steps)
	}
	again := fmt.Sprintf("versions/%d/restore", published.ID)
	if w := o.call(key, "POST", again, `{"current": 1}`); w.Code != http.StatusConflict {
		t.Errorf("doing again what somebody else did: %d", w.Code)
	}
	decode[curation.Version](t, o.call(key, "POST", again, fmt.Sprintf(`{"current": %d}`, steps.Current)), 200)
	if now, _ := search("孩子上户口"); now == first {
		t.Errorf("after doing it again the first is %s", now)
	}
}

func TestDeniedNamesAreNotSuggested(t *testing.T) {
	o := newOffice(t, nil)
	suggest := func() string { return get(o, "/api/v1/suggest?q="+url.QueryEscape("出生登记")).Body.String() }
	if !strings.Contains(suggest(), "出生登记") {
		t.Fatal("nothing is suggested to begin with")
	}
	key := o.keys[curation.Editor]
	decode[curation.Entry](t, o.call(key, "POST", "entries", `{"kind": "deny", "text": "出生登记"}`), 201)
	effect := decode[struct{ Revision string }](t, o.call(key, "GET", "effect", ""), 200)
	decode[curation.Version](t, o.call(key, "POST", "versions", `{"revision": "`+effect.Revision+`"}`), 201)
	if list := decode[struct{ Suggestions []index.Suggestion }](t, get(o, "/api/v1/suggest?q="+url.QueryEscape("出生登记")), 200); slices.ContainsFunc(list.Suggestions, func(s index.Suggestion) bool { return strings.Contains(s.Text, "出生登记") }) {
		t.Errorf("suggested %+v", list)
	}
}

func TestProposalsComeWithEvidence(t *testing.T) {
	o := newOffice(t, nil)
	for range 4 {
		o.journal.AddSearch(journal.Search{Query: "新生儿飞碟证", Items: 3})
	}
	o.journal.AddSearch(journal.Search{Query: "只搜了一次的飞碟", Items: 3})
	o.journal.AddClick(journal.Click{Query: "新生儿飞碟证", ID: birthItem})
	if err := o.journal.AddFeedback(t.Context(), journal.Feedback{Kind: "search", Query: "新生儿飞碟证"}); err != nil {
		t.Fatal(err)
	}
	type near struct {
		ID, Title, Term string
		Times           int
	}
	type answer struct {
		Proposals []struct {
			Query                          string
			Searches, Failed, Dissatisfied int
			Nearest, Opened                []near
		}
	}
	list := decode[answer](t, o.call(o.keys[curation.Reader], "GET", "proposals", ""), 200).Proposals
	if len(list) != 1 {
		t.Fatalf("proposed %+v", list)
	}
	p := list[0]
	if p.Query != "新生儿飞碟证" || p.Searches != 4 || p.Failed != 4 || p.Dissatisfied != 1 || len(p.Nearest) == 0 || strings.Contains(p.Nearest[0].Term, "（") ||
		len(p.Opened) != 1 || p.Opened[0].Times != 1 || p.Opened[0].Term != "新生儿出生登记" {
		t.Errorf("the evidence is %+v", p)
	}
	e := decode[curation.Entry](t, o.call(o.keys[curation.Editor], "POST", "proposals", `{"query": "新生儿飞碟证", "term": "新生儿出生登记"}`), 201)
	if e.Kind != curation.Synonym || e.Text != "新生儿飞碟证" || e.Term != "新生儿出生登记" {
		t.Errorf("accepting makes %+v", e)
	}
	if left := decode[answer](t, o.call(o.keys[curation.Reader], "GET", "proposals", ""), 200).Proposals; len(left) != 0 {
		t.Errorf("it is proposed again: %+v", left)
	}
}

// enterWith opens the desk with a key and returns the session's cookie.
func enterWith(t *testing.T, s http.Handler, key string) string {
	t.Helper()
	w := submit(s, "/staff/login", url.Values{"key": {key}})
	if w.Code != http.StatusSeeOther || len(w.Result().Cookies()) != 1 {
		t.Fatalf("the key is answered by %d: %s", w.Code, w.Body)
	}
	c := w.Result().Cookies()[0]
	return c.Name + "=" + c.Value
}

// TestDeskFollowsTheRoles opens every page and sends every form of the desk with every role, and from another site.
func TestDeskFollowsTheRoles(t *testing.T) {
	o := newOffice(t, nil)
	cookies := map[curation.Role]string{}
	for role, key := range o.keys {
		cookies[role] = enterWith(t, o, key)
	}
	for path, need := range map[string]curation.Role{
		"/staff": curation.Reader, "/staff/proposals": curation.Reader, "/staff/entries": curation.Reader, "/staff/entries?kind=pin": curation.Reader,
		"/staff/entries/effect": curation.Reader, "/staff/changes": curation.Reader, "/staff/keys": curation.Owner,
	} {
		for role, cookie := range cookies {
			w := get(o, path, "Accept", "text/html", "Cookie", cookie)
			if want := map[bool]int{true: 200, false: 403}[role.May(need)]; w.Code != want {
				t.Errorf("%s shows %s by %d, want %d", role, path, w.Code, want)
			}
			if page := w.Body.String(); role == curation.Reader && strings.Contains(page, `action="/staff/entries`) {
				t.Errorf("%s offers a form to a reader", path)
			}
		}
		if w := get(o, path, "Accept", "text/html"); w.Code != http.StatusUnauthorized {
			t.Errorf("%s is shown to anybody: %d", path, w.Code)
		}
	}
	for path, need := range map[string]curation.Role{
		"/staff/entries": curation.Editor, "/staff/entries/remove": curation.Editor, "/staff/entries/drop": curation.Editor, "/staff/entries/publish": curation.Editor,
		"/staff/entries/undo": curation.Editor, "/staff/entries/restore": curation.Editor, "/staff/proposals": curation.Editor, "/staff/keys": curation.Owner, "/staff/keys/revoke": curation.Owner,
	} {
		if w := submit(o, path, url.Values{}); w.Code != http.StatusUnauthorized {
			t.Errorf("anybody sends %s: %d", path, w.Code)
		}
		for role, cookie := range cookies {
			w := submit(o, path, url.Values{}, "Cookie", cookie)
			if refused := w.Code == http.StatusForbidden; refused == role.May(need) {
				t.Errorf("%s sends %s: %d", role, path, w.Code)
			}
			if w := submit(o, path, url.Values{}, "Cookie", cookie, "Sec-Fetch-Site", "cross-site"); w.Code != http.StatusForbidden {
				t.Errorf("another site sends %s: %d", path, w.Code)
			}
		}
	}
	keys, err := o.curation.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		if err := o.curation.Revoke(t.Context(), "测试", k.ID); err != nil {
			t.Fatal(err)
		}
	}
	for role, cookie := range cookies {
		if w := get(o, "/staff", "Accept", "text/html", "Cookie", cookie); w.Code != http.StatusUnauthorized {
			t.Errorf("a session of the %s outlives its key: %d", role, w.Code)
		}
	}
}

// TestADayAtTheDesk pins an item on the pages as the staff do: by the address of its page, with a mistake on the way.
func TestADayAtTheDesk(t *testing.T) {
	o := newOffice(t, nil)
	cookie := enterWith(t, o, o.keys[curation.Owner])
	page := func(path string) string { return get(o, path, "Accept", "text/html", "Cookie", cookie).Body.String() }
	send := func(path string, form url.Values, want int) string {
		t.Helper()
		w := submit(o, path, form, "Cookie", cookie)
		if w.Code != want {
			t.Fatalf("%s %v is answered by %d: %s", path, form, w.Code, w.Body)
		}
		return w.Body.String()
	}
	hits := page("/staff/search?kind=item&q=" + url.QueryEscape("飞碟&登记"))
	filled := ""
	for _, a := range nodes(t, hits, "a") {
		if filled == "" && strings.HasPrefix(attr(a, "href"), "/staff/entries?kind=pin&") {
			filled = page(attr(a, "href"))
		}
	}
	if !strings.Contains(filled, `value="飞碟&amp;登记"`) || !strings.Contains(filled, ">item-") {
		t.Error("no hit leads to a form for pinning it")
	}
	form := url.Values{"kind": {"pin"}, "text": {"飞碟<b>"}, "documents": {"nobody-here"}, "until": {"2099-01-01"}, "note": {"节前"}}
	if again := send("/staff/entries", form, 400); !strings.Contains(again, "没有编号为 nobody-here") || !strings.Contains(again, "飞碟&lt;b&gt;") || !strings.Contains(again, `value="2099-01-01"`) {
		t.Error("the mistake is not shown beside what was written")
	}
	form.Set("documents", "https://portal.example/items/"+birthItem+"?place=1501#top")
	send("/staff/entries", form, 303)
	if list := page("/staff/entries?kind=pin"); !strings.Contains(list, "新生儿出生登记") || !strings.Contains(list, "未发布") || !strings.Contains(list, "草稿有 1 处") {
		t.Error("the draft is not listed")
	}
	effect := page("/staff/entries/effect")
	if !strings.Contains(effect, "加上置顶：搜“飞碟&lt;b&gt;”先出现新生儿出生登记") {
		t.Errorf("the effect page does not say what is to be published: %s", effect)
	}
	revision := ""
	for _, n := range nodes(t, effect, "input") {
		if attr(n, "name") == "revision" {
			revision = attr(n, "value")
		}
	}
	send("/staff/entries/publish", url.Values{"revision": {revision}, "note": {"节前置顶"}}, 303)
	found := decode[index.Result](t, get(o, "/api/v1/search?kind=item&q="+url.QueryEscape("飞碟<b>")), 200)
	if h := found.Groups[0].Hits[0]; h.ID != birthItem || !slices.Contains(h.Why, index.WhyPinned) {
		t.Errorf("the first is %s, why %q", h.ID, h.Why)
	}
	if list := page("/staff/entries?kind=pin"); !strings.Contains(list, "生效中") || !strings.Contains(list, "节前置顶") {
		t.Error("the version is not listed")
	}
	send("/staff/entries/undo", url.Values{"id": {"1"}}, 303)
	list := page("/staff/entries?kind=pin")
	for _, want := range []string{
		`<span class="tag">已撤销</span>`, "撤销第 1 版，回到第一次发布之前", "全部内容：置顶 1 条", "重做这一版", "确定重做", "线上会换成第 1 版的内容",
		"加上置顶：搜“飞碟&lt;b&gt;”先出现新生儿出生登记", "取消置顶：搜“飞碟&lt;b&gt;”", "这一版一条也没有",
	} {
		if !strings.Contains(list, want) {
			t.Errorf("the versions, one of which was undone, do not say %q", want)
		}
	}
	send("/staff/entries/restore", url.Values{"id": {"1"}, "current": {"2"}}, 303)
	send("/staff/entries/restore", url.Values{"id": {"0"}, "current": {"3"}}, 303)
	made := send("/staff/keys", url.Values{"name": {"李工"}, "role": {"reader"}, "days": {"30"}}, 200)
	if strings.Count(made, "tongsou_") != 1 || strings.Contains(page("/staff/keys"), "tongsou_") || !strings.Contains(page("/staff/keys"), "李工") {
		t.Error("the new key is not shown once")
	}
	log := page("/staff/changes")
	for _, want := range []string{"新建钥匙", "添加", "发布", "撤销", "恢复", "owner", "飞碟"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %q", want)
		}
	}
}

func TestExpiredPinsDoNothing(t *testing.T) {
	day := time.Date(2026, 5, 1, 9, 0, 0, 0, time.Local)
	o := newOffice(t, func(options *server.Options) { options.Now = func() time.Time { return day } })
	key := o.keys[curation.Editor]
	decode[curation.Entry](t, o.call(key, "POST", "entries", `{"kind": "pin", "text": "飞碟", "documents": ["`+birthItem+`"], "until": "2026-04-30"}`), 201)
	cookie := enterWith(t, o, key)
	effect := decode[struct{ Revision string }](t, o.call(key, "GET", "effect", ""), 200)
	decode[curation.Version](t, o.call(key, "POST", "versions", `{"revision": "`+effect.Revision+`"}`), 201)
	if list := get(o, "/staff/entries?kind=pin", "Accept", "text/html", "Cookie", cookie).Body.String(); !strings.Contains(list, "已到期") {
		t.Error("the desk does not say that it has expired")
	}
}
