package index_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/segment"
)

func learner(t *testing.T) *index.Learner {
	t.Helper()
	s, err := segment.Default()
	if err != nil {
		t.Fatal(err)
	}
	l, err := segment.DefaultLexicon()
	if err != nil {
		t.Fatal(err)
	}
	return index.NewLearner(s, l)
}

// said makes evidence: documents that say a text beside a name, each of a family of its own.
type said struct {
	name, text string
	times      int
}

func teach(t *testing.T, list ...said) *index.Related {
	t.Helper()
	l := learner(t)
	doc := 0
	for i, s := range list {
		for n := range s.times {
			doc++
			l.Add(index.Evidence{
				Doc: doc, Family: fmt.Sprint(i, "-", n), Named: s.name, Said: []index.Said{{Text: s.text, Trust: 1}},
			})
		}
	}
	return l.Learn(index.RelatedFrom{Version: "test", Sequence: uint64(doc)})
}

// background is what else a corpus speaks of, without which everything in it goes together.
var background = []said{
	{"雪橇比赛备案", "滑雪 教练 裁判", 5}, {"冰灯展览许可", "灯笼 门票 观众", 5}, {"温室蔬菜补贴", "大棚 黄瓜 番茄", 5},
	{"渔船检验", "渔网 码头 船员", 5}, {"古树认养", "松树 浇水 盆栽", 5}, {"风筝协会成立", "纸鸢 会员 章程", 5},
}

func texts(terms []index.RelatedTerm) string {
	var list []string
	for _, t := range terms {
		list = append(list, t.Text)
	}
	return strings.Join(list, " ")
}

func TestLearnFindsWhatStandsTogether(t *testing.T) {
	r := teach(t, append(background, said{"供热设施报装", "暖气 邻居", 4}, said{"冰雕保险", "邻居 保单", 4})...)
	got := r.Terms("暖气")
	if !strings.Contains(texts(got), "供热") {
		t.Fatalf("暖气 goes with %q, want 供热 among them", texts(got))
	}
	if got[0].Documents != 4 || got[0].Together <= 0 || got[0].Strength <= 0 || got[0].Strength > 1 {
		t.Errorf("the evidence of 暖气→%s is %+v, want 4 documents and figures above 0", got[0].Text, got[0])
	}
	if got := texts(r.Terms("供热")); strings.Contains(got, "暖气") {
		t.Errorf("供热 goes with %q: the official word needs no everyday one", got)
	}
	if r.From.Documents != 38 || r.From.Version != "test" {
		t.Errorf("learned from %+v, want 38 documents of version test", r.From)
	}
}

func TestLearnAsksForEnough(t *testing.T) {
	for _, c := range []struct {
		name   string
		teach  func(*index.Learner)
		absent string
	}{
		{"two documents", func(l *index.Learner) { add(l, 2, "", "供热设施", "暖气") }, "暖气"},
		{"one family", func(l *index.Learner) { add(l, 9, "同一事项", "供热设施", "暖气") }, "暖气"},
		{"a place", func(l *index.Learner) { add(l, 5, "", "供热设施", "呼和浩特市") }, "呼和浩特市"},
		{"a number", func(l *index.Learner) { add(l, 5, "", "供热设施", "三十") }, "三十"},
		{"speech", func(l *index.Learner) { add(l, 5, "", "供热设施", "请问") }, "请问"},
		{"letters", func(l *index.Learner) { add(l, 5, "", "供热设施", "etc") }, "etc"},
		{"a common word", func(l *index.Learner) { add(l, 5, "", "供热设施", "可以") }, "可以"},
		{"a part of the name", func(l *index.Learner) { add(l, 5, "", "供热", "供热费") }, "供热费"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := learner(t)
			for i, s := range background {
				for n := range s.times {
					l.Add(index.Evidence{Doc: 1000 + 10*i + n, Family: fmt.Sprint("b", i, n), Named: s.name, Said: []index.Said{{Text: s.text, Trust: 1}}})
				}
			}
			c.teach(l)
			if got := l.Learn(index.RelatedFrom{}).Terms(c.absent); len(got) > 0 {
				t.Errorf("%s goes with %q, want nothing", c.absent, texts(got))
			}
		})
	}
}

// add adds n documents; an empty family gives each its own.
func add(l *index.Learner, n int, family, name, text string) {
	for i := range n {
		f := family
		if f == "" {
			f = fmt.Sprint(name, i)
		}
		l.Add(index.Evidence{Doc: 5000 + i, Family: f, Named: name, Said: []index.Said{{Text: text, Trust: 1}}})
	}
}

func TestLearnIsBounded(t *testing.T) {
	r := teach(t, append(background, said{"电梯 围墙 宠物 水井 鱼塘 果园 秋千", "邻里", 4})...)
	if got := r.Terms("邻里"); len(got) != index.MaxRelatedTerms {
		t.Errorf("邻里 goes with %q, want %d of the seven words of the name", texts(got), index.MaxRelatedTerms)
	}
	if n := teach(t).Len(); n != 0 {
		t.Errorf("nothing taught %d words", n)
	}
	l := learner(t)
	add(l, 60, "同一事项", "供热设施", "暖气")
	if l.Documents() != 40 {
		t.Errorf("%d documents of one family were counted, want 40", l.Documents())
	}
	many := map[string][]index.RelatedTerm{}
	for i := range index.MaxRelatedWords + 7 {
		many[fmt.Sprint("词", i)] = []index.RelatedTerm{{Text: "供热", Strength: 0.5, Documents: 3, Together: float64(i)}}
	}
	r = index.NewRelated(many, index.RelatedFrom{})
	if r.Len() != index.MaxRelatedWords || r.Terms("词6") != nil || r.Terms("词7") == nil {
		t.Errorf("%d words were kept, want %d, without the seven of the least evidence", r.Len(), index.MaxRelatedWords)
	}
}

func TestItemEvidence(t *testing.T) {
	d := &corpus.Document{ID: "i", Kind: corpus.KindItem, Title: "供热报装（示例）", Item: &corpus.Item{
		Everyday: []string{"装暖气"}, Conditions: []string{"房屋已经通水"}, Materials: []corpus.Material{{Name: "购房合同"}},
		FAQ: []corpus.QA{{Question: "冬天能装吗", Answer: "能"}}, Basis: []corpus.Basis{{Law: "示例市供热条例", Article: "第十二条"}},
	}}
	head := index.Units(d)[0]
	if got := index.Citations(head.Body); len(got) != 1 || got[0] != (index.Citation{Law: "示例市供热条例", Article: "a12"}) {
		t.Errorf("the citations are %v, want article a12 of 示例市供热条例", got)
	}
	e := index.ItemEvidence(7, head.Meta, head.Body, []string{"热源单位应当供热"})
	if e.Doc != 7 || strings.TrimSpace(e.Named) != "供热报装" || e.Family != "供热报装" {
		t.Errorf("the evidence is of %d, %q, family %q; want 7 and 供热报装", e.Doc, e.Named, e.Family)
	}
	trust := map[string]float64{}
	for _, s := range e.Said {
		trust[strings.TrimSpace(s.Text)] = s.Trust
	}
	for _, text := range []string{"装暖气", "房屋已经通水", "购房合同", "冬天能装吗", "热源单位应当供热"} {
		if trust[text] <= 0 || trust[text] > trust["装暖气"] {
			t.Errorf("%s is trusted %v, want something, and no more than an everyday name", text, trust[text])
		}
	}
}

func TestTextEvidence(t *testing.T) {
	policy := &index.Meta{Kind: corpus.KindPolicy, Title: "示例市供热条例 第三条"}
	news := &index.Meta{Kind: corpus.KindNews, Title: "供热开始"}
	for _, c := range []struct {
		name          string
		meta          *index.Meta
		ref           *index.SectionRef
		body          string
		named, family string
		ok            bool
	}{
		{"a section", policy, &index.SectionRef{Path: []string{"第二章 用热"}}, "室内应当温暖。", "第二章 用热", "示例市供热条例", true},
		{"news", news, nil, "今天供热。", "", "", false},
		{"a reply", news, nil, "您好！您反映的“小区暖气不热”的问题收悉，现答复如下：供热单位已检修。", "供热单位已检修", "小区暖气不热", true},
		{"a reply without question", news, nil, "您好，现回复如下：已检修。", "", "", false},
		{"nothing", policy, nil, "", "", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, ok := index.TextEvidence(1, c.meta, c.ref, c.body)
			if ok != c.ok || !strings.Contains(e.Named, c.named) || e.Family != c.family {
				t.Errorf("got %+v, %t; want a name with %q, family %q, %t", e, ok, c.named, c.family, c.ok)
			}
		})
	}
}

func TestRelatedFile(t *testing.T) {
	r := teach(t, append(background, said{"供热设施报装", "暖气", 4})...)
	raw := r.Encode()
	back, err := index.ParseRelated(raw)
	if err != nil {
		t.Fatal(err)
	}
	if back.From != r.From || back.Len() != r.Len() || texts(back.Terms("暖气")) != texts(r.Terms("暖气")) {
		t.Errorf("read back %+v with %d words, wrote %+v with %d", back.From, back.Len(), r.From, r.Len())
	}
	for name, torn := range map[string][]byte{
		"empty": nil, "half": raw[:len(raw)/2], "no end": raw[:len(raw)-1], "only the end": []byte("end\t00000000\n"),
		"a changed letter": []byte(strings.Replace(string(raw), "暖气", "暖汽", 1)), "more behind": append(raw[:len(raw):len(raw)], 'x'),
	} {
		if _, err := index.ParseRelated(torn); !errors.Is(err, index.ErrRelatedFile) {
			t.Errorf("%s: %v, want ErrRelatedFile", name, err)
		}
	}
}

func FuzzParseRelated(f *testing.F) {
	f.Add([]byte("tongsou-related 1\tv\t1\t1\n暖气\t供热\t0.5000\t4\t20.25\n暖气\t供暖\t0.2500\t3\t15.50\n"))
	f.Add([]byte("tongsou-related 1\tv\t1\t1\na\tb\tNaN\t1\t+Inf\n"))
	f.Add(new(index.Related).Encode())
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, in := range [][]byte{raw, index.SealRelated(raw)} { // as it is, and as if its checksum were right
			r, err := index.ParseRelated(in)
			if err != nil {
				if !errors.Is(err, index.ErrRelatedFile) {
					t.Errorf("the error %v is no ErrRelatedFile", err)
				}
				continue
			}
			if r.Len() > index.MaxRelatedWords {
				t.Errorf("%d words", r.Len())
			}
			for _, word := range r.Words() {
				if n := len(r.Terms(word)); n > index.MaxRelatedTerms {
					t.Errorf("%d terms of %q", n, word)
				}
			}
			if _, err := index.ParseRelated(r.Encode()); err != nil {
				t.Errorf("what was read cannot be written and read: %v", err)
			}
		}
	})
}
