package index_test

import (
	"fmt"
	"testing"

	"tongsou/corpus"
	"tongsou/index"
)

func TestHeldDocument(t *testing.T) {
	for _, c := range []struct{ material, want string }{
		{"居民身份证", "身份证"},
		{"身份证", "身份证"},
		{"居民身份证原件及复印件", "身份证"},
		{"经办人居民身份证（原件、复印件各1份）", "身份证"},
		{"双方身份证明", "身份证"},
		{"父亲或者母亲的居民户口簿", "户口簿"},
		{"户口本首页、复印件", "户口簿"},
		{"居民户口簿内页", "户口簿"},
		{"居民身份证或者社会保障卡", "身份证"},
		{"亲子鉴定意见或者出生医学证明", "出生医学证明"},
		{"隶属企业营业执照副本", "营业执照"},
		{"不动产权证书", "不动产权证"},
		{"机动车驾驶证", "驾驶证"},
		{"驾驶证照片", "证件照片"},
		{"照片", "证件照片"},
		{"现场照片", ""},
		{"孩子父母一方或者监护人的银行账户", "银行卡"},
		{"原往来港澳通行证", "往来港澳通行证"},
		{"导游资格证书", "导游资格证书"},
		{"低保证、特困证等", "低保证"},
		{"居民身份证领取凭证", ""},
		{"法定代表人身份证明", ""},
		{"出生医学证明换发、补发申请表", ""},
		{"本人或者监护人的书面申请", ""},
		{"缴费凭证", ""},
		{"场所平面图", ""},
		{"与公证事项有关的材料", ""},
		{"企业银行账号", ""},
		{"（）", ""},
		{"", ""},
	} {
		got, ok := index.HeldDocument(c.material)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%q: got %q, %v, want %q", c.material, got, ok, c.want)
		}
		if again, _ := index.HeldDocument(got); again != got {
			t.Errorf("%q: its everyday name %q is read as %q", c.material, got, again)
		}
	}
}

func TestNeedsAndMissing(t *testing.T) {
	for _, c := range []struct {
		name      string
		materials []corpus.Material
		held      []string
		needs     string
		missing   string
	}{
		{"nothing asked", nil, nil, "[]", "[]"},
		{"one held", []corpus.Material{{Name: "居民身份证"}}, []string{"身份证"}, "[[身份证]]", "[]"},
		{"one not held", []corpus.Material{{Name: "居民身份证"}, {Name: "结婚证"}}, []string{"身份证"}, "[[身份证] [结婚证]]", "[[结婚证]]"},
		{"the same twice", []corpus.Material{{Name: "居民身份证"}, {Name: "经办人居民身份证"}}, nil, "[[身份证]]", "[[身份证]]"},
		{"either", []corpus.Material{{Name: "居民身份证或者社会保障卡"}}, []string{"社会保障卡"}, "[[身份证 社会保障卡]]", "[]"},
		{"both", []corpus.Material{{Name: "居民身份证和居民户口簿"}}, []string{"身份证"}, "[[身份证] [户口簿]]", "[[户口簿]]"},
		{"two lists of one", []corpus.Material{{Name: "本人的居民户口簿、护照和居民身份证"}}, []string{"身份证"}, "[[户口簿] [护照] [身份证]]", "[[户口簿] [护照]]"},
		{"any of such", []corpus.Material{{Name: "低保证、特困证等"}}, []string{"特困证"}, "[[低保证 特困证]]", "[]"},
		{"a document or another paper", []corpus.Material{{Name: "不动产权证书或者租赁备案凭证"}}, []string{"不动产权证"}, "[[不动产权证 租赁备案凭证]]", "[]"},
		{"shared by the state", []corpus.Material{{Name: "居民身份证", Shared: true}}, nil, "[]", "[]"},
		{"in some cases only", []corpus.Material{{Name: "结婚证", Optional: true}}, nil, "[]", "[]"},
		{"filled in at the window", []corpus.Material{{Name: "公证申请表"}, {Name: "备案申请书（一式两份）"}}, nil, "[]", "[]"},
		{"a form by its blank", []corpus.Material{{Name: "入户审核单", BlankForm: "https://example.org/a.doc"}}, nil, "[]", "[]"},
		{"a document with a blank", []corpus.Material{{Name: "居民身份证", BlankForm: "https://example.org/a.doc"}}, nil, "[[身份证]]", "[[身份证]]"},
		{"what nobody keeps", []corpus.Material{{Name: "场所平面图"}}, []string{"身份证"}, "[[场所平面图]]", "[[场所平面图]]"},
		{"an examination is no form", []corpus.Material{{Name: "教师资格申请人员体检表"}}, nil, "[[教师资格申请人员体检表]]", "[[教师资格申请人员体检表]]"},
		{"no name", []corpus.Material{{Name: "（略）"}}, nil, "[]", "[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			needs := index.Needs(c.materials)
			if got := fmt.Sprint(needs); got != c.needs {
				t.Errorf("needs %s, want %s", got, c.needs)
			}
			if got := fmt.Sprint(index.Missing(needs, c.held)); got != c.missing {
				t.Errorf("missing %s, want %s", got, c.missing)
			}
		})
	}
}
