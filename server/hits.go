package server

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"tongsou/corpus"
	"tongsou/index"
)

// hitView is one document that answers.
type hitView struct {
	Title, Snippet []index.Run
	Name           string // the title as plain text
	Link, Label    string // of the best section; the label is empty for the document as a whole
	Whole          string // the document's own address
	Sample, Stale  bool
	Valid          corpus.Validity
	Facts          []string
	Date           string
	Card           *cardView
	More           []sectionHitView
	Why            []string
	Office         string
	Place          string
	Elsewhere      []choice // the same item in other places
}

type sectionHitView struct {
	Link, Label string
	Snippet     []index.Run
}

// cardView answers at a glance what a citizen wants to know of an item.
type cardView struct {
	Body   string
	Asked  []cardLine // what the query asks for, said first
	Glance []cardLine // short: how long, how often, how many, how much
	Lines  []cardLine // long: what to bring, where to go
	Apply  string     // where it is done online
	Phones []phone
}

// cardLine is one answer of a card. Note stands after the value, smaller.
type cardLine struct{ Key, Label, Value, Note string }

func newHitView(h *index.Hit, intents []string) hitView {
	base := "/documents/" + url.PathEscape(h.ID)
	if h.Kind == corpus.KindItem {
		base = "/items/" + url.PathEscape(h.ID)
	}
	v := hitView{
		Title: h.Title, Name: h.PlainTitle(), Snippet: h.Snippet, Link: base, Whole: base, Sample: h.Sample, Valid: h.Valid,
		Stale: stale(h.Valid), Why: plainWhy(h.Why), Office: h.Office, Place: h.Place, Date: string(h.Date), Facts: nonEmpty(h.Number, h.Issuer, h.Place),
	}
	if h.Section != nil {
		v.Label, v.Link = sectionLabel(h.Section), base+"#"+h.Section.ID
	}
	for i := range h.More {
		ref := &h.More[i].Section
		v.More = append(v.More, sectionHitView{base + "#" + ref.ID, sectionLabel(ref), h.More[i].Snippet})
	}
	if h.Card != nil {
		v.Facts = nonEmpty(cmp.Or(h.Card.Body, h.Issuer), h.Place)
		v.Card = newCardView(h.Card, intents)
	}
	return v
}

// plainWhy says in everyday words why a hit is there that does not hold the words typed.
func plainWhy(list []string) []string {
	var plain []string
	for _, why := range list {
		words, related := strings.CutPrefix(why, "相关词: ")
		if said, official, ok := strings.Cut(words, "→"); related && ok {
			why = "您说的“" + said + "”，文件里叫“" + official + "”"
		}
		plain = append(plain, why)
	}
	return plain
}

func sectionLabel(ref *index.SectionRef) string {
	if ref.Label != "" {
		return ref.Label
	}
	if len(ref.Path) > 0 {
		return ref.Path[len(ref.Path)-1]
	}
	return "正文"
}

func newCardView(c *index.Card, intents []string) *cardView {
	v := &cardView{Body: c.Body, Apply: webLink(c.ApplyURL), Phones: phones(c.Phone)}
	v.Glance = filled([]cardLine{
		limitLine(c),
		{"visits", "要跑几次", visitsText(c.Visits), ""},
		{"count", "材料", countText(len(c.Materials)), ""},
		{"cost", "收费", feeText(c.FeeFree, c.Fees), ""},
	})
	lines := filled([]cardLine{
		{"materials", "带什么", strings.Join(c.Materials, "、"), ""},
		{"place", "去哪里", strings.TrimSpace(c.Address), c.Hours},
		{"online", "怎么办", channelsText(c.Channels), ""},
	})
	for _, intent := range intents {
		for _, l := range slices.Concat(v.Glance, lines, filled([]cardLine{{"phone", "问谁", c.Phone, ""}})) {
			if l.Key == intent {
				v.Asked = append(v.Asked, l)
			}
		}
	}
	asked := func(l cardLine) bool {
		return slices.ContainsFunc(v.Asked, func(a cardLine) bool { return a.Key == l.Key })
	}
	v.Lines = slices.DeleteFunc(lines, asked)
	if i := slices.IndexFunc(v.Asked, func(l cardLine) bool { return l.Key == "materials" }); i >= 0 {
		v.Asked[i].Label += "（" + countText(len(c.Materials)) + "）"
		v.Glance = slices.DeleteFunc(v.Glance, func(l cardLine) bool { return l.Key == "count" })
	}
	v.Glance = slices.DeleteFunc(v.Glance, asked)
	return v
}

// limitLine sets the promised limit against the legal one.
func limitLine(c *index.Card) cardLine {
	promised, legal := limitText(c.PromisedLimit), limitText(c.LegalLimit)
	l := cardLine{"time", "多久办好", cmp.Or(promised, legal), ""}
	switch {
	case promised != "" && legal != "" && promised != legal:
		l.Note = "法定" + strings.Replace(" "+legal, " 当场", "当场", 1)
	case promised == "" && legal != "":
		l.Note = "法定时限"
	}
	return l
}

func countText(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d 样", n)
}

func channelsText(channels []string) string {
	names := map[string]string{"网上": "网上办", "掌上": "手机办", "一窗": "窗口办", "自助": "自助机办"}
	var list []string
	for _, c := range channels {
		list = append(list, cmp.Or(names[c], c))
	}
	return strings.Join(list, "、")
}

func filled(list []cardLine) []cardLine {
	return slices.DeleteFunc(list, func(l cardLine) bool { return l.Value == "" })
}

func nonEmpty(list ...string) []string {
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}
