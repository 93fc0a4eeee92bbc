package opensearch_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/index/opensearch"
	"tongsou/index/opensearch/opensearchtest"
)

// indexerVariable makes a process of this test binary an indexer for the addresses that it holds.
const indexerVariable = "OPENSEARCH_FAULT_INDEXER"

const faultPrefix, faultBatch = "faults", 100

// change is the n-th change that indexers write: every fifth is a newer version of an older document.
func change(n int) index.Change {
	id := n
	if n%5 == 0 {
		id = n / 2
	}
	name := fmt.Sprintf("news-%07d", id)
	return index.Change{Seq: uint64(n), ID: name, Document: &corpus.Document{
		ID: name, Kind: corpus.KindNews, Title: fmt.Sprintf("第%d号供暖通告", id),
		Sections: []corpus.Section{{ID: "p1", Text: fmt.Sprintf("第%d版：本市自十月八日起提前供暖，室内温度不低于十八摄氏度，温度不达标的，应当退还供暖费。", n)}},
	}}
}

// runIndexer writes changes from where the index is, and says on the standard output how far it is acknowledged, until its
// standard input ends.
func runIndexer() {
	o := opensearch.Options{
		Access: opensearch.Access{Addresses: strings.Split(os.Getenv(indexerVariable), ",")}, Prefix: faultPrefix, Shards: 2, Replicas: 2,
	}
	var e *opensearch.Engine
	for {
		var err error
		if e, err = opensearch.Open(context.Background(), o); err == nil {
			break
		}
		fmt.Fprintln(os.Stderr, err)
		time.Sleep(200 * time.Millisecond)
	}
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(ended)
	}()
	for next := int(e.Sequence()) + 1; ; {
		select {
		case <-ended:
			return
		default:
		}
		var batch []index.Change
		for i := range faultBatch {
			batch = append(batch, change(next+i))
		}
		if err := e.Apply(context.Background(), batch); err != nil {
			fmt.Fprintln(os.Stderr, err)
			time.Sleep(200 * time.Millisecond)
			continue
		}
		next += len(batch)
		fmt.Println(next - 1)
	}
}

// indexer is such a process.
type indexer struct {
	t     *testing.T
	urls  string
	acked atomic.Int64
	cmd   *exec.Cmd
	stdin io.Closer
	lines chan struct{}
	wrong bytes.Buffer
}

func (x *indexer) start() {
	x.t.Helper()
	x.cmd = exec.Command(os.Args[0])
	x.cmd.Env = append(os.Environ(), indexerVariable+"="+x.urls)
	x.cmd.SysProcAttr = opensearchtest.Bound()
	x.cmd.Stderr = &x.wrong
	stdin, err := x.cmd.StdinPipe()
	if err != nil {
		x.t.Fatal(err)
	}
	stdout, err := x.cmd.StdoutPipe()
	if err != nil {
		x.t.Fatal(err)
	}
	if err := x.cmd.Start(); err != nil {
		x.t.Fatal(err)
	}
	x.stdin, x.lines = stdin, make(chan struct{})
	go func(done chan struct{}) {
		defer close(done)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if n, err := strconv.Atoi(lines.Text()); err == nil {
				x.acked.Store(max(x.acked.Load(), int64(n)))
			}
		}
	}(x.lines)
}

func (x *indexer) kill() {
	_ = x.cmd.Process.Kill()
	<-x.lines
	_ = x.cmd.Wait()
}

func (x *indexer) end() {
	_ = x.stdin.Close()
	<-x.lines
	_ = x.cmd.Wait()
}

// until waits until some changes are acknowledged.
func (x *indexer) until(n int64, within time.Duration) {
	x.t.Helper()
	for end := time.Now().Add(within); x.acked.Load() < n; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			x.t.Fatalf("%d changes are acknowledged after %v, want %d; the indexer says: %.2000s", x.acked.Load(), within, n, x.wrong.String())
		}
	}
}

// asked is what searches got while all this went on.
type asked struct {
	mu                   sync.Mutex
	all, failed, partial int
	since                time.Time // of the first failure after the last good answer
	longest              time.Duration
	tookMS               []float64
	lastError            string
}

func (a *asked) note(res *index.Result, err error, took time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all++
	if err != nil {
		a.failed++
		a.lastError = err.Error()
		if a.since.IsZero() {
			a.since = time.Now().Add(-took)
		}
		return
	}
	a.tookMS = append(a.tookMS, float64(took.Microseconds())/1000)
	if res.Partial {
		a.partial++
	}
	if !a.since.IsZero() {
		a.longest = max(a.longest, time.Since(a.since))
		a.since = time.Time{}
	}
}

// take returns what was noted, and begins anew.
func (a *asked) take() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	slices.Sort(a.tookMS)
	at := func(p float64) float64 {
		if len(a.tookMS) == 0 {
			return 0
		}
		return a.tookMS[int(p*float64(len(a.tookMS)-1))]
	}
	s := fmt.Sprintf("searches %d  failed %d (%.1f %%)  partial %d (%.1f %%)  longest without an answer %.1f s  p50 %.0f ms  p99 %.0f ms",
		a.all, a.failed, 100*float64(a.failed)/float64(max(1, a.all)), a.partial, 100*float64(a.partial)/float64(max(1, a.all)), a.longest.Seconds(), at(0.5), at(0.99))
	if a.lastError != "" {
		s += "  last error: " + a.lastError[:min(len(a.lastError), 160)]
	}
	a.all, a.failed, a.partial, a.longest, a.tookMS, a.lastError = 0, 0, 0, 0, nil, ""
	return s
}

// TestClusterFaults writes into a cluster of three nodes while one is killed, another stands still, the leader is started
// again and the indexer is killed; then it reads every acknowledged document from every copy. FAULT_DOCS is the least number of
// changes, FAULT_FREEZE how long a node stands still: `make test-cluster-faults` has the long form.
func TestClusterFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("a cluster of three nodes is too long for -short")
	}
	docs, _ := strconv.ParseInt(os.Getenv("FAULT_DOCS"), 10, 64)
	docs = max(docs, 2000)
	freeze, _ := time.ParseDuration(os.Getenv("FAULT_FREEZE"))
	freeze = max(freeze, 3*time.Second)
	soon := map[string]string{}
	for _, check := range []string{"follower_check", "leader_check"} {
		soon["cluster.fault_detection."+check+".timeout"] = "3s"
		soon["cluster.fault_detection."+check+".interval"] = "1s"
		soon["cluster.fault_detection."+check+".retry_count"] = "2"
	}
	c := opensearchtest.Start(t, opensearchtest.Options{Nodes: 3, HeapMB: 1024, Settings: soon})
	e, err := opensearch.Open(t.Context(), opensearch.Options{Access: opensearch.Access{Addresses: c.URLs()}, Prefix: faultPrefix, Shards: 2, Replicas: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	x := &indexer{t: t, urls: strings.Join(c.URLs(), ",")}
	x.start()
	x.until(int64(faultBatch), 5*time.Minute)
	got := &asked{}
	ctx, stop := context.WithCancel(t.Context())
	var searching sync.WaitGroup
	for range 2 {
		searching.Go(func() { keepAsking(ctx, e, got) })
	}
	step := func(name string, share float64, fault func() error) {
		t.Helper()
		x.until(int64(share*float64(docs)), 30*time.Minute)
		began, before := time.Now(), x.acked.Load()
		if err := fault(); err != nil {
			t.Fatal(err)
		}
		x.until(before+2*faultBatch, 10*time.Minute)
		writes := time.Since(began)
		if err := c.Green(10 * time.Minute); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("%-34s at change %6d  writes go on after %5.1f s  green after %5.1f s  %s\n", name, before, writes.Seconds(), time.Since(began).Seconds(), got.take())
	}
	step("nothing", 0.05, func() error { return nil })
	leader, err := c.Leader()
	if err != nil {
		t.Fatal(err)
	}
	var others []*opensearchtest.Node
	for _, n := range c.Nodes {
		if n != leader {
			others = append(others, n)
		}
	}
	step("a node killed with SIGKILL", 0.15, func() error {
		others[0].Kill()
		time.Sleep(freeze / 6)
		return others[0].Start()
	})
	step("a node stopped for "+freeze.String(), 0.35, func() error {
		if err := others[1].Freeze(); err != nil {
			return err
		}
		time.Sleep(freeze)
		return others[1].Thaw()
	})
	step("the leader killed and started again", 0.55, func() error {
		leader, err := c.Leader()
		if err != nil {
			return err
		}
		leader.Kill()
		return leader.Start()
	})
	step("the indexer killed and started again", 0.75, func() error {
		x.kill()
		x.start()
		return nil
	})
	x.until(docs, 2*time.Hour)
	x.end()
	stop()
	searching.Wait()
	verifyCopies(t, c, int(x.acked.Load()))
}

func keepAsking(ctx context.Context, e *opensearch.Engine, got *asked) {
	for ctx.Err() == nil {
		one, cancel := context.WithTimeout(ctx, 5*time.Second)
		began := time.Now()
		res, err := e.Search(one, index.Query{Text: "退还供暖费"})
		cancel()
		if ctx.Err() != nil {
			return
		}
		got.note(res, err, time.Since(began))
		time.Sleep(100 * time.Millisecond)
	}
}

// verifyCopies reads every document from every node, each of which has a copy of all.
func verifyCopies(t *testing.T, c *opensearchtest.Cluster, acked int) {
	t.Helper()
	want := map[string]int{}
	for n := 1; n <= acked; n++ {
		want[change(n).ID] = n
	}
	if err := ask(c.Nodes[0].URL+"/"+faultPrefix+"/_refresh", "", nil); err != nil {
		t.Fatal(err)
	}
	for _, n := range c.Nodes {
		versions := map[string]int{}
		for after := ""; ; {
			body := `{"size":5000,"version":true,"_source":false,"query":{"term":{"kind":"news"}},"sort":[{"id":"asc"}]` + after + `}`
			var page struct {
				Shards struct{ Failed int } `json:"_shards"`
				Hits   struct {
					Hits []struct {
						ID      string `json:"_id"`
						Version int    `json:"_version"`
					} `json:"hits"`
				} `json:"hits"`
			}
			if err := ask(n.URL+"/"+faultPrefix+"/_search?preference=_only_nodes:"+n.Name, body, &page); err != nil {
				t.Fatal(err)
			}
			if page.Shards.Failed > 0 {
				t.Fatalf("%s does not answer for %d shards", n.Name, page.Shards.Failed)
			}
			for _, h := range page.Hits.Hits {
				versions[h.ID] = h.Version
			}
			if len(page.Hits.Hits) == 0 {
				break
			}
			after = fmt.Sprintf(`,"search_after":[%q]`, page.Hits.Hits[len(page.Hits.Hits)-1].ID)
		}
		lost, stale := 0, 0
		for id, version := range want {
			switch got, ok := versions[id]; {
			case !ok:
				lost++
			case got < version:
				stale++
			}
		}
		fmt.Printf("%s: changes acknowledged %d  documents acknowledged %d  found %d  lost %d  stale %d\n", n.Name, acked, len(want), len(want)-lost, lost, stale)
		if lost+stale > 0 {
			t.Errorf("%s has lost %d of %d acknowledged documents and holds older versions of %d", n.Name, lost, len(want), stale)
		}
	}
}

func ask(url, body string, into any) error {
	resp, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		raw, _ := io.ReadAll(resp.Body)
		return fmt.Errorf("%s: %s: %.300s", url, resp.Status, raw)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(into)
}
