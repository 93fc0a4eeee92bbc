package reader

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"

	"tongsou/corpus"
)

// webPage reads one page of a government site. What the page says in the meta elements that such sites must carry
// (ArticleTitle, PubDate, ContentSource, ColumnName, Author, Keywords, SiteName) goes before what its text says.
type webPage struct{}

func (webPage) Name() string { return "html" }

// Accepts takes what begins as HTML does, and markup that is called HTML.
func (webPage) Accepts(f *File) bool {
	head := bytes.ToLower(f.Head[:min(len(f.Head), 4096)])
	if !isMarkup(head) || !bytes.HasPrefix(bytes.TrimLeft(head, " \t\r\n\uFEFF"), []byte("<")) {
		return false
	}
	for _, ext := range []string{".html", ".htm", ".shtml", ".xhtml", ".jhtml"} {
		if strings.EqualFold(path.Ext(f.Path), ext) {
			return true
		}
	}
	return bytes.Contains(head, []byte("<html")) || bytes.Contains(head, []byte("<!doctype html"))
}

func (webPage) Read(f *File, emit Emit) error {
	raw, err := readBounded(f.Raw, f.Limits.Page)
	if err != nil {
		return err
	}
	root, err := html.Parse(strings.NewReader(decodePage(raw)))
	if err != nil {
		return emit(nil, &Fault{Reason: fmt.Sprintf("网页读不出来：%v；请用浏览器另存后再导入", err)})
	}
	meta := readMeta(root)
	pg := newPageText(root)
	main := pg.main()
	marked, window := pageTitle(root)
	above, lines := pg.lines(main)
	p := &prose{
		lines: lines, above: above,
		title: firstText(meta["articletitle"], marked), window: window, url: firstURL(meta["url"], canonical(root), meta["og:url"]),
		issuer: firstText(meta["contentsource"], meta["source"]), author: firstText(meta["author"]),
	}
	if p.topics = cutList(firstText(meta["keywords"])); meta["columnname"] != "" {
		p.topics = append(p.topics, firstText(meta["columnname"]))
	}
	if when := firstText(meta["pubdate"], meta["publishdate"]); when != "" {
		if p.date, err = corpus.ParseDate(when); err != nil {
			if err := emit(nil, &Fault{Field: "PubDate", Reason: "日期认不出来：" + when + "；请写成 2022-02-07"}); err != nil {
				return err
			}
		}
	}
	p.site = firstText(meta["sitename"])
	return p.emit(emit)
}

// decodePage decodes a page to UTF-8 by what it holds, and by the charset that its head names where the bytes are not
// UTF-8: the first Chinese character may come behind what the content was judged by.
func decodePage(raw []byte) string {
	enc, mark := detect(raw[:min(len(raw), headBytes)])
	if raw = raw[mark:]; enc == nil && !utf8.Valid(raw) {
		if named, name, _ := charset.DetermineEncoding(raw, ""); name != "windows-1252" {
			enc = named
		}
	}
	if enc == nil {
		return strings.ToValidUTF8(string(raw), "\uFFFD")
	}
	text, err := enc.NewDecoder().Bytes(raw)
	if err != nil {
		text = raw
	}
	return strings.ToValidUTF8(string(text), "\uFFFD")
}

// readMeta reads the meta elements, their names in lower case.
func readMeta(root *html.Node) map[string]string {
	meta := map[string]string{}
	for n := range root.Descendants() {
		if n.DataAtom != atom.Meta {
			continue
		}
		name := strings.ToLower(firstText(attribute(n, "name"), attribute(n, "property")))
		if content := strings.TrimSpace(attribute(n, "content")); name != "" && meta[name] == "" {
			meta[name] = content
		}
	}
	return meta
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func canonical(root *html.Node) string {
	for n := range root.Descendants() {
		if n.DataAtom == atom.Link && strings.EqualFold(attribute(n, "rel"), "canonical") {
			return attribute(n, "href")
		}
	}
	return ""
}

// firstURL is the first candidate that is a whole address.
func firstURL(candidates ...string) string {
	for _, c := range candidates {
		if c = strings.TrimSpace(c); strings.HasPrefix(c, "http://") || strings.HasPrefix(c, "https://") {
			return c
		}
	}
	return ""
}

// reTitleSeam is where the title of a window joins the page's title and the names of column and site.
var reTitleSeam = regexp.MustCompile(`\s*(?:[_|｜]|\s[-–—]+\s|--+|——)\s*`)

// pageTitle is the longest heading that the window's title repeats, else an h1: the name of a site stands in an h1 too;
// and the window's title up to its first seam.
func pageTitle(root *html.Node) (marked, window string) {
	var headings, first []string
	for n := range root.Descendants() {
		switch n.DataAtom {
		case atom.Title:
			if window == "" {
				window = squeeze(nodeText(n))
			}
		case atom.H1:
			first = append(first, squeeze(nodeText(n)))
			headings = append(headings, squeeze(nodeText(n)))
		case atom.H2, atom.H3:
			headings = append(headings, squeeze(nodeText(n)))
		}
	}
	parts := reTitleSeam.Split(window, -1)
	best := ""
	for _, h := range headings {
		if utf8.RuneCountInString(h) > max(4, utf8.RuneCountInString(best)) && strings.Contains(solid(parts[0]), solid(h)) {
			best = h
		}
	}
	for _, h := range first {
		if best == "" || parts[0] == "" && len(h) > len(best) {
			best = h
		}
	}
	return best, firstText(parts[0], window)
}

// nodeText is all the text below a node as it stands.
func nodeText(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}
