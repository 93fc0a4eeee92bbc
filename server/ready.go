package server

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

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
	stateDegraded    = "degraded"    // something is damaged, or the store does not answer; searches do
	stateBehind      = "behind"      // the index lacks many of the store's changes
	stateEmpty       = "empty"       // the index lacks everything that the store has
	stateUnavailable = "unavailable" // nothing of the index is sound, or it does not answer
)

// muchBehind is how many changes the index may lack and still count as up to date: what one large ingest brings.
const muchBehind = 5000

// readiness is the answer of /readyz.
type readiness struct {
	State string `json:"status"`
	index.Status
	// StoreSequence is the store's last change; the index is behind while its own sequence is less. It is 0 while the store
	// does not answer.
	StoreSequence uint64         `json:"store_sequence"`
	Faults        []string       `json:"faults,omitempty"`
	Rebuild       *index.Rebuild `json:"rebuild,omitempty"`
	Percent       *int           `json:"rebuild_percent,omitempty"`
}

// storeWait bounds how long the store may take to say how far it is, and engineWait the index: a balancer's patience is a
// few seconds, and a database that hangs must not take the searches with it, which need it not.
const (
	storeWait  = time.Second
	engineWait = 3 * time.Second
)

// What is said, to everybody, of a store and an index that do not answer. The log has why.
const (
	storeSilent  = "存储没有应答：照常可以搜索，但暂时打不开全文，新收入的暂时搜不到；恢复后自动接上"
	engineSilent = "索引没有应答：暂时不能搜索"
)

// readiness asks everything that answers depend on how it is. What does not answer is a fault like any other: whether it
// is sound or not there makes no difference to who searches. An error means that ctx ended.
func (s *Server) readiness(ctx context.Context) (readiness, error) {
	health := s.upkeep()
	answer := readiness{State: stateUnavailable, Faults: slices.Clone(health.Faults), Rebuild: health.Rebuild}
	silent := false
	if last, err := within(ctx, storeWait, s.options.Library.Sequence); err == nil {
		answer.StoreSequence = last
	} else {
		silent, answer.Faults = true, append(answer.Faults, storeSilent)
	}
	if last := answer.StoreSequence; health.Rebuild != nil && health.Rebuild.Running && last > 0 {
		percent := int(min(100, 100*health.Rebuild.Sequence/last))
		answer.Percent = &percent
	}
	if !health.Blind {
		if status, err := within(ctx, engineWait, s.options.Engine.Status); err == nil {
			answer.Status = status
			answer.State = state(answer, silent)
		} else {
			answer.Faults = append(answer.Faults, engineSilent)
		}
	}
	return answer, ctx.Err()
}

// within asks for something that may take so long.
func within[T any](ctx context.Context, wait time.Duration, ask func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	return ask(ctx)
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

// state is that of an index that answers; silent says that the store does not.
func state(r readiness, silent bool) string {
	switch {
	case r.Units == 0 && r.Sequence == 0 && (r.StoreSequence > 0 || silent):
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
