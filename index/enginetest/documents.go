package enginetest

import (
	"strings"

	"tongsou/corpus"
)

// The small corpus of the suite. The texts are made up; the laws named in it are not quoted.

func documents() []*corpus.Document {
	return []*corpus.Document{
		birth("150102", "新城区公安局"), birth("150622", "准格尔旗公安局"),
		housing(), oldRule(), newRule(), future(), repealed(), bulletin(), report(),
	}
}

func birth(region, body string) *corpus.Document {
	visits := 0
	return &corpus.Document{
		ID: "item-birth-" + region, Kind: corpus.KindItem, Title: "新生儿出生登记", Region: region, Issuer: body,
		Published: "2024-03-01", Topics: []string{"户籍办理"},
		Item: &corpus.Item{
			Code: "11" + region + "TEST000000000000000000", Type: "行政确认", Body: body, Audience: []string{"自然人"},
			PersonThemes: []string{"户籍办理"}, Handling: corpus.HandlingInstant, Visits: &visits,
			PromisedLimit: corpus.Limit{Instant: true}, Channels: []string{"网上", "掌上"},
			Materials: []corpus.Material{{Name: "出生医学证明"}, {Name: "父母的居民户口簿"}},
			Everyday:  []string{"孩子上户口", "宝宝落户"}, FeeFree: true,
		},
	}
}

func housing() *corpus.Document {
	return &corpus.Document{
		ID: "item-housing-15", Kind: corpus.KindItem, Title: "住房公积金提取", Region: "15", Issuer: "住房公积金管理中心",
		Published: "2023-05-06",
		Item: &corpus.Item{
			Type: "公共服务", Body: "住房公积金管理中心", Audience: []string{"自然人", "企业法人"}, PersonThemes: []string{"住房保障"},
			Handling: corpus.HandlingPromised, PromisedLimit: corpus.Limit{Days: 3, Unit: corpus.WorkingDays},
			Channels: []string{"一窗"}, Everyday: []string{"取公积金"}, Conditions: []string{"购买、建造、翻建自住住房"},
		},
	}
}

func articles(lines ...string) []corpus.Section {
	var sections []corpus.Section
	for i, line := range lines {
		n := string(rune('1' + i))
		sections = append(sections, corpus.Section{
			ID: "a" + n, Label: "第" + strings.Split("一二三四五六七八九", "")[i] + "条", Path: []string{"第一章 总则"}, Text: line,
		})
	}
	return sections
}

func oldRule() *corpus.Document {
	return &corpus.Document{
		ID: "policy-rule-2015", Kind: corpus.KindPolicy, Title: "示范区供暖管理条例", Number: "示政发〔2015〕8号", Issuer: "示范区人民政府",
		Genre: "地方性法规", Region: "1501", Adopted: "2015-08-01", Published: "2015-08-03", Effective: "2015-10-01", Superseded: "2022-10-01",
		Family: "rule", Sections: articles("为了规范供暖，制定本条例。", "供暖期自十月十五日起。", "室内温度不得低于十六摄氏度。"),
	}
}

func newRule() *corpus.Document {
	return &corpus.Document{
		ID: "policy-rule-2022", Kind: corpus.KindPolicy, Title: "示范区供暖管理条例", Number: "示政发〔2022〕3号", Issuer: "示范区人民政府",
		Genre: "地方性法规", Region: "1501", Adopted: "2022-07-01", Published: "2022-07-05", Effective: "2022-10-01",
		Family: "rule", Sections: articles("为了规范供暖，保障群众温暖过冬，制定本条例。", "供暖期自十月十日起。", "室内温度不得低于十八摄氏度。", "温度不达标的，应当退还供暖费。"),
	}
}

func future() *corpus.Document {
	return &corpus.Document{
		ID: "policy-future", Kind: corpus.KindPolicy, Title: "示范区养犬管理办法", Number: "示政办发〔2025〕11号", Issuer: "示范区人民政府办公室",
		Region: "15", Published: "2025-11-01", Effective: "2030-01-01", Sections: articles("养犬应当登记。", "外出应当牵绳。"),
	}
}

func repealed() *corpus.Document {
	return &corpus.Document{
		ID: "policy-repealed", Kind: corpus.KindPolicy, Title: "示范区暂住证管理规定", Number: "示政发〔1998〕2号", Issuer: "示范区人民政府",
		Region: "15", Published: "1998-02-02", Effective: "1998-03-01", Repealed: "2016-01-01", Sections: articles("外来人员应当申领暂住证。", "暂住证有效期一年。"),
	}
}

func bulletin() *corpus.Document {
	return &corpus.Document{
		ID: "news-heating", Kind: corpus.KindNews, Title: "示范区今年提前供暖", Issuer: "示范日报", Region: "1501", Published: "2022-10-08",
		Sections: []corpus.Section{{ID: "p1", Text: "记者获悉，示范区今年提前供暖，打通服务群众的“最后一公里”。"}},
	}
}

func report() *corpus.Document {
	return &corpus.Document{
		ID: "news-hall", Kind: corpus.KindNews, Title: "政务大厅周末不打烊", Issuer: "示范日报", Region: "1506", Published: "2021-06-01",
		Sections: []corpus.Section{{ID: "p1", Text: "孩子上户口、公积金提取等业务周末也能办。"}, {ID: "p2", Text: "工作人员为老人代填表格。"}},
	}
}
