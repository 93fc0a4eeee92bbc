// Package pull fetches sources by schedule: a file of records (JSON, NDJSON) or the pages of a sitemap over HTTP, or a
// folder that somebody else fills. What was fetched lies in a folder of its own and is taken in from there, as if
// somebody had put it there by hand.
//
// Other people's servers are treated with care, and not trusted: robots.txt is followed, requests are spaced, sizes,
// numbers and times are bounded, and no address of a private network is dialled unless the source is said to stand there.
package pull

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"tongsou/corpus/ingest"
	"tongsou/corpus/reader"
	"tongsou/corpus/store"
)

// Kind is what a source is.
type Kind string

// The kinds of sources.
const (
	Records Kind = "json"    // one file of records
	Sitemap Kind = "sitemap" // the pages that a sitemap lists
	Folder  Kind = "folder"  // a folder on this machine
)

// Source is one source to fetch.
type Source struct {
	// Name is the source's name in the store.
	Name string
	Kind Kind
	// URL is where the records or the sitemap are, Path the folder.
	URL, Path string
	// Every is how often it is looked at; 0 means six hours, for a folder ten seconds.
	Every time.Duration
	// MaxPages and MaxBytes bound what one run fetches; 0 means 1,000 and 200 MiB. The next run goes on.
	MaxPages int
	MaxBytes int64
	// Private lets the host of URL, and no other, stand in a private network or on this machine.
	Private bool
	// Format names the reader; empty tells it by the content.
	Format string
	// MaxGone is the share of the source's documents, in percent, that may disappear from one run to the next; 0 means 20.
	// When more are gone nothing is deleted, and the run says so.
	MaxGone int
}

// The bounds of sources.
const (
	defaultEvery    = 6 * time.Hour
	folderEvery     = 10 * time.Second
	minEvery        = time.Minute
	defaultMaxPages = 1000
	defaultMaxBytes = 200 << 20
	defaultMaxGone  = 20 // percent
	maxPage         = 8 << 20
	runTime         = 30 * time.Minute
)

var reName = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._-]{0,99}$`)

// Check says what is wrong with a source, and fills in what was left out.
func (s *Source) Check() error {
	if !reName.MatchString(s.Name) {
		return fmt.Errorf("名称 %q 应为 1 到 100 个字母、汉字、数字、点或连字符", s.Name)
	}
	switch s.Kind {
	case Folder:
		if s.Path == "" {
			return fmt.Errorf("%s：缺少 path", s.Name)
		}
	case Records, Sitemap:
		u, err := url.Parse(s.URL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
			return fmt.Errorf("%s：url 应为 http 或 https 的网址，不含用户名与口令", s.Name)
		}
	default:
		return fmt.Errorf("%s：kind 应为 json、sitemap 或 folder", s.Name)
	}
	if s.Every == 0 {
		if s.Every = defaultEvery; s.Kind == Folder {
			s.Every = folderEvery
		}
	}
	if s.Kind != Folder && s.Every < minEvery {
		return fmt.Errorf("%s：every 至少一分钟", s.Name)
	}
	if s.MaxPages == 0 {
		s.MaxPages = defaultMaxPages
	}
	if s.MaxBytes == 0 {
		s.MaxBytes = defaultMaxBytes
	}
	if s.MaxPages < 0 || s.MaxBytes < 0 {
		return fmt.Errorf("%s：max_pages 与 max_mb 不能是负数", s.Name)
	}
	if s.MaxGone == 0 {
		s.MaxGone = defaultMaxGone
	}
	if s.MaxGone < 1 || s.MaxGone > 100 {
		return fmt.Errorf("%s：max_gone 应为 1 到 100 的百分数", s.Name)
	}
	return nil
}

// Result is what one run did.
type Result struct {
	// Fetched is the number of files that came, Unchanged of those that had not changed, Gone of those that the source no
	// longer has, Left of those that the bounds left for the next run.
	Fetched, Unchanged, Gone, Left int
	Bytes                          int64
	// Faults say what could not be fetched, at most a hundred.
	Faults []string
	Ingest ingest.Report
}

func (r *Result) fault(format string, args ...any) {
	if len(r.Faults) < 100 {
		r.Faults = append(r.Faults, fmt.Sprintf(format, args...))
	}
}

// Puller fetches sources into a store.
type Puller struct {
	store *store.Store
	dir   string // where what was fetched lies, a folder for each source
	log   *slog.Logger
	pause time.Duration

	mu      sync.Mutex
	folders map[string]string // by source: what a folder was like when it was taken in
	current map[string]bool   // by source: what was fetched has been taken in, all of it
}

// politePause is the time between two requests of one source.
const politePause = 200 * time.Millisecond

// New makes a puller that keeps what it fetches below dir.
func New(s *store.Store, dir string, log *slog.Logger) *Puller {
	return &Puller{store: s, dir: dir, log: log, pause: politePause, folders: map[string]string{}, current: map[string]bool{}}
}

// Follow looks at the sources, each in its time, until ctx ends. What goes wrong is logged, shown among the ingests, and
// tried again the next time.
func (p *Puller) Follow(ctx context.Context, sources []Source) {
	var all sync.WaitGroup
	for _, s := range sources {
		all.Go(func() { p.follow(ctx, s) })
	}
	all.Wait()
}

func (p *Puller) follow(ctx context.Context, s Source) {
	for {
		r, err := p.Once(ctx, s)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			p.log.Error("a source could not be pulled; trying again", "source", s.Name, "error", err)
		case r.Ingest.Kept != "":
			p.log.Warn("too much of a source is gone; nothing of it was deleted. If that is right set its max_gone to 100", "source", s.Name, "why", r.Ingest.Kept)
		case r.Fetched > 0 || r.Gone > 0 || len(r.Faults) > 0:
			p.log.Info("pulled a source", "source", s.Name, "fetched", r.Fetched, "unchanged", r.Unchanged, "gone", r.Gone, "left", r.Left, "faults", len(r.Faults),
				"added", r.Ingest.Added, "updated", r.Ingest.Updated, "deleted", r.Ingest.Deleted)
		}
		wait := s.Every
		if r.Left > 0 && err == nil {
			wait = min(wait, minEvery) // there is more
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// Once looks at a checked source once, and takes in what is new.
func (p *Puller) Once(ctx context.Context, s Source) (Result, error) {
	ctx, cancel := context.WithTimeout(ctx, runTime)
	defer cancel()
	if s.Kind == Folder {
		return p.folder(ctx, s)
	}
	began := time.Now()
	dir := filepath.Join(p.dir, s.Name)
	var r Result
	still, err := p.fetch(ctx, s, dir, &r)
	if r.Fetched > 0 || r.Gone > 0 || err == nil && !p.isCurrent(s) {
		taken, e := p.take(ctx, s, filepath.Join(dir, filesName), still)
		r.Ingest, err = taken, errors.Join(err, e)
		p.setCurrent(s, err == nil && taken.Kept == "")
	}
	if faults := r.Faults; err != nil || len(faults) > 0 {
		if err != nil {
			faults = append(faults, err.Error())
		}
		err = errors.Join(err, p.store.AddRun(context.WithoutCancel(ctx), store.Run{Source: s.Name, Started: began, Finished: time.Now(), Faults: faults}))
	}
	return r, err
}

// isCurrent reports whether nothing of what lies in a source's folder waits to be taken in: the program may have been stopped
// between the two, and what was held back is to be tried again.
func (p *Puller) isCurrent(s Source) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.current[s.Name]
}

func (p *Puller) setCurrent(s Source, is bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current[s.Name] = is
}

// take takes in what lies in a folder, all that the source has but for the files for which still is true.
func (p *Puller) take(ctx context.Context, s Source, root string, still func(file string) bool) (ingest.Report, error) {
	return ingest.Run(ctx, p.store, root, ingest.Options{
		Reader: reader.Options{Source: s.Name, Format: s.Format}, Sync: &ingest.Sync{Most: float64(s.MaxGone) / 100, Still: still},
	})
}

// fetch brings what is new of a source into its folder, and remembers how far it came. Files for which still is true are the
// source's whether they lie there or not.
func (p *Puller) fetch(ctx context.Context, s Source, dir string, r *Result) (still func(file string) bool, err error) {
	if err := os.MkdirAll(filepath.Join(dir, filesName), 0o750); err != nil {
		return nil, fmt.Errorf("keep what is fetched: %w", err)
	}
	memory, err := loadMemory(dir)
	if err != nil {
		return nil, err
	}
	c, err := newClient(s, p.pause)
	if err != nil {
		return nil, err
	}
	f := &fetcher{client: c, source: s, dir: dir, memory: memory, result: r}
	if s.Kind == Records {
		err = f.records(ctx)
	} else {
		err = f.sitemap(ctx)
	}
	return f.still, errors.Join(err, memory.save(dir))
}
