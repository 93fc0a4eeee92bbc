package pull

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"
)

// settled is how long a folder must have been left alone before it is taken in: a file that is still being copied would
// be read in half.
const settled = 2 * time.Second

// folder takes a folder in when it has changed since the last time and nobody is writing to it. Looking is all that
// watching takes: it works on every file system, those of a network too, and misses nothing while nobody looks.
func (p *Puller) folder(ctx context.Context, s Source) (Result, error) {
	state, latest, files, err := look(s.Path)
	if err != nil {
		return Result{}, fmt.Errorf("look at folder %s: %w", s.Path, err)
	}
	p.mu.Lock()
	same := p.folders[s.Name] == state
	p.mu.Unlock()
	if same || files == 0 || time.Since(latest) < settled {
		return Result{}, nil
	}
	report, err := p.take(ctx, s, s.Path, nil)
	if err != nil {
		return Result{Ingest: report}, err
	}
	p.mu.Lock()
	p.folders[s.Name] = state
	p.mu.Unlock()
	return Result{Fetched: files, Ingest: report}, nil
}

// look names the state of a folder by its files, their sizes and times, and says when one changed last.
func look(root string) (state string, latest time.Time, files int, err error) {
	h := sha256.New()
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		files++
		if info.ModTime().After(latest) {
			latest = info.ModTime()
		}
		fmt.Fprintln(h, path, info.Size(), info.ModTime().UnixNano())
		return nil
	})
	return hex.EncodeToString(h.Sum(nil)), latest, files, err
}
