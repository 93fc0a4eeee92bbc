package server

import (
	"fmt"
	"net/http"
	"strings"

	"tongsou/corpus"
)

// documentView is what the page of one document shows.
type documentView struct {
	frame
	D        *corpus.Document
	Validity corpus.Validity
	Stale    bool
	Facts    []namedValue
	Sections []sectionView
}

type sectionView struct {
	ID, Label  string
	Heads      []string // headings that begin with this section
	Paragraphs []string
}

func (s *Server) documentPage(w http.ResponseWriter, r *http.Request) error {
	rec, err := s.record(r)
	if err != nil {
		return err
	}
	if s.unchanged(w, r) {
		return nil
	}
	v := &documentView{
		frame: s.newFrame(r), D: rec.Document, Validity: rec.Validity,
		Stale: stale(rec.Validity), Facts: documentFacts(rec), Sections: sectionViews(rec.Sections),
	}
	v.Sample, v.Styles = rec.Sample, []string{"document.css"}
	return s.pages.write(w, http.StatusOK, "document.html", v)
}

func stale(v corpus.Validity) bool { return v != corpus.InForce && v != corpus.NoValidity }

func sectionViews(sections []corpus.Section) []sectionView {
	var views []sectionView
	var above []string
	for _, sec := range sections {
		common := 0
		for common < len(above) && common < len(sec.Path) && above[common] == sec.Path[common] {
			common++
		}
		views = append(views, sectionView{sec.ID, sec.Label, sec.Path[common:], strings.Split(sec.Text, "\n")})
		above = sec.Path
	}
	return views
}

// documentFacts lists the fields of a document's head that are known.
func documentFacts(rec *record) []namedValue {
	d := rec.Document
	facts := []namedValue{
		{"文号", d.Number}, {"发文机关", d.Issuer}, {"地区", rec.Place}, {"时效性", string(rec.Validity)},
		{"成文日期", string(d.Adopted)}, {"发布日期", string(d.Published)}, {"施行日期", string(d.Effective)},
		{"废止日期", string(d.Repealed)}, {"索引号", d.IndexNumber}, {"作者", d.Byline},
	}
	if it := d.Item; it != nil {
		facts = []namedValue{
			{"实施主体", it.Body}, {"地区", rec.Place}, {"多久办好", limitText(it.PromisedLimit)}, {"法定时限", limitText(it.LegalLimit)},
			{"要跑几次", visitsText(it.Visits)}, {"怎么办", strings.Join(it.Channels, "、")}, {"收费", feeText(it.FeeFree, nil)},
			{"事项类型", it.Type}, {"办件类型", it.Handling}, {"服务对象", strings.Join(it.Audience, "、")},
			{"咨询电话", it.Phone}, {"实施编码", it.Code},
		}
	}
	var known []namedValue
	for _, f := range facts {
		if f.Value != "" {
			known = append(known, f)
		}
	}
	return known
}

func limitText(l corpus.Limit) string {
	switch {
	case l.IsZero():
		return ""
	case l.Instant:
		return "当场办好"
	}
	return fmt.Sprintf("%d 个%s", l.Days, l.Unit)
}

func visitsText(n *int) string {
	switch {
	case n == nil:
		return ""
	case *n == 0:
		return "不用跑"
	}
	return fmt.Sprintf("%d 次", *n)
}

func feeText(free bool, fees []string) string {
	if free {
		return "不收费"
	}
	return strings.Join(fees, "；")
}
