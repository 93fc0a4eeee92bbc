package server

import (
	"context"
	"strings"
	"time"

	"github.com/sergi/go-diff/diffmatchpatch"

	"tongsou/corpus"
	"tongsou/index"
)

// changeKind is what happened to an article between two versions.
type changeKind string

const (
	unchanged changeKind = "没有变"
	moved     changeKind = "只改了条号"
	changed   changeKind = "有改动"
	added     changeKind = "新增"
	removed   changeKind = "删去"
)

// articleChange is one article of a comparison, or a run of articles that did not change.
type articleChange struct {
	Kind         changeKind
	Older, Newer string // labels; for a run those of its first and last article in the newer version
	OlderLink    string // anchors in the two versions
	NewerLink    string
	Count        int // articles of a run
	Paragraphs   [][]textChange
}

// textChange is a piece of text that is in both versions, or in one of them.
type textChange struct {
	Text             string
	Inserted, Delete bool
}

// What a comparison may cost: a pair of articles gets so long before its difference is taken as a whole; articles are
// paired by likeness only in gaps up to so many pairs.
const (
	articleDiffTime = 200 * time.Millisecond
	maxGap          = 250_000
	likeness        = 0.4 // two articles less alike are one removed and one added
)

// compareArticles compares two texts section by section. Sections that are the same in both are found first, as a diff
// finds lines; what lies between is paired by likeness, so that an article that was inserted does not make all behind it
// look changed.
func compareArticles(ctx context.Context, older, newer []corpus.Section) ([]articleChange, error) {
	d := diffmatchpatch.New()
	d.DiffTimeout = articleDiffTime
	var changes []articleChange
	i, j := 0, 0
	for _, piece := range diffSections(d, older, newer) {
		a, b := older[i:i+piece.older], newer[j:j+piece.newer]
		i, j = i+piece.older, j+piece.newer
		if piece.same {
			changes = appendSame(changes, a, b)
			continue
		}
		for _, p := range pairUp(a, b) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			changes = append(changes, newArticleChange(d, p))
		}
	}
	return changes, nil
}

// sectionsPiece is a stretch of both versions: so many sections of each, all the same or none.
type sectionsPiece struct {
	older, newer int
	same         bool
}

// diffSections runs a diff over whole sections, each standing as one character.
func diffSections(d *diffmatchpatch.DiffMatchPatch, older, newer []corpus.Section) []sectionsPiece {
	chars := map[string]rune{}
	encode := func(list []corpus.Section) []rune {
		out := make([]rune, len(list))
		for i, s := range list {
			text := index.Squash(s.Text)
			if chars[text] == 0 {
				chars[text] = privateRune(len(chars))
			}
			out[i] = chars[text]
		}
		return out
	}
	var pieces []sectionsPiece
	for _, diff := range d.DiffMainRunes(encode(older), encode(newer), false) {
		n := len([]rune(diff.Text))
		last := len(pieces) - 1
		switch {
		case diff.Type == diffmatchpatch.DiffEqual:
			pieces = append(pieces, sectionsPiece{n, n, true})
			continue
		case last < 0 || pieces[last].same:
			pieces = append(pieces, sectionsPiece{})
			last++
		}
		if diff.Type == diffmatchpatch.DiffDelete {
			pieces[last].older += n
		} else {
			pieces[last].newer += n
		}
	}
	return pieces
}

// privateRune gives the n-th section a character that is none of a text, behind the surrogates.
func privateRune(n int) rune { return rune(0xE000 + n) }

// appendSame adds sections with one text. Those that kept their label make a run.
func appendSame(changes []articleChange, older, newer []corpus.Section) []articleChange {
	for i := range older {
		if older[i].Label != newer[i].Label {
			changes = append(changes, articleChange{
				Kind: moved, Older: label(older[i]), Newer: label(newer[i]), OlderLink: older[i].ID, NewerLink: newer[i].ID,
			})
			continue
		}
		if n := len(changes) - 1; n >= 0 && changes[n].Kind == unchanged {
			changes[n].Newer, changes[n].NewerLink = label(newer[i]), newer[i].ID
			changes[n].Count++
			continue
		}
		changes = append(changes, articleChange{Kind: unchanged, Older: label(newer[i]), Newer: label(newer[i]), OlderLink: newer[i].ID, NewerLink: newer[i].ID, Count: 1})
	}
	return changes
}

func label(s corpus.Section) string {
	if s.Label != "" {
		return s.Label
	}
	if len(s.Path) > 0 {
		return s.Path[len(s.Path)-1]
	}
	return "正文"
}

func newArticleChange(d *diffmatchpatch.DiffMatchPatch, p sectionPair) articleChange {
	switch {
	case p.older == nil:
		return articleChange{Kind: added, Newer: label(*p.newer), NewerLink: p.newer.ID, Paragraphs: whole(p.newer.Text, textChange{Inserted: true})}
	case p.newer == nil:
		return articleChange{Kind: removed, Older: label(*p.older), OlderLink: p.older.ID, Paragraphs: whole(p.older.Text, textChange{Delete: true})}
	}
	diffs := d.DiffCleanupSemantic(d.DiffMain(p.older.Text, p.newer.Text, false))
	return articleChange{
		Kind: changed, Older: label(*p.older), Newer: label(*p.newer), OlderLink: p.older.ID, NewerLink: p.newer.ID, Paragraphs: paragraphs(diffs),
	}
}

func whole(text string, c textChange) [][]textChange {
	var list [][]textChange
	for _, p := range strings.Split(text, "\n") {
		c.Text = p
		list = append(list, []textChange{c})
	}
	return list
}

// paragraphs cuts a difference where the text has line breaks.
func paragraphs(diffs []diffmatchpatch.Diff) [][]textChange {
	list := [][]textChange{nil}
	for _, diff := range diffs {
		for i, text := range strings.Split(diff.Text, "\n") {
			if i > 0 {
				list = append(list, nil)
			}
			if text != "" {
				last := len(list) - 1
				list[last] = append(list[last], textChange{text, diff.Type == diffmatchpatch.DiffInsert, diff.Type == diffmatchpatch.DiffDelete})
			}
		}
	}
	return list
}
