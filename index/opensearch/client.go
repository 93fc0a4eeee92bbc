package opensearch

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tongsou/index"
)

// Access says where a cluster is and who we are there. Addresses is required; of user and key at most one is used, the key
// before the user.
type Access struct {
	// Addresses are the nodes that take requests: http://host:9200 or https://host:9200.
	Addresses []string
	// User and Password are for basic authentication; APIKey is sent as "Authorization: ApiKey …".
	User, Password, APIKey string
	// CA is a file with the certificates that are trusted beside the system's, Cert and Key the files of a client's own
	// certificate; Insecure takes any certificate, which is for trials alone.
	CA, Cert, Key string
	Insecure      bool
}

// How often and how long the client tries. A request that is answered with "later" or not at all is sent again, to another
// node where there is one. All requests of this package may be sent twice: writes carry their version.
const (
	attempts    = 4
	firstPause  = 50 * time.Millisecond
	longestRest = 8 * time.Second
)

// client sends requests to the nodes in turn.
type client struct {
	http  *http.Client
	nodes []*node
	turn  atomic.Uint32
	auth  func(*http.Request)
}

// node is one address with its circuit breaker: after a failure it rests, longer after each, and is asked again by one request
// when the rest is over. While all nodes rest requests fail at once.
type node struct {
	base  string
	mu    sync.Mutex
	fails int
	until time.Time
}

func (a *Access) client() (*client, error) {
	if len(a.Addresses) == 0 {
		return nil, errors.New("opensearch: no address is set")
	}
	c := &client{auth: a.sign}
	for _, address := range a.Addresses {
		u, err := url.Parse(strings.TrimRight(address, "/"))
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, fmt.Errorf("opensearch: address %q is none: write http://host:9200 or https://host:9200", address)
		}
		c.nodes = append(c.nodes, &node{base: u.String()})
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	// A cluster is near: packing and unpacking half a megabyte takes longer than sending it.
	transport.DisableCompression = true
	var err error
	if transport.TLSClientConfig, err = a.tls(); err != nil {
		return nil, err
	}
	c.http = &http.Client{Transport: transport}
	return c, nil
}

func (a *Access) sign(r *http.Request) {
	switch {
	case a.APIKey != "":
		r.Header.Set("Authorization", "ApiKey "+a.APIKey)
	case a.User != "":
		r.SetBasicAuth(a.User, a.Password)
	}
}

func (a *Access) tls() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: a.Insecure} //nolint:gosec // asked for in so many words
	if a.CA != "" {
		pem, err := os.ReadFile(a.CA)
		if err != nil {
			return nil, fmt.Errorf("read the cluster's certificate authority: %w", err)
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate in PEM", a.CA)
		}
		c.RootCAs = pool
	}
	if a.Cert != "" {
		pair, err := tls.LoadX509KeyPair(a.Cert, a.Key)
		if err != nil {
			return nil, fmt.Errorf("read the client's certificate: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// pick returns the next node that does not rest, nil when all do.
func (c *client) pick() *node {
	now := time.Now()
	for range c.nodes {
		n := c.nodes[int(c.turn.Add(1))%len(c.nodes)]
		if n.awake(now) {
			return n
		}
	}
	return nil
}

// awake reports whether a node may be asked. The one who asks after a rest puts it off for the others until it is known how
// that went.
func (n *node) awake(now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.fails == 0 {
		return true
	}
	if now.Before(n.until) {
		return false
	}
	n.until = now.Add(rest(n.fails))
	return true
}

func (n *node) note(ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if ok {
		n.fails = 0
		return
	}
	n.fails++
	n.until = time.Now().Add(rest(n.fails))
}

func rest(fails int) time.Duration {
	return min(longestRest, 100*time.Millisecond<<min(fails, 10))
}

// statusError is an answer that is no success.
type statusError struct {
	status       int
	kind, reason string
}

func (e *statusError) Error() string {
	return fmt.Sprintf("opensearch answers %d %s: %s", e.status, e.kind, e.reason)
}

func status(err error) int {
	var s *statusError
	if errors.As(err, &s) {
		return s.status
	}
	return 0
}

func later(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
}

// do sends a request and decodes the answer into into, when that is not nil. Each attempt may take as long as patience.
func (c *client) do(ctx context.Context, method, path string, body []byte, patience time.Duration, into any) error {
	var last error
	for attempt := range attempts {
		if attempt > 0 {
			if err := pause(ctx, attempt); err != nil {
				return errors.Join(err, last)
			}
		}
		n := c.pick()
		if n == nil {
			if last == nil {
				last = errors.New("every node failed a moment ago")
			}
			continue
		}
		err := c.once(ctx, n, method, path, body, patience, into)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil || status(err) != 0 && !later(status(err)) {
			n.note(true)
			return err
		}
		n.note(status(err) == http.StatusTooManyRequests) // who says that is alive
		last = err
	}
	return fmt.Errorf("opensearch %s %s: %w: %w", method, strings.SplitN(path, "?", 2)[0], index.ErrUnavailable, last)
}

// pause waits before an attempt, twice as long for each and by chance up to that, so that many clients do not come at once.
func pause(ctx context.Context, attempt int) error {
	most := firstPause << attempt
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(most/2 + rand.N(most/2)): //nolint:gosec // chance, not secrecy
		return nil
	}
}

func (c *client) once(ctx context.Context, n *node, method, path string, body []byte, patience time.Duration, into any) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, n.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
		if strings.Contains(path, "_bulk") || strings.Contains(path, "_msearch") {
			req.Header.Set("Content-Type", "application/x-ndjson")
		}
	}
	c.auth(req)
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= http.StatusBadRequest {
		return failure(resp)
	}
	if into == nil {
		_, err := io.Copy(io.Discard, resp.Body)
		return err
	}
	return json.NewDecoder(resp.Body).Decode(into)
}

// failure reads what went wrong. OpenSearch says it in an object, a proxy before it in whatever it likes.
func failure(resp *http.Response) error {
	raw, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<16)) // what could be read
	e := &statusError{status: resp.StatusCode, reason: string(raw[:min(len(raw), 300)])}
	var said struct {
		Error json.RawMessage `json:"error"`
	}
	var cause struct {
		Type   string `json:"type"`
		Reason string `json:"reason"`
	}
	if json.Unmarshal(raw, &said) == nil && json.Unmarshal(said.Error, &cause) == nil {
		e.kind, e.reason = cause.Type, cause.Reason
	}
	return e
}
