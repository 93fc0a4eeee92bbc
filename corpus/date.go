package corpus

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Date is a calendar day written 2006-01-02, so that dates sort as strings. The empty Date means unknown.
type Date string

// NewDate returns the Date of a year, month and day, and an error when there is no such day or the year is not within
// 1900 to 2200.
func NewDate(year, month, day int) (Date, error) {
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if year < 1900 || year > 2200 || t.Year() != year || int(t.Month()) != month || t.Day() != day {
		return "", fmt.Errorf("no such day: %d年%d月%d日", year, month, day)
	}
	return Date(t.Format(time.DateOnly)), nil
}

// DateOf returns the day of t in t's own zone.
func DateOf(t time.Time) Date { return Date(t.Format(time.DateOnly)) }

// Year returns the year, or 0 for the empty Date.
func (d Date) Year() int {
	if len(d) < 4 {
		return 0
	}
	y, _ := strconv.Atoi(string(d[:4]))
	return y
}

// Chinese writes the date as 2022年2月7日, the empty Date as the empty string.
func (d Date) Chinese() string {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%d年%d月%d日", t.Year(), t.Month(), t.Day())
}

// The ways in which sources write a day.
var (
	reDateDigits = regexp.MustCompile(`(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})`)
	reDateSolid  = regexp.MustCompile(`^\s*(\d{4})(\d{2})(\d{2})\s*$`)
	reDateHan    = regexp.MustCompile(`([〇○零Ｏ一二三四五六七八九]{4})年([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})日`)
)

// ParseDate finds the first day in s: 2022-02-07 (a time may follow), 2022/2/7, 2022.2.7, 2022年2月7日 with or without
// spaces, 20220207 alone, 二〇二二年二月七日. It returns an error that names s when there is none or no such day.
func ParseDate(s string) (Date, error) {
	if m := reDateSolid.FindStringSubmatch(s); m != nil {
		return dateOfStrings(m[1:])
	}
	if m := reDateDigits.FindStringSubmatch(s); m != nil {
		return dateOfStrings(m[1:])
	}
	if m := reDateHan.FindStringSubmatch(s); m != nil {
		return NewDate(hanYear(m[1]), ParseHanNumber(m[2]), ParseHanNumber(m[3]))
	}
	return "", fmt.Errorf("no date in %q; write it as 2022-02-07 or 2022年2月7日", s)
}

func dateOfStrings(ymd []string) (Date, error) {
	var n [3]int
	for i, s := range ymd {
		n[i], _ = strconv.Atoi(s)
	}
	return NewDate(n[0], n[1], n[2])
}

func hanYear(s string) int {
	y := 0
	for _, r := range s {
		y = y*10 + max(0, strings.IndexRune("〇一二三四五六七八九", r)/3)
	}
	return y
}
