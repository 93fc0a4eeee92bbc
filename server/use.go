package server

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"tongsou/index"
	"tongsou/server/learn"
)

// learnEvery is how often it is learned anew from the journal, learnTime how long that may take.
const (
	learnEvery = 10 * time.Minute
	learnTime  = 5 * time.Minute
)

// learner keeps what was learned from the journal and learns it anew in the background. Who asks gets what there is.
type learner struct {
	options *Options
	model   atomic.Pointer[learn.Model]
	stop    context.CancelFunc
	running sync.WaitGroup
}

// newLearner starts learning, unless it is switched off or there is nothing to learn from.
func newLearner(options *Options) *learner {
	ctx, stop := context.WithCancel(context.Background())
	l := &learner{options: options, stop: stop}
	if options.Learn && options.Journal != nil {
		l.running.Go(func() { l.run(ctx) })
	}
	return l
}

func (l *learner) close() {
	l.stop()
	l.running.Wait()
}

func (l *learner) run(ctx context.Context) {
	again := time.NewTicker(learnEvery)
	defer again.Stop()
	for {
		l.learn(ctx)
		select {
		case <-again.C:
		case <-ctx.Done():
			return
		}
	}
}

// learn reads the journal and takes what it says from now on. What was known stays when the journal cannot be read.
func (l *learner) learn(ctx context.Context) {
	reading, cancel := context.WithTimeout(ctx, learnTime)
	defer cancel()
	m, err := learn.Read(reading, l.options.Journal, l.options.Now())
	if err != nil {
		if ctx.Err() == nil {
			l.options.Log.Warn("nothing new was learned from the journal; the ranking goes on by what is known", "error", err)
		}
		return
	}
	if old := l.model.Swap(m); old.Mark() != m.Mark() {
		l.options.Log.Info("learned from the journal", "queries", m.Queries(), "documents", m.Documents())
	}
}

// use is what people made of earlier answers to a query, nil for nothing.
func (s *Server) use(query string) index.Use { return s.learner.model.Load().For(query) }
