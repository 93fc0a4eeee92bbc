package segment

import (
	_ "embed"
	"sort"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

//go:embed variants.txt
var variantsFile string

// simplified maps a traditional character to the simplified one. It is read once, on first use.
var simplified = sync.OnceValue(func() map[rune]rune {
	m := make(map[rune]rune, 3000)
	for line := range strings.Lines(variantsFile) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, group := range strings.Fields(line) {
			s, size := utf8.DecodeRuneInString(group)
			for _, t := range group[size:] {
				m[t] = s
			}
		}
	}
	return m
})

// Text is a normalised text that remembers where each piece of it stood in the original.
type Text struct {
	// Norm is what is searched: NFKC, lower case, simplified characters, white space as plain spaces and newlines,
	// letter-spaced runs of characters (习 近 平) joined. It is valid UTF-8; a byte that was not is U+FFFD.
	Norm   string
	length int // bytes of the original
	pieces []piece
}

// A piece says that the bytes of Norm from norm on, until the next piece, come from the bytes of the original from orig
// on: all of them from the same width bytes, or one by one when width is 0.
type piece struct{ norm, orig, width int }

// Span maps a span of Norm to the smallest span of the original that holds it. It panics on nothing: offsets outside
// Norm are moved to its ends.
func (t *Text) Span(start, end int) (int, int) {
	start = min(max(start, 0), len(t.Norm))
	end = min(max(end, start), len(t.Norm))
	if start == end {
		at, _ := t.locate(start)
		return at, at
	}
	from, _ := t.locate(start)
	_, to := t.locate(end - 1)
	return from, max(from, to)
}

// locate returns the span of the original that byte at of Norm comes from.
func (t *Text) locate(at int) (int, int) {
	i := sort.Search(len(t.pieces), func(i int) bool { return t.pieces[i].norm > at }) - 1
	if i < 0 {
		return 0, 0
	}
	if at >= len(t.Norm) {
		return t.length, t.length
	}
	p := t.pieces[i]
	if p.width == 0 {
		return p.orig + at - p.norm, p.orig + at - p.norm + 1
	}
	return p.orig, p.orig + p.width
}

// Normalize folds s and keeps the map back to its bytes. It accepts any bytes.
func Normalize(s string) Text {
	t := Text{length: len(s)}
	w := folder{text: &t, mapped: true}
	t.Norm = w.fold(s)
	return t
}

// Fold is Normalize without the map, for text whose spans nobody asks for.
func Fold(s string) string {
	w := folder{text: &Text{}}
	return w.fold(s)
}

type folder struct {
	out    strings.Builder
	text   *Text
	mapped bool
}

func (w *folder) fold(s string) string {
	w.out.Grow(len(s))
	variants, table := simplified(), folds()
	gaps := letterSpaces(s)
	for i := 0; i < len(s); {
		if len(gaps) > 0 && i == gaps[0].start {
			i = gaps[0].end
			gaps = gaps[1:]
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r < foldRunes && table[r] != 0 && !composes(s[i+size:]):
			if to := rune(table[r]); utf8.RuneLen(to) == size {
				w.linear(i, to)
			} else {
				w.whole(i, size, string(to))
			}
		case r == utf8.RuneError && size == 1:
			w.whole(i, 1, "\uFFFD")
		default:
			size = max(size, norm.NFKC.NextBoundaryInString(s[i:], true))
			w.whole(i, size, foldSlow(s[i:i+size], variants))
		}
		i += size
	}
	return w.out.String()
}

// foldRunes is the size of the table of folds: the Basic Multilingual Plane.
const foldRunes = 1 << 16

// folds tells what a character folds to that folds to one other by itself, 0 for all others: ASCII, the punctuation and
// full-width forms of Chinese text, and the common Han characters. That is nearly every character there is; without the
// table two thirds of the time of folding a text went into NFKC of its commas.
var folds = sync.OnceValue(func() *[foldRunes]uint16 {
	variants := simplified()
	var table [foldRunes]uint16
	for _, block := range [...][2]rune{{1, 0x7F}, {0x2010, 0x2027}, {0x3001, 0x301B}, {0x4E00, 0x9FFF}, {0xFF01, 0xFF5E}} {
		for r := block[0]; r <= block[1]; r++ {
			to := foldRune(r, variants)
			if r >= utf8.RuneSelf && r < 0x4E00 || r > 0x9FFF {
				slow := []rune(foldSlow(string(r), variants))
				if len(slow) != 1 {
					continue
				}
				to = slow[0]
			}
			if to < foldRunes {
				table[r] = uint16(to)
			}
		}
	}
	return &table
})

// composes reports whether what follows may combine with the rune before it; combining marks are neither ASCII nor
// begin with the lead bytes of Han characters, Chinese punctuation or full-width forms.
func composes(rest string) bool {
	return rest != "" && (rest[0] >= 0xCC && rest[0] < 0xE2 || rest[0] == 0xE2 && strings.HasPrefix(rest, "\u20dd"))
}

func foldRune(r rune, variants map[rune]rune) rune {
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		if r < ' ' && r != '\n' || r == 0x7f {
			return ' '
		}
		return r
	}
	if v, ok := variants[r]; ok && utf8.RuneLen(v) == 3 {
		return v
	}
	return r
}

// foldSlow folds one segment of NFKC. Zero-width characters vanish, and the selectors of a glyph with them: left in, they
// would be letters that tear the word around them.
func foldSlow(s string, variants map[rune]rune) string {
	var b strings.Builder
	for _, r := range strings.ToLower(norm.NFKC.String(s)) {
		switch {
		case r == '\u2028' || r == '\u2029' || r == '\u0085':
			b.WriteByte('\n')
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point):
		default:
			if v, ok := variants[r]; ok {
				r = v
			}
			b.WriteRune(foldRune(r, variants))
		}
	}
	return b.String()
}

func (w *folder) linear(orig int, r rune) {
	at := w.out.Len()
	w.out.WriteRune(r)
	if !w.mapped {
		return
	}
	if n := len(w.text.pieces); n > 0 {
		last := w.text.pieces[n-1]
		if last.width == 0 && orig-last.orig == at-last.norm {
			return // goes on as the piece before it
		}
	}
	w.text.pieces = append(w.text.pieces, piece{norm: at, orig: orig})
}

func (w *folder) whole(orig, width int, folded string) {
	if w.mapped && folded != "" {
		w.text.pieces = append(w.text.pieces, piece{w.out.Len(), orig, width})
	}
	w.out.WriteString(folded)
}

type gap struct{ start, end int }

// atom is a run of Han characters without a blank in it.
type atom struct{ start, end, runes int }

// letterSpaces finds the white space inside letter-spaced text: three or more single Han characters each set off by
// blanks, as headlines are in newspapers: 习 近 平 向 英 国. The blanks inside such a run are noise.
func letterSpaces(s string) []gap {
	// One search a blank: ContainsAny walks the text rune by rune, which was a twentieth of a search.
	if strings.IndexByte(s, ' ') < 0 && strings.IndexByte(s, '\t') < 0 && !strings.Contains(s, "\u3000") && !strings.Contains(s, "\u00a0") {
		return nil
	}
	var gaps []gap
	var chain []atom // runs of Han characters with nothing but blanks between them
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r < 0x2E80 || !isHan(r) {
			i += size
			continue
		}
		a := atom{start: i, end: i}
		for a.end < len(s) {
			r, size := utf8.DecodeRuneInString(s[a.end:])
			if !isHan(r) {
				break
			}
			a.end += size
			a.runes++
		}
		chain = append(chain, a)
		i = skipBlanks(s, a.end)
		if r, _ := utf8.DecodeRuneInString(s[i:]); i == a.end || !isHan(r) {
			gaps = appendGaps(gaps, chain)
			chain = chain[:0]
		}
	}
	return gaps
}

// appendGaps appends the gaps between the atoms of every stretch of three or more single characters.
func appendGaps(gaps []gap, chain []atom) []gap {
	for i := 0; i < len(chain); {
		j := i
		for j < len(chain) && chain[j].runes == 1 {
			j++
		}
		if j-i >= 3 {
			for k := i; k+1 < j; k++ {
				gaps = append(gaps, gap{chain[k].end, chain[k+1].start})
			}
		}
		i = max(j, i+1)
	}
	return gaps
}

func skipBlanks(s string, i int) int {
	for i < len(s) {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r != ' ' && r != '\t' && r != '\u3000' && r != '\u00a0' {
			break
		}
		i += size
	}
	return i
}

func isHan(r rune) bool {
	return r >= 0x4E00 && r <= 0x9FFF || r == '〇' || r > 0x2E80 && unicode.Is(unicode.Han, r)
}
