package corpus_test

import (
	"testing"

	"tongsou/corpus"
)

func TestParseNumber(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"国办发〔2017〕47号", "国办发〔2017〕47号"},
		{"国办发[2017]47号", "国办发〔2017〕47号"},
		{"国办发（2017）047 号", "国办发〔2017〕47号"},
		{"国办发2017年47号", "国办发〔2017〕47号"},
		{"国办发〔２０１７〕４７号", "国办发〔2017〕47号"},
		{"内政办发﹝2021﹞第12号", "内政办发〔2021〕12号"},
		{"根据国办发〔2017〕47号文件", "国办发〔2017〕47号"},
		{"依据粤人社规〔2020〕30号", "粤人社规〔2020〕30号"},
		{"《关于某事的通知》（国发〔2019〕5号）", "国发〔2019〕5号"},
		{"国务院令第722号", "国务院令第722号"},
		{"主席令第四十号", "主席令第四十号"},
		{"国家税务总局公告2020年第3号", "国家税务总局公告2020年第3号"},
		{"第十二条", ""},
		{"2019年5号", ""},
		{"", ""},
	} {
		got, ok := corpus.ParseNumber(c.in)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("ParseNumber(%q) = %q, %v; want %q", c.in, got, ok, c.want)
		}
	}
}

func TestFindArticle(t *testing.T) {
	for _, c := range []struct {
		in, want, id string
	}{
		{"社会保险法第五十八条", "第五十八条", "a58"},
		{"第 12 条之一", "第十二条之一", "a12-1"},
		{"第一百零三条", "第一百零三条", "a103"},
		{"第一千二百六十条", "第一千二百六十条", "a1260"},
	} {
		a, _, _, ok := corpus.FindArticle(c.in)
		if !ok || a.String() != c.want || a.ID() != c.id {
			t.Errorf("FindArticle(%q) = %v %s, %v; want %s %s", c.in, a, a.ID(), ok, c.want, c.id)
		}
	}
	if _, _, _, ok := corpus.FindArticle("条例"); ok {
		t.Error("found an article where there is none")
	}
}

func FuzzHanNumber(f *testing.F) {
	for _, n := range []int{0, 1, 10, 12, 103, 110, 1260, 9999} {
		f.Add(n)
	}
	f.Fuzz(func(t *testing.T, n int) {
		if n < 1 || n > 9999 {
			if s := corpus.FormatHanNumber(n); s != "零" {
				t.Fatalf("FormatHanNumber(%d) = %q outside its range", n, s)
			}
			return
		}
		if got := corpus.ParseHanNumber(corpus.FormatHanNumber(n)); got != n {
			t.Fatalf("%d became %q became %d", n, corpus.FormatHanNumber(n), got)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"国办发〔2017〕47号", "第十二条之一", "二〇二二年二月七日", "2022-02-07", "第〇条", "\xff年"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n, ok := corpus.ParseNumber(s); ok {
			if again, ok := corpus.ParseNumber(n); !ok || again != n {
				t.Fatalf("canonical %q of %q parses to %q, %v", n, s, again, ok)
			}
		}
		if d, err := corpus.ParseDate(s); err == nil {
			if again, err := corpus.ParseDate(string(d)); err != nil || again != d {
				t.Fatalf("date %q of %q parses to %q, %v", d, s, again, err)
			}
		}
		corpus.FindArticle(s)
		corpus.ParseHanNumber(s)
		corpus.Regions().FindIn(s, "15")
		corpus.NormalizeRegion(s)
	})
}

func TestParseDate(t *testing.T) {
	for _, c := range []struct {
		in   string
		want corpus.Date
	}{
		{"2022-02-07 15:09:45", "2022-02-07"}, {"2022年 2月7日", "2022-02-07"}, {"20220207", "2022-02-07"},
		{"二〇二二年二月七日", "2022-02-07"}, {"二〇一九年十二月三十一日", "2019-12-31"}, {"2022/2/7", "2022-02-07"},
		{"2022-02-30", ""}, {"1800-01-01", ""}, {"昨天", ""}, {"", ""},
	} {
		got, err := corpus.ParseDate(c.in)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("ParseDate(%q) = %q, %v; want %q", c.in, got, err, c.want)
		}
	}
}

func TestRegions(t *testing.T) {
	tree := corpus.Regions()
	for in, want := range map[string]string{"150100000000": "1501", "150102": "150102", "15": "15", "511602000000": "511602", "990000": "", "1501x": ""} {
		if got, ok := corpus.NormalizeRegion(in); got != want || ok != (want != "") {
			t.Errorf("NormalizeRegion(%q) = %q, %v; want %q", in, got, ok, want)
		}
	}
	for in, want := range map[string]string{"内蒙古": "15", "呼市": "1501", "准格尔旗": "150622", "鄂尔多斯": "1506"} {
		if got := tree.ByName(in, ""); len(got) == 0 || got[0].Code != want {
			t.Errorf("ByName(%q) = %v, want %s", in, got, want)
		}
	}
	for _, c := range []struct{ text, near, want string }{
		{"呼和浩特市新城区办身份证", "", "1501 150102"},
		{"新城区办身份证", "1501", "150102"},
		{"新城区办身份证", "", ""},
		{"和平共处", "", ""},
		{"鄂尔多斯准格尔旗", "", "1506 150622"},
	} {
		got := ""
		for _, m := range tree.FindIn(c.text, c.near) {
			if got != "" {
				got += " "
			}
			got += m.Region.Code
		}
		if got != c.want {
			t.Errorf("FindIn(%q, near %q) = %q, want %q", c.text, c.near, got, c.want)
		}
	}
}
