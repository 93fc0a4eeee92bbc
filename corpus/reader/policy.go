package reader

import (
	"strings"

	"tongsou/corpus"
)

// policyRecords reads policies as JSON lines or an array, as crawlers write them: a title, a text that still has the
// page's header and footer, and fields under many names.
type policyRecords struct{}

func (policyRecords) Name() string { return "policy" }

// What sources call the fields of a policy; wiritten_time is one source's own spelling.
var (
	policyTitle  = []string{"title", "标题", "name"}
	policyNumber = []string{"release_number", "doc_no", "number", "文号", "发文字号", "document_number"}
	policyIssuer = []string{"release_office", "issuer", "source", "发文机关", "department"}
	policyText   = []string{"text", "original_text", "content", "正文", "body"}
	policyURL    = []string{"crawl_url", "source_url", "url", "link", "链接"}
	policyIndex  = []string{"index_number", "索引号"}
	policyTopic  = []string{"topic", "theme", "主题分类"}
	policyWrote  = []string{"wiritten_time", "written_time", "成文日期"}
	policyPublic = []string{"release_time", "publish_date", "pub_date", "发布日期"}
)

func (policyRecords) Accepts(f *File) bool {
	r, ok := firstRow(f.Head)
	// A source says nothing of the kind: news has one too.
	return ok && r.has(policyTitle...) && r.has(policyText...) &&
		(r.has(policyNumber...) || r.has("release_office", "issuer", "发文机关", "department"))
}

func (policyRecords) Read(f *File, emit Emit) error {
	return eachRow(f, func(r *row) error {
		title := squeeze(r.text(policyTitle...))
		if title == "" {
			return emit(nil, &Fault{Line: r.line, Field: "title", Reason: "缺少标题", Record: clipRecord(string(r.raw))})
		}
		return emit(policyOf(r, title), nil)
	}, lineFault(emit))
}

// policyOf prefers what the page's own header says to the record's fields: crawlers fill those with other dates.
func policyOf(r *row, title string) *corpus.Document {
	d := &corpus.Document{Kind: corpus.KindPolicy, Title: title, URL: r.text(policyURL...)}
	text := r.text(policyText...)
	header, body := cutPage(text)
	d.Issuer = firstText(header["发文机关"], r.text(policyIssuer...))
	d.IndexNumber = firstText(header["索引号"], r.text(policyIndex...))
	d.Number = firstNumber(header["发文字号"], header["文号"], r.text(policyNumber...), firstRunes(text, 400))
	d.Topics = cutList(firstText(header["主题分类"], r.text(policyTopic...)))
	d.Adopted = firstDate(header["成文日期"], r.text(policyWrote...))
	d.Published = firstDate(header["发布日期"], r.text(policyPublic...))
	d.Source.Line = r.line
	finishPolicy(d, body)
	return d
}

// finishPolicy fills what follows from a policy's text and issuer: the sections, the first day in force, the place, the ID.
func finishPolicy(d *corpus.Document, body string) {
	for _, m := range reEffective.FindAllStringSubmatch(body, -1) {
		if date, err := corpus.ParseDate(m[1]); err == nil && date >= d.Adopted {
			d.Effective = date
		}
	}
	d.Sections = Sections(body)
	if place := corpus.Regions().FindIn(d.Issuer, ""); len(place) > 0 && place[0].Start == 0 {
		d.Region = place[len(place)-1].Region.Code
	}
	d.ID = hashID("policy", d.Number, d.Title, firstRunes(body, 100))
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

func firstText(candidates ...string) string {
	for _, c := range candidates {
		if c = squeeze(c); c != "" {
			return c
		}
	}
	return ""
}

func firstNumber(candidates ...string) string {
	for _, c := range candidates {
		if n, ok := corpus.ParseNumber(c); ok {
			return n
		}
	}
	return ""
}

func firstDate(candidates ...string) corpus.Date {
	for _, c := range candidates {
		if d, err := corpus.ParseDate(c); err == nil {
			return d
		}
	}
	return ""
}
