package opensearch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"

	"tongsou/index"
)

// view is the index as one search sees it.
type view struct {
	engine *Engine
	*present
	ctx context.Context
	// partial is set when a shard did not answer, or not in time; looks counts how often it was asked again.
	partial atomic.Bool
	looks   atomic.Int32
}

func (e *Engine) view(ctx context.Context) (*view, error) {
	if err := e.open(); err != nil {
		return nil, err
	}
	return &view{engine: e, present: e.present.Load(), ctx: ctx}, nil
}

// Halved implements stage.View.
func (v *view) Halved() bool { return v.partial.Load() }

// answer is the answer to one search.
type answer struct {
	TimedOut bool `json:"timed_out"`
	Shards   struct {
		Total  int `json:"total"`
		Failed int `json:"failed"`
	} `json:"_shards"`
	Hits struct {
		Total struct {
			Value int `json:"value"`
		} `json:"total"`
		Hits []hit `json:"hits"`
	} `json:"hits"`
	Aggregations map[string]aggregation `json:"aggregations"`
	Status       int                    `json:"status"`
	Error        *struct {
		Type   string `json:"type"`
		Reason string `json:"reason"`
		Causes []struct {
			Reason string `json:"reason"`
		} `json:"root_cause"`
		Cause struct {
			Reason string `json:"reason"`
		} `json:"caused_by"`
	} `json:"error"`
}

type hit struct {
	// shown is what Fields hold of the document.
	shown
	Fields map[string][]packed `json:"fields"`
	Source struct {
		ID    string `json:"id"`
		Units int    `json:"n"`
	} `json:"_source"`
	Explanation explanation `json:"_explanation"`
	Inner       map[string]struct {
		Hits struct {
			Hits []struct {
				Nested struct {
					Offset int `json:"offset"`
				} `json:"_nested"`
				Fields map[string][]packed `json:"fields"`
			} `json:"hits"`
		} `json:"hits"`
	} `json:"inner_hits"`
}

// open reads what is kept with the document.
func (h *hit) open() error {
	for _, raw := range h.Fields[fieldShown] {
		if err := json.Unmarshal(raw, &h.shown); err != nil {
			return fmt.Errorf("read what is stored with a document: %w; run `tongsou rebuild`", err)
		}
	}
	if h.Meta == nil {
		return errors.New("nothing is stored with a document that was found; run `tongsou rebuild`")
	}
	return nil
}

const docValues = "docvalue_fields"

// reads lets a search, or its inner hits, give a field's bytes and nothing else.
func reads(body m, field string) m {
	body["_source"], body["stored_fields"], body[docValues] = false, "_none_", []string{field}
	return body
}

type value struct {
	Value float64 `json:"value"`
}

type bucket struct {
	Key   string `json:"key"`
	Count int    `json:"doc_count"`
}

type aggregation struct {
	Count   int      `json:"doc_count"`
	Buckets []bucket `json:"buckets"`
	L0      *value   `json:"l0"`
	L1      *value   `json:"l1"`
	L2      *value   `json:"l2"`
	Inner   *struct {
		Buckets []bucket `json:"buckets"`
	} `json:"values"`
}

// secondLooks is how often one view asks again for what some shard did not answer: a copy elsewhere answers as soon as the
// cluster knows that a node is gone. Then what there is has to do.
const secondLooks = 2

// search asks for several searches in one request. An answer that lacks shards makes the view partial; one that failed as a
// whole is an error.
func (v *view) search(bodies []m) ([]answer, error) {
	for {
		answers, err := v.once(bodies)
		if err != nil {
			return nil, err
		}
		lacking, failed := false, error(nil)
		for i := range answers {
			lacking = lacking || answers[i].Shards.Failed > 0
			failed = errors.Join(failed, answers[i].failure())
		}
		if (lacking || errors.Is(failed, index.ErrUnavailable)) && v.lookAgain() {
			if err := pause(v.ctx, 2); err != nil {
				return nil, err
			}
			continue
		}
		if failed != nil {
			return nil, failed
		}
		for i, body := range bodies {
			if answers[i].TimedOut || answers[i].Shards.Failed > 0 {
				v.partial.Store(true)
			}
			if _, asked := body[docValues]; !asked {
				continue
			}
			for j := range answers[i].Hits.Hits {
				if err := answers[i].Hits.Hits[j].open(); err != nil {
					return nil, err
				}
			}
		}
		return answers, nil
	}
}

// lookAgain reports whether the view may ask once more.
func (v *view) lookAgain() bool { return v.looks.Add(1) <= secondLooks }

// once asks.
func (v *view) once(bodies []m) ([]answer, error) {
	var body bytes.Buffer
	timeout := remaining(v.ctx)
	for _, b := range bodies {
		b["timeout"] = timeout
		body.WriteString("{}\n")
		body.Write(encode(b))
		body.WriteByte('\n')
	}
	var all struct {
		Responses []answer `json:"responses"`
	}
	// The alias leads to the index in use, also when that was just replaced by a rebuild.
	path := "/" + v.engine.options.Prefix + "/_msearch?search_type=dfs_query_then_fetch&max_concurrent_searches=16"
	if err := v.engine.client.do(v.ctx, http.MethodPost, path, body.Bytes(), short, &all); err != nil {
		return nil, err
	}
	if len(all.Responses) != len(bodies) {
		return nil, fmt.Errorf("the cluster answers %d of %d searches: %w", len(all.Responses), len(bodies), index.ErrUnavailable)
	}
	return all.Responses, nil
}
