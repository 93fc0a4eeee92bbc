package index_test

import (
	"reflect"
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
