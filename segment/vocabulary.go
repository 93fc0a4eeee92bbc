package segment

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Vocabulary finds words by how they are read and by how they are written but for one slip. It never changes once it is
// made. Of gse's 350,000 words it holds those that are common enough to be meant (vocabularyFrequency) beside all of the
// domain dictionary and of the lexicon.
type Vocabulary struct {
	words     []string
	known     map[string]int32
	full      map[string][]int32 // gongjijin → 公积金
	initials  map[string][]int32 // gjj
	sound     map[string][]int32 // syllables with those alike made equal, joined by blanks
	deletions map[string][]int32 // a word without one of its characters
}

// vocabularyFrequency is how often gse must have counted a word in its 60 million for it to be a correction. The domain
// dictionary's own words have 500.
const vocabularyFrequency = 400

// NewVocabulary gathers the words of a segmenter and a lexicon. It takes about 0.3 s and 30 MB; keep one and share it.
func NewVocabulary(s *Segmenter, l *Lexicon) *Vocabulary {
	v := &Vocabulary{
		known: map[string]int32{}, full: map[string][]int32{}, initials: map[string][]int32{},
		sound: map[string][]int32{}, deletions: map[string][]int32{},
	}
	for i := range s.gse.Dict.Tokens {
		if t := &s.gse.Dict.Tokens[i]; t.Freq() >= vocabularyFrequency {
			v.add(t.Text(), true)
		}
	}
	for _, word := range slices.Sorted(maps.Keys(l.entries)) {
		v.add(word, false)
		for _, e := range l.entries[word] {
			v.add(e.To, true)
		}
	}
	return v
}

// DefaultVocabulary returns the Vocabulary of the embedded dictionaries and lexicon. The first call makes it.
var DefaultVocabulary = sync.OnceValues(func() (*Vocabulary, error) {
	s, err := Default()
	if err != nil {
		return nil, err
	}
	l, err := DefaultLexicon()
	if err != nil {
		return nil, err
	}
	return NewVocabulary(s, l), nil
})

// maxVocabularyRunes is the longest word that slips are looked for in.
const maxVocabularyRunes = 8

// add adds a word. Slips are corrected to terms only: everyday expressions (地被收了) are too much like what anybody says.
func (v *Vocabulary) add(word string, term bool) {
	n := utf8.RuneCountInString(word)
	if n < 2 || n > maxVocabularyRunes || !allHan(word) || repeats(word) {
		return
	}
	if _, ok := v.known[word]; ok {
		return
	}
	id := int32(len(v.words))
	v.words = append(v.words, word)
	v.known[word] = id
	syllables := Pinyin(word)
	if len(syllables) != n {
		return
	}
	push := func(m map[string][]int32, key string) { m[key] = append(m[key], id) }
	push(v.full, Full(syllables))
	if n >= 3 {
		push(v.initials, Initials(syllables))
	}
	if !term {
		return
	}
	push(v.sound, Sound(syllables))
	if n >= 3 {
		for _, short := range shortened(word) {
			push(v.deletions, short)
		}
	}
}

// repeats reports whether a character of a word of three and more follows itself: such words are stammer.
func repeats(word string) bool {
	prev := rune(0)
	for _, r := range word {
		if r == prev && utf8.RuneCountInString(word) > 2 {
			return true
		}
		prev = r
	}
	return false
}

func allHan(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !unicode.Is(unicode.Han, r) }) < 0
}

// shortened returns a word without each of its characters in turn.
func shortened(word string) []string {
	var list []string
	for i := 0; i < len(word); {
		_, size := utf8.DecodeRuneInString(word[i:]) // not RuneLen, which is 3 for a broken byte
		list = append(list, word[:i]+word[i+size:])
		i += size
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// alike makes syllables equal that many speakers do not tell apart (模糊音): flat and curled tongue, front and back nasal.
var alike = strings.NewReplacer("zh", "z", "ch", "c", "sh", "s", "ing", "in", "eng", "en", "ang", "an")

// Sound joins syllables with those alike made equal, n and l at the beginning among them.
func Sound(syllables []Syllable) string {
	var b strings.Builder
	for i, s := range syllables {
		if i > 0 {
			b.WriteByte(' ')
		}
		text := alike.Replace(s.Text)
		if strings.HasPrefix(text, "n") && len(text) > 1 {
			text = "l" + text[1:]
		}
		b.WriteString(text)
	}
	return b.String()
}

// Has reports whether a word is in the vocabulary.
func (v *Vocabulary) Has(word string) bool {
	_, ok := v.known[word]
	return ok
}

func (v *Vocabulary) list(ids []int32) []string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = v.words[id]
	}
	return words
}

// ReadAs returns the words that letters spell in full: gongjijin → 公积金.
func (v *Vocabulary) ReadAs(letters string) []string { return v.list(v.full[letters]) }

// BeginAs returns the words of three and more characters whose readings begin with the letters: gjj → 公积金.
func (v *Vocabulary) BeginAs(letters string) []string { return v.list(v.initials[letters]) }

// SoundLike returns the words that sound like another, which need not be a word: 公机金 → 公积金.
func (v *Vocabulary) SoundLike(word string) []string {
	return slices.DeleteFunc(v.list(v.sound[Sound(Pinyin(word))]), func(w string) bool { return w == word })
}

// Near returns the words of three and more characters that differ from what was typed by one slip of the hand: a wrong,
// missing, additional or swapped character.
func (v *Vocabulary) Near(typed string) []string {
	seen := map[int32]bool{}
	var ids []int32
	take := func(list []int32) {
		for _, id := range list {
			if !seen[id] && v.words[id] != typed {
				seen[id] = true
				ids = append(ids, id)
			}
		}
	}
	take(v.deletions[typed]) // one is missing
	for _, short := range shortened(typed) {
		if id, ok := v.known[short]; ok && utf8.RuneCountInString(short) >= 3 {
			take([]int32{id}) // one too many
		}
		take(v.deletions[short]) // wrong or swapped
	}
	return slices.DeleteFunc(v.list(ids), func(w string) bool { return !oneSlip([]rune(typed), []rune(w)) })
}

// oneSlip reports whether two texts differ by one substitution, insertion, deletion or swap of neighbours.
func oneSlip(a, b []rune) bool {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	j := 0
	for j < min(len(a), len(b))-i && a[len(a)-1-j] == b[len(b)-1-j] {
		j++
	}
	a, b = a[i:len(a)-j], b[i:len(b)-j]
	switch {
	case len(a)+len(b) == 1, len(a) == 1 && len(b) == 1:
		return true
	case len(a) == 2 && len(b) == 2:
		return a[0] == b[1] && a[1] == b[0]
	}
	return false
}
