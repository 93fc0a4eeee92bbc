package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"tongsou/corpus"
	"tongsou/corpus/store"
)

// eachWay runs a test from a file to PostgreSQL and back.
func eachWay(t *testing.T, test func(t *testing.T, from, to opener)) {
	t.Run("to postgres", func(t *testing.T) { test(t, open, openPostgres) })
	t.Run("to sqlite", func(t *testing.T) { test(t, openPostgres, open) })
}

// furnish puts something of everything into a store.
func furnish(t *testing.T, s *store.Store, n int) {
	t.Helper()
	docs := []*corpus.Document{version("v1", "2001-01-01"), version("v2", "2012-07-01")}
	for i := range n {
		docs = append(docs, news(fmt.Sprint("n", i), "一"))
	}
	put(t, s, docs...)
	put(t, s, policy("a", "甲", "一"))
	put(t, s, policy("b", "乙", "二")) // linked to a
	wild := news("wild", "一")
	wild.Family, wild.Source.File = "法\xff", "a\xff.txt"
	put(t, s, wild)
	if _, err := s.Delete(t.Context(), "n1"); err != nil {
		t.Fatal(err)
	}
	if err := s.AddRun(t.Context(), store.Run{Source: "甲", Started: time.Now(), Finished: time.Now()}); err != nil {
		t.Fatal(err)
	}
}

// putVectors stores vectors of a model, and that they are those up to a change.
func putVectors(t *testing.T, s *store.Store, model string, sequence uint64, docs ...store.Passages) {
	t.Helper()
	v, err := s.Vectors(t.Context(), model, "")
	if err != nil {
		t.Fatal(err)
	}
	after, err := v.Sequence(t.Context())
	if err == nil {
		err = v.Put(t.Context(), after, sequence, docs)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// vectorsOf lists the vectors of a model and how far they are.
func vectorsOf(t *testing.T, s *store.Store, model string) string {
	t.Helper()
	v, err := s.Vectors(t.Context(), model, "")
	if err != nil {
		t.Fatal(err)
	}
	n, err := v.Sequence(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(kept(t, v), " to ", n)
}

// Vectors take long to make: they come along, of every model, and what has changed since comes back.
func TestMigrateCarriesVectors(t *testing.T) {
	eachWay(t, func(t *testing.T, from, to opener) {
		old, _ := from(t)
		furnish(t, old, 3)
		var many []store.Passages
		for i := range 1100 { // more than two batches
			id := fmt.Sprintf("d%04d", i)
			many = append(many, store.Passages{Document: id, List: []store.Passage{passage(id, id, "value of "+id)}})
		}
		putVectors(t, old, "a model", 5, many...)
		putVectors(t, old, "b", 3, store.Passages{Document: "n0", List: []store.Passage{passage("n0", "x", "\x00\xff'"), passage("n0#一", "y", "2")}})
		wantA, wantB := vectorsOf(t, old, "a model"), vectorsOf(t, old, "b")
		next, _ := to(t)
		if done := migrate(t, store.Migration{From: old, To: next}); done.Vectors != 1102 {
			t.Errorf("migrated %v, want 1102 vectors", done.Digest)
		}
		if a, b := vectorsOf(t, next, "a model"), vectorsOf(t, next, "b"); a != wantA || b != wantB {
			t.Errorf("of the first model there is\n%.200s…, of the second\n%s; want\n%.200s…\n%s", a, b, wantA, wantB)
		}
		putVectors(t, next, "a model", 9, store.Passages{Document: "d0003"}, store.Passages{Document: "d0004", List: []store.Passage{passage("d0004", "z", "other")}})
		wantA = vectorsOf(t, next, "a model")
		if back := migrate(t, store.Migration{From: next, To: old}); back.Vectors != 1101 {
			t.Errorf("back went %v, want 1101 vectors", back.Digest)
		}
		if a := vectorsOf(t, old, "a model"); a != wantA {
			t.Errorf("after the way back there is\n%.300s, want\n%.300s", a, wantA)
		}
	})
}

// The sum that both sides must have in common before the switch is over the vectors too.
func TestDigestIsOverVectors(t *testing.T) {
	eachWay(t, func(t *testing.T, from, to opener) {
		for what, damage := range map[string]string{
			"a value": "UPDATE vector SET value = hash", "how far they are": "UPDATE meta SET value = '4' WHERE key = 'vectors m'",
		} {
			old, _ := from(t)
			furnish(t, old, 3)
			putVectors(t, old, "m", 2, store.Passages{Document: "n0", List: []store.Passage{passage("n0", "x", "1")}})
			next, place := to(t)
			before, err := old.Digest(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			migrate(t, store.Migration{From: old, To: next, Copy: true})
			exec(t, place, damage)
			after, err := next.Digest(t.Context())
			if err != nil || after.SHA256 == before.SHA256 {
				t.Errorf("%s is another, and the digest is the same: %v, %v", what, after, err)
			}
		}
	})
}

func migrate(t *testing.T, m store.Migration) store.Migrated {
	t.Helper()
	done, err := m.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func TestMigrateThereAndBack(t *testing.T) {
	eachWay(t, func(t *testing.T, from, to opener) {
		old, _ := from(t)
		furnish(t, old, 600) // more than one batch
		before, err := old.Digest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var m mirror
		m.follow(t, old, 1000)
		next, _ := to(t)
		done := migrate(t, store.Migration{From: old, To: next})
		if done.SHA256 != before.SHA256 || done.Rows != before.Rows || done.Runs != 1 || done.Sources != before.Sources {
			t.Errorf("migrated %+v, want %+v", done, before)
		}
		m.wantSame(t, next) // who followed the one goes on with the other
		if _, err := old.Put(t.Context(), []*corpus.Document{news("late", "一")}); !errors.Is(err, store.ErrMoved) {
			t.Errorf("a store that was moved takes changes: %v", err)
		}
		get(t, old, "n0") // and is still read
		put(t, next, news("n0", "改"), news("new", "新"))
		if _, err := next.Delete(t.Context(), "n2"); err != nil {
			t.Fatal(err)
		}
		if err := next.AddRun(t.Context(), store.Run{Source: "乙"}); err != nil {
			t.Fatal(err)
		}
		back := migrate(t, store.Migration{From: next, To: old})
		if back.Copied != 3 || back.Runs != 2 {
			t.Errorf("back went %+v, want the 3 documents that have changed, and 2 ingests", back)
		}
		m.follow(t, old, 1000)
		m.wantSame(t, old)
		put(t, old, news("again", "一"))
		if err := old.AddRun(t.Context(), store.Run{Source: "丙"}); err != nil {
			t.Errorf("an ingest after the move back: %v", err)
		}
	})
}

// While it is copied the old store is written; nothing of that is lost.
func TestMigrateWhileServing(t *testing.T) {
	eachWay(t, func(t *testing.T, from, to opener) {
		old, _ := from(t)
		furnish(t, old, 300)
		next, _ := to(t)
		stored := make(chan int)
		go func() {
			n := 0
			for ; n < 10000; n++ {
				time.Sleep(10 * time.Millisecond) // so that others come to write as well
				if _, err := old.Put(context.Background(), []*corpus.Document{news(fmt.Sprint("w", n), "一")}); err != nil {
					if !errors.Is(err, store.ErrMoved) {
						t.Errorf("a writer got %v", err)
					}
					break
				}
			}
			stored <- n
		}()
		migrate(t, store.Migration{From: old, To: next})
		n := <-stored
		for i := range n {
			get(t, next, fmt.Sprint("w", i))
		}
		t.Logf("%d documents were stored meanwhile, and all are there", n)
		if err := next.Verify(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A check that fails keeps the old store in use; the next run goes on from where this one came to.
func TestMigrateIsResumed(t *testing.T) {
	eachWay(t, func(t *testing.T, from, to opener) {
		old, _ := from(t)
		furnish(t, old, 300)
		next, place := to(t)
		wrong := errors.New("something else is wrong")
		m := store.Migration{From: old, To: next, Check: func(context.Context) error { return wrong }}
		if _, err := m.Run(t.Context()); !errors.Is(err, wrong) {
			t.Fatalf("got %v, want the check's error", err)
		}
		if err := old.Settled(t.Context()); err != nil {
			t.Errorf("the old store is not in use: %v", err)
		}
		put(t, old, news("more", "一"))
		if err := reopen(t, place).Settled(t.Context()); !errors.Is(err, store.ErrUnfinished) {
			t.Errorf("the half-made store: %v, want ErrUnfinished", err)
		}
		if _, err := next.Put(t.Context(), []*corpus.Document{news("x", "一")}); !errors.Is(err, store.ErrUnfinished) {
			t.Errorf("the half-made store takes changes: %v", err)
		}
		m.Check = nil
		if done := migrate(t, m); done.Copied != 1 {
			t.Errorf("%d were copied again, want 1", done.Copied)
		}
		if err := next.Settled(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestMigrateRefuses(t *testing.T) {
	eachWay(t, func(t *testing.T, from, to opener) {
		old, _ := from(t)
		furnish(t, old, 3)
		foreign, _ := to(t)
		put(t, foreign, news("own", "一"))
		_, err := (&store.Migration{From: old, To: foreign}).Run(t.Context())
		wantError(t, err, "documents of its own", "empty")
		put(t, foreign, news("own", "改")) // it is as good as before
		next, place := to(t)
		migrate(t, store.Migration{From: old, To: next})
		_, err = (&store.Migration{From: old, To: next}).Run(t.Context())
		wantError(t, err, "in use")
		third, _ := from(t)
		_, err = (&store.Migration{From: old, To: third}).Run(t.Context())
		wantError(t, err, "moved")
		// A copy that is not the same is not switched to.
		exec(t, place, "UPDATE document SET hash = 'x' WHERE id = 'n0'")
		fourth, tampered := from(t)
		m := store.Migration{From: next, To: fourth, Check: nil}
		m.Progress = func(uint64, uint64) {
			exec(t, tampered, "UPDATE document SET hash = 'y' WHERE id = 'n2'")
		}
		_, err = m.Run(t.Context())
		wantError(t, err, "not the same", "stays in use")
		if err := next.Settled(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestMigrateCopyLeavesTheOldInUse(t *testing.T) {
	eachWay(t, func(t *testing.T, from, to opener) {
		old, _ := from(t)
		furnish(t, old, 3)
		next, _ := to(t)
		migrate(t, store.Migration{From: old, To: next, Copy: true})
		put(t, old, news("x", "一"))
		put(t, next, news("y", "二"))
	})
}
