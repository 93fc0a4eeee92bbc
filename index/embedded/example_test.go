package embedded_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/index/embedded"
)

// An index is a folder. Changes are searchable when Apply returns, and an answer comes in groups by kind.
func Example() {
	dir, err := os.MkdirTemp("", "index")
	if err != nil {
		log.Panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	e, err := embedded.Open(embedded.Options{Path: dir})
	if err != nil {
		log.Panic(err)
	}
	defer func() { _ = e.Close() }()
	ctx := context.Background()

	err = e.Apply(ctx, []index.Change{
		{Seq: 1, ID: "item-1", Document: &corpus.Document{
			ID: "item-1", Kind: corpus.KindItem, Title: "社会保障卡补领",
			Item: &corpus.Item{Body: "某市人社局", Everyday: []string{"社保卡丢了"}},
		}},
		{Seq: 2, ID: "law-1", Document: &corpus.Document{
			ID: "law-1", Kind: corpus.KindPolicy, Title: "社会保障卡管理办法",
			Sections: []corpus.Section{
				{ID: "a1", Label: "第一条", Text: "社会保障卡由人社部门发放。"},
				{ID: "a2", Label: "第二条", Text: "社会保障卡遗失的，可以申请补领。"},
			},
		}},
		{Seq: 3, ID: "news-1", Document: &corpus.Document{
			ID: "news-1", Kind: corpus.KindNews, Title: "周末可以看冰灯",
			Sections: []corpus.Section{{ID: "p1", Text: "冰灯展览周末开放。"}},
		}},
	})
	if err != nil {
		log.Panic(err)
	}

	for _, text := range []string{"社保卡丢了", "社会保障卡管理办法第二条", `"周末开放"`} {
		res, err := e.Search(ctx, index.Query{Text: text})
		if err != nil {
			log.Panic(err)
		}
		fmt.Println(text)
		for _, g := range res.Groups {
			for _, h := range g.Hits {
				title := h.PlainTitle()
				if h.Section != nil {
					title += " " + h.Section.Label
				}
				fmt.Printf("  %s: %s\n", index.KindLabel(g.Kind), title)
			}
		}
	}
	fmt.Println("sequence", e.Sequence())
	// Output:
	// 社保卡丢了
	//   办事事项: 社会保障卡补领
	//   政策法规: 社会保障卡管理办法 第二条
	// 社会保障卡管理办法第二条
	//   办事事项: 社会保障卡补领
	//   政策法规: 社会保障卡管理办法 第二条
	// "周末开放"
	//   新闻资讯: 周末可以看冰灯
	// sequence 3
}
