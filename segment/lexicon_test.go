package segment_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"tongsou/segment"
)

func TestFaultyLexiconLineIsNamed(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"户口登记", "no =>"},
		{"户口 =>", "official term is missing"},
		{"户口 => 常住户口登记,", "official term is missing"},
		{"=> 常住户口登记", "maps nothing"},
		{"户口 | => 常住户口登记", "maps nothing"},
		{"户口 => 戶口", "to itself"},
		{"户口 => 常住户口登记 @很", "weight"},
		{"户口 => 常住户口登记 @0", "weight"},
		{"户口 => 常住户口登记 @1.1", "weight"},
		{"户口 => 常住户口登记 @NaN", "weight"},
		{"户口 => 常住户口登记 ?", "no word"},
		{strings.Repeat("户", 1<<16), "too long"},
	} {
		_, err := segment.ReadLexicon("own.txt", strings.NewReader("\ufeff# 首行\n[节]\n"+c.line+"\n"))
		if err == nil || !strings.HasPrefix(err.Error(), "own.txt:3: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.30q: error %v, want %q at own.txt:3", c.line, err, c.want)
		}
	}
}

func TestFaultyNoiseLineIsNamed(t *testing.T) {
	const name = "lexicon/speech-noise.txt" // the name by which noise is told from entries
	if _, err := segment.ReadLexicon(name, strings.NewReader("请问\n=> place\n")); err == nil || !strings.HasPrefix(err.Error(), name+":2: ") {
		t.Errorf("error %v does not name line 2", err)
	}
}

func TestLexiconEntries(t *testing.T) {
	l, err := segment.ReadLexicon("own.txt", strings.NewReader(
		"身份證 | ＩＤ卡 => 居民身份证 @1.0, 临时身份证 @0.5 # 注\n社保局 <=> 社会保险事业管理局\n面签 => 现场核验 ? 银行 护照\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ query, want string }{
		{"补id卡", "居民身份证@1 临时身份证@0.5"},
		{"身份证", "居民身份证@1 临时身份证@0.5"},
		{"社保局", "社会保险事业管理局@0.8"},
		{"社会保险事业管理局", "社保局@0.8"},
		{"面签", ""},
		{"护照要面签吗", "现场核验@0.8"},
		{"银面签行", ""}, // the context must not come together across the word
		{"", ""},
	} {
		var got []string
		for _, u := range l.Find(c.query) {
			for _, e := range u.Entries {
				got = append(got, e.To+"@"+strconv.FormatFloat(e.Weight, 'g', -1, 64))
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: found %q, want %q", c.query, got, c.want)
		}
	}
	if l.Len() != 7 || len(l.Entries("id卡")) != 2 {
		t.Errorf("%d entries, %d of id卡; want 7 and 2", l.Len(), len(l.Entries("id卡")))
	}
}

func TestFindNoise(t *testing.T) {
	s, l := segmenter(t), lexicon(t)
	for _, c := range []struct {
		query  string
		noise  []string // noise that must be found, with its intent
		absent []string
	}{
		{"你好，办居住证需要什么材料", []string{"你好:", "需要什么材料:materials"}, nil},
		{"护照在哪里办", []string{"在哪里办:place"}, nil},
		{"重要", nil, []string{"要"}},
		{"喇嘛", nil, []string{"嘛"}},
		{"吗啡", nil, []string{"吗"}},
		{"户口要紧吗", []string{"吗:"}, []string{"要"}},
		{"可以办吗", []string{"可以办吗:condition"}, nil},
		{"", nil, nil},
	} {
		norm := segment.Fold(c.query)
		found := map[string]bool{}
		end := 0
		for _, n := range l.FindNoise(norm, s.Words(norm)) {
			if n.Start < end || n.End <= n.Start || n.End > len(norm) {
				t.Errorf("%s: noise %+v out of order or bounds", c.query, n)
			}
			end = n.End
			found[norm[n.Start:n.End]+":"+n.Intent], found[norm[n.Start:n.End]] = true, true
		}
		for _, want := range c.noise {
			if !found[want] {
				t.Errorf("%s: noise %s not among %v", c.query, want, found)
			}
		}
		for _, not := range c.absent {
			if found[not] {
				t.Errorf("%s: %s is no noise there", c.query, not)
			}
		}
	}
}

func TestCheckNamesRepetitionsAndCircles(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"sound", "甲 => 乙\n乙 => 丙\n丁 <=> 丙\n甲 => 乙 @0.5 ? 戊\n", nil},
		{"twice", "甲 => 乙\n己 | 甲 => 乙 @0.5\n", []string{"own.txt:2: 甲 => 乙 stands in own.txt:1 already"}},
		{"twice in a line", "甲 | 甲 => 乙\n", []string{"own.txt:1: 甲 => 乙 stands in own.txt:1 already"}},
		{"the context in another order", "甲 => 乙 ? 丙 丁\n甲 => 乙 ? 丁 丙 丁\n", []string{"own.txt:2: 甲 => 乙 stands in own.txt:1 already"}},
		{"one way and both", "甲 <=> 乙\n乙 => 甲\n", []string{"own.txt:2: 乙 => 甲 stands in own.txt:1 already"}},
		{"back and forth", "乙 => 甲\n甲 => 乙\n", []string{"own.txt:1, own.txt:2: a circle: 乙 => 甲 => 乙"}},
		{"three", "a => b\nb => c, d\nc => a\nd => e\n", []string{"own.txt:1, own.txt:2, own.txt:3: a circle: a => b => c => a"}},
		{"behind a tail", "a => b\nb => c\nc => b\n", []string{"own.txt:2, own.txt:3: a circle: b => c => b"}},
	} {
		l, err := segment.ReadLexicon("own.txt", strings.NewReader(c.text))
		if err != nil {
			t.Fatal(err)
		}
		if got := l.Check(); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	const name = "lexicon/speech-noise.txt"
	l, err := segment.ReadLexicon(name, strings.NewReader("请问\n請問\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := l.Check(), []string{name + ":2: the noise 请问 stands there before"}; !slices.Equal(got, want) {
		t.Errorf("noise: got %q, want %q", got, want)
	}
}
