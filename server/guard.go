package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxURL is the longest request line that is looked at, in bytes: a query of 200 characters, escaped, with every filter.
const maxURL = 8 << 10

// maxBody bounds what a request may bring, but for the addresses of adminPrefix, whose handlers set their own bounds.
const (
	maxBody     = 256 << 10
	adminPrefix = "/api/v1/admin/"
)

// policy is what a page may load: this server's style sheets, modules and pictures, and nothing from elsewhere.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// careful are the headers that make browsers careful.
var careful = [...][2]string{
	{"Content-Security-Policy", policy},
	{"X-Content-Type-Options", "nosniff"},
	{"Referrer-Policy", "same-origin"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
	{"X-Permitted-Cross-Domain-Policies", "none"},
}

// hsts keeps browsers that came by TLS from coming without it for a year.
const hsts = "max-age=31536000"

// guard keeps what every request must pass: who asks, the headers that make browsers careful, the limits on address, rate
// and number, the time for one, and a panic that stays with its request. It also says what became of the request.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		s.proxies.settle(r)
		r.URL.RawQuery = legible(r.URL.RawQuery)
		req := newRequest(r)
		r = r.WithContext(context.WithValue(r.Context(), requestKey{}, req))
		h := w.Header()
		for _, c := range careful {
			h.Set(c[0], c[1])
		}
		if r.TLS != nil {
			h.Set("Strict-Transport-Security", hsts)
		}
		h.Set(idHeader, req.id)
		answer := newBuffered(w)
		err := s.admit(answer, r, next)
		if err != nil {
			s.metrics.countShed(err)
			s.letPortalRead(answer, r)
			s.fail(answer, r, err)
		}
		answer.send()
		s.account(r, req, answer.status, time.Since(began))
	})
}

// legible is a query string without control characters, whose names and values are UTF-8: pages, errors and headers repeat
// them.
func legible(query string) string {
	values, err := url.ParseQuery(query) // what cannot be read of it is passed over
	if err == nil && allLegible(values) && !strings.ContainsFunc(query, unicode.IsControl) && utf8.ValidString(query) {
		return query
	}
	return legibleValues(values).Encode()
}

// legibleValues are values whose names and texts are UTF-8.
func legibleValues(values url.Values) url.Values {
	if allLegible(values) {
		return values
	}
	valid := url.Values{}
	for name, list := range values {
		name = strings.ToValidUTF8(name, "\uFFFD")
		for _, v := range list {
			valid.Add(name, strings.ToValidUTF8(v, "\uFFFD"))
		}
	}
	return valid
}

func allLegible(values url.Values) bool {
	for name, list := range values {
		if !utf8.ValidString(name) || slices.ContainsFunc(list, func(v string) bool { return !utf8.ValidString(v) }) {
			return false
		}
	}
	return true
}

// admit lets a request through to its handler, or says why not. When it returns an error nothing was written.
func (s *Server) admit(w *buffered, r *http.Request, next http.Handler) error {
	if len(r.RequestURI) > maxURL {
		return errTooLong
	}
	if err := s.rates.check(r); err != nil {
		return err
	}
	if err := readAhead(w, r); err != nil {
		return err
	}
	if r.URL.Path != "/healthz" {
		leave, err := s.admission.enter(r.Context())
		if err != nil {
			return err
		}
		defer leave()
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.options.Timeout)
	defer cancel()
	r = r.WithContext(ctx)
	defer s.contain(w, r)
	next.ServeHTTP(w, r)
	return nil
}

// readAhead reads what a request brings before it takes a turn: a client who sends slowly holds nobody up. What the admin
// API is given may be large, and is read by its handlers once they know by whom.
func readAhead(w *buffered, r *http.Request) error {
	if r.Body == nil || r.Body == http.NoBody || strings.HasPrefix(r.URL.Path, adminPrefix) {
		return nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w.ResponseWriter, r.Body, maxBody))
	if errors.As(err, new(*http.MaxBytesError)) {
		return errTooLongFeedback
	}
	if err != nil {
		return &paramError{"内容", "没有收全，请回到上一页重新提交"}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// contain keeps a panic with its request.
func (s *Server) contain(w *buffered, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	req := requestOf(r.Context())
	s.options.Log.Error("a request panicked", "request", req.id, "route", req.route, "panic", p, "stack", string(debug.Stack()))
	if w.again() {
		s.fail(w, r, fmt.Errorf("panic: %v", p))
	}
}

// letPortalRead lets the page of a portal read why its request was turned away, and when to come back.
func (s *Server) letPortalRead(w http.ResponseWriter, r *http.Request) {
	if origin := r.Header.Get("Origin"); origin != "" && s.sites.allow(r, origin) {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Expose-Headers", "Retry-After")
		w.Header().Add("Vary", "Origin")
	}
}

// slowRequest is the time from which an answer is worth a line in the log.
const slowRequest = time.Second

// account counts a request and writes a line about one that failed or took long. Those that were turned away are counted
// only: a flood must not fill the disk. The line names the route, never the address: what citizens ask and where they are
// is nobody's business.
func (s *Server) account(r *http.Request, req *request, status int, took time.Duration) {
	s.metrics.countRequest(req.route, status, took)
	level := slog.LevelDebug
	switch {
	case status >= http.StatusInternalServerError && status != http.StatusServiceUnavailable:
		level = slog.LevelWarn
	case took >= slowRequest:
		level = slog.LevelInfo
	}
	s.options.Log.Log(r.Context(), level, "request", "request", req.id, "method", method(r), "route", req.route, "status", status,
		"ms", float64(took.Microseconds())/1000)
}

// method is the request's method, when it is one that somebody defined.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}
