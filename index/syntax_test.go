package index_test

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"tongsou/index"
)

func TestSyntaxIsReadAndWritten(t *testing.T) {
	for text, want := range map[string]struct {
		syntax  index.Syntax
		written string
	}{
		"":          {},
		"  户口  登记 ": {index.Syntax{Words: "户口 登记"}, "户口 登记"},
		`“五个工作日 内” 户口 -结婚 －离婚`: {
			index.Syntax{Words: "户口", Phrases: []string{"五个工作日 内"}, Without: []string{"结婚", "离婚"}},
			`户口 "五个工作日 内" -结婚 -离婚`,
		},
		"地区：赛罕区 社保卡 地区:1501 标题:补领": {
			index.Syntax{Words: "社保卡", Titles: []string{"补领"}, Regions: []string{"赛罕区", "1501"}},
			"社保卡 标题:补领 地区:赛罕区 地区:1501",
		},
		"文号:示例发[2023]2号 编码:1115 发文机关:公安厅": {
			index.Syntax{Number: "示例发[2023]2号", Code: "1115", Issuer: "公安厅"}, "文号:示例发[2023]2号 编码:1115 发文机关:公安厅",
		},
		`标题:"a b"`:      {index.Syntax{Titles: []string{"a b"}}, `标题:"a b"`},
		"日期:2021..2023": {index.Syntax{From: "2021", To: "2023"}, "日期:2021..2023"},
		"日期:2024-03..":  {index.Syntax{From: "2024-03"}, "日期:2024-03.."},
		"日期:..2023":     {index.Syntax{To: "2023"}, "日期:..2023"},
		"日期:2023":       {index.Syntax{From: "2023", To: "2023"}, "日期:2023"},
		"户口 标题:":        {index.Syntax{Words: "户口"}, "户口"},
		`户口" 登记`:        {index.Syntax{Words: "户口 登记"}, "户口 登记"},
		"A-B - C":       {index.Syntax{Words: "A-B - C"}, "A-B - C"},
	} {
		got := index.ParseSyntax(text)
		if !reflect.DeepEqual(got, want.syntax) || got.String() != want.written {
			t.Errorf("%q is %+v, written %q, want %+v and %q", text, got, got.String(), want.syntax, want.written)
		}
	}
}

// anySyntax makes a query out of parts at random: words that hold letters, digits, marks and blanks, but nothing that has a
// meaning of its own in the language.
func anySyntax(r *rand.Rand) index.Syntax {
	pieces := []string{"户口", "登记", "a", "B2", "第三条", "〔2023〕", "&", "<b>", "%", "100%", "，", "İ", "ａ", "👶", "a-b"}
	word := func() string {
		text := pieces[r.IntN(5)]
		for range r.IntN(3) {
			text += pieces[r.IntN(len(pieces))]
		}
		return text
	}
	words := func(most int) (list []string) {
		for range r.IntN(most + 1) {
			list = append(list, word())
		}
		return list
	}
	phrase := func() string { return strings.Join(append(words(1), word()), " ") }
	one := func(make func() string) string {
		if r.IntN(3) > 0 {
			return ""
		}
		return make()
	}
	s := index.Syntax{Words: strings.Join(words(3), " "), Without: words(2), Regions: words(2), Number: one(word), Issuer: one(phrase), Code: one(word)}
	for range r.IntN(3) {
		s.Phrases = append(s.Phrases, phrase())
		s.Titles = append(s.Titles, phrase())
	}
	days := []string{"2021", "2023-05", "2024-02-29", ""}
	s.From, s.To = days[r.IntN(4)], days[r.IntN(4)]
	return s
}

// TestSyntaxHasTheseProperties holds for whatever query: what is written is read back part by part; where the parts stand
// does not matter; reading what was read once more changes nothing.
func TestSyntaxHasTheseProperties(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 2))
	for range 5000 {
		s := anySyntax(r)
		text := s.String()
		if len([]rune(text)) > index.MaxQueryRunes {
			continue
		}
		got := index.ParseSyntax(text)
		if !reflect.DeepEqual(got, s) {
			t.Fatalf("seed %d: %+v is written %q, which is read %+v", seed, s, text, got)
		}
		if again := index.ParseSyntax(got.String()); !reflect.DeepEqual(again, got) {
			t.Fatalf("seed %d: %q is read %+v, and once more %+v", seed, text, got, again)
		}
		// A field in front is the field behind; full width is half width; more blanks are one.
		moved := strings.ReplaceAll("地区:某地 "+text, " ", "  ")
		want := s
		want.Regions = append([]string{"某地"}, s.Regions...)
		if got := index.ParseSyntax(moved); !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: %q is read %+v, want %+v", seed, moved, got, want)
		}
		if got := index.ParseSyntax(strings.ReplaceAll(text, ":", "：")); !reflect.DeepEqual(got, s) {
			t.Fatalf("seed %d: with full-width colons %q is read %+v", seed, text, got)
		}
	}
}

// FuzzSyntax checks that what a form writes is what it reads back.
func FuzzSyntax(f *testing.F) {
	for _, text := range []string{`标题:"a b" “c” -d`, "日期:..2023 标题:", `-"x 文号:“y`, "－－a --b 地区:地区:c", `"标题:"日期:至`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		once := index.ParseSyntax(text).String()
		again := index.ParseSyntax(once)
		if len([]rune(once)) <= index.MaxQueryRunes && again.String() != once {
			t.Errorf("%q is written %q, which is read %+v", text, once, again)
		}
	})
}
