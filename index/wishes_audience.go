package index

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// audience is a group of people or firms that a query can speak of. Its words stay words of the query: 残疾人 in 残疾人证
// is what the item is about.
type audience struct {
	value string
	words []string // what people say, folded
	// served are the values of 服务对象 that mean it; signs are words of an item's name, themes and conditions that do;
	// others are words of a name that mean somebody else.
	served, signs, others []string
	// unless are words that make the group the other side of a story: 公司拖欠工资 is asked by who works there.
	unless []string
}

var (
	firms   = []string{"企业法人", "非法人企业"}
	persons = []string{"自然人"}
)

// audiences in the order in which they are looked for: who is more particular stands first.
var audiences = []*audience{
	{value: "个体工商户", words: []string{"个体工商户", "个体户", "个体经营者", "个体经营"}, served: firms, signs: []string{"个体"}, others: []string{"公司", "企业"}},
	{value: "残疾人", words: []string{"残疾人", "残疾人员", "残疾人士", "残障", "盲人", "聋哑人"}, served: persons, signs: []string{"残疾"}},
	{value: "退役军人", words: []string{"退役军人", "退伍军人", "退役士兵", "退伍兵", "退伍老兵", "复员军人", "转业军人", "当过兵"}, served: persons, signs: []string{"退役", "优待抚恤"}},
	{value: "老年人", words: []string{"老年人", "老人家", "老人", "孤老头", "老头", "孤寡老人", "老太太", "老大爷", "老奶奶", "高龄老人"}, served: persons, signs: []string{"老年", "高龄", "养老", "退休"}},
	{value: "外地人", words: []string{"外地户口", "外地户籍", "外地人", "外来务工人员", "外来务工", "外来人员", "外来人口", "非本地户口", "外省户口", "外省人", "流动人口"}, served: persons, signs: []string{"居住证", "异地", "跨省", "流动", "转移接续"}},
	{value: "学生", words: []string{"大学生", "高校毕业生", "应届毕业生", "学生"}, served: persons, signs: []string{"学生", "高校", "毕业生", "教育科研"}},
	{value: "孕妇", words: []string{"孕妇", "怀孕", "孕产妇", "有身孕", "待产"}, served: persons, signs: []string{"生育", "孕", "产前"}},
	{value: "农民", words: []string{"农民工", "农民", "农村人", "庄稼人", "种地的", "牧民", "农牧民"}, served: persons, signs: []string{"农民", "农村", "农牧", "承包"}},
	{value: "企业", words: []string{"公司", "企业", "工厂", "厂子"}, served: firms, signs: []string{"公司", "企业"}, others: []string{"个体"},
		unless: []string{"拖欠", "欠薪", "不给", "不发", "不交", "没交", "没给", "不签", "没签", "辞退", "辞职", "离职", "裁员", "开除", "投诉", "举报", "维权", "倒闭", "跑路", "物业", "保险公司", "上班", "打工", "工伤"}},
}

func audienceOf(value string) *audience {
	for _, a := range audiences {
		if a.value == value {
			return a
		}
	}
	return nil
}

// maxAudience is the length of queries that say for whom they ask, in characters. Whom a longer story names is often not
// who tells it.
const maxAudience = 30

// complaints are words of queries that speak of others.
var complaints = []string{"投诉", "举报", "反映", "质疑", "呼吁", "反对", "拖欠"}

// audienceWishes finds the first group that a query names.
func audienceWishes(norm string) []wish {
	if utf8.RuneCountInString(norm) > maxAudience || containsAny(norm, complaints) {
		return nil
	}
	for _, a := range audiences {
		spans := a.find(norm)
		if len(spans) == 0 || containsAny(norm, a.unless) || utf8.RuneCountInString(squash(blankSpans(norm, spans))) < 2 {
			continue
		}
		return []wish{{
			chip:  Chip{Field: chipAudience, Value: a.value, Label: "面向" + a.value},
			spans: spans, find: a.find, role: spoken,
		}}
	}
	return nil
}

// find leaves out what is part of a paper's name (残疾人证, 学生卡), of a pupil's (小学生) or of a firm's (公交公司).
func (a *audience) find(norm string) []span {
	return slices.DeleteFunc(occurrences(norm, a.words), func(s span) bool {
		next, _ := utf8.DecodeRuneInString(norm[s.end:])
		last, _ := utf8.DecodeLastRuneInString(norm[:s.start])
		if strings.ContainsRune("证卡票法", next) {
			return true
		}
		switch norm[s.start:s.end] {
		case "学生":
			return strings.ContainsRune("小中初高三二一", last)
		case "公司", "企业":
			return s.start > 0 && !strings.ContainsRune(" 我们的开给小个办新家册立销更帮是了为", last)
		}
		return false
	})
}

// fit says how well an item serves the group, −1 to 1.
func (a *audience) fit(c *Candidate) float64 {
	card := c.Meta.Card
	names := c.Meta.Title + "\n" + strings.Join(c.Meta.Everyday, "\n")
	switch {
	case containsAny(names, a.signs):
		return 1
	case containsAny(c.Meta.Title, a.others):
		return -1
	case containsAny(labelled(c.Body, "受理条件")+labelled(c.Body, "主题"), a.signs):
		return 0.5
	case len(card.Audience) == 0 || slices.ContainsFunc(card.Audience, func(s string) bool { return slices.Contains(a.served, s) }):
		return 0
	}
	return -0.5
}

func containsAny(text string, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}

// labelled returns the line of an item's text (itemBody) that a label begins, without the label.
func labelled(body, label string) string {
	for line := range strings.Lines(body) {
		if rest, ok := strings.CutPrefix(line, label+"："); ok {
			return strings.TrimSuffix(rest, "\n")
		}
	}
	return ""
}
