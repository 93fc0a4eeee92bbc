package pull

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"github.com/temoto/robotstxt"
)

// agent is how we introduce ourselves.
const agent = "tongsou"

// ErrPrivate means that an address lies in a private network, where a source may not lead us.
var ErrPrivate = errors.New("the address lies in a private network")

// client fetches from one source.
type client struct {
	http   *http.Client
	pause  time.Duration
	last   time.Time
	robots map[string]*robotstxt.Group // by scheme and host
}

// The bounds of one request.
const (
	requestTime  = 30 * time.Second
	maxRedirects = 5
	maxRobots    = 512 << 10
	maxPause     = 10 * time.Second
)

// newClient makes a client that dials public addresses alone, and the source's own host wherever it stands when that was
// said. The address that is dialled is looked at, not the name: a name may lead elsewhere the moment after it was looked
// up. No proxy is used, which would dial for us.
func newClient(s Source, pause time.Duration) (*client, error) {
	home, err := url.Parse(s.URL)
	if err != nil {
		return nil, fmt.Errorf("read the address of source %s: %w", s.Name, err)
	}
	own := authority(home)
	public := &net.Dialer{Timeout: 10 * time.Second, Control: refusePrivate}
	anywhere := &net.Dialer{Timeout: 10 * time.Second}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if s.Private && addr == own {
				return anywhere.DialContext(ctx, network, addr)
			}
			return public.DialContext(ctx, network, addr)
		},
		TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: requestTime, MaxResponseHeaderBytes: 64 << 10, MaxIdleConns: 4, IdleConnTimeout: time.Minute,
	}
	c := &client{pause: pause, robots: map[string]*robotstxt.Group{}}
	c.http = &http.Client{Transport: transport, Timeout: requestTime, CheckRedirect: c.checkRedirect}
	return c, nil
}

// checkRedirect lets a server lead to another of its own pages, by HTTPS as well, when robots.txt allows that one. Who leads
// elsewhere leads to another source.
func (c *client) checkRedirect(req *http.Request, via []*http.Request) error {
	from := via[0].URL
	switch {
	case len(via) > maxRedirects:
		return errors.New("too many redirects")
	case req.URL.Scheme != "http" && req.URL.Scheme != "https":
		return fmt.Errorf("a redirect to %s, which is no web address", req.URL.Scheme)
	case req.URL.Hostname() != from.Hostname():
		return fmt.Errorf("a redirect to another site, %s; make it a source of its own", req.URL.Hostname())
	}
	if g := c.robots[from.Scheme+"://"+from.Host]; g != nil && !g.Test(req.URL.RequestURI()) {
		return fmt.Errorf("%s: %w", req.URL, errForbidden)
	}
	return nil
}

// authority is the host and port that are dialled for an address.
func authority(u *url.URL) string {
	port := u.Port()
	if port == "" {
		if port = "80"; u.Scheme == "https" {
			port = "443"
		}
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// refusePrivate is asked before every connection, with the address that is about to be dialled.
func refusePrivate(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%s: %w", address, ErrPrivate)
	}
	if !public(at.Addr()) {
		return fmt.Errorf("%s: %w; set private: true if the source itself stands there", at.Addr(), ErrPrivate)
	}
	return nil
}

// special are the networks that are public by none of netip's tests and yet lead to no public server, or hold the address
// of another inside.
func special() []netip.Prefix {
	var list []netip.Prefix
	for _, p := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fec0::/10",
	} {
		list = append(list, netip.MustParsePrefix(p))
	}
	return list
}

func public(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	if !addr.IsGlobalUnicast() || addr.IsPrivate() || addr.IsLoopback() || addr.IsLinkLocalUnicast() {
		return false
	}
	for _, p := range special() {
		if p.Contains(addr) {
			return false
		}
	}
	return true
}

// page is what a server answered.
type page struct {
	status             int
	body               []byte
	etag, modified     string
	contentType, final string
}

// errForbidden means that robots.txt keeps us out.
var errForbidden = errors.New("robots.txt forbids it")

// get fetches an address when robots.txt allows it, unless it is as it was. More than most bytes are an error.
func (c *client) get(ctx context.Context, address, etag, modified string, most int64) (*page, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("read the address %q: %w", address, err)
	}
	group, err := c.rules(ctx, u)
	if err != nil {
		return nil, err
	}
	if !group.Test(u.RequestURI()) {
		return nil, fmt.Errorf("%s: %w", address, errForbidden)
	}
	return c.send(ctx, address, etag, modified, most, max(c.pause, min(group.CrawlDelay, maxPause)))
}

// rules are those of a host's robots.txt for us. Where there is none everything is allowed; where the server is in trouble
// nothing is.
func (c *client) rules(ctx context.Context, u *url.URL) (*robotstxt.Group, error) {
	host := u.Scheme + "://" + u.Host
	if g := c.robots[host]; g != nil {
		return g, nil
	}
	p, err := c.send(ctx, host+"/robots.txt", "", "", maxRobots, c.pause)
	if err != nil {
		return nil, fmt.Errorf("read robots.txt: %w", err)
	}
	if p.status >= http.StatusInternalServerError || p.status == http.StatusTooManyRequests {
		return nil, fmt.Errorf("%s/robots.txt is answered by %d: %w until it can be read", host, p.status, errForbidden)
	}
	data, err := robotstxt.FromStatusAndBytes(p.status, p.body)
	if err != nil {
		return nil, fmt.Errorf("read %s/robots.txt: %w", host, err)
	}
	c.robots[host] = data.FindGroup(agent)
	return c.robots[host], nil
}

func (c *client) send(ctx context.Context, address, etag, modified string, most int64, pause time.Duration) (*page, error) {
	if err := c.wait(ctx, pause); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("read the address %q: %w", address, err)
	}
	req.Header.Set("User-Agent", agent)
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	if modified != "" {
		req.Header.Set("If-Modified-Since", modified)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("fetch: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	// What came compressed is bounded unpacked.
	body, err := io.ReadAll(io.LimitReader(res.Body, most+1))
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", address, err)
	}
	if int64(len(body)) > most {
		return nil, fmt.Errorf("%s has more than %d bytes", address, most)
	}
	return &page{res.StatusCode, body, res.Header.Get("Etag"), res.Header.Get("Last-Modified"), res.Header.Get("Content-Type"), res.Request.URL.String()}, nil
}

// wait spaces the requests.
func (c *client) wait(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(time.Until(c.last.Add(pause)))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		c.last = time.Now()
		return nil
	}
}
