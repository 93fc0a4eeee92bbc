package segment

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// spokenFile is the lexicon's list of words that stand for one another inside everyday expressions.
const spokenFile = "lexicon/spoken-variants.txt"

// filler is what a word is mapped to that may stand between the words of an expression.
const filler = ""

// parseVariants reads a group of variants (head: word word) or, behind a *, fillers. A word belongs to one group; the
// first counts, Check reports the others.
func (l *Lexicon) parseVariants(place, line string) error {
	head, rest := filler, strings.TrimPrefix(line, "*")
	if rest == line {
		var ok bool
		if head, rest, ok = strings.Cut(line, ":"); !ok || strings.TrimSpace(head) == "" {
			return fmt.Errorf("%q names no group; write 父母: 爹妈 爸妈, or * before words without meaning", line)
		}
		head = strings.TrimSpace(Fold(head))
		rest = head + " " + rest
	}
	for _, w := range strings.Fields(rest) {
		if w = strings.TrimSpace(Fold(w)); w == "" {
			continue
		}
		if old, ok := l.variants[w]; ok {
			l.repeated = append(l.repeated, fmt.Sprintf("%s: the variant %s belongs to %q already", place, w, old))
			continue
		}
		l.variants[w] = head
		l.longestVariant = max(l.longestVariant, len(w))
	}
	return nil
}

// said is a part of a text as it counts for recognising an expression: the head of its group, or a word as it stands.
type said struct {
	text       string
	start, end int  // bytes of the text
	open       bool // the word that it is of goes on: 医保 in 医保卡
}

// spoken cuts a folded text into pieces: variants become their group's head, fillers and marks
// vanish.
func (l *Lexicon) spoken(s *Segmenter, norm string) []said {
	var pieces []said
	done := 0
	for _, w := range s.Words(norm) {
		if w.Part || w.Start < done {
			if w.Part || w.End <= done {
				continue
			}
			w.Start = done // a variant ended within this word: its rest is a piece
		}
		for done = w.Start; done < w.End; {
			end, head := l.variantAt(norm, done, w.End)
			switch {
			case end == 0:
				pieces = append(pieces, said{norm[done:w.End], done, w.End, false})
				done = w.End
			case head == filler:
				done = end
			default:
				pieces = append(pieces, said{head, done, end, end < w.End && s.Known(norm[w.Start:w.End])})
				done = end
			}
		}
	}
	return pieces
}

// Said reports whether a folded word is one that people say for another inside an everyday expression, as 跑路 is for 失联. Such
// a word is right, though no dictionary and no text may have it.
func (l *Lexicon) Said(word string) bool {
	head, ok := l.variants[word]
	return ok && head != filler
}

// variantAt returns the end of the longest variant that begins at byte i, in a word that ends at wordEnd, and its group.
// A single character counts only where it is what is left of a word: 了 is none in 了解.
func (l *Lexicon) variantAt(norm string, i, wordEnd int) (int, string) {
	_, first := utf8.DecodeRuneInString(norm[i:])
	for end := min(len(norm), i+l.longestVariant); end > i; end-- {
		if end < len(norm) && !utf8.RuneStart(norm[end]) {
			continue
		}
		if head, ok := l.variants[norm[i:end]]; ok && (end-i > first || end == wordEnd) {
			return end, head
		}
	}
	return 0, ""
}
