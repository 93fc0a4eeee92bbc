package reader

import (
	"path"
	"regexp"
	"strings"

	"tongsou/corpus"
)

// law reads laws, regulations and judicial interpretations as Markdown: a title, the lines of adoption and amendment, a
// mark that ends them, then chapters and articles. The date in the file's name tells the versions of one law apart.
type law struct{}

const infoEnd = "<!-- INFO END -->"

func (law) Name() string { return "law" }

// Accepts takes Markdown with the mark; one with header lines (键：值) before it is for the markdown format.
func (law) Accepts(f *File) bool {
	head, _, ok := strings.Cut(string(f.Head), infoEnd)
	if !ok {
		return strings.HasSuffix(f.Path, ".md") && strings.Contains(string(f.Head), "# ") && reArticleLine.Match(f.Head)
	}
	return !hasHeaderLines(head)
}

var (
	reArticleLine = regexp.MustCompile(`(?m)^第[一二三四五六七八九十百\d]+条`)
	reFileDate    = regexp.MustCompile(`[（(](\d{4}-\d{2}-\d{2})[）)]$`)
	reEffective   = regexp.MustCompile(`(?:自|从)(?:公布之日起|(\d{4}年\d{1,2}月\d{1,2}日))起?(?:施行|实施|生效|执行)`)
	reAdopting    = regexp.MustCompile(`(全国人民代表大会常务委员会|全国人民代表大会|国务院|中央军事委员会|最高人民法院|最高人民检察院|[\p{Han}]{2,16}?人民代表大会常务委员会|[\p{Han}]{2,16}?人民代表大会|[\p{Han}]{2,12}?人民政府|[\p{Han}]{2,12}?部)`)
	// reDayEnd is the end of a date, which may touch the name of the body that follows.
	reDayEnd = regexp.MustCompile(`\d日`)
	// reSession is the term of a people's congress: 广东省第十三届人民代表大会 is that of 广东省.
	reSession = regexp.MustCompile(`第[一二三四五六七八九十]+届`)
)

func (law) Read(f *File, emit Emit) error {
	raw, err := readBounded(f.Text, f.Limits.Text)
	if err != nil {
		return err
	}
	info, body, ok := strings.Cut(string(raw), infoEnd)
	if !ok {
		info, body = splitTitle(string(raw))
	}
	d := &corpus.Document{Kind: corpus.KindPolicy}
	name := strings.TrimSuffix(path.Base(f.Path), path.Ext(f.Path))
	version := corpus.Date("")
	if m := reFileDate.FindStringSubmatch(name); m != nil {
		version, _ = corpus.ParseDate(m[1]) // the pattern can match no such day: then there is no version date
		name = strings.TrimSpace(strings.TrimSuffix(name, m[0]))
	}
	for line := range strings.Lines(info) {
		line = strings.TrimSpace(strings.Trim(line, "　 \t\r\n"))
		switch {
		case line == "":
		case d.Title == "" && strings.HasPrefix(line, "#"):
			d.Title = strings.TrimSpace(strings.TrimLeft(line, "#"))
		default:
			d.History = append(d.History, line)
		}
	}
	if d.Title == "" {
		d.Title = name
	}
	// A law of which only the title and its history are known can be found by them; the checks list it.
	if strings.TrimSpace(body) == "" && len(d.History) == 0 {
		return emit(nil, &Fault{File: f.Path, Field: "正文", Reason: "文件没有正文，请补全后再导入"})
	}
	d.Sections = Sections(body)
	fillLaw(d, name, version, f.Path)
	return emit(d, nil)
}

// splitTitle takes the first heading for the title where the mark is missing.
func splitTitle(text string) (info, body string) {
	text = strings.TrimLeft(text, " \r\n\t　")
	if strings.HasPrefix(text, "# ") {
		if i := strings.IndexByte(text, '\n'); i > 0 {
			return text[:i], text[i:]
		}
	}
	return "", text
}

// fillLaw reads dates, issuer, genre, place and family out of the title, the history and the text.
func fillLaw(d *corpus.Document, name string, version corpus.Date, file string) {
	for _, line := range d.History {
		if date, err := corpus.ParseDate(line); err == nil && (d.Adopted == "" || strings.Contains(line, "通过") && d.Adopted > date) {
			d.Adopted = date
		}
		if strings.Contains(line, "废止") && strings.Contains(line, d.Title) {
			d.Repealed, _ = corpus.ParseDate(line) // no date: the line tells of something else
		}
	}
	d.Published = version
	d.Effective = effective(d, version)
	d.Genre = genre(d.Title, file)
	d.Issuer = lawIssuer(d)
	d.Family = strings.TrimPrefix(d.Title, "中华人民共和国")
	if d.Genre == "地方性法规" {
		if found := corpus.Regions().FindIn(d.Title, ""); len(found) > 0 && found[0].Start == 0 {
			d.Region = found[0].Region.Code
		}
	}
	key := string(version)
	if key == "" {
		key = strings.Join(d.History, "\n")
	}
	d.ID = hashID("law", d.Title, name, key)
}

// effective is the latest day that the text names as its first in force, in the history or the closing articles. A
// version whose text names an older day than its own was amended since, and counts from the day of the version.
func effective(d *corpus.Document, version corpus.Date) corpus.Date {
	best := corpus.Date("")
	texts := append([]string(nil), d.History...)
	for i := max(0, len(d.Sections)-3); i < len(d.Sections); i++ {
		texts = append(texts, d.Sections[i].Text)
	}
	for _, t := range texts {
		for _, m := range reEffective.FindAllStringSubmatch(t, -1) {
			if date, err := corpus.ParseDate(m[1]); err == nil && date > best {
				best = date
			}
		}
	}
	if version != "" && best < version {
		return version
	}
	return best
}

var genres = []struct{ folder, genre string }{
	{"司法解释", "司法解释"}, {"行政法规", "行政法规"}, {"部门规章", "部门规章"}, {"地方", "地方性法规"}, {"宪法相关法", "法律"},
	{"宪法", "宪法"}, {"DLC", "地方性法规"}, {"法", "法律"},
}

// genre tells the kind of law by the folder that holds it, else by its name.
func genre(title, file string) string {
	folder := path.Dir(file)
	for _, g := range genres {
		if strings.Contains(folder, g.folder) {
			return g.genre
		}
	}
	switch {
	case strings.HasPrefix(title, "最高人民"):
		return "司法解释"
	case strings.HasPrefix(title, "中华人民共和国") && strings.HasSuffix(title, "法"):
		return "法律"
	case strings.HasSuffix(title, "条例"):
		return "条例"
	}
	return "法规"
}

func lawIssuer(d *corpus.Document) string {
	for _, line := range append([]string{d.Title}, d.History...) {
		m := reAdopting.FindString(reDayEnd.ReplaceAllString(line, "$0 "))
		if m == "" || strings.HasPrefix(line, "中华人民共和国"+m) {
			continue
		}
		if i := strings.Index(m, "全国人民代表大会"); i > 0 {
			return m[i:]
		}
		return reSession.ReplaceAllString(m, "")
	}
	switch d.Genre {
	case "法律", "宪法":
		return "全国人民代表大会常务委员会"
	case "行政法规":
		return "国务院"
	}
	return ""
}

func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
