package server

import (
	"fmt"
	"strings"

	"tongsou/corpus"
)

// sectionView is one section with its anchor and what one writes to cite it.
type sectionView struct {
	ID, Label, Citation string
	Heads               []headView // headings that begin with this section
	Paragraphs          []string
}

// headView is a heading in a document. Level counts from 2, below the title.
type headView struct {
	ID, Text string
	Level    int
}

// maxHeadLevel is the deepest heading that HTML pages use.
const maxHeadLevel = 6

func sectionViews(d *corpus.Document) []sectionView {
	var views []sectionView
	var above []string
	heads := 0
	for _, sec := range d.Sections {
		common := 0
		for common < len(above) && common < len(sec.Path) && above[common] == sec.Path[common] {
			common++
		}
		v := sectionView{ID: sec.ID, Label: sec.Label, Paragraphs: strings.Split(sec.Text, "\n")}
		if sec.Label != "" && d.Kind == corpus.KindPolicy {
			v.Citation = citation(d, sec.Label)
		}
		for i, text := range sec.Path[common:] {
			heads++
			v.Heads = append(v.Heads, headView{fmt.Sprint("head-", heads), text, min(common+i+2, maxHeadLevel)})
		}
		views = append(views, v)
		above = sec.Path
	}
	return views
}

// citation is how a section is cited: 《X法》第十二条. A title that has 《》 in it keeps them as 〈〉, as the rules of Chinese
// punctuation ask.
func citation(d *corpus.Document, label string) string {
	return "《" + strings.NewReplacer("《", "〈", "》", "〉").Replace(d.Title) + "》" + label
}

// contentsEntry is a line of a document's table of contents.
type contentsEntry struct {
	Label, Span, Link string
	Level             int
}

// A document of fewer articles than this needs no table of contents when it has no headings.
const fewArticles = 6

// contents makes the table of contents of the headings, each with the articles under it; of the articles where there are
// no headings.
func contents(sections []sectionView) []contentsEntry {
	var list []contentsEntry
	labelled := 0
	first := ""
	for _, s := range sections {
		for _, h := range s.Heads {
			list = append(list, contentsEntry{Label: h.Text, Link: "#" + h.ID, Level: h.Level - 1})
			first = ""
		}
		if s.Label == "" {
			continue
		}
		labelled++
		if first == "" {
			first = s.Label
		}
		if n := len(list) - 1; n >= 0 && strings.HasSuffix(s.Label, "条") {
			list[n].Span = span(first, s.Label)
		}
	}
	if len(list) > 0 || labelled < fewArticles {
		return list
	}
	for _, s := range sections {
		if s.Label != "" {
			list = append(list, contentsEntry{Label: s.Label, Link: "#" + s.ID})
		}
	}
	return list
}

func span(first, last string) string {
	if first == last {
		return first
	}
	return first + "至" + last
}
