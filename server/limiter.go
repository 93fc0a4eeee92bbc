package server

import (
	"net/http"
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

// key is what is counted by: the sender's network, or nothing for all who came when the memory was full.
func (l *limiter) key(r *http.Request) string {
	if now := l.now(); now.Sub(l.began) >= l.window {
		l.began = now
		clear(l.count)
	}
	key := network(r.RemoteAddr)
	if _, known := l.count[key]; !known && len(l.count) >= maxClients {
		return ""
	}
	return key
}
