package server_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"tongsou/corpus"
	"tongsou/corpus/store"
	"tongsou/index"
	"tongsou/index/embedded"
	"tongsou/server"
)

// attack is what a document may hold to get a script into a page, in every place where it may stand.
const attack = `<script>window.hacked=1</script><img src=x onerror="window.hacked=1">"onmouseover="window.hacked=1" ` +
	"javascript:window.hacked=1 {{.}} ]]>--> \u202e\u0007\u001b[31m\u2028</textarea></title>攻击词"

const badLink = "javascript:window.hacked=1"

// hostileDocuments are documents whose every field attacks.
func hostileDocuments() []*corpus.Document {
	sections := []corpus.Section{{ID: "a1", Label: "第一条" + attack, Path: []string{attack}, Text: attack}}
	return []*corpus.Document{
		{
			ID: "bad-item", Kind: corpus.KindItem, Title: "攻击词事项" + attack, URL: badLink, Region: "150102", Sections: sections,
			Item: &corpus.Item{
				Body: attack, Type: attack, Handling: attack, Conditions: []string{attack}, ApplyURL: badLink, Phone: attack, Everyday: []string{attack},
				Materials: []corpus.Material{{Name: attack, Note: attack, BlankForm: badLink, Filled: badLink}},
				Steps:     []corpus.Step{{Name: attack, Who: attack, Text: attack}}, Fees: []corpus.Fee{{Name: attack, Standard: attack}},
				Places: []corpus.Place{{Name: attack, Address: attack, Hours: attack, Phone: attack}}, FAQ: []corpus.QA{{Question: attack, Answer: attack}},
				Basis: []corpus.Basis{{Law: attack, Article: attack, Text: attack}}, Mongolian: attack, LifeEvents: []string{attack},
			},
		},
		// Short enough to be suggested.
		{ID: "bad-name", Kind: corpus.KindItem, Title: "攻击词<img src=x onerror=window.hacked=1>", Item: &corpus.Item{Body: "某局"}},
		{ID: "bad-policy", Kind: corpus.KindPolicy, Title: "攻击词办法" + attack, URL: badLink, Number: attack, Issuer: attack, History: []string{attack}, Sections: sections, Published: "2024-01-02"},
		{ID: "bad-news", Kind: corpus.KindNews, Title: "攻击词消息" + attack, URL: badLink, Byline: attack, Kicker: attack, Subtitle: attack, Sections: sections, Published: "2024-01-02"},
	}
}

// hostileServer stands over those documents alone.
func hostileServer(t *testing.T, sites ...server.Site) *server.Server {
	t.Helper()
	ctx, dir := context.Background(), t.TempDir()
	s, err := store.Open(ctx, filepath.Join(dir, "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	e, err := embedded.Open(embedded.Options{Path: filepath.Join(dir, "index")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	if _, err := s.Put(ctx, hostileDocuments()); err != nil {
		t.Fatal(err)
	}
	if _, err := index.CatchUp(ctx, s, e, nil); err != nil {
		t.Fatal(err)
	}
	h, err := newSite(server.Options{Engine: e, Library: s, Sites: sites, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestMarkupInDocumentsIsText opens every kind of page over documents that attack, and the box of a portal. The attack is
// there to be read, and nothing of it is markup, a link or a script that runs.
func TestMarkupInDocumentsIsText(t *testing.T) {
	portal := httptest.NewUnstartedServer(nil)
	origin := "http://" + portal.Listener.Addr().String()
	s := httptest.NewServer(hostileServer(t, server.Site{Key: portalKey, Origins: []string{origin}}))
	t.Cleanup(s.Close)
	b := openTab(t)
	word := url.QueryEscape("攻击词")
	for _, path := range []string{
		"/", "/search?q=" + word, "/search?kind=policy&q=" + word, "/items/bad-item", "/documents/bad-policy", "/documents/bad-news", "/docs",
		"/search?q=" + url.QueryEscape(attack), "/search?kind=" + url.QueryEscape(attack), "/embed?key=" + url.QueryEscape(attack) + "&place=" + url.QueryEscape(attack),
	} {
		b.forget()
		b.visit(s.URL + path)
		b.harmless(path, "document")
		if strings.Contains(path, "bad-") && !strings.Contains(eval[string](b, "document.body.innerText"), "window.hacked=1") {
			t.Errorf("%s: the text of the document is not shown", path)
		}
		b.console = deleteStatusLines(b.console)
	}

	f := &foreign{host: s.URL, url: origin, body: box("a", `mode="results"`)}
	portal.Config.Handler = f
	portal.Start()
	t.Cleanup(portal.Close)
	b = f.open(t, "a")
	b.focus("a")
	b.commit("攻击词")
	b.until(root("a") + ".querySelectorAll('[role=option]').length")
	b.harmless("suggestions of the box", root("a"))
	b.keys(kb.Enter)
	b.until(root("a") + ".querySelectorAll('li').length")
	b.harmless("results in the box", root("a"))
	f.closedWell(b, "the box")
}

// harmless fails the test when an attack became more than text somewhere below a root.
func (b *tab) harmless(what, root string) {
	b.t.Helper()
	if eval[bool](b, "'hacked' in window") {
		b.t.Errorf("%s: a script of a document ran", what)
	}
	made := eval[[]string](b, `[...`+root+`.querySelectorAll('*')].filter(e =>
		[...e.attributes].some(a => /^on/i.test(a.name) || /^\s*(javascript|data|vbscript):/i.test(a.value) && /^(href|src|action)$/i.test(a.name))
		|| e.localName === 'img' && e.getAttribute('src') === 'x' || e.localName === 'script' && !e.src).map(e => e.outerHTML.slice(0, 200))`)
	for _, m := range made {
		b.t.Errorf("%s: a document made markup: %s", what, m)
	}
}
