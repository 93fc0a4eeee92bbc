package stage

import (
	"context"
	"errors"
	"time"

	"tongsou/index"
)

// meaningTime bounds the embedding of a query: an endpoint that is slow must not make the words wait.
const meaningTime = 300 * time.Millisecond

// mean lets the plan look for what means the same. Without an answer from the model in time the words alone decide, and the
// answer says so.
func mean(ctx context.Context, m *index.Meaning, q index.Query, plan *index.Plan, understood *index.Understanding) (time.Duration, error) {
	if m == nil {
		return 0, nil
	}
	began := time.Now()
	within, cancel := context.WithTimeout(ctx, meaningTime)
	defer cancel()
	probe, err := m.Probe(within, q, plan)
	if canceled := ctx.Err(); canceled != nil && errors.Is(canceled, context.Canceled) {
		return 0, canceled
	}
	if err != nil {
		understood.Notes = append(understood.Notes, "按意思查找暂时不可用，以下只按字词查找。")
		return time.Since(began), nil
	}
	plan.Meaning = probe
	return time.Since(began), nil
}
