package server_test

import (
	"context"
	"encoding/xml"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"tongsou/corpus"
	"tongsou/corpus/store"
	"tongsou/index"
	"tongsou/server"
	"tongsou/server/follow"
)

// feed is an Atom feed as a reader sees it.
type feed struct {
	XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
	ID      []string `xml:"http://www.w3.org/2005/Atom id"`
	Title   []string `xml:"http://www.w3.org/2005/Atom title"`
	Updated []string `xml:"http://www.w3.org/2005/Atom updated"`
	Author  []struct {
		Name string `xml:"name"`
	} `xml:"http://www.w3.org/2005/Atom author"`
	Links   []feedLink  `xml:"http://www.w3.org/2005/Atom link"`
	Entries []feedEntry `xml:"http://www.w3.org/2005/Atom entry"`
}

type feedEntry struct {
	ID      []string   `xml:"http://www.w3.org/2005/Atom id"`
	Title   []string   `xml:"http://www.w3.org/2005/Atom title"`
	Updated []string   `xml:"http://www.w3.org/2005/Atom updated"`
	Links   []feedLink `xml:"http://www.w3.org/2005/Atom link"`
	Summary []string   `xml:"http://www.w3.org/2005/Atom summary"`
}

type feedLink struct {
	Rel  string `xml:"rel,attr"`
	Href string `xml:"href,attr"`
	Type string `xml:"type,attr"`
}

// readFeed gets a feed and holds it to what RFC 4287 demands.
func readFeed(t *testing.T, s http.Handler, address string) feed {
	t.Helper()
	w := get(s, address)
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "application/atom+xml") {
		t.Fatalf("%s: %d %s %.300s", address, w.Code, w.Header().Get("Content-Type"), w.Body)
	}
	var f feed
	if err := xml.Unmarshal(w.Body.Bytes(), &f); err != nil {
		t.Fatalf("%s: %v", address, err)
	}
	if len(f.ID) != 1 || len(f.Title) != 1 || len(f.Updated) != 1 || len(f.Author) != 1 || f.Author[0].Name == "" || f.Title[0] == "" {
		t.Errorf("%s: the feed needs one id, title, updated and author: %+v", address, f)
	}
	rels := map[string]string{}
	for _, l := range f.Links {
		rels[l.Rel] = l.Href
	}
	if !strings.HasPrefix(rels["self"], "http") || !strings.Contains(rels["self"], strings.SplitN(address, "?", 2)[0]) || rels["alternate"] == "" {
		t.Errorf("%s: links %v", address, f.Links)
	}
	ids := map[string]bool{}
	newest := time.Time{}
	for i, e := range f.Entries {
		if len(e.ID) != 1 || len(e.Title) != 1 || len(e.Updated) != 1 || len(e.Links) == 0 || !strings.HasPrefix(e.Links[0].Href, "http") {
			t.Errorf("%s: an entry needs one id, title, updated and a link: %+v", address, e)
			continue
		}
		if u, err := url.Parse(e.ID[0]); err != nil || !strings.HasPrefix(u.String(), "urn:uuid:") || ids[e.ID[0]] {
			t.Errorf("%s: entry id %q is no address of its own", address, e.ID[0])
		}
		ids[e.ID[0]] = true
		at, err := time.Parse(time.RFC3339, e.Updated[0])
		if err != nil {
			t.Errorf("%s: %v", address, err)
		}
		if i == 0 {
			newest = at
		}
		if at.After(newest) {
			t.Errorf("%s: entry %d of %s stands below one of %s", address, i, at, newest)
		}
	}
	if at, err := time.Parse(time.RFC3339, f.Updated[0]); err != nil || len(f.Entries) > 0 && !at.Equal(newest) {
		t.Errorf("%s: updated %v, %v, the newest entry is of %s", address, f.Updated, err, newest)
	}
	return f
}

func (f *feed) titles() (list []string) {
	for _, e := range f.Entries {
		list = append(list, e.Title[0])
	}
	return list
}

func TestFeedsOfSearches(t *testing.T) {
	s := newServer(t, nil)
	all := readFeed(t, s, "/feeds/new.atom")
	found := readFeed(t, s, "/feeds/search.atom?q="+url.QueryEscape("社保卡"))
	policies := readFeed(t, s, "/feeds/search.atom?kind=policy&q="+url.QueryEscape("身份证"))
	if len(all.Entries) != 50 || len(found.Entries) == 0 || len(policies.Entries) == 0 {
		t.Errorf("%d of all, %d and %d found", len(all.Entries), len(found.Entries), len(policies.Entries))
	}
	if all.ID[0] == found.ID[0] || found.ID[0] == policies.ID[0] {
		t.Error("two feeds have one id")
	}
	named := readFeed(t, newServer(t, func(o *server.Options) { o.PublicURL = "https://so.example.org" }), "/feeds/search.atom?q="+url.QueryEscape("社保卡"))
	if named.ID[0] != found.ID[0] || named.Entries[0].ID[0] != found.Entries[0].ID[0] {
		t.Error("the ids change with the name of the server")
	}
	if !strings.HasPrefix(named.Entries[0].Links[0].Href, "https://so.example.org/") {
		t.Errorf("leads to %s", named.Entries[0].Links[0].Href)
	}
	for _, wrong := range []string{"/feeds/search.atom?kind=book", "/feeds/new.atom?q=x", "/feeds/search.atom?utm=x"} {
		if w := get(s, wrong); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", wrong, w.Code)
		}
	}
	if w := get(s, "/feeds/documents/none.atom"); w.Code != http.StatusNotFound {
		t.Errorf("no document: %d", w.Code)
	}
}

func TestFeedIsNotSentTwice(t *testing.T) {
	s := newServer(t, nil)
	const address = "/feeds/new.atom"
	w := get(s, address)
	tag, at := w.Header().Get("ETag"), w.Header().Get("Last-Modified")
	if tag == "" || at == "" {
		t.Fatalf("ETag %q, Last-Modified %q", tag, at)
	}
	for _, header := range [][]string{{"If-None-Match", tag}, {"If-Modified-Since", at}} {
		if w := get(s, address, header...); w.Code != http.StatusNotModified || w.Body.Len() > 0 {
			t.Errorf("%v: %d with %d bytes", header, w.Code, w.Body.Len())
		}
	}
	if w := get(s, address, "If-None-Match", `"other"`, "If-Modified-Since", at); w.Code != http.StatusOK {
		t.Errorf("another tag: %d", w.Code)
	}
}

func TestPagesNameTheirFeeds(t *testing.T) {
	s := newServer(t, nil)
	for page, want := range map[string]string{
		"/": "/feeds/new.atom", "/items/item-birth-registration-150102": "/feeds/documents/item-birth-registration-150102.atom",
		"/documents/doc-899f061e0f0d9d1f":                          "/feeds/documents/doc-899f061e0f0d9d1f.atom",
		"/search?kind=policy&sort=date&q=" + url.QueryEscape("户口"): "/feeds/search.atom?kind=policy&q=" + url.QueryEscape("户口"),
		"/place": "",
	} {
		body := get(s, page, "Accept", "text/html").Body.String()
		got := ""
		for _, n := range nodes(t, body, "link") {
			if attr(n, "rel") == "alternate" {
				got = attr(n, "href")
			}
		}
		if got != want {
			t.Errorf("%s names the feed %q, want %q", page, got, want)
		}
		if want == "" {
			continue
		}
		readFeed(t, s, got)
		if page != "/" && !slices.ContainsFunc(nodes(t, body, "a"), func(n *html.Node) bool { return strings.HasPrefix(attr(n, "href"), "/follow?") }) {
			t.Errorf("%s has no plain link to follow it", page)
		}
	}
}

// lawServer is a server over a store of its own, with a book of followers that stands beside it.
func lawServer(t *testing.T, now func() time.Time, change func(*server.Options)) (*server.Server, *store.Store, *follow.Book) {
	t.Helper()
	ctx := context.Background()
	st, err := store.Open(ctx, filepath.Join(t.TempDir(), "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	book, err := follow.Open(ctx, filepath.Join(t.TempDir(), "follow.db"), follow.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	put(t, st, version("heat-1", "示例市取暖办法", "2010-01-01"), heatItem("5 个工作日内办结"))
	s := newServer(t, func(o *server.Options) {
		o.Library, o.Archive, o.Followers = st, st, book
		if change != nil {
			change(o)
		}
	})
	t.Cleanup(func() {
		for _, close := range []func() error{s.Close, book.Close, st.Close} {
			if err := close(); err != nil {
				t.Error(err)
			}
		}
	})
	if _, err := book.Note(ctx, st); err != nil { // what is there is no news
		t.Fatal(err)
	}
	return s, st, book
}

func put(t *testing.T, st *store.Store, docs ...*corpus.Document) {
	t.Helper()
	if _, err := st.Put(context.Background(), docs); err != nil {
		t.Fatal(err)
	}
}

func version(id, title string, effective corpus.Date) *corpus.Document {
	return &corpus.Document{ID: id, Kind: corpus.KindPolicy, Title: title, Family: title, Effective: effective, Published: effective,
		Source: corpus.Source{Name: id}, Sections: []corpus.Section{{ID: "a1", Label: "第一条", Text: "取暖费按面积收取。<&\x07" + id}}}
}

func heatItem(condition string) *corpus.Document {
	return &corpus.Document{ID: "item-heat", Kind: corpus.KindItem, Title: "取暖费减免", Region: "150102", Source: corpus.Source{Name: "items"},
		Item: &corpus.Item{Code: "000123456789", Conditions: []string{condition}, Basis: []corpus.Basis{{Law: "示例市取暖办法", Article: "第一条"}}}}
}

func TestFeedOfADocumentTellsWhatBecomesOfIt(t *testing.T) {
	s, st, book := lawServer(t, nil, nil)
	f := readFeed(t, s, "/feeds/documents/heat-1.atom")
	if got := f.titles(); len(got) != 1 || got[0] != "示例市取暖办法" {
		t.Errorf("at first it tells %v", got)
	}
	changed := version("heat-1", "示例市取暖办法", "2010-01-01")
	changed.Sections[0].Text = "取暖费按户收取。"
	put(t, st, changed, version("heat-2", "示例市取暖办法", "2020-05-01"), heatItem("3 个工作日内办结"))
	repealed := version("heat-2", "示例市取暖办法", "2020-05-01")
	repealed.Repealed = "2099-01-01"
	put(t, st, repealed)
	if _, err := book.Note(context.Background(), st); err != nil {
		t.Fatal(err)
	}
	f = readFeed(t, s, "/feeds/documents/heat-1.atom")
	got := strings.Join(f.titles(), "\n")
	for _, want := range []string{"被修订：示例市取暖办法", "有更新：取暖费减免", "示例市取暖办法"} {
		if !strings.Contains(got+"\n", want+"\n") {
			t.Errorf("%q is not told:\n%s", want, got)
		}
	}
	if again := readFeed(t, s, "/feeds/documents/heat-1.atom"); strings.Join(again.titles(), "\n") != got || again.Entries[0].ID[0] != f.Entries[0].ID[0] {
		t.Error("the feed is another the second time")
	}
	f = readFeed(t, s, "/feeds/documents/heat-2.atom")
	if got := strings.Join(f.titles(), "\n"); !strings.Contains(got, "被废止：示例市取暖办法") || strings.Contains(got, "被修订") {
		t.Errorf("the feed of the second version tells\n%s", got)
	}
	for _, e := range f.Entries {
		if at, err := time.Parse(time.RFC3339, e.Updated[0]); err != nil || at.After(time.Now().Add(24*time.Hour)) {
			t.Errorf("%s is of %s, which is to come", e.Title[0], e.Updated[0])
		}
	}
	if f = readFeed(t, s, "/feeds/documents/item-heat.atom"); !strings.Contains(strings.Join(f.titles(), "\n"), "有更新：取暖费减免") {
		t.Errorf("the feed of the item tells %v", f.titles())
	}
}

// halting is an engine that never finishes in time.
type halting struct{ server.Engine }

func (e halting) Search(ctx context.Context, q index.Query) (*index.Result, error) {
	res, err := e.Engine.Search(ctx, q)
	if err == nil {
		res.Partial = true
	}
	return res, err
}

func TestHalfAFeedIsNone(t *testing.T) {
	s := newServer(t, func(o *server.Options) { o.Engine = halting{o.Engine} })
	if w := get(s, "/feeds/new.atom"); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d with Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
}
