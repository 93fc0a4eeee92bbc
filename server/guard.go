package server

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
)

// maxURL is the longest request line that is looked at, in bytes: a query of 200 characters, escaped, with every filter.
const maxURL = 8 << 10

// policy is what a page may load: this server's style sheets, modules and pictures, and nothing from elsewhere.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guard keeps what every request must pass: the headers that make browsers careful, the limit on the address, the number
// of requests at once, the time for one, and a panic that stays with its request.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		if len(r.RequestURI) > maxURL {
			s.fail(w, r, errTooLong)
			return
		}
		if r.URL.Path != "/healthz" {
			select {
			case s.slots <- struct{}{}:
				defer func() { <-s.slots }()
			default:
				s.fail(w, r, errBusy)
				return
			}
		}
		defer func() {
			if p := recover(); p != nil {
				s.options.Log.Error("a request panicked", "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
				s.fail(w, r, fmt.Errorf("panic: %v", p))
			}
		}()
		ctx, cancel := context.WithTimeout(r.Context(), s.options.Timeout)
		defer cancel()
		r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
