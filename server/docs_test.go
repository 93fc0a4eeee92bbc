package server_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"golang.org/x/net/html"
)

// TestDocsShowTheWholeDescription holds the page to the description that clients get: every operation, parameter and
// schema of it is there.
func TestDocsShowTheWholeDescription(t *testing.T) {
	s := newServer(t, nil)
	doc, err := openapi3.NewLoader().LoadFromData(get(s, "/openapi.json").Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	page := get(s, "/docs", "Accept", "text/html").Body.String()
	sections := map[string]*html.Node{}
	for _, n := range nodes(t, page, "section") {
		sections[attr(n, "id")] = n
	}
	shown := func(id, text string) {
		t.Helper()
		n := sections[id]
		if n == nil {
			t.Fatalf("no section %s", id)
		}
		for d := range n.Descendants() {
			if d.Type == html.TextNode && strings.TrimSpace(d.Data) == text {
				return
			}
		}
		t.Errorf("section %s lacks %q", id, text)
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			shown(op.OperationID, method+" "+path)
			for _, p := range op.Parameters {
				shown(op.OperationID, p.Value.Name)
			}
			for status := range op.Responses.Map() {
				shown(op.OperationID, status)
			}
		}
	}
	for name, schema := range doc.Components.Schemas {
		for field := range schema.Value.Properties {
			shown("schema-"+name, field)
		}
	}
}

// TestDocsExamplesAnswer sends every form of the page as it stands, as a browser without scripts does, and follows the
// links to try.
func TestDocsExamplesAnswer(t *testing.T) {
	s := newServer(t, nil)
	page := get(s, "/docs", "Accept", "text/html").Body.String()
	sent := 0
	for _, form := range nodes(t, page, "form") {
		if attr(form, "class") != "try" {
			continue
		}
		values := url.Values{}
		for n := range form.Descendants() {
			if n.Type == html.ElementNode && slices.Contains([]string{"input", "select"}, n.Data) {
				values.Add(attr(n, "name"), attr(n, "value"))
			}
		}
		if w := get(s, attr(form, "action")+"?"+values.Encode()); w.Code != 200 {
			t.Errorf("%s?%s answers %d: %s", attr(form, "action"), values.Encode(), w.Code, w.Body)
		}
		sent++
	}
	for _, a := range nodes(t, page, "a") {
		if !strings.HasPrefix(attr(a, "href"), "/api/") {
			continue
		}
		if w := get(s, attr(a, "href")); w.Code != 200 {
			t.Errorf("%s answers %d", attr(a, "href"), w.Code)
		}
		sent++
	}
	if sent < 6 {
		t.Errorf("there are %d examples to try, want some for every operation", sent)
	}
}
