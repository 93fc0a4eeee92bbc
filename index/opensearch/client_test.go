package opensearch_test

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tongsou/index"
	"tongsou/index/opensearch"
)

// fake answers like a cluster with an empty index, after refusing as often as told.
type fake struct {
	refuse, status int
	failed         int // shards of a search
	asked          atomic.Int64
	header         atomic.Value
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := f.asked.Add(1)
	f.header.Store(r.Header.Get("Authorization"))
	switch {
	case int(n) <= f.refuse:
		w.WriteHeader(f.status)
	case strings.Contains(r.URL.Path, "_doc"):
		w.WriteHeader(http.StatusNotFound)
	case strings.Contains(r.URL.Path, "_msearch"):
		raw, _ := io.ReadAll(r.Body)
		one := fmt.Sprintf(`{"_shards":{"total":2,"failed":%d},"hits":{"total":{"value":0},"hits":[]},"aggregations":{"units":{"doc_count":5}},"status":200}`, f.failed)
		_, _ = fmt.Fprintf(w, `{"responses":[%s]}`, strings.Join(slices.Repeat([]string{one}, strings.Count(string(raw), "\n")/2), ","))
	case strings.Contains(r.URL.Path, "_mapping"):
		_, _ = w.Write([]byte(`{"tongsou-1":{"mappings":{"_meta":{"version":"x"}}}}`))
	default:
		_, _ = w.Write([]byte(`{}`))
	}
}

func connect(t *testing.T, a opensearch.Access) (*opensearch.Engine, error) {
	t.Helper()
	e, err := opensearch.Open(t.Context(), opensearch.Options{Access: a})
	if err == nil {
		t.Cleanup(func() { _ = e.Close() })
	}
	return e, err
}

// What is refused for a moment is asked again, of another node where there is one; what is refused for good is not.
func TestRetries(t *testing.T) {
	for _, c := range []struct {
		name           string
		refuse, status int
		opens          bool
	}{
		{"busy", 2, http.StatusTooManyRequests, true}, {"forbidden", 1, http.StatusForbidden, false}, {"gone for ever", 1000, http.StatusServiceUnavailable, false},
	} {
		f := &fake{refuse: c.refuse, status: c.status}
		s := httptest.NewServer(f)
		_, err := connect(t, opensearch.Access{Addresses: []string{s.URL}})
		if (err == nil) != c.opens {
			t.Errorf("%s: got %v", c.name, err)
		}
		if c.status == http.StatusForbidden && f.asked.Load() != 1 {
			t.Errorf("%s: asked %d times", c.name, f.asked.Load())
		}
		if c.status == http.StatusServiceUnavailable && !errors.Is(err, index.ErrUnavailable) {
			t.Errorf("%s: got %v, want ErrUnavailable", c.name, err)
		}
		s.Close()
	}
}

// An answer that lacks shards says so; one that lacks all is none.
func TestShardsThatFail(t *testing.T) {
	for failed, want := range []bool{false, true} {
		s := httptest.NewServer(&fake{failed: failed})
		e, err := connect(t, opensearch.Access{Addresses: []string{s.URL}})
		if err != nil {
			t.Fatal(err)
		}
		res, err := e.Search(t.Context(), index.Query{Text: "供暖"})
		if err != nil || res.Partial != want || (len(res.Query.Notes) > 0) != want {
			t.Errorf("with %d of 2 shards failing: %+v, %v", failed, res, err)
		}
		s.Close()
	}
	s := httptest.NewServer(&fake{failed: 2})
	defer s.Close()
	e, err := connect(t, opensearch.Access{Addresses: []string{s.URL}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Search(t.Context(), index.Query{Text: "供暖"}); !errors.Is(err, index.ErrUnavailable) {
		t.Errorf("without any shard: %v", err)
	}
}

// A node that does not answer is passed over, and while it rests it is not asked.
func TestBreaker(t *testing.T) {
	dead, f := httptest.NewServer(&fake{}), &fake{}
	dead.Close()
	s := httptest.NewServer(f)
	defer s.Close()
	if _, err := connect(t, opensearch.Access{Addresses: []string{dead.URL, s.URL}}); err != nil {
		t.Errorf("with one of two nodes: %v", err)
	}
	began := time.Now()
	if _, err := connect(t, opensearch.Access{Addresses: []string{dead.URL}}); !errors.Is(err, index.ErrUnavailable) {
		t.Errorf("without a node: %v", err)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %v to say so", took)
	}
}

func TestAccess(t *testing.T) {
	f := &fake{}
	s := httptest.NewTLSServer(f)
	defer s.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		access opensearch.Access
		header string
		opens  bool
	}{
		{"basic", opensearch.Access{User: "u", Password: "p", CA: ca}, "Basic dTpw", true},
		{"key", opensearch.Access{User: "u", APIKey: "k", CA: ca}, "ApiKey k", true},
		{"insecure", opensearch.Access{Insecure: true}, "", true},
		{"not trusted", opensearch.Access{}, "", false},
		{"no such file", opensearch.Access{CA: "absent.pem"}, "", false},
		{"no certificate", opensearch.Access{Cert: ca, Key: ca}, "", false},
	} {
		c.access.Addresses = []string{s.URL}
		_, err := connect(t, c.access)
		if (err == nil) != c.opens {
			t.Errorf("%s: got %v", c.name, err)
		}
		if c.opens && f.header.Load() != c.header {
			t.Errorf("%s: the server sees %q, want %q", c.name, f.header.Load(), c.header)
		}
	}
}
