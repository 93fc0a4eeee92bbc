package index

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tongsou/corpus"
	"tongsou/segment"
)

// Bounds on what learning reads and keeps in memory: some 60 MB at worst.
const (
	maxEvidence   = 200_000   // evidences that are counted
	maxSide       = 64        // words of one side of one evidence
	maxLearned    = 300_000   // distinct words
	maxPairs      = 1_000_000 // pairs that are counted at once
	maxFamilyDocs = 40        // documents of one family
)

// What a word of a name needs to be related to a word said beside it: documents that hold both, of two families at least; a
// log-likelihood ratio that chance gives once in ten thousand pairs; a normalised pointwise mutual information (−1 to 1);
// and that a name beside which the word is said is likely enough this one.
const (
	minSupport  = 3
	minFamilies = 2
	minTogether = 15.1
	minShared   = 0.25
	minLikely   = 0.3
)

// Words that general Chinese uses more often than this, in the 60 million that the dictionary counted, are said of anything
// (可以, 情况), and as a name's word they tell nothing (及其, 发展).
const (
	commonSaid  = 10_000
	commonNamed = 5_000
)

// strengthAt is the number of documents at which half of an association is believed.
const strengthAt = 3

// maxShare is the share of families beyond which a word tells nothing: 应当, 登记. A word of fewFamilies may always.
const (
	maxShare    = 0.06
	fewFamilies = 12
)

// Learner counts which words stand together. It is not safe for several goroutines.
type Learner struct {
	segmenter *segment.Segmenter
	lexicon   *segment.Lexicon
	ids       map[string]int32 // word → its number, -1 for one that says nothing
	words     []string
	families  map[string]*familyCount
	evidence  []counted
	docs      int
	last      int
}

type familyCount struct {
	id         int32
	docs, last int
}

// counted is an evidence as numbers of words.
type counted struct {
	doc, family int32
	named       []int32
	said        []trusted
}

type trusted struct {
	word  int32
	trust float32
}

// NewLearner returns a Learner of words as segmenter cuts them. The noise of speech that lexicon knows is no word.
func NewLearner(s *segment.Segmenter, l *segment.Lexicon) *Learner {
	return &Learner{segmenter: s, lexicon: l, ids: map[string]int32{}, families: map[string]*familyCount{}, last: -1}
}

// Add counts an evidence, unless enough of its family, or of all, was counted.
func (l *Learner) Add(e Evidence) {
	if len(l.evidence) >= maxEvidence || !l.admit(e) {
		return
	}
	c := counted{doc: int32(e.Doc), family: l.families[e.Family].id, named: l.cut(e.Named)}
	if len(c.named) == 0 {
		return
	}
	seen := map[int32]bool{}
	for _, s := range e.Said {
		for _, w := range l.cut(s.Text) {
			if !seen[w] && len(c.said) < maxSide {
				seen[w] = true
				c.said = append(c.said, trusted{w, float32(s.Trust)})
			}
		}
	}
	if len(c.said) > 0 {
		l.evidence = append(l.evidence, c)
	}
}

func (l *Learner) admit(e Evidence) bool {
	f := l.families[e.Family]
	if f == nil {
		f = &familyCount{id: int32(len(l.families)), last: -1}
		l.families[e.Family] = f
	}
	if f.last != e.Doc {
		if f.docs == maxFamilyDocs {
			return false
		}
		f.docs++
		f.last = e.Doc
	}
	if l.last != e.Doc {
		l.docs++
		l.last = e.Doc
	}
	return true
}

// Documents is the number of documents that were counted.
func (l *Learner) Documents() int { return l.docs }

// cut returns the distinct words of a text that say something.
func (l *Learner) cut(text string) []int32 {
	if text == "" {
		return nil
	}
	var list []int32
	for _, t := range l.segmenter.Words(segment.Fold(text)) {
		if t.Part {
			continue
		}
		id, ok := l.ids[t.Text]
		if !ok {
			id = l.number(t.Text)
		}
		if id >= 0 && len(list) < maxSide && !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	return list
}

// number gives a new word its number.
func (l *Learner) number(word string) int32 {
	word = strings.Clone(word) // not the whole text
	id := int32(-1)
	if len(l.words) < maxLearned && l.says(word) {
		id = int32(len(l.words))
		l.words = append(l.words, word)
	}
	l.ids[word] = id
	return id
}

// The lengths in characters of a word that is learned.
const (
	minLearnedRunes = 2
	maxLearnedRunes = 10
)

// says reports whether a word says anything by itself: it is of two and more Han characters, no number, no place, and no
// noise of speech.
func (l *Learner) says(word string) bool {
	n := utf8.RuneCountInString(word)
	if n < minLearnedRunes || n > maxLearnedRunes || strings.Trim(word, counting) == "" {
		return false
	}
	if strings.IndexFunc(word, func(r rune) bool { return !unicode.Is(unicode.Han, r) }) >= 0 {
		return false
	}
	for _, noise := range l.lexicon.FindNoise(word, []segment.Token{{Text: word, End: len(word)}}) {
		if noise.Start == 0 && noise.End == len(word) {
			return false
		}
	}
	for _, place := range corpus.Regions().FindIn(word, "") {
		if place.Start == 0 && place.End == len(word) {
			return false
		}
	}
	return true
}

// counting holds the characters of numbers, dates and articles.
const counting = "〇零一二三四五六七八九十百千万亿两第几年月日号条款项章节个种次份元时分"

// pairKey is a said word and the word of a name.
type pairKey struct{ said, named int32 }

// tally counts documents and families, in which the evidence is in order.
type tally struct{ docs, families, doc, family int32 }

// see counts an evidence, and reports whether its document is new.
func (t *tally) see(e *counted) bool {
	if t.docs > 0 && t.doc == e.doc {
		return false
	}
	if t.families == 0 || t.family != e.family {
		t.families++
	}
	t.docs++
	t.doc, t.family = e.doc, e.family
	return true
}

type pairCount struct {
	tally
	trust float32 // sum over the documents
}

// Learn returns what goes with what.
func (l *Learner) Learn(from RelatedFrom) *Related {
	from.Documents = l.docs
	slices.SortStableFunc(l.evidence, func(a, b counted) int { return cmp.Compare(a.family, b.family) })
	said, named := l.marginals()
	terms := map[string][]RelatedTerm{}
	for key, c := range l.pairs(said, named) {
		if t, ok := related(c, said[key.said], named[key.named], len(l.families)); ok {
			word := l.words[key.said]
			t.Text = l.words[key.named]
			terms[word] = append(terms[word], t)
		}
	}
	return newRelated(terms, from)
}

// related judges a pair by its counts. Families are what is counted: copies of one thing say it once.
func related(both pairCount, said, named tally, families int) (RelatedTerm, bool) {
	if both.docs < minSupport || both.families < minFamilies {
		return RelatedTerm{}, false
	}
	n, docs := float64(both.families), float64(both.docs)
	together, shared := association(n, float64(said.families), float64(named.families), float64(families))
	if together < minTogether || shared < minShared || n < minLikely*float64(said.families) {
		return RelatedTerm{}, false
	}
	strength := min(1, shared*float64(both.trust)/(docs+strengthAt))
	return RelatedTerm{Strength: strength, Documents: int(both.docs), Together: together}, true
}

func (l *Learner) marginals() (said, named []tally) {
	said, named = make([]tally, len(l.words)), make([]tally, len(l.words))
	for i := range l.evidence {
		e := &l.evidence[i]
		for _, w := range e.said {
			said[w.word].see(e)
		}
		for _, w := range e.named {
			named[w].see(e)
		}
	}
	return said, named
}

// pairs counts the pairs of words that are neither too rare nor too common. When there are more than fit, the rarest are
// forgotten, and rarer ones than before have to come again (lossy counting, Manku and Motwani 2002).
func (l *Learner) pairs(said, named []tally) map[pairKey]pairCount {
	says, names := l.telling(said, commonSaid), l.telling(named, commonNamed)
	pairs := map[pairKey]pairCount{}
	for i := range l.evidence {
		e := &l.evidence[i]
		for _, y := range e.named {
			if !names[y] {
				continue
			}
			for _, x := range e.said {
				if !says[x.word] || x.word == y {
					continue
				}
				key := pairKey{x.word, y}
				if c := pairs[key]; c.see(e) {
					c.trust += x.trust
					pairs[key] = c
				}
			}
		}
		for floor := int32(1); len(pairs) > maxPairs; floor++ {
			forget(pairs, floor)
		}
	}
	for key := range pairs {
		if x, y := l.words[key.said], l.words[key.named]; strings.Contains(x, y) || strings.Contains(y, x) {
			delete(pairs, key) // the characters find it anyway
		}
	}
	return pairs
}

// telling reports which words are neither too rare nor too common to tell anything.
func (l *Learner) telling(counts []tally, common float64) []bool {
	most := int32(max(fewFamilies, maxShare*float64(len(l.families))))
	list := make([]bool, len(counts))
	for w, c := range counts {
		list[w] = c.docs >= minSupport && c.families >= minFamilies && c.families <= most && l.segmenter.Frequency(l.words[w]) <= common
	}
	return list
}

func forget(pairs map[pairKey]pairCount, floor int32) {
	for key, c := range pairs {
		if c.docs <= floor {
			delete(pairs, key)
		}
	}
}

// association returns the log-likelihood ratio of two words that stand together both times, where one stands in x, the
// other in y, of all families; and how much they share, as normalised pointwise mutual information.
func association(both, x, y, all float64) (together, shared float64) {
	if both <= 0 || both*all <= x*y {
		return 0, 0 // no more than chance
	}
	h := func(counts ...float64) float64 {
		sum, total := 0.0, 0.0
		for _, c := range counts {
			if c > 0 {
				sum += c * math.Log(c)
			}
			total += c
		}
		return sum - total*math.Log(total)
	}
	neither := max(0, all-x-y+both)
	together = 2 * (h(both, x-both, y-both, neither) - h(x, all-x) - h(y, all-y))
	if both >= all {
		return together, 1
	}
	return together, math.Log(both*all/(x*y)) / -math.Log(both/all)
}
