package corpus_test

import (
	"testing"

	"tongsou/corpus"
)

func TestRankOf(t *testing.T) {
	for _, c := range []struct {
		title, genre string
		want         corpus.Rank
	}{
		{"中华人民共和国民法典", "法律", corpus.RankCode},
		{"中华人民共和国民法典 第五十四条", "", corpus.RankCode},
		{"中华人民共和国宪法", "", corpus.RankCode},
		{"中华人民共和国社会保险法", "法律", corpus.RankLaw},
		{"中华人民共和国公司法（2023修订）", "", corpus.RankLaw},
		{"中华人民共和国居民身份证条例", "", corpus.RankRegulation},
		{"居住证暂行条例", "行政法规", corpus.RankRegulation},
		{"最高人民法院关于审理劳动争议案件适用法律问题的解释（一） 第三条", "", corpus.RankRegulation},
		{"山东省实施《中华人民共和国台湾同胞投资保护法》办法", "地方性法规", corpus.RankRule},
		{"婚姻登记条例 第四条", "", corpus.RankRule},
		{"呼和浩特市城市房屋权属登记条例（2010修正）", "条例", corpus.RankRule},
		{"对网友咨询落户政策的答复", "", corpus.RankDocument},
		{"关于印发居民社区养老服务办法的通知", "通知", corpus.RankDocument},
	} {
		d := &corpus.Document{Kind: corpus.KindPolicy, Title: c.title, Genre: c.genre}
		if got := corpus.RankOf(d); got != c.want {
			t.Errorf("RankOf(%s, %s) = %d, want %d", c.title, c.genre, got, c.want)
		}
	}
	if got := corpus.RankOf(&corpus.Document{Kind: corpus.KindNews, Title: "中华人民共和国民法典"}); got != corpus.RankNone {
		t.Errorf("news has rank %d", got)
	}
}
