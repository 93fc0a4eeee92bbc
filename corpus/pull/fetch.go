package pull

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

// Below a source's folder: what was fetched, and what is remembered of it.
const (
	filesName  = "files"
	memoryName = "memory.json"
)

// memory is what is known of the pages of a source, so that a run goes on where the one before ended.
type memory map[string]*remembered

type remembered struct {
	File     string    `json:"file"`
	ETag     string    `json:"etag,omitempty"`
	Modified string    `json:"modified,omitempty"` // as the server said it
	LastMod  string    `json:"lastmod,omitempty"`  // as the sitemap said it
	Seen     time.Time `json:"seen"`
}

func loadMemory(dir string) (memory, error) {
	raw, err := os.ReadFile(filepath.Join(dir, memoryName))
	if errors.Is(err, os.ErrNotExist) {
		return memory{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read what was fetched before: %w", err)
	}
	m := memory{}
	if json.Unmarshal(raw, &m) != nil {
		m = memory{} // then everything is fetched again
	}
	return m, nil
}

func (m memory) save(dir string) error {
	raw, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return replace(filepath.Join(dir, memoryName), raw)
}

// replace writes a file so that it is there as a whole or not at all.
func replace(path string, raw []byte) error {
	if err := os.WriteFile(path+".tmp", raw, 0o600); err != nil {
		return fmt.Errorf("keep what is fetched: %w", err)
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		return fmt.Errorf("keep what is fetched: %w", err)
	}
	return nil
}

// fetcher is one run over one source.
type fetcher struct {
	client *client
	source Source
	dir    string
	memory memory
	result *Result
	// listed are the files of the pages that the sitemap lists; unlisted that not all of the sitemap was read, so that
	// nobody knows what it leaves out.
	listed   map[string]bool
	unlisted bool
}

// still reports whether the source has what came in a file, also when the file does not lie here: another machine may have
// fetched it, or its turn has not come.
func (f *fetcher) still(file string) bool { return f.unlisted || f.listed[file] }

// records fetches the one file of a source.
func (f *fetcher) records(ctx context.Context) error {
	return f.keep(ctx, f.source.URL, "", "records.json", f.source.MaxBytes, false)
}

// errGone means that the server says that there is no such page.
var errGone = errors.New("there is no such page")

// keep fetches an address into a file, unless it is as it was.
func (f *fetcher) keep(ctx context.Context, address, lastMod, name string, most int64, isPage bool) error {
	old := f.memory[address]
	if old == nil {
		old = &remembered{}
	}
	p, err := f.client.get(ctx, address, old.ETag, old.Modified, most)
	if err != nil {
		return err
	}
	f.result.Bytes += int64(len(p.body))
	switch {
	case p.status == http.StatusNotModified:
		f.result.Unchanged++
		old.Seen, old.LastMod = time.Now(), lastMod
		return nil
	case p.status == http.StatusNotFound || p.status == http.StatusGone:
		return fmt.Errorf("%s is answered by %d: %w", address, p.status, errGone)
	case p.status != http.StatusOK:
		return fmt.Errorf("%s is answered by %d", address, p.status)
	}
	body := p.body
	if isPage {
		body = named(body, p.final)
	}
	path := filepath.Join(f.dir, filesName, name)
	if before, err := os.ReadFile(path); err == nil && bytes.Equal(before, body) {
		f.result.Unchanged++
	} else {
		if err := replace(path, body); err != nil {
			return err
		}
		f.result.Fetched++
	}
	f.memory[address] = &remembered{name, p.etag, p.modified, lastMod, time.Now()}
	return nil
}

// named puts the address of a page before it, where the reader of pages looks for it: from there citizens are led to the
// page itself. A page in UTF-16 is left as it is.
func named(body []byte, address string) []byte {
	if bytes.HasPrefix(body, []byte("\xff\xfe")) || bytes.HasPrefix(body, []byte("\xfe\xff")) {
		return body
	}
	bom := []byte("\xef\xbb\xbf")
	rest, had := bytes.CutPrefix(body, bom)
	head := []byte(`<!DOCTYPE html><link rel="canonical" href="` + html.EscapeString(address) + `">` + "\n")
	if had {
		head = append(bom, head...)
	}
	return append(head, rest...)
}

// listed is a page of a sitemap.
type listed struct{ address, lastMod string }

// The bounds of sitemaps: those of the protocol for one file, and few files.
const (
	maxSitemap  = 50 << 20
	maxSitemaps = 50
	maxListed   = 200000
)

// sitemap fetches the pages that a sitemap lists: those that are new first, then those that have changed since or whose
// turn it is.
func (f *fetcher) sitemap(ctx context.Context) error {
	pages, err := f.list(ctx)
	if err != nil {
		return err
	}
	if err := f.dropUnlisted(pages); err != nil {
		return err
	}
	due := slices.DeleteFunc(pages, func(l listed) bool { return !f.due(l) })
	slices.SortStableFunc(due, func(a, b listed) int { return f.seen(a).Compare(f.seen(b)) })
	tried := 0
	for i, l := range due {
		if tried >= f.source.MaxPages || f.result.Bytes >= f.source.MaxBytes {
			f.result.Left = len(due) - i
			break
		}
		tried++
		err := f.keep(ctx, l.address, l.lastMod, pageFile(l.address), maxPage, true)
		switch {
		case ctx.Err() != nil:
			f.result.Left = len(due) - i
			return ctx.Err()
		case errors.Is(err, errGone) && f.memory[l.address] != nil && f.memory[l.address].File != "":
			if err := f.drop(l.address); err != nil {
				return err
			}
			f.forgo(l.address)
		case err != nil:
			f.result.fault("%v", err)
			f.forgo(l.address)
		}
		if tried%20 == 0 {
			if err := f.memory.save(f.dir); err != nil {
				return err
			}
		}
	}
	return nil
}

// pageFile is the name of the file that a page is kept in.
func pageFile(address string) string {
	sum := sha256.Sum256([]byte(address))
	return hex.EncodeToString(sum[:12]) + ".html"
}

// dropUnlisted drops the pages that were fetched and are listed no longer, when all of the list could be read.
func (f *fetcher) dropUnlisted(pages []listed) error {
	f.listed = map[string]bool{}
	for _, l := range pages {
		f.listed[pageFile(l.address)] = true
	}
	if f.unlisted {
		return nil
	}
	for address, old := range f.memory {
		if old.File != "" && !f.listed[old.File] {
			if err := f.drop(address); err != nil {
				return err
			}
		}
	}
	return nil
}

// drop removes what was fetched of a page, and forgets it.
func (f *fetcher) drop(address string) error {
	file := f.memory[address].File
	if err := os.Remove(filepath.Join(f.dir, filesName, file)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("drop what is gone: %w", err)
	}
	delete(f.memory, address)
	delete(f.listed, file)
	f.result.Gone++
	return nil
}

// due reports whether a page is to be fetched: when it never was, when the sitemap says that it has changed, and from time
// to time when the sitemap says nothing of it or it could not be had.
func (f *fetcher) due(l listed) bool {
	old := f.memory[l.address]
	switch {
	case old == nil:
		return true
	case l.lastMod != "" && old.File != "":
		return l.lastMod != old.LastMod
	}
	return time.Since(old.Seen) >= f.source.Every/2
}

// forgo remembers that a page was tried: one that cannot be had must not stand in the way of the others every time.
func (f *fetcher) forgo(address string) {
	if f.memory[address] == nil {
		f.memory[address] = &remembered{}
	}
	f.memory[address].Seen = time.Now()
}

func (f *fetcher) seen(l listed) time.Time {
	if old := f.memory[l.address]; old != nil {
		return old.Seen
	}
	return time.Time{}
}

// list reads the sitemap, and those that it names. Only pages of the sitemap's own host count, as the protocol has it.
func (f *fetcher) list(ctx context.Context) ([]listed, error) {
	home, err := url.Parse(f.source.URL)
	if err != nil {
		return nil, fmt.Errorf("read the address of source %s: %w", f.source.Name, err)
	}
	var pages []listed
	known := map[string]bool{f.source.URL: true}
	for queue := []string{f.source.URL}; len(queue) > 0; queue = queue[1:] {
		if len(pages) >= maxListed {
			f.unlisted = true
			break
		}
		more, maps, err := f.readSitemap(ctx, queue[0])
		if err != nil && queue[0] == f.source.URL {
			return nil, err
		}
		if err != nil {
			f.result.fault("%v", err)
			f.unlisted = true
		}
		for _, l := range more {
			if u, err := url.Parse(l.address); err == nil && u.Scheme == home.Scheme && u.Host == home.Host && !known[l.address] {
				known[l.address] = true
				pages = append(pages, l)
			}
		}
		for _, m := range maps {
			if u, err := url.Parse(m); err != nil || u.Scheme != home.Scheme || u.Host != home.Host || known[m] {
				continue
			}
			if len(known)-len(pages) >= maxSitemaps {
				f.unlisted = true
				break
			}
			known[m] = true
			queue = append(queue, m)
		}
	}
	f.unlisted = f.unlisted || len(pages) >= maxListed
	return pages[:min(len(pages), maxListed)], nil
}

func (f *fetcher) readSitemap(ctx context.Context, address string) (pages []listed, maps []string, err error) {
	p, err := f.client.get(ctx, address, "", "", maxSitemap)
	if err != nil {
		return nil, nil, err
	}
	if p.status != http.StatusOK {
		return nil, nil, fmt.Errorf("%s is answered by %d", address, p.status)
	}
	body := io.Reader(bytes.NewReader(p.body))
	if bytes.HasPrefix(p.body, []byte("\x1f\x8b")) {
		unpacked, err := gzip.NewReader(body)
		if err != nil {
			return nil, nil, fmt.Errorf("unpack %s: %w", address, err)
		}
		body = unpacked
	}
	pages, maps, err = parseSitemap(io.LimitReader(body, maxSitemap))
	if err != nil {
		return nil, nil, fmt.Errorf("read the sitemap %s: %w", address, err)
	}
	return pages, maps, nil
}

// parseSitemap reads a sitemap or an index of sitemaps, entry by entry. encoding/xml knows no entities but its own five,
// so nothing in it grows.
func parseSitemap(r io.Reader) (pages []listed, maps []string, err error) {
	d := xml.NewDecoder(r)
	for len(pages) < maxListed {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return pages, maps, nil
		}
		if err != nil {
			return nil, nil, err
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "url" && start.Name.Local != "sitemap" {
			continue
		}
		var entry struct {
			Loc     string `xml:"loc"`
			LastMod string `xml:"lastmod"`
		}
		if err := d.DecodeElement(&entry, &start); err != nil {
			return nil, nil, err
		}
		loc := strings.TrimSpace(entry.Loc)
		if start.Name.Local == "url" {
			pages = append(pages, listed{loc, strings.TrimSpace(entry.LastMod)})
		} else {
			maps = append(maps, loc)
		}
	}
	return pages, maps, nil
}
