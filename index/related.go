package index

import (
	"cmp"
	"maps"
	"slices"
)

// Bounds on what is learned from a corpus. They keep the file small and a lookup free.
const (
	MaxRelatedWords = 20_000 // words that have related terms
	MaxRelatedTerms = 5      // related terms of a word
)

// RelatedTerm is a word that the operator's own documents use beside another: a weak widening, with its evidence.
type RelatedTerm struct {
	Text string `json:"text"`
	// Strength is how much of the other word's use goes with this one, above 0 and at most 1.
	Strength float64 `json:"strength"`
	// Documents is the number of documents in which both stand, Together the log-likelihood ratio (Dunning 1993) of their
	// standing together by more than chance.
	Documents int     `json:"documents"`
	Together  float64 `json:"together"`
}

// Related holds the terms learned from a corpus. It never changes once it is made. A nil Related knows nothing.
type Related struct {
	terms map[string][]RelatedTerm
	// From says which index it was learned from: the version of its mapping, the sequence of the last change that was
	// seen, and the number of documents that were read.
	From RelatedFrom
}

// RelatedFrom names the state of an index that was learned from.
type RelatedFrom struct {
	Version   string `json:"version"`
	Sequence  uint64 `json:"sequence"`
	Documents int    `json:"documents"`
}

// Terms returns what goes with a folded word, the strongest first.
func (r *Related) Terms(word string) []RelatedTerm {
	if r == nil {
		return nil
	}
	return r.terms[word]
}

// LearnedAt is the sequence at which an engine has learned related terms, which its answers depend on; 0 for none.
func LearnedAt(s Searcher) uint64 {
	l, ok := s.(interface{ Related() *Related })
	if !ok || l.Related() == nil {
		return 0
	}
	return l.Related().From.Sequence
}

// Len is the number of words that have related terms.
func (r *Related) Len() int {
	if r == nil {
		return 0
	}
	return len(r.terms)
}

// Words returns the words that have related terms, in order.
func (r *Related) Words() []string {
	if r == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(r.terms))
}

// newRelated keeps the strongest terms of each word, and the words with the best evidence.
func newRelated(terms map[string][]RelatedTerm, from RelatedFrom) *Related {
	for word, list := range terms {
		slices.SortFunc(list, func(a, b RelatedTerm) int {
			return cmp.Or(cmp.Compare(b.Strength, a.Strength), cmp.Compare(b.Together, a.Together), cmp.Compare(a.Text, b.Text))
		})
		terms[word] = list[:min(len(list), MaxRelatedTerms)]
	}
	if len(terms) > MaxRelatedWords {
		words := slices.SortedFunc(maps.Keys(terms), func(a, b string) int {
			return cmp.Or(cmp.Compare(terms[b][0].Together, terms[a][0].Together), cmp.Compare(a, b))
		})
		for _, word := range words[MaxRelatedWords:] {
			delete(terms, word)
		}
	}
	return &Related{terms, from}
}
