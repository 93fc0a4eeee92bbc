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
	ledger ledger
	// damage says what is wrong, in words for an operator. The shards that are left out for it are not in shards.
	damage []string

	// applied is the manifest's sequence, and told guards damage beside mu, for requests, which must not wait for a batch
	// that is written under mu: that takes up to 0.3 s.
	applied atomic.Uint64
	told    sync.Mutex
}

// manifest is kept beside the shards. It is written after every batch that all shards have persisted, so the sequence it
// names is never ahead of what they hold; being behind is harmless, because changes may be applied again.
type manifest struct {
	Version  string `json:"version"`
	Shards   int    `json:"shards"`
	Sequence uint64 `json:"sequence"`
	// Sum is over the others, so that a flipped bit in the sequence does not pass for a sequence.
	Sum string `json:"sum,omitempty"`
}

func (m *manifest) sum() string {
	return hash(fmt.Appendf(nil, "%q %d %d", m.Version, m.Shards, m.Sequence))[:16]
}

const manifestName = "manifest.json"

func createGeneration(dir string, m manifest, seg *segment.Segmenter, b *budget) (*generation, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("create index %s: %w", dir, err)
	}
	return loadGeneration(dir, m, seg, b, true)
}

func readManifest(dir string) (manifest, error) {
	raw, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		return manifest{}, fmt.Errorf("read the index's manifest: %w", err)
	}
	var m manifest
	if err := json.Unmarshal(raw, &m); err != nil || m.Shards < 1 || m.Shards > 64 || m.Sum != "" && m.Sum != m.sum() {
		return manifest{}, fmt.Errorf("the manifest %s is damaged", filepath.Join(dir, manifestName))
	}
	return m, nil
}

func openGeneration(dir string, seg *segment.Segmenter, b *budget) (*generation, error) {
	m, err := readManifest(dir)
	if err != nil {
		return nil, err
	}
	return loadGeneration(dir, m, seg, b, false)
}

// loadGeneration opens the shards. Of one that is there already, what is damaged is left out and named in damage.
func loadGeneration(dir string, m manifest, seg *segment.Segmenter, b *budget, create bool) (*generation, error) {
	g := &generation{dir: dir, manifest: m, seg: seg, budget: b, leaves: map[leafKey]*leaf{}, ledger: readLedger(dir)}
	names := shardNames(m.Shards)
	faults := map[string]string{}
	if !create {
		faults = verifyShards(dir, &g.ledger, sortedKeys(names))
		if err := g.reopenLedger(); err != nil {
			return nil, err
		}
	}
	for _, name := range sortedKeys(names) {
		if faults[name] != "" {
			g.damage = append(g.damage, faults[name])
			continue
		}
		s, err := openShard(dir, name, names[name], create)
		if err != nil && !create {
			g.damage = append(g.damage, "索引打不开："+err.Error())
			continue
		}
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
	g.applied.Store(g.manifest.Sequence)
	if err := g.refresh(); err != nil {
		return nil, errors.Join(err, closeShards(g.shards))
	}
	if create {
		return g, g.note(false)
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
	if len(g.damage) > 0 { // what belongs into the shards that were left out would be lost
		return fmt.Errorf("index %s is damaged and takes nothing before it is rebuilt: %w", g.dir, index.ErrUnavailable)
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
	g.applied.Store(g.manifest.Sequence)
	return g.refreshLocked()
}

// writeManifest replaces the manifest so that a crash leaves the old one or the new one.
func (g *generation) writeManifest() error {
	g.manifest.Sum = g.manifest.sum()
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
			return nil, fmt.Errorf("index %s is closed or waits to be rebuilt: %w", g.dir, index.ErrUnavailable)
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
	if err := closeShards(g.shards); err != nil || len(g.damage) > 0 {
		return err
	}
	_ = g.note(true) // what is not noted, on a full disk, is verified by its own sum
	return nil
}
