package corpus

import (
	"strings"
	"unicode/utf8"
)

// shortName leaves out the ending of a division's name, and in an autonomous one its peoples, where at least two
// characters remain: 呼和浩特市 is 呼和浩特, 长阳土家族自治县 is 长阳. Development zones keep their names.
func shortName(name string) string {
	if isZone(name) {
		return name
	}
	for _, end := range [...]string{
		"特别行政区", "自治区", "自治州", "自治县", "自治旗", "地区", "林区", "矿区", "特区", "新区", "省", "市", "盟", "州", "县", "区", "旗",
	} {
		rest, ok := strings.CutSuffix(name, end)
		if !ok || utf8.RuneCountInString(rest) < 2 {
			continue
		}
		if strings.HasPrefix(end, "自治") {
			rest = withoutPeoples(rest)
		}
		return rest
	}
	return name
}

// withoutPeoples cuts the peoples off the end of an autonomous division's name: 双江拉祜族佤族布朗族傣族 is 双江.
func withoutPeoples(name string) string {
	for {
		before := name
		for _, people := range [...]string{
			"蒙古族", "蒙古", "维吾尔", "哈萨克族", "哈萨克", "柯尔克孜", "塔吉克", "达斡尔族", "锡伯", "朝鲜族", "土家族", "布依族", "哈尼族",
			"傈僳族", "拉祜族", "东乡族", "纳西族", "景颇族", "布朗族", "撒拉族", "毛南族", "仡佬族", "仫佬族", "裕固族", "独龙族", "保安族",
			"普米族", "回族", "藏族", "苗族", "彝族", "壮族", "满族", "侗族", "瑶族", "白族", "傣族", "黎族", "佤族", "畲族", "水族", "土族",
			"羌族", "怒族", "各族", "族",
		} {
			if rest, ok := strings.CutSuffix(name, people); ok && utf8.RuneCountInString(rest) >= 2 {
				name = rest
				break
			}
		}
		if name == before {
			return name
		}
	}
}

// isZone reports whether a name is that of a zone that statistics count like a county: 苏州工业园区.
func isZone(name string) bool {
	for _, end := range [...]string{
		"开发区", "示范区", "管理区", "工业园区", "化工园区", "产业园区", "产业园", "创意园区", "实验区", "委员会",
	} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

// autonomousEnding is the ending that people put in place of 自治州, 自治县 or 自治旗; empty for other names.
func autonomousEnding(name string) string {
	for _, end := range [...]string{"州", "县", "旗"} {
		if strings.HasSuffix(name, "自治"+end) {
			return end
		}
	}
	return ""
}

// endsAsDivision reports whether a name ends with what can only be a division: 呼市, 阿盟, 达旗.
func endsAsDivision(name string) bool {
	last, _ := utf8.DecodeLastRuneInString(name)
	return strings.ContainsRune("市盟州旗区县", last)
}
