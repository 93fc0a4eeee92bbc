package postgres

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// The times of an election. Hand-over takes at most aliveFor and one candidacy: below five seconds.
const (
	candidateEvery = 300 * time.Millisecond // how often those who do not hold the office ask for it
	aliveEvery     = 700 * time.Millisecond // how often the holder shows that it lives
	aliveFor       = 3 * time.Second        // the server ends the session of a holder that did not for so long
)

// Election is one process's part in choosing the one process that does a piece of work: an office that is held with a
// lock of a database session. When the holder dies, is cut off or stands still, the server ends its session and another
// takes over within five seconds.
//
// A holder that stood still believes for a moment that it still holds the office when it goes on. What it does then must
// be harmless beside its successor; writes that carry the store's sequence number are.
type Election struct {
	db     *DB
	office string
	log    *slog.Logger
	holds  atomic.Bool
}

// Election makes a candidate for an office of this schema.
func (db *DB) Election(office string, log *slog.Logger) *Election {
	return &Election{db: db, office: office, log: log}
}

// Holds reports whether this process holds the office.
func (e *Election) Holds() bool { return e.holds.Load() }

// Run runs for the office until ctx ends, and calls serve whenever it is won. The context of serve ends when the office is
// lost, or when ctx ends; the office is given up when serve has returned.
func (e *Election) Run(ctx context.Context, serve func(ctx context.Context)) {
	well := true
	for ctx.Err() == nil {
		err := e.candidate(ctx, serve)
		if err != nil && ctx.Err() == nil && well {
			e.log.Warn("cannot take part in the election; trying again", "office", e.office, "database", e.db.name, "error", err)
		}
		well = err == nil
		select {
		case <-ctx.Done():
		case <-time.After(retryEvery):
		}
	}
}

// candidate asks for the office on one connection until it was won and lost, or something goes wrong.
func (e *Election) candidate(ctx context.Context, serve func(ctx context.Context)) error {
	c, err := e.db.dedicated(ctx, map[string]string{
		// The server ends a session that says nothing for so long: that of a process that stands still.
		"idle_session_timeout": strconv.Itoa(int(aliveFor.Milliseconds())),
	})
	if err != nil {
		return err
	}
	defer closeSoon(c)
	for {
		var won bool
		if err := within(ctx, c, "SELECT pg_try_advisory_lock($1)", &won, e.db.lockKey("office "+e.office)); err != nil {
			return err
		}
		if won {
			return e.hold(ctx, c, serve)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(candidateEvery):
		}
	}
}

// hold serves while the session lives. It returns when serve has.
func (e *Election) hold(ctx context.Context, c *pgx.Conn, serve func(ctx context.Context)) error {
	e.holds.Store(true)
	defer e.holds.Store(false)
	e.log.Info("this process was elected", "office", e.office)
	serving, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		serve(serving)
	}()
	err := stayAlive(serving, c, done)
	e.holds.Store(false)
	stop()
	<-done
	if err != nil && ctx.Err() == nil {
		e.log.Warn("this process has lost its office", "office", e.office, "error", err)
	}
	return err
}

// stayAlive shows that the holder lives until ctx ends, serve is done or the session is lost.
func stayAlive(ctx context.Context, c *pgx.Conn, done <-chan struct{}) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-done:
			return nil
		case <-time.After(aliveEvery):
		}
		var one int
		if err := within(ctx, c, "SELECT 1", &one); err != nil {
			return err
		}
	}
}

// within asks one question that is answered soon or never.
func within(ctx context.Context, c *pgx.Conn, query string, answer any, args ...any) error {
	limited, cancel := context.WithTimeout(ctx, aliveFor-aliveEvery)
	defer cancel()
	err := c.QueryRow(limited, query, args...).Scan(answer)
	if err != nil && ctx.Err() == nil && errors.Is(limited.Err(), context.DeadlineExceeded) {
		return errors.New("the server did not answer")
	}
	return err
}
