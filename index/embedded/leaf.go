package embedded

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"
	zap "github.com/blevesearch/scorch_segment_api/v2"

	"tongsou/corpus"
	"tongsou/index/stage"
)

// columns are what scoring, filtering and counting need of every unit of one bleve segment, held in memory. They are
// read back from the postings of the keyword fields when the segment appears; a segment never changes.
type columns struct {
	units int
	// doc is the local ordinal of a unit's document; head the unit that is that document's head.
	doc  []uint32
	head []uint32
	// lengths are the quantised lengths of the text fields of each unit.
	lengths [len(textFields)][]uint8
	// total is the sum of the lengths of each text field.
	total [len(textFields)]float64
	// date is each document's date as yyyymmdd, life its dates in force as an index into lives.
	date  []int32
	life  []uint16
	lives []lifetime
	// rank is each document's corpus.Rank.
	rank  []uint8
	facet [len(facetFields)]facetColumn
	needs facetColumn
}

// lifetime is when a document is in force.
type lifetime struct{ effective, superseded, repealed corpus.Date }

// facetColumn holds the values of one facet: those of document d are ordinals[start[d]:start[d+1]].
type facetColumn struct {
	values   []string
	start    []uint32
	ordinals []uint16
}

func (c *facetColumn) of(doc uint32) []uint16 {
	if len(c.start) == 0 {
		return nil
	}
	return c.ordinals[c.start[doc]:c.start[doc+1]]
}

// noHead marks a document of which this segment holds no head; it cannot be shown and is passed over.
const noHead = ^uint32(0)

func readColumns(seg zap.Segment) (*columns, error) {
	c := &columns{units: int(seg.Count())}
	c.doc = make([]uint32, c.units)
	docs := uint32(0)
	err := eachValue(seg, fieldDoc, func(_ string, units *roaring.Bitmap) {
		for it := units.Iterator(); it.HasNext(); {
			c.doc[it.Next()] = docs
		}
		docs++
	})
	if err != nil {
		return nil, err
	}
	c.head = make([]uint32, docs)
	for i := range c.head {
		c.head[i] = noHead
	}
	if err := eachValue(seg, fieldHead, func(_ string, units *roaring.Bitmap) {
		for it := units.Iterator(); it.HasNext(); {
			u := it.Next()
			c.head[c.doc[u]] = u
		}
	}); err != nil {
		return nil, err
	}
	for f, name := range textFields {
		if err := c.readLengths(seg, f, name); err != nil {
			return nil, err
		}
	}
	if err := c.readDates(seg, docs); err != nil {
		return nil, err
	}
	c.rank = make([]uint8, docs)
	if err := eachValue(seg, fieldRank, func(value string, units *roaring.Bitmap) {
		level, _ := strconv.Atoi(value) // written by addHead
		for it := units.Iterator(); it.HasNext(); {
			c.rank[c.doc[it.Next()]] = uint8(min(max(level, 0), corpus.Ranks-1))
		}
	}); err != nil {
		return nil, err
	}
	for i, name := range facetFields {
		if err := c.readFacet(seg, &c.facet[i], facetOf+name, docs); err != nil {
			return nil, err
		}
	}
	return c, c.readFacet(seg, &c.needs, fieldNeed, docs)
}

func (c *columns) readLengths(seg zap.Segment, f int, name string) error {
	c.lengths[f] = make([]uint8, c.units)
	return eachValue(seg, lengthOf+name, func(value string, units *roaring.Bitmap) {
		level, _ := strconv.Atoi(value) // written by addTerms
		level = min(max(level, 0), 255)
		c.total[f] += stage.Lengths()[level] * float64(units.GetCardinality())
		for it := units.Iterator(); it.HasNext(); {
			c.lengths[f][it.Next()] = uint8(level)
		}
	})
}

func (c *columns) readDates(seg zap.Segment, docs uint32) error {
	c.date = make([]int32, docs)
	c.life = make([]uint16, docs)
	c.lives = []lifetime{{}}
	if err := eachValue(seg, fieldDate, func(value string, units *roaring.Bitmap) {
		day, _ := strconv.Atoi(strings.ReplaceAll(value, "-", ""))
		for it := units.Iterator(); it.HasNext(); {
			c.date[c.doc[it.Next()]] = int32(day)
		}
	}); err != nil {
		return err
	}
	return eachValue(seg, fieldLife, func(value string, units *roaring.Bitmap) {
		p := strings.SplitN(value, "|", 3)
		if len(p) != 3 || len(c.lives) > 65000 {
			return
		}
		c.lives = append(c.lives, lifetime{corpus.Date(p[0]), corpus.Date(p[1]), corpus.Date(p[2])})
		for it := units.Iterator(); it.HasNext(); {
			c.life[c.doc[it.Next()]] = uint16(len(c.lives) - 1)
		}
	})
}

func (c *columns) readFacet(seg zap.Segment, col *facetColumn, name string, docs uint32) error {
	type pair struct {
		doc   uint32
		value uint16
	}
	var pairs []pair
	err := eachValue(seg, name, func(value string, units *roaring.Bitmap) {
		if len(col.values) >= 65000 {
			return
		}
		col.values = append(col.values, value)
		for it := units.Iterator(); it.HasNext(); {
			pairs = append(pairs, pair{c.doc[it.Next()], uint16(len(col.values) - 1)})
		}
	})
	if err != nil || len(pairs) == 0 {
		return err
	}
	col.start = make([]uint32, docs+1)
	for _, p := range pairs {
		col.start[p.doc+1]++
	}
	for d := range docs {
		col.start[d+1] += col.start[d]
	}
	next := append([]uint32(nil), col.start...)
	col.ordinals = make([]uint16, len(pairs))
	for _, p := range pairs {
		col.ordinals[next[p.doc]] = p.value
		next[p.doc]++
	}
	return nil
}

// eachValue calls visit for every value of a keyword field with the units that have it.
func eachValue(seg zap.Segment, name string, visit func(value string, units *roaring.Bitmap)) error {
	dict, err := seg.Dictionary(name)
	if err != nil {
		return fmt.Errorf("read dictionary of field %s: %w", name, err)
	}
	var pl zap.PostingsList
	for it := dict.AutomatonIterator(nil, nil, nil); ; {
		entry, err := it.Next()
		if err != nil {
			return fmt.Errorf("read terms of field %s: %w", name, err)
		}
		if entry == nil {
			return nil
		}
		if pl, err = dict.PostingsList([]byte(entry.Term), nil, pl); err != nil {
			return fmt.Errorf("read postings of %s in field %s: %w", entry.Term, name, err)
		}
		visit(entry.Term, bitmap(pl))
	}
}

// bitmap returns the units of a postings list; it is only valid until the list is reused.
func bitmap(pl zap.PostingsList) *roaring.Bitmap {
	it := pl.Iterator(false, false, false, nil)
	if o, ok := it.(zap.OptimizablePostingsIterator); ok {
		if b := o.ActualBitmap(); b != nil {
			return b
		}
		if u, ok := o.DocNum1Hit(); ok {
			return roaring.BitmapOf(uint32(u))
		}
	}
	b := roaring.New()
	for {
		p, err := it.Next()
		if err != nil || p == nil {
			return b
		}
		b.Add(uint32(p.Number()))
	}
}

// postings are the units that hold a term in any text field, ascending, with the term's frequency in each field. A
// frequency above 255 counts as 255: BM25 has long been flat by then.
type postings struct {
	units []uint32
	freqs [][len(textFields)]uint8
}

// inBody reports whether the term was counted in the body of a unit.
func (p *postings) inBody(unit uint32) bool {
	i, found := slices.BinarySearch(p.units, unit)
	return found && p.freqs[i][bodyField] > 0
}

func (p *postings) bytes() int64 { return int64(len(p.units))*7 + 96 }

// leaf is one bleve segment as our searcher sees it.
type leaf struct {
	seg     zap.Segment
	codec   *codec
	columns *columns
	cache   *postingsCache
	places  *places
}

// postings returns the postings of a term, from memory when they were read before.
func (l *leaf) postings(term string) (*postings, error) {
	if p := l.cache.get(term); p != nil {
		return p, nil
	}
	p, err := l.read(term)
	if err != nil {
		return nil, err
	}
	l.cache.put(term, p)
	return p, nil
}

// read decodes the term's postings of the three text fields and merges them by unit.
func (l *leaf) read(term string) (*postings, error) {
	p := &postings{}
	for f, name := range textFields {
		dict, err := l.seg.Dictionary(name)
		if err != nil {
			return nil, fmt.Errorf("read dictionary of field %s: %w", name, err)
		}
		pl, err := dict.PostingsList([]byte(term), nil, nil)
		if err != nil {
			return nil, fmt.Errorf("read postings of %q: %w", term, err)
		}
		n := int(pl.Count())
		if n == 0 {
			continue
		}
		list := &postings{units: make([]uint32, 0, n), freqs: make([][len(textFields)]uint8, 0, n)}
		if name == fieldBody {
			err = list.readFrequencies(pl, f)
		} else {
			list.readUnits(pl, f)
		}
		if err != nil {
			return nil, fmt.Errorf("read postings of %q: %w", term, err)
		}
		p = merge(p, list)
	}
	return p, nil
}

// readUnits takes the units of a field that has no frequencies: each counts once.
func (p *postings) readUnits(pl zap.PostingsList, f int) {
	p.units = bitmap(pl).ToArray()
	var once [len(textFields)]uint8
	once[f] = 1
	for range p.units {
		p.freqs = append(p.freqs, once)
	}
}

func (p *postings) readFrequencies(pl zap.PostingsList, f int) error {
	it := pl.Iterator(true, false, false, nil)
	for {
		e, err := it.Next()
		if err != nil || e == nil {
			return err
		}
		var fr [len(textFields)]uint8
		fr[f] = uint8(min(e.Frequency(), 255))
		p.units = append(p.units, uint32(e.Number()))
		p.freqs = append(p.freqs, fr)
	}
}

// merge joins two postings lists whose frequencies stand in different fields.
func merge(a, b *postings) *postings {
	if len(a.units) == 0 {
		return b
	}
	out := &postings{
		units: make([]uint32, 0, len(a.units)+len(b.units)),
		freqs: make([][len(textFields)]uint8, 0, len(a.units)+len(b.units)),
	}
	for i, j := 0, 0; i < len(a.units) || j < len(b.units); {
		switch {
		case j == len(b.units) || i < len(a.units) && a.units[i] < b.units[j]:
			out.units, out.freqs = append(out.units, a.units[i]), append(out.freqs, a.freqs[i])
			i++
		case i == len(a.units) || b.units[j] < a.units[i]:
			out.units, out.freqs = append(out.units, b.units[j]), append(out.freqs, b.freqs[j])
			j++
		default:
			fr := a.freqs[i]
			for f := range fr {
				fr[f] = max(fr[f], b.freqs[j][f])
			}
			out.units, out.freqs = append(out.units, a.units[i]), append(out.freqs, fr)
			i, j = i+1, j+1
		}
	}
	return out
}

// postingsCache keeps the postings of one segment that were asked for. All caches share one budget; when it is spent,
// a cache that wants room forgets entries of its own.
type postingsCache struct {
	budget *budget
	mu     sync.RWMutex
	lists  map[string]*postings
}

// budget is the memory that all postings caches of an engine may hold.
type budget struct {
	mu    sync.Mutex
	limit int64
	spent int64
}

func newCache(b *budget) *postingsCache {
	return &postingsCache{budget: b, lists: map[string]*postings{}}
}

func (c *postingsCache) get(term string) *postings {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.lists[term]
}

func (c *postingsCache) put(term string, p *postings) {
	size := p.bytes() + int64(len(term))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lists[term] != nil {
		return
	}
	if !c.budget.take(size) {
		c.evict(size)
		if !c.budget.take(size) {
			return
		}
	}
	c.lists[strings.Clone(term)] = p
}

// evict forgets entries in the map's own, random order until size bytes are free or the cache is empty. Random eviction
// costs a few decodes more than an exact clock and needs no bookkeeping on the read path.
func (c *postingsCache) evict(size int64) {
	freed := int64(0)
	for term, e := range c.lists {
		if freed >= 4*size {
			break
		}
		n := e.bytes() + int64(len(term))
		delete(c.lists, term)
		c.budget.give(n)
		freed += n
	}
}

// drop gives everything back when the segment is gone.
func (c *postingsCache) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for term, e := range c.lists {
		c.budget.give(e.bytes() + int64(len(term)))
	}
	c.lists = map[string]*postings{}
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
