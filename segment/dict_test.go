package segment_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"tongsou/segment"
)

// dictionaryTerm is one line of a dictionary file that holds a term.
type dictionaryTerm struct {
	text string
	file string
	line int
}

// dictionaryTerms reads the files that are embedded. A line that is not a term with at most a frequency fails the test.
func dictionaryTerms(t *testing.T) []dictionaryTerm {
	t.Helper()
	files, err := filepath.Glob("dict/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dictionary files: %v", err)
	}
	var terms []dictionaryTerm
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for n, line := range strings.Split(string(data), "\n") {
			line, _, _ = strings.Cut(line, "#")
			if strings.TrimSpace(line) == "" {
				continue
			}
			text, freq, given := strings.Cut(line, "\t")
			if _, err := strconv.ParseFloat(freq, 64); given && err != nil {
				t.Errorf("%s:%d: frequency %q is not a number", file, n+1, freq)
			}
			terms = append(terms, dictionaryTerm{text, file, n + 1})
		}
	}
	return terms
}

func TestDictionariesAreLargeAndFreeOfDuplicates(t *testing.T) {
	seen := map[string]dictionaryTerm{}
	for _, term := range dictionaryTerms(t) {
		if old, ok := seen[term.text]; ok {
			t.Errorf("%s:%d: %s stands in %s:%d already", term.file, term.line, term.text, old.file, old.line)
		}
		seen[term.text] = term
	}
	if len(seen) < 3000 {
		t.Errorf("%d distinct terms, want at least 3,000", len(seen))
	}
}

func TestDictionaryTermsAreWordsOfTheSegmenter(t *testing.T) {
	s := segmenter(t)
	for _, term := range dictionaryTerms(t) {
		if n := utf8.RuneCountInString(term.text); n < 2 || n > 12 {
			t.Errorf("%s:%d: %s has %d characters, want 2 to 12", term.file, term.line, term.text, n)
		}
		if folded := segment.Fold(term.text); folded != term.text {
			t.Errorf("%s:%d: write %q as %q, which is how text is searched", term.file, term.line, term.text, folded)
		}
		if !s.Known(term.text) {
			t.Errorf("%s:%d: the segmenter does not know %s", term.file, term.line, term.text)
		}
	}
}

func TestRegionsAreOneWord(t *testing.T) {
	s := segmenter(t)
	var regions int
	for _, term := range dictionaryTerms(t) {
		if filepath.Base(term.file) != "regions.txt" {
			continue
		}
		regions++
		if got := cut(s, term.text); got != term.text {
			t.Errorf("%s:%d: %s is cut as %s", term.file, term.line, term.text, got)
		}
	}
	if regions < 12+103 {
		t.Errorf("%d names of regions, want at least the 12 leagues and 103 banners and counties", regions)
	}
}

// cut returns the words of a text without their parts, set off by blanks.
func cut(s *segment.Segmenter, text string) string {
	var words []string
	for _, w := range s.Words(segment.Fold(text)) {
		if !w.Part {
			words = append(words, w.Text)
		}
	}
	return strings.Join(words, " ")
}

func TestCutting(t *testing.T) {
	s := segmenter(t)
	for _, c := range []struct{ text, want string }{
		// Names of service items.
		{"新生儿出生登记需要什么材料", "新生儿 出生登记 需要 什么 材料"},
		{"办理异地就医备案的条件", "办理 异地就医备案 的 条件"},
		{"个体工商户设立登记", "个体工商户设立登记"},
		{"不动产转移登记收费标准", "不动产转移登记 收费标准"},
		{"住房公积金提取和贷款", "住房公积金提取 和 贷款"},
		{"城乡居民基本养老保险参保登记", "城乡居民基本养老保险 参保登记"},
		{"公共场所卫生许可证延续", "公共场所卫生许可证 延续"},
		{"草原征占用审核", "草原征占用审核"},
		{"残疾人两项补贴申请", "残疾人两项补贴申请"},
		// Bodies behind the names of places.
		{"呼和浩特市赛罕区政务服务中心", "呼和浩特市 赛罕区 政务服务中心"},
		{"包头市人力资源和社会保障局", "包头市 人力资源和社会保障局"},
		{"莫力达瓦达斡尔族自治旗人民政府", "莫力达瓦达斡尔族自治旗 人民政府"},
		{"鄂尔多斯市准格尔旗不动产登记中心", "鄂尔多斯市 准格尔旗 不动产登记中心"},
		{"锡林郭勒盟行政公署", "锡林郭勒盟 行政公署"},
		{"满洲里市公安局出入境管理大队", "满洲里市 公安局 出入境管理大队"},
		{"阿拉善左旗巴彦浩特镇", "阿拉善左旗 巴彦浩特镇"},
		{"嘎查村民委员会出具的证明", "嘎查村民委员会 出具 的 证明"},
		{"苏木乡镇便民服务中心", "苏木乡镇 便民服务中心"},
		// A term must not tear the words around it.
		{"黄花镇人民政府", "黄花镇 人民政府"},
		{"向人民法院申请强制执行", "向 人民法院 申请强制执行"},
		{"人社部门负责失业保险金发放", "人社部门 负责 失业保险金 发放"},
		{"推进乡村振兴和发展壮大集体经济", "推进 乡村振兴 和 发展壮大 集体经济"},
		{"对外贸易和林业工作", "对外贸易 和 林业 工作"},
		{"工商都要登记", "工商 都 要 登记"},
		{"小区外面停车", "小区 外面 停车"},
		{"企业资质证书", "企业 资质证书"},
		{"收到通知书之日起十五日内", "收到 通知书 之日起 十五日 内"},
		// Papers, people and law.
		{"户口迁移证和准予迁入证明", "户口迁移证 和 准予迁入证明"},
		{"领取高龄津贴的老年人", "领取 高龄津贴 的 老年人"},
		{"告知承诺制和容缺受理", "告知承诺制 和 容缺受理"},
		{"双随机一公开监管", "双随机一公开 监管"},
		{"本办法自公布之日起施行", "本办法 自 公布 之日起 施行"},
		{"责令限期改正并处罚款", "责令限期改正 并处 罚款"},
		{"根据中华人民共和国行政许可法", "根据 中华人民共和国 行政许可法"},
	} {
		if got := cut(s, c.text); got != c.want {
			t.Errorf("%s is cut as %s, want %s", c.text, got, c.want)
		}
	}
}

func TestFaultyDictionaryLineIsNamed(t *testing.T) {
	for _, line := range []string{"户口 登记 500", "户口登记\t很多", "户口登记\t1", "户口登记\tNaN", "户口登记\t1e8"} {
		_, err := segment.New(strings.NewReader("一网通办\n" + line + "\n"))
		if err == nil || !strings.Contains(err.Error(), ":2:") {
			t.Errorf("%q: error %v does not name line 2", line, err)
		}
	}
}
