package embedded

import (
	"fmt"
	"sync/atomic"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"
	bleveindex "github.com/blevesearch/bleve_index_api"

	"tongsou/corpus"
)

// view is the index at one moment: the segments of every shard, with what was deleted in them. A search works on one
// view from beginning to end, however much is written meanwhile. It is counted, since bleve's files live as long as a
// reader holds them.
type view struct {
	refs    atomic.Int64
	readers []bleveindex.IndexReader
	kinds   map[corpus.Kind]*segments
	// halved says that shards are left out because they are damaged.
	halved bool
}

// segments are the leaves of one kind of document with their statistics. Kinds are scored apart: how rare a word is
// among service items says nothing of how rare it is in the news.
type segments struct {
	leaves []leafView
	units  float64
	// average is the mean length of each text field over all units.
	average [len(textFields)]float64
}

// leafView is a leaf with the units that were deleted from it at the view's moment, nil when none were.
type leafView struct {
	*leaf
	deleted *roaring.Bitmap
}

func (l *leafView) live(unit uint32) bool { return l.deleted == nil || !l.deleted.Contains(unit) }

// acquire takes a reference and reports whether the view was still open.
func (v *view) acquire() bool {
	for {
		n := v.refs.Load()
		if n <= 0 {
			return false
		}
		if v.refs.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

func (v *view) release() {
	if v.refs.Add(-1) > 0 {
		return
	}
	for _, r := range v.readers {
		_ = r.Close() // a reader's Close only gives its references back
	}
}

// leafKey names a bleve segment within a generation.
type leafKey struct {
	shard   string
	segment uint64
}

// newView reads the present state of all shards, taking over the columns and postings of the segments it knows.
func (g *generation) newView() (*view, error) {
	v := &view{kinds: map[corpus.Kind]*segments{}, halved: len(g.shards) < len(shardNames(g.manifest.Shards))}
	v.refs.Store(1)
	seen := map[leafKey]*leaf{}
	for _, sh := range g.shards {
		if err := g.addShard(v, sh, seen); err != nil {
			v.release()
			return nil, err
		}
	}
	for key, l := range g.leaves {
		if seen[key] == nil {
			l.cache.drop()
		}
	}
	g.leaves = seen
	for _, s := range v.kinds {
		s.average = average(s.leaves)
	}
	return v, nil
}

func (g *generation) addShard(v *view, sh *shard, seen map[leafKey]*leaf) error {
	adv, err := sh.bleve.Advanced()
	if err != nil {
		return fmt.Errorf("read shard %s: %w", sh.name, err)
	}
	reader, err := adv.Reader()
	if err != nil {
		return fmt.Errorf("read shard %s: %w", sh.name, err)
	}
	v.readers = append(v.readers, reader)
	snapshot, ok := reader.(*scorch.IndexSnapshot)
	if !ok {
		return fmt.Errorf("shard %s is a %T, not a scorch index; remove the index directory and rebuild", sh.name, reader)
	}
	kind := v.kinds[sh.kind]
	if kind == nil {
		kind = &segments{}
		v.kinds[sh.kind] = kind
	}
	for _, s := range snapshot.Segments() {
		key := leafKey{sh.name, s.Id()}
		l := &leaf{seg: s.Segment(), codec: sh.codec}
		if old := g.leaves[key]; old != nil {
			l.columns, l.cache, l.places = old.columns, old.cache, old.places
		} else {
			if l.columns, err = readColumns(l.seg); err != nil {
				return fmt.Errorf("read columns of shard %s: %w", sh.name, err)
			}
			l.cache, l.places = newCache(g.budget), new(places)
		}
		seen[key] = l
		kind.leaves = append(kind.leaves, leafView{l, s.Deleted()})
		kind.units += float64(s.Count())
	}
	return nil
}

func average(leaves []leafView) [len(textFields)]float64 {
	var sum [len(textFields)]float64
	units := 0.0
	for _, l := range leaves {
		for f := range sum {
			sum[f] += l.columns.total[f]
		}
		units += float64(l.columns.units)
	}
	for f := range sum {
		sum[f] = max(1, sum[f]/max(1, units))
	}
	return sum
}
