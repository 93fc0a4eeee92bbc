package corpus

import (
	"regexp"
	"strings"
)

// A document number (发文字号, 文号) is an issuer's short name, a year in brackets and a serial number:
// 国办发〔2017〕47号. People write the brackets as 〔〕, [], （）, 【】 or leave them out (国办发2017年47号), in full width or
// with blanks, and 第 before the serial. An order (令) or announcement (公告) has a name and a serial: 国务院令第722号.
var (
	reNumber = regexp.MustCompile(`([\p{Han}A-Za-z]{1,20})\s*[〔\[［（(【〈﹝「]\s*((?:19|20)\d{2})\s*年?\s*[〕\]］）)】〉﹞」]\s*第?\s*0*(\d{1,5})\s*号`)
	reYeared = regexp.MustCompile(`([\p{Han}]{1,12}[发函字规办通电告复])\s*((?:19|20)\d{2})\s*年\s*第?\s*0*(\d{1,5})\s*号`)
	reOrder  = regexp.MustCompile(`([\p{Han}]{2,16}令)\s*第?\s*([\d一二三四五六七八九十百〇]{1,6})\s*号`)
	reOfYear = regexp.MustCompile(`([\p{Han}]{0,16}公告)\s*((?:19|20)\d{2})\s*年\s*第\s*(\d{1,4})\s*号`)
	// reBefore ends what stands before a number in running text: 根据国办发〔2017〕47号 is not the number of 根据国办发.
	reBefore = regexp.MustCompile(`^.*(?:根据|依据|依照|按照|遵照|参照|贯彻|落实|执行|印发|转发|废止|修改|引用|详见|参见|以及|文件|通知|规定|意见|办法|与|和|及|见|的)`)
)

// Number is a document number found in a text, with the bytes that it occupies there.
type Number struct {
	Canonical  string // 国办发〔2017〕47号, 国务院令第722号
	Start, End int
}

// FindNumber finds the first document number in s. Full-width digits and letters must have been folded to half width.
func FindNumber(s string) (Number, bool) {
	best := Number{Start: len(s) + 1}
	for _, form := range [...]struct {
		re    *regexp.Regexp
		write func(issuer string, rest ...string) string
	}{
		{reNumber, func(issuer string, rest ...string) string { return issuer + "〔" + rest[0] + "〕" + rest[1] + "号" }},
		{reOfYear, func(issuer string, rest ...string) string { return issuer + rest[0] + "年第" + rest[1] + "号" }},
		{reYeared, func(issuer string, rest ...string) string { return issuer + "〔" + rest[0] + "〕" + rest[1] + "号" }},
		{reOrder, func(issuer string, rest ...string) string { return issuer + "第" + rest[0] + "号" }},
	} {
		m := form.re.FindStringSubmatchIndex(s)
		if m == nil || m[0] >= best.Start {
			continue
		}
		issuer := s[m[2]:m[3]]
		start := m[2] + len(reBefore.FindString(issuer))
		if start == m[3] {
			continue
		}
		rest := make([]string, 0, 2)
		for i := 4; i < len(m); i += 2 {
			rest = append(rest, s[m[i]:m[i+1]])
		}
		best = Number{Canonical: form.write(s[start:m[3]], rest...), Start: start, End: m[1]}
	}
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
