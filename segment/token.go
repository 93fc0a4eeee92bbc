package segment

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Token is one term of a text with the place where it stands.
type Token struct {
	// Text is the term as it is indexed: normalised.
	Text string `json:"text"`
	// Start and End are byte offsets; in the text that the Segmenter was given (Words, Grams) or in the original (Analyze).
	Start int `json:"start"`
	End   int `json:"end"`
	// Position is the number of characters before the token in the normalised text, so that overlapping terms keep
	// their true distances and a phrase can be checked across them.
	Position int `json:"position"`
	// Part says that the token lies within a longer word of the same text.
	Part bool `json:"part,omitempty"`
}

// maxTermBytes cuts absurdly long runs of letters (base64 in a web page) to what an index term may hold.
const maxTermBytes = 120

// run is a stretch of normalised text that is cut as one: Han characters, or letters and digits.
type run struct {
	start, end int // bytes
	pos        int // characters before it
	han        bool
}

// runs yields the stretches of norm in order.
func runs(norm string) iter.Seq[run] {
	return func(yield func(run) bool) {
		pos := 0
		for i := 0; i < len(norm); {
			r, size := utf8.DecodeRuneInString(norm[i:])
			han := isHan(r)
			if !han && !wordRune(r) {
				i += size
				pos++
				continue
			}
			cur := run{start: i, pos: pos, han: han}
			for i < len(norm) {
				r, size := utf8.DecodeRuneInString(norm[i:])
				if isHan(r) != han || !han && !wordRune(r) && !joins(norm, i, r) {
					break
				}
				i += size
				pos++
			}
			cur.end = i
			if !yield(cur) {
				return
			}
		}
	}
}

// Bare returns the letters, digits and Han characters of a normalised text: what two spellings of one name have in common.
func Bare(norm string) string {
	var b strings.Builder
	b.Grow(len(norm))
	for r := range runs(norm) {
		b.WriteString(norm[r.start:r.end])
	}
	return b.String()
}

func wordRune(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r))
}

// joins reports whether the full stop at i stands between two digits: 23.17 is one number.
func joins(norm string, i int, r rune) bool {
	return r == '.' && i > 0 && i+1 < len(norm) && digit(norm[i-1]) && digit(norm[i+1])
}

func digit(b byte) bool { return '0' <= b && b <= '9' }

// latin appends the term of a run of letters and digits.
func latin(tokens []Token, norm string, r run) []Token {
	end := r.end
	if end-r.start > maxTermBytes {
		end = r.start + maxTermBytes
		for !utf8.RuneStart(norm[end]) {
			end--
		}
	}
	return append(tokens, Token{Text: norm[r.start:end], Start: r.start, End: end, Position: r.pos})
}

// Grams returns the character lane of a normalised text: every Han character, every pair of neighbouring ones, and the
// runs of letters and digits, by position.
func Grams(norm string) []Token {
	var tokens []Token
	for r := range runs(norm) {
		if !r.han {
			tokens = latin(tokens, norm, r)
			continue
		}
		pos := r.pos
		for i := r.start; i < r.end; pos++ {
			_, a := utf8.DecodeRuneInString(norm[i:])
			tokens = append(tokens, Token{Text: norm[i : i+a], Start: i, End: i + a, Position: pos, Part: r.end > i+a})
			if j := i + a; j < r.end {
				_, b := utf8.DecodeRuneInString(norm[j:])
				tokens = append(tokens, Token{Text: norm[i : j+b], Start: i, End: j + b, Position: pos})
			}
			i += a
		}
	}
	return tokens
}
