package index_test

import (
	"errors"
	"fmt"
	"log"
	"strings"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/segment"
)

// A query is read into what must hold and the words to rank by, each with the other ways to say it.
func ExampleReader_Read() {
	segmenter, err := segment.Default()
	if err != nil {
		log.Panic(err)
	}
	lexicon, err := segment.DefaultLexicon()
	if err != nil {
		log.Panic(err)
	}
	ranking := index.DefaultRanking()
	r := &index.Reader{Segmenter: segmenter, Lexicon: lexicon, Ranking: &ranking}

	plan, understood, err := r.Read(index.Query{Text: `公积金提取 "租房" -贷款 日期:2021..2023 地区:呼和浩特市`}, nil)
	if err != nil {
		log.Panic(err)
	}
	for _, t := range understood.Terms {
		fmt.Println(strings.TrimSpace(t.Text + " " + t.Why))
	}
	fmt.Println("phrases", plan.Phrases, "without", plan.Without)
	fmt.Println("from", plan.Filter.From, "to", plan.Filter.To, "regions", plan.Filter.Regions)

	plan, _, err = r.Read(index.Query{Text: "社会保险法第五十八条"}, nil)
	if err != nil {
		log.Panic(err)
	}
	fmt.Println("law", plan.Law, "article", plan.Article)

	_, _, err = r.Read(index.Query{Text: "日期:明天"}, nil)
	fmt.Println(errors.Is(err, index.ErrBadQuery))
	// Output:
	// 公积金提取
	// 住房公积金提取 相关词: 公积金提取→住房公积金提取
	// 租房
	// phrases [租房] without [贷款]
	// from 2021-01-01 to 2023-12-31 regions [1501]
	// law 社会保险法 article a58
	// true
}

// A score is a sum, and with Explain every summand can be seen: the version that is no longer in force falls behind the
// one that is, though both say the same. Three weights are set here; index.DefaultRanking sets them all.
func ExampleRanking_Rank() {
	ranking := index.Ranking{Depth: 10, Coverage: 0.1, Amended: 0.25}
	plan := &index.Plan{
		Folded: "雪人登记", Today: "2026-01-01", Explain: true,
		Concepts: []index.Concept{
			{Text: "雪人", Weight: 1, Forms: []index.Form{{Text: "雪人", Weight: 1}}},
			{Text: "登记", Weight: 1, Forms: []index.Form{{Text: "登记", Weight: 1}}},
		},
	}
	stats := index.Stats{Rarity: []float64{4, 2}, Best: 10}
	candidates := []index.Candidate{
		{Doc: "old", Score: 8, Body: "雪人登记每年一次。", Meta: &index.Meta{
			ID: "old", Kind: corpus.KindPolicy, Title: "雪人管理办法（旧）", Superseded: "2023-02-01",
		}},
		{Doc: "new", Score: 8, Body: "雪人登记每年一次。", Meta: &index.Meta{
			ID: "new", Kind: corpus.KindPolicy, Title: "雪人管理办法（新）", Effective: "2023-02-01",
		}},
	}
	for _, d := range ranking.Rank(plan, stats, candidates) {
		fmt.Printf("%s %.3f\n", d.Units[0].Doc, d.Score)
		for _, p := range d.Parts {
			fmt.Printf("  %.3f %s\n", p.Value, strings.TrimSpace(p.Name+" "+p.Note))
		}
	}
	// Output:
	// new 0.900
	//   0.800 BM25F
	//   0.100 覆盖 全文有“雪人”、“登记”
	// old 0.650
	//   0.800 BM25F
	//   0.100 覆盖 全文有“雪人”、“登记”
	//   -0.250 时效 已修订
}
