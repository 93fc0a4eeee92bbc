package index_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tongsou/corpus"
	"tongsou/index"
)

// known is an index in which every term stands in some units.
type known struct{}

func (known) Frequency(term string) int { return len(term) % 5 }

// HasItems makes known an index.Places.
func (known) HasItems(region string, _ bool) bool { return len(region)%2 == 0 }

// FuzzQuery reads whatever is typed. A plan is bounded and its words are text, whatever that was.
func FuzzQuery(f *testing.F) {
	for _, text := range []string{
		"孩子上户口要什么材料", `"五个工作日" -结婚 文号:示例发〔2023〕2号 日期:2021..2023`, "地区:地区: 标题:\"", "户口登记便民办法第十一条", "gongjijin", "公鸡金提取",
		"\x00\xff", strings.Repeat("身份证", 100), "我在呼和浩特市新城区只有身份证，能免费网上办吗", "－－－", "第第第条", "〔2023〕", "ａｂｃ１２３",
	} {
		f.Add(text, "150102", "o10")
	}
	r := newReader(f)
	f.Fuzz(func(t *testing.T, text, place, next string) {
		began := time.Now()
		defer func() {
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("%q took %v to read", text, took)
			}
		}()
		plan, understood, err := r.Read(index.Query{Text: text, Place: place, Next: next, Today: "2026-01-01"}, known{})
		if err != nil {
			if !errors.Is(err, index.ErrBadQuery) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		if len(plan.Concepts) > index.MaxConcepts || len(plan.Terms) > 10*index.MaxQueryRunes || plan.Offset+plan.Limit > index.MaxDepth+index.MaxLimit {
			t.Errorf("%q became %d concepts and %d terms, from %d on", text, len(plan.Concepts), len(plan.Terms), plan.Offset)
		}
		for _, p := range plan.Terms {
			if p.Text == "" || p.Weight < 0 || p.Concept >= len(plan.Concepts) {
				t.Errorf("%q has the term %+v", text, p)
			}
		}
		for _, term := range understood.Terms {
			if term.Text == "" {
				t.Errorf("%q shows an empty term", text)
			}
		}
		for _, c := range understood.Chips {
			if utf8.RuneCountInString(c.Without) > utf8.RuneCountInString(text) {
				t.Errorf("%q without %s is longer: %q", text, c.Label, c.Without)
			}
		}
	})
}

// FuzzSnippet holds that what is shown of a text stands in it, letter by letter.
func FuzzSnippet(f *testing.F) {
	f.Add("户口登记", "第一条　申请户口登记的，应当持身份证。\n第二条　略。", "户口登记办法")
	f.Add("社保卡 补办", strings.Repeat("雪人。", 200)+"社会保障卡补领", "社保")
	f.Add("ａｂｃ", "ABC abc Ａｂｃ ﬁ ㎡ İ ß", "㈱")
	f.Add("\x00", "\xff\xfe甲\x00乙", "")
	f.Add("申请材料", "申请材料：身份证 办理流程：甲", "丙")
	r := newReader(f)
	f.Fuzz(func(t *testing.T, query, text, title string) {
		if !utf8.ValidString(text) || !utf8.ValidString(title) { // a store holds nothing else
			return
		}
		plan, _, err := r.Read(index.Query{Text: query, Today: "2026-01-01"}, nil)
		if err != nil {
			return
		}
		found := index.Found{Kind: corpus.KindNews, Total: 1, Stats: index.Stats{Rarity: make([]float64, len(plan.Concepts)), Best: 1}}
		for i := range found.Stats.Rarity {
			found.Stats.Rarity[i] = 1
		}
		meta := &index.Meta{ID: "a", Kind: corpus.KindNews, Title: title}
		found.Candidates = []index.Candidate{{Doc: "a", Meta: meta, Body: text, Score: 1, Touched: 1<<len(plan.Concepts) - 1}}
		for _, h := range r.Ranking.Group(plan, found).Hits {
			stands(t, "title", h.Title, title)
			stands(t, "snippet", h.Snippet, text)
		}
	})
}

func stands(t *testing.T, what string, runs []index.Run, text string) {
	t.Helper()
	shown := index.PlainText(runs)
	if !utf8.ValidString(shown) {
		t.Errorf("the %s is no UTF-8: %q", what, shown)
	}
	flat := strings.ReplaceAll(text, "\n", " ")
	if strings.Contains(flat, shown) {
		return
	}
	if cut := strings.TrimSuffix(strings.TrimPrefix(shown, "…"), "…"); !strings.Contains(flat, cut) {
		t.Errorf("the %s %q does not stand in %q", what, shown, text)
	}
}
