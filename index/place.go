package index

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"tongsou/corpus"
)

// placeWish finds the place whose offices a query means: one that it names (呼市, 呼和浩特市新城区), or one that it says
// relative to the citizen's own (市里, 自治区). Its words count a little, since policies and news say the place in their
// text; items are matched through their region.
func placeWish(norm, near string, terms Terms) (wish, bool) {
	code, spans := placeIn(norm, near, terms)
	if code == "" {
		return wish{}, false
	}
	return wish{
		chip:  Chip{Field: chipPlace, Value: code, Label: "在" + RegionName(code)},
		spans: spans, words: names(norm, spans), role: silent,
		find: func(norm string) []span {
			found, spans := placeIn(norm, near, terms)
			if found == "" {
				return nil
			}
			for i := range spans {
				spans[i] = withPrepositions(norm, spans[i])
			}
			return spans
		},
	}, true
}

// names are the texts of spans, but for those that only say a level: 市里 stands in no office's text.
func names(norm string, spans []span) []string {
	var list []string
	for _, s := range spans {
		name := norm[s.start:s.end]
		if !slices.ContainsFunc(levels, func(l level) bool { return slices.Contains(l.words, name) }) {
			list = append(list, name)
		}
	}
	return list
}

// namesDocument finds queries that are the name of a law or a policy: a place, or for whom it is, is part of the name there.
var namesDocument = regexp.MustCompile(`条例|细则|《|(?:[^么啥有个想]办法|规定|通知|意见|方案|规划|公告|通告|决定|纲要|章程)(?:全文|原文)?\s*(?:\([^()]*\))?\s*$`)

// placeIn returns the place that a folded query means and where it says so.
func placeIn(norm, near string, terms Terms) (string, []span) {
	var codes []string
	var spans []span
	open := false
	for _, m := range corpus.Regions().FindIn(norm, near) {
		code := meant(m, near, terms)
		if code == "" || institution(norm[m.End:]) {
			open = open || institution(norm[m.End:])
			continue
		}
		codes, spans = append(codes, code), append(spans, span{m.Start, m.End})
	}
	if len(codes) == 0 {
		if open {
			return "", nil
		}
		return levelIn(norm, near)
	}
	if code, ok := deepest(codes); ok {
		return code, spans
	}
	return destination(norm, codes, spans)
}

// meant returns the division that a name means here, "" when that is not certain or the index has no items for it.
func meant(m corpus.RegionMatch, near string, terms Terms) string {
	places, asks := terms.(Places)
	if m.Region.Code == "" && asks {
		for _, c := range m.Candidates {
			if !places.HasItems(c.Code, true) {
				continue
			}
			if m.Region.Code != "" {
				return "" // two of them are served here
			}
			m.Region = c
		}
	}
	code := m.Region.Code
	if code == "" || near != "" && code[:2] != near[:2] || asks && !served(places, code) {
		return ""
	}
	return code
}

// served reports whether the index holds items of a division, of one within it or of one above it.
func served(places Places, code string) bool {
	if places.HasItems(code, true) {
		return true
	}
	for l := len(code) - 2; l >= 2; l -= 2 {
		if places.HasItems(code[:l], false) {
			return true
		}
	}
	return false
}

// institution reports whether what follows a place makes it the name of something else: 内蒙古大学, 呼和浩特日报.
func institution(rest string) bool {
	r, size := utf8.DecodeRuneInString(rest)
	if size == 0 || strings.ContainsRune("籍话", r) {
		return size > 0
	}
	return slices.ContainsFunc([]string{"大学", "学院", "师范", "农业大学", "银行", "日报", "晚报", "铁路局", "集团", "机场", "火车站", "高铁站"},
		func(w string) bool { return strings.HasPrefix(rest, w) })
}

// deepest returns the innermost of places that lie within each other.
func deepest(codes []string) (string, bool) {
	inner := slices.MaxFunc(codes, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
	for _, c := range codes {
		if !corpus.Contains(c, inner) {
			return "", false
		}
	}
	return inner, true
}

// destination decides between places apart from each other by the one that something is brought to: 户口从包头迁到呼和浩特.
func destination(norm string, codes []string, spans []span) (string, []span) {
	for i := len(codes) - 1; i >= 0; i-- {
		before, _ := utf8.DecodeLastRuneInString(norm[:spans[i].start])
		if strings.ContainsRune("到往至入来回", before) {
			return codes[i], spans
		}
	}
	return "", nil
}

// level are the words that name a division relative to the citizen's own, with the length of its code.
type level struct {
	words []string
	size  int
}

var levels = []level{
	{[]string{"区里", "县里", "旗里", "本区", "本县", "本旗", "我们区", "我们县", "我们旗"}, 6},
	{[]string{"市里", "盟里", "本市", "全市", "我们市", "市级"}, 4},
	{[]string{"省里", "自治区里", "自治区", "本省", "全省", "全区", "省级", "自治区级"}, 2},
}

// levelIn climbs from the citizen's place to the level that a query names, or stays where it is when that is above.
func levelIn(norm, near string) (string, []span) {
	if near == "" {
		return "", nil
	}
	for _, l := range levels {
		if spans := occurrences(norm, l.words); len(spans) > 0 {
			code, ok := corpus.NormalizeRegion(near[:min(len(near), l.size)])
			if !ok {
				return "", nil
			}
			return code, spans
		}
	}
	return "", nil
}

// withPrepositions widens the span of a place by the little words that lead to it and from it: 在新城区的.
func withPrepositions(norm string, s span) span {
	for _, w := range []string{"我在", "在", "从"} {
		if strings.HasSuffix(norm[:s.start], w) {
			s.start -= len(w)
			break
		}
	}
	for _, w := range []string{"这边的", "这里的", "这边", "这里", "的"} {
		if strings.HasPrefix(norm[s.end:], w) {
			s.end += len(w)
			break
		}
	}
	return s
}

// nearness says how near a document's place is to the citizen's: what Ranking gives for it. An office within the place
// named comes behind the place's own, and the one where the citizen is before the others.
func (r *Ranking) nearness(plan *Plan, region string) float64 {
	place := plan.Place
	switch {
	case region == place:
		return r.PlaceOwn
	case corpus.Contains(place, region) && corpus.Contains(region, plan.home):
		return r.PlaceOwn * 0.95
	case corpus.Contains(place, region):
		return r.PlaceOwn * 0.9
	case corpus.Contains(region, place):
		return r.PlaceAbove * float64(len(region)) / float64(max(2, len(place)-2))
	default:
		return r.PlaceElsewhere
	}
}

// nearestFirst gives the best score of items of one name to the office that is nearest above the citizen. The offices of a
// city and of a county describe one errand in their own words; which words fit better is no reason to send somebody away.
func nearestFirst(plan *Plan, docs []Ranked) {
	if plan.Place == "" || plan.Sort == ByDate {
		return
	}
	near := map[string]*Ranked{}
	best := map[string]float64{}
	for i := range docs {
		m := docs[i].Units[0].Meta
		if m.Kind != corpus.KindItem || m.Region == "" {
			continue
		}
		name := bareTitle(m.Title)
		if docs[i].Score > pinned/2 {
			name += "=" // what was named by its very title stays before what was not
		}
		best[name] = max(best[name], docs[i].Score)
		if !corpus.Contains(m.Region, plan.Place) {
			continue
		}
		if d := near[name]; d == nil || len(d.Units[0].Meta.Region) < len(m.Region) {
			near[name] = &docs[i]
		}
	}
	for name, d := range near {
		if lift := best[name] - d.Score; lift > 0 {
			d.Score += lift + 0.001
			d.Parts = addPart(plan, d.Parts, "同名事项就近", lift+0.001, d.Units[0].Meta.Region)
		}
	}
}

// setOffices says of items that are done by a division above the citizen's which office does them, when neither the
// citizen's own division nor a nearer one has the item.
func setOffices(plan *Plan, ranked []Ranked, hits []Hit) {
	if plan.Place == "" {
		return
	}
	nearest := map[string]int{} // bare title → length of the code of the nearest division that has it
	for i := range ranked {
		m := ranked[i].Units[0].Meta
		if m.Region == "" || m.Kind != corpus.KindItem {
			continue
		}
		if corpus.Contains(plan.Place, m.Region) || corpus.Contains(m.Region, plan.Place) {
			nearest[bareTitle(m.Title)] = max(nearest[bareTitle(m.Title)], len(m.Region))
		}
	}
	for i := range hits {
		h := &hits[i]
		if title := h.PlainTitle(); title != bareTitle(title) {
			continue // an office's own item: （自治区直属单位）
		}
		above := h.Region != "" && len(h.Region) < len(plan.Place) && corpus.Contains(h.Region, plan.Place)
		if h.Kind != corpus.KindItem || !above || nearest[bareTitle(h.PlainTitle())] != len(h.Region) {
			continue
		}
		body := h.Issuer
		if h.Card != nil {
			body = cmp.Or(h.Card.Body, h.Issuer, h.Place)
		}
		h.Office = fmt.Sprintf("%s没有单列这一事项，由%s办理", RegionName(plan.Place), body)
	}
}

// reOffice is the note at a title's end that tells the offices of one item apart; others tell items apart: （高等学校）.
var reOffice = regexp.MustCompile(`[（(][^（()）]*(?:本级|直属|区直|省直|市直|旗县|区县|县级|市级|省级|自治区)[^（()）]*[)）]$`)

// bareTitle is an item's title without such a note.
func bareTitle(title string) string { return reOffice.ReplaceAllString(title, "") }

// Above returns the divisions above a filter by place, for a plan that may climb to them: one that looks for items by
// their words.
func Above(plan *Plan) []string {
	f := &plan.Filter
	items := len(f.Kinds) == 0 || slices.Contains(f.Kinds, corpus.KindItem)
	if len(f.Regions) == 0 || len(plan.Terms) == 0 || plan.Named() || !items {
		return nil
	}
	var codes []string
	for _, region := range f.Regions {
		for _, a := range corpus.Regions().Ancestors(region) {
			if !slices.Contains(codes, a.Code) {
				codes = append(codes, a.Code)
			}
		}
	}
	return codes
}

// climbShare is how much worse the best item of a place must be than the best of the divisions above it before the place
// counts as having none: half as good is another errand that shares a word.
const climbShare = 0.6

// Climbs decides by the best item within the places of a plan's filter, and by the best when those above them are let
// in, whether to let them in, and says so to the user.
func Climbs(plan *Plan, within, wider Group) (note string, ok bool) {
	if len(wider.Hits) == 0 || corpus.Contains(plan.Filter.Regions[0], wider.Hits[0].Region) {
		return "", false
	}
	if len(within.Hits) > 0 && within.Hits[0].Score >= climbShare*wider.Hits[0].Score {
		return "", false
	}
	names := make([]string, 0, len(plan.Filter.Regions))
	for _, r := range plan.Filter.Regions {
		names = append(names, RegionName(r))
	}
	return strings.Join(names, "、") + "没有单列这样的事项，以下也列出上级部门办理的。", true
}
