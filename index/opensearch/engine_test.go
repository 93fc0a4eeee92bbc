package opensearch_test

import (
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"tongsou/index"
	"tongsou/index/enginetest"
	"tongsou/index/opensearch"
	"tongsou/index/opensearch/opensearchtest"
)

// address is that of the one node that all tests of this package share, each with an index of its own; repository is a folder
// in which it may keep snapshots, empty where the node is somebody else's.
var address, repository, missing = "", "", error(nil)

func TestMain(m *testing.M) { os.Exit(runAll(m)) }

func runAll(m *testing.M) int {
	if address = os.Getenv("OPENSEARCH_TEST_URL"); address != "" {
		return m.Run()
	}
	c, stop, err := opensearchtest.Run(opensearchtest.Options{})
	defer stop()
	if c != nil && err != nil { // nothing is missing: it does not start
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if missing = err; err == nil {
		address, repository = c.Nodes[0].URL, c.Repository()
	}
	return m.Run()
}

var prefixes atomic.Int64

func clock() time.Time { return time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC) }

// open opens an engine over an empty index.
func open(t testing.TB, change func(*opensearch.Options)) *opensearch.Engine {
	t.Helper()
	if missing != nil {
		t.Skipf("needs OpenSearch and Java 17 or later, which `make deps` installs: %v", missing)
	}
	o := opensearch.Options{
		Access: opensearch.Access{Addresses: []string{address}}, Now: clock,
		Prefix: fmt.Sprintf("test-%d-%d", os.Getpid(), prefixes.Add(1)),
	}
	if change != nil {
		change(&o)
	}
	e, err := opensearch.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func TestContract(t *testing.T) {
	enginetest.Run(t, func(t *testing.T) index.Engine { return open(t, nil) })
}
