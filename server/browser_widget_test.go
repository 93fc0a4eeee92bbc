package server_test

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"tongsou/server"
)

// foreign is a portal: a site on another origin whose policy allows nothing but what the widget needs. Its page holds what
// body says, with HOST replaced, and notes the widget's events.
type foreign struct {
	host, url string
	body      string
}

// newForeign starts a server with a site of its own, and a portal. register says whether the portal's key is bound to the
// portal's origin, or to another.
func newForeign(t *testing.T, register bool, body string) *foreign {
	t.Helper()
	f := &foreign{body: body}
	page := httptest.NewServer(f)
	t.Cleanup(page.Close)
	f.url = page.URL
	origin := f.url
	if !register {
		origin = "https://somebody.else"
	}
	s := httptest.NewServer(newServer(t, func(o *server.Options) { o.Sites = []server.Site{{Key: portalKey, Origins: []string{origin}}} }))
	t.Cleanup(s.Close)
	f.host = s.URL
	return f
}

// ServeHTTP is the portal.
func (f *foreign) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/events.js": // the portal's own script
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, `window.events = [];
			for (const name of ['tongsou-search', 'tongsou-select']) document.addEventListener(name, e => {
				events.push({name, box: e.target.id, ...e.detail});
				if (window.refuse) e.preventDefault();
			});`)
	case "/":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", strings.ReplaceAll(
			"default-src 'none'; script-src HOST "+f.url+"/events.js; connect-src HOST; form-action HOST; style-src 'none'", "HOST", f.host))
		fmt.Fprintf(w, `<!DOCTYPE html><html lang="zh-CN"><head><title>门户</title></head><body><main><h1>门户</h1>%s</main>
			<script src="/events.js"></script><script src="%s/widget.js" defer></script></body></html>`,
			strings.ReplaceAll(f.body, "HOST", html.EscapeString(f.host)), f.host)
	default:
		http.NotFound(w, r)
	}
}

func box(id, attributes string) string {
	return fmt.Sprintf(`<tongsou-search id="%s" key="%s" %s><form action="HOST/search"><input name="q" aria-label="搜办事"><button>搜索</button></form></tongsou-search>`,
		id, portalKey, attributes)
}

// root is the shadow root of a box, as an expression.
func root(id string) string { return "document.getElementById('" + id + "').shadowRoot" }

// open opens the portal's page and waits for its boxes.
func (f *foreign) open(t *testing.T, ids ...string) *tab {
	t.Helper()
	b := openTab(t)
	b.visit(f.url)
	for _, id := range ids {
		b.until(root(id) + "?.querySelector('input')")
	}
	return b
}

// focus puts the caret into a box, as a click does.
func (b *tab) focus(id string) {
	b.t.Helper()
	eval[chromedp.Void](b, root(id)+".querySelector('input').focus()")
}

type event struct {
	Name, Box, Query, Kind, ID, Title, URL string
}

func (b *tab) events() []event { b.t.Helper(); return eval[[]event](b, "events") }

// closedWell fails the test for violations of the portal's policy and for requests to anybody but the portal and us.
func (f *foreign) closedWell(b *tab, what string) {
	b.t.Helper()
	b.quiet(what, strings.TrimPrefix(f.url, "http://"), strings.TrimPrefix(f.host, "http://"))
}

// TestWidgetAnswersInPlace searches in one of two boxes under the portal's policy, by the keyboard and an input method.
func TestWidgetAnswersInPlace(t *testing.T) {
	f := newForeign(t, true, box("a", `mode="results" kinds="item,policy" place="150100"`)+box("b", `mode="results" kinds="news" target="_blank"`))
	b := f.open(t, "a", "b")
	b.axe("two boxes")

	b.focus("a")
	b.compose("hai zi shang hu kou")
	b.keys(kb.ArrowDown, kb.Enter) // belong to the input method
	time.Sleep(300 * time.Millisecond)
	if eval[int](b, root("a")+".querySelectorAll('[role=option]').length") > 0 {
		t.Error("a key of the input method asked for suggestions")
	}
	b.commit("孩子上户口")
	b.until(root("a") + ".querySelectorAll('[role=option]').length")
	if got := b.events(); len(got) > 0 {
		t.Errorf("the key that ended the composition searched: %v", got)
	}
	b.axe("suggestions")
	b.shoot("widget-suggestions")
	b.keys(kb.Enter)
	b.until(root("a") + ".querySelectorAll('li a').length")
	b.axe("results")
	b.shoot("widget-results")

	if got := b.events(); len(got) != 1 || got[0].Name != "tongsou-search" || got[0].Box != "a" || got[0].Query != "孩子上户口" {
		t.Errorf("events are %v, want one search in box a", got)
	}
	text := eval[string](b, root("a")+".textContent")
	for _, want := range []string{"出生登记", "办事事项", "政策法规", "材料"} {
		if !strings.Contains(text, want) {
			t.Errorf("box a lacks %q", want)
		}
	}
	if strings.Contains(text, "新闻资讯") {
		t.Error("box a shows a kind that it must not")
	}
	if n := eval[int](b, root("b")+".querySelectorAll('li').length"); n > 0 {
		t.Errorf("box b shows %d hits of a search in box a", n)
	}
	if c := eval[string](b, "document.cookie"); c != "" {
		t.Errorf("cookies: %s", c)
	}
	if extra := eval[[]string](b, "Object.keys(window).filter(k => /tongsou|widget|base|sheet|script|count/i.test(k))"); len(extra) > 0 {
		t.Errorf("the script leaves globals: %v", extra)
	}

	eval[chromedp.Void](b, "window.refuse = true")
	eval[chromedp.Void](b, root("a")+".querySelector('li a').click()")
	if got := b.events(); got[len(got)-1].Name != "tongsou-select" || !strings.HasPrefix(got[len(got)-1].URL, f.host+"/items/") {
		t.Errorf("the last event is %v, want the item that was clicked", got[len(got)-1])
	}
	f.closedWell(b, "results in place")
}

// TestWidgetSuggests moves through the suggestions by keyboard; a screen reader hears what is chosen, Escape closes the
// list and keeps the words, and Enter opens what is chosen.
func TestWidgetSuggests(t *testing.T) {
	f := newForeign(t, true, box("a", ""))
	b := f.open(t, "a")
	input := root("a") + ".querySelector('input')"
	b.focus("a")
	b.commit("户口")
	b.until(root("a") + ".querySelectorAll('[role=option]').length > 1")
	if got := eval[string](b, input+".getAttribute('aria-expanded')"); got != "true" {
		t.Errorf("aria-expanded is %s with the list open", got)
	}
	b.keys(kb.ArrowDown, kb.ArrowDown, kb.ArrowUp)
	chosen := eval[string](b, "("+root("a")+".getElementById("+input+".getAttribute('aria-activedescendant')) || {}).textContent")
	first := eval[string](b, root("a")+".querySelector('[role=option]').textContent")
	if chosen != first || eval[int](b, root("a")+".querySelectorAll('[aria-selected=true]').length") != 1 {
		t.Errorf("chosen is %q, want the first, %q", chosen, first)
	}
	b.keys(kb.Escape)
	if open := eval[string](b, input+".getAttribute('aria-expanded')"); open != "false" || eval[string](b, input+".value") != "户口" {
		t.Error("Escape leaves the list open or loses the words")
	}
	b.keys(kb.ArrowDown)
	b.until(root("a") + ".querySelectorAll('[role=option]').length && " + input + ".getAttribute('aria-expanded') === 'true'")
	b.keys(kb.Escape)
	f.closedWell(b, "suggestions")
	b.commit("登记")
	b.until(root("a") + ".querySelector('[role=option]')?.textContent.includes('办法')")
	eval[chromedp.Void](b, "window.refuse = true")
	b.keys(kb.ArrowDown, kb.Enter)
	if got := b.events(); len(got) != 1 || got[0].Name != "tongsou-select" || got[0].Kind != "policy" || got[0].Query != "户口登记" {
		t.Errorf("events are %v, want one for the policy that was chosen", got)
	}
	time.Sleep(300 * time.Millisecond)
	if at := eval[string](b, "location.href"); at != f.url+"/" {
		t.Errorf("the page said no, and still goes to %s", at)
	}
	eval[chromedp.Void](b, "window.refuse = false")
	b.keys(kb.ArrowDown)
	b.until(input + ".getAttribute('aria-expanded') === 'true'")
	b.keys(kb.ArrowDown, kb.Enter)
	b.until("location.pathname.startsWith('/documents/')")
	if at := eval[string](b, "location.origin"); at != f.host {
		t.Errorf("Enter led to %s, want %s", at, f.host)
	}
}

// TestWidgetLeadsToTheResultPage sends what was typed, with place and kinds, to the result page of this server.
func TestWidgetLeadsToTheResultPage(t *testing.T) {
	f := newForeign(t, true, box("a", `place="150100" kinds="item,policy"`))
	b := f.open(t, "a")
	b.focus("a")
	b.commit("社保卡")
	b.keys(kb.Enter)
	b.until("location.pathname === '/search' && document.readyState === 'complete'")
	if at := eval[string](b, "location.href"); at != f.host+"/search?q="+url.QueryEscape("社保卡")+"&place=150100&kind=item&kind=policy" {
		t.Errorf("Enter led to %s", at)
	}
}

// TestWidgetWithoutScripts sends the form inside the element.
func TestWidgetWithoutScripts(t *testing.T) {
	f := newForeign(t, true, box("a", ""))
	b := openTab(t)
	b.scripts(false)
	b.run(chromedp.Navigate(f.url), chromedp.Focus(chromedp.CSS("tongsou-search input")))
	b.commit("社保卡")
	b.keys(kb.Enter)
	b.until("location.pathname === '/search'")
	if at := eval[string](b, "location.origin"); at != f.host {
		t.Errorf("the form led to %s, want %s", at, f.host)
	}
}

// TestWidgetOfAnotherSiteIsRefused copies a portal's snippet to another site: nothing is shown but how to go on.
func TestWidgetOfAnotherSiteIsRefused(t *testing.T) {
	f := newForeign(t, false, box("a", `mode="results"`))
	b := f.open(t, "a")
	b.focus("a")
	b.commit("社保卡")
	b.keys(kb.Enter)
	b.until(root("a") + ".querySelector('.results a')")
	if n := eval[int](b, root("a")+".querySelectorAll('li').length"); n > 0 {
		t.Errorf("%d hits are shown to a site without a key", n)
	}
	if link := eval[string](b, root("a")+".querySelector('.results a').href"); !strings.HasPrefix(link, f.host+"/search?q=") {
		t.Errorf("the way on is %s", link)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !strings.Contains(strings.Join(b.console, "\n"), "CORS") {
		t.Errorf("the browser did not refuse the answer: %q", b.console)
	}
}
