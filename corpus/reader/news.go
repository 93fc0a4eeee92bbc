package reader

import (
	"regexp"
	"strings"

	"tongsou/corpus"
)

// newsRecords reads news as JSON: a date, a title and a text.
type newsRecords struct{}

func (newsRecords) Name() string { return "news" }

func (newsRecords) Accepts(f *File) bool {
	r, ok := firstRow(f.Head)
	return ok && r.has("title", "标题") && r.has("text", "content", "正文") && r.has("date", "brief", "发布日期", "pub_date", "publish_date")
}

var (
	reVideo  = regexp.MustCompile(`^\s*[\[【［]?视频[\]】］]?\s*`)
	reLead   = regexp.MustCompile(`^\s*([\p{Han}]{2,10}?)(?:消息|讯|报道)\s*[（(]([\p{Han}]{2,10})[)）]\s*[：:]?\s*`)
	reEditor = regexp.MustCompile(`\s*[（(][^（()）]*(?:编辑|责编|摄像|记者)[：:][^（()）]*[)）]?\s*$`)
)

func (newsRecords) Read(f *File, emit Emit) error {
	return eachRow(f, func(r *row) error { return emitNews(r, paragraphs, emit) }, lineFault(emit))
}

// emitNews makes news of a record; cut cuts its text.
func emitNews(r *row, cut func(string) []corpus.Section, emit Emit) error {
	title := strings.TrimSpace(reVideo.ReplaceAllString(r.text("title", "标题"), ""))
	text := strings.ReplaceAll(r.text("text", "content", "正文"), "\r\n", "\n")
	if title == "" {
		return emit(nil, &Fault{Line: r.line, Field: "title", Reason: "缺少标题", Record: clipRecord(string(r.raw))})
	}
	d := &corpus.Document{Kind: corpus.KindNews, Title: title, Genre: "消息"}
	d.URL, d.Byline, d.Issuer = r.text("url", "link", "链接"), r.text("author", "作者"), r.text("source", "来源")
	if m := reLead.FindStringSubmatch(text); m != nil {
		text = text[len(m[0]):]
		if d.Issuer == "" {
			d.Issuer = m[1]
		}
	}
	text = reEditor.ReplaceAllString(text, "")
	if when := r.text("date", "发布日期", "pub_date", "publish_date"); when != "" {
		var err error
		if d.Published, err = corpus.ParseDate(when); err != nil {
			if err := emit(nil, &Fault{Line: r.line, Field: "date", Reason: "日期认不出来：" + when}); err != nil {
				return err
			}
		}
	}
	d.Sections = cut(text)
	d.Source.Line = r.line
	// The same item stands twice on some days: the same ID makes the second one "unchanged". An item that goes on
	// differently is another one, 17 of 74,545 do, so the whole text counts.
	d.ID = hashID("news", string(d.Published), title, strings.Join(strings.Fields(text), ""))
	return emit(d, nil)
}

// paragraphs makes passages of a plain text without looking for articles and headings.
func paragraphs(text string) []corpus.Section {
	c := cutter{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(strings.Trim(line, "　 \t\r\n")); line != "" {
			c.paragraph(line)
		}
	}
	return c.sections
}
