package index

import (
	"regexp"
	"slices"
	"strings"

	"tongsou/corpus"
)

// Need is one thing that must be handed in: any one of the names in it will do. A name that HeldDocument knows is in the
// words that it returns, another as the source writes it.
type Need []string

// Needs lists what must be handed in for an item's materials. What is needed in some cases only, what an electronic
// licence or shared data stands in for (免交), and forms that are filled in at the window are needs of nobody. A list of
// materials that the source does not give has no needs either, so ask whether there is one before believing it.
func Needs(materials []corpus.Material) []Need {
	var needs []Need
	for _, m := range materials {
		if m.Optional || m.Shared {
			continue
		}
		for _, n := range needsOf(m.Name) {
			form := m.BlankForm != "" && !slices.ContainsFunc(n, known)
			if len(n) > 0 && !form && !slices.ContainsFunc(needs, func(o Need) bool { return slices.Equal(o, n) }) {
				needs = append(needs, n)
			}
		}
	}
	return needs
}

// Missing returns the needs that nothing in held meets. Held are names as HeldDocument returns them. Whose document it is
// is not told apart: 死者居民户口簿 is met by 户口簿.
func Missing(needs []Need, held []string) []Need {
	var missing []Need
	for _, n := range needs {
		if !slices.ContainsFunc(n, func(name string) bool { return slices.Contains(held, name) }) {
			missing = append(missing, n)
		}
	}
	return missing
}

// HeldDocument returns the everyday name of the document that a material is, 身份证 for 经办人居民身份证原件及复印件, and
// false when it is nothing that people keep: a form to fill in, a plan, a report. A material that asks for one of several
// gives the first.
func HeldDocument(material string) (string, bool) {
	for _, n := range needsOf(material) {
		for _, name := range n {
			if known(name) {
				return name, true
			}
		}
	}
	return "", false
}

func known(name string) bool {
	_, ok := documentName(name)
	return ok
}

// needsOf reads one material's name. A form is no need; 居民身份证和居民户口簿 are two; 身份证或者社保卡 is one with two names.
func needsOf(material string) []Need {
	name := bareMaterial(material)
	if name == "" {
		return nil
	}
	if pieces := cutAt(name, reAnd); len(pieces) > 1 && !strings.HasSuffix(name, "等") && allKnown(pieces) {
		var needs []Need
		for _, p := range pieces {
			needs = append(needs, alternatives(p))
		}
		return needs
	}
	if n := alternatives(name); len(n) > 0 {
		return []Need{n}
	}
	return nil
}

// alternatives reads a name that one document meets. It is empty when one of them is a form, which everybody can fill in.
func alternatives(name string) Need {
	at := reOr
	if strings.HasSuffix(name, "等") { // 低保证、特困证等: any of such papers
		name, at = strings.TrimSuffix(name, "等"), reAny
	}
	var n Need
	for _, p := range cutAt(name, at) {
		doc, ok := documentName(p)
		switch {
		case !ok && reForm.MatchString(p) && !reNoForm.MatchString(p):
			return nil
		case !ok:
			doc = p
		}
		if !slices.Contains(n, doc) {
			n = append(n, doc)
		}
	}
	return n
}

func allKnown(pieces []string) bool {
	return !slices.ContainsFunc(pieces, func(p string) bool { return !slices.ContainsFunc(alternatives(p), known) })
}

// The words between two documents, and those that say only whose a document is: 父亲或者母亲的户口簿 is one document.
var (
	reOr     = regexp.MustCompile(`或者|或|/`)
	reAnd    = regexp.MustCompile(`以及|和|及|与|、|,|\+`)
	reAny    = regexp.MustCompile(`或者|或|/|、|,`)
	rePerson = regexp.MustCompile(`(?:本人|父亲?|母亲?|夫|妻|方|子女|[人者主员偶女])$`)
)

func cutAt(name string, at *regexp.Regexp) []string {
	var pieces []string
	start := 0
	for _, m := range at.FindAllStringIndex(name, -1) {
		if piece := name[start:m[0]]; piece != "" && !rePerson.MatchString(piece) {
			pieces = append(pieces, piece)
			start = m[1]
		}
	}
	if start < len(name) {
		pieces = append(pieces, name[start:])
	}
	return pieces
}

var (
	reNote = regexp.MustCompile(`[（(][^（()）]*[)）]|[“”"《》\s]`)
	// reCopy is what follows a document's name: how it is handed in.
	reCopy = regexp.MustCompile(`(?:(?:[及和与、或]|或者)?(?:扫描件|复印件|原件|影印件|电子版|电子件|电子证照|正本|副本|正副本|首页|内页|正反面)[一二两三\d]*份?)+$`)
)

func bareMaterial(s string) string {
	s = reNote.ReplaceAllString(corpus.FoldWidth(s), "")
	return reCopy.ReplaceAllString(strings.TrimRight(s, "。;,."), "")
}

var (
	// reForm is what one writes oneself, at the window or at home; reNoForm what only looks so.
	reForm   = regexp.MustCompile(`(?:申请书|申请表|申请|申请单|申报表|登记表|备案表|信息表|申领表|核定表|审批表|承诺书|承诺|声明|声明书|情况说明|投诉书|委托书)$`)
	reNoForm = regexp.MustCompile(`毕业|体检|竣工`)
	// reCertificate is a certificate that documentNames does not have; reNoCertificate what only ends like one.
	reCertificate   = regexp.MustCompile(`\p{Han}(?:证书?|执照|许可证)$`)
	reNoCertificate = regexp.MustCompile(`(?:凭证|公证|论证|佐证|见证|认证|查证|[^低]保证)$`)
	reOwner         = regexp.MustCompile(`^(?:(?:申请人|经办人|负责人|监护人|申报人|申领人|本人|双方|双方当事人|当事人|夫妻双方|父母双方?|子女|企业|单位|有效|合法|相关|原|新|的)+)`)
)

// documentName returns what people call a document whose name ends in one that is known.
func documentName(s string) (string, bool) {
	if s == "照片" { // 现场照片 is another thing
		return photos, true
	}
	for _, d := range documentNames {
		if slices.ContainsFunc(d.ends, func(end string) bool { return strings.HasSuffix(s, end) }) && !strings.Contains(s, d.not) {
			return d.name, true
		}
	}
	if !reCertificate.MatchString(s) || reNoCertificate.MatchString(s) {
		return "", false
	}
	if bare := reOwner.ReplaceAllString(s, ""); reCertificate.MatchString(bare) {
		s = bare
	}
	return s, true
}

const (
	photos = "证件照片"
	none   = "\x00" // in no material's name
)

// documentNames are the documents that people keep at home, by what they call them, with the ends of the names under which
// lists of materials have them. A name that holds not is another thing.
var documentNames = []struct {
	name string
	ends []string
	not  string
}{
	{"身份证", []string{"身份证", "身份证件", "身份证明", "身份证明文件", "身份证号", "身份证号码"}, "法定代表人身份证明"},
	{"户口簿", []string{"户口簿", "户口本", "户口册", "户口页", "户籍证明"}, none},
	{"营业执照", []string{"营业执照"}, none},
	{"社会保障卡", []string{"社会保障卡", "社保卡", "医保卡", "医保电子凭证"}, none},
	{"结婚证", []string{"结婚证", "结婚证书"}, none},
	{"离婚证", []string{"离婚证", "离婚证书"}, none},
	{"出生医学证明", []string{"出生医学证明", "出生证明", "出生证"}, none},
	{"驾驶证", []string{"驾驶证", "驾照"}, none},
	{"行驶证", []string{"行驶证"}, none},
	{"机动车登记证书", []string{"机动车登记证书", "机动车登记证"}, none},
	{"不动产权证", []string{"不动产权证书", "不动产权证", "房屋所有权证", "房产证", "房屋产权证", "不动产权属证书"}, none},
	{"居住证", []string{"居住证"}, none},
	{"学历证书", []string{"学历证书", "毕业证书", "毕业证", "学历证明", "学历学位证书"}, none},
	{"学生证", []string{"学生证"}, none},
	{"护照", []string{"护照"}, none},
	{"退役证件", []string{"退役证件", "退役军人证", "退出现役证", "退役证", "退伍证"}, none},
	{"残疾人证", []string{"残疾人证", "残疾证"}, none},
	{"低保证", []string{"低保证", "最低生活保障证"}, none},
	{"死亡证明", []string{"死亡证明", "死亡医学证明", "死亡医学证明书", "死亡证明书"}, none},
	{"银行卡", []string{"银行卡", "银行账号", "银行账户", "银行卡账号", "银行卡号", "银行存折"}, "企业"},
	{photos, []string{"证件照", "证件照片", "近期照片", "本人照片", "出国照片", "驾驶证照片", "免冠照片", "寸照片"}, none},
	{"劳动合同", []string{"劳动合同"}, none},
	{"购房合同", []string{"购房合同", "商品房买卖合同"}, none},
	{"租赁合同", []string{"租赁合同", "租房合同"}, none},
	{"遗嘱", []string{"遗嘱"}, none},
}
