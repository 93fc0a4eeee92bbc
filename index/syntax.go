package index

import (
	"regexp"
	"strings"
)

// Syntax is a query in the parts of its language: what a form for advanced search holds. ParseSyntax takes a query apart
// as a Reader does, String writes it. Values stand as they were typed; whether a number or a place is one shows when the
// query is searched.
type Syntax struct {
	Words                string   // plain words
	Phrases              []string // "…": letter by letter
	Titles               []string // 标题:
	Without              []string // -word
	Number, Issuer, Code string   // 文号: 发文机关: 编码:
	Regions              []string // 地区:
	From, To             string   // 日期:from..to; both the same for 日期:2023
}

const quotes = `"“”「」『』＂`

// reDangling is a field without a value at the end of a query, which would swallow what is written after it.
var reDangling = regexp.MustCompile(`(?:(?:文号|标题|发文机关|编码|地区|日期)[:：]\s*)+$`)

// ParseSyntax takes the text of a query apart. It never fails: what is no syntax is words.
func ParseSyntax(text string) Syntax {
	var s Syntax
	text, _ = clip(text, MaxQueryRunes)
	text = reField.ReplaceAllStringFunc(text, func(found string) string {
		m := reField.FindStringSubmatch(found)
		s.set(m[1], bare(m[2]))
		return " "
	})
	text = reQuoted.ReplaceAllStringFunc(text, func(found string) string {
		s.Phrases = appendText(s.Phrases, bare(found))
		return " "
	})
	text = bare(text)
	text = reMinus.ReplaceAllStringFunc(text, func(found string) string {
		s.Without = appendText(s.Without, reMinus.FindStringSubmatch(found)[1])
		return " "
	})
	s.Words = strings.TrimSpace(reDangling.ReplaceAllString(strings.Join(strings.Fields(text), " "), ""))
	return s
}

// set takes a field's value; of those that a query has once the last one counts, as it does when it is read.
func (s *Syntax) set(name, value string) {
	if value == "" {
		return
	}
	switch name {
	case "文号":
		s.Number = value
	case "标题":
		s.Titles = append(s.Titles, value)
	case "发文机关":
		s.Issuer = value
	case "编码":
		s.Code = value
	case "地区":
		s.Regions = append(s.Regions, value)
	case "日期":
		s.From, s.To = value, value
		if m := reRange.FindStringSubmatch(value); m != nil {
			s.From, s.To = m[1], m[2]
		}
	}
}

// bare is a text without quotation marks, on one line.
func bare(text string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if strings.ContainsRune(quotes, r) {
			return ' '
		}
		return r
	}, text)), " ")
}

func appendText(list []string, text string) []string {
	if text == "" {
		return list
	}
	return append(list, text)
}

// String writes the query.
func (s Syntax) String() string {
	parts := appendText(nil, bare(s.Words))
	for _, p := range s.Phrases {
		if p = bare(p); p != "" {
			parts = append(parts, `"`+p+`"`)
		}
	}
	for _, t := range s.Titles {
		parts = appendField(parts, "标题", t)
	}
	parts = appendField(parts, "文号", s.Number)
	parts = appendField(parts, "编码", s.Code)
	parts = appendField(parts, "发文机关", s.Issuer)
	for _, r := range s.Regions {
		parts = appendField(parts, "地区", r)
	}
	dates := s.From
	if s.To != s.From {
		dates += ".." + s.To
	}
	parts = appendField(parts, "日期", dates)
	for _, w := range s.Without {
		for _, word := range strings.Fields(bare(w)) {
			parts = append(parts, "-"+strings.TrimLeft(word, "-－"))
		}
	}
	return strings.Join(parts, " ")
}

func appendField(parts []string, name, value string) []string {
	switch value = bare(value); {
	case value == "":
		return parts
	case strings.ContainsRune(value, ' '):
		return append(parts, name+`:"`+value+`"`)
	}
	return append(parts, name+":"+value)
}
