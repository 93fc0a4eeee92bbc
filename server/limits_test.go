package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tongsou/index"
	"tongsou/server"
)

func networks(t *testing.T, list ...string) []netip.Prefix {
	t.Helper()
	all, err := server.ParseProxies(list)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestParseProxiesSaysWhatToWrite(t *testing.T) {
	for _, bad := range []string{"localhost", "10.0.0.0/33", "", "10.0.0.1:80"} {
		if _, err := server.ParseProxies([]string{bad}); err == nil || !strings.Contains(err.Error(), "10.0.0.0/8") {
			t.Errorf("%q: %v, want how to write it", bad, err)
		}
	}
}

// from asks as somebody at an address, perhaps through proxies.
func from(s http.Handler, remote, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.RemoteAddr = remote
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func TestRateIsLimitedByAddress(t *testing.T) {
	now := time.Now()
	s := newServer(t, func(o *server.Options) {
		o.Rate, o.Now, o.TrustedProxies = 2, func() time.Time { return now }, networks(t, "10.0.0.0/8")
	})
	const target = "/api/v1/suggest?q=x"
	for i := range 8 { // four seconds' worth at once
		if w := from(s, "192.0.2.1:5", target); w.Code != http.StatusOK {
			t.Fatalf("request %d of a burst: %d", i, w.Code)
		}
	}
	w := from(s, "192.0.2.1:6", target)
	after, err := strconv.Atoi(w.Header().Get("Retry-After"))
	if w.Code != http.StatusTooManyRequests || err != nil || after < 1 || !strings.Contains(w.Body.String(), "操作太快") {
		t.Fatalf("after the burst: %d, Retry-After %q, %s", w.Code, w.Header().Get("Retry-After"), w.Body)
	}
	for name, c := range map[string]struct {
		remote, forwarded string
		want              int
	}{
		"another address":                     {"192.0.2.2:5", "", 200},
		"a made-up address":                   {"192.0.2.1:5", "198.51.100.9", 429},
		"through a proxy":                     {"10.0.0.1:5", "192.0.2.1", 429},
		"through two proxies":                 {"10.0.0.1:5", "192.0.2.1, 10.0.0.2", 429},
		"through a proxy, with a made-up one": {"10.0.0.1:5", "198.51.100.7, 192.0.2.1", 429},
		"another through a proxy":             {"10.0.0.1:5", "192.0.2.3", 200},
		"nonsense through a proxy":            {"10.0.0.1:5", "unknown", 200},
		"the same address as IPv6":            {"[::ffff:192.0.2.1]:5", "", 429},
	} {
		var header []string
		if c.forwarded != "" {
			header = []string{"X-Forwarded-For", c.forwarded}
		}
		if w := from(s, c.remote, target, header...); w.Code != c.want {
			t.Errorf("%s: %d, want %d", name, w.Code, c.want)
		}
	}
	if w := from(s, "192.0.2.1:5", styleSheet(t, newServer(t, nil))); w.Code != http.StatusOK {
		t.Errorf("the style of a page: %d", w.Code)
	}
	now = now.Add(time.Duration(after) * time.Second)
	if w := from(s, "192.0.2.1:5", target); w.Code != http.StatusOK {
		t.Errorf("when it was told to come back: %d", w.Code)
	}
}

func TestRateIsLimitedByKey(t *testing.T) {
	now := time.Now()
	s := newServer(t, func(o *server.Options) {
		o.KeyRate, o.Now = 1, func() time.Time { return now }
		o.Sites = []server.Site{{Key: "portal-one", Origins: []string{"https://one.example"}}, {Key: "portal-two", Origins: []string{"https://two.example"}}}
	})
	ask := func(i int, key string) *httptest.ResponseRecorder {
		return from(s, "192.0.2."+strconv.Itoa(i)+":1", "/api/v1/suggest?q=x&key=portal-"+key, "Origin", "https://"+key+".example")
	}
	for i := range 4 {
		if w := ask(i, "one"); w.Code != http.StatusOK {
			t.Fatalf("visitor %d: %d", i, w.Code)
		}
	}
	w := ask(5, "one")
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" || w.Header().Get("Access-Control-Allow-Origin") != "https://one.example" ||
		!strings.Contains(w.Header().Get("Access-Control-Expose-Headers"), "Retry-After") {
		t.Errorf("one too many: %d %v; the portal's page has to be able to read when to come back", w.Code, w.Header())
	}
	if w := ask(6, "two"); w.Code != http.StatusOK {
		t.Errorf("another portal: %d", w.Code)
	}
}

// held is an engine whose searches end when they are let go.
type held struct {
	server.Engine
	begun, release chan struct{}
}

func (e held) Search(ctx context.Context, q index.Query) (*index.Result, error) {
	e.begun <- struct{}{}
	<-e.release
	return e.Engine.Search(ctx, q)
}

// TestRequestsWaitForTheirTurn holds that more requests than work at once wait, and are answered.
func TestRequestsWaitForTheirTurn(t *testing.T) {
	e := held{begun: make(chan struct{}, 1000), release: make(chan struct{})}
	const most = 200
	s := newServer(t, func(o *server.Options) { e.Engine = o.Engine; o.Engine, o.MaxConcurrent = e, most })
	codes := make(chan int, 2*most)
	var all sync.WaitGroup
	for range most {
		all.Go(func() { codes <- get(s, "/api/v1/search?q=x").Code })
	}
	working := 0
	for quiet := false; !quiet; {
		select {
		case <-e.begun:
			working++
		case <-time.After(200 * time.Millisecond):
			quiet = true
		}
	}
	if working == 0 || working >= most {
		t.Errorf("%d of %d work at once, want a few", working, most)
	}
	if w := get(s, "/api/v1/search?q=y"); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("one more than may wait: %d", w.Code)
	}
	close(e.release)
	all.Wait()
	close(codes)
	for code := range codes {
		if code != http.StatusOK {
			t.Errorf("one that waited got %d", code)
		}
	}
}

// TestSlowClientsTakeNoTurn opens more connections than may work at once, from which it reads nothing or to which it sends
// only the beginning of a form, and asks on another.
func TestSlowClientsTakeNoTurn(t *testing.T) {
	for name, request := range map[string]string{
		"readers": "GET /api/v1/search?q=x HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"senders": "POST /settings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nlook=",
	} {
		t.Run(name, func(t *testing.T) { slowClients(t, request, name == "readers") })
	}
}

func slowClients(t *testing.T, request string, answered bool) {
	t.Helper()
	s := newServer(t, func(o *server.Options) { o.Engine, o.MaxConcurrent = large{o.Engine}, 2 })
	if err := s.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Run(context.Background()) }()
	t.Cleanup(func() { _ = s.Close() })
	u, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		conn, err := net.Dial("tcp", "127.0.0.1:"+u.Port())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		if !answered {
			continue
		}
		if _, err := conn.Read(make([]byte, 1)); err != nil { // the answer has begun
			t.Fatal(err)
		}
	}
	if !answered {
		time.Sleep(200 * time.Millisecond) // the server has read what there is
	}
	resp, err := http.Get(s.URL() + "/api/v1/suggest?q=x")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("with slow clients: %d", resp.StatusCode)
	}
}

// large is an engine whose answers do not fit into what a connection buffers.
type large struct{ server.Engine }

func (e large) Search(ctx context.Context, q index.Query) (*index.Result, error) {
	return &index.Result{Query: index.Understanding{Text: strings.Repeat("大", 8<<20)}}, nil
}

// TestQueryOutOfTimeIsAnsweredInPart holds that the page and the API give what was found, say so, and are not kept.
func TestQueryOutOfTimeIsAnsweredInPart(t *testing.T) {
	s := newServer(t, func(o *server.Options) { o.Engine = partial{o.Engine} })
	for target, want := range map[string]string{"/api/v1/search?q=户口": `"partial":true`, "/search?q=户口": "只搜索了一部分"} {
		w := get(s, target, "Accept", "text/html")
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d without %s", target, w.Code, want)
		}
		if w.Header().Get("ETag") != "" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be kept: %v", target, w.Header())
		}
	}
}

type partial struct{ server.Engine }

func (e partial) Search(ctx context.Context, q index.Query) (*index.Result, error) {
	res, err := e.Engine.Search(ctx, q)
	if err == nil {
		res.Partial = true
		res.Query.Notes = append(res.Query.Notes, "这次查询花的时间太长，只搜索了一部分。")
	}
	return res, err
}

func TestBodiesAreBounded(t *testing.T) {
	s := newServer(t, nil)
	r := httptest.NewRequest(http.MethodPost, "/settings", strings.NewReader("look="+strings.Repeat("a", 2<<20)))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a form of two megabytes: %d", w.Code)
	}
}

// TestNoPathLeavesTheFiles asks for files outside those that are served, in every spelling.
func TestNoPathLeavesTheFiles(t *testing.T) {
	s := newServer(t, nil)
	build := strings.Split(styleSheet(t, s), "/")[2]
	for _, path := range []string{
		"/assets/" + build + "/../../server.go", "/assets/" + build + "/..%2f..%2fserver.go", "/assets/" + build + "/%2e%2e/layout.html",
		"/assets/" + build + "/layout.html", "/assets/" + build + "/openapi.yaml", "/assets/" + build + `/..\..\server.go`, "/assets//etc/passwd",
		"/items/..%2f..%2fetc%2fpasswd", "/documents/....//etc/passwd", "/api/v1/documents/..%00", "/api/v1/items/%2e%2e%2f%2e%2e%2fstore.db",
		"/widget-../../../etc/passwd.js", "/guides/../../etc/passwd",
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		u, err := url.Parse("http://localhost" + path)
		if err != nil {
			t.Fatal(err)
		}
		r.URL, r.RequestURI = u, path
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		for w.Code == http.StatusMovedPermanently && strings.HasPrefix(w.Header().Get("Location"), "/") {
			w = get(s, w.Header().Get("Location"))
		}
		if w.Code == http.StatusOK {
			t.Errorf("%s is answered: %.80s", path, w.Body)
		}
	}
}

// TestNothingTypedBecomesAHeader sends line breaks wherever a request may end up in a header of its answer.
func TestNothingTypedBecomesAHeader(t *testing.T) {
	s := newServer(t, nil)
	const evil = "%0d%0aSet-Cookie:%20a=b%0d%0a%0d%0a"
	for _, target := range []string{"/?q=x" + evil, "/?q=" + evil, "/search?q=" + evil, "/api/v1/search?q=x&lmit" + evil + "=1", "/items/" + evil, "/nowhere" + evil,
		"/embed/frame?key=" + evil, "/embed/preview?place=" + evil} {
		w := get(s, target, "X-Request-Id", "x\r\nSet-Cookie: a=b", "Origin", "https://x\r\nSet-Cookie: a=b", "Accept", "text/html")
		if w.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s sets a cookie", target)
		}
		for name, values := range w.Header() {
			for _, v := range append(values, name) {
				if strings.ContainsAny(v, "\r\n") {
					t.Errorf("%s: the header %s breaks its line: %q", target, name, v)
				}
			}
		}
	}
	form := url.Values{"back": {"/\r\nSet-Cookie: a=b"}, "look": {"large\r\nX: y"}}
	w := submit(s, "/settings", form)
	if got := w.Header().Get("Location"); got != "/" {
		t.Errorf("the way back leads to %q", got)
	}
}

// TestLogsTellNothingTyped holds that a line of the log is one line, carries the ID of its request, and says neither what
// was typed, nor who asked, nor a secret.
func TestLogsTellNothingTyped(t *testing.T) {
	var b bytes.Buffer
	s := newServer(t, func(o *server.Options) {
		o.Log = slog.New(slog.NewJSONHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug}))
		o.Engine, o.AdminKey = broken{o.Engine}, adminKey
	})
	for _, target := range []string{"/api/v1/search?q=身份证150102199001011234&key=portal-secret", "/items/x%0atime=fake", "/nowhere%0aevil"} {
		get(s, target, "X-Request-Id", "abcdefgh-1", "Authorization", "Bearer very-secret", "Cookie", "tongsou_staff=token-secret", "User-Agent", "agent-x")
	}
	submit(s, "/staff/login", url.Values{"key": {adminKey}})
	submit(s, "/staff/login", url.Values{"key": {"wrong-secret"}})
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) < 5 {
		t.Fatalf("only %d lines: %s", len(lines), b.String())
	}
	withID := 0
	for _, line := range lines {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Errorf("a line is no line: %q", line)
		}
		if entry["request"] == "abcdefgh-1" {
			withID++
		}
	}
	if withID < 4 { // three requests and a panic
		t.Errorf("%d lines carry the request's ID", withID)
	}
	for _, secret := range []string{"150102199001011234", "portal-secret", "very-secret", "token-secret", adminKey, "wrong-secret", "192.0.2.1", "agent-x", "evil", "fake"} {
		if strings.Contains(b.String(), secret) {
			t.Errorf("the log tells %q:\n%s", secret, b.String())
		}
	}
}

func TestRequestsHaveIDs(t *testing.T) {
	s := newServer(t, nil)
	for given, kept := range map[string]bool{"abcdefgh-1": true, "": false, "short": false, "with blank in it": false, strings.Repeat("a", 65): false, "a\"b\"cdefgh": false} {
		got := get(s, "/healthz", "X-Request-Id", given).Header().Get("X-Request-Id")
		if kept != (got == given) || len(got) < 8 {
			t.Errorf("given %q: the answer has %q", given, got)
		}
	}
}
