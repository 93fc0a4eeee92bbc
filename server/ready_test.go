package server_test

import (
	"context"
	"encoding/json"
	"net/http"
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
