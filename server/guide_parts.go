package server

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"tongsou/corpus"
)

// webLink returns an address that a page may link to: one of the web, http or https. Anything else is shown as text.
func webLink(s string) string {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.String()
}

// phone is a number as printed and as it is dialled, empty where it is no number.
type phone struct{ Text, Dial string }

var rePhone = regexp.MustCompile(`^\+?[\d\s\-()转]{3,24}$`)

// phones reads a field that may hold several numbers.
func phones(s string) []phone {
	var list []phone
	for _, p := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("、，,;；/\n", r) }) {
		p = strings.TrimSpace(p)
		folded := corpus.FoldWidth(p)
		if p == "" {
			continue
		}
		ph := phone{Text: p}
		if rePhone.MatchString(folded) {
			number, _, _ := strings.Cut(folded, "转") // an extension is asked for by the voice at the other end
			ph.Dial = strings.Map(func(r rune) rune {
				if r == '+' || r >= '0' && r <= '9' {
					return r
				}
				return -1
			}, number)
		}
		list = append(list, ph)
	}
	return list
}

// materialView is one line of the checklist.
type materialView struct {
	ID, Name, Copies, From, When, Note string
	// Blank and Filled are addresses of a blank form and a filled sample; where the source gives none that can be opened,
	// BlankText and FilledText say what it gives.
	Blank, Filled, BlankText, FilledText string
}

func newMaterialView(i int, m corpus.Material) materialView {
	v := materialView{
		ID: fmt.Sprintf("m%d", i+1), Name: m.Name, Copies: copiesText(m), When: m.When, Note: m.Note,
		From: originText(m), Blank: webLink(m.BlankForm), Filled: webLink(m.Filled),
	}
	if v.Blank == "" {
		v.BlankText = m.BlankForm
	}
	if v.Filled == "" {
		v.FilledText = m.Filled
	}
	return v
}

func originText(m corpus.Material) string {
	if m.Origin != "" && m.Issuer != "" {
		return m.Origin + "（" + m.Issuer + "）"
	}
	return m.Origin + m.Issuer
}

// copiesText says how many of what: 原件 1 份、复印件 2 份. The form is said where it is not one of these.
func copiesText(m corpus.Material) string {
	var list []string
	if m.Originals > 0 {
		name := "原件"
		if m.Form != "" && m.Copies == 0 {
			name = m.Form
		}
		list = append(list, fmt.Sprintf("%s %d 份", name, m.Originals))
	}
	if m.Copies > 0 {
		list = append(list, fmt.Sprintf("复印件 %d 份", m.Copies))
	}
	if len(list) == 0 {
		return m.Form
	}
	return strings.Join(list, "、")
}

// stepView is one step of the path.
type stepView struct{ Name, Who, Limit, Text string }

func stepViews(steps []corpus.Step) []stepView {
	var list []stepView
	for _, s := range steps {
		list = append(list, stepView{s.Name, s.Who, limitText(s.Limit), s.Text})
	}
	return list
}

// channel is one way to do it (办理渠道) with what it means.
type channel struct{ Name, Text, Link string }

// channelTexts explain the four words that the state uses for ways.
var channelTexts = map[string]string{
	"网上": "用电脑在政务服务网上办", "掌上": "用手机应用或者小程序办", "一窗": "到政务服务大厅的综合窗口办", "自助": "在大厅的自助机上办",
}

func channels(it *corpus.Item) []channel {
	var list []channel
	for _, c := range it.Channels {
		v := channel{Name: c, Text: channelTexts[c]}
		switch c {
		case "网上":
			v.Link = webLink(it.ApplyURL)
		case "一窗", "自助":
			if len(it.Places) > 0 {
				v.Link = "#places"
			}
		}
		list = append(list, v)
	}
	return list
}

// office is a place to go.
type office struct {
	Name, Address, Window, Hours string
	Phones                       []phone
}

func offices(places []corpus.Place) []office {
	var list []office
	for _, p := range places {
		o := office{p.Name, p.Address, p.Window, p.Hours, phones(p.Phone)}
		if o.Name == "" {
			o.Name, o.Address = o.Address, ""
		}
		list = append(list, o)
	}
	return list
}
