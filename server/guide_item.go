package server

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"tongsou/corpus"
)

// itemView is what the page of a service item shows: the whole guide (办事指南).
type itemView struct {
	frame
	D                            *corpus.Document
	Region                       string
	Validity                     corpus.Validity
	Stale                        bool
	Glance                       []glance
	Apply, Source                string
	Phones, Complaints           []phone
	MustBring, MayBring, NeedNot []materialView
	NoMaterials                  bool
	Bare                         bool // the source gives little more than a name
	Steps                        []stepView
	Fees                         []corpus.Fee
	Free                         bool
	Limits, Particulars          []namedValue
	Channels                     []channel
	Offices                      []office
	Basis                        []basisView
	Related                      []relatedView
	Elsewhere                    *elsewhereView
	Events                       []choice
	Sections                     []sectionView
}

// glance is one answer of an item's head: what everybody asks first.
type glance struct {
	Name, Value, Note string
	Good              bool
}

func (s *Server) itemPage(w http.ResponseWriter, r *http.Request) error {
	rec, err := s.record(r)
	if err != nil {
		return err
	}
	if rec.Kind != corpus.KindItem || rec.Item == nil {
		http.Redirect(w, r, documentAddress(rec.Document), http.StatusMovedPermanently)
		return nil
	}
	if s.unchanged(w, r) {
		return nil
	}
	v := newItemView(s.newFrame(r), rec)
	if v.Basis, err = s.basisViews(r.Context(), rec.Item.Basis); err != nil {
		return err
	}
	if v.Related, err = s.relatedPolicies(r.Context(), rec.Document, v.Basis); err != nil {
		return err
	}
	all, err := s.catalog.current(r.Context())
	if err != nil {
		return err
	}
	v.Elsewhere = all.elsewhere(rec.ID)
	return s.pages.write(w, http.StatusOK, "item.html", v)
}

// documentAddress is the page of a document: items have a page of their own.
func documentAddress(d *corpus.Document) string {
	if d.Kind == corpus.KindItem && d.Item != nil {
		return "/items/" + d.ID
	}
	return "/documents/" + d.ID
}

func newItemView(f frame, rec *record) *itemView {
	it := rec.Item
	v := &itemView{
		frame: f, D: rec.Document, Region: rec.Place, Validity: rec.Validity, Stale: stale(rec.Validity),
		Apply: webLink(it.ApplyURL), Source: webLink(rec.URL), Phones: phones(it.Phone), Complaints: phones(it.Complaint),
		NoMaterials: len(it.Materials) == 0, Steps: stepViews(it.Steps), Fees: it.Fees, Free: it.FeeFree, Limits: limitFacts(it),
		Particulars: particulars(rec), Channels: channels(it), Offices: offices(it.Places), Sections: sectionViews(rec.Document),
	}
	v.Sample, v.Styles, v.Modules = rec.Sample, []string{"guide.css"}, []string{"read-aloud.js", "checklist.js"}
	v.Glance = glances(it)
	v.Bare = len(it.Conditions)+len(it.Materials)+len(it.Steps)+len(it.Places) == 0
	for i, m := range it.Materials {
		mv := newMaterialView(i, m)
		switch {
		case m.Shared:
			v.NeedNot = append(v.NeedNot, mv)
		case m.Optional:
			v.MayBring = append(v.MayBring, mv)
		default:
			v.MustBring = append(v.MustBring, mv)
		}
	}
	for _, e := range it.LifeEvents {
		v.Events = append(v.Events, choice{Label: e, Link: guideAddress(e, rec.Region)})
	}
	return v
}

// glances answers at a glance: who, how long, how often, what to bring, what it costs, where.
func glances(it *corpus.Item) []glance {
	must := 0
	for _, m := range it.Materials {
		if !m.Optional && !m.Shared {
			must++
		}
	}
	list := []glance{
		{Name: "谁来办", Value: it.Body},
		{Name: "多久办好", Value: limitText(it.PromisedLimit), Note: fasterText(it), Good: it.PromisedLimit.Instant},
		{Name: "要跑几次", Value: visitsText(it.Visits), Note: it.VisitReason, Good: it.Visits != nil && *it.Visits == 0},
		{Name: "收费", Value: feeText(it.FeeFree, fees(it)), Good: it.FeeFree},
		{Name: "怎么办", Value: strings.Join(it.Channels, "、"), Note: it.OnlineDepth, Good: it.OnlineDepth == corpus.DepthFullyOnline},
	}
	if it.PromisedLimit.IsZero() {
		list[1].Value, list[1].Note = limitText(it.LegalLimit), "法定时限"
	}
	if len(it.Materials) > 0 {
		bring := glance{Name: "要带的材料", Value: fmt.Sprintf("%d 样", must), Note: fmt.Sprintf("共列 %d 样", len(it.Materials))}
		if must == 0 {
			bring.Value, bring.Good = "可以不带", true
		}
		list = slices.Insert(list, 3, bring)
	}
	return slices.DeleteFunc(list, func(g glance) bool { return g.Value == "" })
}

// fasterText says what the law allows beside what is promised.
func fasterText(it *corpus.Item) string {
	legal, promised := it.LegalLimit, it.PromisedLimit
	if legal.IsZero() || promised.IsZero() {
		return ""
	}
	text := "法定 " + limitText(legal)
	if legal.Instant {
		text = "法定也是" + limitText(legal)
	}
	if legal.Unit == promised.Unit && legal.Days > promised.Days {
		text += fmt.Sprintf("，快了 %d 个", legal.Days-promised.Days) + legal.Unit
	}
	return text
}

func limitFacts(it *corpus.Item) []namedValue {
	return knownFacts(namedValue{"承诺多久办好", limitText(it.PromisedLimit)}, namedValue{"法律规定最长", limitText(it.LegalLimit)},
		namedValue{"办件类型", handlingText(it.Handling)})
}

func handlingText(handling string) string {
	switch handling {
	case corpus.HandlingInstant:
		return "即办件（材料齐全当场办）"
	case corpus.HandlingPromised:
		return "承诺件（在承诺的时间内办好）"
	}
	return handling
}

// particulars are the fields of the list that few people ask for, and what the source had beside them.
func particulars(rec *record) []namedValue {
	it := rec.Item
	list := knownFacts(
		namedValue{"主项名称", it.Parent}, namedValue{"事项类型", it.Type}, namedValue{"行使层级", it.Level}, namedValue{"地区", rec.Place},
		namedValue{"实施主体", it.Body}, namedValue{"委托部门", it.Authority}, namedValue{"联办机构", strings.Join(it.Partners, "、")},
		namedValue{"服务对象", strings.Join(it.Audience, "、")}, namedValue{"主题", strings.Join(slices.Concat(it.PersonThemes, it.LegalThemes), "、")},
		namedValue{"网上办理深度", it.OnlineDepth}, namedValue{"实施编码", it.Code}, namedValue{"基本编码", it.BasicCode},
		namedValue{"业务办理项编码", it.TaskCode}, namedValue{"发布日期", string(rec.Published)},
	)
	for _, x := range it.Extra {
		list = append(list, knownFacts(namedValue(x))...)
	}
	return list
}

// knownFacts leaves out what the source does not say.
func knownFacts(facts ...namedValue) []namedValue {
	return slices.DeleteFunc(facts, func(f namedValue) bool { return f.Value == "" })
}
