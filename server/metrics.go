package server

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tongsou/corpus"
	"tongsou/index"
)

// latencies are the bounds of the histograms, in seconds: fine around the promised 100 ms.
var latencies = []float64{.001, .0025, .005, .01, .025, .05, .075, .1, .15, .25, .5, 1, 2.5, 5, 10}

// metrics is what Prometheus reads. No label holds anything that a citizen typed: routes are patterns.
type metrics struct {
	registry                        *prometheus.Registry
	requests, shed                  *prometheus.CounterVec
	seconds, stages                 *prometheus.HistogramVec
	searches, empty, unsure, partly prometheus.Counter
	found, hits                     *prometheus.CounterVec
}

func newMetrics() *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "tongsou_" + name, Help: help})
	}
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tongsou_" + name, Help: help}, labels)
	}
	histograms := func(name, help, label string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "tongsou_" + name, Help: help, Buckets: latencies}, []string{label})
	}
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: counters("http_requests_total", "Requests answered, by route and status.", "route", "code"),
		shed:     counters("shed_requests_total", "Requests turned away unread: busy (503), rate (429) or long (414).", "reason"),
		seconds:  histograms("http_request_seconds", "Time from the request to its answer, waiting included, by route.", "route"),
		stages:   histograms("search_stage_seconds", "Time of one search by stage: read, scan, load, rank (with snippets).", "stage"),
		searches: counter("searches_total", "Searches for words that were answered; further pages are not counted."),
		empty:    counter("searches_without_result_total", "Searches that found nothing."),
		unsure:   counter("searches_unsure_total", "Searches that found nothing above the confidence line."),
		partly:   counter("searches_partial_total", "Searches whose time ended before all was searched."),
		found:    counters("searches_with_result_total", "Searches that found something of a kind.", "kind"),
		hits:     counters("search_results_total", "Documents that matched, by kind.", "kind"),
	}
	m.registry.MustRegister(m.requests, m.shed, m.seconds, m.stages, m.searches, m.empty, m.unsure, m.partly, m.found, m.hits,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, kind := range corpus.Kinds() { // so that a rate is 0, and not absent, before the first search
		m.found.WithLabelValues(string(kind))
		m.hits.WithLabelValues(string(kind))
	}
	for _, reason := range []string{shedBusy, shedRate, shedLong} {
		m.shed.WithLabelValues(reason)
	}
	return m
}

// Why a request was turned away before anything was done for it.
const (
	shedBusy = "busy"
	shedRate = "rate"
	shedLong = "long"
)

// measure adds what the server, its engine and its journal know of themselves.
func (s *Server) measure() {
	gauge := func(name, help string, read func() float64) {
		s.metrics.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "tongsou_" + name, Help: help}, read))
	}
	gauge("requests_waiting", "Requests that wait for their turn.", func() float64 { return float64(s.admission.waiting.Load()) })
	gauge("requests_working", "Requests that are being answered.", func() float64 { return float64(len(s.admission.working)) })
	gauge("index_lag_changes", "Changes of the store that the index does not have yet; -1 when the store does not say.", s.lag)
	gauge("index_sequence", "The last change that the index has.", func() float64 { return float64(s.options.Engine.Sequence()) })
	gauge("data_faults", "What is known to be damaged, of the index and of the store.", func() float64 { return float64(len(s.upkeep().Faults)) })
	gauge("rebuild_percent", "How much of a rebuild of the index is done; -1 when there is none.", s.rebuilt)
	s.metrics.registry.MustRegister(&indexCollector{s}, &meaningCollector{s})
	if j := s.options.Journal; j != nil {
		s.metrics.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "tongsou_journal_dropped_total", Help: "Searches and clicks that the journal lost since too many came at once.",
		}, func() float64 { return float64(j.Dropped()) }))
	}
}

// scrapeTimeout bounds what a scrape asks of store and index.
const scrapeTimeout = 2 * time.Second

func (s *Server) lag() float64 {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	last, err := s.options.Library.Sequence(ctx)
	if err != nil {
		return -1
	}
	return float64(last) - float64(s.options.Engine.Sequence())
}

// rebuilt is how much of the rebuild under way is done.
func (s *Server) rebuilt() float64 {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	r, err := s.readiness(ctx)
	if err != nil || r.Percent == nil {
		return -1
	}
	return float64(*r.Percent)
}

// indexCollector reads the index's own account once a scrape.
type indexCollector struct{ server *Server }

var (
	documentsDesc = prometheus.NewDesc("tongsou_index_documents", "Documents in the index, by kind.", []string{"kind"}, nil)
	bytesDesc     = prometheus.NewDesc("tongsou_index_bytes", "Size of the index on disk.", nil, nil)
)

// Describe implements prometheus.Collector.
func (c *indexCollector) Describe(out chan<- *prometheus.Desc) {
	out <- documentsDesc
	out <- bytesDesc
}

// Collect implements prometheus.Collector.
func (c *indexCollector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	st, err := c.server.options.Engine.Status(ctx)
	if err != nil {
		return // an engine that is closing has nothing to say
	}
	for _, kind := range corpus.Kinds() {
		out <- prometheus.MustNewConstMetric(documentsDesc, prometheus.GaugeValue, float64(st.Documents[kind]), string(kind))
	}
	out <- prometheus.MustNewConstMetric(bytesDesc, prometheus.GaugeValue, float64(st.Bytes))
}

// countSearch counts the first page of an answer to words.
func (m *metrics) countSearch(q index.Query, res *index.Result) {
	for stage, took := range map[string]time.Duration{
		"read": res.Stages.Read, "scan": res.Stages.Scan, "load": res.Stages.Load, "rank": res.Stages.Rank,
	} {
		m.stages.WithLabelValues(stage).Observe(took.Seconds())
	}
	if res.Partial {
		m.partly.Inc()
	}
	if q.Text == "" || q.Next != "" {
		return
	}
	m.searches.Inc()
	total := 0
	for _, g := range res.Groups {
		total += g.Total
		m.hits.WithLabelValues(string(g.Kind)).Add(float64(g.Total))
		if g.Total > 0 {
			m.found.WithLabelValues(string(g.Kind)).Inc()
		}
	}
	switch {
	case total == 0:
		m.empty.Inc()
	case res.NoAnswer != nil:
		m.unsure.Inc()
	}
}

// countShed counts a request that was turned away.
func (m *metrics) countShed(err error) {
	switch {
	case errors.Is(err, errBusy):
		m.shed.WithLabelValues(shedBusy).Inc()
	case errors.Is(err, errTooLong):
		m.shed.WithLabelValues(shedLong).Inc()
	case errors.As(err, new(*tooFastError)):
		m.shed.WithLabelValues(shedRate).Inc()
	}
}

func (m *metrics) countRequest(route string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 2})
}
