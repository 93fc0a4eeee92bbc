package corpus

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The tables of this file were made by comparing where the names of divisions occur in laws, news and questions with
// where a word segmenter sees them as words.

// beginsPhrase reports whether a phrase can begin behind the character before: at the beginning of the text or behind
// another place (0), behind anything that is no Chinese character, and behind the little words that stand before places.
func beginsPhrase(before rune) bool {
	return before == 0 || !unicode.Is(unicode.Han, before) || strings.ContainsRune("在到去从回来往至向由驻离赴寄迁是的和与及或", before)
}

// partOfWord reports whether a name of n characters is only part of something else because of the character before it
// (0 for none) or the text behind it: 成都 in 形成都市圈, 广安 in 广安全, 包头 in 包头路, 港口区 in 港口区域.
func partOfWord(name string, n int, before rune, rest string) bool {
	last, _ := utf8.DecodeLastRuneInString(name)
	next, _ := utf8.DecodeRuneInString(rest)
	if strings.ContainsRune(behindEnding(last), next) {
		return true
	}
	if strings.ContainsRune(beforeName(name), before) {
		return true
	}
	if n > 2 && endsAsDivision(name) {
		return false
	}
	return isStreet(rest) || n == 2 && strings.ContainsRune(behindShort(last), next)
}

// isStreet reports whether rest makes the name before it that of a street: 南京东路, 鄂尔多斯大街. 街道 is a township.
func isStreet(rest string) bool {
	for _, direction := range [...]string{"东", "西", "南", "北", "中", "大"} {
		if after, ok := strings.CutPrefix(rest, direction); ok {
			rest = after
			break
		}
	}
	return strings.HasPrefix(rest, "路") || strings.HasPrefix(rest, "街") && !strings.HasPrefix(rest, "街道")
}

// behindEnding lists the characters that turn the ending of a division into another word: 区域, 市场, 县级.
func behindEnding(last rune) string {
	switch last {
	case '区':
		return "域间别块位"
	case '市':
		return "场"
	case '县':
		return "级域"
	case '旗':
		return "舰帜"
	}
	return ""
}

// behindShort lists the characters that make a word with the last one of a two-character name.
func behindShort(last rune) string {
	switch last {
	case '安':
		return "全装排置静顿稳宁保慰检"
	case '定':
		return "点期额价时制量位向居做岗金"
	case '连':
		return "锁续接带夜"
	case '同':
		return "意时等样步工"
	case '理':
		return "由赔财发论事解疗念石"
	case '治':
		return "久"
	case '明':
		return "治确显"
	case '田':
		return "玉"
	case '州':
		return "际"
	case '海':
		return "关道域洋外鲜"
	case '肥':
		return "料胖"
	case '感':
		return "动染谢"
	case '庆':
		return "祝典"
	case '西':
		return "装方"
	case '东':
		return "西方"
	case '中':
		return "国央小心"
	case '平':
		return "均等"
	case '通':
		return "过知道行"
	case '口':
		return "岸腔罩"
	case '山':
		return "装"
	case '化':
		return "工学肥妆"
	case '江':
		return "湖"
	case '密':
		return "瓜"
	}
	return ""
}

// beforeName lists the characters before a name that make a word with its first one.
func beforeName(name string) string {
	switch name {
	case "成都", "成都市":
		return "完形变建造构达"
	case "西安":
		return "东"
	case "济南":
		return "经"
	case "河南", "河北":
		return "黄淮"
	case "市中区", "市南区", "市北区":
		return "城"
	}
	return ""
}
