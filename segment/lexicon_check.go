package segment

import (
	"fmt"
	"maps"
	"slices"
	"strings"
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

// Each calls visit for every entry, by word.
func (l *Lexicon) Each(visit func(Entry)) {
	for _, word := range slices.Sorted(maps.Keys(l.entries)) {
		for _, e := range l.entries[word] {
			visit(e)
		}
	}
}
