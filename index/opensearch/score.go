package opensearch

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/segment"
)

// encode writes JSON of what this package makes: that cannot fail.
func encode(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		return []byte("null")
	}
	return raw
}

// long3 reports whether a term is a word of three characters and more: no gram.
func long3(term string) bool {
	return term[0] >= utf8.RuneSelf && len(term) >= 9 && utf8.RuneCountInString(term) >= 3
}

// letters are the characters of a text that phrases are compared by, as words.
func letters(text string) string {
	squashed := index.Squash(text)
	var b strings.Builder
	b.Grow(len(squashed) * 2)
	for _, r := range squashed {
		b.WriteRune(r)
		b.WriteByte(' ')
	}
	return b.String()
}

// judge scores a unit by BM25F over the plan's terms, as index/embedded does (score.go there has the formula).
func (f *finder) judge(h *hit, st *stored) scored {
	title := h.Meta.Title
	if st.Ref != nil {
		title = strings.TrimSpace(title + " " + st.Ref.Label)
	}
	t, k, b := f.count(title, st.Ref != nil), f.count(st.Keys, st.Ref != nil), f.count(st.Body, false)
	words := map[string]int{}
	for w := range strings.FieldsSeq(st.Words) {
		words[w]++
	}
	var norm [3]float64
	for i := range norm {
		norm[i] = f.norms[i][st.Lengths[i]]
	}
	score, set := 0.0, uint32(0)
	for i, term := range f.plan.Terms {
		if f.plan.Terms[i].Weight == 0 {
			continue
		}
		body := b[i]
		if f.long[i] {
			body = words[term.Text]
		}
		tf := float64(min(1, t[i]))*norm[0] + float64(min(1, k[i]))*norm[1] + float64(min(255, body))*norm[2]
		if tf == 0 {
			continue
		}
		score += f.weight[i] * tf / (tf + f.ranking.K1)
		if f.telling[i] && term.Concept < index.MaxConcepts {
			set |= 1 << term.Concept
		}
	}
	share := f.cover.Of(set)
	score *= (1 + f.ranking.CoverageBoost*float64(share)) * (1 + f.ranking.Authority[min(h.Rank, corpus.Ranks-1)])
	return scored{
		doc: h, unit: st, score: score, place: score * f.lift(h), touched: uint64(set), matches: f.open || share >= f.cover.Least && (score > 0),
	}
}

// count says how often each term stands in a text. In a name of a section, single characters were not indexed, and in names
// words are found by cutting the text once more: names are short.
func (f *finder) count(text string, inherited bool) []int {
	n := make([]int, len(f.plan.Terms))
	if text == "" {
		return n
	}
	folded := segment.Fold(text)
	grams := f.grams.count(folded)
	var latin map[string]int
	for i, t := range f.plan.Terms {
		switch {
		case f.long[i]:
			if strings.Contains(folded, t.Text) {
				n[i] = 1 // of bodies the words are stored
			}
		case f.latin[i]:
			if !strings.Contains(folded, t.Text) {
				continue // cutting the text into runs of letters costs twenty times as much
			}
			if latin == nil {
				latin = map[string]int{}
				for _, g := range segment.Grams(folded) {
					latin[g.Text]++
				}
			}
			n[i] = latin[t.Text]
		case inherited && f.grams.single[i]:
		case f.grams.slot[i] < 0:
			n[i] = strings.Count(folded, t.Text) // 卡拉OK
		default:
			n[i] = grams[f.grams.slot[i]]
		}
	}
	return n
}

// grams counts a query's single characters and pairs in one pass over a text. Looking for one after the other took two thirds
// of the time that a search spends here: a long query has sixty.
type grams struct {
	slots map[[2]rune]int
	// slot and single are, of each term, its place among the counts, negative for what is longer, and whether it is one
	// character.
	slot   []int
	single []bool
	// some tells quickly of most pairs that they are not asked for.
	some [1024]bool
}

func gramsOf(plan *index.Plan) *grams {
	g := &grams{slots: map[[2]rune]int{}, slot: make([]int, len(plan.Terms)), single: make([]bool, len(plan.Terms))}
	for i, t := range plan.Terms {
		first, size := utf8.DecodeRuneInString(t.Text)
		key := [2]rune{first, alone}
		if g.single[i] = size == len(t.Text); !g.single[i] {
			second, more := utf8.DecodeRuneInString(t.Text[size:])
			if size+more < len(t.Text) {
				g.slot[i] = -1
				continue
			}
			key[1] = second
		}
		at, ok := g.slots[key]
		if !ok {
			at = len(g.slots)
			g.slots[key], g.some[mixed(key)] = at, true
		}
		g.slot[i] = at
	}
	return g
}

// alone stands in the place of a second character.
const alone = rune(-1)

func mixed(pair [2]rune) int { return int(pair[0]*31+pair[1]) & 1023 }

// count returns the counts by slot.
func (g *grams) count(text string) []int {
	n := make([]int, len(g.slots))
	last := rune(0)
	for _, r := range text {
		for _, key := range [2][2]rune{{r, alone}, {last, r}} {
			if g.some[mixed(key)] {
				if at, ok := g.slots[key]; ok {
					n[at]++
				}
			}
		}
		last = r
	}
	return n
}

// lift raises the items that are done where the citizen is, and those that answer the query's wishes.
func (f *finder) lift(h *hit) float64 {
	if f.kind != corpus.KindItem || f.ranking.WishFirst == 0 || f.byDate {
		return 1
	}
	share, factor := f.ranking.WishFirst, 1.0
	place, region := f.plan.Place, h.Meta.Region
	switch {
	case place == "" || region == "":
	case corpus.Contains(place, region):
		factor *= 1 + share
	case corpus.Contains(region, place):
		factor *= 1 + share/2
	}
	holds, easy := f.plan.Wishes()
	lacks := func(c string) bool { return !slices.Contains(h.Convenience, c) }
	if len(easy) > 0 && !slices.ContainsFunc(easy, lacks) {
		factor *= 1 + share
	}
	if len(holds) > 0 && !slices.ContainsFunc(h.Need, func(n string) bool { return !index.Meets(n, holds) }) {
		factor *= 1 + share
	}
	return factor
}

// normsOf holds w_f / (1 − b_f + b_f · len / avglen) for each quantised length of each field.
func normsOf(r *index.Ranking, average [3]float64, lengths *[256]float64) (n [3][256]float64) {
	for f := range n {
		for level := range n[f] {
			n[f][level] = r.FieldWeight[f] / (1 - r.LengthB[f] + r.LengthB[f]*lengths[level]/average[f])
		}
	}
	return n
}

// weights are what the terms are worth, without saturation.
func weights(plan *index.Plan, idf []float64, r *index.Ranking) []float64 {
	w := make([]float64, len(plan.Terms))
	for i, t := range plan.Terms {
		w[i] = float64(t.Weight) * math.Pow(idf[i], r.IDFPower) * (r.K1 + 1)
	}
	return w
}
