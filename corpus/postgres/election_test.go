package postgres_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tongsou/corpus/postgres"
)

// candidacy is the address by which TestCandidateChild runs for office; without it that test is nothing.
const candidacy = "TONGSOU_TEST_CANDIDACY"

// TestCandidateChild is another process that runs for the office until it is killed.
func TestCandidateChild(t *testing.T) {
	dsn := os.Getenv(candidacy)
	if dsn == "" {
		return // it has its part in the tests that start it
	}
	db := open(t, dsn, files("0001_one.sql", one))
	db.Election("indexer", slog.New(slog.DiscardHandler)).Run(t.Context(), func(ctx context.Context) {
		fmt.Println("elected")
		<-ctx.Done()
	})
}

// startCandidate starts another process and returns it when it was elected.
func startCandidate(t *testing.T, dsn string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestCandidateChild$", "-test.timeout=2m")
	cmd.Env = append(os.Environ(), candidacy+"="+dsn)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // most have ended
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.TrimSpace(lines.Text()) == "elected" {
			return cmd
		}
	}
	t.Fatalf("the other process was not elected: %v", lines.Err())
	return nil
}

// office counts who serves at a time.
type office struct {
	holders atomic.Int64
	won     chan time.Time
}

func (o *office) serve(t *testing.T) func(ctx context.Context) {
	return func(ctx context.Context) {
		if n := o.holders.Add(1); n != 1 {
			t.Errorf("%d hold the office at a time", n)
		}
		o.won <- time.Now()
		<-ctx.Done()
		o.holders.Add(-1)
	}
}

func run(t *testing.T, e *postgres.Election, o *office) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.Run(ctx, o.serve(t))
	}()
	stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(stop)
	return stop
}

// handOver is the promise of the election.
const handOver = 5 * time.Second

// The holder is a process of its own that dies, or stands still: another takes over within five seconds.
func TestHandOverWhenTheHolderIsGone(t *testing.T) {
	for _, c := range []struct {
		name string
		sig  syscall.Signal
	}{{"killed", syscall.SIGKILL}, {"stopped", syscall.SIGSTOP}, {"ended", syscall.SIGTERM}} {
		t.Run(c.name, func(t *testing.T) {
			dsn := server.Database(t)
			db := open(t, dsn, files("0001_one.sql", one))
			holder := startCandidate(t, dsn)
			o := &office{won: make(chan time.Time, 1)}
			e := db.Election("indexer", slog.New(slog.DiscardHandler))
			run(t, e, o)
			time.Sleep(time.Second)
			if e.Holds() {
				t.Fatal("two hold the office")
			}
			began := time.Now()
			if err := holder.Process.Signal(c.sig); err != nil {
				t.Fatal(err)
			}
			select {
			case at := <-o.won:
				t.Logf("hand-over %v after the holder was %s", at.Sub(began).Round(time.Millisecond), c.name)
			case <-time.After(4 * handOver):
				t.Fatal("nobody took over")
			}
			if !e.Holds() {
				t.Error("the successor does not know that it holds the office")
			}
		})
	}
}

// One after another holds the office, never two, though they come and go.
func TestOneAtATime(t *testing.T) {
	dsn := server.Database(t)
	o := &office{won: make(chan time.Time, 100)}
	stops := map[*postgres.Election]func(){}
	for range 4 {
		e := open(t, dsn, files("0001_one.sql", one)).Election("indexer", slog.New(slog.DiscardHandler))
		stops[e] = run(t, e, o)
	}
	for len(stops) > 1 {
		select {
		case <-o.won:
		case <-time.After(4 * handOver):
			t.Fatal("nobody was elected")
		}
		for e, stop := range stops {
			if e.Holds() {
				stop()
				delete(stops, e)
			}
		}
	}
	other := &office{won: make(chan time.Time, 1)} // an office of another name is another
	run(t, open(t, dsn, files("0001_one.sql", one)).Election("courier", slog.New(slog.DiscardHandler)), other)
	select {
	case <-other.won:
	case <-time.After(4 * handOver):
		t.Fatal("nobody was elected to another office")
	}
}

// After the server was away the office is filled again, and those who watch look again.
func TestServerRestart(t *testing.T) {
	dsn := server.Database(t)
	db := open(t, dsn, files("0001_one.sql", one))
	o := &office{won: make(chan time.Time, 10)}
	run(t, db.Election("indexer", slog.New(slog.DiscardHandler)), o)
	<-o.won
	looks := make(chan struct{}, 1000)
	go db.Watch(t.Context(), "news", time.Hour, func(context.Context) { looks <- struct{}{} }, slog.New(slog.DiscardHandler))
	<-looks
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	for len(looks) > 0 {
		<-looks
	}
	began := time.Now()
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]func() bool{
		"elected": func() bool { <-o.won; return true }, "looked": func() bool { <-looks; return true },
	} {
		done := make(chan bool, 1)
		go func() { done <- c() }()
		select {
		case <-done:
			t.Logf("%s %v after the server was started", what, time.Since(began).Round(time.Millisecond))
		case <-time.After(30 * time.Second):
			t.Fatalf("not %s after the server was started", what)
		}
	}
}

// What one process tells another looks for, within two seconds.
func TestNewsReachOtherProcesses(t *testing.T) {
	dsn := server.Database(t)
	here, there := open(t, dsn, files("0001_one.sql", one)), open(t, dsn, files("0001_one.sql", one))
	looks := make(chan time.Time, 1000)
	go there.Watch(t.Context(), "news", time.Hour, func(context.Context) { looks <- time.Now() }, slog.New(slog.DiscardHandler))
	<-looks
	<-looks // it listens now
	var slowest time.Duration
	for range 10 {
		tx, err := here.BeginTx(t.Context(), nil)
		if err == nil {
			err = here.Tell(t.Context(), tx, "news")
		}
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		select {
		case at := <-looks:
			slowest = max(slowest, at.Sub(began))
		case <-time.After(10 * time.Second):
			t.Fatal("the news did not arrive")
		}
	}
	t.Logf("the slowest of ten news took %v", slowest.Round(time.Microsecond))
}
