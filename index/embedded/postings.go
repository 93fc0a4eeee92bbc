package embedded

import (
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/RoaringBitmap/roaring/v2"
)

// postings are the units that hold a term in any text field, ascending, with what it counts there. They stay in memory for as
// long as there is room, so they are small: three bytes a unit, where plain numbers took seven and a million sections did
// not fit.
type postings struct {
	// low are the lower sixteen bits of the units, codes what the term counts in them (see codeOf); ends says where the units of
	// each upper half end.
	low   []uint16
	codes []uint8
	ends  []uint32
}

// A code has the term's frequency in the body in its lower six bits, as a level of frequencies, and above it a bit for each other
// text field: those are held without frequencies, so the term counts once.
const (
	frequencyBits = 6
	frequencyMask = 1<<frequencyBits - 1
)

// frequencies are the numbers that the levels stand for: exact up to 40, then in steps of 8 % to 255, from where BM25 has long been
// flat.
var frequencies = func() (list [1 << frequencyBits]float32) {
	const exact = 40
	step := math.Pow(255.0/exact, 1.0/float64(len(list)-1-exact))
	for level := range list {
		list[level] = float32(level)
		if level > exact {
			list[level] = float32(exact * math.Pow(step, float64(level-exact)))
		}
	}
	return list
}()

// levels is for each frequency the level nearest to it.
var levels = func() (list [256]uint8) {
	level := 0
	for n := range list {
		for level+1 < len(frequencies) && frequencies[level]*frequencies[level+1] <= float32(n*n) {
			level++
		}
		list[n] = uint8(level)
	}
	return list
}()

func codeOf(frequency uint64) uint8 { return levels[min(frequency, 255)] }

// codeBit is the bit of a text field other than the body.
func codeBit(field int) uint8 { return 1 << (frequencyBits + field) }

func (p *postings) len() int { return len(p.low) }

// block returns the lower bits and the codes of the units of one upper half.
func (p *postings) block(high int) (low []uint16, codes []uint8) {
	if high >= len(p.ends) {
		return nil, nil
	}
	from := uint32(0)
	if high > 0 {
		from = p.ends[high-1]
	}
	return p.low[from:p.ends[high]], p.codes[from:p.ends[high]]
}

// units returns the units as plain numbers.
func (p *postings) units() []uint32 {
	list := make([]uint32, 0, p.len())
	for high := range p.ends {
		low, _ := p.block(high)
		for _, l := range low {
			list = append(list, uint32(high)<<16|uint32(l))
		}
	}
	return list
}

// inBody reports whether the term was counted in the body of a unit.
func (p *postings) inBody(unit uint32) bool {
	low, codes := p.block(int(unit >> 16))
	i, found := slices.BinarySearch(low, uint16(unit))
	return found && codes[i]&frequencyMask > 0
}

func (p *postings) bytes() int64 { return int64(3*len(p.low)+4*len(p.ends)) + 128 }

// builder gathers the postings of a term before they are packed.
type builder struct {
	units, spareUnits []uint32
	codes, spareCodes []uint8
}

var builders = sync.Pool{New: func() any { return new(builder) }}

func (b *builder) reset(n int) {
	b.units, b.codes = slices.Grow(b.units[:0], n), slices.Grow(b.codes[:0], n)
}

// mark sets a bit in the codes of units, which are added where they are not yet there.
func (b *builder) mark(marked *roaring.Bitmap, bit uint8) {
	units, codes := b.spareUnits[:0], b.spareCodes[:0]
	i := 0
	upTo := func(end uint32) {
		from := i
		for i < len(b.units) && b.units[i] < end {
			i++
		}
		units, codes = append(units, b.units[from:i]...), append(codes, b.codes[from:i]...)
	}
	for it := marked.Iterator(); it.HasNext(); {
		u := it.Next()
		upTo(u)
		code := bit
		if i < len(b.units) && b.units[i] == u {
			code |= b.codes[i]
			i++
		}
		units, codes = append(units, u), append(codes, code)
	}
	units, codes = append(units, b.units[i:]...), append(codes, b.codes[i:]...)
	b.units, b.codes, b.spareUnits, b.spareCodes = units, codes, b.units, b.codes
}

func (b *builder) pack() *postings {
	p := &postings{low: make([]uint16, len(b.units)), codes: slices.Clone(b.codes)}
	for i, u := range b.units {
		for high := int(u >> 16); len(p.ends) < high; {
			p.ends = append(p.ends, uint32(i))
		}
		p.low[i] = uint16(u)
	}
	if len(b.units) > 0 {
		p.ends = append(p.ends, uint32(len(b.units)))
	}
	return p
}

// postingsCache keeps the postings of one segment that were asked for. All caches share one budget; when it is spent,
// a cache that wants room forgets entries of its own.
type postingsCache struct {
	budget *budget
	mu     sync.RWMutex
	lists  map[string]*kept
	counts map[string]int
	gone   bool
}

// kept is an entry of the cache and how often it was asked for lately.
type kept struct {
	*postings
	asked atomic.Uint32
}

// budget is the memory that all postings caches of an engine may hold.
type budget struct {
	mu    sync.Mutex
	limit int64
	spent int64
}

func newCache(b *budget) *postingsCache {
	return &postingsCache{budget: b, lists: map[string]*kept{}, counts: map[string]int{}}
}

func (c *postingsCache) get(term string) *postings {
	c.mu.RLock()
	defer c.mu.RUnlock()
	e := c.lists[term]
	if e == nil {
		return nil
	}
	e.asked.Add(1)
	return e.postings
}

func (c *postingsCache) put(term string, p *postings) {
	size := p.bytes() + int64(len(term))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone || c.lists[term] != nil {
		return
	}
	if !c.budget.take(size) {
		c.evict(size)
		if !c.budget.take(size) {
			return
		}
	}
	c.lists[strings.Clone(term)] = &kept{postings: p}
}

// evictionSample is how many entries are compared before one is forgotten.
const evictionSample = 8

// evict forgets entries until there is room for size bytes, or none is left: of a few at a time, as the map's own random order
// gives them, the one that was asked for least, while the others are half forgotten. To decode a list again takes time by its
// length, as it takes memory, so only how often it is asked for decides.
func (c *postingsCache) evict(size int64) {
	for freed := int64(0); freed < 4*size && len(c.lists) > 0; {
		least, n := "", 0
		for term, e := range c.lists {
			if n == 0 || e.asked.Load() < c.lists[least].asked.Load() {
				least = term
			}
			if n++; n == evictionSample {
				break
			}
			e.asked.Store(e.asked.Load() / 2)
		}
		bytes := c.lists[least].bytes() + int64(len(least))
		delete(c.lists, least)
		c.budget.give(bytes)
		freed += bytes
	}
}

// countBytes is about what a remembered number takes beside its term, mostCounts how many are remembered of a segment.
const (
	countBytes = 48
	mostCounts = 1 << 17
)

// count returns a frequency that was counted before.
func (c *postingsCache) count(term string) (n int, ok bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	n, ok = c.counts[term]
	return n, ok
}

func (c *postingsCache) counted(term string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.counts[term]; ok || c.gone || len(c.counts) >= mostCounts || !c.budget.take(countBytes+int64(len(term))) {
		return
	}
	c.counts[strings.Clone(term)] = n
}

// drop gives everything back when the segment is gone. A search that still reads the segment keeps nothing more: nobody would
// ever give that back.
func (c *postingsCache) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone = true
	for term, e := range c.lists {
		c.budget.give(e.bytes() + int64(len(term)))
	}
	for term := range c.counts {
		c.budget.give(countBytes + int64(len(term)))
	}
	c.lists, c.counts = map[string]*kept{}, map[string]int{}
}

func (b *budget) take(n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.spent+n > b.limit {
		return false
	}
	b.spent += n
	return true
}

func (b *budget) give(n int64) {
	b.mu.Lock()
	b.spent -= n
	b.mu.Unlock()
}
