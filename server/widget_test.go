package server_test

import (
	"crypto/sha512"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"tongsou/corpus"
	"tongsou/server"
)

// TestSnippetNamesTheScriptAndItsHash follows the snippet as a browser does: the script is there, may be read by any site,
// never changes, and has the hash.
func TestSnippetNamesTheScriptAndItsHash(t *testing.T) {
	s := newServer(t, nil)
	text, err := server.Snippet{
		Host: "https://so.example", Place: "1501", Key: "a-key-of\"it", Kinds: []corpus.Kind{corpus.KindItem, corpus.KindPolicy}, Results: true,
	}.HTML()
	if err != nil {
		t.Fatal(err)
	}
	script, element := nodes(t, text, "script")[0], nodes(t, text, "tongsou-search")[0]
	w := get(s, strings.TrimPrefix(attr(script, "src"), "https://so.example"))
	sum := sha512.Sum384(w.Body.Bytes())
	if want := "sha384-" + base64.StdEncoding.EncodeToString(sum[:]); attr(script, "integrity") != want {
		t.Errorf("the hash is %s, want %s", attr(script, "integrity"), want)
	}
	if h := w.Header(); w.Code != 200 || h.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(h.Get("Cache-Control"), "immutable") {
		t.Errorf("%s: got %d, %v", attr(script, "src"), w.Code, h)
	}
	for name, want := range map[string]string{"place": "1501", "key": "a-key-of\"it", "kinds": "item,policy", "mode": "results"} {
		if attr(element, name) != want {
			t.Errorf("%s is %q, want %q", name, attr(element, name), want)
		}
	}
	if got := attr(nodes(t, text, "form")[0], "action"); got != "https://so.example/search" {
		t.Errorf("without scripts the form goes to %q", got)
	}
}

func TestWidgetIsKeptAsLongAsItIsTrue(t *testing.T) {
	s := newServer(t, nil)
	w := get(s, "/widget.js")
	tag := w.Header().Get("ETag")
	if w.Code != 200 || tag == "" || strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Fatalf("got %d, %v", w.Code, w.Header())
	}
	if again := get(s, "/widget.js", "If-None-Match", tag); again.Code != http.StatusNotModified || again.Body.Len() > 0 {
		t.Errorf("got %d and %d bytes for a known tag", again.Code, again.Body.Len())
	}
	old := get(s, "/widget-0123456789ab.js")
	if old.Code != 200 || old.Header().Get("Cache-Control") != "no-cache" || old.Body.String() != w.Body.String() {
		t.Errorf("an older version: got %d, %s", old.Code, old.Header().Get("Cache-Control"))
	}
	if n := get(s, "/widget.js", "Accept-Encoding", "gzip").Body.Len(); n > 15<<10 {
		t.Errorf("the widget has %d bytes compressed, want at most 15 KB", n)
	}
}
