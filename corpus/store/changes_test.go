package store_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"tongsou/corpus"
	"tongsou/corpus/store"
)

// mirror follows a store as an index does.
type mirror struct {
	seq  uint64
	docs map[string]*corpus.Document
}

// follow applies the changes since it last looked, limit at a time, and returns the IDs in the order in which they came.
func (m *mirror) follow(t *testing.T, s *store.Store, limit int) []string {
	t.Helper()
	if m.docs == nil {
		m.docs = map[string]*corpus.Document{}
	}
	var order []string
	seen := map[string]bool{}
	for {
		changes, err := s.Changes(t.Context(), m.seq, limit)
		if err != nil {
			t.Fatal(err)
		}
		if len(changes) == 0 {
			return order
		}
		if len(changes) > limit {
			t.Fatalf("%d changes, asked for at most %d", len(changes), limit)
		}
		for _, c := range changes {
			if c.Seq <= m.seq || seen[c.ID] {
				t.Fatalf("change %d of %s comes after %d, seen before: %v", c.Seq, c.ID, m.seq, seen[c.ID])
			}
			m.seq, seen[c.ID] = c.Seq, true
			order = append(order, c.ID)
			if delete(m.docs, c.ID); c.Document != nil {
				m.docs[c.ID] = c.Document
			}
		}
	}
}

// wantSame checks that the mirror shows what the store holds.
func (m *mirror) wantSame(t *testing.T, s *store.Store) {
	t.Helper()
	list := ids(t, s)
	if len(list) != len(m.docs) {
		t.Errorf("the mirror has %d documents, the store %d", len(m.docs), len(list))
	}
	for _, id := range list {
		if want := get(t, s, id); !reflect.DeepEqual(m.docs[id], want) {
			t.Errorf("%s: mirror %+v, store %+v", id, m.docs[id], want)
		}
	}
	if seq, err := s.Sequence(t.Context()); err != nil || seq != m.seq {
		t.Errorf("the mirror is at %d, the store at %d, %v", m.seq, seq, err)
	}
}

func TestChangesComeOnceAndInOrder(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		for _, limit := range []int{1, 2, 3, 100} {
			t.Run(fmt.Sprint("limit ", limit), func(t *testing.T) {
				s, _ := open(t)
				var m mirror
				put(t, s, news("a", "一"), news("b", "二"), news("c", "三"), news("d", "四"), news("e", "五"))
				put(t, s, news("b", "改"))
				if _, err := s.Delete(t.Context(), "d"); err != nil {
					t.Fatal(err)
				}
				want := []string{"a", "c", "e", "b", "d"} // a deletion that nobody saw added is told all the same
				if got := m.follow(t, s, limit); !reflect.DeepEqual(got, want) {
					t.Errorf("first: %q, want %q", got, want)
				}
				m.wantSame(t, s)
				put(t, s, news("a", "一"), news("c", "改"))
				if _, err := s.Delete(t.Context(), "e"); err != nil {
					t.Fatal(err)
				}
				put(t, s, news("d", "又来"))
				if got, want := m.follow(t, s, limit), []string{"c", "e", "d"}; !reflect.DeepEqual(got, want) {
					t.Errorf("then: %q, want %q", got, want)
				}
				m.wantSame(t, s)
			})
		}
	})
}

// Random work on few documents of few families, followed now and then.
func TestChangesMirrorTheStore(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		for seed := range uint64(4) {
			t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
				r := rand.New(rand.NewPCG(seed, 1))
				s, _ := open(t)
				var m mirror
				last := uint64(0)
				for range 60 {
					seq := work(t, r, s)
					if seq < last {
						t.Fatalf("the sequence went from %d back to %d", last, seq)
					}
					last = seq
					if r.IntN(4) == 0 {
						m.follow(t, s, 1+r.IntN(5))
						m.wantSame(t, s)
					}
				}
				m.follow(t, s, 7)
				m.wantSame(t, s)
			})
		}
	})
}

// work does one random thing to the store and returns its sequence number.
func work(t *testing.T, r *rand.Rand, s *store.Store) uint64 {
	t.Helper()
	id := func() string { return fmt.Sprint("d", r.IntN(12)) }
	source := func() string { return fmt.Sprint("s", r.IntN(3)) }
	switch r.IntN(6) {
	case 0:
		sum, err := s.Delete(t.Context(), id())
		if err != nil {
			t.Fatal(err)
		}
		return sum.Sequence
	case 1:
		sum, err := s.DeleteSource(t.Context(), source())
		if err != nil {
			t.Fatal(err)
		}
		return sum.Sequence
	}
	var docs []*corpus.Document
	for range 1 + r.IntN(4) {
		d := version(id(), corpus.Date(fmt.Sprintf("20%02d-01-01", r.IntN(20))))
		d.Family, d.Source.Name = []string{"", "甲法", "乙法"}[r.IntN(3)], source()
		d.Number = []string{"", "国发〔2020〕1号", "国发〔2020〕2号"}[r.IntN(3)]
		docs = append(docs, d)
	}
	return put(t, s, docs...).Sequence
}

// Long documents come a few at a time, whatever the limit, so that a follower's memory is bounded.
func TestChangesAreBoundedInBytes(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		s, _ := open(t)
		r := rand.New(rand.NewPCG(1, 2))
		for i := range 6 {
			text := make([]rune, 200_000) // some 400 KB that do not compress further
			for j := range text {
				text[j] = '一' + rune(r.IntN(20_000))
			}
			put(t, s, news(fmt.Sprint("long", i), string(text)))
		}
		changes, err := s.Changes(t.Context(), 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		if len(changes) == 0 || len(changes) > 4 {
			t.Errorf("%d long documents at once, want 1 to 4", len(changes))
		}
		var m mirror
		if got := m.follow(t, s, 100); len(got) != 6 {
			t.Errorf("%d documents in all, want 6", len(got))
		}
		m.wantSame(t, s)
	})
}
