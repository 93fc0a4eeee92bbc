package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// nodes returns the elements of a page with the given tag.
func nodes(t *testing.T, page, tag string) []*html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var found []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == tag {
			found = append(found, n)
		}
	}
	return found
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// noInline checks that a page holds nothing that its own policy forbids.
func noInline(t *testing.T, page string) {
	t.Helper()
	for _, n := range nodes(t, page, "script") {
		if !strings.HasPrefix(attr(n, "src"), "/assets/") {
			t.Errorf("the page has a script of its own: %s", attr(n, "src"))
		}
	}
	if len(nodes(t, page, "style")) > 0 || strings.Contains(page, " style=") {
		t.Error("the page has inline styles")
	}
}

func TestResultPageWorksWithoutScript(t *testing.T) {
	s := newServer(t, nil)
	page := get(s, "/search?q="+url.QueryEscape("孩子上户口"), "Accept", "text/html").Body.String()
	noInline(t, page)
	for _, want := range []string{"出生登记", "<mark>", "带什么", "出生医学证明", "当场办好"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	followed := 0
	for _, a := range nodes(t, page, "a") {
		href := attr(a, "href")
		if !strings.HasPrefix(href, "/") {
			continue
		}
		href, _, _ = strings.Cut(href, "#")
		if w := get(s, href, "Accept", "text/html"); w.Code != http.StatusOK {
			t.Errorf("the link %s answers %d", href, w.Code)
		}
		followed++
	}
	if followed < 5 {
		t.Errorf("the page has %d links of its own, want hits and filters", followed)
	}
}

func TestPageShowsWhatWasTypedAsText(t *testing.T) {
	evil := `<script>alert(1)</script>"><img src=x onerror=alert(1)>`
	page := get(newServer(t, nil), "/search?q="+url.QueryEscape(evil)+"&region=15", "Accept", "text/html").Body.String()
	noInline(t, page)
	if len(nodes(t, page, "img")) > 0 {
		t.Errorf("what was typed became markup: %s", page)
	}
	for _, in := range nodes(t, page, "input") {
		if attr(in, "id") == "q" && attr(in, "value") != evil {
			t.Errorf("the box holds %q", attr(in, "value"))
		}
	}
}

func TestFormKeepsFilters(t *testing.T) {
	page := get(newServer(t, nil), "/search?q=x&region=1501&kind=item&next=", "Accept", "text/html").Body.String()
	got := map[string]string{}
	for _, in := range nodes(t, page, "input") {
		if attr(in, "type") == "hidden" && attr(in.Parent, "role") == "search" {
			got[attr(in, "name")] = attr(in, "value")
		}
	}
	if got["region"] != "1501" || got["kind"] != "item" || len(got) != 2 {
		t.Errorf("the form keeps %v, want region and kind", got)
	}
}

func TestPagesOfDocumentsAndProblems(t *testing.T) {
	s := newServer(t, nil)
	for _, c := range []struct {
		target string
		status int
		says   []string
	}{
		{"/", 200, []string{"用自己的话", "个人办事"}},
		{"/items/item-birth-registration-150102", 200, []string{"申请材料", "出生医学证明", "办理地点", "示例", "《中华人民共和国户口登记条例》第七条"}},
		{"/items/nobody", 404, []string{"没有这一条", "回到首页"}},
		{"/nowhere", 404, []string{"没有这个页面"}},
		{"/search?kind=book", 400, []string{"参数有误"}},
		{"/search?q=" + url.QueryEscape("没有人写过的词组啊啊啊") + "&region=11", 200, []string{"没有找到", "12345"}},
	} {
		w := get(s, c.target, "Accept", "text/html,*/*")
		if w.Code != c.status || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
			t.Errorf("%s: got %d %s", c.target, w.Code, w.Header().Get("Content-Type"))
		}
		for _, want := range c.says {
			if !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s: the page lacks %q", c.target, want)
			}
		}
	}
}
