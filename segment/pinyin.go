package segment

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/mozillazg/go-pinyin"
)

// Syllable is the reading of one character, or a run of letters and digits as it stands.
type Syllable struct {
	// Text is the reading without tone: ban, lv; or the run itself.
	Text string
	// Start and End are byte offsets in the text that was read.
	Start, End int
	// Han says that the syllable is a reading.
	Han bool
}

// Pinyin reads a normalised text: one syllable a Han character, one a run of letters. Characters with several readings
// are read as in the words of pinyin.txt, otherwise as they are read most. What has no reading is left out.
func Pinyin(norm string) []Syllable {
	var syllables []Syllable
	for r := range runs(norm) {
		if !r.han {
			syllables = append(syllables, Syllable{Text: norm[r.start:r.end], Start: r.start, End: r.end})
			continue
		}
		for i := r.start; i < r.end; {
			if word, reading := wordReading(norm[i:r.end]); word != "" {
				for _, s := range reading {
					_, size := utf8.DecodeRuneInString(norm[i:])
					syllables = append(syllables, Syllable{Text: s, Start: i, End: i + size, Han: true})
					i += size
				}
				continue
			}
			c, size := utf8.DecodeRuneInString(norm[i:])
			if s := reading(c); s != "" {
				syllables = append(syllables, Syllable{Text: s, Start: i, End: i + size, Han: true})
			}
			i += size
		}
	}
	return syllables
}

// Full joins the syllables as they are typed in full: gongjijin.
func Full(syllables []Syllable) string {
	var b strings.Builder
	for _, s := range syllables {
		b.WriteString(s.Text)
	}
	return b.String()
}

// Initials joins the first letters of the readings, runs of letters in full: gjj.
func Initials(syllables []Syllable) string {
	var b strings.Builder
	for _, s := range syllables {
		if s.Han {
			b.WriteString(s.Text[:1])
		} else {
			b.WriteString(s.Text)
		}
	}
	return b.String()
}

// reading is how a character is mostly read, empty when it has no reading.
func reading(c rune) string {
	args := pinyin.Args{Style: pinyin.Normal}
	if all := pinyin.SinglePinyin(c, args); len(all) > 0 {
		return strings.ReplaceAll(all[0], "ü", "v")
	}
	return ""
}

//go:embed pinyin.txt
var pinyinWords string

// readings are the words of pinyin.txt. The file is part of the program and its test reads every line, so a line that
// cannot be read is left out here.
var readings = sync.OnceValue(func() map[string][]string {
	words, _ := parseReadings(pinyinWords)
	return words
})

func parseReadings(text string) (map[string][]string, error) {
	words := map[string][]string{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		word, rest, _ := strings.Cut(line, "\t")
		syllables := strings.Fields(rest)
		if len(syllables) != utf8.RuneCountInString(word) {
			return words, fmt.Errorf("pinyin.txt:%d: %q has %d characters and %d syllables", n, word, utf8.RuneCountInString(word), len(syllables))
		}
		words[word] = syllables
	}
	return words, nil
}

// maxReading is the length of the longest word of pinyin.txt, in bytes.
const maxReading = 9

func wordReading(text string) (string, []string) {
	for n := min(maxReading, len(text)); n >= 6; n-- {
		if s, ok := readings()[text[:n]]; ok {
			return text[:n], s
		}
	}
	return "", nil
}
