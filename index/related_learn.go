package index

import (
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

// What two words need to be related: documents that hold both, which must be of two families at least, a log-likelihood
// ratio that chance gives once in ten thousand pairs, and a normalised pointwise mutual information (−1 to 1).
const (
	minSupport  = 3
	minTogether = 15.1
	minShared   = 0.25
)

// Words that general Chinese uses more often than this, in the 60 million that the dictionary counted, are said of anything
// (可以, 情况), and as a name's word they tell nothing (及其, 发展).
const (
	commonSaid  = 10_000
	commonNamed = 5_000
)

// strengthAt is the number of documents at which half of an association is believed.
const strengthAt = 3

// maxShare is the share of documents beyond which a word names nothing; a word of fewDocuments may always.
const (
	maxShare     = 0.1
	fewDocuments = 20
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
	if l.segmenter.Frequency(word) > commonSaid {
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

type pairCount struct {
	docs, last, family int32
	several            bool // of several families
	trust              float32
}

// Learn returns what goes with what.
func (l *Learner) Learn(from RelatedFrom) *Related {
	from.Documents = l.docs
	said, named := l.marginals()
	terms := map[string][]RelatedTerm{}
	add := func(word, term int32, t RelatedTerm) {
		t.Text = l.words[term]
		terms[l.words[word]] = append(terms[l.words[word]], t)
	}
	for key, c := range l.pairs(said, named) {
		if c.docs < minSupport || !c.several {
			continue
		}
		together, shared := association(float64(c.docs), float64(said[key.said].docs), float64(named[key.named].docs), float64(l.docs))
		if together < minTogether || shared < minShared {
			continue
		}
		n := float64(c.docs)
		strength := min(1, shared*float64(c.trust)/(n+strengthAt))
		add(key.said, key.named, RelatedTerm{Strength: strength, Documents: int(c.docs), Together: together})
	}
	return newRelated(terms, from)
}

// marginal counts the documents that hold a word on one side.
type marginal struct{ docs, last int32 }

func (m *marginal) see(doc int32) {
	if m.docs == 0 || m.last != doc {
		m.docs++
		m.last = doc
	}
}

func (l *Learner) marginals() (said, named []marginal) {
	said, named = make([]marginal, len(l.words)), make([]marginal, len(l.words))
	for i := range l.evidence {
		e := &l.evidence[i]
		for _, w := range e.said {
			said[w.word].see(e.doc)
		}
		for _, w := range e.named {
			named[w].see(e.doc)
		}
	}
	return said, named
}

// pairs counts the pairs of words that are neither too rare nor too common. When there are more than fit, the rarest are
// forgotten, and rarer ones than before have to come again (lossy counting, Manku and Motwani 2002): what is forgotten
// could hardly have reached minSupport.
func (l *Learner) pairs(said, named []marginal) map[pairKey]pairCount {
	most := int32(max(fewDocuments, maxShare*float64(l.docs)))
	fits := func(m marginal) bool { return m.docs >= minSupport && m.docs <= most }
	names := make([]bool, len(l.words))
	for w, m := range named {
		names[w] = fits(m) && l.segmenter.Frequency(l.words[w]) <= commonNamed
	}
	pairs := map[pairKey]pairCount{}
	for i := range l.evidence {
		e := &l.evidence[i]
		for _, y := range e.named {
			if !names[y] {
				continue
			}
			for _, x := range e.said {
				if x.word == y || !fits(said[x.word]) {
					continue
				}
				count(pairs, pairKey{x.word, y}, e, x.trust)
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

func count(pairs map[pairKey]pairCount, key pairKey, e *counted, trust float32) {
	c, ok := pairs[key]
	if ok && c.last == e.doc {
		return
	}
	c.several = c.several || ok && c.family != e.family
	c.docs++
	c.last, c.family = e.doc, e.family
	c.trust += trust
	pairs[key] = c
}

func forget(pairs map[pairKey]pairCount, floor int32) {
	for key, c := range pairs {
		if c.docs <= floor {
			delete(pairs, key)
		}
	}
}

// association returns the log-likelihood ratio of two words standing together in both of n documents, where one stands in
// x, the other in y, of all; and how much they share, as normalised pointwise mutual information.
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
