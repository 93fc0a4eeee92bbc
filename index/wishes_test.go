package index_test

import (
	"slices"
	"strings"
	"testing"

	"tongsou/index"
)

// served are the places of an index that has items of one region, of its two cities and of two counties.
type served []string

func (s served) Frequency(string) int { return 1 }

func (s served) HasItems(region string, below bool) bool {
	return slices.ContainsFunc(s, func(code string) bool { return code == region || below && strings.HasPrefix(code, region) })
}

var sampled = served{"15", "1501", "150102", "1506", "150622"}

func read(t *testing.T, q index.Query) (*index.Plan, index.Understanding) {
	t.Helper()
	plan, u, err := newReader(t).Read(q, sampled)
	if err != nil {
		t.Fatalf("read %q: %v", q.Text, err)
	}
	return plan, u
}

// chips writes them as field=value|without.
func chips(u index.Understanding) []string {
	var list []string
	for _, c := range u.Chips {
		list = append(list, c.Field+"="+c.Value+"|"+c.Without)
	}
	return list
}

func TestReadWishes(t *testing.T) {
	for _, c := range []struct {
		text, near string
		chips      []string
	}{
		// places
		{"呼和浩特公积金提取", "", []string{"place=1501|公积金提取"}},
		{"在呼市办居住证", "", []string{"place=1501|办居住证"}},
		{"呼和浩特市新城区的居住证", "", []string{"place=150102|居住证"}},
		{"新城区办居住证", "", []string{"place=150102|办居住证"}}, // the only one that the index serves
		{"准旗结婚登记", "", []string{"place=150622|结婚登记"}},
		{"土默特左旗公积金提取", "", []string{"place=150121|公积金提取"}}, // done by the city above
		{"户口从鄂尔多斯迁到呼和浩特", "", []string{"place=1501|户口迁到"}},
		{"市里的公租房", "150622", []string{"place=1506|公租房"}},
		{"区里养犬登记", "150102", []string{"place=150102|养犬登记"}},
		{"自治区法律援助", "150102", []string{"place=15|法律援助"}},
		{"市里的公租房", "", nil}, // whose city?
		{"呼和浩特市", "", nil},  // nothing else is asked
		{"去北京看病怎么报销", "", nil},
		{"去北京看病怎么报销", "150102", nil},
		{"内蒙古自治区物业管理条例", "", nil},
		{"呼和浩特市住房公积金管理办法", "", nil},
		{"内蒙古大学招生", "", nil},
		{"\"呼和浩特公积金\"", "", nil},
		{"A7县K3区西地省公租房", "", nil},
		// people
		{"个体户年报", "", []string{"audience=个体工商户|年报"}},
		{"我是退伍军人，有啥补助", "", []string{"audience=退役军人|我是，有啥补助"}},
		{"残疾人证补办", "", nil},
		{"公司拖欠工资去哪投诉", "", nil},
		{"困难残疾人生活补贴和重度残疾人护理补贴办法（示例）", "", nil},
		{"小学生转学", "", nil},
		// papers
		{"我只有身份证能办什么", "", []string{"holds=身份证|我能办什么"}},
		{"只带了户口本能办身份证吗", "", []string{"holds=户口簿|能办身份证吗"}},
		{"只有身份证和户口本，给孩子上户口", "", []string{"holds=身份证|只有户口本，给孩子上户口", "holds=户口簿|只有身份证，给孩子上户口"}},
		{"没有房产证能给孩子上户口吗", "", []string{"lacks=不动产权证|能给孩子上户口吗"}},
		{"身份证丢了", "", nil},
		{"只带了户口本，身份证丢了能补吗", "", []string{"holds=户口簿|身份证丢了能补吗"}},
		{"有没有身份证办理点", "", nil},
		// conveniences
		{"公积金提取不用跑", "", []string{"convenience=不用跑|公积金提取"}},
		{"一次都不跑的公积金提取", "", []string{"convenience=不用跑|公积金提取"}},
		{"能网上办的居住证", "", []string{"convenience=网上办|居住证"}},
		{"社保卡手机上能办吗", "", []string{"convenience=网上办|社保卡"}},
		{"居住证不要钱的", "", []string{"convenience=免费|居住证"}},
		{"免费办居住证", "", []string{"convenience=免费|办居住证"}},
		{"立等可取的健康证", "", []string{"convenience=即办|健康证"}},
		{"免费孕前检查", "", nil},
		{"是免费师范生吗", "", nil},
		{"婚检是免费的吗", "", []string{"convenience=免费|婚检"}},
		{"现场就能拿的健康证", "", []string{"convenience=即办|健康证"}},
		{"网上能查公积金吗", "", []string{"convenience=网上办|查公积金吗"}},
		{"免费师范生政策", "", nil},
		{"居住证要不要钱", "", nil},
		{"办证收不收费", "", nil},
		{"网上办税厅", "", nil},
		{"网约车驾驶员证", "", nil},
		// together
		{"在呼和浩特免费办居住证", "", []string{"place=1501|免费办居住证", "convenience=免费|在呼和浩特办居住证"}},
	} {
		plan, u := read(t, index.Query{Text: c.text, Place: c.near})
		if got := chips(u); !slices.Equal(got, c.chips) {
			t.Errorf("%s (near %q): chips %q, want %q", c.text, c.near, got, c.chips)
		}
		if u.Place != plan.Place {
			t.Errorf("%s: the answer says place %q, the plan has %q", c.text, u.Place, plan.Place)
		}
	}
}

// TestChipsCanBeTakenBack searches what every chip proposes: it must no longer say what the chip says.
func TestChipsCanBeTakenBack(t *testing.T) {
	for _, text := range []string{
		"在呼和浩特的新城区给孩子上户口，我只有身份证和户口本", "呼市 公租房 呼和浩特", "免费免费办居住证", "个体户 个体工商户年报", "不要钱、不用跑、网上能办的居住证",
		"没带身份证，没有户口本，在准格尔旗怎么办护照", "ETC 网上办理 免费", "老人和老年人的高龄津贴，不用跑",
	} {
		_, u := read(t, index.Query{Text: text})
		if len(u.Chips) == 0 {
			t.Errorf("%s: no chips", text)
		}
		for _, c := range u.Chips {
			_, again := read(t, index.Query{Text: c.Without})
			if slices.ContainsFunc(again.Chips, func(d index.Chip) bool { return d.Field == c.Field && d.Value == c.Value }) {
				t.Errorf("%s: without %s it reads %q and still says so", text, c.Label, c.Without)
			}
		}
	}
}

func TestWishesLeaveTheSubject(t *testing.T) {
	words := func(text string) (list []string) {
		_, u := read(t, index.Query{Text: text})
		for _, term := range u.Terms {
			if term.Why == "" && term.Weight == 1 {
				list = append(list, term.Text)
			}
		}
		return list
	}
	for _, c := range []struct{ text, same string }{
		{"公积金提取不用跑", "公积金提取"}, {"能网上办的居住证", "居住证"}, {"不要钱的居住证", "居住证"},
	} {
		if got, want := words(c.text), words(c.same); !slices.Equal(got, want) {
			t.Errorf("%s searches %q, %s %q", c.text, got, c.same, want)
		}
	}
	for text, must := range map[string]string{"残疾人有什么补贴": "残疾人", "免费孕前检查": "免费", "不用跑": "不用", "内蒙古自治区物业管理条例": "内蒙古自治区"} {
		if got := strings.Join(words(text), " "); !strings.Contains(got, must) {
			t.Errorf("%s searches %q without %s", text, got, must)
		}
	}
	plan, _ := read(t, index.Query{Text: "在呼和浩特免费办居住证", Verbatim: true})
	if plan.Place != "" {
		t.Errorf("a verbatim query reads the place %s", plan.Place)
	}
}

func TestReadIntents(t *testing.T) {
	for text, want := range map[string][]string{
		"公积金提取要带啥": {"materials"}, "护照多少钱": {"cost"}, "居住证去哪办": {"place"}, "居住证多久能拿到": {"time"}, "低保几天能批": {"time"},
		"够不够条件领低保": {"condition"}, "营业执照办到哪一步了": {"status"}, "派出所电话多少": {"phone"}, "居住证怎么办": {"process"},
		"护照多少钱，要带什么": {"cost", "materials"}, "公积金提取条件": {"condition"}, "居住证": nil,
	} {
		if _, u := read(t, index.Query{Text: text}); !slices.Equal(u.Intents, want) {
			t.Errorf("%s asks about %q, want %q", text, u.Intents, want)
		}
	}
}
