package server_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// post sends a form as a browser does, with the cookies given as name=value.
func post(s http.Handler, target string, form url.Values, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func cookie(w *httptest.ResponseRecorder, name string) *http.Cookie {
	for _, c := range w.Result().Cookies() { //nolint:bodyclose // a recorder's body needs no closing
		if c.Name == name {
			return c
		}
	}
	return nil
}

func TestLookIsRememberedAndShown(t *testing.T) {
	s := newServer(t, nil)
	for _, c := range []struct{ had, asked, kept, class string }{
		{"", "large", "large", "large"},
		{"large", "dark", "large.dark", "large dark"},
		{"large.dark", "contrast", "large.contrast.dark", "large contrast dark"},
		{"large.contrast.dark", "auto", "large.contrast", "large contrast"},
		{"large.contrast", "normal", "contrast", "contrast"},
		{"contrast", "plain", "", ""},
		{`<script>.large`, "light", "large.light", "large light"},
	} {
		w := post(s, "/settings", url.Values{"look": {c.asked}, "back": {"/search?q=x&next="}}, "Cookie", "look="+c.had)
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/search?q=x&next=" {
			t.Errorf("%q and %q: got %d to %q", c.had, c.asked, w.Code, w.Header().Get("Location"))
		}
		got := cookie(w, "look")
		if got == nil || got.Value != c.kept || !got.HttpOnly || got.SameSite != http.SameSiteLaxMode || (got.MaxAge > 0) != (c.kept != "") {
			t.Errorf("%q and %q: the cookie is %v, want %q", c.had, c.asked, got, c.kept)
		}
		page := get(s, "/", "Cookie", "look="+c.kept).Body.String()
		if class := attr(nodes(t, page, "html")[0], "class"); class != c.class {
			t.Errorf("with the cookie %q the page is %q, want %q", c.kept, class, c.class)
		}
	}
}

func TestSettingsLeadBackToThisSiteOnly(t *testing.T) {
	s := newServer(t, nil)
	for _, back := range []string{"", "https://elsewhere.example/", "//elsewhere.example/", `/\elsewhere.example`, "javascript:alert(1)", "search", "/%2F/elsewhere\r\nX: y"} {
		w := post(s, "/settings", url.Values{"look": {"large"}, "back": {back}})
		if to := w.Header().Get("Location"); to != "/" {
			t.Errorf("back to %q leads to %q, want the home page", back, to)
		}
	}
	w := post(s, "/settings", url.Values{"look": {"large"}}, "Sec-Fetch-Site", "cross-site")
	if w.Code != http.StatusForbidden || cookie(w, "look") != nil {
		t.Errorf("a form on another site got %d and %v, want 403 and no cookie", w.Code, cookie(w, "look"))
	}
}

func TestMethodsAreNamed(t *testing.T) {
	s := newServer(t, nil)
	for target, want := range map[string]string{"/settings": "POST", "/search": "GET, HEAD"} {
		r := httptest.NewRequest(http.MethodDelete, target, nil)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != want {
			t.Errorf("DELETE %s: got %d, Allow %q, want %q", target, w.Code, w.Header().Get("Allow"), want)
		}
	}
}

func TestAPageOfTheLookIsNotTakenForAnother(t *testing.T) {
	s := newServer(t, nil)
	tag := get(s, "/").Header().Get("ETag")
	if w := get(s, "/", "If-None-Match", tag, "Cookie", "look=large"); w.Code != http.StatusOK {
		t.Errorf("the page in large type answers %d to the tag of the other, want 200", w.Code)
	}
	if w := get(s, "/", "If-None-Match", tag, "Cookie", "place=1501"); w.Code != http.StatusOK {
		t.Errorf("the page of another place answers %d to the tag of the first, want 200", w.Code)
	}
}

func TestAssetsAreKeptForGoodUnderTheirHash(t *testing.T) {
	s := newServer(t, nil)
	sheet := styleSheet(t, s)
	if w := get(s, sheet); w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("%s: got %d, Cache-Control %q", sheet, w.Code, w.Header().Get("Cache-Control"))
	}
	if w := get(s, "/assets/older/style.css"); w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-cache" {
		t.Errorf("an older build: got %d, Cache-Control %q, want today's file that is not kept", w.Code, w.Header().Get("Cache-Control"))
	}
	for _, hidden := range []string{"layout.html", "openapi.yaml", "..%2Fserver.go"} {
		if w := get(s, "/assets/older/"+hidden); w.Code == http.StatusOK {
			t.Errorf("/assets serves %s", hidden)
		}
	}
}
