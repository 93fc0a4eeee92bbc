package corpus_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"tongsou/corpus"
)

func TestRegionsHoldTheTree(t *testing.T) {
	tree := corpus.Regions()
	for _, c := range []struct {
		code, name, short, parent string
		level                     int
	}{
		{"15", "内蒙古自治区", "内蒙古", "", 1},
		{"1501", "呼和浩特市", "呼和浩特", "15", 2},
		{"150102", "新城区", "新城", "1501", 3},
		{"110105", "朝阳区", "朝阳", "11", 3}, // the placeholder 市辖区 between is left out
		{"500229", "城口县", "城口", "50", 3},
		{"429004", "仙桃市", "仙桃", "42", 3},
		{"420528", "长阳土家族自治县", "长阳", "4205", 3},
		{"2224", "延边朝鲜族自治州", "延边", "22", 2},
		{"632323", "泽库县", "泽库", "6323", 3},
		{"620926", "东乡族自治县", "", "", 0}, // no such code: the county is 622926
		{"622926", "东乡族自治县", "东乡", "6229", 3},
		{"150724", "鄂温克族自治旗", "鄂温克", "1507", 3},
		{"150172", "呼和浩特经济技术开发区", "呼和浩特经济技术开发区", "1501", 3},
		{"140303", "矿区", "矿区", "1403", 3},
		{"71", "台湾省", "台湾", "", 1},
	} {
		got, ok := tree.Lookup(c.code)
		want := corpus.Region{Code: c.code, Name: c.name, Short: c.short, Level: c.level, Parent: c.parent}
		if c.level == 0 {
			if ok {
				t.Errorf("Lookup(%s) = %v, want none", c.code, got)
			}
		} else if got != want {
			t.Errorf("Lookup(%s) = %+v, want %+v", c.code, got, want)
		}
	}
	if n := len(tree.Children("")); n != 34 {
		t.Errorf("the country has %d provinces, want 34", n)
	}
	if got := codes(tree.Path("150102")); got != "15 1501 150102" {
		t.Errorf("Path(150102) = %s", got)
	}
	if got := codes(tree.Ancestors("110105")); got != "11" {
		t.Errorf("Ancestors(110105) = %s", got)
	}
	if got := tree.Path("1599"); got != nil {
		t.Errorf("Path of an unknown code = %v", got)
	}
	if got := codes(tree.Children("1503")); got != "150302 150303 150304" {
		t.Errorf("Children(1503) = %s", got)
	}
}

// Every division must be reachable from the top and be found by its own full name.
func TestRegionsAreSound(t *testing.T) {
	tree := corpus.Regions()
	list := tree.Codes()
	if len(list) < 3300 {
		t.Fatalf("only %d divisions", len(list))
	}
	for _, code := range list {
		r, _ := tree.Lookup(code)
		if r.Name == "" || r.Short == "" || strings.ContainsAny(r.Name, " \t-~") || !strings.HasPrefix(code, r.Parent) {
			t.Errorf("odd division %+v", r)
		}
		if path := tree.Path(code); len(path) == 0 || path[0].Level != 1 || path[len(path)-1] != r {
			t.Errorf("Path(%s) = %v", code, path)
		}
		if found := tree.ByName(r.Name, code); len(found) != 1 {
			t.Errorf("ByName(%s, %s) = %v", r.Name, code, found)
		}
		if got, ok := corpus.NormalizeRegion(code + strings.Repeat("0", 12-len(code))); !ok || got != code {
			t.Errorf("NormalizeRegion of %s padded = %q", code, got)
		}
	}
}

func TestContains(t *testing.T) {
	for _, c := range []struct {
		outer, inner string
		want         bool
	}{
		{"15", "1501", true}, {"15", "15", true}, {"", "15", true}, {"", "", true},
		{"1501", "15", false}, {"1501", "1502", false}, {"15", "", false}, {"11", "110105", true},
	} {
		if got := corpus.Contains(c.outer, c.inner); got != c.want {
			t.Errorf("Contains(%q, %q) = %v", c.outer, c.inner, got)
		}
	}
}

func TestNormalizeRegion(t *testing.T) {
	for in, want := range map[string]string{
		"15": "15", "1501": "1501", "150100": "1501", "150000": "15", "150100000000": "1501", "511602000000": "511602",
		" 150102 ": "150102", "150102001000": "150102", "150102001": "150102",
		"110100": "11", "1101": "11", "500200": "50", "419001": "419001", "419000": "41",
		"": "", "0": "", "00": "", "151": "", "1599": "", "150199": "", "990000": "", "1501x": "", "１５": "",
	} {
		if got, ok := corpus.NormalizeRegion(in); got != want || ok != (want != "") {
			t.Errorf("NormalizeRegion(%q) = %q, %v; want %q", in, got, ok, want)
		}
	}
}

func TestByName(t *testing.T) {
	tree := corpus.Regions()
	for _, c := range []struct{ name, within, want string }{
		{"内蒙古自治区", "", "15"}, {"内蒙古", "", "15"}, {"内蒙", "", "15"},
		{"呼和浩特", "", "1501"}, {"呼市", "", "1501"}, {"包头", "", "1502"}, {"乌海", "", "1503"},
		{"赤峰", "", "1504"}, {"昭盟", "", "1504"}, {"通辽", "", "1505"}, {"哲盟", "", "1505"},
		{"鄂尔多斯", "", "1506"}, {"鄂市", "", "1506"}, {"呼伦贝尔", "", "1507"}, {"呼盟", "", "1507"},
		{"巴彦淖尔", "", "1508"}, {"巴盟", "", "1508"}, {"乌兰察布", "", "1509"}, {"乌盟", "", "1509"},
		{"锡林郭勒", "", "1525"}, {"锡盟", "", "1525"}, {"阿拉善", "", "1529"}, {"阿盟", "", "1529"}, {"兴安盟", "", "1522"},
		{"东胜", "", "150602"}, {"广安区", "", "511602"}, {"广安", "", "5116 511602"}, {"达旗", "", "150621"},
		{"吉林", "", "22 2202"}, {"海南", "15", "150303"}, {"新城区", "1501", "150102"},
		{"新城区", "", "150102 610102"}, {"恩施州", "", "4228"}, {"长阳县", "", "420528"},
		{"火星", "", ""}, {"", "", ""}, {"区", "", ""},
	} {
		if got := codes(tree.ByName(c.name, c.within)); got != c.want {
			t.Errorf("ByName(%q, %q) = %q, want %q", c.name, c.within, got, c.want)
		}
	}
}

func TestFindIn(t *testing.T) {
	for _, c := range []struct{ text, near, want string }{
		// names and their spans
		{"呼和浩特市新城区办身份证", "", "呼和浩特市=1501 新城区=150102"},
		{"呼市新城居住证", "", "呼市=1501 新城=150102"},
		{"内蒙古自治区 鄂尔多斯市 准格尔旗", "", "内蒙古自治区=15 鄂尔多斯市=1506 准格尔旗=150622"},
		{"鄂尔多斯东胜社保", "", "鄂尔多斯=1506 东胜=150602"},
		{"东胜社保", "", "东胜=150602"},
		{"在东胜办社保", "", "东胜=150602"},
		{"我想问下呼市公积金怎么提", "", "呼市=1501"},
		{"广安区居民身份证", "", "广安区=511602"},
		{"广安居民身份证", "", "广安=5116"},
		{"从包头迁到乌海", "", "包头=1502 乌海=1503"},
		{"河北保定身份证", "", "河北=13 保定=1306"},
		{"阿拉善盟额济纳旗边境证", "", "阿拉善盟=1529 额济纳旗=152923"},
		{"恩施州恩施市", "", "恩施州=4228 恩施市=422801"},
		{"北京市场监管", "", "北京=11"},
		{"鄂尔多斯街道办", "", "鄂尔多斯=1506"},
		// one name, several divisions
		{"新城区办身份证", "1501", "新城区=150102"},
		{"新城区办身份证", "150105", "新城区=150102"},
		{"新城区办身份证", "61", "新城区=610102"},
		{"新城区办身份证", "", "新城区=?"},
		{"新城区办身份证", "44", "新城区=?"},
		{"在新城区上班，户口在呼和浩特", "", "新城区=150102 呼和浩特=1501"},
		{"朝阳区居住证", "", "朝阳区=?"},
		{"朝阳居住证", "", "朝阳=?"},
		{"北京朝阳居住证", "", "北京=11 朝阳=110105"},
		{"长春朝阳区居住证", "", "长春=2201 朝阳区=220104"},
		{"吉林社保", "", "吉林=22"},
		{"河南社保", "6323", "河南=41"},
		{"阳泉城区停车", "", "阳泉=1403 城区=140302"},
		{"海南社保", "", "海南=46"},
		{"乌海海南社保", "", "乌海=1503 海南=150303"},
		// words that are no places
		{"和平共处", "", ""}, {"长安街", "", ""}, {"开发新产品", "", ""}, {"新华书店", "", ""}, {"城区道路", "", ""},
		{"和平区居住证", "12", "和平区=120101"},
		{"医保定点医院", "", ""}, {"推广安全知识", "", ""}, {"扩大连锁经营", "", ""}, {"大连锁店", "", ""}, {"形成都市圈", "", ""},
		{"中华人民共和国", "", ""}, {"周六安排", "", ""}, {"公安局", "", ""}, {"股东营业执照", "", ""}, {"结合肥料补贴", "", ""},
		{"南京路", "", ""}, {"城市中区域", "", ""}, {"各市和县", "", ""}, {"长治久安", "", ""}, {"农业和林业", "", ""},
		{"", "", ""}, {"abc 123", "", ""},
	} {
		var got []string
		for _, m := range corpus.Regions().FindIn(c.text, c.near) {
			code := m.Region.Code
			if code == "" {
				code = "?"
			}
			got = append(got, c.text[m.Start:m.End]+"="+code)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("FindIn(%q, near %q) = %q, want %q", c.text, c.near, s, c.want)
		}
	}
}

func TestFindInGivesCandidates(t *testing.T) {
	found := corpus.Regions().FindIn("新城区", "")
	if len(found) != 1 || codes(found[0].Candidates) != "150102 610102" || found[0].Region != (corpus.Region{}) {
		t.Errorf("FindIn(新城区) = %+v", found)
	}
}

// What a caller does to a returned slice must not reach the tree.
func TestRegionsDoNotChange(t *testing.T) {
	tree := corpus.Regions()
	tree.Children("15")[0].Name = "changed"
	tree.ByName("呼市", "")[0].Name = "changed"
	tree.FindIn("新城区", "")[0].Candidates[0].Name = "changed"
	if tree.Children("15")[0].Name != "呼和浩特市" || tree.ByName("呼市", "")[0].Name != "呼和浩特市" ||
		tree.FindIn("新城区", "")[0].Candidates[0].Name != "新城区" {
		t.Error("a change to a result changed the tree")
	}
}

func FuzzFindIn(f *testing.F) {
	for _, s := range []string{"呼和浩特市新城区", "朝阳", "\xff呼市", "阳泉 城区", "莫力达瓦达斡尔族自治旗"} {
		f.Add(s, "15")
	}
	f.Add("新城区", "1")
	f.Fuzz(func(t *testing.T, text, near string) {
		end := 0
		for _, m := range corpus.Regions().FindIn(text, near) {
			if m.Start < end || m.End <= m.Start || m.End > len(text) {
				t.Fatalf("spans of %q overlap or leave the text: %+v", text, m)
			}
			if len(m.Candidates) == 0 || utf8.RuneCountInString(text[m.Start:m.End]) < 2 {
				t.Fatalf("match without candidates in %q: %+v", text, m)
			}
			end = m.End
		}
		if code, ok := corpus.NormalizeRegion(near); ok {
			if again, ok := corpus.NormalizeRegion(code); !ok || again != code {
				t.Fatalf("NormalizeRegion(%q) = %q, again %q", near, code, again)
			}
		}
	})
}

func BenchmarkFindIn(b *testing.B) {
	tree := corpus.Regions()
	b.ReportAllocs()
	for b.Loop() {
		tree.FindIn("我户口在呼和浩特市新城区，孩子上学要办什么材料", "15")
	}
}

// BenchmarkFindInLaws measures against real text: set TONGSOU_SHARED to the folder of the shared data.
func BenchmarkFindInLaws(b *testing.B) {
	root := os.Getenv("TONGSOU_SHARED")
	files, _ := filepath.Glob(filepath.Join(root, "raw", "laws", "*", "*.md"))
	if root == "" || len(files) == 0 {
		b.Skip("TONGSOU_SHARED names no folder with laws")
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		corpus.Regions().FindIn(string(text), "")
	}
}

func codes(regions []corpus.Region) string {
	var list []string
	for _, r := range regions {
		list = append(list, r.Code)
	}
	return strings.Join(list, " ")
}
