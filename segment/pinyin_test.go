package segment_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"tongsou/segment"
)

func TestPinyin(t *testing.T) {
	for _, c := range []struct{ text, full, initials string }{
		{"公积金", "gongjijin", "gjj"},
		{"社保卡", "shebaoka", "sbk"},
		{"银行开户", "yinhangkaihu", "yhkh"},
		{"旅行", "lvxing", "lx"},
		{"会计证", "kuaijizheng", "kjz"},
		{"调查与调解", "diaochayutiaojie", "dcytj"},
		{"失业保险金给付", "shiyebaoxianjinjifu", "sybxjjf"},
		{"a1 类驾照", "a1leijiazhao", "a1ljz"},
		{"办理，地点", "banlididian", "bldd"},
		{"呼和浩特市", "huhehaoteshi", "hhhts"},
		{"", "", ""},
	} {
		s := segment.Pinyin(segment.Fold(c.text))
		if full, initials := segment.Full(s), segment.Initials(s); full != c.full || initials != c.initials {
			t.Errorf("%s: got %s and %s, want %s and %s", c.text, full, initials, c.full, c.initials)
		}
	}
}

// Whoever types pinyin has 26 letters; ê or ń among the readings would be found by nobody.
func TestReadingsCanBeTyped(t *testing.T) {
	for _, block := range [][2]rune{{0x3400, 0x4DBF}, {0x4E00, 0x9FFF}, {0x20000, 0x2A6DF}} {
		for r := block[0]; r <= block[1]; r++ {
			for _, s := range segment.Pinyin(string(r)) {
				if strings.Trim(s.Text, "abcdefghijklmnopqrstuvwxyz") != "" || s.Text == "" {
					t.Errorf("%c is read %q", r, s.Text)
				}
			}
		}
	}
}

func FuzzPinyin(f *testing.F) {
	seed(f)
	f.Add("长长长办不了abc银行")
	f.Fuzz(func(t *testing.T, text string) {
		norm := segment.Fold(text)
		at := 0
		for _, s := range segment.Pinyin(norm) {
			if s.Start < at || s.End <= s.Start || s.End > len(norm) || s.Text == "" {
				t.Fatalf("%q: syllable %+v out of order or bounds", norm, s)
			}
			if s.Han && utf8.RuneCountInString(norm[s.Start:s.End]) != 1 {
				t.Fatalf("%q: syllable %+v is not one character", norm, s)
			}
			if s.Han && strings.Trim(s.Text, "abcdefghijklmnopqrstuvwxyz") != "" {
				t.Fatalf("%q: syllable %+v cannot be typed", norm, s)
			}
			at = s.End
		}
	})
}

func BenchmarkPinyin(b *testing.B) {
	text := "城乡居民基本养老保险参保登记与银行账户变更"
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		segment.Pinyin(text)
	}
}
