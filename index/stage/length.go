package stage

import (
	"math"
	"sync"
	"unicode/utf8"

	"tongsou/segment"
)

// Terms calls term for every index term of a text and returns the number of its characters and words, which is its length
// for BM25. A section's title and headings are those of its document or of many sections: their single characters, which
// the head has too, are left out when inherited is set. They were 2 % of the index and told no section from another.
func Terms(seg *segment.Segmenter, text string, inherited bool, term func(string)) int {
	length := 0
	seg.Terms(segment.Fold(text), func(t string) {
		single := len(t) < 2*utf8.UTFMax && utf8.RuneCountInString(t) == 1
		if single || t[0] < utf8.RuneSelf {
			length++
		}
		if !single || !inherited || t[0] < utf8.RuneSelf {
			term(t)
		}
	})
	return length
}

// Quantise maps a length to one of 256 levels: exact below 64, then steps of 4 %, up to some 100,000.
func Quantise(n int) int {
	if n < 64 {
		return n
	}
	return min(255, 64+int(math.Log(float64(n)/64)/math.Log(1.04)))
}

// Lengths is the inverse of Quantise, by level.
func Lengths() *[256]float64 { return lengths() }

var lengths = sync.OnceValue(func() *[256]float64 {
	var l [256]float64
	for level := range l {
		l[level] = float64(level)
		if level >= 64 {
			l[level] = 64 * math.Pow(1.04, float64(level-64)+0.5)
		}
	}
	return &l
})
