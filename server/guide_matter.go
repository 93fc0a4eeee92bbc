package server

import (
	"slices"
	"strings"

	"tongsou/index"
)

// A document must say more than these shares of a name: to be of the same matter; to be of it when it has its subject (主题) too.
const (
	sameMatter  = 0.5
	sameSubject = 0.25
)

// matter is what a name is about: its words, each with what it is worth. 登记 is in every second name and worth little.
type matter struct {
	words  []string
	weight []float64
}

// newMatter takes the words that the engine read in a name. Words that it added itself are not what the name says.
func newMatter(name string, terms []index.Term, rarity func(word string) float64) matter {
	var m matter
	for _, t := range terms {
		word := index.Squash(t.Text)
		if t.Why == "" && word != "" && !slices.Contains(m.words, word) {
			m.words, m.weight = append(m.words, word), append(m.weight, rarity(word))
		}
	}
	if len(m.words) == 0 {
		m.words, m.weight = []string{index.Squash(name)}, []float64{1}
	}
	return m
}

// share is how much of the matter a hit's title and snippet say, 0 to 1.
func (m matter) share(h *index.Hit) float64 {
	text := index.Squash(h.PlainTitle() + "\n" + index.PlainText(h.Snippet))
	all, found := 0.0, 0.0
	for i, w := range m.words {
		all += m.weight[i]
		found += m.weight[i] * saidShare(w, text)
	}
	return found / all
}

// saidShare is how much of a word a text says. A compound is said in part when its beginning, which is its subject, and at least
// half of its pairs of characters are there: 不动产转移登记 by 不动产登记, but 食品经营许可 not by 种子经营许可.
func saidShare(word, text string) float64 {
	if strings.Contains(text, word) {
		return 1
	}
	runes := []rune(word)
	if len(runes) < 4 || !strings.Contains(text, string(runes[:2])) {
		return 0
	}
	found := 0
	for i := 1; i < len(runes); i++ {
		if strings.Contains(text, string(runes[i-1:i+1])) {
			found++
		}
	}
	if part := float64(found) / float64(len(runes)-1); part >= sameMatter {
		return part
	}
	return 0
}
