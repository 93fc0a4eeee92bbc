package semantic_test

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"testing"

	"tongsou/index/semantic"
)

func key(i int) uint64 { return semantic.Key(fmt.Appendf(nil, "passage-%d", i)) }

func laneOf(t testing.TB, vectors [][]float32) (*semantic.Lane, []uint64) {
	t.Helper()
	l := semantic.NewLane()
	keys := make([]uint64, len(vectors))
	entries := make([]semantic.Entry, len(vectors))
	for i, v := range vectors {
		keys[i] = key(i)
		entries[i] = semantic.Entry{Key: keys[i], Vector: semantic.Quantize(v)}
	}
	if err := l.Add(entries); err != nil {
		t.Fatal(err)
	}
	return l, keys
}

// nearest are the true nearest of those that pass.
func nearest(vectors [][]float32, q []float32, n int, pass func(int) bool) []int {
	var list []int
	for i := range vectors {
		if pass(i) {
			list = append(list, i)
		}
	}
	slices.SortStableFunc(list, func(a, b int) int { return cmp.Compare(cosine(vectors[b], q), cosine(vectors[a], q)) })
	return list[:min(n, len(list))]
}

func search(l *semantic.Lane, keys []uint64, q []float32, n int, pass func(int) bool) []int {
	p := l.Probe(q)
	s := p.Scan(2000)
	half := len(keys) / 2 // in two parts, as shards are
	s.Add(0, p.Rows(keys[:half]), func(u uint32) bool { return pass(int(u)) })
	s.Add(1, p.Rows(keys[half:]), func(u uint32) bool { return pass(half + int(u)) })
	var list []int
	for _, x := range s.Nearest(n) {
		list = append(list, x.Part*half+int(x.Unit))
	}
	return list
}

func TestLaneFindsTheNearestThatPass(t *testing.T) {
	vectors := someVectors(5000, 96, 1)
	l, keys := laneOf(t, vectors)
	for name, pass := range map[string]func(int) bool{
		"all":         func(int) bool { return true },
		"one in ten":  func(i int) bool { return i%10 == 3 },
		"one in 1000": func(i int) bool { return i%1000 == 7 },
		"none":        func(int) bool { return false },
	} {
		found, wanted := 0, 0
		for _, q := range someVectors(40, 96, 2) {
			want := nearest(vectors, q, 10, pass)
			got := search(l, keys, q, 10, pass)
			for _, i := range got {
				if !pass(i) {
					t.Errorf("%s: passage %d must not come", name, i)
				}
			}
			for _, i := range want {
				if wanted++; slices.Contains(got, i) {
					found++
				}
			}
		}
		if float64(found) < 0.9*float64(wanted) { // of these points, which lie nearer to each other than sentences do
			t.Errorf("%s: %d of the %d nearest were found", name, found, wanted)
		}
	}
}

func TestLaneReplacesAndRemoves(t *testing.T) {
	vectors := someVectors(3000, 64, 3)
	l, keys := laneOf(t, vectors[:1000])
	q := vectors[2000]
	if err := l.Add([]semantic.Entry{{Key: keys[5], Vector: semantic.Quantize(q)}}); err != nil {
		t.Fatal(err)
	}
	all := func(int) bool { return true }
	if got := search(l, keys, q, 1, all); !slices.Equal(got, []int{5}) {
		t.Errorf("the replaced passage is not the nearest to its own vector: %v", got)
	}
	old := l.Probe(q)
	l.Remove(keys[5], 42)
	if got := search(l, keys, q, 1, all); slices.Contains(got, 5) || l.Len() != 999 {
		t.Errorf("a removed passage came again: %v of %d", got, l.Len())
	}
	// Rows are written anew when many are dead; a probe from before must not take others' rows for its own.
	for range 4 {
		var again []semantic.Entry
		for i := range 1000 {
			again = append(again, semantic.Entry{Key: keys[i], Vector: semantic.Quantize(vectors[i])})
		}
		if err := l.Add(again); err != nil {
			t.Fatal(err)
		}
	}
	rows := old.Rows(keys)
	for i := range uint32(rows.Len()) {
		if len(rows.Of(i)) > 0 {
			t.Fatal("a probe found rows of another generation")
		}
	}
	for _, i := range []int{0, 5, 999} {
		if got := search(l, keys, vectors[i], 1, all); !slices.Equal(got, []int{i}) {
			t.Errorf("after all that passage %d finds %v", i, got)
		}
	}
	if most := int64(3 * 1000 * (64 + 8 + 4)); l.Bytes() > most {
		t.Errorf("1,000 passages take %d bytes, want at most %d", l.Bytes(), most)
	}
}

// A unit is as near as the nearest of its passages, and comes once however many of them are near.
func TestLaneFindsUnitsByAnyPassage(t *testing.T) {
	vectors := someVectors(300, 64, 4)
	l := semantic.NewLane()
	var entries []semantic.Entry
	var keys []uint64
	for i, v := range vectors { // three passages a unit
		unit := fmt.Sprint("unit-", i/3)
		if i%3 == 0 {
			keys = append(keys, semantic.Key([]byte(unit)))
		}
		id := semantic.PassageID(unit, i%3)
		entries = append(entries, semantic.Entry{Key: semantic.Key([]byte(id)), Vector: semantic.Quantize(v)})
	}
	if err := l.Add(entries); err != nil {
		t.Fatal(err)
	}
	for i, v := range vectors {
		p := l.Probe(v)
		rows := p.Rows(keys)
		c, nearest, ok := p.Cosine(rows.Of(uint32(i / 3)))
		if !ok || c < 0.95 || nearest != i%3 {
			t.Errorf("unit %d is %v near to its passage %d, %v", i/3, c, i%3, ok)
		}
		s := p.Scan(200)
		s.Add(7, rows, func(uint32) bool { return true })
		seen := map[uint32]bool{}
		for at, n := range s.Nearest(50) {
			if seen[n.Unit] || at == 0 && n != (semantic.Near{Part: 7, Unit: uint32(i / 3), Passage: i % 3, Cosine: c}) {
				t.Fatalf("passage %d of unit %d: %+v at %d", i%3, i/3, n, at)
			}
			seen[n.Unit] = true
		}
	}
	// Passages after one that is missing cannot be found; those before it can.
	l.Remove(semantic.Key([]byte(semantic.PassageID("unit-9", 1))), semantic.Key([]byte("unit-8")))
	p := l.Probe(vectors[27])
	rows := p.Rows(keys)
	if len(rows.Of(9)) != 1 || len(rows.Of(8)) != 0 || len(rows.Of(7)) != 3 {
		t.Errorf("units 7, 8, 9 have %v, %v, %v", rows.Of(7), rows.Of(8), rows.Of(9))
	}
	if _, _, ok := p.Cosine(rows.Of(8)); ok {
		t.Error("a unit without a passage has a cosine")
	}
}

// Of a unit with many passages one is near by chance: of two that are as near the one with fewer comes first.
func TestLaneCountsPassages(t *testing.T) {
	vectors := someVectors(20, 64, 6)
	l := semantic.NewLane()
	keys := []uint64{semantic.Key([]byte("many")), semantic.Key([]byte("one"))}
	entries := []semantic.Entry{{Key: keys[1], Vector: semantic.Quantize(vectors[0])}}
	for i, v := range vectors {
		id := semantic.PassageID("many", i)
		entries = append(entries, semantic.Entry{Key: semantic.Key([]byte(id)), Vector: semantic.Quantize(v)})
	}
	if err := l.Add(entries); err != nil {
		t.Fatal(err)
	}
	p := l.Probe(vectors[0])
	s := p.Scan(100)
	s.Add(0, p.Rows(keys), func(uint32) bool { return true })
	got := s.Nearest(10)
	if len(got) != 2 || got[0].Unit != 1 || got[1].Passage != 0 || got[1].Cosine < got[0].Cosine-0.1 {
		t.Errorf("got %+v", got)
	}
}

// Rows that a later probe looked up are kept by who searches; an earlier one does not know those that came between.
func TestLaneRowsOfALaterProbe(t *testing.T) {
	vectors := someVectors(40, 64, 8)
	l, keys := laneOf(t, vectors[:20])
	early := l.Probe(vectors[30])
	for i := 20; i < 40; i++ {
		keys = append(keys, key(i))
		if err := l.Add([]semantic.Entry{{Key: key(i), Vector: semantic.Quantize(vectors[i])}}); err != nil {
			t.Fatal(err)
		}
	}
	rows := l.Probe(vectors[30]).Rows(keys)
	if _, _, ok := early.Cosine(rows.Of(30)); ok {
		t.Error("the earlier probe knows what came after it")
	}
	if _, _, ok := early.Cosine(rows.Of(10)); !ok {
		t.Error("the earlier probe does not know what was there")
	}
	s := early.Scan(100)
	s.Add(0, rows, func(uint32) bool { return true })
	if got := s.Nearest(40); len(got) != 20 {
		t.Errorf("the earlier probe found %d units, want 20", len(got))
	}
}

func TestLaneRefusesOtherDimensions(t *testing.T) {
	l, _ := laneOf(t, someVectors(10, 32, 1))
	if err := l.Add([]semantic.Entry{{Key: 1, Vector: semantic.Quantize(make([]float32, 31))}}); err == nil {
		t.Error("a vector of 31 dimensions was taken among those of 32")
	}
	if l.Probe(make([]float32, 31)) != nil || semantic.NewLane().Probe(make([]float32, 32)) != nil {
		t.Error("a probe that cannot be compared was made")
	}
}

func TestLaneIsSearchedWhileItGrows(t *testing.T) {
	vectors := someVectors(4000, 64, 5)
	l, keys := laneOf(t, vectors[:500])
	var work sync.WaitGroup
	work.Go(func() {
		for i := 500; i < len(vectors); i += 50 {
			var more []semantic.Entry
			for j := i; j < i+50; j++ {
				keys := key(j)
				more = append(more, semantic.Entry{Key: keys, Vector: semantic.Quantize(vectors[j])})
			}
			if err := l.Add(more); err != nil {
				t.Error(err)
			}
			l.Remove(key(i))
		}
	})
	for range 2 {
		work.Go(func() {
			for i := range 100 {
				if got := search(l, keys, vectors[i], 1, func(int) bool { return true }); !slices.Equal(got, []int{i}) {
					t.Errorf("passage %d finds %v", i, got)
				}
			}
		})
	}
	work.Wait()
}

// BenchmarkScan is one query over as many passages as the laws, policies and news that the project is measured on.
func BenchmarkScan(b *testing.B) {
	const n, size = 258_000, 512
	vectors := someVectors(2000, size, 1)
	entries := make([]semantic.Entry, n)
	keys := make([]uint64, n)
	for i := range entries {
		keys[i] = key(i)
		entries[i] = semantic.Entry{Key: keys[i], Vector: semantic.Quantize(vectors[i%len(vectors)])}
	}
	l := semantic.NewLane()
	if err := l.Add(entries); err != nil {
		b.Fatal(err)
	}
	rows := l.Probe(vectors[0]).Rows(keys)
	queries := someVectors(100, size, 9)
	i := 0
	for b.Loop() {
		s := l.Probe(queries[i%len(queries)]).Scan(semantic.Shortlist)
		s.Add(0, rows, func(uint32) bool { return true })
		s.Nearest(128)
		i++
	}
	b.ReportMetric(float64(l.Bytes())/n, "B/passage")
}
