// Package enginetest is the contract of index.Engine as a suite of tests: what every engine must do, whatever it is made
// of. An engine's own tests call Run.
package enginetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"tongsou/corpus"
	"tongsou/index"
)

// today is the day against which the suite judges validity.
const today = corpus.Date("2026-01-01")

// Open makes an empty engine whose clock says 2026-01-01. The suite closes it.
type Open func(t *testing.T) index.Engine

// Run runs the whole suite.
func Run(t *testing.T, open Open) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Open)
	}{
		{"Queries", testQueries}, {"Slips", testSlips}, {"Filters", testFilters}, {"Facets", testFacets}, {"Changes", testChanges},
		{"Pages", testPages}, {"Snippets", testSnippets}, {"Suggestions", testSuggestions}, {"BadQueries", testBadQueries},
		{"AnyText", testAnyText}, {"Close", testClose}, {"SideBySide", testSideBySide}, {"Counts", testCounts},
		{"Elsewhere", testElsewhere}, {"Authority", testAuthority},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open) })
	}
}

// filled opens an engine with the suite's documents.
func filled(t *testing.T, open Open) index.Engine {
	t.Helper()
	return holding(t, open, numbered(documents()))
}

// holding opens an engine to which changes were applied.
func holding(t *testing.T, open Open, changes []index.Change) index.Engine {
	t.Helper()
	e := open(t)
	t.Cleanup(func() { _ = e.Close() })
	if err := e.Apply(context.Background(), changes); err != nil {
		t.Fatal(err)
	}
	return e
}

// numbered are the changes that bring documents into an empty index.
func numbered(docs []*corpus.Document) []index.Change {
	changes := make([]index.Change, 0, len(docs))
	for i, d := range docs {
		changes = append(changes, index.Change{Seq: uint64(i + 1), ID: d.ID, Document: d})
	}
	return changes
}

func search(t *testing.T, e index.Engine, q index.Query) *index.Result {
	t.Helper()
	q.Today = today
	res, err := e.Search(context.Background(), q)
	if err != nil {
		t.Fatalf("search %q: %v", q.Text, err)
	}
	return res
}

// ids lists the hits of one kind in order.
func ids(res *index.Result, kind corpus.Kind) []string {
	var list []string
	for _, g := range res.Groups {
		for _, h := range g.Hits {
			if g.Kind == kind {
				list = append(list, h.ID)
			}
		}
	}
	return list
}

// testQueries holds the reading of a query to what a user means by it: the first hit of a kind, and what must be absent.
// testSlips: a correction says itself, and is taken back by asking for the query as typed.
func testSlips(t *testing.T, open Open) {
	e := filled(t, open)
	res := search(t, e, index.Query{Text: "公机金提取"})
	if c := res.Query.Correction; c == nil || c.From != "公机金提取" || c.To != "公积金提取" || c.Why == "" {
		t.Errorf("the correction of 公机金提取 is %+v", c)
	}
	for _, right := range []string{"公积金提取", "新生儿出生登记", "供暖管理条例", "温度不达标的，应当退还供暖费"} {
		if c := search(t, e, index.Query{Text: right}).Query.Correction; c != nil {
			t.Errorf("%s was corrected to %s", right, c.To)
		}
	}
	for _, q := range []index.Query{{Text: "公机金提取", Verbatim: true}, {Text: `"公机金"`}} {
		if c := search(t, e, q).Query.Correction; c != nil {
			t.Errorf("%+v was corrected to %s", q, c.To)
		}
	}
}

func testQueries(t *testing.T, open Open) {
	e := filled(t, open)
	for _, c := range []struct {
		text   string
		kind   corpus.Kind
		first  string
		absent []string
	}{
		{"孩子上户口", corpus.KindItem, "item-birth-", nil},
		{"宝宝落户要什么材料", corpus.KindItem, "item-birth-", nil},
		{"請問新生兒出生登記", corpus.KindItem, "item-birth-", nil},
		{"公积金提取", corpus.KindItem, "item-housing-15", nil},
		{"示政发〔2022〕3号", corpus.KindPolicy, "policy-rule-2022", []string{"item-housing-15"}},
		{"示政发[2022]3号", corpus.KindPolicy, "policy-rule-2022", nil},
		{"示政发２０２２年３号", corpus.KindPolicy, "policy-rule-2022", nil},
		{"文号:示政发〔2015〕8号", corpus.KindPolicy, "policy-rule-2015", []string{"policy-rule-2022", "news-heating"}},
		{"编码:11150102TEST000000000000000000", corpus.KindItem, "item-birth-150102", []string{"item-birth-150622"}},
		{"标题:养犬", corpus.KindPolicy, "policy-future", []string{"policy-rule-2022"}},
		{"发文机关:办公室 养犬", corpus.KindPolicy, "policy-future", []string{"policy-rule-2022"}},
		{"地区:1506 户口", corpus.KindNews, "news-hall", []string{"news-heating"}},
		{"日期:2022 供暖", corpus.KindPolicy, "policy-rule-2022", []string{"policy-rule-2015"}},
		{"日期:2014..2016 供暖", corpus.KindPolicy, "policy-rule-2015", []string{"policy-rule-2022"}},
		{`"打通服务群众"`, corpus.KindNews, "news-heating", []string{"news-hall"}},
		{"供暖 -退还", corpus.KindNews, "news-heating", nil},
		{"供暖管理条例", corpus.KindPolicy, "policy-rule-2022", nil},
		{"供暖管理条例第三条", corpus.KindPolicy, "policy-rule-2022", nil},
		{"暂住证", corpus.KindPolicy, "policy-repealed", nil},
		{"gongjijintiqu", corpus.KindItem, "item-housing-15", nil},
		{"gongji金提取", corpus.KindItem, "item-housing-15", nil},
		{"公机金提取", corpus.KindItem, "item-housing-15", nil},
	} {
		res := search(t, e, index.Query{Text: c.text})
		got := ids(res, c.kind)
		if len(got) == 0 || !strings.HasPrefix(got[0], c.first) {
			t.Errorf("%s: the hits of %s are %v, want %s first", c.text, c.kind, got, c.first)
		}
		for _, kind := range corpus.Kinds() {
			for _, id := range ids(res, kind) {
				if slices.Contains(c.absent, id) {
					t.Errorf("%s: %s is among the hits", c.text, id)
				}
			}
		}
	}
	article := search(t, e, index.Query{Text: "供暖管理条例第三条"}).Groups[1].Hits[0]
	if article.Section == nil || article.Section.Label != "第三条" {
		t.Errorf("an article named in the query is answered by section %+v", article.Section)
	}
	order := ids(search(t, e, index.Query{Text: "供暖 室内温度"}), corpus.KindPolicy)
	if now, before := slices.Index(order, "policy-rule-2022"), slices.Index(order, "policy-rule-2015"); now < 0 || before >= 0 && before < now {
		t.Errorf("the order is %v, want the version in force before the older one", order)
	}
}

func testFilters(t *testing.T, open Open) {
	e := filled(t, open)
	for _, c := range []struct {
		name   string
		filter index.Filter
		want   []string
	}{
		{"kind", index.Filter{Kinds: []corpus.Kind{corpus.KindNews}}, []string{"news-hall", "news-heating"}},
		{"region with what lies below", index.Filter{Regions: []string{"1501"}}, []string{"item-birth-150102", "news-heating", "policy-rule-2015", "policy-rule-2022"}},
		{"one region", index.Filter{Regions: []string{"150622"}}, []string{"item-birth-150622"}},
		{"issuer", index.Filter{Issuers: []string{"示范日报"}}, []string{"news-hall", "news-heating"}},
		{"audience", index.Filter{Audiences: []string{"企业法人"}}, []string{"item-housing-15"}},
		{"theme", index.Filter{Themes: []string{"户籍办理"}}, []string{"item-birth-150102", "item-birth-150622"}},
		{"item type", index.Filter{ItemTypes: []string{"公共服务"}}, []string{"item-housing-15"}},
		{"channel", index.Filter{Channels: []string{"掌上"}}, []string{"item-birth-150102", "item-birth-150622"}},
		{"years", index.Filter{Years: []int{2015, 2021}}, []string{"news-hall", "policy-rule-2015"}},
		{"in force", index.Filter{Validity: []corpus.Validity{corpus.InForce}, Kinds: []corpus.Kind{corpus.KindPolicy}}, []string{"policy-rule-2022"}},
		{"no longer in force", index.Filter{Validity: []corpus.Validity{corpus.Amended, corpus.Repealed}}, []string{"policy-repealed", "policy-rule-2015"}},
		{"not yet in force", index.Filter{Validity: []corpus.Validity{corpus.NotYet}}, []string{"policy-future"}},
		{"dates", index.Filter{From: "2022-07-05", To: "2022-10-08"}, []string{"news-heating", "policy-rule-2022"}},
		{"two at once", index.Filter{Regions: []string{"1501"}, Years: []int{2022}}, []string{"news-heating", "policy-rule-2022"}},
		{"nothing", index.Filter{Regions: []string{"11"}}, nil},
	} {
		res := search(t, e, index.Query{Filter: c.filter})
		var got []string
		for _, kind := range corpus.Kinds() {
			got = append(got, ids(res, kind)...)
		}
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func count(facets []index.Facet, field, value string) int {
	for _, f := range facets {
		for _, v := range f.Values {
			if f.Field == field && v.Value == value {
				return v.Count
			}
		}
	}
	return 0
}

func testFacets(t *testing.T, open Open) {
	e := filled(t, open)
	all := search(t, e, index.Query{Facets: true}).Facets
	for _, c := range []struct {
		field, value string
		want         int
	}{
		{"kind", "item", 3}, {"kind", "policy", 4}, {"kind", "news", 2},
		{"region", "15", 9}, {"region", "1501", 4}, {"region", "150102", 1}, {"issuer", "示范日报", 2}, {"audience", "自然人", 3},
		{"theme", "户籍办理", 2}, {"item_type", "行政确认", 2}, {"channel", "网上", 2}, {"year", "2022", 2},
		{"validity", string(corpus.InForce), 4}, {"validity", string(corpus.Amended), 1}, {"validity", string(corpus.NotYet), 1},
	} {
		if got := count(all, c.field, c.value); got != c.want {
			t.Errorf("facet %s=%s counts %d, want %d", c.field, c.value, got, c.want)
		}
	}
	// A facet is counted as if its own filter were not set, so that the alternatives stay in sight.
	chosen := search(t, e, index.Query{Facets: true, Filter: index.Filter{Years: []int{2022}}}).Facets
	if n := count(chosen, "year", "2015"); n != 1 {
		t.Errorf("with year 2022 chosen, 2015 counts %d, want 1", n)
	}
	if n := count(chosen, "kind", "item"); n != 0 {
		t.Errorf("with year 2022 chosen, %d items count, want none", n)
	}
	if f := search(t, e, index.Query{}).Facets; f != nil {
		t.Errorf("facets came unasked: %v", f)
	}
}

func testChanges(t *testing.T, open Open) {
	e := filled(t, open)
	ctx := context.Background()
	d := documents()[2]
	d.Title, d.Item.Everyday = "住房公积金贷款", []string{"公积金买房"}
	last := uint64(len(documents()))
	apply := func(changes ...index.Change) {
		t.Helper()
		if err := e.Apply(ctx, changes); err != nil {
			t.Fatal(err)
		}
	}
	apply(index.Change{Seq: last + 1, ID: d.ID, Document: d})
	if hit := search(t, e, index.Query{Text: "住房公积金"}).Groups[0].Hits[0]; hit.PlainTitle() != "住房公积金贷款" {
		t.Errorf("after a change the title is %q", hit.PlainTitle())
	}
	if total := search(t, e, index.Query{Filter: index.Filter{Kinds: []corpus.Kind{corpus.KindItem}}}).Groups[0].Total; total != 3 {
		t.Errorf("after a change there are %d items, want 3", total)
	}
	gone := index.Change{Seq: last + 2, ID: "policy-rule-2022"}
	apply(gone)
	apply(gone) // again: harmless
	if got := ids(search(t, e, index.Query{Text: "供暖费"}), corpus.KindPolicy); slices.Contains(got, "policy-rule-2022") {
		t.Errorf("a deleted document is found: %v", got)
	}
	if e.Sequence() != last+2 {
		t.Errorf("the sequence is %d, want %d", e.Sequence(), last+2)
	}
	short := documents()[3]
	short.Sections = short.Sections[:1]
	apply(index.Change{Seq: last + 3, ID: short.ID, Document: short})
	st, err := e.Status(ctx)
	if err != nil {
		t.Fatal(err)
	}
	// 3 items, 2 news, and of each policy a head and its sections: 2015 (1, which is the head), future 2+1, repealed 2+1.
	if st.Documents[corpus.KindPolicy] != 3 || st.Units != 3+2+1+3+3 {
		t.Errorf("the status is %+v, want 3 policies and 12 units", st)
	}
}

func testPages(t *testing.T, open Open) {
	var docs []*corpus.Document
	for i := range 95 {
		d := bulletin()
		d.ID = fmt.Sprintf("news-%03d", i)
		d.Published = corpus.Date(fmt.Sprintf("2020-%02d-%02d", i%12+1, i%28+1))
		d.Sections[0].Text += strings.Repeat("今年供暖。", i%7)
		docs = append(docs, d)
	}
	e := holding(t, open, numbered(docs))
	for _, sort := range []index.Sort{index.ByRelevance, index.ByDate} {
		seen := map[string]bool{}
		newest := corpus.Date("9999-12-31")
		q := index.Query{Text: "提前供暖", Limit: 20, Sort: sort, Filter: index.Filter{Kinds: []corpus.Kind{corpus.KindNews}}}
		for page := 0; ; page++ {
			res := search(t, e, q)
			if res.Groups[0].Total != 95 {
				t.Fatalf("sort %s: the total is %d, want 95", sort, res.Groups[0].Total)
			}
			for _, h := range res.Groups[0].Hits {
				if seen[h.ID] {
					t.Fatalf("sort %s: %s stands on two pages", sort, h.ID)
				}
				seen[h.ID] = true
				if sort == index.ByDate && h.Date > newest {
					t.Fatalf("%s of %s comes after %s", h.ID, h.Date, newest)
				}
				newest = min(newest, h.Date)
			}
			if q.Next = res.Next; q.Next == "" || page > 10 {
				break
			}
		}
		if len(seen) != 95 {
			t.Errorf("sort %s: the pages hold %d hits, want 95", sort, len(seen))
		}
	}
}

func testSnippets(t *testing.T, open Open) {
	e := filled(t, open)
	hit := search(t, e, index.Query{Text: "退还供暖费"}).Groups[1].Hits[0]
	if hit.Section == nil || hit.Section.Label != "第四条" || !slices.Equal(hit.Section.Path, []string{"第一章 总则"}) {
		t.Errorf("the best section is %+v, want 第四条 under its chapter", hit.Section)
	}
	if !strings.Contains(index.PlainText(hit.Snippet), "应当退还供暖费") {
		t.Errorf("the snippet is %q", index.PlainText(hit.Snippet))
	}
	marked := ""
	for _, r := range hit.Snippet {
		if r.Mark {
			marked += r.Text
		}
	}
	if !strings.Contains(marked, "退还") || strings.Contains(marked, "应当") {
		t.Errorf("marked is %q, want what was asked and nothing else", marked)
	}
	more := search(t, e, index.Query{Text: "供暖期 室内温度"}).Groups[1].Hits[0]
	if len(more.More) == 0 {
		t.Error("the sections of one law are not gathered under it")
	}
}

func testSuggestions(t *testing.T, open Open) {
	e := filled(t, open)
	suggest := func(text string) []index.Suggestion {
		t.Helper()
		list, err := e.Suggest(context.Background(), index.SuggestQuery{Text: text})
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	for _, c := range []struct{ typed, first string }{
		{"新生儿", "新生儿出生登记"}, {"出生", "新生儿出生登记"}, {"孩子", "孩子上户口"}, {"xinsheng", "新生儿出生登记"},
		{"xsecsdj", "新生儿出生登记"}, {"gongjij", "取公积金"}, {"qgjj", "取公积金"}, {"公積", "取公积金"}, {"zfgjj", "住房公积金提取"}, {"宝宝luo", "宝宝落户"},
	} {
		if list := suggest(c.typed); len(list) == 0 || list[0].Text != c.first {
			t.Errorf("%s: got %+v, want %s first", c.typed, list, c.first)
		}
	}
	for _, nothing := range []string{"", "  ", "，。", "提前供暖"} {
		if list := suggest(nothing); len(list) != 0 {
			t.Errorf("%q: got %+v, want nothing", nothing, list)
		}
	}
	if list := suggest("住房"); len(list) == 0 || list[0].ID != "item-housing-15" || index.PlainText(list[0].Runs) != list[0].Text || !list[0].Runs[0].Mark || list[0].Runs[0].Text != "住房" {
		t.Errorf("住房: got %+v, want the item's ID and what was typed marked", list)
	}
	if list := suggest("新生儿"); list[0].ID != "" {
		t.Errorf("an item of two places points to %s alone", list[0].ID)
	}
	if err := e.Apply(context.Background(), []index.Change{{Seq: 100, ID: "item-housing-15"}}); err != nil {
		t.Fatal(err)
	}
	if list := suggest("住房"); len(list) != 0 {
		t.Errorf("a deleted item is suggested: %+v", list)
	}
}

func testBadQueries(t *testing.T, open Open) {
	e := filled(t, open)
	for _, q := range []index.Query{
		{Text: "x", Limit: -1}, {Text: "x", Limit: index.MaxLimit + 1}, {Text: "x", Next: "nonsense"}, {Text: "x", Next: "o-5"},
		{Text: "x", Next: "o99999"}, {Text: "x", Sort: "up"}, {Text: "日期:昨天"}, {Text: "地区:火星"},
	} {
		if _, err := e.Search(context.Background(), q); !errors.Is(err, index.ErrBadQuery) {
			t.Errorf("%+v: got %v, want ErrBadQuery", q, err)
		}
	}
	long := search(t, e, index.Query{Text: strings.Repeat("供暖", 500)})
	if len(long.Query.Notes) == 0 || len(ids(long, corpus.KindPolicy)) == 0 {
		t.Errorf("a long query gives notes %v and hits %v", long.Query.Notes, ids(long, corpus.KindPolicy))
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := e.Search(ctx, index.Query{Text: "供暖"}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled search gives %v", err)
	}
}

// testAnyText holds an engine to answering whatever is typed, in valid UTF-8.
func testAnyText(t *testing.T, open Open) {
	e := filled(t, open)
	for _, text := range []string{
		"", " ", "\x00", "\xff\xfe", `"`, `""`, `"""`, "-", "--", "-供暖", "文号:", "标题:", "编码:", ":", "*", "?", "~", "\\", "(", "[", "{",
		"OR AND NOT", "供暖*", "供暖~2", "文号:〔〕号", "第条", "第九百九十九条", "《》", "《供暖", "🙂", "ﷺ", "İ", "𠮷", strings.Repeat("\"", 300),
		strings.Repeat("-", 300), strings.Repeat("文号:", 100), "\u202e供暖", "a\tb\nc", "<script>", "日期:..", "供 暖 管 理",
	} {
		res, err := e.Search(context.Background(), index.Query{Text: text, Facets: true, Explain: true, Today: today})
		if err != nil && !errors.Is(err, index.ErrBadQuery) {
			t.Errorf("%q: %v", text, err)
		}
		if err != nil {
			continue
		}
		for _, g := range res.Groups {
			for _, h := range g.Hits {
				if !utf8.ValidString(h.PlainTitle()) || !utf8.ValidString(index.PlainText(h.Snippet)) {
					t.Errorf("%q: a hit holds invalid UTF-8", text)
				}
			}
		}
		if _, err := e.Suggest(context.Background(), index.SuggestQuery{Text: text}); err != nil {
			t.Errorf("suggest %q: %v", text, err)
		}
	}
}

func testClose(t *testing.T, open Open) {
	e := filled(t, open)
	for range 2 {
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.Search(context.Background(), index.Query{Text: "供暖"}); !errors.Is(err, index.ErrUnavailable) {
		t.Errorf("a search after Close gives %v, want ErrUnavailable", err)
	}
	if _, err := e.Suggest(context.Background(), index.SuggestQuery{Text: "供暖"}); !errors.Is(err, index.ErrUnavailable) {
		t.Errorf("a suggestion after Close gives %v, want ErrUnavailable", err)
	}
	if err := e.Apply(context.Background(), []index.Change{{Seq: 50, ID: "x"}}); !errors.Is(err, index.ErrUnavailable) {
		t.Errorf("a write after Close gives %v, want ErrUnavailable", err)
	}
}

// testSideBySide searches while documents come and go: every answer is whole.
func testSideBySide(t *testing.T, open Open) {
	e := filled(t, open)
	ctx, stop := context.WithCancel(context.Background())
	var readers sync.WaitGroup
	for range 4 {
		readers.Add(1)
		go func() {
			defer readers.Done()
			for ctx.Err() == nil {
				res, err := e.Search(context.Background(), index.Query{Text: "孩子上户口", Facets: true, Today: today})
				if err != nil || len(ids(res, corpus.KindItem)) < 2 {
					t.Errorf("while documents change: %v, %v", res, err)
					return
				}
				if _, err := e.Suggest(context.Background(), index.SuggestQuery{Text: "孩"}); err != nil {
					t.Errorf("while documents change: %v", err)
					return
				}
			}
		}()
	}
	for i := range 30 {
		d := housing()
		d.ID = fmt.Sprintf("item-%d", i%5)
		changes := []index.Change{{Seq: uint64(1000 + 2*i), ID: d.ID, Document: d}, {Seq: uint64(1001 + 2*i), ID: fmt.Sprintf("item-%d", (i+2)%5)}}
		if err := e.Apply(context.Background(), changes); err != nil {
			t.Error(err)
		}
	}
	stop()
	readers.Wait()
}
