package embedded

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"sync"
	"sync/atomic"

	"tongsou/index"
	"tongsou/segment"
)

// generation is one complete index on disk. A rebuild makes the next one beside it; readers move over in one step.
type generation struct {
	dir      string
	manifest manifest
	shards   []*shard
	seg      *segment.Segmenter
	budget   *budget

	mu     sync.Mutex // one writer or refresh at a time
	leaves map[leafKey]*leaf
	view   atomic.Pointer[view]
	closed bool
}

// manifest is kept beside the shards. It is written after every batch that all shards have persisted, so the sequence it
// names is never ahead of what they hold; being behind is harmless, because changes may be applied again.
type manifest struct {
	Version  string `json:"version"`
	Shards   int    `json:"shards"`
	Sequence uint64 `json:"sequence"`
}

const manifestName = "manifest.json"

func createGeneration(dir string, m manifest, seg *segment.Segmenter, b *budget) (*generation, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("create index %s: %w", dir, err)
	}
	return loadGeneration(dir, m, seg, b, true)
}

func openGeneration(dir string, seg *segment.Segmenter, b *budget) (*generation, error) {
	raw, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		return nil, fmt.Errorf("read the index's manifest: %w", err)
	}
	var m manifest
	if err := json.Unmarshal(raw, &m); err != nil || m.Shards < 1 || m.Shards > 64 {
		return nil, fmt.Errorf("manifest %s is damaged; remove %s and the index is rebuilt from the store",
			filepath.Join(dir, manifestName), dir)
	}
	return loadGeneration(dir, m, seg, b, false)
}

func loadGeneration(dir string, m manifest, seg *segment.Segmenter, b *budget, create bool) (*generation, error) {
	g := &generation{dir: dir, manifest: m, seg: seg, budget: b, leaves: map[leafKey]*leaf{}}
	names := shardNames(m.Shards)
	for _, name := range sortedKeys(names) {
		s, err := openShard(dir, name, names[name], create)
		if err != nil {
			return nil, errors.Join(err, closeShards(g.shards))
		}
		g.shards = append(g.shards, s)
	}
	if create {
		if err := g.writeManifest(); err != nil {
			return nil, errors.Join(err, closeShards(g.shards))
		}
	}
	if err := g.refresh(); err != nil {
		return nil, errors.Join(err, closeShards(g.shards))
	}
	return g, nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// apply writes changes, records their sequence and shows them to readers.
func (g *generation) apply(changes []index.Change) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return fmt.Errorf("write index %s: %w", g.dir, index.ErrUnavailable)
	}
	if err := applyAll(g.shards, changes, g.manifest.Shards, g.seg); err != nil {
		return err
	}
	for _, c := range changes {
		g.manifest.Sequence = max(g.manifest.Sequence, c.Seq)
	}
	if err := g.writeManifest(); err != nil {
		return err
	}
	return g.refreshLocked()
}

// writeManifest replaces the manifest so that a crash leaves the old one or the new one.
func (g *generation) writeManifest() error {
	raw, err := json.Marshal(g.manifest)
	if err != nil {
		return err
	}
	return replaceFile(filepath.Join(g.dir, manifestName), raw)
}

// replaceFile writes a file beside path, makes it durable and renames it over path.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(f.Name()))
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// refresh shows readers what the shards hold now, merges by bleve included.
func (g *generation) refresh() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil
	}
	return g.refreshLocked()
}

func (g *generation) refreshLocked() error {
	v, err := g.newView()
	if err != nil {
		return err
	}
	if old := g.view.Swap(v); old != nil {
		old.release()
	}
	return nil
}

// reader returns the current view with a reference that the caller releases.
func (g *generation) reader() (*view, error) {
	for {
		v := g.view.Load()
		if v == nil {
			return nil, fmt.Errorf("index %s is closed: %w", g.dir, index.ErrUnavailable)
		}
		if v.acquire() {
			return v, nil
		}
	}
}

func (g *generation) close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil
	}
	g.closed = true
	if v := g.view.Swap(nil); v != nil {
		v.release()
	}
	for _, l := range g.leaves {
		l.cache.drop()
	}
	return closeShards(g.shards)
}
