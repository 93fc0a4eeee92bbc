package server_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tongsou/corpus/ingest"
	"tongsou/corpus/reader"
	"tongsou/corpus/sample"
	"tongsou/corpus/store"
	"tongsou/index"
	"tongsou/index/embedded"
	"tongsou/server"
)

// fixture is a store and an index of the embedded sample, made once for all tests and only read by them.
var fixture = sync.OnceValues(func() (server.Options, error) {
	ctx := context.Background()
	s, err := store.Open(ctx, filepath.Join(scratch, "store.db"))
	if err != nil {
		return server.Options{}, err
	}
	ends = append(ends, s.Close)
	opts := ingest.Options{Reader: reader.Options{FS: sample.Files, Source: sample.Source}}
	if _, err := ingest.Run(ctx, s, ".", opts); err != nil {
		return server.Options{}, err
	}
	e, err := embedded.Open(embedded.Options{Path: filepath.Join(scratch, "index")})
	if err != nil {
		return server.Options{}, err
	}
	ends = append(ends, e.Close)
	_, err = index.CatchUp(ctx, s, e, nil)
	return server.Options{Engine: e, Library: s, Log: slog.New(slog.DiscardHandler)}, err
})

func newServer(t *testing.T, change func(*server.Options)) *server.Server {
	t.Helper()
	o, err := fixture()
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&o)
	}
	s, err := server.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func get(s http.Handler, url string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, url, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// slow is an engine whose searches take until they are told to stop.
type slow struct {
	server.Engine
	started chan struct{}
}

func (e slow) Search(ctx context.Context, _ index.Query) (*index.Result, error) {
	e.started <- struct{}{}
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestTimeout(t *testing.T) {
	s := newServer(t, func(o *server.Options) {
		o.Engine, o.Timeout = slow{o.Engine, make(chan struct{}, 1)}, 20*time.Millisecond
	})
	w := get(s, "/api/v1/search?q=x")
	if w.Code != http.StatusGatewayTimeout || !strings.Contains(w.Body.String(), "查询超时") {
		t.Errorf("got %d %s, want 504 and what to do", w.Code, w.Body)
	}
}

func TestTooManyAtOnce(t *testing.T) {
	started := make(chan struct{}, 1)
	s := newServer(t, func(o *server.Options) {
		o.Engine, o.MaxConcurrent, o.Timeout = slow{o.Engine, started}, 1, 5*time.Second
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r := httptest.NewRequest(http.MethodGet, "/api/v1/search?q=x", nil).WithContext(ctx)
		s.ServeHTTP(httptest.NewRecorder(), r)
	}()
	<-started
	w := get(s, "/api/v1/search?q=y")
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("got %d with Retry-After %q, want 503 and when to come back", w.Code, w.Header().Get("Retry-After"))
	}
	if w := get(s, "/healthz"); w.Code != http.StatusOK {
		t.Errorf("/healthz answers %d while the server is busy", w.Code)
	}
	cancel()
	<-done
	if w := get(s, "/openapi.json"); w.Code != http.StatusOK {
		t.Errorf("after the first request ended: got %d, want 200", w.Code)
	}
}

// broken is an engine with a bug.
type broken struct{ server.Engine }

func (broken) Search(context.Context, index.Query) (*index.Result, error) { panic("a bug") }

func TestPanicStaysWithItsRequest(t *testing.T) {
	s := newServer(t, func(o *server.Options) { o.Engine = broken{o.Engine} })
	w := get(s, "/api/v1/search?q=x")
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "a bug") {
		t.Errorf("got %d %s, want 500 without the panic's text", w.Code, w.Body)
	}
}

func TestHeadersMakeBrowsersCareful(t *testing.T) {
	w := get(newServer(t, nil), "/", "Accept", "text/html")
	for name, part := range map[string]string{
		"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
	} {
		if !strings.Contains(w.Header().Get(name), part) {
			t.Errorf("%s is %q, want %q in it", name, w.Header().Get(name), part)
		}
	}
}

// styleSheet finds the address of the style sheet on the home page.
func styleSheet(t *testing.T, s http.Handler) string {
	t.Helper()
	for _, n := range nodes(t, get(s, "/").Body.String(), "link") {
		if attr(n, "rel") == "stylesheet" {
			return attr(n, "href")
		}
	}
	t.Fatal("the home page has no style sheet")
	return ""
}

func TestUnchangedAnswersAreNotSentAgain(t *testing.T) {
	s := newServer(t, nil)
	for _, url := range []string{"/api/v1/search?q=户口", "/api/v1/suggest?q=户", "/", "/openapi.json", styleSheet(t, s)} {
		first := get(s, url)
		tag := first.Header().Get("ETag")
		if first.Code != http.StatusOK || tag == "" {
			t.Errorf("%s: got %d with ETag %q", url, first.Code, tag)
			continue
		}
		if again := get(s, url, "If-None-Match", `"other", `+tag); again.Code != http.StatusNotModified || again.Body.Len() > 0 {
			t.Errorf("%s: got %d and %d bytes for a known tag, want 304 and none", url, again.Code, again.Body.Len())
		}
		if other := get(s, url, "If-None-Match", `"other"`); other.Code != http.StatusOK {
			t.Errorf("%s: got %d for another tag, want 200", url, other.Code)
		}
	}
}

func TestAnswersAreCompressed(t *testing.T) {
	w := get(newServer(t, nil), "/openapi.json", "Accept-Encoding", "gzip")
	if w.Header().Get("Content-Encoding") != "gzip" {
		t.Errorf("Content-Encoding is %q, want gzip", w.Header().Get("Content-Encoding"))
	}
}

// TestRunAndClose starts a server as main does and stops it while a request is under way: the request is answered.
func TestRunAndClose(t *testing.T) {
	started := make(chan struct{}, 1)
	s := newServer(t, func(o *server.Options) { o.Engine, o.Timeout = slow{o.Engine, started}, 300*time.Millisecond })
	if err := s.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	status := make(chan int, 1)
	go func() {
		resp, err := http.Get(s.URL() + "/api/v1/search?q=x")
		if err != nil {
			status <- 0
			return
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		status <- resp.StatusCode
	}()
	<-started
	cancel()
	if code := <-status; code != http.StatusGatewayTimeout {
		t.Errorf("the request under way got %d, want its own answer", code)
	}
	if err := <-ran; err != nil {
		t.Errorf("Run: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

func TestListenSaysWhichAddress(t *testing.T) {
	s := newServer(t, nil)
	if err := s.Listen("127.0.0.1:notaport"); err == nil || !strings.Contains(err.Error(), "--addr") {
		t.Errorf("got %v, want an error that says what to change", err)
	}
}
