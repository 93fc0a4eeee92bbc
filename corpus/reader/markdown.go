package reader

import (
	"path"
	"regexp"
	"strings"

	"tongsou/corpus"
)

// markdown reads policies and news that an operator writes by hand: a title, header lines 键：值, a mark that ends them,
// then the text as in law Markdown.
type markdown struct{}

func (markdown) Name() string { return "markdown" }

func (markdown) Accepts(f *File) bool {
	head, _, ok := strings.Cut(string(f.Head), infoEnd)
	return ok && hasHeaderLines(head)
}

var reHeaderLine = regexp.MustCompile(`(?m)^([\p{Han}A-Z]{2,6})[：:][ \t]*(.*?)[ \t　]*\r?$`)

func hasHeaderLines(head string) bool {
	m := reHeaderLine.FindStringSubmatch(head)
	return m != nil && (headerText[m[1]] != nil || headerDate[m[1]] != nil || m[1] == "类别")
}

// The keys of header lines and the fields they set.
var (
	headerText = map[string]func(*corpus.Document, string){
		"文号":   func(d *corpus.Document, v string) { d.Number = canonicalNumber(v) },
		"索引号":  func(d *corpus.Document, v string) { d.IndexNumber = v },
		"发文机关": func(d *corpus.Document, v string) { d.Issuer = v },
		"来源":   func(d *corpus.Document, v string) { d.Issuer = v },
		"体裁":   func(d *corpus.Document, v string) { d.Genre = v },
		"链接":   func(d *corpus.Document, v string) { d.URL = v },
		"版本族":  func(d *corpus.Document, v string) { d.Family = v },
		"编号":   func(d *corpus.Document, v string) { d.ID = codeID("doc", v) },
		"引题":   func(d *corpus.Document, v string) { d.Kicker = v },
		"副题":   func(d *corpus.Document, v string) { d.Subtitle = v },
		"作者":   func(d *corpus.Document, v string) { d.Byline = v },
		"示例":   func(d *corpus.Document, v string) { d.Sample = v == "是" },
		"主题":   func(d *corpus.Document, v string) { d.Topics = cutList(v) },
	}
	headerDate = map[string]func(*corpus.Document, corpus.Date){
		"成文日期": func(d *corpus.Document, v corpus.Date) { d.Adopted = v },
		"发布日期": func(d *corpus.Document, v corpus.Date) { d.Published = v },
		"施行日期": func(d *corpus.Document, v corpus.Date) { d.Effective = v },
		"废止日期": func(d *corpus.Document, v corpus.Date) { d.Repealed = v },
	}
	headerKinds = map[string]corpus.Kind{"政策": corpus.KindPolicy, "新闻": corpus.KindNews}
)

// cutList cuts a list at the marks that people set between its members.
func cutList(v string) []string {
	return strings.FieldsFunc(v, func(r rune) bool { return strings.ContainsRune(`、，,；;|\/ `+"\n", r) })
}

func canonicalNumber(v string) string {
	if n, ok := corpus.ParseNumber(v); ok {
		return n
	}
	return v
}

func (markdown) Read(f *File, emit Emit) error {
	raw, err := readBounded(f.Text, f.Limits.Text)
	if err != nil {
		return err
	}
	info, body, _ := strings.Cut(string(raw), infoEnd)
	d := &corpus.Document{Kind: corpus.KindPolicy}
	n := 0
	for line := range strings.Lines(info) {
		n++
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if d.Title == "" && strings.HasPrefix(line, "#") {
			d.Title = strings.TrimSpace(strings.TrimLeft(line, "#"))
			continue
		}
		if fault := setHeader(d, line); fault != nil {
			fault.File, fault.Line = f.Path, n
			if err := emit(nil, fault); err != nil {
				return err
			}
		}
	}
	if d.Title == "" {
		return emit(nil, &Fault{File: f.Path, Line: 1, Field: "标题", Reason: "缺少标题；请在首行写 “# 标题”"})
	}
	d.Sections = Sections(body)
	if d.ID == "" {
		d.ID = hashID("doc", strings.TrimSuffix(path.Base(f.Path), ".md"), d.Title, d.Number)
	}
	return emit(d, nil)
}

// setHeader sets the field of one header line, or says what is wrong with it; the document is kept all the same.
func setHeader(d *corpus.Document, line string) *Fault {
	m := reHeaderLine.FindStringSubmatch(line)
	if m == nil {
		return &Fault{Field: "文件头", Reason: "应为 “键：值”，收到：" + line}
	}
	key, value := m[1], m[2]
	switch {
	case value == "":
	case headerText[key] != nil:
		headerText[key](d, value)
	case headerDate[key] != nil:
		date, err := corpus.ParseDate(value)
		if err != nil {
			return &Fault{Field: key, Reason: "日期认不出来：" + value + "；请写成 2022-02-07"}
		}
		headerDate[key](d, date)
	case key == "类别":
		kind, ok := headerKinds[value]
		if !ok {
			return &Fault{Field: key, Reason: "类别只能是 政策 或 新闻，收到：" + value}
		}
		d.Kind = kind
	case key == "地区":
		return setPlace(d, value)
	default:
		return &Fault{Field: key, Reason: "不认识的键；可用：类别、文号、索引号、发文机关、来源、成文日期、发布日期、施行日期、废止日期、地区、主题、体裁、链接、版本族、编号、引题、副题、作者、示例"}
	}
	return nil
}

func setPlace(d *corpus.Document, value string) *Fault {
	if code, ok := corpus.NormalizeRegion(value); ok {
		d.Region = code
		return nil
	}
	if found := corpus.Regions().ByName(value, ""); len(found) > 0 {
		d.Region = found[0].Code
		return nil
	}
	return &Fault{Field: "地区", Reason: "不认识的行政区划：" + value + "；请写区划代码或全名"}
}
