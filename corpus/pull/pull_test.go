package pull

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tongsou/corpus/store"
)

// site is a server on loopback that counts what is asked of it.
type site struct {
	*httptest.Server
	mu    sync.Mutex
	pages map[string]string
	asked map[string]int
}

func newSite(t *testing.T, handle func(w http.ResponseWriter, r *http.Request) bool) *site {
	t.Helper()
	s := &site{pages: map[string]string{}, asked: map[string]int{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked[r.URL.Path]++
		if handle != nil && handle(w, r) {
			return
		}
		body, ok := s.pages[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		tag := fmt.Sprintf(`"%d"`, len(body))
		w.Header().Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		fmt.Fprint(w, body)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *site) set(path, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages[path] = body
}

func (s *site) remove(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pages, path)
}

func (s *site) count(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[path]
}

func newPuller(t *testing.T) (*Puller, *store.Store) {
	t.Helper()
	db, err := store.Open(context.Background(), filepath.Join(t.TempDir(), "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	p := New(db, t.TempDir(), slog.New(slog.DiscardHandler))
	p.pause = 0
	return p, db
}

func checked(t *testing.T, s Source) Source {
	t.Helper()
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	return s
}

func once(t *testing.T, p *Puller, s Source) Result {
	t.Helper()
	r, err := p.Once(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func documents(t *testing.T, s *store.Store) int {
	t.Helper()
	counts, err := s.Count(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, k := range counts {
		n += k
	}
	return n
}

func article(title string) string {
	return `<!DOCTYPE html><html><head><meta charset="utf-8"><meta name="ArticleTitle" content="` + title + `"><meta name="PubDate" content="2024-12-06">
<title>` + title + `</title></head><body><div class="content"><p>` + title + `周末全天开放，市民凭身份证免费领用雪橇，乘雪橇前请检查刹车，儿童应当有大人陪同。</p></div></body></html>`
}

func sitemapOf(base string, entries ...string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">`)
	for _, e := range entries {
		path, mod, _ := strings.Cut(e, " ")
		if !strings.Contains(path, "://") {
			path = base + path
		}
		fmt.Fprintf(&b, "<url><loc>%s</loc><lastmod>%s</lastmod></url>", path, mod)
	}
	return b.String() + "</urlset>"
}

func TestRecordsArePulledWhenTheyChange(t *testing.T) {
	s := newSite(t, nil)
	s.set("/feed.json", `{"title": "首批雪人", "date": "2023-02-03", "text": "首批雪人今天登记。"}`)
	p, db := newPuller(t)
	src := checked(t, Source{Name: "雪人", Kind: Records, URL: s.URL + "/feed.json", Private: true})
	if r := once(t, p, src); r.Fetched != 1 || r.Ingest.Added != 1 {
		t.Errorf("first %+v", r)
	}
	if r := once(t, p, src); r.Fetched != 0 || r.Unchanged != 1 {
		t.Errorf("unchanged %+v", r)
	}
	s.set("/feed.json", `{"title": "首批雪人", "date": "2023-02-03", "text": "首批雪人今天登记。"}`+"\n"+`{"title": "次批雪人", "date": "2023-02-04", "text": "次批雪人今天登记。"}`)
	if r := once(t, p, src); r.Fetched != 1 || r.Ingest.Added != 1 || documents(t, db) != 2 {
		t.Errorf("changed %+v", r)
	}
}

// TestWhatDisappearsFromRecordsGoes also holds that a list that lacks most deletes nothing until it is said to be right.
func TestWhatDisappearsFromRecordsGoes(t *testing.T) {
	s := newSite(t, nil)
	one := func(n int) string {
		return fmt.Sprintf(`{"title": "雪人%d", "date": "2023-02-03", "text": "雪人%d今天登记。"}`, n, n) + "\n"
	}
	s.set("/feed.json", one(1)+one(2)+one(3)+one(4)+one(5)+one(6))
	p, db := newPuller(t)
	src := checked(t, Source{Name: "雪人", Kind: Records, URL: s.URL + "/feed.json", Private: true})
	once(t, p, src)
	s.set("/feed.json", one(1)+one(3)+one(4)+one(5)+one(6))
	if r := once(t, p, src); r.Ingest.Deleted != 1 || documents(t, db) != 5 {
		t.Errorf("one is gone: %+v", r)
	}
	s.set("/feed.json", one(7))
	for range 2 { // and is tried again, although nothing came
		if r := once(t, p, src); r.Ingest.Kept == "" || documents(t, db) != 6 {
			t.Errorf("most are gone: %+v", r)
		}
	}
	runs, err := db.Runs(context.Background(), 1)
	if err != nil || len(runs) != 1 || len(runs[0].Faults) == 0 {
		t.Errorf("the ingests do not say what was kept: %+v, %v", runs, err)
	}
	src.MaxGone = 100
	if r := once(t, p, src); r.Ingest.Deleted != 5 || documents(t, db) != 1 {
		t.Errorf("all may go: %+v", r)
	}
}

// TestPagesThatAreGone takes out what a sitemap lists no longer and what answers 404, and nothing while a part of the sitemap
// cannot be read.
func TestPagesThatAreGone(t *testing.T) {
	var broken atomic.Bool
	s := newSite(t, func(w http.ResponseWriter, r *http.Request) bool {
		if broken.Load() && r.URL.Path == "/b.xml" {
			w.WriteHeader(http.StatusInternalServerError)
			return true
		}
		return false
	})
	var list []string
	for i := range 6 {
		path := fmt.Sprintf("/p%d.html", i)
		s.set(path, article(fmt.Sprintf("雪橇场%d号", i)))
		list = append(list, path+" 2024-12-06")
	}
	s.set("/a.xml", sitemapOf(s.URL, list[:3]...))
	s.set("/b.xml", sitemapOf(s.URL, list[3:]...))
	s.set("/sitemap.xml", `<sitemapindex><sitemap><loc>`+s.URL+`/a.xml</loc></sitemap><sitemap><loc>`+s.URL+`/b.xml</loc></sitemap></sitemapindex>`)
	p, db := newPuller(t)
	src := checked(t, Source{Name: "雪橇", Kind: Sitemap, URL: s.URL + "/sitemap.xml", Private: true})
	once(t, p, src)
	if n := documents(t, db); n != 6 {
		t.Fatalf("%d documents, want 6", n)
	}
	broken.Store(true)
	if r := once(t, p, src); r.Gone != 0 || documents(t, db) != 6 {
		t.Errorf("a part of the sitemap is broken: %+v", r)
	}
	broken.Store(false)
	s.set("/b.xml", sitemapOf(s.URL, list[4:]...))
	if r := once(t, p, src); r.Gone != 1 || r.Ingest.Deleted != 1 || documents(t, db) != 5 {
		t.Errorf("one is listed no longer: %+v", r)
	}
	s.remove("/p4.html")
	s.set("/b.xml", sitemapOf(s.URL, "/p4.html 2024-12-08", list[5]))
	if r := once(t, p, src); r.Gone != 1 || documents(t, db) != 4 {
		t.Errorf("one answers 404: %+v", r)
	}
	s.set("/p4.html", article("雪橇场4号（重开）"))
	src.Every = time.Nanosecond // its turn is now
	if r := once(t, p, src); r.Fetched != 1 || documents(t, db) != 5 {
		t.Errorf("it is there again: %+v", r)
	}
	fresh := New(db, t.TempDir(), p.log) // another machine goes on
	fresh.pause = 0
	src.MaxPages = 2
	if r := once(t, fresh, src); r.Fetched != 2 || r.Ingest.Deleted != 0 || documents(t, db) != 5 {
		t.Errorf("what another machine has not fetched yet: %+v", r)
	}
}

func TestSitemapsArePulledInParts(t *testing.T) {
	s := newSite(t, nil)
	var list []string
	for i := range 5 {
		path := fmt.Sprintf("/p%d.html", i)
		s.set(path, article(fmt.Sprintf("雪橇场%d号", i)))
		list = append(list, path+" 2024-12-06")
	}
	list = append(list, "http://other.example/x.html 2024-12-06", "/missing.html 2024-12-06")
	s.set("/a.xml", sitemapOf(s.URL, list[:3]...))
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(sitemapOf(s.URL, list[2:]...))) // p2 stands in both
	_ = z.Close()
	s.set("/b.xml.gz", packed.String())
	s.set("/sitemap.xml", `<sitemapindex><sitemap><loc>`+s.URL+`/a.xml</loc></sitemap><sitemap><loc>`+s.URL+`/b.xml.gz</loc></sitemap><sitemap><loc>`+s.URL+`/sitemap.xml</loc></sitemap></sitemapindex>`)
	p, db := newPuller(t)
	src := checked(t, Source{Name: "雪橇", Kind: Sitemap, URL: s.URL + "/sitemap.xml", MaxPages: 4, Private: true})
	if r := once(t, p, src); r.Fetched != 4 || r.Left != 2 || documents(t, db) != 4 {
		t.Errorf("first %+v", r)
	}
	p = New(db, p.dir, p.log) // as after a restart
	p.pause = 0
	if r := once(t, p, src); r.Fetched != 1 || r.Left != 0 || len(r.Faults) != 1 || documents(t, db) != 5 {
		t.Errorf("second %+v", r)
	}
	for i := range 5 {
		if n := s.count(fmt.Sprintf("/p%d.html", i)); n != 1 {
			t.Errorf("page %d was fetched %d times", i, n)
		}
	}
	s.set("/p1.html", article("雪橇场1号（新）"))
	s.set("/a.xml", sitemapOf(s.URL, list[0], "/p1.html 2024-12-07", list[2]))
	if r := once(t, p, src); r.Fetched != 1 || s.count("/p1.html") != 2 || s.count("/p0.html") != 1 {
		t.Errorf("third %+v", r)
	}
	found := false
	changes, err := db.Changes(context.Background(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		found = found || c.Document != nil && c.Document.URL == s.URL+"/p0.html"
	}
	if !found {
		t.Error("no document says where it came from")
	}
	runs, err := db.Runs(context.Background(), 10)
	if err != nil || len(runs) == 0 || runs[0].Source != "雪橇" {
		t.Errorf("the runs are %+v, %v", runs, err)
	}
}

func TestRobotsAreFollowed(t *testing.T) {
	s := newSite(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/moved.html" {
			http.Redirect(w, r, "/secret/a.html", http.StatusFound)
			return true
		}
		return false
	})
	s.set("/robots.txt", "User-agent: *\nDisallow: /secret/\n")
	s.set("/open.html", article("雪橇场"))
	s.set("/secret/a.html", article("秘密"))
	s.set("/sitemap.xml", sitemapOf(s.URL, "/open.html", "/secret/a.html", "/moved.html"))
	p, _ := newPuller(t)
	r := once(t, p, checked(t, Source{Name: "雪橇", Kind: Sitemap, URL: s.URL + "/sitemap.xml", Private: true}))
	if r.Fetched != 1 || len(r.Faults) != 2 || s.count("/secret/a.html") != 0 {
		t.Errorf("pulled %+v, the secret page %d times", r, s.count("/secret/a.html"))
	}
	ill := newSite(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/robots.txt" {
			w.WriteHeader(http.StatusBadGateway)
		}
		return r.URL.Path == "/robots.txt"
	})
	ill.set("/feed.json", "{}")
	if _, err := p.Once(context.Background(), checked(t, Source{Name: "x", Kind: Records, URL: ill.URL + "/feed.json", Private: true})); err == nil || ill.count("/feed.json") != 0 {
		t.Errorf("while robots.txt cannot be read: %v", err)
	}
}

// TestPrivateNetworksAreNotDialled tries to lead the puller to servers on loopback that are not the source.
func TestPrivateNetworksAreNotDialled(t *testing.T) {
	inner := newSite(t, nil)
	inner.set("/feed.json", `{"title": "内部", "date": "2023-02-03", "text": "内部。"}`)
	outer := newSite(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/feed.json" {
			http.Redirect(w, r, inner.URL+"/feed.json", http.StatusFound)
		}
		return r.URL.Path == "/feed.json"
	})
	p, db := newPuller(t)
	_, err := p.Once(context.Background(), checked(t, Source{Name: "x", Kind: Records, URL: outer.URL + "/feed.json", Private: true}))
	if !errors.Is(err, ErrPrivate) || outer.count("/feed.json") != 1 {
		t.Errorf("a redirect to another port: %v", err)
	}
	for what, address := range map[string]string{"itself": inner.URL, "by name": strings.Replace(inner.URL, "127.0.0.1", "localhost", 1)} {
		if _, err := p.Once(context.Background(), checked(t, Source{Name: "x", Kind: Records, URL: address + "/feed.json"})); !errors.Is(err, ErrPrivate) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if inner.count("/feed.json")+inner.count("/robots.txt") != 0 || documents(t, db) != 0 {
		t.Error("the inner server was asked")
	}
	other := newSite(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/feed.json" {
			http.Redirect(w, r, "http://localhost:1/feed.json", http.StatusFound)
		}
		return r.URL.Path == "/feed.json"
	})
	if _, err := p.Once(context.Background(), checked(t, Source{Name: "x", Kind: Records, URL: other.URL + "/feed.json", Private: true})); err == nil || !strings.Contains(err.Error(), "another site") {
		t.Errorf("a redirect to another name: %v", err)
	}
	runs, err := db.Runs(context.Background(), 1)
	if err != nil || len(runs) != 1 || len(runs[0].Faults) != 1 {
		t.Errorf("the failure is recorded as %+v, %v", runs, err)
	}
}

func TestPublicAddresses(t *testing.T) {
	for address, want := range map[string]bool{
		"8.8.8.8": true, "2606:4700::1111": true, "127.0.0.1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false,
		"100.64.0.1": false, "0.0.0.0": false, "224.0.0.1": false, "255.255.255.255": false, "198.18.0.1": false, "::1": false, "::": false, "fe80::1": false,
		"fd00::1": false, "::ffff:127.0.0.1": false, "::ffff:8.8.8.8": true, "64:ff9b::7f00:1": false, "2002:7f00:1::": false, "ff02::1": false, "fe80::1%eth0": false,
	} {
		if got := public(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s is public: %v", address, got)
		}
	}
}

func TestWhatIsTooLargeIsLeft(t *testing.T) {
	s := newSite(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/bomb.json" {
			return false
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		chunk := bytes.Repeat([]byte(" "), 1<<20)
		for range 64 {
			if _, err := z.Write(chunk); err != nil {
				break
			}
		}
		_ = z.Close()
		return true
	})
	p, db := newPuller(t)
	src := checked(t, Source{Name: "x", Kind: Records, URL: s.URL + "/bomb.json", MaxBytes: 1 << 20, Private: true})
	if _, err := p.Once(context.Background(), src); err == nil || !strings.Contains(err.Error(), "bytes") || documents(t, db) != 0 {
		t.Errorf("a bomb: %v", err)
	}
	s.set("/a.html", article("甲"))
	s.set("/b.html", article("乙"))
	s.set("/sitemap.xml", sitemapOf(s.URL, "/a.html", "/b.html"))
	src = checked(t, Source{Name: "y", Kind: Sitemap, URL: s.URL + "/sitemap.xml", MaxBytes: 100, Private: true})
	if r := once(t, p, src); r.Fetched != 1 || r.Left != 1 {
		t.Errorf("beyond the bytes of a run: %+v", r)
	}
}

func TestSitemapsThatAreNone(t *testing.T) {
	for what, raw := range map[string]string{
		"no XML": "hello <", "an entity": `<!DOCTYPE x [<!ENTITY a "aaaa">]><urlset><url><loc>&a;</loc></url></urlset>`,
	} {
		if _, _, err := parseSitemap(strings.NewReader(raw)); err == nil {
			t.Errorf("%s is read", what)
		}
	}
}

func FuzzSitemap(f *testing.F) {
	f.Add(`<urlset><url><loc>http://a.example/x</loc><lastmod>2024-01-01</lastmod></url></urlset>`)
	f.Add(`<sitemapindex><sitemap><loc>x</loc></sitemap></sitemapindex>`)
	f.Add(`<url><url>`)
	f.Fuzz(func(t *testing.T, raw string) {
		if pages, maps, err := parseSitemap(strings.NewReader(raw)); err == nil && len(pages)+len(maps) > len(raw) {
			t.Errorf("%d entries in %d bytes", len(pages)+len(maps), len(raw))
		}
	})
}

func TestFolderIsTakenInWhenItIsAtRest(t *testing.T) {
	p, db := newPuller(t)
	dir := t.TempDir()
	write := func(name, title string, age time.Duration) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(`{"title": "`+title+`", "date": "2023-02-03", "text": "今天。"}`), 0o644); err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(-age)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	src := checked(t, Source{Name: "夹", Kind: Folder, Path: dir})
	if r := once(t, p, src); r.Fetched != 0 {
		t.Errorf("nothing: %+v", r)
	}
	write("a.json", "甲", time.Minute)
	if r := once(t, p, src); r.Ingest.Added != 1 {
		t.Errorf("a file: %+v", r)
	}
	write("b.json", "乙", 0)
	if r := once(t, p, src); r.Fetched != 0 || documents(t, db) != 1 {
		t.Errorf("while it is written: %+v", r)
	}
	write("b.json", "乙", 30*time.Second)
	if r := once(t, p, src); r.Ingest.Added != 1 || r.Ingest.Unchanged != 1 {
		t.Errorf("two files: %+v", r)
	}
	if r := once(t, p, src); r.Fetched != 0 {
		t.Errorf("at rest: %+v", r)
	}
	if err := os.Remove(filepath.Join(dir, "a.json")); err != nil {
		t.Fatal(err)
	}
	if r := once(t, p, src); r.Ingest.Deleted != 1 || documents(t, db) != 1 {
		t.Errorf("a file that is gone: %+v", r)
	}
	if _, err := p.Once(context.Background(), checked(t, Source{Name: "夹", Kind: Folder, Path: filepath.Join(dir, "none")})); err == nil {
		t.Error("a folder that is not there is no error")
	}
}

func TestFollowGoesOnUntilItIsStopped(t *testing.T) {
	p, db := newPuller(t)
	dir := t.TempDir()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	src := checked(t, Source{Name: "夹", Kind: Folder, Path: dir, Every: 10 * time.Millisecond})
	go func() { p.Follow(ctx, []Source{src}); close(done) }()
	path := filepath.Join(dir, "a.json")
	if err := os.WriteFile(path, []byte(`{"title": "甲", "date": "2023-02-03", "text": "今天。"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Minute)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); documents(t, db) == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the file was not taken in")
		}
	}
	stop()
	<-done
}

func TestSourcesThatAreRefused(t *testing.T) {
	for what, s := range map[string]Source{
		"no name": {Kind: Folder, Path: "x"}, "a path for a name": {Name: "../x", Kind: Folder, Path: "x"}, "no kind": {Name: "x", URL: "http://a.example/"},
		"no folder": {Name: "x", Kind: Folder}, "another scheme": {Name: "x", Kind: Records, URL: "file:///etc/passwd"},
		"a password": {Name: "x", Kind: Records, URL: "http://a:b@a.example/"}, "too often": {Name: "x", Kind: Records, URL: "http://a.example/", Every: time.Second},
		"more than all": {Name: "x", Kind: Records, URL: "http://a.example/", MaxGone: 101}, "a negative bound": {Name: "x", Kind: Records, URL: "http://a.example/", MaxPages: -1},
	} {
		if err := s.Check(); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
}
