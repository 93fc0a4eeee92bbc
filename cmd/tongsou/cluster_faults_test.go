package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tongsou/corpus/store"
	"tongsou/index/opensearch/opensearchtest"
)

// TestClusterFaults takes documents in over the API of two serves, which share a PostgreSQL and an OpenSearch of three nodes
// with a copy of everything each, while a node is killed, another stands still, the leader is started again, the serve that
// was elected is killed, and PostgreSQL is killed; searches go on all the time. Then every acknowledged document is looked
// for in the store and on every copy. FAULT_DOCS is the least number of changes, FAULT_FREEZE how long a node stands still:
// `make test-cluster-faults` has the long form.
func TestClusterFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("a cluster of three nodes is too long for -short")
	}
	docs, _ := strconv.ParseInt(os.Getenv("FAULT_DOCS"), 10, 64)
	// Without a pause the store takes in several times of what the cluster can index on the same two cores, and a copy that was
	// away has to catch up with writes that never end.
	const pause = 300 * time.Millisecond
	long := docs > 0
	if !long {
		docs = 2000
	}
	freeze, _ := time.ParseDuration(os.Getenv("FAULT_FREEZE"))
	freeze = max(freeze, 3*time.Second)
	soon := map[string]string{}
	for _, check := range []string{"follower_check", "leader_check"} {
		soon["cluster.fault_detection."+check+".timeout"] = "3s"
		soon["cluster.fault_detection."+check+".interval"] = "1s"
		soon["cluster.fault_detection."+check+".retry_count"] = "2"
	}
	c := opensearchtest.Start(t, opensearchtest.Options{Nodes: 3, HeapMB: 1024, Compiled: long, Settings: soon})
	dsn := inDatabase(t)
	config := write(t, filepath.Join(t.TempDir(), "cluster.yaml"), fmt.Sprintf(
		"engine: opensearch\nopensearch: {addresses: [%s], prefix: faults, shards: 2, replicas: 2}\n", strings.Join(c.URLs(), ", ")))
	nodes := []*node{newNode(t, "--config", config, "--no-sample"), newNode(t, "--config", config, "--no-sample")}

	w, r := &writer{t: t, nodes: nodes, pause: pause, held: map[string]int{}}, &readings{}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var work sync.WaitGroup
	work.Go(func() { w.write(ctx) })
	for _, n := range nodes {
		work.Go(func() { r.keepReading(ctx, n) })
	}
	step := func(name string, share float64, fault func() error) {
		t.Helper()
		w.until(int64(share*float64(docs)), 10*time.Minute)
		began, before := time.Now(), w.acked.Load()
		goOn := w.reaches(before + 2*writeAtOnce)
		if err := fault(); err != nil {
			t.Fatal(err)
		}
		writes := w.wait(goOn, before+2*writeAtOnce, 5*time.Minute).Sub(began)
		if err := c.Green(10 * time.Minute); err != nil {
			t.Fatal(err)
		}
		t.Logf("%-36s at change %6d  writes go on after %5.1f s  green after %5.1f s  %s", name, before, writes.Seconds(), time.Since(began).Seconds(), r.take())
	}
	step("nothing", 0.05, func() error { return nil })
	leader, err := c.Leader()
	if err != nil {
		t.Fatal(err)
	}
	others := slices.DeleteFunc(slices.Clone(c.Nodes), func(n *opensearchtest.Node) bool { return n == leader })
	step("a node killed with SIGKILL", 0.15, func() error {
		others[0].Kill()
		time.Sleep(freeze / 6)
		return others[0].Start()
	})
	step("a node stopped for "+freeze.String(), 0.3, func() error {
		if err := others[1].Freeze(); err != nil {
			return err
		}
		time.Sleep(freeze)
		return others[1].Thaw()
	})
	step("the leader killed and started again", 0.45, func() error {
		leader, err := c.Leader()
		if err != nil {
			return err
		}
		leader.Kill()
		return leader.Start()
	})
	step("the elected serve killed", 0.6, func() error {
		i := slices.IndexFunc(nodes, (*node).elected)
		if i < 0 {
			return errors.New("nobody is elected")
		}
		nodes[i].process.kill()
		nodes[i].begin()
		return nil
	})
	step("PostgreSQL killed and started again", 0.75, func() error {
		if err := database.Kill(); err != nil {
			return err
		}
		time.Sleep(freeze / 6)
		return database.Start()
	})
	w.until(docs, 2*time.Hour)
	stop()
	work.Wait()
	verifyCopies(t, c, dsn, w)
}

// writeAtOnce is how many documents one request brings.
const writeAtOnce = 100

// writer puts documents in over the API, now at one serve, now at the other, and knows what was acknowledged.
type writer struct {
	t     *testing.T
	nodes []*node
	pause time.Duration  // between two requests
	acked atomic.Int64   // changes, which are acknowledged in their order
	held  map[string]int // the change that each document had last; for the writer alone until it has ended
	wrong atomic.Pointer[string]
}

// writtenID is the document of the n-th change: every fifth is a newer version of an older one.
func writtenID(n int) string {
	if n%5 == 0 {
		n /= 2
	}
	return fmt.Sprintf("f-%d", n)
}

// write brings documents until ctx ends. A request that is not acknowledged is sent again to the other serve: taking the same
// in twice changes nothing.
func (w *writer) write(ctx context.Context) {
	client := &http.Client{Timeout: time.Minute}
	for next, at := 1, 0; ctx.Err() == nil; at++ {
		time.Sleep(w.pause)
		latest := map[string]int{} // a request may name a document once
		for n := next; n < next+writeAtOnce; n++ {
			latest[writtenID(n)] = n
		}
		var lines bytes.Buffer
		for id, n := range latest {
			raw, err := json.Marshal(document(id, n))
			if err != nil {
				w.t.Error(err)
				return
			}
			lines.Write(append(raw, '\n'))
		}
		if err := w.send(client, w.nodes[at%len(w.nodes)].url(), lines.Bytes()); err != nil {
			text := err.Error()
			w.wrong.Store(&text)
			time.Sleep(100 * time.Millisecond)
			continue
		}
		maps.Copy(w.held, latest)
		next += writeAtOnce
		w.acked.Store(int64(next - 1))
	}
}

func (w *writer) send(client *http.Client, address string, lines []byte) error {
	req, err := http.NewRequest(http.MethodPost, address+"/api/v1/admin/documents?source=api", bytes.NewReader(lines))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+faultsKey)
	req.Header.Set("Content-Type", "application/x-ndjson")
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err == nil && (res.StatusCode != http.StatusOK || !strings.Contains(string(answer), `"rejected":0`)) {
		err = fmt.Errorf("%s: %.300s", res.Status, answer)
	}
	return err
}

// until waits until some changes are acknowledged.
func (w *writer) until(n int64, within time.Duration) {
	w.t.Helper()
	w.wait(w.reaches(n), n, within)
}

// wait waits for what reaches gives.
func (w *writer) wait(reached <-chan time.Time, n int64, within time.Duration) time.Time {
	w.t.Helper()
	select {
	case at := <-reached:
		return at
	case <-time.After(within):
	}
	said := "nothing"
	if p := w.wrong.Load(); p != nil {
		said = *p
	}
	w.t.Fatalf("%d changes are acknowledged after %v, want %d; the last refusal: %s", w.acked.Load(), within, n, said)
	return time.Time{}
}

// reaches gives the time at which so many changes are acknowledged: writes go on while the step that waits for it goes on too.
func (w *writer) reaches(n int64) <-chan time.Time {
	reached := make(chan time.Time, 1)
	go func() {
		for w.acked.Load() < n {
			select {
			case <-w.t.Context().Done():
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
		reached <- time.Now()
	}()
	return reached
}

// readings are what searches got while all this went on.
type readings struct {
	mu                   sync.Mutex
	all, failed, partial int
	longest              time.Duration // without an answer, of one serve
	took                 []time.Duration
	lastError            string
}

// keepReading searches at one serve until ctx ends. While that serve itself is down, as a balancer would see by /readyz, its
// searches are not counted: a balancer sends none there.
func (r *readings) keepReading(ctx context.Context, n *node) {
	client := &http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	var since time.Time // of the first failure after the last good answer
	for ; ctx.Err() == nil; time.Sleep(100 * time.Millisecond) {
		began := time.Now()
		partial, err := searchOnce(ctx, client, n.url())
		if ctx.Err() != nil {
			return
		}
		if err != nil && !alive(client, n.url()) {
			continue
		}
		took := time.Since(began)
		r.mu.Lock()
		r.all++
		switch {
		case err != nil:
			r.failed++
			r.lastError = err.Error()
			if since.IsZero() {
				since = began
			}
		default:
			r.took = append(r.took, took)
			if partial {
				r.partial++
			}
			if !since.IsZero() {
				r.longest, since = max(r.longest, time.Since(since)), time.Time{}
			}
		}
		r.mu.Unlock()
	}
}

func searchOnce(ctx context.Context, client *http.Client, address string) (partial bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/api/v1/search?q="+url.QueryEscape("冰灯展览"), nil)
	if err != nil {
		return false, err
	}
	res, err := client.Do(req)
	if err != nil {
		return false, err
	}
	defer func() { _ = res.Body.Close() }()
	var answer struct{ Partial bool }
	if res.StatusCode != http.StatusOK {
		return false, errors.New(res.Status)
	}
	return answer.Partial, json.NewDecoder(res.Body).Decode(&answer)
}

// alive reports whether a serve runs at all.
func alive(client *http.Client, address string) bool {
	res, err := client.Get(address + "/healthz")
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return true
}

// take returns what was noted, and begins anew.
func (r *readings) take() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.Sort(r.took)
	at := func(p float64) time.Duration {
		if len(r.took) == 0 {
			return 0
		}
		return r.took[int(p*float64(len(r.took)-1))].Round(time.Millisecond)
	}
	s := fmt.Sprintf("searches %d  failed %d (%.1f %%)  partial %d (%.1f %%)  longest without an answer %.1f s  p50 %v  p99 %v",
		r.all, r.failed, 100*float64(r.failed)/float64(max(1, r.all)), r.partial, 100*float64(r.partial)/float64(max(1, r.all)), r.longest.Seconds(), at(0.5), at(0.99))
	if r.lastError != "" {
		s += "  last error: " + r.lastError[:min(len(r.lastError), 160)]
	}
	r.all, r.failed, r.partial, r.longest, r.took, r.lastError = 0, 0, 0, 0, nil, ""
	return s
}

// verifyCopies looks for every acknowledged document in the store, with the content that was acknowledged last, and on every
// node, each of which has a copy of all, with the version that the store has.
func verifyCopies(t *testing.T, c *opensearchtest.Cluster, dsn string, w *writer) {
	t.Helper()
	acked := w.acked.Load()
	s, err := store.OpenPostgres(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	sequences := map[string]uint64{}
	torn := 0
	for after := uint64(0); ; {
		changes, err := s.Changes(t.Context(), after, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(changes) == 0 {
			break
		}
		for _, change := range changes {
			after = change.Seq
			sequences[change.ID] = change.Seq
			// What was sent and not acknowledged may be there too: a newer version is none that is lost.
			if change.Document == nil || !strings.HasPrefix(change.Document.Title, "故障试验 ") {
				torn++
			} else if n := w.held[change.ID]; n > 0 && versionOf(change.Document.Title) < n {
				torn++
			}
		}
	}
	missing := 0
	for id := range w.held {
		if sequences[id] == 0 {
			missing++
		}
	}
	t.Logf("store: changes acknowledged %d  documents acknowledged %d  lost %d  stale %d", acked, len(w.held), missing, torn)
	if missing+torn > 0 {
		t.Errorf("the store has lost %d documents and holds older versions of %d", missing, torn)
	}
	for _, n := range c.Nodes {
		var versions map[string]uint64
		var lost, stale int
		for end := time.Now().Add(3 * time.Minute); ; time.Sleep(time.Second) { // the index follows the store
			versions, lost, stale = versionsOn(t, n), 0, 0
			for id := range w.held {
				switch got, ok := versions[id]; {
				case !ok:
					lost++
				case got < sequences[id]:
					stale++
				}
			}
			if lost+stale == 0 || time.Now().After(end) {
				break
			}
		}
		t.Logf("%s: documents acknowledged %d  found %d  lost %d  stale %d", n.Name, len(w.held), len(w.held)-lost, lost, stale)
		if lost+stale > 0 {
			t.Errorf("%s has lost %d of %d acknowledged documents and holds older versions of %d", n.Name, lost, len(w.held), stale)
		}
	}
}

// versionOf is the version that a document says it is of.
func versionOf(title string) int {
	_, v, _ := strings.Cut(title, "V")
	n, _ := strconv.Atoi(v)
	return n
}

// versionsOn are the versions of all documents in a node's own copies.
func versionsOn(t *testing.T, n *opensearchtest.Node) map[string]uint64 {
	t.Helper()
	askNode(t, n.URL+"/faults/_refresh", "", nil)
	versions := map[string]uint64{}
	for after := ""; ; {
		var page struct {
			Shards struct{ Failed int } `json:"_shards"`
			Hits   struct {
				Hits []struct {
					ID      string `json:"_id"`
					Version uint64 `json:"_version"`
				} `json:"hits"`
			} `json:"hits"`
		}
		body := `{"size":5000,"version":true,"_source":false,"query":{"terms":{"kind":["news","policy"]}},"sort":[{"id":"asc"}]` + after + `}`
		askNode(t, n.URL+"/faults/_search?preference=_only_nodes:"+n.Name, body, &page)
		if page.Shards.Failed > 0 {
			t.Fatalf("%s does not answer for %d shards", n.Name, page.Shards.Failed)
		}
		for _, h := range page.Hits.Hits {
			versions[h.ID] = h.Version
		}
		if len(page.Hits.Hits) == 0 {
			return versions
		}
		after = fmt.Sprintf(`,"search_after":[%q]`, page.Hits.Hits[len(page.Hits.Hits)-1].ID)
	}
}

func askNode(t *testing.T, address, body string, into any) {
	t.Helper()
	res, err := http.Post(address, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s: %.300s %v", address, res.Status, raw, err)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}
