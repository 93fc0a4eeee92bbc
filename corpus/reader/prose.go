package reader

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"tongsou/corpus"
)

// prose is a running text with what its file says about it: a web page, a letter, a notice. It becomes a policy or news.
type prose struct {
	// lines are the text, one paragraph a line; above are lines that stood over it on a page and are no part of it.
	lines, above []string
	// title, issuer, author, url and date are what the file itself says; empty when it does not.
	title, issuer, author, url string
	date                       corpus.Date
	topics                     []string
	// window is the title of a page's window, for pages that have no other.
	window string
	// site is the name of the site that a page stands on, the last resort for an issuer.
	site string
	// policy is set where the format holds policies alone; else the text decides.
	policy bool
}

var (
	// rePolicyTitle are the genres in which the title of a policy document ends, with （试行） and the like behind them.
	rePolicyTitle = regexp.MustCompile(`(通知|通告|公告|公报|意见|办法|规定|条例|细则|规则|规程|章程|决定|决议|命令|批复|复函|的函|方案|规划|计划|纲要|要点|措施|标准|制度|清单|目录|预案)\s*(?:[（(〔\[][^（()）]{1,20}[）)〕\]]\s*)*$`)
	// reExplains marks a title that tells about a policy and is none.
	reExplains = regexp.MustCompile(`解读|一图读懂|图解|问答|答记者问|发布会|新闻通气会|政策吹风|印发《|出台《|发布《|公布《`)
	reMasthead = regexp.MustCompile(`^[\p{Han}（）()、\s]{2,40}(?:文件|公报)$`)
	reUrgency  = regexp.MustCompile(`^(?:特急|特提|加急|急件|平急|内部资料|公开|主动公开|此件公开发布|[（(]此件公开发布[）)]|签发人[：:].{0,20}|\d{4,8})$`)
	reOrgan    = regexp.MustCompile(`^[\p{Han}、（）() ]{2,38}(?:政府|办公厅|办公室|委员会|部|委|厅|局|院|署|会|中心|行|队|处|所|社|办|公司)$`)
	reSubject  = regexp.MustCompile(`^([\p{Han}、 ]{3,40}?)(?:关于|印发|转发|批转)`)
	reDateOnly = regexp.MustCompile(`^[（(]?\s*(?:\d{4}\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日|[〇○零Ｏ一二三四五六七八九]{4}年[一二三四五六七八九十]{1,2}月[一二三四五六七八九十]{1,3}日)\s*[）)]?$`)
	// rePageLine is a line that a page sets around a text: what can be done with it, where it comes from, its neighbours.
	rePageLine = regexp.MustCompile(`^(?:(?:[【\[（(|]?\s*(?:我要)?(?:打印|关闭|收藏|纠错|分享|返回)(?:本页|此页|本文|窗口|顶部|页面|列表|首页)?\s*[】\])）|]?[\s|/]*)+|[上下]一[篇条页]\s*[：:].*|[上下]一[篇条页]|【?\s*字[体号]\s*[：:].*|(?:浏览|点击|访问|阅读)(?:次数|量|数)?\s*[：:].*|扫一扫.*|分享(?:到|至)\s*[：:]?.{0,30}|(?:责任)?编辑\s*[：:].{0,20}|(?:您?(?:现在|当前)?(?:所在)?的?)?位置\s*[：:].*|[【\[]?\s*(?:[大中小]\s*){3}[】\]]?|(?:发布时间|发布日期|时间|日期|信息来源|文章来源|来源|发布机构|作者)\s*[：:].{0,100})$`)
	reDated    = regexp.MustCompile(`(?:发布时间|发布日期|时间|日期)\s*[：:]\s*(\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2})`)
	reBy       = regexp.MustCompile(`(?:^|\s)作者\s*[：:]\s*([\p{Han}·]{2,12})`)
	reFrom     = regexp.MustCompile(`(?:信息来源|文章来源|来源|发布机构)\s*[：:]\s*([^\s|：:]{2,30})`)
)

const (
	// maxHeadLines is how far down the masthead, the number and the title of a letter may stand.
	maxHeadLines = 12
	// maxTitleLines and maxTitleLine bound a title set on several lines.
	maxTitleLines, maxTitleLine = 4, 40
)

// emit makes the document. A text without title is a fault.
func (p *prose) emit(emit Emit) error {
	header, _ := readHeader(headerLabels(p.above))
	own, end := readHeader(headerLabels(p.lines[:tableLines(p.lines)]))
	for label, value := range own {
		if value != "" || header[label] == "" {
			header[label] = value
		}
	}
	p.fromLines(append(append([]string(nil), p.above...), p.lines[:min(len(p.lines), maxHeadLines)]...))
	l := readLetterhead(dropPageLines(p.lines[end:]), firstText(p.title, header["标题"], p.windowTitle()))
	if l.title == "" {
		return emit(nil, &Fault{Field: "标题", Reason: "找不到标题，未收入；请在正文首行写上标题", Record: clipRecord(strings.Join(p.lines, "\n"))})
	}
	body := dropChrome(reFooter.ReplaceAllString("\n"+strings.Join(l.rest, "\n"), ""))
	number := firstNumber(header["发文字号"], header["文号"])
	if number == "" {
		number = l.number
	}
	if p.policy || isPolicy(l.title, number, body) {
		return emit(p.policyOf(l.title, number, header, body), nil)
	}
	return emitNews(&row{fields: map[string]any{
		"title": l.title, "text": body, "source": firstText(p.issuer, p.site), "author": p.author, "url": p.url, "date": string(p.date),
	}}, Sections, func(d *corpus.Document, fault *Fault) error {
		if d != nil {
			d.Topics = p.topics
		}
		return emit(d, fault)
	})
}

// windowTitle is the title of a page that marks none: the line over the text, or at its beginning, that ends as a policy's
// title does, since the window of an old page may show a short one; else the window's.
func (p *prose) windowTitle() string {
	if p.window == "" {
		return ""
	}
	above := dropPageLines(p.above)
	for _, line := range append(above[max(0, len(above)-3):], p.lines[:min(len(p.lines), 3)]...) {
		if n := utf8.RuneCountInString(line); n > 8 && n < 3*maxTitleLine && rePolicyTitle.MatchString(line) && !strings.ContainsAny(line, "。：") {
			return line
		}
	}
	return p.window
}

// fromLines reads source and date from the line under a page's title, where the file did not say them.
func (p *prose) fromLines(lines []string) {
	for _, line := range lines {
		if m := reDated.FindStringSubmatch(line); m != nil && p.date == "" {
			p.date = firstDate(m[1])
		}
		if m := reFrom.FindStringSubmatch(line); m != nil && p.issuer == "" {
			p.issuer = m[1]
		}
		if m := reBy.FindStringSubmatch(line); m != nil && p.author == "" {
			p.author = m[1]
		}
	}
}

// isPolicy tells a policy from news: it has a document number of its own, is titled like one, or has articles.
func isPolicy(title, number, body string) bool {
	if reExplains.MatchString(title) {
		return false
	}
	return number != "" || rePolicyTitle.MatchString(title) || len(reArticleLine.FindAllString(body, 2)) == 2
}

func (p *prose) policyOf(title, number string, header map[string]string, body string) *corpus.Document {
	d := &corpus.Document{Kind: corpus.KindPolicy, Title: title, Number: number, URL: p.url}
	signer, signed := signature(strings.Split(body, "\n"))
	d.Issuer = firstText(header["发文机关"], subject(title), signer, p.issuer, p.site)
	d.IndexNumber = firstText(header["索引号"])
	d.Topics = cutList(firstText(header["主题分类"]))
	if len(d.Topics) == 0 {
		d.Topics = p.topics
	}
	d.Adopted = firstDate(header["成文日期"], string(signed))
	d.Published = firstDate(header["发布日期"], string(p.date))
	if m := rePolicyTitle.FindStringSubmatch(title); m != nil {
		d.Genre = strings.TrimPrefix(m[1], "的")
	}
	finishPolicy(d, body)
	return d
}

// subject is the issuer with which a title begins: 某市人民政府关于…的通知.
func subject(title string) string {
	if m := reSubject.FindStringSubmatch(title); m != nil && reOrgan.MatchString(m[1]) {
		return squeeze(m[1])
	}
	return ""
}

// signature is the issuer and the day under a letter, which stand on two lines, the day last. What is attached follows
// them, so the first such pair counts.
func signature(lines []string) (string, corpus.Date) {
	last := ""
	for _, line := range lines {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if reDateOnly.MatchString(line) && reOrgan.MatchString(last) {
			return squeeze(last), firstDate(strings.Join(strings.Fields(line), ""))
		}
		last = line
	}
	return "", ""
}

// letterhead is what stands over a letter's text.
type letterhead struct {
	title, number string
	rest          []string
}

// readLetterhead reads masthead, number and title off the first lines. A title that is known already is looked for, so
// that the text does not repeat it.
func readLetterhead(lines []string, title string) letterhead {
	lines = filledLines(lines)
	l := letterhead{title: title}
	i := 0
	for skipped := true; skipped && i < min(len(lines), maxHeadLines); {
		skipped = false
		if n, took := loneNumber(lines[i:]); took > 0 && l.number == "" {
			l.number, skipped = n, true
			i += took
		} else if reMasthead.MatchString(lines[i]) || reUrgency.MatchString(lines[i]) || reChrome.MatchString(lines[i]) {
			i, skipped = i+1, true
		}
	}
	if title == "" {
		name, took := titleOf(lines[i:])
		l.title = name
		i += took
	} else {
		i += repeats(lines[i:], title)
	}
	if i < len(lines) && l.number == "" {
		n, took := loneNumber(lines[i:])
		l.number = n
		i += took
	}
	if title != "" {
		i += repeats(lines[i:], title)
	}
	l.rest = lines[i:]
	return l
}

func filledLines(lines []string) []string {
	kept := make([]string, 0, len(lines))
	for _, line := range lines {
		if line = strings.TrimSpace(strings.Trim(line, "　 \t\r\n\u00a0\uFEFF")); line != "" {
			kept = append(kept, line)
		}
	}
	return kept
}

// loneNumber reads a document number that has a line, or for an order two, to itself, and tells how many lines it took.
func loneNumber(lines []string) (string, int) {
	for took := 1; took <= min(2, len(lines)); took++ {
		s := strings.Trim(corpus.FoldWidth(strings.Join(lines[:took], "")), " （）()")
		if n, ok := corpus.FindNumber(s); ok && n.Start == 0 && n.End == len(s) {
			return n.Canonical, took
		}
		if !strings.HasSuffix(lines[0], "令") && !strings.HasSuffix(lines[0], "公告") {
			break
		}
	}
	return "", 0
}

// titleOf takes the first line for the title, or the first few when together they end as policies' titles do.
func titleOf(lines []string) (string, int) {
	title := ""
	for i, line := range lines[:min(len(lines), maxTitleLines)] {
		if utf8.RuneCountInString(line) > maxTitleLine || strings.ContainsAny(line, "。；：！？") {
			break
		}
		if title += mendSpacing(line); rePolicyTitle.MatchString(title) {
			return title, i + 1
		}
	}
	if len(lines) == 0 {
		return "", 0
	}
	return mendSpacing(strings.TrimSpace(strings.TrimLeft(lines[0], "#"))), 1
}

// repeats is the number of lines that together are the title.
func repeats(lines []string, title string) int {
	want, got := solid(title), ""
	for i, line := range lines[:min(len(lines), maxTitleLines)] {
		if got += solid(line); got == want {
			return i + 1
		}
	}
	return 0
}

// solid is a text without blanks and the marks of a heading.
func solid(s string) string { return strings.Join(strings.Fields(strings.TrimLeft(s, "# ")), "") }

// tableLines is how many lines a header table may take: it ends before the first line of running text.
func tableLines(lines []string) int {
	for i, line := range lines {
		if utf8.RuneCountInString(line) > 2*maxTitleLine || strings.HasSuffix(strings.TrimSpace(line), "。") {
			return i
		}
	}
	return len(lines)
}

func dropPageLines(lines []string) []string {
	kept := make([]string, 0, len(lines))
	for _, line := range filledLines(lines) {
		if !rePageLine.MatchString(line) {
			kept = append(kept, line)
		}
	}
	return kept
}

// otherLabels are what portals call the labels of headerNames.
var otherLabels = map[string]string{
	"发布机构": "发文机关", "发文单位": "发文机关", "制发机关": "发文机关", "生成日期": "成文日期", "发文日期": "成文日期", "公开日期": "发布日期",
	"发布时间": "发布日期", "信息名称": "标题", "公文标题": "标题", "信息分类": "主题分类", "文件编号": "文号", "文件号": "文号",
}

// headerLabel gives a line that begins with one of otherLabels the label that readHeader knows.
func headerLabel(line string) string {
	label, value, ok := strings.Cut(strings.Replace(line, ":", "：", 1), "：")
	if name := otherLabels[strings.Join(strings.Fields(label), "")]; ok && name != "" {
		return name + "：" + value
	}
	return line
}

func headerLabels(lines []string) []string {
	renamed := make([]string, len(lines))
	for i, line := range lines {
		renamed[i] = headerLabel(line)
	}
	return renamed
}
