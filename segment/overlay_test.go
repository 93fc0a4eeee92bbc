package segment_test

import (
	"strings"
	"testing"

	"tongsou/segment"
)

func TestLexiconWith(t *testing.T) {
	base, err := segment.ReadLexicon("base", strings.NewReader("雪橇证 => 雪橇登记 @0.5\n"))
	if err != nil {
		t.Fatal(err)
	}
	wider, err := base.With([]segment.Entry{{From: "溜冰證", To: "冰场备案"}, {From: "雪橇证", To: "雪橇登记", Weight: 1}, {From: "雪橇证", To: "雪橇年检"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := wider.Find("办溜冰证"); len(got) != 1 || got[0].Entries[0].To != "冰场备案" || got[0].Entries[0].Weight != 0.8 {
		t.Errorf("the new entry is found as %+v", got)
	}
	if got := wider.Entries("雪橇证"); len(got) != 2 || got[0].Weight != 1 {
		t.Errorf("the entry that is said again is %+v", got)
	}
	if !wider.Official("冰场备案") {
		t.Error("the new term is not official")
	}
	if got := base.Entries("雪橇证"); len(got) != 1 || got[0].Weight != 0.5 || base.Entries("溜冰证") != nil || base.Official("冰场备案") {
		t.Errorf("the lexicon below has changed: %+v", got)
	}
}

func TestLexiconWithRefuses(t *testing.T) {
	base, err := segment.DefaultLexicon()
	if err != nil {
		t.Fatal(err)
	}
	for what, e := range map[string]segment.Entry{
		"nothing said":  {From: " ", To: "户口登记"},
		"nothing meant": {From: "上户口", To: ""},
		"itself":        {From: "户口", To: "戶口"},
		"a weight of 2": {From: "上户口", To: "户口登记", Weight: 2},
	} {
		if _, err := base.With([]segment.Entry{e}); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
}
