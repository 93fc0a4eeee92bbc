package embedded_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"tongsou/corpus"
	"tongsou/index"
)

// items searches for items, with facets.
func items(t *testing.T, e index.Searcher, q index.Query) (index.Group, *index.Result) {
	t.Helper()
	q.Filter.Kinds, q.Facets = []corpus.Kind{corpus.KindItem}, true
	if q.Limit == 0 {
		q.Limit = 50
	}
	res, err := e.Search(context.Background(), q)
	if err != nil {
		t.Fatalf("search %q: %v", q.Text, err)
	}
	return res.Groups[0], res
}

func facetCounts(res *index.Result, field string) map[string]int {
	counts := map[string]int{}
	for _, f := range res.Facets {
		if f.Field == field {
			for _, v := range f.Values {
				counts[v.Value] = v.Count
			}
		}
	}
	return counts
}

func TestConveniencesMustAllHold(t *testing.T) {
	e := sampleSearcher(t)
	_, open := items(t, e, index.Query{Text: "社会保障卡"})
	counts := facetCounts(open, "convenience")
	for _, c := range []string{index.ConvenienceInstant, index.ConvenienceNoVisit, index.ConvenienceFree, index.ConvenienceOnline} {
		g, _ := items(t, e, index.Query{Text: "社会保障卡", Filter: index.Filter{Conveniences: []string{c}}})
		if g.Total != counts[c] || g.Total == 0 {
			t.Errorf("%s: %d items, the facet promises %d", c, g.Total, counts[c])
		}
		for _, h := range g.Hits {
			if !slices.Contains(index.Conveniences(h.Card), c) {
				t.Errorf("%s: %s has only %q", c, h.ID, index.Conveniences(h.Card))
			}
		}
	}
	both := []string{index.ConvenienceInstant, index.ConvenienceNoVisit}
	g, res := items(t, e, index.Query{Text: "社会保障卡", Filter: index.Filter{Conveniences: both}})
	for _, h := range g.Hits {
		if has := index.Conveniences(h.Card); !slices.Contains(has, both[0]) || !slices.Contains(has, both[1]) {
			t.Errorf("%s has only %q", h.ID, has)
		}
	}
	if n := facetCounts(res, "convenience"); n[both[0]] != g.Total || n[both[1]] != g.Total || g.Total == 0 {
		t.Errorf("of %d items the facet counts %v", g.Total, n)
	}
}

func TestHoldsFindsWhatNeedsNoMore(t *testing.T) {
	e := sampleSearcher(t)
	bySet := map[int]int{}
	for i, holds := range [][]string{{"身份证"}, {"居民身份证", "银行卡"}, {"身份证", "银行账号", "照片"}} {
		g, _ := items(t, e, index.Query{Filter: index.Filter{Holds: holds}, Limit: 100})
		bySet[i] = g.Total
		for _, h := range g.Hits {
			if len(h.Card.Materials) == 0 {
				t.Errorf("%q: %s lists no materials", holds, h.ID)
			}
		}
	}
	if bySet[0] == 0 || bySet[0] >= bySet[1] || bySet[1] >= bySet[2] {
		t.Errorf("more papers must open more items: %v", bySet)
	}
	for _, c := range []struct {
		holds []string
		found bool
	}{{[]string{"身份证"}, false}, {[]string{"身份证", "死亡证明"}, true}} {
		g, _ := items(t, e, index.Query{Text: "死亡注销户口", Filter: index.Filter{Holds: c.holds}})
		found := slices.ContainsFunc(g.Hits, func(h index.Hit) bool { return strings.HasPrefix(h.ID, "item-death-deregistration-") })
		if found != c.found {
			t.Errorf("with %q the item that needs a death certificate is found: %t", c.holds, found)
		}
	}
	res, err := e.Search(context.Background(), index.Query{Text: "户口登记", Filter: index.Filter{Holds: []string{"身份证"}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range res.Groups {
		if g.Kind != corpus.KindItem && g.Total > 0 {
			t.Errorf("%d documents of kind %s, which ask for no papers", g.Total, g.Kind)
		}
	}
}

func TestOfficeAbove(t *testing.T) {
	e := sampleSearcher(t)
	for _, c := range []struct {
		q      index.Query
		id     string
		office string
	}{
		{index.Query{Text: "公积金提取", Place: "150102"}, "item-fund-withdraw-1501", "新城区没有单列这一事项，由呼和浩特市住房公积金中心办理"},
		{index.Query{Text: "土默特左旗公积金提取"}, "item-fund-withdraw-1501", "土默特左旗没有单列这一事项，由呼和浩特市住房公积金中心办理"},
		{index.Query{Text: "公积金提取", Filter: index.Filter{Regions: []string{"150102"}}}, "item-fund-withdraw-1501", "新城区没有单列这一事项，由呼和浩特市住房公积金中心办理"},
		{index.Query{Text: "赛罕区护照"}, "item-passport-first-1501", "赛罕区没有单列这一事项，由呼和浩特市公安局出入境管理支队办理"},
		{index.Query{Text: "普通护照首次申领", Place: "150622"}, "item-passport-first-county-150622", ""},
		{index.Query{Text: "养犬登记", Place: "150105"}, "item-dog-licence-150105", ""},
		{index.Query{Text: "鄂尔多斯公积金提取", Place: "150102"}, "item-fund-withdraw-1506", ""},
		{index.Query{Text: "市里公积金提取", Place: "150622"}, "item-fund-withdraw-1506", ""},
	} {
		g, res := items(t, e, c.q)
		if len(g.Hits) == 0 || g.Hits[0].ID != c.id || g.Hits[0].Office != c.office {
			t.Errorf("%+v: want %s, %q; got %+v", c.q, c.id, c.office, g.Hits[:min(1, len(g.Hits))])
		}
		if c.office != "" && len(c.q.Filter.Regions) > 0 && len(res.Query.Notes) == 0 {
			t.Errorf("%+v: nothing says that the filter was left", c.q)
		}
	}
	g, _ := items(t, e, index.Query{Text: "公积金提取", Place: "150102"})
	for _, h := range g.Hits {
		if h.Region == "1506" && h.Office != "" {
			t.Errorf("%s of another city says %q", h.ID, h.Office)
		}
	}
	if g, res := items(t, e, index.Query{Text: "养犬登记", Filter: index.Filter{Regions: []string{"150102"}}}); len(res.Query.Notes) > 0 {
		t.Errorf("%s has it, and still: %q", g.Hits[0].Place, res.Query.Notes)
	}
}

func TestSnippetAnswersWhatIsAsked(t *testing.T) {
	e := sampleSearcher(t)
	for text, begins := range map[string]string{
		"公积金提取需要什么材料": "申请材料：", "居住证在哪办": "办理地点：", "办护照多少钱": "收费：", "低保申请条件": "受理条件：", "公积金提取流程": "办理流程：",
	} {
		g, _ := items(t, e, index.Query{Text: text})
		if len(g.Hits) == 0 || !strings.HasPrefix(index.PlainText(g.Hits[0].Snippet), begins) {
			t.Errorf("%s: want %s first in %+v", text, begins, g.Hits[:min(1, len(g.Hits))])
		}
	}
}

// TestPreferencesHideNothing compares a query that says a wish with the same query that does not.
func TestPreferencesHideNothing(t *testing.T) {
	e := sampleSearcher(t)
	for wish, plain := range map[string]string{
		"公积金提取不用跑": "公积金提取", "能网上办的居住证": "居住证", "呼和浩特养犬登记": "养犬登记", "市里养犬登记": "养犬登记",
	} {
		a, _ := items(t, e, index.Query{Text: wish, Place: "150102"})
		b, _ := items(t, e, index.Query{Text: plain, Place: "150102"})
		if a.Total < b.Total {
			t.Errorf("%s finds %d, %s %d", wish, a.Total, plain, b.Total)
		}
	}
	for _, text := range []string{"呼和浩特供暖", "内蒙古自治区户口登记"} {
		with, err := e.Search(context.Background(), index.Query{Text: text})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, g := range with.Groups {
			n += g.Total
		}
		if n == 0 {
			t.Errorf("%s finds nothing", text)
		}
	}
}

// TestWishesReachIntoManyOffices has more offices of one item than are judged: the citizen's own, the one that a paper in
// hand suffices for and the easy one must be among those that are.
func TestWishesReachIntoManyOffices(t *testing.T) {
	e := open(t, t.TempDir(), nil)
	codes := corpus.Regions().Codes()
	codes = slices.DeleteFunc(codes, func(c string) bool { return len(c) != 6 || c[:2] != "13" && c[:2] != "15" })
	if len(codes) < 200 {
		t.Fatalf("only %d divisions", len(codes))
	}
	visits := 0
	var changes []index.Change
	for i, code := range codes {
		d := &corpus.Document{ID: "item-" + code, Kind: corpus.KindItem, Title: "雪橇登记", Region: code, Item: &corpus.Item{
			Body: "体育局", Materials: []corpus.Material{{Name: "居民身份证"}, {Name: "银行卡"}},
		}}
		switch i {
		case len(codes) - 1:
			d.Item.Materials = d.Item.Materials[:1]
		case len(codes) - 2:
			d.Item.Visits = &visits
		}
		changes = append(changes, index.Change{ID: d.ID, Document: d})
	}
	if err := e.Apply(t.Context(), numbered(changes...)); err != nil {
		t.Fatal(err)
	}
	last := codes[len(codes)-3]
	for _, c := range []struct {
		q    index.Query
		want string
	}{
		{index.Query{Text: "雪橇登记", Place: last}, last},
		{index.Query{Text: index.RegionName(last) + "办雪橇登记"}, last},
		{index.Query{Text: "我只有身份证，想办雪橇登记"}, codes[len(codes)-1]},
		{index.Query{Text: "雪橇登记不用跑"}, codes[len(codes)-2]},
	} {
		g, _ := items(t, e, c.q)
		if g.Total != len(codes) || g.Hits[0].Region != c.want {
			t.Errorf("%s near %q: %d items, first that of %s; want that of %s among %d", c.q.Text, c.q.Place, g.Total, g.Hits[0].Region, c.want, len(codes))
		}
	}
}
