package index

import (
	"slices"
	"strings"
)

// action is what is done about a paper or a right. One certificate stands in a list of items once for each: 核发, 补办,
// 变更, 延续, 注销.
type action uint8

const (
	actionNone action = iota
	actionReplace
	actionChange
	actionRenew
	actionCancel
	actionResume
	actionQuery
	actionExchange
)

// actionWords tell an action, by what items are called and by what people say. The first that occurs decides, so that
// 遗失补办变更 is a replacement; words for a first application tell nothing, for that is what is meant when nothing is said.
var actionWords = []struct {
	action action
	names  []string // in the names of items and in queries
	spoken []string // in queries only
}{
	{actionReplace, []string{"补办", "补领", "补发", "补证", "遗失", "挂失", "丢失"}, []string{"丢了", "掉了", "丢", "不见了", "弄没", "找不到", "坏了", "补一个", "补个", "重新办", "补"}},
	{actionExchange, []string{"换证", "换领", "换发", "换补"}, nil},
	{actionCancel, []string{"注销", "终止", "歇业", "停业", "缴销", "销户", "撤销", "报废"}, []string{"不干了", "关门", "关店", "关掉", "不做了", "不开了", "销"}},
	{actionRenew, []string{"延续", "延期", "续期", "续展", "校验"}, []string{"到期", "过期", "快到期", "续"}},
	{actionChange, []string{"变更", "更正", "过户", "转出", "转入", "迁移"}, []string{"改名", "换法人", "换地址", "改", "变动", "搬"}},
	{actionResume, []string{"恢复"}, nil},
	{actionQuery, []string{"查询"}, []string{"查一下", "查"}},
}

// actionsOfTitle returns the actions that an item's name says, a bit for each: 补证、换证 are two.
func actionsOfTitle(title string) actions {
	var set actions
	for _, a := range actionWords {
		if slices.ContainsFunc(a.names, func(w string) bool { return strings.Contains(title, w) }) {
			set |= 1 << a.action
		}
	}
	return set
}

// actions is a set of actions.
type actions uint16

func (s actions) has(a action) bool { return s&(1<<a) != 0 }

// actionOfQuery returns the action that a query asks for.
func actionOfQuery(text string) action {
	for _, spoken := range []bool{false, true} {
		for _, a := range actionWords {
			words := a.names
			if spoken {
				words = a.spoken
			}
			if slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) }) {
				return a.action
			}
		}
	}
	return actionNone
}
