package store_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tongsou/corpus"
	"tongsou/corpus/store"
)

// childEnv names the store that TestCrashChild fills.
const childEnv = "TONGSOU_TEST_CRASH_STORE"

// TestCrashChild is the process that TestKilledWriterLosesNothing kills: it stores batches for ever and prints the
// number of every batch once it is acknowledged.
func TestCrashChild(t *testing.T) {
	path := os.Getenv(childEnv)
	if path == "" {
		t.Skip("the child of TestKilledWriterLosesNothing")
	}
	s, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	seq, err := s.Sequence(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for {
		batch := seq
		sum, err := s.Put(t.Context(), crashBatch(batch))
		if err != nil {
			t.Fatal(err)
		}
		seq = sum.Sequence
		fmt.Printf("acknowledged %d %d\n", batch, seq)
	}
}

// crashBatch is 1 to 20 documents, large and small, named after the sequence number at which the batch began.
func crashBatch(n uint64) []*corpus.Document {
	r := rand.New(rand.NewPCG(n, 0))
	docs := make([]*corpus.Document, 1+r.IntN(20))
	for i := range docs {
		docs[i] = news(fmt.Sprintf("b%d-%d", n, i), strings.Repeat(fmt.Sprint("正文", r.Uint64()), 1+r.IntN(500)))
	}
	return docs
}

func TestKilledWriterLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	acknowledged := map[uint64]uint64{} // batch to the sequence number after it
	for round := range 5 {
		before := len(acknowledged)
		runAndKill(t, path, 30+rand.IntN(250), acknowledged)
		t.Logf("round %d: %d batches acknowledged", round, len(acknowledged)-before)
		if len(acknowledged) == before {
			t.Fatal("the child acknowledged nothing")
		}
		checkAcknowledged(t, path, acknowledged)
	}
}

// runAndKill starts the child, waits for its first word and some milliseconds more, and kills it.
func runAndKill(t *testing.T, path string, milliseconds int, acknowledged map[uint64]uint64) {
	t.Helper()
	child := osexec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCrashChild$")
	child.Env = append(os.Environ(), childEnv+"="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(out)
	var kill *time.Timer
	for {
		line, err := in.ReadString('\n') // a line cut by the kill has no end and does not count
		if err != nil {
			if err != io.EOF {
				t.Error(err)
			}
			break
		}
		var batch, seq uint64
		if n, _ := fmt.Sscanf(line, "acknowledged %d %d\n", &batch, &seq); n != 2 {
			t.Fatalf("the child says %q", line)
		}
		acknowledged[batch] = seq
		if kill == nil {
			kill = time.AfterFunc(time.Duration(milliseconds)*time.Millisecond, func() { _ = child.Process.Kill() })
		}
	}
	if err := child.Wait(); err == nil {
		t.Error("the child ended before it was killed")
	}
}

// checkAcknowledged checks that every acknowledged batch is there whole, and that no batch is there in part.
func checkAcknowledged(t *testing.T, path string, acknowledged map[uint64]uint64) {
	t.Helper()
	s, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := s.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
	last := uint64(0)
	for batch, seq := range acknowledged {
		last = max(last, seq)
		for _, want := range crashBatch(batch) {
			got, err := s.Get(t.Context(), want.ID)
			if err != nil {
				t.Fatalf("acknowledged and lost: %v", err)
			}
			if got.Text() != want.Text() {
				t.Fatalf("%s has another text", want.ID)
			}
		}
	}
	now, err := s.Sequence(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// At most one batch was committed without its word getting through; then it is there whole.
	if whole := last + uint64(len(crashBatch(last))); now != last && now != whole {
		t.Errorf("the store is at %d, want %d or %d", now, last, whole)
	} else if now == whole {
		acknowledged[last] = now
	}
}
