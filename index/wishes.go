package index

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"tongsou/corpus"
	"tongsou/segment"
)

// wishes are what a query says besides its subject: for whom it asks, what is in the citizen's hands, how easy it should
// be. They are preferences: they order items and hide none.
type wishes struct {
	audience     *audience
	holds, lacks []string // documents, as HeldDocument names them
	conveniences []string
}

func (w *wishes) empty() bool {
	return w.audience == nil && len(w.holds)+len(w.lacks)+len(w.conveniences) == 0
}

// Wishes are the papers in the citizen's hands and the conveniences that the query's text asks for.
func (p *Plan) Wishes() (holds, conveniences []string) { return p.wishes.holds, p.wishes.conveniences }

// span is a part of a folded query, in bytes.
type span struct{ start, end int }

// A wish is one of them as it stands in the text.
type wish struct {
	chip  Chip
	spans []span   // what says it
	words []string // of these, those that count a little
	// find finds them in another text: what the query would be without them is searched again.
	find func(norm string) []span
	role role
}

// role says what becomes of the words of a wish.
type role int

const (
	spoken role = iota // they are searched like any others
	silent             // they are not, but for those of wish.words
)

// Places tells where the items of an index are done. Terms that implement it keep the reader from preferring places that
// the index knows nothing of: 北京 in 去北京看病怎么报销 is no office where only one city's items are kept.
type Places interface {
	// HasItems reports whether the index holds an item of the division, or with below one of a division within it.
	HasItems(region string, below bool) bool
}

// readWishes finds the wishes of a folded query, fills in the plan's and returns what is to be searched for their
// sake: the query without the words that are not searched, and the words that count a little. A query that says nothing
// else keeps its words.
func readWishes(said *saying, text string, q Query, terms Terms, p *Plan, u *Understanding) (rest string, lightly []string) {
	p.Place = cmp.Or(p.Place, onlyOne(p.Filter.Regions))
	p.home = p.Place
	norm := said.norm
	if q.Verbatim || p.Named() || namesDocument.MatchString(norm) || len(p.Phrases)+len(p.TitlePhrases) > 0 {
		return norm, nil
	}
	found := wishesOf(norm, p, terms)
	rest = norm
	for _, w := range found {
		if w.role != spoken {
			rest = blankSpans(rest, w.spans)
		}
	}
	alone := rest != norm && utf8.RuneCountInString(squash(blankOut(rest, said.noise))) < 2
	for _, w := range found {
		if alone && w.chip.Field == chipPlace {
			continue // 呼和浩特市 is what is asked for
		}
		p.grant(w)
		u.Chips = append(u.Chips, w.chip.without(text, norm, w.find))
		lightly = append(lightly, w.words...)
	}
	if alone {
		return keepWords(norm, found), nil
	}
	return rest, lightly
}

// keepWords is a query that says nothing but wishes, without what only leads to a paper: 没有 in 没有身份证怎么办.
func keepWords(norm string, found []wish) string {
	for _, w := range found {
		if w.chip.Field != chipHolds && w.chip.Field != chipLacks {
			continue
		}
		for _, s := range w.spans {
			if i := strings.Index(norm[s.start:s.end], w.words[0]); i > 0 {
				norm = blankSpans(norm, []span{{s.start, s.start + i}})
			}
		}
	}
	return norm
}

// The fields of chips.
const (
	chipPlace       = "place"
	chipAudience    = "audience"
	chipHolds       = "holds"
	chipLacks       = "lacks"
	chipConvenience = "convenience"
)

func wishesOf(norm string, p *Plan, terms Terms) []wish {
	var list []wish
	if w, ok := placeWish(norm, p.Place, terms); ok {
		list = append(list, w)
	}
	list = append(list, audienceWishes(norm)...)
	list = append(list, heldWishes(norm)...)
	return append(list, convenienceWishes(norm)...)
}

// grant takes a wish into the plan.
func (p *Plan) grant(w wish) {
	switch v := w.chip.Value; w.chip.Field {
	case chipPlace:
		p.Place = v
	case chipAudience:
		p.wishes.audience = audienceOf(v)
	case chipHolds:
		p.wishes.holds = append(p.wishes.holds, v)
	case chipLacks:
		p.wishes.lacks = append(p.wishes.lacks, v)
	case chipConvenience:
		p.wishes.conveniences = append(p.wishes.conveniences, v)
	}
}

// without completes a chip with the query that no longer says it: the text as typed, or as it was corrected where the slip
// stood in the words themselves.
func (c Chip) without(text, mended string, find func(string) []span) Chip {
	c.Without = cutOut(text, find)
	if c.Without == strings.TrimSpace(text) {
		c.Without = cutOut(mended, find)
	}
	return c
}

// cutOut removes what find finds from a text until it finds nothing more: what is left may stand together anew.
func cutOut(text string, find func(string) []span) string {
	for range 4 {
		norm := segment.Normalize(text)
		spans := find(norm.Norm)
		if len(spans) == 0 {
			break
		}
		slices.SortFunc(spans, func(a, b span) int { return b.start - a.start })
		for _, s := range spans {
			start, end := norm.Span(s.start, s.end)
			text = text[:start] + " " + text[end:]
		}
		text = closeGaps(text)
	}
	return strings.TrimSpace(text)
}

// closeGaps removes the blanks that cutting left behind, but for those between letters and digits.
func closeGaps(text string) string {
	fields := strings.Fields(text)
	var b strings.Builder
	for i, f := range fields {
		if i > 0 {
			last, _ := utf8.DecodeLastRuneInString(fields[i-1])
			first, _ := utf8.DecodeRuneInString(f)
			if latin(last) || latin(first) {
				b.WriteByte(' ')
			}
		}
		b.WriteString(f)
	}
	return strings.TrimLeft(b.String(), "，,、。；;")
}

func blankSpans(norm string, spans []span) string {
	b := []byte(norm)
	for _, s := range spans {
		for i := s.start; i < s.end; i++ {
			b[i] = ' '
		}
	}
	return string(b)
}

// occurrences returns where any of the words stands in a text, in order, the longest first at each place.
func occurrences(norm string, words []string) []span {
	var all []span
	for _, w := range words {
		for from := 0; ; {
			i := strings.Index(norm[from:], w)
			if i < 0 {
				break
			}
			all = append(all, span{from + i, from + i + len(w)})
			from += i + len(w)
		}
	}
	slices.SortFunc(all, func(a, b span) int { return cmp.Or(a.start-b.start, b.end-a.end) })
	kept := all[:0]
	for _, s := range all {
		if len(kept) == 0 || s.start >= kept[len(kept)-1].end {
			kept = append(kept, s)
		}
	}
	return kept
}

func onlyOne(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return ""
}

// judgeWishes adds what an item's answer to the wishes is worth.
func (r *Ranking) judgeWishes(plan *Plan, c *Candidate, add func(string, float64, string)) {
	w, m := &plan.wishes, c.Meta
	if w.empty() || m.Kind != corpus.KindItem || m.Card == nil {
		return
	}
	if w.audience != nil {
		add("服务对象", r.Audience*w.audience.fit(c), w.audience.value)
	}
	if n := len(w.conveniences); n > 0 {
		has := 0
		for _, want := range w.conveniences {
			if slices.Contains(Conveniences(m.Card), want) {
				has++
			}
		}
		add("办事便利", r.Convenience*float64(has)/float64(n), strings.Join(w.conveniences, "、"))
	}
	if len(m.Card.Materials) == 0 {
		return
	}
	if len(w.holds) > 0 && len(Missing(m.Needs, w.holds)) == 0 {
		add("材料齐全", r.Held, strings.Join(w.holds, "、"))
	}
	if len(w.lacks) > 0 && slices.ContainsFunc(m.Needs, func(n Need) bool { return needsOnly(n, w.lacks) }) {
		add("缺少材料", -r.Held, strings.Join(w.lacks, "、"))
	}
}

// needsOnly reports whether nothing but what is lacking meets a need.
func needsOnly(n Need, lacks []string) bool {
	return !slices.ContainsFunc(n, func(name string) bool { return !slices.Contains(lacks, name) })
}
