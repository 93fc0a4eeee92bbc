package embedded

import (
	"fmt"
	"strconv"
	"strings"

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

// frequency is the number of units that hold a term. What is not in memory is counted without decoding it: reading a query
// asks for many words that it then does without.
func (l *leaf) frequency(term string) (int, error) {
	if p := l.cache.get(term); p != nil {
		return p.len(), nil
	}
	if n, ok := l.cache.count(term); ok {
		return n, nil
	}
	var units *roaring.Bitmap
	for _, name := range textFields {
		pl, err := l.list(name, term)
		if err != nil {
			return 0, err
		}
		switch {
		case pl.Count() == 0:
		case units == nil:
			units = bitmap(pl)
		default:
			units = roaring.Or(units, bitmap(pl))
		}
	}
	n := 0
	if units != nil {
		n = int(units.GetCardinality())
	}
	l.cache.counted(term, n)
	return n, nil
}

// list returns bleve's postings of a term in a field.
func (l *leaf) list(field, term string) (zap.PostingsList, error) {
	dict, err := l.seg.Dictionary(field)
	if err != nil {
		return nil, fmt.Errorf("read dictionary of field %s: %w", field, err)
	}
	pl, err := dict.PostingsList([]byte(term), nil, nil)
	if err != nil {
		return nil, fmt.Errorf("read postings of %q: %w", term, err)
	}
	return pl, nil
}

// read decodes the term's postings of the three text fields and merges them by unit.
func (l *leaf) read(term string) (*postings, error) {
	body, err := l.list(textFields[bodyField], term)
	if err != nil {
		return nil, err
	}
	b := builders.Get().(*builder)
	defer builders.Put(b)
	b.reset(int(body.Count()))
	for it := body.Iterator(true, false, false, nil); ; {
		e, err := it.Next()
		if err != nil {
			return nil, fmt.Errorf("read postings of %q: %w", term, err)
		}
		if e == nil {
			break
		}
		b.units = append(b.units, uint32(e.Number()))
		b.codes = append(b.codes, codeOf(e.Frequency()))
	}
	for f, name := range textFields {
		if f == bodyField {
			continue
		}
		pl, err := l.list(name, term)
		if err != nil {
			return nil, err
		}
		if pl.Count() > 0 {
			b.mark(bitmap(pl), codeBit(f))
		}
	}
	return b.pack(), nil
}
