package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"tongsou/server"
)

const (
	portal    = "https://www.portal.gov.cn"
	portalKey = "portal-key"
)

func withPortal(o *server.Options) {
	o.Sites = []server.Site{
		{Key: portalKey, Origins: []string{portal, "https://m.portal.gov.cn:8443"}},
		{Key: "other-portal", Origins: []string{"https://other.gov.cn"}},
	}
}

// TestPortalsReadAnswersWithTheirKey asks as pages of other sites do: only an origin with its own key is let in, and every
// answer says that it differs by origin.
func TestPortalsReadAnswersWithTheirKey(t *testing.T) {
	s := newServer(t, withPortal)
	described := description(t, s)
	for _, c := range []struct {
		name, origin, query string
		status              int
		allowed             string
	}{
		{"its key", portal, "&key=" + portalKey, 200, portal},
		{"its second origin", "https://m.portal.gov.cn:8443", "&key=" + portalKey, 200, "https://m.portal.gov.cn:8443"},
		{"a wrong key", portal, "&key=none", 403, ""},
		{"no key", portal, "", 403, ""},
		{"the key of another site", portal, "&key=other-portal", 403, ""},
		{"an unknown site", "https://evil.example", "&key=" + portalKey, 403, ""},
		{"another port", portal + ":444", "&key=" + portalKey, 403, ""},
		{"without TLS", strings.Replace(portal, "https", "http", 1), "&key=" + portalKey, 403, ""},
		{"a site whose name ends alike", "https://evilwww.portal.gov.cn", "&key=" + portalKey, 403, ""},
		{"a page of no site", "null", "&key=" + portalKey, 403, ""},
		{"a program", "", "", 200, ""},
		{"a program with any key", "", "&key=none", 200, ""},
		{"our own page", "http://example.com", "", 200, ""},
	} {
		for _, path := range []string{"/api/v1/search?limit=1&q=x", "/api/v1/suggest?q=x"} {
			w := get(s, path+c.query, "Origin", c.origin)
			conforms(t, described, path+c.query, w)
			if w.Code != c.status || w.Header().Get("Access-Control-Allow-Origin") != c.allowed {
				t.Errorf("%s, %s: got %d and allowed %q, want %d and %q", c.name, path, w.Code, w.Header().Get("Access-Control-Allow-Origin"), c.status, c.allowed)
			}
			if !slices.Contains(w.Header().Values("Vary"), "Origin") {
				t.Errorf("%s, %s: Vary is %q, want Origin in it", c.name, path, w.Header().Values("Vary"))
			}
			if w.Header().Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s, %s: lets cookies in", c.name, path)
			}
			var p struct{ Title, Detail string }
			if c.status == 403 && (json.Unmarshal(w.Body.Bytes(), &p) != nil || !strings.Contains(p.Detail, "key")) {
				t.Errorf("%s, %s: answers %s, want a problem that says what to do", c.name, path, w.Body)
			}
		}
	}
}

func TestOnlySearchAndSuggestAreShared(t *testing.T) {
	s := newServer(t, withPortal)
	for _, path := range []string{"/", "/api/v1/items/none", "/healthz", "/openapi.json"} {
		if w := get(s, path+"?key="+portalKey, "Origin", portal); w.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s may be read by other sites", path)
		}
	}
}

func TestPreflight(t *testing.T) {
	s := newServer(t, withPortal)
	ask := func(origin, method, key string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodOptions, "/api/v1/search?q=x&key="+key, nil)
		if origin != "" {
			r.Header.Set("Origin", origin)
			r.Header.Set("Access-Control-Request-Method", method)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w
	}
	if w := ask(portal, "GET", portalKey); w.Code/100 != 2 || w.Header().Get("Access-Control-Allow-Origin") != portal {
		t.Errorf("a portal's GET: got %d, %v", w.Code, w.Header())
	}
	for name, w := range map[string]*httptest.ResponseRecorder{
		"DELETE": ask(portal, "DELETE", portalKey), "a wrong key": ask(portal, "GET", "none"), "an unknown site": ask("https://evil.example", "GET", portalKey),
	} {
		if w.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: is allowed: %v", name, w.Header())
		}
	}
	if w := ask("", "", ""); w.Code != http.StatusNoContent || !strings.Contains(w.Header().Get("Allow"), "GET") {
		t.Errorf("OPTIONS: got %d, %v", w.Code, w.Header())
	}
}

// TestKnownAnswersKeepTheirPermission asks again with a tag: browsers take the permission from the second answer.
func TestKnownAnswersKeepTheirPermission(t *testing.T) {
	s := newServer(t, withPortal)
	path := "/api/v1/search?limit=1&q=x&key=" + portalKey
	tag := get(s, path, "Origin", portal).Header().Get("ETag")
	if w := get(s, path, "Origin", portal, "If-None-Match", tag); w.Code != 304 || w.Header().Get("Access-Control-Allow-Origin") != portal {
		t.Errorf("got %d, allowed %q, want 304 for %s", w.Code, w.Header().Get("Access-Control-Allow-Origin"), portal)
	}
	if w := get(s, path, "Origin", "https://evil.example", "If-None-Match", tag); w.Code != 403 {
		t.Errorf("got %d for another site with the tag, want 403", w.Code)
	}
}

func TestSitesOfTheConfigurationAreChecked(t *testing.T) {
	o, err := fixture()
	if err != nil {
		t.Fatal(err)
	}
	for want, list := range map[string][]server.Site{
		"8 到 64":  {{Key: "short", Origins: []string{portal}}},
		"origins": {{Key: "long-enough"}},
		"末尾不带 /":  {{Key: "long-enough", Origins: []string{portal + "/"}}},
		"协议和主机":   {{Key: "long-enough", Origins: []string{"www.portal.gov.cn"}}},
		"无效":      {{Key: "long-enough", Origins: []string{"https://*.gov.cn"}}},
		"写了两次":    {{Key: "long-enough", Origins: []string{portal}}, {Key: "long-enough", Origins: []string{portal}}},
	} {
		o.Sites = list
		if _, err := server.New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want an error with %q", list, err, want)
		}
	}
}
