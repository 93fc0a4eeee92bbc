package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tongsou/index"
)

// currentName is the file that names the folder of the generation in use.
const currentName = "CURRENT"

// openCurrent opens the generation that CURRENT names and removes what earlier rebuilds left behind. Damage is no error:
// what is sound is opened, and Health tells of the rest. Only an index that cannot be read at all for now, for lack of
// rights or because somebody holds it, is one.
func (e *Engine) openCurrent() (*generation, error) {
	raw, err := os.ReadFile(filepath.Join(e.options.Path, currentName))
	if errors.Is(err, os.ErrNotExist) {
		return e.freshGeneration(true)
	}
	if err != nil {
		return nil, err
	}
	dir, fault := e.choose(strings.TrimSpace(string(raw)))
	if dir == "" {
		return blind(fault), nil
	}
	g, err := openGeneration(dir, e.options.Segmenter, e.budget)
	if err != nil && !errors.Is(err, os.ErrPermission) {
		return blind("索引打不开：" + err.Error()), nil
	}
	if err != nil {
		return nil, err
	}
	if len(g.shards) == 0 {
		return blind(g.damage...), g.close()
	}
	e.sweep(filepath.Base(dir))
	return g, nil
}

// choose returns the folder of the generation to use: the one of that name or, when there is none such, the one that has
// seen most. It says why there is none.
func (e *Engine) choose(name string) (dir, fault string) {
	if strings.HasPrefix(name, "gen-") && filepath.Base(name) == name {
		dir := filepath.Join(e.options.Path, name)
		_, err := readManifest(dir)
		if err == nil || errors.Is(err, os.ErrPermission) {
			return dir, ""
		}
		fault = "索引有损坏：" + err.Error()
	} else {
		fault = fmt.Sprintf("索引文件 %s 没有指向任何索引", currentName)
	}
	var best manifest
	for _, candidate := range e.generations() {
		if m, err := readManifest(candidate); err == nil && (dir == "" || m.Sequence >= best.Sequence) {
			dir, best = candidate, m
		}
	}
	if dir != "" && replaceFile(filepath.Join(e.options.Path, currentName), []byte(filepath.Base(dir))) != nil {
		dir = ""
	}
	return dir, fault
}

func (e *Engine) generations() []string {
	list, _ := filepath.Glob(filepath.Join(e.options.Path, "gen-*")) // the pattern is good
	return list
}

// blind is what is in use where nothing is sound: it answers no search and takes no change.
func blind(faults ...string) *generation {
	return &generation{damage: faults, leaves: map[leafKey]*leaf{}}
}

func (e *Engine) freshGeneration(use bool) (*generation, error) {
	dir, err := e.freshFolder()
	if err != nil {
		return nil, err
	}
	m := manifest{Version: e.options.version(), Shards: e.options.Shards}
	g, err := createGeneration(dir, m, e.options.Segmenter, e.budget)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if use {
		if err := replaceFile(filepath.Join(e.options.Path, currentName), []byte(filepath.Base(dir))); err != nil {
			return nil, errors.Join(err, g.close())
		}
	}
	return g, nil
}

// freshFolder makes a folder that no other generation has, whatever the clock says.
func (e *Engine) freshFolder() (string, error) {
	for n := e.options.Now().UnixNano(); ; n++ {
		dir := filepath.Join(e.options.Path, fmt.Sprintf("gen-%d", n))
		if err := os.Mkdir(dir, 0o750); err == nil || !errors.Is(err, os.ErrExist) {
			return dir, err
		}
	}
}

// Health tells what is damaged, and how far a rebuild is.
func (e *Engine) Health() index.Health {
	h := index.Health{Rebuild: e.rebuild.Copy()}
	if g := e.current.Load(); g != nil {
		g.told.Lock()
		h.Faults = slices.Clone(g.damage)
		g.told.Unlock()
		h.Blind = g.view.Load() == nil
	}
	return h
}

// Distrust notes that the index does not agree with the store. It takes no change from then on; when sound is false it
// answers no search either. A rebuild mends it.
func (e *Engine) Distrust(reason string, sound bool) error {
	e.writing.Lock()
	defer e.writing.Unlock()
	g := e.current.Load()
	if g == nil {
		return fmt.Errorf("index %s: %w", e.options.Path, index.ErrUnavailable)
	}
	g.mu.Lock()
	g.told.Lock()
	g.damage = append(g.damage, reason)
	faults := slices.Clone(g.damage)
	g.told.Unlock()
	g.mu.Unlock()
	if sound {
		return nil
	}
	e.current.Store(blind(faults...))
	return g.close()
}

// Rebuild makes a new index beside the one in use, feeds it from the beginning and swaps it in. Searches go on in the
// old index until the swap and are not disturbed by it. When it fails the old index stays.
func (e *Engine) Rebuild(ctx context.Context, feed Feed) error {
	e.writing.Lock()
	defer e.writing.Unlock()
	e.rebuild.Set(func(r *index.Rebuild) { *r = index.Rebuild{Running: true, Started: e.options.Now()} })
	err := e.rebuildBeside(ctx, feed)
	e.rebuild.Set(func(r *index.Rebuild) {
		now := e.options.Now()
		r.Running, r.Finished = false, &now
		if err != nil {
			r.Error = err.Error()
		}
	})
	return err
}

func (e *Engine) rebuildBeside(ctx context.Context, feed Feed) error {
	if e.current.Load() == nil {
		return fmt.Errorf("rebuild index %s: %w", e.options.Path, index.ErrUnavailable)
	}
	g, err := e.freshGeneration(false)
	if err != nil {
		return fmt.Errorf("rebuild index: %w", err)
	}
	if err := e.fill(ctx, g, feed); err != nil {
		return errors.Join(fmt.Errorf("rebuild index: %w", err), g.close(), os.RemoveAll(g.dir))
	}
	if err := replaceFile(filepath.Join(e.options.Path, currentName), []byte(filepath.Base(g.dir))); err != nil {
		return errors.Join(err, g.close(), os.RemoveAll(g.dir))
	}
	old := e.current.Swap(g)
	err = old.close()
	e.sweep(filepath.Base(g.dir))
	return err
}

func (e *Engine) fill(ctx context.Context, g *generation, feed Feed) error {
	for {
		changes, err := feed(ctx, g.manifest.Sequence)
		if err != nil || len(changes) == 0 {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := g.apply(changes); err != nil {
			return err
		}
		e.rebuild.Set(func(r *index.Rebuild) {
			r.Documents += len(changes)
			r.Sequence = g.manifest.Sequence
		})
	}
}
