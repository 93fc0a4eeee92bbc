package index_test

import (
	"testing"

	"tongsou/index"
	"tongsou/segment"
)

// BenchmarkRead measures what understanding a query costs, the correction of slips aside.
func BenchmarkRead(b *testing.B) {
	r := newReader(b)
	for name, text := range map[string]string{
		"words":    "公积金提取",
		"wishes":   "我只有身份证和户口本，在呼和浩特市新城区给孩子上户口，能网上免费办吗",
		"question": "我是外地人，在赛罕区租房子住了半年多，没有房产证，想给孩子在这边上小学，请问需要准备哪些材料，去哪里办，不用跑可以吗",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, _, err := r.Read(index.Query{Text: text}, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func newReader(tb testing.TB) *index.Reader {
	tb.Helper()
	seg, err := segment.Default()
	if err != nil {
		tb.Fatal(err)
	}
	lexicon, err := segment.DefaultLexicon()
	if err != nil {
		tb.Fatal(err)
	}
	ranking := index.DefaultRanking()
	return &index.Reader{Segmenter: seg, Lexicon: lexicon, Ranking: &ranking}
}
