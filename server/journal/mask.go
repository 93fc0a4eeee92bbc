package journal

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"tongsou/corpus"
)

// What stands in a masked text in place of what was there.
const (
	maskedID     = "〔身份证号〕"
	maskedPhone  = "〔电话〕"
	maskedCard   = "〔银行卡号〕"
	maskedNumber = "〔号码〕"
	maskedEmail  = "〔邮箱〕"
	maskedName   = "〔姓名〕"
)

var (
	reEmail = regexp.MustCompile(`[A-Za-z0-9._%+-]*\s*@\s*[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*`)
	// reDigits is a number as people write it: in groups, with a blank, a hyphen or a dot between them.
	reDigits = regexp.MustCompile(`\+?[0-9](?:[\s.\-–—_/·()]{0,2}[0-9])*[Xx]?`)
	reHan    = regexp.MustCompile(`[〇○零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖]{7,}`)
	reDay    = regexp.MustCompile(`^(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$`)
	reYears  = regexp.MustCompile(`^(?:19|20)\d{2}[\s.\-–—_/]{1,2}(?:19|20)\d{2}$`)
	reBirth  = regexp.MustCompile(`^[1-9]\d{5}(?:(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])\d{5}[\dX]|\d{2}(?:0[1-9]|1[0-2])\d{5})$`)
	rePhone  = regexp.MustCompile(`^(?:(?:00)?86)?(?:1[3-9]\d{9}|0\d{9,11})$`)
	reCalled = regexp.MustCompile(`(?:(?:我|他|她|孩子|宝宝|儿子|女儿|爸|妈|父亲|母亲|爷爷|奶奶|老伴|丈夫|妻子|老公|老婆)(?:的名字)?叫(?:做)?|我是[^，。；！？\s]{0,12}?叫|(?:名字|姓名|本人)(?:叫|是|为|[:：]|姓名[是为:：]?))\s*([\p{Han}·•.]{1,12}|[A-Za-z][A-Za-z ·.'-]{1,40})`)
)

// fewDigits is the number of digits that nobody can be known by: 12345, a division's code, a year and a month.
const fewDigits = 6

// Mask returns a text without what could tell who wrote it: numbers of identity cards, telephones, bank cards and
// whatever else has that many digits, e-mail addresses, and the name after 我叫. It would rather take out too much: what
// is lost is one search of a list, what is kept would stay for months.
func Mask(s string) string {
	s = strings.Map(plain, strings.ToValidUTF8(s, ""))
	s = reEmail.ReplaceAllString(s, maskedEmail)
	s = reDigits.ReplaceAllStringFunc(s, maskDigits)
	s = reHan.ReplaceAllString(s, maskedNumber)
	return maskNames(s)
}

// plain takes out what would hide a number from the patterns: control characters and marks without width; digits and
// letters of full width or of other scripts become plain ones. Punctuation stays as it was written.
func plain(r rune) rune {
	switch {
	case r == '\n' || r == '\t':
		return r
	case r < ' ' || r == 0x7f, r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e, r == 0x2060, r == 0xfeff, r == 0xad:
		return -1
	case r >= '０' && r <= '９', r >= 'Ａ' && r <= 'Ｚ', r >= 'ａ' && r <= 'ｚ', strings.ContainsRune("＠．＿－＋", r):
		return r - '！' + '!'
	case r == '　' || r == 0xa0:
		return ' '
	case r >= '٠' && r <= '٩':
		return r - '٠' + '0'
	case r >= '᠐' && r <= '᠙':
		return r - '᠐' + '0'
	}
	return r
}

func maskDigits(s string) string {
	bare := strings.Map(func(r rune) rune {
		switch {
		case '0' <= r && r <= '9':
			return r
		case r == 'X' || r == 'x':
			return 'X'
		}
		return -1
	}, s)
	digits := strings.TrimSuffix(bare, "X")
	switch n := len(digits); {
	case n <= fewDigits, reDay.MatchString(digits), reYears.MatchString(s):
		return s
	case reBirth.MatchString(bare), len(bare) == 18 && n == 17, n == 15:
		return maskedID
	case rePhone.MatchString(digits), n == 7 || n == 8:
		return maskedPhone
	case n >= 16 && n <= 19:
		return maskedCard
	}
	return maskedNumber
}

// notInNames are characters with which a sentence goes on after a name. Few names hold one beyond their first character.
const notInNames = "什想要办的在是和了来去今有不怎能可如我你他她户需申请咨询从到为因住已还没这那就也能该"

func maskNames(s string) string {
	return replaceGroup(reCalled, s, func(name string) string {
		end := len(name)
		for i, r := range name {
			if strings.ContainsRune(notInNames, r) {
				end = i
				break
			}
		}
		if end == 0 {
			return name // 我叫不到车 names nobody
		}
		return maskedName + name[end:]
	})
}

// replaceGroup replaces the first group of every match.
func replaceGroup(re *regexp.Regexp, s string, change func(string) string) string {
	var b strings.Builder
	last := 0
	for _, m := range re.FindAllStringSubmatchIndex(s, -1) {
		b.WriteString(s[last:m[2]])
		b.WriteString(change(s[m[2]:m[3]]))
		last = m[3]
	}
	return b.String() + s[last:]
}

// Normalize makes one form of a query that is typed in several ways, so that they are counted together. It is masked.
func Normalize(query string) string {
	return clip(strings.ToLower(strings.Join(strings.Fields(corpus.FoldWidth(Mask(query))), " ")), maxQuery)
}

func clip(s string, runes int) string {
	if utf8.RuneCountInString(s) <= runes {
		return s
	}
	return string([]rune(s)[:runes])
}
