package embedded

import (
	"os"
	"path"
	"path/filepath"
	"strings"

	zap "github.com/blevesearch/scorch_segment_api/v2"
)

// note brings the ledger up to the files in use. It is called now and then while the index is written and, with closed
// set, after it.
func (g *generation) note(closed bool) error {
	if !closed {
		g.mu.Lock()
		defer g.mu.Unlock()
	}
	if g.dir == "" || len(g.damage) > 0 || g.closed != closed {
		return nil
	}
	used, err := g.inUse(closed)
	if err != nil {
		return err
	}
	fresh, err := g.ledger.take(g.dir, used, closed)
	if err != nil || !fresh {
		return err
	}
	return g.ledger.write(g.dir)
}

// inUse tells the files of the index from those that are being written, or wait to be removed. The segments in use are
// those of the last view and, once bleve has closed its files, those that it wrote down.
func (g *generation) inUse(closed bool) (func(name string) bool, error) {
	used := map[string]bool{}
	for key, l := range g.leaves {
		if s, ok := l.seg.(zap.PersistedSegment); ok && !closed {
			used[key.shard+"/store/"+filepath.Base(s.Path())] = true
		}
	}
	for _, s := range g.shards {
		if !closed {
			break
		}
		segments, err := boltSegments(filepath.Join(g.dir, s.name, "store", "root.bolt"))
		if err != nil {
			return nil, err
		}
		for _, name := range segments {
			used[s.name+"/store/"+name] = true
		}
	}
	return func(name string) bool { return used[name] || path.Ext(name) != ".zap" }, nil
}

// reopenLedger takes back that the generation is closed, before anything in it changes.
func (g *generation) reopenLedger() error {
	if !g.ledger.Closed {
		return nil
	}
	g.ledger.Closed = false
	for name := range g.ledger.Files {
		if changes(name) {
			delete(g.ledger.Files, name)
		}
	}
	return g.ledger.write(g.dir)
}

// sweep removes generations that are not in use: what a rebuild left that was killed, or the one before a swap.
func (e *Engine) sweep(keep string) {
	entries, err := os.ReadDir(e.options.Path)
	if err != nil {
		return
	}
	for _, d := range entries {
		if d.IsDir() && strings.HasPrefix(d.Name(), "gen-") && d.Name() != keep {
			_ = os.RemoveAll(filepath.Join(e.options.Path, d.Name())) // the next start tries again
		}
	}
}
