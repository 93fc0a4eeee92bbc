package reader

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"tongsou/corpus"
)

// newspaper reads the text of a newspaper page as it comes out of a PDF: lines wrapped inside words, blank lines where a
// column ends, headlines after their articles, letter-spaced headlines, numerals torn apart by blanks.
//
// The page is cut into blocks at blank lines, and the blocks are told apart by what stands in them: a block that begins
// with a dateline (本报2月7日讯, 新华社北京2月7日电) begins a piece, a block that ends in a photographer's credit is a caption,
// a few lines without commas and full stops are a headline. A headline closes the piece; a body without a dateline that
// follows a closed piece begins one too: a commentary.
type newspaper struct{}

func (newspaper) Name() string { return "newspaper" }

// Accepts takes text with wrapped lines and at least two datelines.
func (newspaper) Accepts(f *File) bool {
	s := string(f.Head)
	return !strings.Contains(s, infoEnd) && len(reDateline.FindAllString(joinNumerals(s), 3)) >= 2 && strings.Count(s, "\n") > 20
}

var (
	reDateline = regexp.MustCompile(`(?m)^\s*(本报|新华社|人民日报|中新社|[\p{Han}]{2,5}社)([\p{Han}]{0,8}?)((?:\d{4}年)?\d{1,2}月\d{1,2}日)(讯|电)\s*(?:[（(]([^）)]*)[）)])?\s*`)
	reCredit   = regexp.MustCompile(`(?:(本报|新华社)?(?:记者|通讯员)\s*([\p{Han}·\s]{2,20}?)|([\p{Han}]{2,4}))\s*[摄绘]\s*$`)
	reTorn     = regexp.MustCompile(`(\d)[ \t　]+(年|月|日|%|％|亿|万|个|项|周年|周|米|人|元|次|家|名|岁|天|时|分)`)
	reTornDate = regexp.MustCompile(`(年|月|至|第|达|共|约)[ \t　]+(\d)`)
	reYear     = regexp.MustCompile(`((?:19|20)\d{2})\s*年`)
	reJump     = regexp.MustCompile(`\s*[■▲●◆]?\s*[（(]?(?:下转|上接|紧接)第?\s*\d+\s*版[）)]?\s*`)
	reStaff    = regexp.MustCompile(`^\s*([^，。]{0,6}评论员[^，。]{0,8})\s*$`)
	reKicker   = regexp.MustCompile(`(?:强调|指出|要求|表示|时说|期间|之际|假期)$`)
)

func joinNumerals(s string) string {
	return reTornDate.ReplaceAllString(reTorn.ReplaceAllString(s, "$1$2"), "$1$2")
}

func (newspaper) Read(f *File, emit Emit) error {
	raw, err := readBounded(f.Text, f.Limits.Text)
	if err != nil {
		return err
	}
	page := joinNumerals(strings.ReplaceAll(string(raw), "\r\n", "\n"))
	r := &pageReader{year: f.Year}
	if r.year == 0 {
		r.year = pageYear(page, f.Path)
	}
	for _, b := range blocks(page) {
		r.block(b)
	}
	r.close()
	day := r.day()
	for i, p := range r.pieces {
		d := p.document(r.year)
		if d.Title == "" {
			fault := &Fault{File: f.Path, Line: p.line, Field: "标题", Reason: "这一篇找不到标题，未收入", Record: clipRecord(strings.Join(p.paragraphs, "\n"))}
			if err := emit(nil, fault); err != nil {
				return err
			}
			continue
		}
		if d.Published == "" {
			d.Published = day
		}
		d.ID = hashID("news", string(d.Published), d.Title, fmt.Sprint(i))
		d.Source.Line = p.line
		if err := emit(d, nil); err != nil {
			return err
		}
	}
	return nil
}

// pageYear is the year that the page names most often, the later of two, else one in the file's name. Anniversaries and
// plans are named more seldom than the present.
func pageYear(page, path string) int {
	count := map[string]int{}
	best := ""
	for _, m := range reYear.FindAllStringSubmatch(page, -1) {
		count[m[1]]++
		if best == "" || count[m[1]] > count[best] || count[m[1]] == count[best] && m[1] > best {
			best = m[1]
		}
	}
	if best == "" {
		best = regexp.MustCompile(`(?:19|20)\d{2}`).FindString(path)
	}
	y := 0
	_, _ = fmt.Sscan(best, &y) // nothing to scan leaves 0: no year, no dates
	return y
}

// block is the lines between two blank lines.
type block struct {
	line  int
	lines []string
}

func blocks(page string) []block {
	var list []block
	var cur block
	n := 0
	for line := range strings.Lines(page + "\n\n") {
		n++
		line = strings.TrimRight(line, " \t\r\n　")
		switch {
		case strings.TrimSpace(line) != "":
			if len(cur.lines) == 0 {
				cur.line = n
			}
			cur.lines = append(cur.lines, line)
		case len(cur.lines) > 0:
			list = append(list, cur)
			cur = block{}
		}
	}
	return list
}

// piece is one article with what was printed around it.
type piece struct {
	line                        int
	source, place, monthDay, by string
	paragraphs                  []string
	open                        bool // the last paragraph goes on in the next block
	heads                       []block
	photo                       bool
	commentator                 string
}

// pageReader gathers blocks into pieces.
type pageReader struct {
	year   int
	pieces []*piece
	cur    *piece
}

func (r *pageReader) close() {
	if r.cur != nil {
		r.pieces = append(r.pieces, r.cur)
	}
	r.cur = nil
}

func (r *pageReader) begin(line int) *piece {
	r.close()
	r.cur = &piece{line: line}
	return r.cur
}

// day is the page's own: that of its first dateline.
func (r *pageReader) day() corpus.Date {
	for _, p := range r.pieces {
		if d := p.document(r.year).Published; d != "" {
			return d
		}
	}
	return ""
}

func (r *pageReader) block(b block) {
	joined := joinLines(b.lines)
	switch {
	case reDateline.MatchString(joined):
		m := reDateline.FindStringSubmatch(joined)
		p := r.begin(b.line)
		p.source, p.place, p.monthDay, p.by = m[1], m[2], m[3], m[5]
		p.add(joined[len(m[0]):])
	case reCredit.MatchString(joined) && utf8.RuneCountInString(joined) < 300:
		r.caption(b, joined)
	case isHeadline(b) && r.cur != nil && (!r.cur.open || len(r.cur.heads) > 0):
		r.headline(b)
	default:
		if r.cur == nil || len(r.cur.heads) > 0 {
			r.begin(b.line)
		}
		r.cur.add(joined)
	}
}

// caption takes a photographer's credit; the caption's text stands before it or in the block above.
func (r *pageReader) caption(b block, joined string) {
	m := reCredit.FindStringSubmatch(joined)
	if r.cur == nil || len(r.cur.heads) > 0 || !r.cur.captionBody() {
		r.begin(b.line)
	}
	r.cur.photo, r.cur.source, r.cur.by = true, m[1], strings.TrimSpace(m[2]+m[3])
	r.cur.add(strings.TrimSpace(joined[:len(joined)-len(m[0])]))
	r.cur.open = false
}

// captionBody reports whether the piece may be a caption whose credit stands in a block of its own.
func (p *piece) captionBody() bool {
	return p.monthDay == "" && len(p.paragraphs) == 1 && utf8.RuneCountInString(p.paragraphs[0]) < 200
}

func (r *pageReader) headline(b block) {
	if text := joinLines(b.lines); reStaff.MatchString(text) {
		r.cur.commentator = strings.TrimSpace(text)
		return
	}
	r.cur.heads = append(r.cur.heads, b)
}

// isHeadline tells a headline from a body: few lines without commas and full stops, for which headlines set blanks.
func isHeadline(b block) bool {
	return len(b.lines) <= 4 && !strings.ContainsAny(joinLines(b.lines), "。；，：")
}

// add appends the text of a block: to the last paragraph when that was cut in mid-sentence, else as a new one.
func (p *piece) add(text string) {
	whole := strings.TrimSpace(reJump.ReplaceAllString(text, ""))
	jumps := whole != strings.TrimSpace(text)
	if whole == "" {
		return
	}
	if p.open && len(p.paragraphs) > 0 {
		p.paragraphs[len(p.paragraphs)-1] += whole
	} else {
		p.paragraphs = append(p.paragraphs, whole)
	}
	r, _ := utf8.DecodeLastRuneInString(whole)
	p.open = !jumps && !strings.ContainsRune("。！？…”）)", r)
}

// joinLines joins wrapped lines, without a blank between Chinese and with one between Latin words, and mends numerals and
// letter-spaced text.
func joinLines(lines []string) string {
	var b strings.Builder
	for _, line := range lines {
		line = mendSpacing(strings.TrimSpace(strings.Trim(line, "　")))
		last, _ := utf8.DecodeLastRuneInString(b.String())
		if first, _ := utf8.DecodeRuneInString(line); letter(last) && letter(first) {
			b.WriteByte(' ')
		}
		b.WriteString(line)
	}
	return joinNumerals(b.String())
}

func letter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

var reSpaced = regexp.MustCompile(`[\p{Han}，。、；：！？“”（）%％]+(?:[ \t　]+[\p{Han}，。、；：！？“”（）%％]+)+`)

// mendSpacing removes the blanks of a stretch in which at least three characters stand alone.
func mendSpacing(line string) string {
	return reSpaced.ReplaceAllStringFunc(line, func(s string) string {
		alone := 0
		for _, f := range strings.Fields(s) {
			if utf8.RuneCountInString(f) == 1 {
				alone++
			}
		}
		if alone < 3 {
			return s
		}
		return strings.Join(strings.Fields(s), "")
	})
}

func (p *piece) document(year int) *corpus.Document {
	d := &corpus.Document{Kind: corpus.KindNews, Genre: "消息", Issuer: p.source, Byline: p.byline()}
	if p.photo {
		d.Genre = "图片新闻"
	}
	if p.commentator != "" {
		d.Genre = "评论"
	}
	for _, day := range []string{p.monthDay, fmt.Sprintf("%d年%s", year, p.monthDay)} {
		if date, err := corpus.ParseDate(day); err == nil {
			d.Published = date
		}
	}
	// An agency's dateline names its office, a paper's own the place of the story.
	if place := corpus.Regions().ByName(p.place, ""); p.source == "本报" && p.place != "" && len(place) > 0 {
		d.Region = place[0].Code
	}
	p.setHeadline(d)
	d.Sections = paragraphs(strings.Join(p.paragraphs, "\n"))
	return d
}

func (p *piece) byline() string {
	if p.commentator != "" {
		return p.commentator
	}
	by := strings.NewReplacer("记者", "", "实习生", " ", "通讯员", " ").Replace(p.by)
	return strings.Join(strings.Fields(by), "、")
}

// setHeadline finds kicker (引题), title and subtitle (副题) among the headline blocks: lines that end as kickers do stand
// above the title, what follows it or begins with a dash below.
func (p *piece) setHeadline(d *corpus.Document) {
	for _, b := range p.heads {
		lines := b.lines
		if last := strings.TrimSpace(lines[len(lines)-1]); strings.HasPrefix(last, "——") || strings.HasPrefix(last, "—一") {
			d.Subtitle = strings.TrimLeft(joinLines(lines[len(lines)-1:]), "—")
			lines = lines[:len(lines)-1]
		}
		if n := kickerLines(lines); n > 0 && d.Title == "" && (n < len(lines) || len(p.heads) > 1) {
			d.Kicker = joinLines(lines[:n])
			lines = lines[n:]
		}
		switch text := joinTitle(lines); {
		case text == "":
		case d.Title == "":
			d.Title = text
		default:
			d.Subtitle = strings.TrimSpace(d.Subtitle + " " + text)
		}
	}
}

// kickerLines is the number of lines up to the first that ends as a kicker does, 0 when none does.
func kickerLines(lines []string) int {
	for i, l := range lines {
		if reKicker.MatchString(strings.TrimSpace(l)) {
			return i + 1
		}
	}
	return 0
}

// joinTitle joins the lines of a headline with a blank, as newspapers set it on several lines.
func joinTitle(lines []string) string {
	parts := make([]string, 0, len(lines))
	for _, l := range lines {
		parts = append(parts, joinLines([]string{l}))
	}
	return strings.Join(parts, " ")
}
