package enginetest

import (
	"slices"
	"testing"

	"tongsou/corpus"
	"tongsou/index"
)

// testAuthority: texts that say the same stand by their place in the hierarchy of law, and a notice, which has none, among
// national laws and not below every rule of a district.
func testAuthority(t *testing.T, open Open) {
	said := func(id, title, genre string) *corpus.Document {
		d := policy(id, title, "出租人应当在租赁期满后退还押金。")
		d.Genre = genre
		return d
	}
	e := holding(t, open, numbered([]*corpus.Document{
		said("a-local", "房屋租赁条例", "地方性法规"),
		said("b-regulation", "住房租赁条例", "行政法规"),
		said("c-law", "中华人民共和国租赁法", "法律"),
		said("d-notice", "关于规范租赁的通知", "通知"),
		said("e-code", "中华人民共和国民法典", "法律"),
	}))
	want := []string{"e-code", "d-notice", "c-law", "b-regulation", "a-local"}
	if got := ids(search(t, e, index.Query{Text: "押金退还"}), corpus.KindPolicy); !slices.Equal(got, want) {
		t.Errorf("finds %v, want %v", got, want)
	}
}
