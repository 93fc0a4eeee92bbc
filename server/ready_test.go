package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"tongsou/index"
	"tongsou/server"
)

// kept is an Upkeep that says what a test wants.
type kept struct{ health index.Health }

func (k *kept) Health() index.Health { return k.health }
func (k *kept) Rebuild() error       { return nil }

// lagging is an engine that has seen less than its store.
type lagging struct {
	server.Engine
	units int
	seq   uint64
}

func (l *lagging) Status(context.Context) (index.Status, error) {
	return index.Status{Units: l.units, Sequence: l.seq}, nil
}

// far is a store with many changes.
type far struct{ server.Library }

func (far) Sequence(context.Context) (uint64, error) { return 10_000, nil }

func TestReadinessTellsTheTruth(t *testing.T) {
	running := &index.Rebuild{Running: true, Sequence: 2500, Documents: 2500}
	for _, c := range []struct {
		name   string
		health index.Health
		units  int
		seq    uint64
		code   int
		status string
	}{
		{"sound", index.Health{}, 5, 10_000, 200, "ready"},
		{"a little behind", index.Health{}, 5, 9_990, 200, "ready"},
		{"far behind", index.Health{}, 5, 100, 200, "behind"},
		{"nothing indexed yet", index.Health{}, 0, 0, 503, "empty"},
		{"one shard damaged", index.Health{Faults: []string{"news-0 坏了"}, Rebuild: running}, 5, 10_000, 200, "degraded"},
		{"all damaged", index.Health{Faults: []string{"都坏了"}, Blind: true, Rebuild: running}, 0, 0, 503, "unavailable"},
	} {
		s := newServer(t, func(o *server.Options) {
			o.Upkeep = &kept{c.health}
			o.Engine, o.Library = &lagging{o.Engine, c.units, c.seq}, far{o.Library}
		})
		w := get(s, "/readyz")
		var got struct {
			Status  string
			Faults  []string
			Percent int `json:"rebuild_percent"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatalf("%s: %v in %s", c.name, err, w.Body)
		}
		if w.Code != c.code || got.Status != c.status || len(got.Faults) != len(c.health.Faults) {
			t.Errorf("%s: %d %s, want %d %s", c.name, w.Code, w.Body, c.code, c.status)
		}
		if c.health.Rebuild != nil && got.Percent != 25 {
			t.Errorf("%s: %d %% rebuilt, want 25", c.name, got.Percent)
		}
		if unready := w.Code == http.StatusServiceUnavailable; unready != (w.Header().Get("Retry-After") != "") {
			t.Errorf("%s: Retry-After %q", c.name, w.Header().Get("Retry-After"))
		}
	}
}

// mute is a store that does not answer: at once, or not before the one who asked gives up.
type mute struct {
	server.Library
	hangs bool
}

func (s mute) Sequence(ctx context.Context) (uint64, error) {
	if s.hangs {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	return 0, errors.New("connection refused")
}

// gone is an engine that does not answer, for a reason of the cluster's.
type gone struct{ server.Engine }

func (gone) Status(context.Context) (index.Status, error) {
	return index.Status{}, errors.New("opensearch answers 403")
}

// A server is taken out when nothing can be searched, and for no other reason: a store that does not answer is a fault that
// is told, as damage of it is, and searches go on.
func TestReadinessWithoutAStore(t *testing.T) {
	const store, engine = "存储没有应答", "索引没有应答"
	for _, c := range []struct {
		name   string
		change func(o *server.Options)
		code   int
		status string
		faults []string
	}{
		{"the store refuses", func(o *server.Options) { o.Library = mute{o.Library, false} }, 200, "degraded", []string{store}},
		{"the store hangs", func(o *server.Options) { o.Library = mute{o.Library, true} }, 200, "degraded", []string{store}},
		{"damage beside it is told too", func(o *server.Options) {
			o.Library, o.Upkeep = mute{o.Library, false}, &kept{index.Health{Faults: []string{"news-0 坏了"}}}
		}, 200, "degraded", []string{"news-0 坏了", store}},
		{"nothing is indexed", func(o *server.Options) {
			o.Library, o.Engine = mute{o.Library, false}, &lagging{o.Engine, 0, 0}
		}, 503, "empty", []string{store}},
		{"the engine fails", func(o *server.Options) { o.Engine = gone{o.Engine} }, 503, "unavailable", []string{engine}},
		{"both", func(o *server.Options) { o.Library, o.Engine = mute{o.Library, false}, gone{o.Engine} }, 503, "unavailable", []string{store, engine}},
	} {
		s := newServer(t, c.change)
		w := get(s, "/readyz")
		var got struct {
			Status string
			Faults []string
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatalf("%s: %v in %s", c.name, err, w.Body)
		}
		if w.Code != c.code || got.Status != c.status || !slices.EqualFunc(got.Faults, c.faults, strings.HasPrefix) {
			t.Errorf("%s: %d %s, want %d %s %q", c.name, w.Code, w.Body, c.code, c.status, c.faults)
		}
		if w := get(s, "/api/v1/search?q=%E6%88%B7%E5%8F%A3"); w.Code != http.StatusOK {
			t.Errorf("%s: a search answers %d %s", c.name, w.Code, w.Body)
		}
	}
}

// What was answered from half an index is not kept by browsers as the answer of the whole one.
func TestDamageChangesTheTag(t *testing.T) {
	k := new(kept)
	s := newServer(t, func(o *server.Options) { o.Upkeep = k })
	const url = "/api/v1/search?q=%E6%88%B7%E5%8F%A3"
	whole := get(s, url).Header().Get("ETag")
	k.health.Faults = []string{"news-0 坏了"}
	if half := get(s, url, "If-None-Match", whole); half.Code != http.StatusOK || !strings.HasPrefix(whole, "W/") {
		t.Errorf("half an index answers %d to the tag of the whole one", half.Code)
	}
}
