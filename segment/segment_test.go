package segment_test

import (
	"strings"
	"testing"

	"tongsou/segment"
)

func segmenter(t testing.TB) *segment.Segmenter {
	t.Helper()
	s, err := segment.Default()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNormalize(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"ＡＢＣ１２３", "abc123"},
		{"國務院辦公廳", "国务院办公厅"},
		{"公眾聚集場所消防檢查", "公众聚集场所消防检查"},
		{"著作权与覆盖", "著作权与覆盖"},
		{"习 近 平 向 英 国", "习近平向英国"},
		{"食 品 小 作 坊  备案", "食品小作坊  备案"},
		{"在 中国 的 政策", "在 中国 的 政策"},
		{"切 切 的 改 革 实 效 ， 是 内 蒙 古", "切切的改革实效 , 是内蒙古"},
		{"İstanbul K", "istanbul k"},
		{"〔２０１７〕４７号", "〔2017〕47号"},
		{"坏\xff字节", "坏\uFFFD字节"},
		{"零\u200b宽", "零宽"},
		{"①㎡…", "1m2..."},
		{"e\u0301", "é"},
		{"葛\U000E0100城\ufe00市", "葛城市"},
		{"\x00\t\r", "   "},
		{"", ""},
	} {
		if got := segment.Fold(c.in); got != c.want {
			t.Errorf("Fold(%q) = %q, want %q", c.in, got, c.want)
		}
		if got := segment.Normalize(c.in); got.Norm != c.want {
			t.Errorf("Normalize(%q).Norm = %q, want %q", c.in, got.Norm, c.want)
		}
	}
}

func TestSpanPointsIntoTheOriginal(t *testing.T) {
	for _, c := range []struct{ in, find, want string }{
		{"關於：打 通 服 務 群眾", "打通服务", "打 通 服 務"},
		{"（國發〔２０１９〕５號）", "2019", "２０１９"},
		{"习 近 平 向 英 国", "近平向", "近 平 向"},
		{"坏\xff字节", "字节", "字节"},
		{"零\u200b宽 字", "零宽", "零\u200b宽"},
		{"共①项", "1", "①"},
		{"x İstanbul 人", "人", "人"},
		{"K氏", "氏", "氏"},
	} {
		text := segment.Normalize(c.in)
		at := strings.Index(text.Norm, c.find)
		if at < 0 {
			t.Errorf("%q not in %q", c.find, text.Norm)
			continue
		}
		start, end := text.Span(at, at+len(c.find))
		if got := c.in[start:end]; got != c.want {
			t.Errorf("span of %q in %q is %q, want %q", c.find, c.in, got, c.want)
		}
	}
}

func TestWordsHoldTheirParts(t *testing.T) {
	words := segmenter(t).Words("最高人民法院")
	var whole, parts []string
	for _, w := range words {
		if w.Part {
			parts = append(parts, w.Text)
		} else {
			whole = append(whole, w.Text)
		}
	}
	if strings.Join(whole, " ") != "最高人民法院" {
		t.Errorf("words %q", whole)
	}
	for _, want := range []string{"最高", "人民", "法院", "人民法院"} {
		if !strings.Contains(" "+strings.Join(parts, " ")+" ", " "+want+" ") {
			t.Errorf("part %s missing in %q", want, parts)
		}
	}
}

func TestTermsHoldEveryGram(t *testing.T) {
	s := segmenter(t)
	norm := segment.Fold("待处理的卡，KTV 23.17亿元〔2019〕5号")
	have := map[string]bool{}
	s.Terms(norm, func(term string) { have[term] = true })
	for _, g := range segment.Grams(norm) {
		if !have[g.Text] {
			t.Errorf("gram %q is not a term", g.Text)
		}
	}
	for _, want := range []string{"处理", "卡", "ktv", "23.17", "2019"} {
		if !have[want] {
			t.Errorf("term %q missing", want)
		}
	}
}
