package index

import (
	"strconv"
	"strings"

	"tongsou/corpus"
)

// Unit is what an engine ranks: a whole item, a whole piece of news, the head of a policy (its title and what is said
// about it) or one section of it. Every document has exactly one head.
type Unit struct {
	// ID is the document's ID for the head, "document#section" for a section. Doc and Section are its two halves.
	ID, Doc, Section string
	Kind             corpus.Kind
	// Title, Keys and Body are the three fields of BM25F: what it is called; what else it is called (everyday names,
	// headings, topics); its text.
	Title, Keys, Body string
	// Meta is set on the head and stored with it; Ref on a section.
	Meta *Meta
	Ref  *SectionRef
}

// Meta is what an engine stores of a document to show a hit without asking the store of record.
type Meta struct {
	ID         string      `json:"id"`
	Kind       corpus.Kind `json:"kind"`
	Title      string      `json:"title"`
	Genre      string      `json:"genre,omitempty"`
	Number     string      `json:"number,omitempty"`
	Issuer     string      `json:"issuer,omitempty"`
	Region     string      `json:"region,omitempty"`
	Date       corpus.Date `json:"date,omitempty"`
	Effective  corpus.Date `json:"effective,omitempty"`
	Superseded corpus.Date `json:"superseded,omitempty"`
	Repealed   corpus.Date `json:"repealed,omitempty"`
	Family     string      `json:"family,omitempty"`
	URL        string      `json:"url,omitempty"`
	Sample     bool        `json:"sample,omitempty"`
	Everyday   []string    `json:"everyday,omitempty"`
	Card       *Card       `json:"card,omitempty"`
	Needs      []Need      `json:"needs,omitempty"`
}

// Units cuts a document into what is ranked. News and items are one unit; a policy is a head and its sections.
func Units(d *corpus.Document) []Unit {
	head := Unit{ID: d.ID, Doc: d.ID, Kind: d.Kind, Title: d.Title, Keys: keys(d), Meta: meta(d)}
	switch {
	case d.Kind == corpus.KindItem:
		head.Body = itemBody(d)
	case d.Kind == corpus.KindNews || len(d.Sections) <= 1:
		head.Body = d.Text()
	}
	units := []Unit{head}
	if head.Body != "" {
		return units
	}
	for _, s := range d.Sections {
		units = append(units, Unit{
			ID: d.ID + "#" + s.ID, Doc: d.ID, Section: s.ID, Kind: d.Kind,
			Title: strings.TrimSpace(d.Title + " " + s.Label), Keys: strings.Join(s.Path, " "), Body: s.Text,
			Ref: &SectionRef{ID: s.ID, Label: s.Label, Path: s.Path},
		})
	}
	return units
}

// DocumentDate is the date that a document is sorted and filtered by: of publication, else of adoption, else the first
// day in force.
func DocumentDate(d *corpus.Document) corpus.Date {
	for _, date := range []corpus.Date{d.Published, d.Adopted, d.Effective} {
		if date != "" {
			return date
		}
	}
	return ""
}

func keys(d *corpus.Document) string {
	parts := []string{d.Kicker, d.Subtitle, strings.Join(d.Topics, " ")}
	if d.Item != nil {
		parts = append(parts, strings.Join(d.Item.Everyday, " "), d.Item.Parent,
			strings.Join(d.Item.LifeEvents, " "), d.Issuer)
	}
	return joinNonEmpty(parts, "\n")
}

func meta(d *corpus.Document) *Meta {
	m := &Meta{
		ID: d.ID, Kind: d.Kind, Title: d.Title, Genre: d.Genre, Number: d.Number, Issuer: d.Issuer, Region: d.Region,
		Date: DocumentDate(d), Effective: d.Effective, Superseded: d.Superseded, Repealed: d.Repealed,
		Family: d.Family, URL: d.URL, Sample: d.Sample,
	}
	if d.Item != nil {
		m.Everyday = d.Item.Everyday
		m.Card = card(d.Item)
		m.Needs = Needs(d.Item.Materials)
	}
	return m
}

func card(it *corpus.Item) *Card {
	c := &Card{
		Code: it.Code, Type: it.Type, Body: it.Body, Audience: it.Audience, Handling: it.Handling,
		LegalLimit: it.LegalLimit, PromisedLimit: it.PromisedLimit, Visits: it.Visits, OnlineDepth: it.OnlineDepth,
		Channels: it.Channels, FeeFree: it.FeeFree, Phone: it.Phone, ApplyURL: it.ApplyURL,
	}
	for _, m := range it.Materials {
		c.Materials = append(c.Materials, m.Name)
	}
	for _, f := range it.Fees {
		c.Fees = append(c.Fees, strings.TrimSpace(f.Name+" "+f.Standard))
	}
	if len(it.Places) > 0 {
		p := it.Places[0]
		c.Address, c.Hours = strings.TrimSpace(p.Address+" "+p.Window), p.Hours
	}
	return c
}

// itemBody writes an item's fields as labelled lines, so that a snippet says which field it shows.
func itemBody(d *corpus.Document) string {
	it := d.Item
	if it == nil {
		return d.Text()
	}
	var lines []string
	line := func(label string, values ...string) {
		if s := joinNonEmpty(values, "；"); s != "" {
			lines = append(lines, label+"："+s)
		}
	}
	line("受理条件", it.Conditions...)
	line("申请材料", each(it.Materials, func(m corpus.Material) string { return m.Name })...)
	line("办理流程", each(it.Steps, func(s corpus.Step) string { return joinNonEmpty([]string{s.Name, s.Text}, " ") })...)
	line("审批结果", each(it.Results, func(o corpus.Outcome) string { return o.Name })...)
	line("收费", each(it.Fees, func(f corpus.Fee) string { return strings.TrimSpace(f.Name + " " + f.Standard) })...)
	line("设定依据", each(it.Basis, func(b corpus.Basis) string { return strings.TrimSpace("《" + b.Law + "》" + b.Article) })...)
	line("主题", append(append([]string{}, it.PersonThemes...), it.LegalThemes...)...)
	line("办理地点", each(it.Places, func(p corpus.Place) string { return strings.TrimSpace(p.Address + " " + p.Window) })...)
	for _, qa := range it.FAQ {
		line("问", qa.Question)
		line("答", qa.Answer)
	}
	for _, x := range it.Extra {
		line(x.Name, x.Value)
	}
	if text := d.Text(); text != "" {
		lines = append(lines, text)
	}
	return strings.Join(lines, "\n")
}

// The facet fields, with their Chinese labels, in display order. Regions count for every division above them too.
var facetLabels = []struct{ Field, Label string }{
	{"kind", "类别"}, {"region", "地区"}, {"issuer", "发文机关/实施主体"}, {"audience", "服务对象"}, {"theme", "主题"},
	{"item_type", "事项类型"}, {"channel", "办理渠道"}, {"convenience", "办事便利"},
	{"year", "年份"}, {"validity", "时效性"},
}

// FacetValues returns the values of d for every facet field but kind and validity, which are read elsewhere.
func FacetValues(d *corpus.Document) map[string][]string {
	v := map[string][]string{}
	set := func(field string, values ...string) {
		for _, s := range values {
			if s != "" {
				v[field] = append(v[field], s)
			}
		}
	}
	set("region", d.Region)
	set("issuer", d.Issuer)
	if y := DocumentDate(d).Year(); y > 0 {
		set("year", strconv.Itoa(y))
	}
	if it := d.Item; it != nil {
		set("audience", it.Audience...)
		set("theme", it.PersonThemes...)
		set("theme", it.LegalThemes...)
		set("item_type", it.Type)
		set("channel", it.Channels...)
		set("convenience", Conveniences(card(it))...)
	} else {
		set("theme", d.Topics...)
	}
	return v
}

func each[T any](list []T, text func(T) string) []string {
	out := make([]string, 0, len(list))
	for _, x := range list {
		out = append(out, text(x))
	}
	return out
}

func joinNonEmpty(parts []string, sep string) string {
	var kept []string
	for _, p := range parts {
		if p = strings.TrimSpace(p); p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, sep)
}
