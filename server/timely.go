package server

import (
	"context"
	"net/http"
	"time"

	"tongsou/index"
)

// timely is an engine whose searches end in time to write the answer: with what they found until then. It counts them.
type timely struct {
	Engine
	metrics *metrics
}

// Search implements index.Searcher.
func (e *timely) Search(ctx context.Context, q index.Query) (*index.Result, error) {
	budget := ctx
	if end, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		budget, cancel = context.WithTimeout(ctx, time.Until(end)*4/5)
		defer cancel()
	}
	result, err := e.Engine.Search(budget, q)
	if err == nil {
		e.metrics.countSearch(q, result)
	}
	return result, err
}

// forgetPartial keeps browsers from keeping an answer that another moment would complete.
func forgetPartial(w http.ResponseWriter, result *index.Result) {
	if result.Partial {
		w.Header().Del("ETag")
		w.Header().Set("Cache-Control", "no-store")
	}
}
