package reader

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"tongsou/corpus"
)

// The marks at which a text is cut.
var (
	reChapter = regexp.MustCompile(`^(?:#{1,6}\s*)?(第[〇零一二三四五六七八九十百\d]+[编章节])\s*(.*)$`)
	reHash    = regexp.MustCompile(`^(#{1,6})\s+(.+)$`)
	reArticle = regexp.MustCompile(`^第\s*[〇零一二两三四五六七八九十百千\d]+\s*条(?:\s*之[一二三四五六七八九十]+)?[\s　:：]*`)
	reOuter   = regexp.MustCompile(`^[一二三四五六七八九十]{1,3}、`)
	// reSentence ends a sentence, which is no heading though it begin with a heading's number.
	reSentence = regexp.MustCompile(`[。；]$`)
	reInner    = regexp.MustCompile(`^[（(][一二三四五六七八九十]{1,3}[）)]`)
)

const (
	// longHeading is the length in characters up to which 一、… is a heading; a longer one is a paragraph that begins so.
	longHeading = 40
	// longArticle and longPassage are the lengths at which an article and a passage are cut in two.
	longArticle, longPassage = 2000, 800
	// shortPassage is the length below which a paragraph joins the one before it under the same headings.
	shortPassage = 120
)

// Sections cuts a text, one paragraph a line, at chapters, articles, numbered headings and paragraphs. An article is one
// section with its paragraphs; other paragraphs are gathered into passages of up to some hundred characters that share
// their headings.
func Sections(text string) []corpus.Section {
	c := cutter{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(strings.Trim(line, "　 \t\r\n")); line != "" {
			c.line(line)
		}
	}
	c.keepBare(0)
	return c.sections
}

// cutter builds sections line by line. path holds the headings in force with their depth.
type cutter struct {
	sections []corpus.Section
	path     []heading
	bare     bool // the last heading has no section yet
	article  bool // the last section is an article that following paragraphs belong to
	plain    int  // sections outside articles so far
	used     map[string]int
}

type heading struct {
	depth int
	text  string
}

// The depths of headings: Markdown's own marks, 编 章 节, 一、 and （一）.
const (
	depthPart, depthChapter, depthDivision, depthOuter, depthInner = 11, 12, 13, 21, 22
)

func (c *cutter) line(line string) {
	if m := reChapter.FindStringSubmatch(line); m != nil && utf8.RuneCountInString(line) <= longHeading {
		depth := map[string]int{"编": depthPart, "章": depthChapter, "节": depthDivision}[m[1][len(m[1])-3:]]
		c.open(depth, strings.TrimSpace(m[1]+" "+unspaced(m[2])))
		return
	}
	if m := reHash.FindStringSubmatch(line); m != nil {
		c.open(len(m[1]), m[2])
		return
	}
	if loc := reArticle.FindStringIndex(line); loc != nil {
		if a, _, _, ok := corpus.FindArticle(line[:loc[1]]); ok {
			c.add(a.ID(), a.String(), strings.TrimSpace(line[loc[1]:]))
			c.article = true
			return
		}
	}
	if c.article {
		last := &c.sections[len(c.sections)-1]
		if utf8.RuneCountInString(last.Text) < longArticle {
			last.Text = strings.TrimSpace(last.Text + "\n" + line)
			return
		}
		c.add(last.ID, last.Label, line)
		return
	}
	switch heads := utf8.RuneCountInString(line) <= longHeading && !reSentence.MatchString(line); {
	case reOuter.MatchString(line) && heads:
		c.open(depthOuter, line)
	case reInner.MatchString(line) && heads:
		c.open(depthInner, line)
	default:
		c.paragraph(line)
	}
}

// unspaced joins a heading whose characters stand apart, as 总　则 does.
func unspaced(s string) string {
	fields := strings.Fields(s)
	for _, f := range fields {
		if utf8.RuneCountInString(f) > 1 {
			return strings.TrimSpace(s)
		}
	}
	return strings.Join(fields, "")
}

// open begins a heading: those as deep or deeper end.
func (c *cutter) open(depth int, text string) {
	c.keepBare(depth)
	for len(c.path) > 0 && c.path[len(c.path)-1].depth >= depth {
		c.path = c.path[:len(c.path)-1]
	}
	c.path = append(c.path, heading{depth, text})
	c.article, c.bare = false, true
}

// keepBare makes a section of the last heading when one of the given depth would end it before anything stood below it:
// the members of a list look like headings.
func (c *cutter) keepBare(depth int) {
	n := len(c.path) - 1
	if !c.bare || c.path[n].depth < max(depth, depthOuter) {
		return
	}
	text := c.path[n].text
	c.path = c.path[:n]
	c.paragraph(text)
}

func (c *cutter) headings() []string {
	var path []string
	for _, h := range c.path {
		path = append(path, h.text)
	}
	return path
}

func (c *cutter) add(id, label, text string) {
	if c.used == nil {
		c.used = map[string]int{}
	}
	id, _, _ = strings.Cut(id, ".") // the number that a piece of a long article was given
	c.used[id]++
	if n := c.used[id]; n > 1 { // the same number again: an appendix, or a long article cut in two
		id += "." + strconv.Itoa(n)
	}
	c.bare = false
	c.sections = append(c.sections, corpus.Section{ID: id, Label: label, Path: c.headings(), Text: text})
}

func (c *cutter) paragraph(line string) {
	if n := len(c.sections); n > 0 && c.joins(&c.sections[n-1], line) {
		c.sections[n-1].Text += "\n" + line
		c.bare = false
		return
	}
	c.plain++
	label := ""
	if m := reInner.FindString(line); m != "" {
		label, line = m, strings.TrimSpace(line[len(m):])
	} else if m := reOuter.FindString(line); m != "" {
		label, line = strings.TrimSuffix(m, "、"), strings.TrimSpace(line[len(m):])
	}
	c.add("p"+strconv.Itoa(c.plain), label, line)
}

func (c *cutter) joins(last *corpus.Section, line string) bool {
	have, more := utf8.RuneCountInString(last.Text), utf8.RuneCountInString(line)
	return last.ID[0] == 'p' && !reInner.MatchString(line) && !reOuter.MatchString(line) &&
		strings.Join(last.Path, "\x00") == strings.Join(c.headings(), "\x00") &&
		have+more <= longPassage && (have < shortPassage || more < shortPassage)
}
