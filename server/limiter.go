package server

import (
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// maxClients bounds the addresses that a limiter remembers; beyond it everybody shares one count.
const maxClients = 10000

// limiter lets each address do something so many times in a window of time. Addresses are kept in memory only, and only
// for that window.
type limiter struct {
	most   int
	window time.Duration
	now    func() time.Time

	mu    sync.Mutex
	began time.Time
	count map[string]int
}

func newLimiter(most int, window time.Duration, now func() time.Time) *limiter {
	return &limiter{most: most, window: window, now: now, count: map[string]int{}}
}

// left says how often the sender of a request may still do it.
func (l *limiter) left(r *http.Request) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.most - l.count[l.key(r)]
}

// allow counts one more and reports whether it is within the limit.
func (l *limiter) allow(r *http.Request) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := l.key(r)
	if l.count[key] >= l.most {
		return false
	}
	l.count[key]++
	return true
}

// key is what is counted by. An address of IPv6 counts by its network, since one machine has as many as it likes.
func (l *limiter) key(r *http.Request) string {
	if now := l.now(); now.Sub(l.began) >= l.window {
		l.began = now
		clear(l.count)
	}
	host := sender(r)
	if ip := net.ParseIP(host); ip != nil && ip.To4() == nil {
		host = ip.Mask(net.CIDRMask(64, 128)).String()
	}
	if _, known := l.count[host]; !known && len(l.count) >= maxClients {
		return ""
	}
	return host
}

// sender is the address that a request comes from. What a proxy on this machine says of it is believed, as far as the
// proxy itself has seen it: the last address that it wrote. What anybody else says is not.
func sender(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return host
	}
	seen := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	if last := strings.TrimSpace(seen[len(seen)-1]); net.ParseIP(last) != nil {
		return last
	}
	return host
}
