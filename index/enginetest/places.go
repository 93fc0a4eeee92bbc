package enginetest

import (
	"slices"
	"testing"

	"tongsou/corpus"
	"tongsou/index"
)

// testElsewhere: a policy of another province says more of the query's words, and comes behind one of the province that was
// asked for, and behind one that speaks of no place. Who names no province gets what says most. Answers to letters have no
// title, and places whose names are masked.
func testElsewhere(t *testing.T, open Open) {
	e := holding(t, open, numbered([]*corpus.Document{
		policy("shanghai", "上海市小微企业租金减免办法", "小微企业租金减免三个月，租金由出租人减免。"),
		policy("tianjin", "天津市减轻小微企业负担办法", "小微企业租金减免两个月。"),
		policy("anywhere", "小微企业负担减轻办法", "小微企业租金减免一个月。"),
		policy("k3", "", "K3县城管局答复：路灯不亮，因为线路老化，路灯不亮的路段已经报修。"),
		policy("masked", "", "您反映的情况已经转交，路灯会尽快修好。"),
	}))
	for text, want := range map[string][]string{
		"天津小微企业租金减免": {"tianjin", "anywhere", "shanghai"},
		"小微企业租金减免":   {"shanghai", "anywhere", "tianjin"},
		"A8县路灯":      {"masked", "k3"},
		"K3县路灯":      {"k3", "masked"},
	} {
		if got := ids(search(t, e, index.Query{Text: text}), corpus.KindPolicy); !slices.Equal(got, want) {
			t.Errorf("%s finds %v, want %v", text, got, want)
		}
	}
}

// policy is a policy of one section.
func policy(id, title, text string) *corpus.Document {
	return &corpus.Document{ID: id, Kind: corpus.KindPolicy, Title: title, Sections: []corpus.Section{{ID: "p1", Text: text}}}
}
