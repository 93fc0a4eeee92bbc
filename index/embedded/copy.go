package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/blevesearch/bleve/v2"

	"tongsou/corpus"
	"tongsou/index"
)

// CopyTo makes a complete copy of the index as it is now in the folder dir, which must not exist. Segments never change,
// so that they are linked where the file system can: it takes milliseconds, and searches go on meanwhile.
func (e *Engine) CopyTo(ctx context.Context, dir string) error {
	g := e.current.Load()
	if g == nil {
		return fmt.Errorf("copy index %s: %w", e.options.Path, index.ErrUnavailable)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	const name = "gen-1"
	err := os.MkdirAll(filepath.Join(dir, name), 0o750)
	if err == nil {
		err = g.copyTo(filepath.Join(dir, name))
	}
	if err == nil {
		err = replaceFile(filepath.Join(dir, currentName), []byte(name))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("copy index %s: %w", e.options.Path, err), os.RemoveAll(dir))
	}
	return nil
}

func (g *generation) copyTo(dir string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || len(g.damage) > 0 {
		return fmt.Errorf("it is damaged or closed: %w", index.ErrUnavailable)
	}
	for _, s := range g.shards {
		if err := s.copyTo(filepath.Join(dir, s.name)); err != nil {
			return err
		}
	}
	copied := generation{dir: dir, manifest: g.manifest, ledger: ledger{Files: map[string]noted{}}, shards: g.shards, closed: true}
	for name, n := range g.ledger.Files {
		if !changes(name) {
			copied.ledger.Files[name] = n
		}
	}
	if err := copied.writeManifest(); err != nil {
		return err
	}
	return copied.note(true)
}

func (s *shard) copyTo(dir string) error {
	online, ok := s.bleve.(bleve.IndexCopyable)
	if !ok {
		return fmt.Errorf("shard %s: a %T cannot be copied", s.name, s.bleve)
	}
	if err := online.CopyTo(linking{s.bleve.Name(), dir}); err != nil {
		return fmt.Errorf("shard %s: %w", s.name, err)
	}
	dictionary, err := os.ReadFile(s.codec.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return replaceFile(filepath.Join(dir, filepath.Base(s.codec.path)), dictionary)
}

// linking is where bleve copies an index to: what never changes it gets as a second name of the same file.
type linking struct{ from, to string }

// GetWriter implements bleve's Directory. No writer means that there is nothing left to do for the file.
func (l linking) GetWriter(name string) (io.WriteCloser, error) {
	target := filepath.Join(l.to, name)
	if err := os.MkdirAll(filepath.Dir(target), 0o750); err != nil {
		return nil, err
	}
	if filepath.Ext(name) == ".zap" && os.Link(filepath.Join(l.from, name), target) == nil {
		return nil, nil
	}
	return os.OpenFile(target, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
}

// Audit reads everything that the index keeps of every document and calls visit for each document. The error names what
// cannot be read.
func (e *Engine) Audit(ctx context.Context, visit func(id string, kind corpus.Kind)) error {
	v, err := e.view()
	if err != nil {
		return err
	}
	defer v.release()
	for kind, s := range v.kinds {
		for i := range s.leaves {
			if err := s.leaves[i].audit(ctx, kind, visit); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *leafView) audit(ctx context.Context, kind corpus.Kind, visit func(id string, kind corpus.Kind)) error {
	for unit := range uint32(l.columns.units) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !l.live(unit) {
			continue
		}
		st, err := l.stored(unit)
		if err != nil {
			return fmt.Errorf("unit %d of %s: %w", unit, kind, err)
		}
		if st.Meta != nil {
			visit(st.Meta.ID, kind)
		}
	}
	return nil
}
