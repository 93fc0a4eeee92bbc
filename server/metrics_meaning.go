package server

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"tongsou/index"
)

// meaningCollector reads how far the semantic lane is, and what its model was asked. Where the lane is off there is nothing.
type meaningCollector struct{ server *Server }

var (
	meaningPassagesDesc = prometheus.NewDesc("tongsou_meaning_passages", "Passages that have a vector.", nil, nil)
	meaningWaitingDesc  = prometheus.NewDesc("tongsou_meaning_waiting_passages", "Items, sections and news of the index that have no vector yet.", nil, nil)
	meaningBytesDesc    = prometheus.NewDesc("tongsou_meaning_bytes", "Memory that the vectors take.", nil, nil)
	meaningLagDesc      = prometheus.NewDesc("tongsou_meaning_lag_changes", "Changes of the store whose documents have no vectors yet; -1 when the store does not say.", nil, nil)
	meaningSequenceDesc = prometheus.NewDesc("tongsou_meaning_sequence", "The last change whose documents have their vectors.", nil, nil)
	embeddingDesc       = prometheus.NewDesc("tongsou_embedding_seconds", "Time in which the model embedded one query or, of many at a time, one passage.", []string{"of"}, nil)
	embeddingFailedDesc = prometheus.NewDesc("tongsou_embedding_failures_total",
		"Queries, which words alone answered then, and batches of passages, which are tried again, that the model did not embed: not in time (late) or not at all (failed).",
		[]string{"of", "reason"}, nil)
)

// Describe implements prometheus.Collector.
func (c *meaningCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		meaningPassagesDesc, meaningWaitingDesc, meaningBytesDesc, meaningLagDesc, meaningSequenceDesc, embeddingDesc, embeddingFailedDesc,
	} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c *meaningCollector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	st, err := c.server.options.Engine.Status(ctx)
	if err != nil || st.Meaning == nil {
		return
	}
	m := st.Meaning
	lag := -1.0
	if last, err := c.server.options.Library.Sequence(ctx); err == nil {
		lag = max(0, float64(last)-float64(m.Sequence))
	}
	for _, g := range []struct {
		desc  *prometheus.Desc
		value float64
	}{
		{meaningPassagesDesc, float64(m.Passages)}, {meaningWaitingDesc, float64(m.Waiting)}, {meaningBytesDesc, float64(m.Bytes)},
		{meaningLagDesc, lag}, {meaningSequenceDesc, float64(m.Sequence)},
	} {
		out <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, g.value)
	}
	if m.Work != nil {
		collectWork(out, m.Work)
	}
}

func collectWork(out chan<- prometheus.Metric, w *index.MeaningWork) {
	for of, t := range map[string]index.Timing{"query": w.Queries, "passage": w.Passages} {
		out <- prometheus.MustNewConstHistogram(embeddingDesc, t.Count, t.Seconds, t.Within, of)
	}
	failed := func(n uint64, of, reason string) {
		out <- prometheus.MustNewConstMetric(embeddingFailedDesc, prometheus.CounterValue, float64(n), of, reason)
	}
	failed(w.Late, "query", "late")
	failed(w.Failed, "query", "failed")
	failed(w.Batches, "passage", "failed")
}
