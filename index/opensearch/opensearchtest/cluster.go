// Package opensearchtest starts real OpenSearch nodes on loopback for tests, as processes of their own with data folders of
// their own, and removes them afterwards. `make deps` fetches the minimal distribution into .bin.
package opensearchtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Options say what cluster to start. Zero values are replaced.
type Options struct {
	// Nodes is 1 when it is 0; HeapMB is each node's heap in MiB, 512 when it is 0.
	Nodes, HeapMB int
	// Compiled lets Java compile as thoroughly as in production, which is what to measure; without it nodes start faster.
	Compiled bool
	// Port is where a single node answers, a free one when 0; Data the folder in which its data stays, one that goes with it
	// when empty.
	Port int
	Data string
	// Settings are added to every node's opensearch.yml.
	Settings map[string]string
}

// Cluster is a running cluster.
type Cluster struct {
	Nodes []*Node
	dir   string
}

// greenWithin is how long a cluster may take to start, on a machine that does other things besides.
const greenWithin = 4 * time.Minute

// Start starts a cluster, waits until it is green and stops it when the test ends. The test is skipped where the
// distribution or Java is missing.
func Start(t testing.TB, o Options) *Cluster {
	t.Helper()
	home, java, err := installed()
	if err != nil {
		t.Skipf("needs OpenSearch and Java 17 or later, which `make deps` installs: %v", err)
	}
	c, err := start(o, home, java)
	if c != nil {
		t.Cleanup(func() {
			if t.Failed() {
				t.Log(c.Nodes[0].lastLines())
			}
			c.stop()
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Run starts a cluster for a whole package's tests: TestMain calls it, and stop at the end. missing says what is not there.
func Run(o Options) (c *Cluster, stop func(), missing error) {
	home, java, err := installed()
	if err != nil {
		return nil, func() {}, err
	}
	c, err = start(o, home, java)
	if c == nil {
		return nil, func() {}, err
	}
	return c, c.stop, err
}

func start(o Options, home, java string) (*Cluster, error) {
	o.Nodes = max(o.Nodes, 1)
	if o.HeapMB == 0 {
		o.HeapMB = 512
	}
	sweep()
	dir, err := os.MkdirTemp("", folders)
	if err != nil {
		return nil, err
	}
	c := &Cluster{dir: dir}
	if err := os.WriteFile(filepath.Join(dir, ownerName), []byte(strconv.Itoa(os.Getpid())), 0o640); err != nil {
		return c, err
	}
	ports, err := freePorts(2 * o.Nodes)
	if err != nil {
		return c, err
	}
	if o.Port > 0 && o.Nodes == 1 {
		ports[0] = o.Port
	}
	if err := share(home, filepath.Join(dir, "home")); err != nil {
		return c, err
	}
	for i := range o.Nodes {
		n := &Node{
			Name: "node-" + strconv.Itoa(i), URL: "http://127.0.0.1:" + strconv.Itoa(ports[2*i]), java: java, compiled: o.Compiled,
			home: filepath.Join(dir, "home"), dir: filepath.Join(dir, strconv.Itoa(i)), heap: o.HeapMB,
		}
		c.Nodes = append(c.Nodes, n)
		if err := n.configure(c.settings(i, ports, o)); err != nil {
			return c, err
		}
	}
	if o.Data != "" {
		if err := errors.Join(os.MkdirAll(o.Data, 0o750), own(o.Data)); err != nil {
			return c, err
		}
	}
	if err := own(dir); err != nil {
		return c, err
	}
	for _, n := range c.Nodes {
		if err := n.Start(); err != nil {
			return c, err
		}
	}
	return c, c.Green(greenWithin)
}

// folders begins the names of clusters' folders; ownerName is the file there that holds the process of the test.
const (
	folders   = "tongsou-opensearch-"
	ownerName = "owner"
)

// sweep removes the folders of tests that were killed. Their nodes were killed with them.
func sweep() {
	list, _ := filepath.Glob(filepath.Join(os.TempDir(), folders+"*")) // the pattern is good
	for _, dir := range list {
		raw, err := os.ReadFile(filepath.Join(dir, ownerName))
		if pid, bad := strconv.Atoi(string(raw)); err == nil && bad == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			_ = os.RemoveAll(dir) // somebody else's, or gone already
		}
	}
}

// settings are those of node i. Ports come in pairs: HTTP and transport.
func (c *Cluster) settings(i int, ports []int, o Options) map[string]string {
	s := map[string]string{
		"cluster.name": "tongsou-test", "node.name": c.Nodes[i].Name, "node.processors": "2", "network.host": "127.0.0.1",
		"http.port": strconv.Itoa(ports[2*i]), "transport.port": strconv.Itoa(ports[2*i+1]),
		"path.data": filepath.Join(c.Nodes[i].dir, "data"), "path.logs": filepath.Join(c.Nodes[i].dir, "logs"), "path.repo": filepath.Join(c.dir, "repository"),
		"action.auto_create_index": "false", "bootstrap.system_call_filter": "false", "cluster.routing.allocation.disk.threshold_enabled": "false",
	}
	if !o.Compiled {
		// What lies in the heap counts against the limit, garbage too, and only the collector of the compiled nodes is called when
		// that is much: of 200 searches over two million sections 36 were refused.
		s["indices.breaker.total.use_real_memory"] = "false"
	}
	if o.Nodes == 1 {
		s["discovery.type"] = "single-node"
	} else {
		var seeds, names []string
		for j := range o.Nodes {
			seeds = append(seeds, "127.0.0.1:"+strconv.Itoa(ports[2*j+1]))
			names = append(names, "node-"+strconv.Itoa(j))
		}
		s["discovery.seed_hosts"], s["cluster.initial_cluster_manager_nodes"] = strings.Join(seeds, ","), strings.Join(names, ",")
	}
	if o.Data != "" && o.Nodes == 1 {
		s["path.data"] = o.Data
	}
	for k, v := range o.Settings {
		s[k] = v
	}
	return s
}

// URLs are the addresses of all nodes.
func (c *Cluster) URLs() []string {
	var list []string
	for _, n := range c.Nodes {
		list = append(list, n.URL)
	}
	return list
}

// Repository is a folder in which every node may keep snapshots.
func (c *Cluster) Repository() string { return filepath.Join(c.dir, "repository") }

// Green waits until every node says that all are there and that every copy of every shard is in step. One alone may not have
// noticed yet that another is gone.
func (c *Cluster) Green(within time.Duration) error {
	end := time.Now().Add(within)
	for {
		last := c.lacking()
		if last == "" {
			return nil
		}
		for _, n := range c.Nodes {
			if n.died() {
				return fmt.Errorf("%s ended by itself:\n%s", n.Name, n.lastLines())
			}
		}
		if time.Now().After(end) {
			return fmt.Errorf("the cluster is not green after %v: %s", within, last)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// lacking is what some node says that is missing, nothing when all is well.
func (c *Cluster) lacking() string {
	for _, n := range c.Nodes {
		var h struct {
			Status string `json:"status"`
			Nodes  int    `json:"number_of_nodes"`
		}
		if err := get(n.URL+"/_cluster/health?local=false&timeout=5s", &h); err != nil {
			return err.Error()
		}
		if h.Status != "green" || h.Nodes != len(c.Nodes) {
			return fmt.Sprintf("%s says %s with %d nodes", n.Name, h.Status, h.Nodes)
		}
	}
	return ""
}

// Leader is the node that leads the cluster now.
func (c *Cluster) Leader() (*Node, error) {
	var last error
	for _, n := range c.Nodes {
		var list []struct {
			Node string `json:"node"`
		}
		if last = get(n.URL+"/_cat/cluster_manager?format=json", &list); last != nil || len(list) == 0 {
			continue
		}
		for _, m := range c.Nodes {
			if m.Name == list[0].Node {
				return m, nil
			}
		}
	}
	return nil, fmt.Errorf("no node knows a leader: %w", last)
}

func (c *Cluster) stop() {
	for _, n := range c.Nodes {
		n.Kill()
	}
	_ = os.RemoveAll(c.dir) // in the folder for temporary files, which somebody clears
}

func get(url string, into any) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(into)
}

// freePorts returns ports that nobody listens on. Somebody may take one before the node does; then the start fails.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer func() { _ = l.Close() }()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// nobody is who the nodes run as where the test is root, as whom OpenSearch refuses to run.
const nobody = 65534

func credential() *syscall.Credential {
	if os.Getuid() != 0 {
		return nil
	}
	return &syscall.Credential{Uid: nobody, Gid: nobody}
}
