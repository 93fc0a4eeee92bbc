package opensearch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"tongsou/index"
)

// Rebuild makes a new index beside the one in use, feeds it from the beginning and moves the alias to it in one step.
// Searches go on in the old index until then. When it fails the old index stays.
func (e *Engine) Rebuild(ctx context.Context, feed func(ctx context.Context, after uint64) ([]index.Change, error)) error {
	e.writing.Lock()
	defer e.writing.Unlock()
	if e.life.Err() != nil {
		return fmt.Errorf("rebuild index %s: %w", e.options.Prefix, index.ErrUnavailable)
	}
	e.rebuild.Set(func(r *index.Rebuild) { *r = index.Rebuild{Running: true, Started: e.options.Now()} })
	err := e.rebuildBeside(ctx, feed)
	e.rebuild.Set(func(r *index.Rebuild) {
		now := e.options.Now()
		r.Running, r.Finished = false, &now
		if err != nil {
			r.Error = err.Error()
		}
	})
	return err
}

// grace is how long the old index stays after the swap: searches under way may still read it.
const grace = 2 * time.Second

func (e *Engine) rebuildBeside(ctx context.Context, feed func(ctx context.Context, after uint64) ([]index.Change, error)) error {
	old, _, err := e.inUse(ctx)
	if err != nil {
		return fmt.Errorf("rebuild index: %w", err)
	}
	fresh := e.next(old)
	if err := e.drop(ctx, fresh); err != nil { // what a rebuild that was killed left behind
		return fmt.Errorf("rebuild index: %w", err)
	}
	if err := e.client.do(ctx, http.MethodPut, "/"+fresh, encode(e.options.definition(false)), long, nil); err != nil {
		return fmt.Errorf("rebuild index: %w", err)
	}
	sequence, err := e.fill(ctx, fresh, feed)
	if err == nil {
		err = e.ready(ctx, fresh)
	}
	if err == nil {
		swap := m{"actions": []m{{"remove": m{"index": old, "alias": e.options.Prefix}}, {"add": m{"index": fresh, "alias": e.options.Prefix}}}}
		err = e.client.do(ctx, http.MethodPost, "/_aliases", encode(swap), long, nil)
	}
	if err != nil {
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), long)
		defer cancel()
		return errors.Join(fmt.Errorf("rebuild index: %w", err), e.drop(clean, fresh))
	}
	e.present.Store(&present{index: fresh, version: e.options.version(), sequence: sequence, known: newKnown()})
	e.doubt.Store(nil)
	select {
	case <-ctx.Done():
	case <-time.After(grace):
	}
	return e.drop(context.WithoutCancel(ctx), old)
}

// fill feeds a new index. It is not refreshed meanwhile: nobody reads it.
func (e *Engine) fill(ctx context.Context, name string, feed func(ctx context.Context, after uint64) ([]index.Change, error)) (uint64, error) {
	if err := e.refreshEvery(ctx, name, "-1"); err != nil {
		return 0, err
	}
	sequence := uint64(0)
	for {
		changes, err := feed(ctx, sequence)
		if err != nil || len(changes) == 0 {
			return sequence, err
		}
		if sequence, err = e.write(ctx, name, "", sequence, changes); err != nil {
			return 0, err
		}
		e.rebuild.Set(func(r *index.Rebuild) {
			r.Documents += len(changes)
			r.Sequence = sequence
		})
	}
}

// ready makes a filled index searchable, and waits until every shard has a copy that can be searched.
func (e *Engine) ready(ctx context.Context, name string) error {
	return errors.Join(e.refreshEvery(ctx, name, "1s"),
		e.client.do(ctx, http.MethodPost, "/"+name+"/_refresh", nil, long, nil),
		e.client.do(ctx, http.MethodGet, "/_cluster/health/"+name+"?wait_for_status=yellow&timeout=30s", nil, long, nil))
}

func (e *Engine) refreshEvery(ctx context.Context, name, interval string) error {
	return e.client.do(ctx, http.MethodPut, "/"+name+"/_settings", encode(m{"index": m{"refresh_interval": interval}}), long, nil)
}

func (e *Engine) drop(ctx context.Context, name string) error {
	err := e.client.do(ctx, http.MethodDelete, "/"+name, nil, long, nil)
	if status(err) == http.StatusNotFound {
		return nil
	}
	return err
}
