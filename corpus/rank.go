package corpus

import (
	"regexp"
	"slices"
	"strings"
)

// Rank is the place of a text in the hierarchy of law (效力位阶, 立法法 chapter 5): who asks what is allowed wants the rule
// that the others must follow before the decision that applies it to one court or one trade.
type Rank uint8

// The ranks: first those outside the hierarchy, then the lowest first.
const (
	RankNone       Rank   = iota // items and news, which are not compared with law
	RankDocument                 // no text of law: 规范性文件, notices, answers
	RankRule                     // 地方性法规, 规章, and other texts of law
	RankRegulation               // 行政法规, 司法解释
	RankLaw                      // 法律
	RankCode                     // 法典 and 宪法: where the rules of a whole field are gathered
	Ranks          = iota        // how many there are
)

var (
	reArticleEnd = regexp.MustCompile(`\s*第[〇零一二三四五六七八九十百千\d]+条.*$`)
	reNoteEnd    = regexp.MustCompile(`\s*[（(][^（()）]*[)）]$`)
)

// lawGenres are the kinds of text that are law and, 地方性法规 aside, have no rank by themselves.
var lawGenres = []string{"法律", "宪法", "部门规章", "地方政府规章", "规章", "条例", "法规"}

// RankOf reads the rank of a document from its kind of text (Genre) or, where that says nothing, from its title: national
// laws call themselves 中华人民共和国…法, and a title that names an article is that of a law.
func RankOf(d *Document) Rank {
	if d.Kind != KindPolicy {
		return RankNone
	}
	whole := FoldWidth(d.Title)
	law := reArticleEnd.ReplaceAllString(whole, "")
	title := reNoteEnd.ReplaceAllString(law, "")
	national := strings.HasPrefix(title, "中华人民共和国")
	switch {
	case national && (strings.HasSuffix(title, "法典") || strings.HasSuffix(title, "宪法")):
		return RankCode
	case d.Genre == "地方性法规": // whatever its title quotes or begins with
		return RankRule
	case national && strings.HasSuffix(title, "法"):
		return RankLaw
	case d.Genre == "行政法规", d.Genre == "司法解释", national && strings.HasSuffix(title, "条例"),
		strings.HasPrefix(title, "最高人民"):
		return RankRegulation
	case slices.Contains(lawGenres, d.Genre), law != whole:
		return RankRule
	}
	return RankDocument
}
