package index

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// timingBounds are the upper bounds of a timing's buckets, in seconds: a passage takes a model some 10 ms, a query a few, and
// a search waits 300 ms for an endpoint.
var timingBounds = [...]float64{.001, .0025, .005, .01, .025, .05, .1, .2, .3, .5, 1, 2.5, 10}

// timing counts how long something took. Its methods may be called from any number of goroutines.
type timing struct {
	counts [len(timingBounds) + 1]atomic.Uint64
	nanos  atomic.Int64
}

// add counts n times that took each as long.
func (t *timing) add(each time.Duration, n int) {
	i := 0
	for i < len(timingBounds) && each.Seconds() > timingBounds[i] {
		i++
	}
	t.counts[i].Add(uint64(max(n, 0)))
	t.nanos.Add(int64(each) * int64(n))
}

// Timing is how often something was done and how long it took.
type Timing struct {
	Count   uint64
	Seconds float64 // all together
	// Within is how often it took at most so many seconds.
	Within map[float64]uint64
}

func (t *timing) read() Timing {
	r := Timing{Seconds: time.Duration(t.nanos.Load()).Seconds(), Within: make(map[float64]uint64, len(timingBounds))}
	for i := range t.counts {
		r.Count += t.counts[i].Load()
		if i < len(timingBounds) {
			r.Within[timingBounds[i]] = r.Count
		}
	}
	return r
}

// MeaningWork is what the model was asked since the program began.
type MeaningWork struct {
	// Queries and Passages are those that it embedded, with the time that each took; passages go to it many at a time.
	Queries, Passages Timing
	// Late counts queries that it did not embed in time, Failed those that it did not embed at all: words alone answered both.
	Late, Failed uint64
	// Batches counts those of passages that failed and are tried again.
	Batches uint64
}

type meaningWork struct {
	queries, passages     timing
	late, failed, batches atomic.Uint64
}

// query counts a query, unless the one who asked has left.
func (w *meaningWork) query(took time.Duration, err error) {
	switch {
	case err == nil:
		w.queries.add(took, 1)
	case errors.Is(err, context.DeadlineExceeded):
		w.late.Add(1)
	case !errors.Is(err, context.Canceled):
		w.failed.Add(1)
	}
}

// batch counts n passages that went to the model together.
func (w *meaningWork) batch(took time.Duration, n int, err error) {
	switch {
	case err == nil && n > 0:
		w.passages.add(took/time.Duration(n), n)
	case err != nil && !errors.Is(err, context.Canceled):
		w.batches.Add(1)
	}
}

func (w *meaningWork) read() *MeaningWork {
	return &MeaningWork{
		Queries: w.queries.read(), Passages: w.passages.read(), Late: w.late.Load(), Failed: w.failed.Load(), Batches: w.batches.Load(),
	}
}
