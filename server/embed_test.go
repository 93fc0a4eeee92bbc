package server_test

import (
	"net/url"
	"strings"
	"testing"

	"tongsou/server"
)

func textarea(t *testing.T, page, id string) string {
	t.Helper()
	for _, n := range nodes(t, page, "textarea") {
		if attr(n, "id") == id && n.FirstChild != nil {
			return n.FirstChild.Data
		}
	}
	return ""
}

// TestEmbedMakesTheCode fills in the form and reads the code as a portal's page would.
func TestEmbedMakesTheCode(t *testing.T) {
	s := newServer(t, func(o *server.Options) { o.Place, o.TrustedProxies = "15", networks(t, "192.0.2.0/24") })
	q := url.Values{"place": {"新城区"}, "kinds": {"policy", "item"}, "mode": {"results"}, "window": {"new"}, "key": {`k"><script>`}, "brand": {"#FFD54F"}}
	page := get(s, "/embed?"+q.Encode(), "Accept", "text/html", "X-Forwarded-Proto", "https").Body.String()
	code := textarea(t, page, "code")
	element := nodes(t, code, "tongsou-search")[0]
	for name, want := range map[string]string{"place": "150102", "kinds": "item,policy", "mode": "results", "target": "_blank", "key": `k"><script>`} {
		if attr(element, name) != want {
			t.Errorf("%s is %q, want %q", name, attr(element, name), want)
		}
	}
	if got := attr(nodes(t, code, "script")[0], "src"); !strings.HasPrefix(got, "https://example.com/widget-") {
		t.Errorf("the script is at %s", got)
	}
	if css := textarea(t, page, "css"); !strings.Contains(css, "--tongsou-brand: #ffd54f") || !strings.Contains(css, "ink: #000") {
		t.Errorf("black is what can be read on yellow; the style sheet is %s", css)
	}
	preview := attr(nodes(t, page, "iframe")[0], "src")
	if w := get(s, preview, "Accept", "text/html"); w.Code != 200 || !strings.Contains(w.Header().Get("Content-Security-Policy"), "frame-ancestors 'self'") {
		t.Errorf("the preview %s answers %d, %s", preview, w.Code, w.Header().Get("Content-Security-Policy"))
	}
}

func TestEmbedSaysWhichPlaceIsMeant(t *testing.T) {
	s := newServer(t, nil)
	for place, want := range map[string]string{"没有的市": "没有叫", "999999": "没有叫", "鼓楼区": "不止一个"} {
		page := get(s, "/embed?place="+url.QueryEscape(place), "Accept", "text/html").Body.String()
		if !strings.Contains(page, want) || strings.Contains(textarea(t, page, "code"), "place=") {
			t.Errorf("%s: the page lacks %q, or the code has a place", place, want)
		}
	}
}

// TestFramesOnlyWithinTheirOrigins asks who may frame the page: the origins of the key, and nobody without one.
func TestFramesOnlyWithinTheirOrigins(t *testing.T) {
	s := newServer(t, withPortal)
	w := get(s, "/embed/frame?mode=results&key="+portalKey, "Accept", "text/html")
	if csp := w.Header().Get("Content-Security-Policy"); w.Code != 200 || !strings.HasSuffix(csp, "frame-ancestors "+portal+" https://m.portal.gov.cn:8443") {
		t.Errorf("got %d, %s", w.Code, csp)
	}
	for _, path := range []string{"/embed/frame", "/embed/frame?key=none", "/embed", "/", "/search?q=x&key=" + portalKey} {
		if csp := get(s, path, "Accept", "text/html").Header().Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("%s may be framed: %s", path, csp)
		}
	}
	if w := get(s, "/embed/theme.css?brand=red;}body{display:none"); w.Code != 400 {
		t.Errorf("a colour that is none answers %d", w.Code)
	}
}
