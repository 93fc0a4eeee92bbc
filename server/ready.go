package server

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"tongsou/index"
)

// Upkeep is how the server learns what is damaged, and has the index rebuilt.
type Upkeep interface {
	// Health tells what is damaged, of the index and of the store, and how far a rebuild is.
	Health() index.Health
	// Rebuild begins to make the index anew beside the one in use and returns; it is ErrRebuilding when one is under way.
	Rebuild() error
}

// upkeep is what Upkeep says, nothing without one.
func (s *Server) upkeep() index.Health {
	if s.options.Upkeep == nil {
		return index.Health{}
	}
	return s.options.Upkeep.Health()
}

// The states of /readyz. The last two come with 503: a balancer sends citizens elsewhere.
const (
	stateReady       = "ready"
	stateDegraded    = "degraded"    // something is damaged; the rest answers, and it is being mended
	stateBehind      = "behind"      // the index lacks many of the store's changes
	stateEmpty       = "empty"       // the index lacks everything that the store has
	stateUnavailable = "unavailable" // nothing of the index is sound
)

// muchBehind is how many changes the index may lack and still count as up to date: what one large ingest brings.
const muchBehind = 5000

// readiness is the answer of /readyz.
type readiness struct {
	State string `json:"status"`
	index.Status
	// StoreSequence is the store's last change; the index is behind while its own sequence is less.
	StoreSequence uint64         `json:"store_sequence"`
	Faults        []string       `json:"faults,omitempty"`
	Rebuild       *index.Rebuild `json:"rebuild,omitempty"`
	Percent       *int           `json:"rebuild_percent,omitempty"`
}

// readiness asks everything that answers depend on how it is.
func (s *Server) readiness(ctx context.Context) (readiness, error) {
	health := s.upkeep()
	last, err := s.options.Library.Sequence(ctx)
	if err != nil {
		return readiness{}, fmt.Errorf("ask the store for its sequence: %w: %w", err, index.ErrUnavailable)
	}
	answer := readiness{State: stateUnavailable, StoreSequence: last, Faults: health.Faults, Rebuild: health.Rebuild}
	if health.Rebuild != nil && health.Rebuild.Running && last > 0 {
		percent := int(min(100, 100*health.Rebuild.Sequence/last))
		answer.Percent = &percent
	}
	if !health.Blind {
		if answer.Status, err = s.options.Engine.Status(ctx); err != nil {
			return readiness{}, err
		}
		answer.State = state(answer)
	}
	return answer, nil
}

func (s *Server) ready(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "no-store")
	answer, err := s.readiness(r.Context())
	if err != nil {
		return err
	}
	if answer.State == stateUnavailable || answer.State == stateEmpty {
		w.Header().Set("Retry-After", strconv.Itoa(mendSeconds))
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	return writeJSON(w, answer)
}

// mendSeconds is when to ask again: a hundred thousand documents are indexed in a minute or two.
const mendSeconds = 10

func state(r readiness) string {
	switch {
	case r.Units == 0 && r.Sequence == 0 && r.StoreSequence > 0:
		return stateEmpty
	case len(r.Faults) > 0:
		return stateDegraded
	case r.StoreSequence > r.Sequence+muchBehind:
		return stateBehind
	}
	return stateReady
}

// Done is how much of a rebuild is done, in percent.
func (r *readiness) Done() int {
	if r.Percent == nil {
		return 0
	}
	return *r.Percent
}
