package reader

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// pageText finds the text of a page among its menus, and writes it as lines.
type pageText struct {
	body *html.Node
	// mass is the number of characters below a node outside links and what is never shown; linked those in links.
	mass, linked map[*html.Node]int
}

func newPageText(root *html.Node) *pageText {
	p := &pageText{body: root, mass: map[*html.Node]int{}, linked: map[*html.Node]int{}}
	for n := range root.Descendants() {
		if n.DataAtom == atom.Body {
			p.body = n
			break
		}
	}
	p.weigh(p.body, false)
	return p
}

func (p *pageText) weigh(n *html.Node, inLink bool) {
	if n.Type == html.TextNode {
		count := 0
		for _, r := range n.Data {
			if !unicode.IsSpace(r) {
				count++
			}
		}
		if inLink {
			p.linked[n] = count
		} else {
			p.mass[n] = count
		}
		return
	}
	if hidden(n) {
		return
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		p.weigh(c, inLink || n.DataAtom == atom.A)
		p.mass[n] += p.mass[c]
		p.linked[n] += p.linked[c]
	}
}

// hidden are elements that hold no text of the page.
func hidden(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Iframe, atom.Object, atom.Svg, atom.Select, atom.Button,
		atom.Textarea, atom.Input, atom.Head:
		return true
	}
	return n.Type == html.CommentNode || strings.Contains(strings.ReplaceAll(attribute(n, "style"), " ", ""), "display:none")
}

// frameNames are words in the id and class of elements that frame a text.
var frameNames = []string{
	"nav", "navbar", "menu", "footer", "foot", "share", "bshare", "bdsharebuttonbox", "breadcrumb", "crumb", "crumbs", "sidebar",
	"copyright", "toolbar", "related", "recommend", "pagination", "qrcode", "location", "position", "banner",
}

// frame reports whether an element frames the text: by its kind or name, and since it holds the lesser part of the page.
// Some sites put the whole page into a form or into an element with an odd name.
func (p *pageText) frame(n *html.Node) bool {
	if n.Type != html.ElementNode || p.mass[n]*2 >= p.mass[p.body] && p.mass[n] > 0 {
		return false
	}
	switch n.DataAtom {
	case atom.Nav, atom.Header, atom.Footer, atom.Form, atom.Aside:
		return true
	case atom.P, atom.Span, atom.A, atom.Td, atom.Tr, atom.Table, atom.H1, atom.H2:
		return false
	}
	words := strings.FieldsFunc(strings.ToLower(attribute(n, "id")+" "+attribute(n, "class")), func(r rune) bool {
		return !unicode.IsLetter(r)
	})
	if slices.ContainsFunc(words, func(w string) bool { return slices.Contains(frameNames, w) }) {
		return true
	}
	return p.linkList(n)
}

// linkList tells a list of links, as of other articles, from a text with links and from a list of attachments.
func (p *pageText) linkList(n *html.Node) bool {
	if n.DataAtom != atom.Ul && n.DataAtom != atom.Div || p.linked[n] < 3*p.mass[n] || p.linked[n] < 20 {
		return false
	}
	links := 0
	for d := range n.Descendants() {
		if d.DataAtom == atom.A {
			links++
		}
	}
	return links >= 3 && !strings.Contains(nodeText(n), "附件")
}

// boxNames are the ids and classes in which widespread site systems put the text of an article.
var boxNames = []string{
	"zoom", "ucap-content", "trs_editor", "trs_ueditor", "trs_editor_view", "pages_content", "article-content",
	"article_content", "articlecontent", "news_content", "xxgk_content", "content-article",
}

// main is the element that holds the text: the heaviest of those with a known name when it holds a good part of the page,
// else the innermost element that still holds most of what its parents hold.
func (p *pageText) main() *html.Node {
	var best *html.Node
	for n := range p.body.Descendants() {
		names := strings.Fields(strings.ToLower(attribute(n, "id") + " " + attribute(n, "class")))
		known := n.DataAtom == atom.Article || n.DataAtom == atom.Main ||
			slices.ContainsFunc(names, func(name string) bool { return slices.Contains(boxNames, name) })
		if known && p.mass[n] > p.mass[best] {
			best = n
		}
	}
	if p.mass[best]*3 >= p.mass[p.body] && p.mass[best] > 0 {
		return best
	}
	main := p.body
	for {
		child := p.heaviest(main)
		if child == nil || p.mass[child]*5 < p.mass[main]*3 {
			return main
		}
		main = child
	}
}

func (p *pageText) heaviest(n *html.Node) *html.Node {
	var best *html.Node
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch c.DataAtom {
		case atom.Div, atom.Section, atom.Article, atom.Main, atom.Table, atom.Tbody, atom.Tr, atom.Td, atom.Center, atom.Form, atom.Dl, atom.Dd:
			if p.mass[c] > p.mass[best] && !p.frame(c) {
				best = c
			}
		}
	}
	if best != nil && best.DataAtom == atom.Table && isDataTable(best) {
		return nil
	}
	return best
}

// lines writes the lines before the main element and those within it.
func (p *pageText) lines(main *html.Node) (above, lines []string) {
	before := &lineWriter{page: p, stop: main}
	if main != p.body {
		before.node(p.body)
	}
	within := &lineWriter{page: p}
	within.children(main)
	return before.done(), within.done()
}

// lineWriter writes what stands below a node as lines: a paragraph, a list's member or a row of a table is one line.
type lineWriter struct {
	page    *pageText
	stop    *html.Node // where writing ends
	stopped bool
	out     []string
	cur     strings.Builder
}

func (w *lineWriter) done() []string {
	w.end()
	return w.out
}

// end ends the current line.
func (w *lineWriter) end() {
	if line := squeeze(w.cur.String()); line != "" {
		w.out = append(w.out, line)
	}
	w.cur.Reset()
}

func (w *lineWriter) node(n *html.Node) {
	switch {
	case w.stopped || n == w.stop:
		w.stopped = true
	case n.Type == html.TextNode:
		w.text(n)
	case n.DataAtom == atom.Br || n.DataAtom == atom.Hr:
		w.end()
	case hidden(n) || w.page.frame(n):
	case n.DataAtom == atom.Tr && isDataRow(n):
		w.row(n)
	case isBlock(n):
		w.end()
		w.heading(n)
		w.children(n)
		w.end()
	default:
		w.children(n)
	}
}

func (w *lineWriter) children(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		w.node(c)
	}
}

func (w *lineWriter) text(n *html.Node) {
	if n.Parent == nil || n.Parent.DataAtom != atom.Pre {
		w.cur.WriteString(n.Data)
		return
	}
	for line := range strings.Lines(n.Data) {
		w.cur.WriteString(line)
		if strings.HasSuffix(line, "\n") {
			w.end()
		}
	}
}

// heading marks a heading as Markdown does, so that it is cut as one; an article's number in a heading stays an article.
func (w *lineWriter) heading(n *html.Node) {
	if n.DataAtom != atom.H2 && n.DataAtom != atom.H3 && n.DataAtom != atom.H4 {
		return
	}
	if text := squeeze(nodeText(n)); text != "" && utf8.RuneCountInString(text) <= longHeading && !reArticle.MatchString(text) {
		w.cur.WriteString(strings.Repeat("#", int(n.Data[1]-'0')) + " ")
	}
}

func (w *lineWriter) row(tr *html.Node) {
	w.end()
	var cells []string
	for c := tr.FirstChild; c != nil; c = c.NextSibling {
		if c.DataAtom == atom.Td || c.DataAtom == atom.Th {
			in := &lineWriter{page: w.page}
			in.children(c)
			cells = append(cells, strings.Join(in.done(), " "))
		}
	}
	w.out = append(w.out, joinCells(cells)...)
}

// joinCells writes a row of a table as one line, but pairs of label and value, as they stand over a policy, as one line
// each.
func joinCells(cells []string) []string {
	if filled(cells) == 0 {
		return nil
	}
	var pairs []string
	labels := 0
	for i := 0; i+1 < len(cells); i += 2 {
		label := strings.TrimRight(cells[i], "：: ") + "："
		if name, _ := splitLabel(headerLabel(label)); name != "" {
			labels++
		}
		pairs = append(pairs, label+cells[i+1])
	}
	if labels > 0 && len(cells)%2 == 0 {
		return pairs
	}
	return []string{strings.Join(cells, " | ")}
}

func isBlock(n *html.Node) bool {
	switch n.DataAtom {
	case atom.P, atom.Div, atom.Section, atom.Article, atom.Main, atom.Table, atom.Thead, atom.Tbody, atom.Tr, atom.Td, atom.Th,
		atom.Ul, atom.Ol, atom.Li, atom.Dl, atom.Dt, atom.Dd, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Pre,
		atom.Blockquote, atom.Center, atom.Form, atom.Fieldset, atom.Figure, atom.Figcaption, atom.Caption, atom.Address, atom.Header:
		return true
	}
	return false
}

// maxRowRunes is the length from which a row is layout and no data: old pages are tables as a whole.
const maxRowRunes = 1500

// isDataRow tells a row of data from layout: it has several cells, none of which holds a table.
func isDataRow(tr *html.Node) bool {
	cells, size := 0, 0
	for n := range tr.Descendants() {
		switch {
		case n.DataAtom == atom.Table:
			return false
		case n.DataAtom == atom.Td || n.DataAtom == atom.Th:
			cells++
		case n.Type == html.TextNode:
			size += utf8.RuneCountInString(strings.TrimSpace(n.Data))
		}
	}
	return cells > 1 && size <= maxRowRunes
}

func isDataTable(table *html.Node) bool {
	rows := 0
	for n := range table.Descendants() {
		if n.DataAtom == atom.Tr && isDataRow(n) {
			rows++
		}
	}
	return rows > 1
}
