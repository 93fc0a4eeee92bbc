package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tongsou/corpus"
	"tongsou/corpus/store"
)

// lock holds the store as another writer would; unlock lets it go.
func lock(t *testing.T, place string) (unlock func()) {
	t.Helper()
	var held io.Closer
	var tx *sql.Tx
	var err error
	if inPostgres(place) {
		other := reopen(t, place)
		held = io.NopCloser(nil) // it is closed in the end
		if tx, err = other.Postgres().BeginTx(context.Background(), nil); err == nil {
			err = other.Postgres().Lock(context.Background(), tx, "write")
		}
	} else {
		db := raw(t, place)
		held = db
		tx, err = db.BeginTx(context.Background(), nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return sync.OnceFunc(func() {
		if err := errors.Join(tx.Rollback(), held.Close()); err != nil {
			t.Error(err)
		}
	})
}

// read asks everything that does not write.
func read(ctx context.Context, s *store.Store) error {
	_, err := s.Get(ctx, "a")
	if err == nil {
		_, err = s.Changes(ctx, 0, 10)
	}
	if err == nil {
		_, err = s.Count(ctx)
	}
	if err == nil {
		_, err = s.Sources(ctx, "a")
	}
	return err
}

func TestSecondWriterWaitsAndReadersGoOn(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		s, path := open(t)
		put(t, s, news("a", "一"))
		unlock := lock(t, path)
		defer unlock()
		done := make(chan error, 1)
		go func() {
			_, err := s.Put(t.Context(), []*corpus.Document{news("b", "二")})
			done <- err
		}()
		other := reopen(t, path)
		for range 10 {
			began := time.Now()
			if err := errors.Join(read(t.Context(), s), read(t.Context(), other)); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Fatalf("reading beside a writer took %v", took)
			}
			time.Sleep(10 * time.Millisecond)
		}
		select {
		case err := <-done:
			t.Fatalf("Put did not wait for the other writer: %v", err)
		default:
		}
		unlock()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		wantIDs(t, other, "a", "b")
	})
}

func TestSecondWriterGivesUp(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		if testing.Short() {
			t.Skip("it takes the ten seconds that a writer waits")
		}
		t.Parallel()
		s, path := open(t)
		put(t, s, news("a", "一"))
		defer lock(t, path)()
		_, err := s.Put(context.Background(), []*corpus.Document{news("b", "二")})
		wantError(t, err, path, "another process", "again")
		wantIDs(t, s, "a")
	})
}

func TestWaitingWriterStopsWhenCancelled(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		s, path := open(t)
		put(t, s, news("a", "一"))
		unlock := lock(t, path)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err := s.Put(ctx, []*corpus.Document{news("b", "二")})
		unlock()
		if err == nil || ctx.Err() == nil {
			t.Errorf("a cancelled Put returned %v", err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("a cancelled Put returned after %v", took)
		}
		wantIDs(t, s, "a")
		put(t, s, news("c", "三")) // the store is as good as before
		wantIDs(t, s, "a", "c")
	})
}

// Writers of two handles and readers of both, all at once.
func TestManyAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		const writers, rounds = 4, 15
		s, path := open(t)
		handles := []*store.Store{s, reopen(t, path)}
		put(t, s, news("a", "一"))
		var writing, reading sync.WaitGroup
		var stop atomic.Bool
		for w := range writers {
			writing.Go(func() {
				last := uint64(0)
				for i := range rounds {
					docs := []*corpus.Document{news(fmt.Sprintf("w%d-%d", w, i), "正文"), version(fmt.Sprint("v", w), corpus.Date(fmt.Sprintf("20%02d-01-01", i)))}
					sum, err := handles[w%2].Put(t.Context(), docs)
					if err != nil || sum.Sequence <= last {
						t.Errorf("sequence %d after %d, %v", sum.Sequence, last, err)
					}
					last = sum.Sequence
				}
			})
			reading.Go(func() {
				for seq := uint64(0); !stop.Load(); {
					if err := read(t.Context(), handles[w%2]); err != nil {
						t.Error(err)
						return
					}
					now, err := handles[(w+1)%2].Sequence(t.Context())
					if err != nil || now < seq {
						t.Errorf("sequence %d after %d, %v", now, seq, err)
						return
					}
					seq = now
				}
			})
		}
		writing.Wait()
		stop.Store(true)
		reading.Wait()
		if n := len(ids(t, s)); n != 1+writers*rounds+writers {
			t.Errorf("the store holds %d documents, want %d", n, 1+writers*rounds+writers)
		}
		var m mirror
		m.follow(t, s, 9)
		m.wantSame(t, s)
		if err := s.Verify(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A follower that has applied change n never misses one of a smaller number, though writers of several processes commit
// at the same time: it looks all the while, and has everything in the end without looking back.
func TestFollowerMissesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		const writers, rounds = 6, 12
		s, place := open(t)
		var writing, following sync.WaitGroup
		var stop atomic.Bool
		for w := range writers {
			own := reopen(t, place)
			writing.Go(func() {
				for i := range rounds {
					docs := make([]*corpus.Document, 1+(w+i)%7) // long and short transactions
					for d := range docs {
						docs[d] = news(fmt.Sprintf("w%d-%d-%d", w, i, d), "正文")
					}
					if _, err := own.Put(t.Context(), docs); err != nil {
						t.Error(err)
					}
				}
			})
		}
		var m mirror
		following.Go(func() {
			for !stop.Load() {
				m.follow(t, s, 5)
			}
		})
		writing.Wait()
		stop.Store(true)
		following.Wait()
		m.follow(t, s, 5)
		m.wantSame(t, s)
	})
}
