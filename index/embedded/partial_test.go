package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"tongsou/index"
	"tongsou/index/embedded"
)

// expiring is a context whose time ends after it was asked so many times: a slow search without a slow test.
type expiring struct {
	context.Context
	left atomic.Int64
}

func (e *expiring) Err() error {
	if e.left.Add(-1) < 0 {
		return context.DeadlineExceeded
	}
	return e.Context.Err()
}

func expiringAfter(ctx context.Context, asked int64) context.Context {
	e := &expiring{Context: ctx}
	e.left.Store(asked)
	return e
}

// manySegments is an index of several segments, each with news that say 供暖.
func manySegments(t *testing.T) *embedded.Engine {
	t.Helper()
	e := open(t, t.TempDir(), func(o *embedded.Options) { o.Shards = 4 })
	seq := uint64(0)
	for range 4 {
		var batch []index.Change
		for range 10 {
			seq++
			text := "今年冬天的供暖从十月开始"
			if seq%3 == 0 {
				text += "，供水照旧"
			}
			c := news(fmt.Sprintf("n%02d", seq), text)
			c.Seq = seq
			batch = append(batch, c)
		}
		if err := e.Apply(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

func TestSearchOutOfTimeAnswersWithWhatItHas(t *testing.T) {
	for _, text := range []string{"供暖", `"供暖从十月"`, "冬天 -供水"} {
		t.Run(text, func(t *testing.T) {
			e := manySegments(t)
			whole, err := e.Search(t.Context(), index.Query{Text: text, Facets: true, Limit: 100})
			if err != nil || whole.Partial {
				t.Fatalf("with all the time: %v, partial %v", err, whole != nil && whole.Partial)
			}
			in := map[string]bool{}
			for _, h := range hits(whole) {
				in[h.ID] = true
			}
			refused, partial, complete := 0, 0, false
			for asked := int64(0); asked < 2000 && !complete; asked++ {
				res, err := e.Search(expiringAfter(t.Context(), asked), index.Query{Text: text, Facets: true, Limit: 100})
				switch {
				case errors.Is(err, context.DeadlineExceeded):
					refused++
				case err != nil:
					t.Fatalf("after %d questions: %v", asked, err)
				case res.Partial:
					partial++
					for _, h := range hits(res) {
						if !in[h.ID] {
							t.Errorf("after %d questions: %s was found, which the whole answer does not hold", asked, h.ID)
						}
					}
					if len(res.Query.Notes) == 0 || res.NoAnswer != nil {
						t.Errorf("after %d questions: the answer does not say that it is partial, or says that there is nothing", asked)
					}
				default:
					complete = true
					if len(hits(res)) != len(in) {
						t.Errorf("an answer that is not marked holds %d of %d hits", len(hits(res)), len(in))
					}
				}
			}
			if refused == 0 || partial == 0 || !complete {
				t.Errorf("%d refused, %d partial, complete: %v; want each of them", refused, partial, complete)
			}
		})
	}
}

func hits(r *index.Result) []index.Hit {
	var list []index.Hit
	for _, g := range r.Groups {
		list = append(list, g.Hits...)
	}
	return list
}

// TestSearchOfNobody holds that a search whose client is gone ends with the context's error.
func TestSearchOfNobody(t *testing.T) {
	e := manySegments(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Search(ctx, index.Query{Text: "供暖"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
}
