package corpus

import (
	"regexp"
	"strings"
)

// Rank is the place of a text in the hierarchy of law (效力位阶, 立法法 chapter 5): who asks what is allowed wants the rule
// that the others must follow before the decision that applies it to one court or one trade.
type Rank uint8

// The ranks, lowest first.
const (
	RankOther      Rank   = iota // local regulations, rules of departments, notices, news
	RankRegulation               // 行政法规, 司法解释
	RankLaw                      // 法律
	RankCode                     // 法典 and 宪法: where the rules of a whole field are gathered
	Ranks          = iota        // how many there are
)

var (
	reArticleEnd = regexp.MustCompile(`\s*第[〇零一二三四五六七八九十百千\d]+条.*$`)
	reNoteEnd    = regexp.MustCompile(`\s*[（(][^（()）]*[)）]$`)
)

// RankOf reads the rank of a document from its kind of text (Genre) or, where that says nothing, from its title: national
// laws call themselves 中华人民共和国…法.
func RankOf(d *Document) Rank {
	if d.Kind != KindPolicy {
		return RankOther
	}
	title := reNoteEnd.ReplaceAllString(reArticleEnd.ReplaceAllString(FoldWidth(d.Title), ""), "")
	national := strings.HasPrefix(title, "中华人民共和国")
	switch {
	case national && (strings.HasSuffix(title, "法典") || strings.HasSuffix(title, "宪法")):
		return RankCode
	case d.Genre == "地方性法规":
		return RankOther
	case national && strings.HasSuffix(title, "法"):
		return RankLaw
	case d.Genre == "行政法规", d.Genre == "司法解释", national && strings.HasSuffix(title, "条例"),
		strings.HasPrefix(title, "最高人民"):
		return RankRegulation
	}
	return RankOther
}
