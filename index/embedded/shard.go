package embedded

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"
	"golang.org/x/sync/errgroup"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/segment"
)

// shard is one bleve index. It holds documents of one kind only, so that the statistics of a kind are those of whole
// shards; kinds with many documents have several, so that two cores can build segments at once.
type shard struct {
	name  string
	kind  corpus.Kind
	bleve bleve.Index
	codec *codec
}

// boltTimeout makes a second opener fail instead of waiting for ever for the file lock.
const boltTimeout = "2s"

// patience is the name under which bleve finds what to do when it cannot write, as on a full disk. It would try again at
// once and for ever, with all of a core; this makes it wait a second.
const patience = "tongsou-patience"

var registerPatience = sync.OnceFunc(func() {
	scorch.RegistryAsyncErrorCallbacks[patience] = func(error, string) { time.Sleep(time.Second) }
})

func shardConfig(readOnly bool) map[string]any {
	registerPatience()
	return map[string]any{
		"asyncErrorCallbackName": patience,
		"bolt_timeout":           boltTimeout,
		"read_only":              readOnly,
		// One persister worker: with more, bleve 2.6 can lose the order of snapshots.
		"scorchPersisterOptions": map[string]any{"NumPersisterWorkers": 1, "MaxSizeInMemoryMergePerWorker": 0},
	}
}

func openShard(dir, name string, kind corpus.Kind, create bool) (*shard, error) {
	path := filepath.Join(dir, name)
	var idx bleve.Index
	var err error
	if create {
		m := bleve.NewIndexMapping()
		m.StoreDynamic, m.IndexDynamic, m.DocValuesDynamic = false, false, false
		idx, err = bleve.NewUsing(path, m, scorch.Name, scorch.Name, shardConfig(false))
	} else {
		idx, err = bleve.OpenUsing(path, shardConfig(false))
	}
	if err != nil {
		return nil, fmt.Errorf("open shard %s: %w", path, err)
	}
	c, err := openCodec(filepath.Join(path, "dictionary"))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open shard %s: %w", path, err), idx.Close())
	}
	return &shard{name, kind, idx, c}, nil
}

// shardNames lists the shards of an index: one for items, n each for policies and news.
func shardNames(n int) map[string]corpus.Kind {
	names := map[string]corpus.Kind{"item-0": corpus.KindItem}
	for i := range n {
		names["policy-"+strconv.Itoa(i)] = corpus.KindPolicy
		names["news-"+strconv.Itoa(i)] = corpus.KindNews
	}
	return names
}

// home returns the name of the shard in which a document lives.
func home(kind corpus.Kind, id string, n int) string {
	if kind == corpus.KindItem {
		return "item-0"
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // never fails
	return string(kind) + "-" + strconv.Itoa(int(h.Sum32()%uint32(n)))
}

// apply writes the documents that live in this shard and removes those that are gone or live elsewhere now.
func (s *shard) apply(changes []index.Change, n int, seg *segment.Segmenter) error {
	batch := s.bleve.NewBatch()
	units := make([][]index.Unit, len(changes))
	for i, c := range changes {
		if c.Document != nil && home(c.Document.Kind, c.ID, n) == s.name {
			units[i] = index.Units(c.Document)
		}
	}
	if err := s.codec.learn(slices.Concat(units...)); err != nil {
		return fmt.Errorf("write shard %s: %w", s.name, err)
	}
	for i := range changes {
		if err := s.stage(batch, &changes[i], units[i], seg); err != nil {
			return fmt.Errorf("index document %s: %w", changes[i].ID, err)
		}
	}
	if batch.Size() == 0 {
		return nil
	}
	if err := s.bleve.Batch(batch); err != nil {
		return fmt.Errorf("write shard %s: %w", s.name, err)
	}
	return nil
}

// stage puts one change into a batch: the document's units, none when it is gone or lives elsewhere, in place of those
// that the shard holds of it.
func (s *shard) stage(batch *bleve.Batch, c *index.Change, units []index.Unit, seg *segment.Segmenter) error {
	old, err := s.unitsOf(c.ID)
	if err != nil {
		return err
	}
	fresh := make(map[string]bool, len(units))
	for i := range units {
		d, err := bleveDocument(c.Document, &units[i], seg, s.codec)
		if err != nil {
			return err
		}
		fresh[d.ID()] = true
		if err := batch.IndexAdvanced(d); err != nil {
			return err
		}
	}
	for _, id := range old {
		if !fresh[id] {
			batch.Delete(id)
		}
	}
	return nil
}

// unitsOf returns the IDs of the units that the shard holds of a document.
func (s *shard) unitsOf(doc string) ([]string, error) {
	adv, err := s.bleve.Advanced()
	if err != nil {
		return nil, err
	}
	reader, err := adv.Reader()
	if err != nil {
		return nil, err
	}
	defer func() { _ = reader.Close() }()
	snapshot, ok := reader.(*scorch.IndexSnapshot)
	if !ok {
		return nil, fmt.Errorf("a %T is not a scorch index", reader)
	}
	var ids []string
	for _, seg := range snapshot.Segments() {
		dict, err := seg.Segment().Dictionary(fieldDoc)
		if err != nil {
			return nil, err
		}
		pl, err := dict.PostingsList([]byte(doc), seg.Deleted(), nil)
		if err != nil {
			return nil, err
		}
		for it := pl.Iterator(false, false, false, nil); ; {
			p, err := it.Next()
			if err != nil {
				return nil, err
			}
			if p == nil {
				break
			}
			id, err := seg.Segment().DocID(p.Number())
			if err != nil {
				return nil, err
			}
			ids = append(ids, string(id))
		}
	}
	return ids, nil
}

// applyAll writes to all shards at once.
func applyAll(shards []*shard, changes []index.Change, n int, seg *segment.Segmenter) error {
	var g errgroup.Group
	for _, s := range shards {
		g.Go(func() error { return s.apply(changes, n, seg) })
	}
	return g.Wait()
}

// compact merges the shard's segments into one.
func (s *shard) compact(ctx context.Context) error {
	adv, err := s.bleve.Advanced()
	if err != nil {
		return fmt.Errorf("compact shard %s: %w", s.name, err)
	}
	idx, ok := adv.(*scorch.Scorch)
	if !ok {
		return fmt.Errorf("compact shard %s: a %T is not a scorch index", s.name, adv)
	}
	// One forced merge takes ten segments at a time, so that it may leave several. The number that a merge halves at
	// least is bounded by the 2^16 segments that nobody has.
	for range 16 {
		if n, err := segmentCount(idx); err != nil || n <= 1 {
			return err
		}
		if err := idx.ForceMerge(ctx, nil); err != nil {
			return fmt.Errorf("compact shard %s: %w", s.name, err)
		}
	}
	return nil
}

func segmentCount(idx *scorch.Scorch) (int, error) {
	r, err := idx.Reader()
	if err != nil {
		return 0, err
	}
	n := 0
	if snapshot, ok := r.(*scorch.IndexSnapshot); ok {
		n = len(snapshot.Segments())
	}
	return n, r.Close()
}

func closeShards(shards []*shard) error {
	var errs []error
	for _, s := range shards {
		errs = append(errs, s.bleve.Close())
	}
	return errors.Join(errs...)
}

// diskBytes sums the sizes of the files below dir; what vanishes meanwhile counts nothing.
func diskBytes(dir string) int64 {
	var n int64
	_ = filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // a file that a merge removed meanwhile has no size
		}
		if info, err := d.Info(); err == nil {
			n += info.Size()
		}
		return nil
	})
	return n
}
