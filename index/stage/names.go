package stage

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/segment"
)

// A suggestion key says that a name can be reached by what its words begin with. Keys of all names lie sorted in the
// dictionary of one field, so that completing what was typed is reading a range of it, which needs no memory of our own:
//
//	lane, the name from one of its words on (as characters, pinyin or initials), US, kind, offset, the name
//
// Offset is the word's place in the name in characters, two digits base 36.
const (
	laneWords    = 'w'
	lanePinyin   = 'p'
	laneInitials = 'i'
	keyEnd       = '\x1f'
	keyRunes     = 24 // nobody types more before choosing
)

// state is what most laws' titles begin with and nobody types.
const state = "中华人民共和国"

// SuggestionKeys returns the keys of a document's names: of an item its name and everyday names, of a policy its title.
// News has none: its headlines are no names of anything.
func SuggestionKeys(d *corpus.Document, seg *segment.Segmenter) []string {
	names := []string{d.Title}
	switch {
	case d.Kind == corpus.KindNews:
		return nil
	case d.Item != nil:
		names = append(names, d.Item.Everyday...)
	}
	var keys []string
	for _, name := range names {
		keys = appendKeys(keys, d.Kind, strings.Join(strings.Fields(name), " "), seg)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

func appendKeys(keys []string, kind corpus.Kind, name string, seg *segment.Segmenter) []string {
	if n := utf8.RuneCountInString(name); n == 0 || n > 60 || strings.ContainsRune(name, keyEnd) {
		return keys // a title of more than 60 characters is a sentence
	}
	norm := segment.Fold(name)
	syllables := segment.Pinyin(norm)
	for _, w := range seg.Words(norm) {
		if w.Part || w.Position >= 36*36 {
			continue
		}
		offset := strconv.FormatInt(int64(w.Position), 36)
		end := string(keyEnd) + string(kind[0]) + strings.Repeat("0", 2-len(offset)) + offset + name
		from := syllables[syllableAt(syllables, w.Start):]
		keys = append(keys, string(laneWords)+Clip(index.Squash(norm[w.Start:]))+end)
		// A law's title is typed by sound from its beginning; an item's everyday name from anywhere.
		if len(from) > 0 && from[0].Han && (kind == corpus.KindItem || w.Position == 0 || strings.HasPrefix(norm, state) && w.Start == len(state)) {
			keys = append(keys, string(lanePinyin)+Clip(segment.Full(from))+end, string(laneInitials)+Clip(segment.Initials(from))+end)
		}
	}
	return keys
}

func syllableAt(syllables []segment.Syllable, start int) int {
	at, _ := slices.BinarySearchFunc(syllables, start, func(s segment.Syllable, at int) int { return cmp.Compare(s.Start, at) })
	return at
}

// Clip cuts what was typed to what a key can hold.
func Clip(s string) string {
	n := 0
	for i := range s {
		if n++; n > keyRunes {
			return s[:i]
		}
	}
	return s
}

// Lookup is one way to read what was typed.
type Lookup struct {
	Prefix string // lane and key
	Weight float64
	Why    string
}

// Lookups are the ways to read what was typed, the surest first.
func Lookups(typed string) []Lookup {
	syllables := segment.Pinyin(typed)
	list := []Lookup{{string(laneWords) + typed, 1, ""}}
	if full := segment.Full(syllables); full != "" {
		list = append(list, Lookup{string(lanePinyin) + full, 0.5, index.WhyPinyin})
	}
	if initials := segment.Initials(syllables); len(initials) > 1 && initials != typed || onlyLetters(typed) {
		list = append(list, Lookup{string(laneInitials) + initials, 0.4, index.WhyPinyin})
	}
	return list
}

func onlyLetters(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < 'a' || r > 'z' }) < 0
}

// Name is a name that a key leads to.
type Name struct {
	Name string
	Kind corpus.Kind
	// Offset is the place in the name, in characters, of the word that the key begins with.
	Offset int
	// Lookup is the way by which it was found, Score how well it answers.
	Lookup *Lookup
	Score  float64
	Key    string
}

// ParseKey reads a key.
func ParseKey(key string) (*Name, bool) {
	at := strings.IndexByte(key, keyEnd)
	if at < 0 || len(key) < at+5 {
		return nil, false
	}
	kind, offset, name := key[at+1], key[at+2:at+4], key[at+4:]
	n, err := strconv.ParseInt(offset, 36, 32)
	if err != nil {
		return nil, false
	}
	c := &Name{Name: name, Kind: corpus.KindPolicy, Offset: int(n), Key: key}
	if kind == corpus.KindItem[0] {
		c.Kind = corpus.KindItem
	}
	return c, true
}

// fit says how well a name answers: from its beginning rather than from a later word, items before policies, and rather
// a short name, of which more has been typed.
func (c *Name) fit(typed int) float64 {
	fit := 1.0
	if c.Offset > 0 {
		fit = 0.7
	}
	if c.Kind == corpus.KindItem {
		fit *= 1.3
	}
	return fit * (1 + 0.5*float64(min(typed, len(c.Name)))/float64(len(c.Name)))
}

// Find sets the way by which a name was found, and with it its score.
func (c *Name) Find(l *Lookup) {
	c.Lookup = l
	c.Score = l.Weight * c.fit(len(l.Prefix)-1)
}

// Order is the order of suggestions.
func (c *Name) Order(other *Name) int {
	return cmp.Or(cmp.Compare(other.Score, c.Score), cmp.Compare(len(c.Name), len(other.Name)), cmp.Compare(c.Name, other.Name))
}

// Runs marks the characters of the name that stand for what was typed.
func (c *Name) Runs(typed string) []index.Run {
	text := segment.Normalize(c.Name)
	start := 0
	for range c.Offset {
		_, size := utf8.DecodeRuneInString(text.Norm[start:])
		start += size
	}
	end := start + c.matched(text.Norm[start:], typed)
	from, to := text.Span(start, end)
	var runs []index.Run
	for _, r := range []index.Run{{Text: c.Name[:from]}, {Text: c.Name[from:to], Mark: true}, {Text: c.Name[to:]}} {
		if r.Text != "" {
			runs = append(runs, r)
		}
	}
	return runs
}

// matched returns how many bytes of rest stand for what was typed.
func (c *Name) matched(rest, typed string) int {
	if c.Lookup.Prefix[0] == laneWords {
		at := 0
		for at < len(rest) && len(index.Squash(rest[:at])) < len(typed) {
			_, size := utf8.DecodeRuneInString(rest[at:])
			at += size
		}
		return at
	}
	left := len(c.Lookup.Prefix) - 1
	for _, s := range segment.Pinyin(rest) {
		n := len(s.Text)
		if s.Han && c.Lookup.Prefix[0] == laneInitials {
			n = 1
		}
		if left -= n; left <= 0 {
			return s.End
		}
	}
	return len(rest)
}
