package index

import (
	"regexp"
	"slices"
	"strings"

	"tongsou/corpus"
)

// The conveniences of an item, in the order in which they are shown.
const (
	ConvenienceInstant = "即办"
	ConvenienceNoVisit = "不用跑"
	ConvenienceFree    = "免费"
	ConvenienceOnline  = "网上办"
)

// Conveniences returns what makes an item easy: 即办, 不用跑, 免费, 网上办.
func Conveniences(c *Card) []string {
	var list []string
	add := func(holds bool, name string) {
		if holds {
			list = append(list, name)
		}
	}
	add(c.Handling == corpus.HandlingInstant || c.PromisedLimit.Instant || c.LegalLimit.Instant, ConvenienceInstant)
	add(c.Visits != nil && *c.Visits == 0, ConvenienceNoVisit)
	add(c.FeeFree, ConvenienceFree)
	add(c.OnlineDepth == corpus.DepthFullyOnline || slices.Contains(c.Channels, "网上"), ConvenienceOnline)
	return list
}

// conveniencePatterns find what people say for each. hint is a cheap test that most queries fail.
var conveniencePatterns = []struct {
	value, label string
	hint         []string
	pattern      *regexp.Regexp
}{
	{ConvenienceInstant, "当场办好", []string{"即办", "马上", "当场", "立等", "立马", "当天", "现场就"}, regexp.MustCompile(
		`立等可取的?|(?:能|可以|想|要)?(?:马上|当场|立马|当天|现场)就?(?:能|可以)?(?:办好|办完|办结|办成|办理|办|拿到|取到|出证|拿证|领到|领证|拿|取)的?(?:吗|么|不)?|即办件?的?`)},
	{ConvenienceNoVisit, "不用跑", []string{"跑", "现场", "窗口", "大厅", "到场", "出门", "足不出户"}, regexp.MustCompile(
		`(?:不用|不想|不必|不需要|无需|免得|不)(?:自己|本人|亲自)?(?:再)?(?:跑腿|跑路|跑|去现场|到现场|去窗口|到窗口|去大厅|到大厅|到场)(?:一趟|腿|路)?的?(?:就能|就可以|能)?|` +
			`(?:零|0)(?:跑动|跑腿|跑)|一次都?不用?跑的?|一趟都?不用?跑的?|足不出户|不出门(?:就能|就可以|能)?`)},
	{ConvenienceFree, "免费", []string{"免费", "钱", "收费"}, regexp.MustCompile(`是?免费(?:的)?(?:吗|么|不|嘛)?|不(?:要|收|花|用花|用|用交|用出)钱的?|不收费的?|不收取费用的?`)},
	{ConvenienceOnline, "网上能办", []string{"网上", "网办", "线上", "在线", "手机", "app"}, regexp.MustCompile(
		`(?:能|可以|可不可以|能不能|想|要)?(?:在)?(?:网上|线上|在线|手机上|手机|掌上|app上|app)(?:就)?(?:能不能|可不可以|能|可以|怎么|咋|如何|直接)?(?:自己)?(?:办理|办|申请|申办|提交)的?(?:吗|么|不)?|全程网办|(?:在)?(?:网上|线上|手机上|app上)就?(?:能不能|可不可以|能|可以|怎么|咋|如何)|(?:在)?手机上$|(?:在)?网上$`)},
}

// convenienceWishes finds the conveniences that a query asks for.
func convenienceWishes(norm string) []wish {
	var list []wish
	for i := range conveniencePatterns {
		c := &conveniencePatterns[i]
		find := func(norm string) []span {
			if !containsAny(norm, c.hint) {
				return nil
			}
			var spans []span
			for _, m := range c.pattern.FindAllStringIndex(norm, -1) {
				if wishedFor(norm[:m[0]], norm[m[0]:m[1]], norm[m[1]:]) {
					spans = append(spans, span{m[0], m[1]})
				}
			}
			return spans
		}
		if spans := find(norm); len(spans) > 0 {
			list = append(list, wish{
				chip:  Chip{Field: chipConvenience, Value: c.value, Label: c.label},
				spans: spans, find: find, role: silent,
			})
		}
	}
	return list
}

// wishedFor tells a wish from a question of yes or no (要不要钱, 免不免费) and from the name of something: 免费 right before
// what is given away (免费孕前检查, 免费师范生) is part of what it is called.
func wishedFor(before, said, after string) bool {
	for _, doubled := range []string{"要", "收", "花", "用", "免"} {
		if strings.HasSuffix(before, doubled) && (strings.HasPrefix(said, "不"+doubled) || doubled == "免") {
			return false
		}
	}
	if strings.HasSuffix(before, "免不") {
		return false
	}
	switch {
	case reOnline.MatchString(said):
		return asked(before, after)
	case strings.TrimPrefix(said, "是") != "免费": // 不要钱, 免费的, 免费吗
		return true
	case strings.HasPrefix(after, "办法"):
		return false
	}
	return after == "" || slices.ContainsFunc(afterFree, func(w string) bool { return strings.HasPrefix(after, w) })
}

var reOnline = regexp.MustCompile(`^(?:网上|线上|在线)(?:办理|办|申请|申办|提交)$`)

// asked tells 营业执照网上办理 and 网上办营业执照 from the middle of a sentence that speaks of such services.
func asked(before, after string) bool {
	if after == "" || strings.ContainsAny(after[:1], " ,.?!;") {
		return true
	}
	begins := before == "" || slices.ContainsFunc([]string{" ", ",", "我", "想", "要", "能", "可以", "在"}, func(w string) bool { return strings.HasSuffix(before, w) })
	return begins && !strings.HasPrefix(after, "税") && !strings.HasPrefix(after, "事")
}

// afterFree are what follows 免费 where it is no part of a name: an action, a question, the end of a clause.
var afterFree = []string{
	" ", ",", "，", "。", "?", "？", "!", "吗", "么", "不", "嘛", "的", "地", "就", "办", "补", "领", "申", "换", "查", "登", "打", "拿", "做", "弄", "能", "可以", "给", "帮", "在", "去", "怎么", "咋", "哪",
}
