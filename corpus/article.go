package corpus

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var hanDigits = map[rune]int{
	'〇': 0, '零': 0, '○': 0, '一': 1, '二': 2, '两': 2, '三': 3, '四': 4, '五': 5, '六': 6, '七': 7, '八': 8, '九': 9,
}

// ParseHanNumber reads a Chinese or Arabic numeral up to 9999 (十二, 一百零三, 二〇二二, 58) and returns -1 when s is none.
func ParseHanNumber(s string) int {
	if s == "" {
		return -1
	}
	if n, err := strconv.Atoi(s); err == nil && n >= 0 {
		return n
	}
	total, digit, units := 0, -1, false
	for _, r := range s {
		unit := 0
		switch r {
		case '十':
			unit = 10
		case '百':
			unit = 100
		case '千':
			unit = 1000
		}
		switch d, isDigit := hanDigits[r]; {
		case unit > 0:
			if digit < 0 {
				digit = 1 // 十二 is 一十二
			}
			total += digit * unit
			digit, units = -1, true
		case !isDigit:
			return -1
		case digit > 0 && !units: // digits one after the other: 二〇二二
			digit = digit*10 + d
		default:
			digit = d
		}
		if total > 9999 || digit > 9999 {
			return -1
		}
	}
	return total + max(digit, 0)
}

// Article is the number of an article: 第十二条 is {12, 0}, 第十二条之一 is {12, 1}.
type Article struct{ Number, Sub int }

// ReArticle matches an article's number anywhere in a text: 第十二条, 第 12 条, 第十二条之一.
var reArticle = regexp.MustCompile(`第\s*([〇○零一二两三四五六七八九十百千]{1,9}|\d{1,4})\s*条(?:\s*之([一二三四五六七八九十]{1,3}))?`)

// FindArticle finds the first article number in s and the bytes it occupies.
func FindArticle(s string) (a Article, start, end int, ok bool) {
	m := reArticle.FindStringSubmatchIndex(s)
	if m == nil {
		return Article{}, 0, 0, false
	}
	a.Number = ParseHanNumber(s[m[2]:m[3]])
	if m[4] >= 0 {
		a.Sub = ParseHanNumber(s[m[4]:m[5]])
	}
	if a.Number <= 0 {
		return Article{}, 0, 0, false
	}
	return a, m[0], m[1], true
}

// ID is the section ID of the article: a12, a12-1.
func (a Article) ID() string {
	if a.Sub > 0 {
		return fmt.Sprintf("a%d-%d", a.Number, a.Sub)
	}
	return fmt.Sprintf("a%d", a.Number)
}

// String writes the article as laws do: 第十二条之一.
func (a Article) String() string {
	s := "第" + FormatHanNumber(a.Number) + "条"
	if a.Sub > 0 {
		s += "之" + FormatHanNumber(a.Sub)
	}
	return s
}

// FormatHanNumber writes n, 0 to 9999, as laws number their articles: 12 is 十二, 103 is 一百零三.
func FormatHanNumber(n int) string {
	if n <= 0 || n > 9999 {
		return "零"
	}
	const digits = "零一二三四五六七八九"
	han := func(d int) string { return digits[d*3 : d*3+3] }
	var b strings.Builder
	zero := false
	for _, u := range []struct {
		size int
		name string
	}{{1000, "千"}, {100, "百"}, {10, "十"}, {1, ""}} {
		d := n / u.size % 10
		if d == 0 {
			zero = b.Len() > 0
			continue
		}
		if zero {
			b.WriteString("零")
		}
		if d != 1 || u.size != 10 || b.Len() > 0 {
			b.WriteString(han(d))
		}
		b.WriteString(u.name)
		zero = false
	}
	return b.String()
}
