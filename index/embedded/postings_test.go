package embedded

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
)

// TestPostingsKeepWhatTheyAreGiven packs random lists, over more units than sixteen bits number and with gaps of whole blocks, and
// reads them back.
func TestPostingsKeepWhatTheyAreGiven(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for _, most := range []int{0, 1, 100, 1 << 16, 1<<16 + 1, 5 << 16} {
		body, marked := map[uint32]uint64{}, [bodyField]map[uint32]bool{{}, {}}
		for range min(most, 3000) {
			body[uint32(random.IntN(most))] = 1 + random.Uint64N(400)
			marked[random.IntN(bodyField)][uint32(random.IntN(most))] = true
		}
		if most > 4<<16 {
			maps.DeleteFunc(body, func(u uint32, _ uint64) bool { return u>>16 == 2 })
			maps.DeleteFunc(marked[0], func(u uint32, _ bool) bool { return u>>16 == 2 })
			maps.DeleteFunc(marked[1], func(u uint32, _ bool) bool { return u>>16 == 2 })
		}
		b := new(builder)
		b.reset(len(body))
		for _, u := range slices.Sorted(maps.Keys(body)) {
			b.units, b.codes = append(b.units, u), append(b.codes, codeOf(body[u]))
		}
		all := map[uint32]bool{}
		for f, set := range marked {
			b.mark(roaring.BitmapOf(slices.Sorted(maps.Keys(set))...), codeBit(f))
			maps.Copy(all, set)
		}
		p := b.pack()
		for u := range body {
			all[u] = true
		}
		if got, want := p.units(), slices.Sorted(maps.Keys(all)); !slices.Equal(got, want) || p.len() != len(want) {
			t.Fatalf("of up to %d units: %d come back of %d", most, len(got), len(want))
		}
		for high := range p.ends {
			low, codes := p.block(high)
			for i, l := range low {
				u := uint32(high)<<16 | uint32(l)
				if got, want := frequencies[codes[i]&frequencyMask], float32(min(body[u], 255)); got < 0.95*want || got > 1.05*want || want <= 40 && got != want {
					t.Errorf("unit %d: the body counts %v, want %v", u, got, want)
				}
				for f, set := range marked {
					if (codes[i]&codeBit(f) != 0) != set[u] {
						t.Errorf("unit %d: field %d is %v", u, f, !set[u])
					}
				}
			}
		}
		for u := range uint32(most + 1) {
			if p.inBody(u) != (body[u] > 0) {
				t.Fatalf("unit %d of up to %d: in the body is %v", u, most, p.inBody(u))
			}
		}
	}
}

// TestCacheKeepsWhatIsAskedFor fills a cache far beyond its room while a few lists are asked for over and over.
func TestCacheKeepsWhatIsAskedFor(t *testing.T) {
	list := func(n int) *postings {
		return &postings{low: make([]uint16, n), codes: make([]uint8, n), ends: []uint32{uint32(n)}}
	}
	room := &budget{limit: 100 * list(1000).bytes()}
	c := newCache(room)
	asked := []string{"办", "理", "证"}
	misses := 0
	for i := range 5000 {
		for _, term := range asked {
			if c.get(term) == nil {
				misses++
				c.put(term, list(1000))
			}
		}
		c.put(string(rune('一'+i)), list(1000))
		if room.spent > room.limit {
			t.Fatalf("%d bytes are kept where %d may be", room.spent, room.limit)
		}
	}
	if misses > 60 { // of 15,000; some 150 if any were forgotten as soon as any other
		t.Errorf("what is asked for all the time was decoded %d times", misses)
	}
	c.drop()
	c.put("办", list(1000)) // by a search that began before
	c.counted("理", 1000)
	if room.spent != 0 {
		t.Errorf("%d bytes are still counted after all was dropped", room.spent)
	}
}
