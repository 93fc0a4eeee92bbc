package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
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
	out, _, err := tongsouSays(ctx, args...)
	return out, err
}

// tongsouSays runs a command and returns what it prints and what it notes beside.
func tongsouSays(ctx context.Context, args ...string) (out, notes string, err error) {
	var printed, noted bytes.Buffer
	cmd := root()
	cmd.SetArgs(args)
	cmd.SetOut(&printed)
	cmd.SetErr(&noted)
	err = cmd.ExecuteContext(ctx)
	return printed.String(), noted.String(), err
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

// sampleMade puts the sample into a data folder, once for all tests.
var sampleMade sync.Once

// withSample returns a data folder of the test's own that holds the sample: a copy, for putting it into a new one takes
// seconds under the race detector.
func withSample(t *testing.T) string {
	t.Helper()
	from := filepath.Join(scratch, "sample")
	sampleMade.Do(func() {
		_, stop := serving(t, from)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	})
	// Only these are the sample: what lies beside was kept by the settings of the test that came first.
	data := t.TempDir()
	store, err := os.ReadFile(filepath.Join(from, "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(data, "store.db"), string(store))
	if err := os.CopyFS(filepath.Join(data, "index"), os.DirFS(filepath.Join(from, "index"))); err != nil {
		t.Fatal(err)
	}
	return data
}

// serving starts serve on a free port and returns its address; stop ends it and returns its error.
func serving(t *testing.T, data string) (address string, stop func() error) {
	t.Helper()
	return servingAt(t, `http://\S+`, "--data", data)
}

// servingAt starts serve with flags and waits until it says an address of that form.
func servingAt(t *testing.T, form string, flags ...string) (address string, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, ended := new(syncBuffer), make(chan error, 1)
	cmd := root()
	cmd.SetArgs(append([]string{"serve", "--addr", "127.0.0.1:0", "--log", "error"}, flags...))
	cmd.SetOut(out)
	cmd.SetErr(io.Discard)
	go func() { ended <- cmd.ExecuteContext(ctx) }()
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = stop() })
	for range 600 {
		if address = regexp.MustCompile(form).FindString(out.String()); address != "" {
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
	t.Parallel()
	data := t.TempDir()
	address, stop := serving(t, data)
	for _, path := range []string{"/healthz", "/readyz", "/openapi.json", "/", "/?q=" + url.QueryEscape("公积金")} {
		if status, _ := fetch(t, address+path); status != http.StatusOK {
			t.Errorf("GET %s: %d", path, status)
		}
	}
	_, fromAPI := fetch(t, address+"/api/v1/search?limit=5&q="+url.QueryEscape("孩子上户口"))
	if _, body := fetch(t, address+"/api/v1/search?q="+url.QueryEscape("孩子上户口")); !strings.Contains(firstHit(t, body), "出生登记") {
		t.Errorf("孩子上户口 finds %q first", firstHit(t, body))
	}

	for _, c := range [][]string{{"check", "--data", data}, {"serve", "--data", data, "--addr", "127.0.0.1:0"}} {
		if _, err := tongsou(t, c...); err == nil || !strings.Contains(err.Error(), "停止它") {
			t.Errorf("%s of a data directory that a server holds: %v; want the advice to stop it", c[0], err)
		}
	}
	_, err := tongsou(t, "search", "--data", data, "公积金")
	if err == nil || !strings.Contains(err.Error(), "--server") {
		t.Errorf("a data directory that a server holds: %v; want the advice to use --server", err)
	}
	var local index.Result
	if err := json.Unmarshal([]byte(must(t, "search", "--server", strings.TrimPrefix(address, "http://"), "--json", "公积金提取")), &local); err != nil {
		t.Fatal(err)
	}
	if len(local.Groups) == 0 || len(local.Groups[0].Hits) == 0 || !strings.Contains(local.Groups[0].Hits[0].PlainTitle(), "公积金提取") {
		t.Errorf("search --server --json answers %+v", local.Groups)
	}

	file := write(t, filepath.Join(t.TempDir(), "new.jsonl"), `{"id": "n1", "kind": "news", "title": "蓝莓采摘节周六开幕", "published": "2026-01-02"}`+"\n")
	var report struct{ Added int }
	if out := must(t, "ingest", "--json", "--data", data, file); json.Unmarshal([]byte(out), &report) != nil || report.Added != 1 {
		t.Errorf("ingest --json beside serve says %s", out)
	}
	began := time.Now()
	for firstHit(t, second(fetch(t, address+"/api/v1/search?kind=news&q="+url.QueryEscape("蓝莓采摘节")))) != "蓝莓采摘节周六开幕" {
		if time.Since(began) > 2*time.Second {
			t.Fatal("a document that was ingested beside serve is not found within two seconds")
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Logf("searchable %v after ingest ended", time.Since(began).Round(time.Millisecond))
	if err := stop(); err != nil {
		t.Errorf("serve ended with %v", err)
	}
	if resp, err := http.Get(address + "/healthz"); err == nil {
		_ = resp.Body.Close()
		t.Error("the server answers after it stopped")
	}
	var health struct{ Faults []string }
	if out := must(t, "check", "--json", "--data", data); json.Unmarshal([]byte(out), &health) != nil || health.Faults == nil || len(health.Faults) > 0 {
		t.Errorf("check after a stop says %s", out)
	}
	// One document was added since, which the answer does not hold.
	fromFile := must(t, "search", "--json", "--data", data, "孩子上户口")
	if got, want := answer(t, []byte(fromFile)), answer(t, fromAPI); got != want {
		t.Errorf("search --json answers\n%s\nthe API\n%s", got, want)
	}
}

// answer is a search's answer without what differs from one search to the next: the time it took, and the statistics
// that move with every document.
func answer(t *testing.T, raw []byte) string {
	t.Helper()
	var res map[string]any
	if err := json.Unmarshal(raw, &res); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	delete(res, "took_ms")
	text, err := json.Marshal(unscored(res))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func unscored(v any) any {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "score")
		for k := range v {
			v[k] = unscored(v[k])
		}
	case []any:
		for i := range v {
			v[i] = unscored(v[i])
		}
	}
	return v
}

func second(_ int, body []byte) []byte { return body }

func TestIngestKeepsTheGoodAndNamesTheBad(t *testing.T) {
	t.Parallel()
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

func TestIngestSync(t *testing.T) {
	t.Parallel()
	data, file := t.TempDir(), filepath.Join(t.TempDir(), "news.jsonl")
	list := func(n int) string {
		all := ""
		for i := range n {
			all += fmt.Sprintf(`{"id": "n%d", "kind": "news", "title": "第%d个窗口开了"}`+"\n", i, i)
		}
		return all
	}
	sync := func(n int, more ...string) string {
		t.Helper()
		write(t, file, list(n))
		return must(t, append([]string{"ingest", "--data", data, "--source", "窗口", "--sync", file}, more...)...)
	}
	if out := sync(10); !strings.Contains(out, "新增 10") || !strings.Contains(out, "删去 0 篇") {
		t.Errorf("the first list: %s", out)
	}
	if out := sync(8); !strings.Contains(out, "删去 2 篇") {
		t.Errorf("two less: %s", out)
	}
	if out := sync(2); !strings.Contains(out, "--max-gone 100") || strings.Contains(out, "删去") {
		t.Errorf("most are missing: %s", out)
	}
	if out := sync(2, "--max-gone", "100"); !strings.Contains(out, "删去 6 篇") {
		t.Errorf("and that is right: %s", out)
	}
	for _, args := range [][]string{{"--sync", file}, {"--source", "窗口", "--sync", "--remove"}, {"--source", "窗口", "--max-gone", "30", file}, {"--source", "窗口", "--sync", "--max-gone", "0", file}} {
		if _, err := tongsou(t, append([]string{"ingest", "--data", data}, args...)...); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}

func TestCheckSaysHowToMend(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	file := write(t, filepath.Join(t.TempDir(), "n.jsonl"), `{"id": "n1", "kind": "news", "title": "政务大厅周六开门"}
{"id": "n2", "kind": "news", "title": "政务大厅周日关门"}
`)
	must(t, "ingest", "--data", data, file)
	remove := func(name string) {
		if err := os.RemoveAll(filepath.Join(data, filepath.FromSlash(name))); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name  string
		harm  func()
		says  []string
		cured bool // by what check advises: rebuild the index where it says so, then ingest
	}{
		{"no index", func() { remove("index") }, []string{"没有索引", "ingest"}, true},
		{"half an index", func() { remove("index/CURRENT") }, []string{"停在第 0 号"}, true},
		{"a damaged index", func() { breakShards(t, data) }, []string{"索引文件", "rebuild"}, true},
		{"a document gone that the store had", func() {
			tamper(t, data, "DELETE FROM document WHERE id = 'n1'", "DELETE FROM origin WHERE id = 'n1'")
		}, []string{"存储有 1 篇，索引有 2 篇", "rebuild"}, true},
		{"a store that was set back", func() {
			tamper(t, data, "DELETE FROM document WHERE id = 'n2'", "DELETE FROM origin WHERE id = 'n2'", "UPDATE document SET seq = 1")
		}, []string{"索引属于另一个存储"}, true},
		{"a document without a source", func() { tamper(t, data, "DELETE FROM origin WHERE id = 'n1'") }, []string{`"n1"`, "备份"}, false},
	} {
		c.harm()
		out, err := tongsou(t, "check", "--data", data)
		if err == nil {
			t.Errorf("%s: check sees nothing:\n%s", c.name, out)
		}
		for _, want := range c.says {
			if !strings.Contains(out, want) {
				t.Errorf("%s: check does not say %s:\n%s", c.name, want, out)
			}
		}
		if !c.cured {
			if asJSON, err := tongsou(t, "check", "--json", "--data", data); err == nil || !strings.Contains(asJSON, `"faults": [`) {
				t.Errorf("%s: check --json: %v\n%s", c.name, err, asJSON)
			}
			continue
		}
		if strings.Contains(out, "rebuild") {
			must(t, "rebuild", "--data", data)
		}
		must(t, "ingest", "--data", data, file)
		must(t, "check", "--data", data)
	}
	if _, err := tongsou(t, "check", "--data", filepath.Join(data, "none")); err == nil || !strings.Contains(err.Error(), "ingest") {
		t.Errorf("check of nothing: %v", err)
	}
}

// tamper changes the store behind the program's back.
func tamper(t *testing.T, data string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(data, "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
}

// breakShards empties the file that says what a shard's segments are.
func breakShards(t *testing.T, data string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(data, "index", "gen-*", "*", "index_meta.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no shards: %v", err)
	}
	for _, f := range files {
		write(t, f, "")
	}
}

func TestConfigNamesWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ name, yaml, want string }{
		{"unknown key", "shard: 3\n", "shards"},
		{"value out of range", "shards: 900\n", "1 到 64"},
		{"no such place", "place: \"999999\"\n", "行政区划"},
		{"a site with a path", "sites:\n  - key: long-enough\n    origins: [https://a.example/b]\n", "末尾不带 /"},
		{"a site with an unknown key", "sites:\n  - key: long-enough\n    origin: https://a.example\n", "origin"},
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
	t.Parallel()
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

func TestEvalJudgesSetsTogether(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	set := func(name, id, title, query string) []string {
		at := func(file, text string) string { return write(t, filepath.Join(dir, name, file), text) }
		if err := os.MkdirAll(filepath.Join(dir, name), 0o750); err != nil {
			t.Fatal(err)
		}
		return []string{
			"--corpus", at("corpus.jsonl", fmt.Sprintf(`{"_id": %q, "title": %q, "text": "住房公积金管理中心办理"}`+"\n", id, title)),
			"--queries", at("queries.jsonl", fmt.Sprintf(`{"_id": "q", "text": %q}`+"\n", query)),
			"--qrels", at("dev.tsv", fmt.Sprintf("query-id\tcorpus-id\tscore\nq\t%s\t1\n", id)),
		}
	}
	args := append(set("甲", "d1", "住房公积金缴存", "公积金提取"), set("乙", "d2", "住房公积金提取", "公积金提取")...)
	for _, c := range []struct {
		flags []string
		want  string // of 甲, whose answer is second among the documents of both
	}{{nil, "nDCG@10 1.0000"}, {[]string{"--together"}, "nDCG@10 0.6309"}} {
		out := must(t, append(append([]string{"eval"}, c.flags...), args...)...)
		lines := strings.Split(out, "\n")
		if len(lines) < 4 || lines[0] != "甲" || !strings.Contains(lines[1], c.want) || lines[2] != "乙" || !strings.Contains(lines[3], "nDCG@10 1.0000") {
			t.Errorf("eval %v says %q, want %s of 甲 and 1 of 乙", c.flags, out, c.want)
		}
	}
}

func TestEveryCommandShowsHow(t *testing.T) {
	t.Parallel()
	for _, c := range append(root().Commands(), root()) {
		if c.Name() == "completion" {
			continue
		}
		if c.Example == "" {
			t.Errorf("%s has no example in its help", c.Name())
		}
		if c.HasParent() && c.Name() != "help" && c.Flags().Lookup("json") == nil {
			t.Errorf("%s has no --json", c.Name())
		}
		help := must(t, c.Name(), "--help")
		if !c.HasParent() {
			help = must(t)
		}
		for _, want := range []string{"用法：", "例子：", "选项：", c.Example} {
			if !strings.Contains(help, want) {
				t.Errorf("the help of %s lacks %q:\n%s", c.Name(), want, help)
			}
		}
		for _, no := range []string{"default", "Usage", "Flags", "help for", "string"} {
			if strings.Contains(help, no) {
				t.Errorf("the help of %s has English in it (%s):\n%s", c.Name(), no, help)
			}
		}
	}
	var parsed struct {
		Words []struct{ Text string }
	}
	if out := must(t, "segment", "--json", "养老保险"); json.Unmarshal([]byte(out), &parsed) != nil || len(parsed.Words) == 0 {
		t.Errorf("segment --json prints %s", out)
	}
	if out := must(t, "segment", "内蒙古自治区城乡居民基本养老保险"); !strings.Contains(out, "养老保险") {
		t.Errorf("segment prints %s", out)
	}
	if out := must(t, "version", "--json"); !json.Valid([]byte(out)) || !strings.Contains(out, `"version"`) {
		t.Errorf("version --json prints %s", out)
	}
}

// TestMistakesAreAnswered is what a newcomer types wrong: the answer says in Chinese what to type instead.
func TestMistakesAreAnswered(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, c := range []struct {
		args string
		says string
	}{
		{"serch x", "search"},
		{"help nothing", "ingest"},
		{"search", "tongsou search --data D"},
		{"search --colour x", "tongsou search --help"},
		{"search --limit 0 x", "1 到 100"},
		{"search --kind book x", "item、policy、news"},
		{"search --data DIR x", "tongsou ingest"},
		{"search --server 127.0.0.1:1 x", "连不上服务器"},
		{"segment", "tongsou segment"},
		{"serve x", "tongsou serve --help"},
		{"serve --addr nowhere", "127.0.0.1:8080"},
		{"serve --log loud", "debug、info、warn、error"},
		{"ingest --data DIR", "--remove"},
		{"ingest --data DIR a b", "一次收入一个"},
		{"ingest --data DIR DIR/nothing", "读不了"},
		{"ingest --data DIR/d --format nix DIR", "newspaper"},
		{"ingest --data DIR --source s --remove", "还没有数据"},
		{"check --data DIR", "tongsou ingest"},
		{"check --config DIR/none.yaml", "none.yaml"},
		{"eval --corpus x", "--qrels"},
	} {
		var out, problems bytes.Buffer
		args := strings.Fields(strings.ReplaceAll(c.args, "DIR", dir))
		if code := run(t.Context(), args, &out, &problems); code != 1 {
			t.Errorf("%s: exit code %d, want 1", c.args, code)
		}
		if !strings.HasPrefix(problems.String(), "错误：") || !strings.Contains(problems.String(), c.says) || out.Len() > 0 {
			t.Errorf("%s: says %q and %q, want an error with %q", c.args, out.String(), problems.String(), c.says)
		}
	}
}
