// Package server answers over HTTP: the API, its description, and pages that work without JavaScript.
//
// A request goes one way: limits and headers (guard.go), a route (routes.go), a handler that returns an error (api.go,
// pages.go), and one table that makes a status of the error (problem.go).
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"go.opentelemetry.io/otel/trace"
	"golang.org/x/net/netutil"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/server/curation"
)

// Library is the store of record as the server needs it.
type Library interface {
	// Get returns a document, or an error that wraps store.ErrNotFound.
	Get(ctx context.Context, id string) (*corpus.Document, error)
	// Sequence is the number of the store's last change.
	Sequence(ctx context.Context) (uint64, error)
	// Versions returns all versions of one law, the oldest first.
	Versions(ctx context.Context, family string) ([]*corpus.Document, error)
	// ItemChanges visits every change after a sequence number, in order; item is nil for what is no item now.
	ItemChanges(ctx context.Context, after uint64, visit func(seq uint64, id string, item *corpus.Document) error) error
}

// Engine is an index as the server needs it.
type Engine interface {
	index.Searcher
	Sequence() uint64
	Status(ctx context.Context) (index.Status, error)
}

// Options of New. Engine and Library are required; zero values of the others are replaced.
type Options struct {
	Engine  Engine
	Library Library
	// Place is the code of the division whose citizens the site serves; a request may name another.
	Place string
	// Sites are the portals that may show the search box of this server in their pages.
	Sites []Site
	// Timeout bounds the work for one request; 0 means 5 s.
	Timeout time.Duration
	// MaxConcurrent is the number of requests that are answered or wait; 0 means 64. More are told to come back.
	MaxConcurrent int
	// Rate and KeyRate are the requests a second that one address, and one key of a portal or a program, may send; 0 for
	// any number. TrustedProxies are believed when they say for whom they ask (see ParseProxies); nil means this machine.
	Rate, KeyRate  float64
	TrustedProxies []netip.Prefix
	// TLS makes the server speak HTTPS; nil means HTTP, as behind a proxy.
	TLS *tls.Config
	// Tracer receives a span for every request; nil for none.
	Tracer trace.TracerProvider
	// Journal notes what people search and say; nil notes nothing, and no page asks for feedback.
	Journal Journal
	// Learn lets what the journal says of earlier answers raise or lower a result, within index.Ranking.Use.
	Learn bool
	// Followers keeps who follows what and what has changed; nil keeps nothing. Mail brings it to them; nil sends nothing.
	Followers Followers
	Mail      Mailer
	// PublicURL is where the server is found from outside, without a slash at its end. Mails need it; elsewhere the address
	// that a client used serves as well.
	PublicURL string
	// AdminKey opens the staff desk; empty keeps it shut. Archive is where it reads what was taken in; nil shows none of it.
	AdminKey string
	Archive  Archive
	// Curation keeps keys and what the operator says of answers; nil: nobody can change anything. Intake takes documents
	// that come over the admin API; nil takes none. Judged are the sets by which the effect of a change is measured.
	Curation *curation.Store
	Intake   Intake
	Judged   []JudgedSet
	// Upkeep tells what is damaged and has it mended; nil tells of nothing.
	Upkeep Upkeep
	// Leads reports whether this process, of several that share a store, does what is done once for all: noting what has
	// changed, and mails. nil means that it is the only one.
	Leads func() bool
	// Log receives a line for every request that failed on our side; nil means slog.Default.
	Log *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Server is an http.Handler that can also listen by itself.
type Server struct {
	options  Options
	handler  http.Handler
	pages    *pages
	sites    sites
	widget   *widget
	docs     *docs
	catalog  *catalog
	popular  *popular
	http     *http.Server
	listener net.Listener

	proxies   proxies
	rates     *rates
	admission *admission
	metrics   *metrics
	operators *http.Server

	feedbackLimit *limiter
	desk          *desk
	curator       *curator
	learner       *learner
	courier       *courier
	followLimit   *limiter
}

// New makes a server. It does not listen yet.
func New(options Options) (*Server, error) {
	if options.Engine == nil || options.Library == nil {
		return nil, errors.New("a server needs an engine and a library")
	}
	if options.Mail != nil && options.PublicURL == "" {
		return nil, errors.New("mails need PublicURL, the address that their links lead to")
	}
	if options.Timeout == 0 {
		options.Timeout = 5 * time.Second
	}
	if options.MaxConcurrent == 0 {
		options.MaxConcurrent = 64
	}
	if options.Log == nil {
		options.Log = slog.Default()
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	s := &Server{options: options, admission: newAdmission(options.MaxConcurrent), metrics: newMetrics()}
	s.options.Engine = &timely{options.Engine, s.metrics}
	s.feedbackLimit = newFeedbackLimit(options.Now)
	s.followLimit = newFollowLimit(options.Now)
	s.catalog = newCatalog(options.Library)
	s.popular = &popular{options: &s.options}
	var err error
	if s.proxies = options.TrustedProxies; s.proxies == nil {
		if s.proxies, err = ParseProxies(nil); err != nil {
			return nil, err
		}
	}
	if s.rates, err = newRates(options.Rate, options.KeyRate, options.Now); err != nil {
		return nil, err
	}
	s.measure()
	if s.pages, err = newPages(); err != nil {
		return nil, err
	}
	if s.sites, err = newSites(options.Sites); err != nil {
		return nil, err
	}
	if s.widget, err = newWidget(); err != nil {
		return nil, err
	}
	if s.curator, err = newCurator(s, options.Engine); err != nil {
		return nil, err
	}
	s.desk = newDesk(s)
	if s.handler, err = s.routes(); err != nil {
		return nil, err
	}
	s.learner = newLearner(&s.options) // last, since these two start to work
	s.courier = newCourier(s)
	s.curator.watch()
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// How long a client may take for what: a slow reader on a phone gets its page, a stuck one does not hold a connection.
const (
	headerTimeout   = 5 * time.Second
	readTimeout     = 15 * time.Second
	idleTimeout     = 60 * time.Second
	shutdownTimeout = 10 * time.Second
	maxHeaderBytes  = 16 << 10
	// maxConnections bounds the open connections, each of which costs some kilobytes; more wait to be accepted.
	maxConnections = 4096
)

// Listen takes the address, host:port; port 0 takes a free one, which URL then names.
func (s *Server) Listen(addr string) error {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return fmt.Errorf("监听不了 %s：%w；请用 --addr 换一个地址", addr, err)
	}
	s.listener = netutil.LimitListener(l, maxConnections)
	s.http = &http.Server{
		TLSConfig: s.options.TLS,
		Handler:   s, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout,
		WriteTimeout: s.options.Timeout + 30*time.Second, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(s.options.Log.Handler(), slog.LevelDebug),
	}
	return nil
}

// URL is where a browser on this machine finds the server. Listen must have succeeded.
func (s *Server) URL() string {
	scheme := "http://"
	if s.options.TLS != nil {
		scheme = "https://"
	}
	addr, ok := s.listener.Addr().(*net.TCPAddr)
	if !ok || addr.IP.IsUnspecified() || addr.IP.IsLoopback() {
		_, port, _ := net.SplitHostPort(s.listener.Addr().String())
		return scheme + "localhost:" + port
	}
	return scheme + addr.String()
}

// Run answers until Close is called or ctx ends, and returns when the requests under way are answered.
func (s *Server) Run(ctx context.Context) error {
	if s.listener == nil {
		return errors.New("call Listen before Run")
	}
	closed := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() { closed <- s.Close() })
	err := s.serve()
	if !errors.Is(err, http.ErrServerClosed) {
		stop()
		return fmt.Errorf("serve: %w", err)
	}
	if stop() {
		return nil // Close was called by somebody else, who waits for it
	}
	return <-closed
}

func (s *Server) serve() error {
	if s.options.TLS != nil {
		return s.http.ServeTLS(s.listener, "", "")
	}
	return s.http.Serve(s.listener)
}

// Close stops listening, waits at most ten seconds for the requests under way and then ends them. Closing twice, or
// before Listen, is harmless.
func (s *Server) Close() error {
	s.desk.close()
	s.learner.close()
	s.courier.close()
	s.curator.close()
	if s.http == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("stop serving: %w", err), s.http.Close())
	}
	return nil
}
