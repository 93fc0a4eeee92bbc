package corpus

import (
	"regexp"
	"strings"
)

// A document number (发文字号, 文号) is an issuer's short name, a year in brackets and a serial number:
// 国办发〔2017〕47号. People write the brackets as 〔〕, [], （）, 【】, 《》 or leave them out (国办发2017年47号), in full width
// or with spaces, and 第 before the serial. Orders carry a name and a serial alone: 国务院令第722号.
var (
	reNumber = regexp.MustCompile(`([\p{Han}A-Za-z]{1,14}?[发函字规办通电告令复议审监综环教人社财建卫健税文政农国土资交水商民司公安科工信市粮林地党组〕)）]?)\s*` +
		`[〔\[［（(【〈《﹝「]\s*((?:19|20)\d{2})\s*年?\s*[〕\]］）)】〉》﹞」]\s*(?:第)?\s*0*(\d{1,5})\s*号`)
	reNumberYear = regexp.MustCompile(`([\p{Han}]{1,12}[发函字规办通电告复])\s*((?:19|20)\d{2})\s*年\s*(?:第)?\s*0*(\d{1,5})\s*号`)
	reOrder      = regexp.MustCompile(`([\p{Han}]{1,20}令)\s*(?:第)?\s*(\d{1,4})\s*号`)
)

// Number is a document number found in a text, with the bytes that it occupies there.
type Number struct {
	Canonical  string // 国办发〔2017〕47号, 国务院令第722号
	Start, End int
}

// FindNumber finds the first document number in s. Full-width digits and letters must have been folded to half width.
func FindNumber(s string) (Number, bool) {
	best := Number{Start: len(s) + 1}
	take := func(m []int, canonical func() string) {
		if m != nil && m[0] < best.Start {
			best = Number{Canonical: canonical(), Start: m[0], End: m[1]}
		}
	}
	dated := func(m []int) func() string {
		return func() string {
			return strings.Join(strings.Fields(s[m[2]:m[3]]), "") + "〔" + s[m[4]:m[5]] + "〕" + s[m[6]:m[7]] + "号"
		}
	}
	m := reNumber.FindStringSubmatchIndex(s)
	take(m, dated(m))
	m = reNumberYear.FindStringSubmatchIndex(s)
	take(m, dated(m))
	m = reOrder.FindStringSubmatchIndex(s)
	take(m, func() string { return s[m[2]:m[3]] + "第" + s[m[4]:m[5]] + "号" })
	return best, best.Canonical != ""
}

// ParseNumber returns the canonical form of a document number in any of its spellings, and false when s holds none.
func ParseNumber(s string) (string, bool) {
	n, ok := FindNumber(FoldWidth(s))
	return n.Canonical, ok
}

// FoldWidth turns full-width letters, digits and punctuation of ASCII into their half-width forms and the ideographic
// space into a space, and leaves everything else. It is what document numbers and codes need; text for searching goes
// through the segment package.
func FoldWidth(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			return r - '！' + '!'
		case r == '　' || r == '\u00a0':
			return ' '
		}
		return r
	}, s)
}
