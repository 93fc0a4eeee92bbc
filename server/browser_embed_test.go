package server_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"tongsou/server"
)

// TestFrameStandsInItsPortalOnly puts the frame into pages that allow no scripts: it works within the origin of its key,
// and browsers refuse to show it anywhere else.
func TestFrameStandsInItsPortalOnly(t *testing.T) {
	snippet := server.Snippet{Key: portalKey, Results: true}
	var host string
	portal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-src "+host)
		snippet.Host = host
		markup, err := snippet.Frame()
		if err != nil {
			t.Error(err)
		}
		_, _ = w.Write([]byte(`<!DOCTYPE html><html lang="zh-CN"><title>门户</title><h1>门户</h1>` + markup))
	}))
	t.Cleanup(portal.Close)
	for name, c := range map[string]struct {
		origin string
		loaded bool
	}{"its portal": {portal.URL, true}, "another site": {"https://somebody.else", false}} {
		s := httptest.NewServer(newServer(t, func(o *server.Options) { o.Sites = []server.Site{{Key: portalKey, Origins: []string{c.origin}}} }))
		host = s.URL
		b := openTab(t)
		b.visit(portal.URL)
		loaded, refused := b.framed()
		if loaded != c.loaded || refused == c.loaded {
			t.Errorf("%s: the frame is shown: %t, refused: %t; want it shown: %t", name, loaded, refused, c.loaded)
		}
		s.Close()
	}
}

// framed waits until the browser has shown a frame, whose page asks for the script, or has said why it does not.
func (b *tab) framed() (shown, refused bool) {
	for end := time.Now().Add(10 * time.Second); !shown && !refused && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		b.mu.Lock()
		shown = slices.ContainsFunc(b.requests, func(r string) bool { return strings.Contains(r, "/widget-") })
		refused = strings.Contains(strings.Join(b.console, "\n"), "frame-ancestors")
		b.mu.Unlock()
	}
	return shown, refused
}

// TestEmbedIsLive changes the form: code and preview follow, without the button.
func TestEmbedIsLive(t *testing.T) {
	b := openTab(t)
	b.visit(siteURL(t) + "/embed")
	set := func(id, value string) {
		eval[chromedp.Void](b, `{const e = document.getElementById('`+id+`'); e.value = '`+value+`'; e.dispatchEvent(new Event('input', {bubbles: true}))}`)
	}
	set("where", "赛罕区")
	b.until(`document.getElementById('code').value.includes('place="150105"')`)
	b.until(`document.querySelector('iframe').contentDocument.querySelector('tongsou-search')?.shadowRoot`)
	if at := eval[string](b, "document.querySelector('iframe').contentDocument.querySelector('tongsou-search').getAttribute('place')"); at != "150105" {
		t.Errorf("the preview searches in %s", at)
	}
	set("where", "没有的地方")
	b.until(`document.getElementById('where').hasAttribute('aria-invalid')`)
	b.axe("a place that is not known")
	b.quiet("/embed", eval[string](b, "location.host"))
}

// TestDocsAnswerInPlace tries an example: the answer stands below it.
func TestDocsAnswerInPlace(t *testing.T) {
	b := openTab(t)
	b.visit(siteURL(t) + "/docs")
	b.run(chromedp.Click(chromedp.CSS("#search form.try button")))
	b.until(`document.querySelector('#search .answer pre')?.textContent.includes('"groups"')`)
	b.run(chromedp.Click(chromedp.CSS("#item ul.try a")))
	b.until(`document.querySelector('#item .answer pre')?.textContent.includes('"kind": "item"')`)
	b.axe("/docs with answers")
	b.quiet("/docs", eval[string](b, "location.host"))
}
