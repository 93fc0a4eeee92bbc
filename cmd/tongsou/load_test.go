package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// What is promised under load.
const (
	promisedP99      = 100 * time.Millisecond
	promisedRecovery = 5 * time.Second
	loadMemory       = 1 << 30 // GOMEMLIMIT of the server under load
)

// TestLoad drives a server of its own, on loopback, beside an ingest at full speed. It takes minutes and both cores, so it
// runs when it is asked for:
//
//	TONGSOU_LOAD=10s          length of a step; without it nothing runs
//	TONGSOU_LOAD_SOAK=30s     length of the soak; 1h before a release
//	TONGSOU_LOAD_MAX=4000     the highest rate that is tried, requests a second
//	TONGSOU_LOAD_DATA=folder  a data folder to measure on, else the sample; documents load-… of source load are left in it
//	TONGSOU_LOAD_QUERIES=file one query a line, else the judged queries of the sample
func TestLoad(t *testing.T) {
	step := lengthOf(t, "TONGSOU_LOAD", 0)
	if step == 0 {
		t.Skip("set TONGSOU_LOAD=10s, or run make load")
	}
	s := startLoaded(t)
	m := newMix(t, s.address, stringOf("TONGSOU_LOAD_QUERIES", "../../index/embedded/testdata/invariants.txt"))
	s.attack(m, 20, step/2) // caches are warm afterwards
	quiet := s.highest(t, m, step, "without ingest")
	stop := s.ingesting(t)
	best := s.highest(t, m, step, "while ingesting")
	s.rebuilding(t, m, best, step)
	s.overload(t, m, 2*best, step)
	s.soak(t, m, best/2, lengthOf(t, "TONGSOU_LOAD_SOAK", 30*time.Second))
	stop()
	t.Logf("highest rate with p99 ≤ %v and no error: %d/s while ingesting, %d/s without", promisedP99, best, quiet)
}

func lengthOf(t *testing.T, variable string, preset time.Duration) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(stringOf(variable, preset.String()))
	if err != nil {
		t.Fatalf("%s: %v; write it as 10s or 1h", variable, err)
	}
	return d
}

func stringOf(variable, preset string) string {
	if v := os.Getenv(variable); v != "" {
		return v
	}
	return preset
}

// loaded is the server under load, a process of its own.
type loaded struct {
	program, data, address, admin string
	client                        *http.Client
}

func startLoaded(t *testing.T) *loaded {
	t.Helper()
	dir := t.TempDir()
	s := &loaded{program: filepath.Join(dir, "tongsou"), data: stringOf("TONGSOU_LOAD_DATA", filepath.Join(dir, "data")), admin: freeAddress(t)}
	addr := freeAddress(t)
	s.address = "http://" + addr
	s.client = &http.Client{ // one for all attacks, so that the connections of one are not counted in the next
		Timeout: 15 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 2048, MaxConnsPerHost: 2048},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(s.client.CloseIdleConnections)
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", s.program, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	serve := exec.CommandContext(t.Context(), s.program, "serve", "--data", s.data, "--addr", addr, "--admin-addr", s.admin, "--rate", "0", "--log", "error")
	serve.Env = append(os.Environ(), fmt.Sprintf("GOMEMLIMIT=%d", loadMemory))
	serve.Stderr = os.Stderr
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = serve.Process.Signal(syscall.SIGTERM)
		_ = serve.Wait() // its end is no part of what is measured
	})
	for range 600 {
		if err := askHealth(t.Context(), "http://"+s.admin+"/readyz"); err == nil {
			return s
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("the server under load is not ready after a minute")
	return nil
}

// attack sends that many requests a second and says how they were answered.
func (s *loaded) attack(m *mix, rate int, length time.Duration) *vegeta.Metrics {
	attacker := vegeta.NewAttacker(vegeta.Client(s.client), vegeta.Workers(64), vegeta.MaxWorkers(2048))
	defer attacker.Stop()
	var got vegeta.Metrics
	pace := vegeta.ConstantPacer{Freq: rate, Per: time.Second}
	for res := range attacker.Attack(m.targets(min(20000, rate*int(length.Seconds()+1))), pace, length, "load") {
		got.Add(res)
	}
	got.Close()
	s.client.CloseIdleConnections()
	return &got
}

func report(t *testing.T, what string, rate int, got *vegeta.Metrics) {
	t.Helper()
	t.Logf("%-18s %5d/s: p50 %v, p95 %v, p99 %v, max %v, codes %v", what, rate, got.Latencies.P50.Round(100*time.Microsecond),
		got.Latencies.P95.Round(100*time.Microsecond), got.Latencies.P99.Round(100*time.Microsecond), got.Latencies.Max.Round(time.Millisecond), got.StatusCodes)
}

// promised reports whether a rate is answered as promised, and really was sent.
func promised(rate int, got *vegeta.Metrics) bool {
	return got.Success == 1 && got.Latencies.P99 <= promisedP99 && got.Rate >= 0.95*float64(rate)
}

// highest looks for the highest rate that is answered as promised: doubling first, then halving what lies between.
func (s *loaded) highest(t *testing.T, m *mix, step time.Duration, what string) int {
	t.Helper()
	limit, err := strconv.Atoi(stringOf("TONGSOU_LOAD_MAX", "4000"))
	if err != nil {
		t.Fatalf("TONGSOU_LOAD_MAX: %v", err)
	}
	try := func(rate int) bool {
		got := s.attack(m, rate, step)
		report(t, what, rate, got)
		s.calm(t)
		return promised(rate, got)
	}
	good, bad := 0, limit+1
	for rate := 20; rate <= limit && try(rate); rate *= 2 {
		good = rate
	}
	if bad = min(bad, max(20, 2*good)); good == 0 {
		t.Errorf("%s: not even %d requests a second are answered as promised", what, bad)
		return bad / 2
	}
	for bad-good > max(10, good/10) {
		if rate := (good + bad) / 2; try(rate) {
			good = rate
		} else {
			bad = rate
		}
	}
	return good
}

// calm waits until the server answers ten times in a row as promised, and returns how long that took.
func (s *loaded) calm(t *testing.T) time.Duration {
	t.Helper()
	began := time.Now()
	for good := 0; good < 10; {
		asked := time.Now()
		code, _ := fetch(t, s.address+"/api/v1/search?q=%E6%88%B7%E5%8F%A3")
		if good++; code != 200 || time.Since(asked) > promisedP99 {
			good = 0
		}
		if time.Since(began) > time.Minute {
			t.Fatal("the server did not recover within a minute")
		}
	}
	return time.Since(began)
}

// overload sends twice what the server can do: it may turn requests away, but has to say so, to keep its memory, and to
// recover.
func (s *loaded) overload(t *testing.T, m *mix, rate int, step time.Duration) {
	t.Helper()
	got := s.attack(m, rate, step)
	report(t, "overload", rate, got)
	for code := range got.StatusCodes {
		if code != "200" && code != "503" && code != "429" {
			t.Errorf("under overload %d requests were answered by %s", got.StatusCodes[code], code)
		}
	}
	now := s.measure(t)
	recovered := s.calm(t)
	t.Logf("after overload: calm in %v; %v", recovered.Round(time.Millisecond), now)
	if recovered > promisedRecovery {
		t.Errorf("it took %v to recover, promised are %v", recovered, promisedRecovery)
	}
	if now.heap > loadMemory {
		t.Errorf("%d MiB in use, more than GOMEMLIMIT", now.heap>>20)
	}
}

// ingesting takes the same documents in again and again, changed each time, as fast as it goes.
func (s *loaded) ingesting(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	file := filepath.Join(t.TempDir(), "load.jsonl")
	rounds := 0
	var work sync.WaitGroup
	work.Go(func() {
		for ; ctx.Err() == nil; rounds++ {
			if err := os.WriteFile(file, []byte(loadDocuments(rounds, 2000)), 0o600); err != nil {
				t.Error(err)
				return
			}
			out, err := exec.CommandContext(ctx, s.program, "ingest", "--data", s.data, "--source", "load", file).CombinedOutput()
			if err != nil && ctx.Err() == nil {
				t.Errorf("ingest: %v\n%s", err, out)
				return
			}
		}
	})
	return func() {
		cancel()
		work.Wait()
		t.Logf("ingested beside it: %d rounds of 2000 documents", rounds)
	}
}

// rebuilding measures while the index is rebuilt.
func (s *loaded) rebuilding(t *testing.T, m *mix, rate int, step time.Duration) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	rebuilt := 0
	var work sync.WaitGroup
	work.Go(func() {
		for ; ctx.Err() == nil; rebuilt++ {
			out, err := exec.CommandContext(ctx, s.program, "rebuild", "--data", s.data).CombinedOutput()
			if err != nil && ctx.Err() == nil {
				t.Errorf("rebuild: %v\n%s", err, out)
				return
			}
		}
	})
	for _, share := range []int{2, 4} {
		report(t, "while rebuilding", rate/share, s.attack(m, rate/share, step))
	}
	cancel()
	work.Wait()
	s.calm(t)
	t.Logf("rebuilt %d times meanwhile", rebuilt)
}

// usage is what the server holds at a moment.
type usage struct {
	heap, resident, disk int64
	goroutines, files    int64
}

func (u usage) String() string {
	return fmt.Sprintf("heap %d MiB, resident %d MiB, disk %d MiB, %d goroutines, %d files", u.heap>>20, u.resident>>20, u.disk>>20, u.goroutines, u.files)
}

func (s *loaded) measure(t *testing.T) usage {
	t.Helper()
	_, raw := fetch(t, "http://"+s.admin+"/metrics")
	read := func(name string) int64 {
		m := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindSubmatch(raw)
		if m == nil {
			t.Fatalf("the metrics lack %s", name)
		}
		f, err := strconv.ParseFloat(string(m[1]), 64)
		if err != nil {
			t.Fatal(err)
		}
		return int64(f)
	}
	u := usage{
		heap: read("go_memstats_heap_inuse_bytes"), resident: read("process_resident_memory_bytes"),
		goroutines: read("go_goroutines"), files: read("process_open_fds"),
	}
	err := filepath.WalkDir(s.data, func(_ string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // files come and go
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		if info, err := d.Info(); err == nil {
			u.disk += info.Size()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// soak keeps the server at half of what it can do, and sees that it holds no more at the end than near the beginning.
func (s *loaded) soak(t *testing.T, m *mix, rate int, length time.Duration) {
	t.Helper()
	const slices = 30
	var seen []usage
	var all vegeta.Metrics
	for range slices {
		got := s.attack(m, max(1, rate), length/slices)
		all.Requests += got.Requests
		if got.Success < 1 {
			t.Errorf("in the soak: %v", got.StatusCodes)
		}
		seen = append(seen, s.measure(t))
		if n := len(seen); n == slices/6 || n == slices/2 || n == slices {
			t.Logf("soak at %d/s, %d of %d: p99 %v; %v", rate, n, slices, got.Latencies.P99.Round(100*time.Microsecond), seen[n-1])
		}
	}
	early, late := most(seen[slices/6:slices/2]), most(seen[slices*2/3:])
	for what, c := range map[string]struct{ early, late, slack int64 }{
		"heap": {early.heap, late.heap, 64 << 20}, "resident memory": {early.resident, late.resident, 64 << 20}, "disk": {early.disk, late.disk, 64 << 20},
		"goroutines": {early.goroutines, late.goroutines, 50}, "files": {early.files, late.files, 50},
	} {
		if c.late > c.early+c.early/5+c.slack {
			t.Errorf("%s grew from %d to %d in the soak", what, c.early, c.late)
		}
	}
	t.Logf("soak: %d requests in %v; the most early: %v; late: %v", all.Requests, length, early, late)
}

func most(list []usage) usage {
	var u usage
	for _, x := range list {
		u.heap, u.resident, u.disk = max(u.heap, x.heap), max(u.resident, x.resident), max(u.disk, x.disk)
		u.goroutines, u.files = max(u.goroutines, x.goroutines), max(u.files, x.files)
	}
	return u
}

// TestMixIsAsSaid holds that the requests of a load are what it is said to be made of.
func TestMixIsAsSaid(t *testing.T) {
	address, _ := serving(t, withSample(t))
	m := newMix(t, address, "../../index/embedded/testdata/invariants.txt")
	kinds, distinct := map[string]int{}, map[string]int{}
	const n = 5000
	for range n {
		target := m.next()
		path, _, _ := strings.Cut(target, "?")
		switch {
		case path == "/api/v1/suggest":
			kinds["suggest"]++
		case path == "/api/v1/search" || path == "/search" && strings.Contains(target, "q="):
			kinds["search"]++
			_, query, _ := strings.Cut(target, "q=")
			distinct[query]++
		default:
			kinds["page"]++
		}
	}
	for kind, share := range map[string]float64{"suggest": 0.6, "search": 0.3, "page": 0.1} {
		if got := float64(kinds[kind]) / n; got < share-0.03 || got > share+0.03 {
			t.Errorf("%.0f %% are %s, want %.0f %%", 100*got, kind, 100*share)
		}
	}
	top := 0
	for _, count := range distinct {
		top = max(top, count)
	}
	if len(distinct) < 100 || top < 3*kinds["search"]/len(distinct) {
		t.Errorf("%d different queries, the commonest %d times of %d: that is not how people ask", len(distinct), top, kinds["search"])
	}
	for range 20 {
		if code, _ := fetch(t, address+m.next()); code != 200 {
			t.Errorf("a request of the load is answered by %d", code)
		}
	}
}
