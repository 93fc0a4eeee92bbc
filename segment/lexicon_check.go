package segment

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Check returns what is wrong with a lexicon that was read without error, a line each, naming files and lines: entries
// and noise written twice (whoever corrects the weight of one does not see the other, and only the first entry counts),
// and circles of => (some word among them is official and everyday at once; what is meant both ways is written <=>).
func (l *Lexicon) Check() []string {
	return append(slices.Clone(l.repeated), l.circles()...)
}

// circles returns one circle for every first step that leads back to where it began. A word is left for good once all
// ways from it have been followed, so the time is proportional to the number of entries.
func (l *Lexicon) circles() []string {
	c := circleFinder{lexicon: l, left: map[string]bool{}, at: map[string]int{}}
	for _, word := range slices.Sorted(maps.Keys(l.entries)) {
		c.visit(word)
	}
	return c.found
}

type circleFinder struct {
	lexicon *Lexicon
	path    []Entry        // from the word where the search began to the one that is visited
	at      map[string]int // where on the path a word stands
	left    map[string]bool
	found   []string
}

func (c *circleFinder) visit(word string) {
	if c.left[word] {
		return
	}
	c.at[word] = len(c.path)
	for _, e := range c.lexicon.entries[word] {
		if e.both {
			continue
		}
		c.path = append(c.path, e)
		if from, ok := c.at[e.To]; ok {
			c.found = append(c.found, describeCircle(c.path[from:]))
		} else {
			c.visit(e.To)
		}
		c.path = c.path[:len(c.path)-1]
	}
	delete(c.at, word)
	c.left[word] = true
}

func describeCircle(path []Entry) string {
	var words, places []string
	for _, e := range path {
		words = append(words, e.From)
		places = append(places, e.place)
	}
	return fmt.Sprintf("%s: a circle: %s => %s", strings.Join(places, ", "), strings.Join(words, " => "), path[0].From)
}

// sameWords reports whether two contexts hold the same words; their order does not matter.
func sameWords(a, b []string) bool {
	return slices.Equal(slices.Compact(slices.Sorted(slices.Values(a))), slices.Compact(slices.Sorted(slices.Values(b))))
}

// Unknown returns the entries whose official term known does not know, a line each, naming file and line: a term that is
// misspelt or made up leads nobody anywhere.
func (l *Lexicon) Unknown(known func(term string) bool) []string {
	var lines []string
	asked := map[string]bool{}
	for _, word := range slices.Sorted(maps.Keys(l.entries)) {
		for _, e := range l.entries[word] {
			if ok, before := asked[e.To]; before && ok {
				continue
			} else if !before {
				asked[e.To] = known(e.To)
			}
			if !asked[e.To] {
				lines = append(lines, fmt.Sprintf("%s: %s => %s leads to no term that is known", e.place, e.From, e.To))
			}
		}
	}
	return lines
}

// Spelt reports whether a term is made of words that the dictionary has, but for a few characters that join words or are
// words themselves (对重点建设项目档案的验收): one, and one more for every five characters.
func (s *Segmenter) Spelt(term string) bool {
	single, all := 0, 0
	for _, w := range s.Words(term) {
		if w.Part {
			continue
		}
		n := utf8.RuneCountInString(w.Text)
		all += n
		if n == 1 && w.Text[0] >= utf8.RuneSelf {
			single++
		}
	}
	return single <= 1+all/5
}
