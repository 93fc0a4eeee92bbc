package index

import (
	"slices"
	"strings"
	"unicode/utf8"

	"tongsou/corpus"
	"tongsou/segment"
)

// snippetRunes is the length of a snippet in characters: three lines on a phone, two on a desktop.
const snippetRunes = 90

// highlighter cuts snippets and marks what matched. It works on the text as it stands: marks are spans of the original,
// found through the map that Normalize keeps.
type highlighter struct {
	matcher *matcher
	terms   []string // folded, longest first: what may be marked
}

func newHighlighter(m *matcher) *highlighter {
	h := &highlighter{matcher: m}
	for _, c := range m.plan.Concepts {
		for _, f := range c.Forms {
			h.terms = append(h.terms, f.Text)
		}
	}
	for _, t := range m.plan.Terms {
		// Pairs of a longer word are marked when the whole word is not there; pairs across words never are.
		if t.Concept >= 0 && (utf8.RuneCountInString(t.Text) >= 2 || t.Text[0] < utf8.RuneSelf) {
			h.terms = append(h.terms, t.Text)
		}
	}
	h.terms = append(h.terms, m.plan.Phrases...)
	if len(h.terms) == 0 && m.plan.Folded != "" {
		h.terms = strings.Fields(m.plan.Folded)
	}
	slices.SortStableFunc(h.terms, func(a, b string) int { return len(b) - len(a) })
	h.terms = slices.Compact(h.terms)
	return h
}

// Title marks a whole title.
func (h *highlighter) title(title string) []Run { return h.mark(title) }

// snippet cuts the best passage out of a text and marks it.
func (h *highlighter) snippet(text string) []Run {
	if text == "" {
		return nil
	}
	norm := segment.Normalize(text)
	found := h.matcher.match(norm.Norm)
	start, end := norm.Span(found.start, found.end)
	start, end = passage(text, start, end)
	runs := h.mark(text[start:end])
	if start > 0 {
		runs = append([]Run{{Text: "…"}}, runs...)
	}
	if end < len(text) {
		runs = append(runs, Run{Text: "…"})
	}
	return runs
}

// intentFields are the fields of an item's text (itemBody) that answer what is asked about.
var intentFields = map[string]string{
	"materials": "申请材料", "place": "办理地点", "cost": "收费", "condition": "受理条件", "process": "办理流程",
}

// answering cuts the snippet of a hit: for an item the field that was asked for, else the passage that matches best.
func (h *highlighter) answering(c *Candidate) []Run {
	if c.Meta.Kind == corpus.KindItem {
		for _, intent := range h.matcher.plan.intents {
			field := intentFields[intent]
			if text := labelled(c.Body, field); field != "" && text != "" {
				return h.beginning(field + "：" + text)
			}
		}
	}
	if c.Touched == 0 && c.Passage > 0 {
		if before, more := clip(c.Body, c.Passage*passageStep); more {
			return h.from(c.Body, len(before))
		}
	}
	return h.snippet(c.Body)
}

// from cuts a snippet that begins at a byte of a text, or at the first clause that begins soon after it.
func (h *highlighter) from(text string, start int) []Run {
	head, _ := clip(text[start:], snippetRunes/3)
	if i := strings.IndexAny(head, clauseEnds); i >= 0 {
		_, size := utf8.DecodeRuneInString(head[i:])
		start += i + size
	}
	return append([]Run{{Text: "…"}}, h.beginning(text[start:])...)
}

// clauseEnds are what a clause ends with.
const clauseEnds = "。；！？\n"

// beginning marks the first snippetRunes characters of a text.
func (h *highlighter) beginning(text string) []Run {
	cut, more := clip(text, snippetRunes)
	runs := h.mark(cut)
	if more {
		runs = append(runs, Run{Text: "…"})
	}
	return runs
}

// passage widens the span to snippetRunes characters, preferably beginning where a clause does.
func passage(text string, start, end int) (int, int) {
	room := snippetRunes - utf8.RuneCountInString(text[start:end])
	before := max(0, room/3)
	from := start
	for n := 0; from > 0 && n < before; n++ {
		_, size := utf8.DecodeLastRuneInString(text[:from])
		from -= size
	}
	if from > 0 {
		if i := strings.LastIndexAny(text[from:start], clauseEnds); i >= 0 {
			_, size := utf8.DecodeRuneInString(text[from+i:])
			from += i + size
		}
	}
	to := from
	for n := 0; to < len(text) && n < snippetRunes; n++ {
		_, size := utf8.DecodeRuneInString(text[to:])
		to += size
	}
	return from, to
}

// mark cuts text into runs that matched and runs that did not. Line breaks become spaces. Overlapping matches join.
func (h *highlighter) mark(text string) []Run {
	norm := segment.Normalize(text)
	marked := make([]bool, len(text))
	for _, term := range h.terms {
		for from := 0; ; {
			i := strings.Index(norm.Norm[from:], term)
			if i < 0 {
				break
			}
			a, z := norm.Span(from+i, from+i+len(term))
			for ; a < z; a++ {
				marked[a] = true
			}
			from += i + len(term)
		}
	}
	var runs []Run
	for i := 0; i < len(text); {
		j := i
		for j < len(text) && marked[j] == marked[i] {
			j++
		}
		runs = append(runs, Run{Text: strings.ToValidUTF8(strings.ReplaceAll(text[i:j], "\n", " "), "\uFFFD"), Mark: marked[i]})
		i = j
	}
	return runs
}
