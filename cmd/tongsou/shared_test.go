package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tongsou/corpus/postgres/postgrestest"
)

// database is the PostgreSQL cluster of this package's tests.
var database postgrestest.Server

// scratch is a folder that all tests share and that goes with them.
var scratch string

func TestMain(m *testing.M) { os.Exit(runAll(m)) }

func runAll(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tongsou-test")
	if err == nil {
		err = os.Chmod(dir, 0o755) // processes of another user run what lies there
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	scratch = dir
	code := database.Run(m)
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// inDatabase makes that every tongsou of a test keeps its store in an empty database.
func inDatabase(t *testing.T) (dsn string) {
	t.Helper()
	dsn = database.Database(t)
	t.Setenv("TONGSOU_STORE", "postgres")
	t.Setenv("TONGSOU_POSTGRES_DSN", dsn)
	return dsn
}

// node is one serve of several over one database: a process of its own, at an address that stays the same.
type node struct {
	*faulty
	addr    string
	args    []string // of serve, beside where it stands
	process *process
}

// newNode starts a serve with whatever arguments more and waits until it is ready.
func newNode(t *testing.T, args ...string) *node {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &node{faulty: newFaulty(t, filepath.Join(t.TempDir(), "data")), addr: l.Addr().String(), args: args}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	n.begin()
	return n
}

func (n *node) url() string { return "http://" + n.addr }

func (n *node) begin() {
	n.t.Helper()
	n.process = n.start(append([]string{"serve", "--data", n.data, "--addr", n.addr, "--log", "info", "--rate", "0"}, n.args...)...)
	for range 3600 { // three minutes: the machine may be busy
		if res, err := http.Get(n.url() + "/readyz"); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-n.process.done:
			n.t.Fatalf("serve ended: %s", n.process.out.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
	n.t.Fatalf("serve is not ready: %s", n.process.out.String())
}

func (n *node) elected() bool {
	return strings.Contains(n.process.out.String(), "this process was elected")
}

// waitUntil waits for something, at most three minutes, and returns how long it took.
func waitUntil(t *testing.T, what string, happened func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for !happened() {
		if time.Since(began) > 3*time.Minute {
			t.Fatalf("%s: not within three minutes", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
	return time.Since(began)
}

// admin asks the admin API of a node.
func (n *node) admin(method, path, body string, answer any) {
	n.t.Helper()
	req, err := http.NewRequestWithContext(n.t.Context(), method, n.url()+"/api/v1/admin/"+path, strings.NewReader(body))
	if err != nil {
		n.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+faultsKey)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		n.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 {
		n.t.Fatalf("%s %s: %d %s %v", method, path, res.StatusCode, raw, err)
	}
	if err := json.Unmarshal(raw, answer); err != nil {
		n.t.Fatal(err)
	}
}

// search is the whole answer of a node to a query.
func (n *node) search(query string) string {
	n.t.Helper()
	res, err := http.Get(n.url() + "/api/v1/search?" + url.Values{"q": {query}}.Encode())
	if err != nil {
		n.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		n.t.Fatal(err)
	}
	return string(raw)
}

// Two serve processes over one database give the same answers: what is stored and published at one is found at the other,
// and when the one that was elected is killed the other takes its office.
func TestTwoServesOverOneDatabase(t *testing.T) {
	inDatabase(t)
	first := newNode(t)
	waitUntil(t, "elected", first.elected)
	second := newNode(t)
	if second.elected() {
		t.Fatal("two are elected")
	}
	if a, b := first.search("户口"), second.search("户口"); withoutTime(a) != withoutTime(b) || !strings.Contains(a, "户口") {
		t.Errorf("two answers:\n%s\n%s", a, b)
	}

	if !first.post(first.url(), "cluster1", 1) {
		t.Fatal("a document was not acknowledged")
	}
	for _, n := range []*node{first, second} {
		took := waitUntil(t, "found", func() bool { return strings.Contains(n.search(word("cluster1", 1)), `"cluster1"`) })
		t.Logf("a document was found %v after it was acknowledged", took.Round(time.Millisecond))
	}

	const query = "奥利给" // means nothing until it is said to
	if strings.Contains(second.search(query), "户口簿") {
		t.Fatal("the query means something already")
	}
	var added, published struct {
		ID int64 `json:"id"`
	}
	var effect struct {
		Revision string `json:"revision"`
	}
	first.admin(http.MethodPost, "entries", `{"kind":"synonym","text":"`+query+`","term":"户口簿"}`, &added)
	first.admin(http.MethodGet, "effect", "", &effect)
	first.admin(http.MethodPost, "versions", `{"revision":"`+effect.Revision+`"}`, &published)
	took := waitUntil(t, "in force", func() bool { return strings.Contains(second.search(query), "户口簿") })
	t.Logf("a synonym that was published at one was in force at the other after %v", took.Round(time.Millisecond))

	secret := strings.TrimSpace(must(t, "key", "create", "--data", t.TempDir(), "--name", "门户", "--role", "reader"))
	for _, n := range []*node{first, second} { // a key that was made on a third machine works at once
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, n.url()+"/api/v1/admin/entries", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+secret)
		res, err := http.DefaultClient.Do(req)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Errorf("with a new key: %v, %v", res, err)
			continue
		}
		_ = res.Body.Close()
	}

	first.process.kill()
	took = waitUntil(t, "elected", second.elected)
	t.Logf("hand-over %v after the holder was killed", took.Round(time.Millisecond))
}

// withoutTime is an answer without what it says of its own making.
func withoutTime(answer string) string {
	var m map[string]any
	if err := json.Unmarshal([]byte(answer), &m); err != nil {
		return err.Error()
	}
	for key := range m {
		if strings.HasPrefix(key, "took") {
			delete(m, key)
		}
	}
	raw, _ := json.Marshal(m) // it was JSON before
	return string(raw)
}

// balancer passes requests on to those of some servers that are ready, in turns. One that cannot be reached is left out at
// once, and the request goes to the next: what every balancer does with requests that change nothing.
type balancer struct {
	targets []*url.URL
	ready   []atomic.Bool
	next    atomic.Int64
}

func (b *balancer) watch(ctx context.Context) {
	for ctx.Err() == nil {
		for i, u := range b.targets {
			res, err := http.Get(u.String() + "/readyz")
			b.ready[i].Store(err == nil && res.StatusCode == http.StatusOK)
			if err == nil {
				_ = res.Body.Close()
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// RoundTrip implements http.RoundTripper.
func (b *balancer) RoundTrip(r *http.Request) (*http.Response, error) {
	failed := errors.New("no server is ready")
	for range 2 * len(b.targets) {
		i := int(b.next.Add(1)) % len(b.targets)
		if !b.ready[i].Load() {
			continue
		}
		again := r.Clone(r.Context())
		again.URL.Scheme, again.URL.Host = b.targets[i].Scheme, b.targets[i].Host
		res, err := http.DefaultTransport.RoundTrip(again)
		if err == nil {
			return res, nil
		}
		b.ready[i].Store(false)
		failed = err
	}
	return nil, failed
}

// A database that is down takes no server out: searches need it not. The servers say what is missing, and are whole again
// when it is back.
func TestServeOutlivesItsDatabase(t *testing.T) {
	inDatabase(t)
	n := newNode(t)
	answer := func() string {
		found, _, _ := strings.Cut(n.search("公积金提取"), `"took_ms"`)
		return found
	}
	whole := answer()
	if err := database.Kill(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = database.Start() }) // the next test needs it
	code, status, body := readyz(t, n.url())
	if code != http.StatusOK || status != "degraded" || !strings.Contains(body, "存储没有应答") {
		t.Errorf("without its database it says %d %s", code, body)
	}
	if got := answer(); got != whole {
		t.Errorf("without its database it answers otherwise: %.300s, before %.300s", got, whole)
	}
	if err := database.Start(); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, "ready again", func() bool {
		code, status, _ := readyz(t, n.url())
		return code == http.StatusOK && status == "ready"
	})
}

// Two serve processes behind a balancer are restarted one after another, with new binaries as it were: no request fails.
func TestRollingRestart(t *testing.T) {
	inDatabase(t)
	nodes := []*node{newNode(t), newNode(t)}
	b := &balancer{ready: make([]atomic.Bool, len(nodes))}
	for i, n := range nodes {
		u, err := url.Parse(n.url())
		if err != nil {
			t.Fatal(err)
		}
		b.targets = append(b.targets, u)
		b.ready[i].Store(true)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go b.watch(ctx)
	front := httptest.NewServer(&httputil.ReverseProxy{Transport: b, Rewrite: func(*httputil.ProxyRequest) {}})
	defer front.Close()

	var asked, failures atomic.Int64
	var asking sync.WaitGroup
	stop := make(chan struct{})
	for i, path := range []string{"/api/v1/search?q=" + url.QueryEscape("户口"), "/search?q=" + url.QueryEscape("公积金"), "/", "/api/v1/suggest?q=" + url.QueryEscape("社保")} {
		asking.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(time.Duration(10+i) * time.Millisecond):
				}
				asked.Add(1)
				res, err := http.Get(front.URL + path)
				if err == nil {
					_, err = io.Copy(io.Discard, res.Body)
					_ = res.Body.Close()
					if err == nil && res.StatusCode != http.StatusOK {
						err = fmt.Errorf("status %d", res.StatusCode)
					}
				}
				if err != nil {
					failures.Add(1)
					t.Errorf("%s: %v", path, err)
				}
			}
		})
	}
	for i, n := range nodes {
		n.process.stop(t)
		n.begin()
		waitUntil(t, "taken in again", func() bool { return b.ready[i].Load() })
	}
	close(stop)
	asking.Wait()
	t.Logf("%d requests during a rolling restart, %d failed", asked.Load(), failures.Load())
	if asked.Load() < 20 {
		t.Error("there were too few requests to tell")
	}
}

// Every command works on a store in PostgreSQL, or says what to do instead.
func TestCommandsOnPostgres(t *testing.T) {
	dsn := inDatabase(t)
	data := filepath.Join(t.TempDir(), "data")
	var docs bytes.Buffer
	for _, id := range []string{"d1", "d2"} {
		raw, err := json.Marshal(document(id, 1))
		if err != nil {
			t.Fatal(err)
		}
		docs.Write(append(raw, '\n'))
	}
	file := write(t, filepath.Join(t.TempDir(), "docs.jsonl"), docs.String())
	if out := must(t, "ingest", "--data", data, file); !strings.Contains(out, "新增 2") {
		t.Errorf("ingest: %s", out)
	}
	if out := must(t, "search", "--data", data, word("d1", 1)); !strings.Contains(out, "d1") {
		t.Errorf("search does not find what is stored: %s", out)
	}
	must(t, "ingest", "--data", data, file)
	must(t, "rebuild", "--data", data)
	if out := must(t, "check", "--data", data, "--deep"); !strings.Contains(out, "相符") {
		t.Errorf("check: %s", out)
	}
	for _, args := range [][]string{{"backup", "--data", data, filepath.Join(t.TempDir(), "b")}, {"restore", "--data", data, t.TempDir()}} {
		if _, err := tongsou(t, args...); err == nil || !strings.Contains(err.Error(), "pg_") {
			t.Errorf("%s: %v, want how PostgreSQL does it", args[0], err)
		}
	}
	for _, name := range []string{"store.db", "curation.db", "journal.db", "follow.db"} {
		if exists(filepath.Join(data, name)) {
			t.Errorf("%s was made although the store is in PostgreSQL", name)
		}
	}
	password := strings.Split(strings.Split(dsn, "@")[0], ":")[2]
	t.Setenv("TONGSOU_POSTGRES_DSN", strings.Replace(dsn, "@", "x@", 1))
	if _, err := tongsou(t, "check", "--data", data); err == nil || strings.Contains(err.Error(), password) {
		t.Errorf("with a wrong password: %v", err)
	}
	t.Setenv("TONGSOU_POSTGRES_DSN", "")
	if _, err := tongsou(t, "check", "--data", data); err == nil || !strings.Contains(err.Error(), "postgres.dsn") {
		t.Errorf("without an address: %v", err)
	}
}

// A data folder is moved to PostgreSQL and back; the index and the keys go on.
func TestMigrateCommand(t *testing.T) {
	t.Setenv("TONGSOU_POSTGRES_DSN", database.Database(t))
	data := filepath.Join(t.TempDir(), "data")
	raw, err := json.Marshal(document("d1", 1))
	if err != nil {
		t.Fatal(err)
	}
	file := write(t, filepath.Join(t.TempDir(), "docs.jsonl"), string(raw))
	must(t, "ingest", "--data", data, file)
	must(t, "key", "create", "--data", data, "--name", "门户", "--role", "reader")
	if out := must(t, "migrate", "--data", data, "--to", "postgres"); !strings.Contains(out, "两边相符：1 篇") || !strings.Contains(out, "store: postgres") {
		t.Errorf("migrate: %s", out)
	}
	if _, err := tongsou(t, "ingest", "--data", data, file); err == nil || !strings.Contains(err.Error(), "迁走") {
		t.Errorf("the old store takes documents: %v", err)
	}
	if out := must(t, "key", "list", "--data", data, "--store", "postgres"); !strings.Contains(out, "门户") {
		t.Errorf("the keys did not come along: %s", out)
	}
	if out := must(t, "check", "--data", data, "--store", "postgres"); !strings.Contains(out, "相符") {
		t.Errorf("the index did not go on: %s", out)
	}
	must(t, "migrate", "--data", data, "--to", "sqlite")
	if out := must(t, "search", "--data", data, word("d1", 1)); !strings.Contains(out, "d1") {
		t.Errorf("after the way back: %s", out)
	}
	must(t, "ingest", "--data", data, file)
	for _, args := range [][]string{{"migrate", "--data", data}, {"migrate", "--data", data, "--to", "oracle"}, {"migrate", "--data", t.TempDir(), "--to", "postgres"}} {
		if _, err := tongsou(t, args...); err == nil {
			t.Errorf("%v was taken", args)
		}
	}
}
