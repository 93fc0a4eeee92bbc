package server_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"tongsou/corpus"
	"tongsou/corpus/store"
	"tongsou/index"
	"tongsou/index/embedded"
	"tongsou/index/semantic"
	"tongsou/server"
)

// moods is a model that may be late, or fail.
type moods struct{ err atomic.Pointer[error] }

func (m *moods) Name() string { return "moods" }
func (m *moods) Close() error { return nil }

func (m *moods) Embed(_ context.Context, texts []string) ([][]float32, error) {
	if err := m.err.Load(); err != nil {
		return nil, *err
	}
	list := make([][]float32, len(texts))
	for i := range list {
		list[i] = []float32{0.6, 0.8}
	}
	return list, nil
}

// byMeaning puts an engine of two documents that searches by meaning into the options of a server. The first has its vector.
func byMeaning(t *testing.T, o *server.Options) *moods {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := embedded.Open(embedded.Options{Path: filepath.Join(t.TempDir(), "index")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(e.Close(), s.Close()) })
	model := &moods{}
	m := &index.Meaning{Embedder: model, Lane: semantic.NewLane()}
	for _, id := range []string{"a", "b"} {
		d := &corpus.Document{ID: id, Kind: corpus.KindNews, Title: "户口办理 " + id}
		if _, err := s.Put(t.Context(), []*corpus.Document{d}); err != nil {
			t.Fatal(err)
		}
		if id == "a" {
			if err := index.EmbedAll(t.Context(), s, m, slog.New(slog.DiscardHandler)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := index.CatchUp(t.Context(), s, e, nil); err != nil {
		t.Fatal(err)
	}
	e.SetMeaning(m)
	o.Engine, o.Library = e, s
	return model
}

// meaningSeries are the series of the semantic lane as they are scraped, without the buckets.
func meaningSeries(s *server.Server) map[string]string {
	all := map[string]string{}
	text := get(s.Metrics(), "/metrics").Body.String()
	for _, m := range regexp.MustCompile(`(?m)^(tongsou_(?:meaning|embedding)_\S+) (\S+)$`).FindAllStringSubmatch(text, -1) {
		all[m[1]] = m[2]
	}
	return all
}

func TestMeaningIsMeasured(t *testing.T) {
	var model *moods
	s := newServer(t, func(o *server.Options) { model = byMeaning(t, o) })
	ask := func(err error) string {
		model.err.Store(&err)
		if err == nil {
			model.err.Store(nil)
		}
		return get(s, "/api/v1/search?q=户口").Body.String()
	}
	if answer := ask(nil); strings.Contains(answer, "暂时不可用") {
		t.Errorf("with a model: %s", answer)
	}
	for _, err := range []error{context.DeadlineExceeded, context.DeadlineExceeded, errors.New("no")} {
		if answer := ask(err); !strings.Contains(answer, "暂时不可用") {
			t.Errorf("after %v: %s", err, answer)
		}
	}
	got := meaningSeries(s)
	for series, want := range map[string]string{
		"tongsou_meaning_passages": "1", "tongsou_meaning_waiting_passages": "1", "tongsou_meaning_lag_changes": "1", "tongsou_meaning_sequence": "1",
		`tongsou_embedding_seconds_count{of="query"}`: "1", `tongsou_embedding_seconds_count{of="passage"}`: "1",
		`tongsou_embedding_seconds_bucket{of="query",le="10"}`:           "1",
		`tongsou_embedding_failures_total{of="query",reason="late"}`:     "2",
		`tongsou_embedding_failures_total{of="query",reason="failed"}`:   "1",
		`tongsou_embedding_failures_total{of="passage",reason="failed"}`: "0",
	} {
		if got[series] != want {
			t.Errorf("%s is %q, want %s", series, got[series], want)
		}
	}
	ready := get(s, "/readyz").Body.String()
	if !strings.Contains(ready, `"waiting":1`) || strings.Contains(ready, "Within") {
		t.Errorf("/readyz says %s", ready)
	}
	if off := meaningSeries(newServer(t, nil)); len(off) != 0 {
		t.Errorf("without the lane there is %v", off)
	}
}
