package server

import (
	"tongsou/corpus"
	"tongsou/index"
)

// sectionPair is a section of the older version with what became of it; one of the two may be missing.
type sectionPair struct{ older, newer *corpus.Section }

// pairUp pairs the sections of a gap in order, so that the sum of their likeness is greatest.
func pairUp(older, newer []corpus.Section) []sectionPair {
	like := likenesses(older, newer)
	// best[i][j] is the greatest sum for the sections from i and j on.
	best := make([][]float64, len(older)+1)
	for i := range best {
		best[i] = make([]float64, len(newer)+1)
	}
	for i := len(older) - 1; i >= 0; i-- {
		for j := len(newer) - 1; j >= 0; j-- {
			best[i][j] = max(best[i+1][j], best[i][j+1])
			if l := like(i, j); l >= likeness {
				best[i][j] = max(best[i][j], l+best[i+1][j+1])
			}
		}
	}
	var pairs []sectionPair
	i, j := 0, 0
	for i < len(older) || j < len(newer) {
		switch {
		case i < len(older) && j < len(newer) && like(i, j) >= likeness && best[i][j] == like(i, j)+best[i+1][j+1]:
			pairs = append(pairs, sectionPair{&older[i], &newer[j]})
			i, j = i+1, j+1
		case i < len(older) && (j == len(newer) || best[i+1][j] >= best[i][j+1]):
			pairs = append(pairs, sectionPair{older: &older[i]})
			i++
		default:
			pairs = append(pairs, sectionPair{newer: &newer[j]})
			j++
		}
	}
	return pairs
}

// likenesses tells how alike two sections are, 0 to 1: the Dice coefficient of their pairs of characters, and a little for
// the same number. In a very large gap only the number counts.
func likenesses(older, newer []corpus.Section) func(i, j int) float64 {
	sameNumber := func(i, j int) bool { return older[i].Label != "" && older[i].Label == newer[j].Label }
	if len(older)*len(newer) > maxGap {
		return func(i, j int) float64 {
			if sameNumber(i, j) {
				return 1
			}
			return 0
		}
	}
	table := make([]float64, len(older)*len(newer))
	grams := make([]map[string]bool, len(newer))
	for j := range newer {
		grams[j] = pairsOf(newer[j].Text)
	}
	for i := range older {
		mine := pairsOf(older[i].Text)
		for j := range newer {
			l := dice(mine, grams[j])
			if sameNumber(i, j) {
				l += 0.05
			}
			table[i*len(newer)+j] = l
		}
	}
	return func(i, j int) float64 { return table[i*len(newer)+j] }
}

func pairsOf(text string) map[string]bool {
	runes := []rune(index.Squash(text))
	set := make(map[string]bool, len(runes))
	for i := 1; i < len(runes); i++ {
		set[string(runes[i-1:i+1])] = true
	}
	return set
}

func dice(a, b map[string]bool) float64 {
	if len(a)+len(b) == 0 {
		return 0
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	common := 0
	for g := range a {
		if b[g] {
			common++
		}
	}
	return 2 * float64(common) / float64(len(a)+len(b))
}
