package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"tongsou/index"
)

// tongsou runs the program with arguments, in a folder without configuration, and returns what it printed.
func tongsou(t *testing.T, args ...string) (string, error) {
	t.Helper()
	return tongsouIn(t.Context(), args...)
}

func tongsouIn(ctx context.Context, args ...string) (string, error) {
	var out bytes.Buffer
	cmd := root()
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(io.Discard)
	err := cmd.ExecuteContext(ctx)
	return out.String(), err
}

func must(t *testing.T, args ...string) string {
	t.Helper()
	out, err := tongsou(t, args...)
	if err != nil {
		t.Fatalf("tongsou %s: %v", strings.Join(args, " "), err)
	}
	return out
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// syncBuffer is written by the program while the test reads.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// serving starts serve on a free port and returns its address; stop ends it and returns its error.
func serving(t *testing.T, data string) (address string, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, ended := new(syncBuffer), make(chan error, 1)
	cmd := root()
	cmd.SetArgs([]string{"serve", "--data", data, "--addr", "127.0.0.1:0", "--log", "error"})
	cmd.SetOut(out)
	cmd.SetErr(io.Discard)
	go func() { ended <- cmd.ExecuteContext(ctx) }()
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = stop() })
	for range 600 {
		if address = regexp.MustCompile(`http://\S+`).FindString(out.String()); address != "" {
			return strings.TrimSuffix(address, "/"), stop
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("serve ended before it listened: %v", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Fatal("serve gave no URL")
	return "", nil
}

func fetch(t *testing.T, address string) (int, []byte) {
	t.Helper()
	res, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, body
}

func firstHit(t *testing.T, raw []byte) string {
	t.Helper()
	var res index.Result
	if err := json.Unmarshal(raw, &res); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	for _, g := range res.Groups {
		if len(g.Hits) > 0 {
			return g.Hits[0].PlainTitle()
		}
	}
	return ""
}

// TestServeOnNothing is what a newcomer does first, and what the one who ingests beside a running server does.
func TestServeOnNothing(t *testing.T) {
	data := t.TempDir()
	address, stop := serving(t, data)
	for _, path := range []string{"/healthz", "/readyz", "/openapi.json", "/", "/?q=" + url.QueryEscape("公积金")} {
		if status, _ := fetch(t, address+path); status != http.StatusOK {
			t.Errorf("GET %s: %d", path, status)
		}
	}
	if _, body := fetch(t, address+"/api/v1/search?q="+url.QueryEscape("孩子上户口")); !strings.Contains(firstHit(t, body), "出生登记") {
		t.Errorf("孩子上户口 finds %q first", firstHit(t, body))
	}

	_, err := tongsou(t, "search", "--data", data, "公积金")
	if err == nil || !strings.Contains(err.Error(), "--server") {
		t.Errorf("a data directory that a server holds: %v; want the advice to use --server", err)
	}
	var local index.Result
	if err := json.Unmarshal([]byte(must(t, "search", "--server", address, "--json", "公积金提取")), &local); err != nil {
		t.Fatal(err)
	}
	if len(local.Groups) == 0 || len(local.Groups[0].Hits) == 0 || !strings.Contains(local.Groups[0].Hits[0].PlainTitle(), "公积金提取") {
		t.Errorf("search --server --json answers %+v", local.Groups)
	}

	file := write(t, filepath.Join(t.TempDir(), "new.jsonl"), `{"id": "n1", "kind": "news", "title": "蓝莓采摘节周六开幕", "published": "2026-01-02"}`+"\n")
	if out := must(t, "ingest", "--data", data, file); !strings.Contains(out, "新增 1") {
		t.Errorf("ingest beside serve says %s", out)
	}
	began := time.Now()
	for firstHit(t, second(fetch(t, address+"/api/v1/search?q="+url.QueryEscape("蓝莓采摘节")))) != "蓝莓采摘节周六开幕" {
		if time.Since(began) > 30*time.Second {
			t.Fatal("a document that was ingested beside serve is not found")
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Logf("searchable %v after ingest ended", time.Since(began).Round(time.Millisecond))
	if err := stop(); err != nil {
		t.Errorf("serve ended with %v", err)
	}
	if out := must(t, "check", "--data", data); !strings.Contains(out, "相符") {
		t.Errorf("check after a stop says %s", out)
	}
}

func second(_ int, body []byte) []byte { return body }

func TestIngestKeepsTheGoodAndNamesTheBad(t *testing.T) {
	data, dir := t.TempDir(), t.TempDir()
	write(t, filepath.Join(dir, "items.csv"), "事项名称,基本编码,实施主体,法定办结时限,承诺办结时限\n新生儿出生登记,000709001000,某区公安局,3个工作日,1个工作日\n收养登记,000123001000,某区民政局,3个工作日,9个工作日\n")
	write(t, filepath.Join(dir, "news.jsonl"), `{"id": "n1", "kind": "news", "title": "政务大厅周六开门"}`+"\n{\"id\": \"n2\", \"kind\": \"news\", \"title\": \"\"}\n")
	out := must(t, "ingest", "--data", data, dir)
	if !strings.Contains(out, "未收入 1") {
		t.Errorf("ingest says %s", out)
	}
	rejects, err := os.ReadFile(filepath.Join(data, "rejects.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"items.csv", "news.jsonl", `"line":3`, `"line":2`, `"field"`, `"reason"`} {
		if !strings.Contains(string(rejects), want) {
			t.Errorf("the rejects lack %s:\n%s", want, rejects)
		}
	}
	if out := must(t, "ingest", "--data", data, dir); !strings.Contains(out, "新增 0") || !strings.Contains(out, "未变 3") {
		t.Errorf("a second ingest says %s", out)
	}
	if out := must(t, "search", "--data", data, "孩子上户口"); !strings.Contains(out, "出生") {
		t.Errorf("the item is not found: %s", out)
	}
	if out := must(t, "ingest", "--data", data, "--source", dir, "--remove"); !strings.Contains(out, "3 篇") {
		t.Errorf("removing the source says %s", out)
	}
}

func TestCheckSaysHowToMend(t *testing.T) {
	data := t.TempDir()
	file := write(t, filepath.Join(t.TempDir(), "n.jsonl"), `{"id": "n1", "kind": "news", "title": "政务大厅周六开门"}`+"\n")
	must(t, "ingest", "--data", data, file)
	if err := os.RemoveAll(filepath.Join(data, "index")); err != nil {
		t.Fatal(err)
	}
	if out, err := tongsou(t, "check", "--data", data); err == nil || !strings.Contains(out, "ingest") {
		t.Errorf("check without an index: %v\n%s", err, out)
	}
	must(t, "ingest", "--data", data, file) // the advice
	must(t, "check", "--data", data)
	if _, err := tongsou(t, "check", "--data", filepath.Join(data, "none")); err == nil || !strings.Contains(err.Error(), "ingest") {
		t.Errorf("check of nothing: %v", err)
	}
}

func TestConfigNamesWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ name, yaml, want string }{
		{"unknown key", "shard: 3\n", "shards"},
		{"value out of range", "shards: 900\n", "1 到 64"},
		{"no such place", "place: \"999999\"\n", "行政区划"},
		{"wrong type", "cache_mb: many\n", "cache_mb"},
		{"no YAML", "a: [\n", "tongsou.yaml"},
	} {
		file := write(t, filepath.Join(dir, "tongsou.yaml"), c.yaml)
		_, err := tongsou(t, "check", "--config", file, "--data", dir)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v; want the file and %s named", c.name, err, c.want)
		}
	}
	t.Setenv("TONGSOU_SHARDS", "0")
	if _, err := tongsou(t, "check", "--data", dir); err == nil || !strings.Contains(err.Error(), "1 到 64") {
		t.Errorf("a wrong variable: %v", err)
	}
}

func TestEvalJudgesASet(t *testing.T) {
	dir := t.TempDir()
	corpusFile := write(t, filepath.Join(dir, "corpus.jsonl"), `{"_id": "d1", "title": "新生儿出生登记", "text": "孩子出生后登记户口"}
{"_id": "d2", "title": "住房公积金提取", "text": "购房提取公积金"}
`)
	queries := write(t, filepath.Join(dir, "queries.jsonl"), `{"_id": "q1", "text": "公积金提取"}`+"\n")
	qrels := write(t, filepath.Join(dir, "dev.tsv"), "query-id\tcorpus-id\tscore\nq1\td2\t1\n")
	run := filepath.Join(dir, "out.trec")
	out := must(t, "eval", "--corpus", corpusFile, "--queries", queries, "--qrels", qrels, "--run", run, "--json")
	var report struct {
		NDCG float64 `json:"ndcg@10"`
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil || report.NDCG != 1 {
		t.Errorf("nDCG@10 %v (%v), want 1 for one query with the right document first", report.NDCG, err)
	}
	if raw, err := os.ReadFile(run); err != nil || !strings.HasPrefix(string(raw), "q1 Q0 d2 1 ") {
		t.Errorf("the run is %q (%v)", raw, err)
	}
	write(t, qrels, "query-id\tcorpus-id\tscore\nq1\td9\t1\n")
	if _, err := tongsou(t, "eval", "--corpus", corpusFile, "--queries", queries, "--qrels", qrels); err == nil || !strings.Contains(err.Error(), "d9") {
		t.Errorf("an unknown document: %v", err)
	}
}

func TestEveryCommandShowsHow(t *testing.T) {
	for _, c := range root().Commands() {
		if c.Example == "" && c.Name() != "help" && c.Name() != "completion" {
			t.Errorf("%s has no example in its help", c.Name())
		}
		if f := c.Flags().Lookup("json"); f == nil && c.Name() != "serve" {
			t.Errorf("%s has no --json", c.Name())
		}
	}
	if out := must(t, "segment", "内蒙古自治区城乡居民基本养老保险"); !strings.Contains(out, "养老保险") {
		t.Errorf("segment prints %s", out)
	}
	if out := must(t, "version", "--json"); !strings.Contains(out, `"version"`) {
		t.Errorf("version --json prints %s", out)
	}
}
