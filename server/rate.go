package server

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

// maxBuckets bounds the addresses and keys whose rate is remembered. The one that was quiet longest is forgotten first:
// its bucket is full again or soon would be.
const maxBuckets = 20000

// burstSeconds is for how many seconds' worth of requests somebody may come at once: a page loads several files.
const burstSeconds = 4

// rates says how many requests a second one address, and one key of a portal or a program, may send. The bucket of a key
// holds back a portal whose visitors come from everywhere.
type rates struct {
	address, key float64
	now          func() time.Time
	buckets      *lru.Cache[string, *rate.Limiter]
}

func newRates(address, key float64, now func() time.Time) (*rates, error) {
	buckets, err := lru.New[string, *rate.Limiter](maxBuckets)
	if err != nil {
		return nil, fmt.Errorf("make room for rates: %w", err)
	}
	return &rates{address: address, key: key, now: now, buckets: buckets}, nil
}

// tooFastError says when to come back.
type tooFastError struct{ after time.Duration }

func (e *tooFastError) Error() string {
	return "too many requests; come back after " + e.after.String()
}

// check takes one request, or says that it is one too many. Files of pages and the sign of life are free: they cost next
// to nothing, and a page must not lose its style.
func (l *rates) check(r *http.Request) error {
	if r.URL.Path == "/healthz" || strings.HasPrefix(r.URL.Path, "/assets/") {
		return nil
	}
	if err := l.take("address "+network(r.RemoteAddr), l.address); err != nil {
		return err
	}
	if key := keyOf(r); key != "" {
		return l.take("key "+key, l.key)
	}
	return nil
}

// keyOf is the key that a request carries, hashed: none is kept.
func keyOf(r *http.Request) string {
	key := r.URL.Query().Get("key")
	if given := r.Header.Get("Authorization"); given != "" {
		key = given
	}
	if key == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:8])
}

func (l *rates) take(name string, perSecond float64) error {
	if perSecond <= 0 {
		return nil
	}
	bucket, ok := l.buckets.Get(name)
	if !ok {
		bucket = rate.NewLimiter(rate.Limit(perSecond), max(1, int(math.Ceil(burstSeconds*perSecond))))
		if earlier, known, _ := l.buckets.PeekOrAdd(name, bucket); known {
			bucket = earlier
		}
	}
	now := l.now()
	ticket := bucket.ReserveN(now, 1)
	if wait := ticket.DelayFrom(now); wait > 0 {
		ticket.CancelAt(now)
		return &tooFastError{wait}
	}
	return nil
}
