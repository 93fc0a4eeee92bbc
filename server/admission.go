package server

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"
)

// longestWait is how long a request waits for its turn before it is told to come back.
const longestWait = time.Second

// admission lets a few requests work at once and a number wait. More working at once would make all of them slower and
// answer none sooner; more waiting would be answered when their citizens have left.
type admission struct {
	inside, working chan struct{}
	waiting         atomic.Int64
}

func newAdmission(most int) *admission {
	return &admission{inside: make(chan struct{}, most), working: make(chan struct{}, min(most, 4*runtime.GOMAXPROCS(0)))}
}

// enter waits for a turn. leave ends it.
func (a *admission) enter(ctx context.Context) (leave func(), err error) {
	select {
	case a.inside <- struct{}{}:
	default:
		return nil, errBusy
	}
	leave = func() { <-a.working; <-a.inside }
	select {
	case a.working <- struct{}{}:
		return leave, nil
	default:
	}
	a.waiting.Add(1)
	defer a.waiting.Add(-1)
	patience := time.NewTimer(longestWait)
	defer patience.Stop()
	select {
	case a.working <- struct{}{}:
		return leave, nil
	case <-patience.C:
		err = errBusy
	case <-ctx.Done():
		err = ctx.Err()
	}
	<-a.inside
	return nil, err
}
