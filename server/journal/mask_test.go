package journal_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"tongsou/server/journal"
)

func TestMask(t *testing.T) {
	for in, want := range map[string]string{
		"孩子上户口":                       "孩子上户口",
		"身份证150102199001011234丢了":     "身份证〔身份证号〕丢了",
		"15010219900101123x 补办":       "〔身份证号〕 补办",
		"１５０１０２１９９００１０１１２３Ｘ":          "〔身份证号〕",
		"150102 19900101 1234":        "〔身份证号〕",
		"150102900101123":             "〔身份证号〕",
		"给13912345678回电":              "给〔电话〕回电",
		"+86 139-1234-5678":           "〔电话〕",
		"0471-1234567":                "〔电话〕",
		"6222 0212 3456 7890 123 社保卡": "〔银行卡号〕 社保卡",
		"护照E12345678":                 "护照E〔电话〕",
		"发到zhang.san+1@mail.qq.com吧":  "发到〔邮箱〕吧",
		"发到 ａ＠ｂ．ｃｏｍ":                  "发到 〔邮箱〕",
		"一三九一二三四五六七八":                 "〔号码〕",
		"139\u200b1234\u200b5678":     "〔电话〕",
		"我叫张三丰，想办身份证":                 "我叫〔姓名〕，想办身份证",
		"我叫张三想办身份证":                   "我叫〔姓名〕想办身份证",
		"我叫乌云其木格":                     "我叫〔姓名〕",
		"我叫阿依古丽·买买提":                  "我叫〔姓名〕",
		"我是新城区的居民叫李四":                 "我是新城区的居民叫〔姓名〕",
		"姓名：王小明":                      "姓名：〔姓名〕",
		"我女儿叫李小花今年上学":                 "我女儿叫〔姓名〕今年上学",
		"孩子叫什么名字好":                    "孩子叫什么名字好",
		"我叫不到车":                       "我叫不到车",
		"姓名变更怎么办":                     "姓名变更怎么办",
		"本人身份证丢了":                     "本人身份证丢了",
		"打12345问":                     "打12345问",
		"国办发〔2017〕47号":                "国办发〔2017〕47号",
		"2021-2023 年报":                "2021-2023 年报",
		"2023-01-05 的通知":              "2023-01-05 的通知",
		"地区:150102 社保卡":               "地区:150102 社保卡",
	} {
		if got := journal.Mask(in); got != want {
			t.Errorf("Mask(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestNormalizeCountsOneQueryOnce(t *testing.T) {
	want := journal.Normalize("社保卡 POS机")
	for _, same := range []string{"  社保卡   pos机 ", "社保卡　ＰＯＳ机"} {
		if got := journal.Normalize(same); got != want {
			t.Errorf("Normalize(%q) = %q, want %q", same, got, want)
		}
	}
	if n := utf8.RuneCountInString(journal.Normalize(strings.Repeat("户", 500))); n != 200 {
		t.Errorf("a long query keeps %d characters, want 200", n)
	}
}

// FuzzMask writes secrets into any text, as any machine or person may write them, and looks for them afterwards.
func FuzzMask(f *testing.F) {
	f.Add("身份证", "丢了", uint64(150102199001011234), "")
	f.Add("给", "回电", uint64(13912345678), "-")
	f.Add("A1", "X我叫张三@", uint64(6222021234567890123), " ")
	f.Add("2023-01-", "\xff", uint64(1234567), "·")
	leak := regexp.MustCompile(`1[3-9][0-9]{9}|[0-9]{9}|[A-Za-z0-9]@[A-Za-z0-9]`)
	f.Fuzz(func(t *testing.T, before, after string, number uint64, gap string) {
		if number < 1e8 { // eight digits may be a day
			number += 1e8
		}
		digits := fmt.Sprint(number)
		if len(gap) == 1 && strings.ContainsAny(gap, " -./_()") {
			digits = digits[:4] + gap + digits[4:]
		}
		masked := journal.Mask(before + digits + after)
		if strings.Contains(masked, digits) || leak.MatchString(masked) {
			t.Errorf("%q stands in %q", digits, masked)
		}
		if !utf8.ValidString(masked) {
			t.Errorf("%q is not UTF-8", masked)
		}
		if again := journal.Mask(masked); again != masked {
			t.Errorf("masked twice %q becomes %q", masked, again)
		}
	})
}
