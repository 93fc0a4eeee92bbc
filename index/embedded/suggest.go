package embedded

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
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

// suggestionKeys returns the keys of a document's names: of an item its name and everyday names, of a policy its title.
// News has none: its headlines are no names of anything.
func suggestionKeys(d *corpus.Document, seg *segment.Segmenter) []string {
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
		keys = append(keys, string(laneWords)+clip(index.Squash(norm[w.Start:]))+end)
		// A law's title is typed by sound from its beginning; an item's everyday name from anywhere.
		if len(from) > 0 && from[0].Han && (kind == corpus.KindItem || w.Position == 0 || strings.HasPrefix(norm, state) && w.Start == len(state)) {
			keys = append(keys, string(lanePinyin)+clip(segment.Full(from))+end, string(laneInitials)+clip(segment.Initials(from))+end)
		}
	}
	return keys
}

func syllableAt(syllables []segment.Syllable, start int) int {
	at, _ := slices.BinarySearchFunc(syllables, start, func(s segment.Syllable, at int) int { return cmp.Compare(s.Start, at) })
	return at
}

func clip(s string) string {
	n := 0
	for i := range s {
		if n++; n > keyRunes {
			return s[:i]
		}
	}
	return s
}

// Suggest implements index.Searcher. Names that begin with what was typed come first, then names in which a word does,
// then those that are read like it.
func (e *Engine) Suggest(ctx context.Context, q index.SuggestQuery) ([]index.Suggestion, error) {
	return e.suggest(ctx, e.read.Load(), q)
}

func (e *Engine) suggest(ctx context.Context, reader *index.Reader, q index.SuggestQuery) ([]index.Suggestion, error) {
	if q.Limit <= 0 {
		q.Limit = index.DefaultSuggestions
	}
	typed := clip(index.Squash(q.Text))
	if typed == "" {
		return nil, nil
	}
	v, err := e.view()
	if err != nil {
		return nil, err
	}
	defer v.release()
	found := map[string]*completion{}
	for _, l := range lookups(typed) {
		if len(found) >= q.Limit {
			break // reading by sound is for when the characters say nothing
		}
		for _, kind := range corpus.Kinds() {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if s := v.kinds[kind]; s != nil {
				if err := s.complete(l, found); err != nil {
					return nil, err
				}
			}
		}
	}
	return suggestions(found, typed, q.Limit, reader.Denied), nil
}

// lookup is one way to read what was typed.
type lookup struct {
	prefix string // lane and key
	weight float64
	why    string
}

func lookups(typed string) []lookup {
	syllables := segment.Pinyin(typed)
	list := []lookup{{string(laneWords) + typed, 1, ""}}
	if full := segment.Full(syllables); full != "" {
		list = append(list, lookup{string(lanePinyin) + full, 0.5, index.WhyPinyin})
	}
	if initials := segment.Initials(syllables); len(initials) > 1 && initials != typed || onlyLetters(typed) {
		list = append(list, lookup{string(laneInitials) + initials, 0.4, index.WhyPinyin})
	}
	return list
}

func onlyLetters(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < 'a' || r > 'z' }) < 0
}

// completion is a name that was found.
type completion struct {
	name   string
	kind   corpus.Kind
	offset int
	lookup *lookup
	leaves int // how many leaves hold the name
	score  float64
	leaf   *leafView
	key    string
}

// maxScanned bounds the keys read for one lookup in one segment: a single letter may begin half of all names.
const maxScanned = 4000

// complete adds the names that a lookup reaches.
func (s *segments) complete(l lookup, found map[string]*completion) error {
	for i := range s.leaves {
		leaf := &s.leaves[i]
		dict, err := leaf.seg.Dictionary(fieldSugg)
		if err != nil {
			return fmt.Errorf("read suggestions: %w", err)
		}
		it := dict.AutomatonIterator(nil, []byte(l.prefix), append([]byte(l.prefix), 0xff))
		for range maxScanned {
			entry, err := it.Next()
			if err != nil {
				return fmt.Errorf("read suggestions: %w", err)
			}
			if entry == nil {
				break
			}
			c, ok := parseKey(entry.Term)
			if !ok {
				continue
			}
			c.lookup, c.leaf, c.leaves = &l, leaf, 1
			c.score = l.weight * c.fit(len(l.prefix)-1)
			switch old := found[c.name]; {
			case old == nil:
				found[c.name] = c
			case old.leaf == leaf && c.score > old.score:
				c.leaves = old.leaves
				found[c.name] = c
			case old.leaf != leaf:
				old.leaves++
			}
		}
	}
	return nil
}

func parseKey(key string) (*completion, bool) {
	at := strings.IndexByte(key, keyEnd)
	if at < 0 || len(key) < at+5 {
		return nil, false
	}
	kind, offset, name := key[at+1], key[at+2:at+4], key[at+4:]
	n, err := strconv.ParseInt(offset, 36, 32)
	if err != nil {
		return nil, false
	}
	c := &completion{name: name, kind: corpus.KindPolicy, offset: int(n), key: key}
	if kind == corpus.KindItem[0] {
		c.kind = corpus.KindItem
	}
	return c, true
}

// fit says how well a name answers: from its beginning rather than from a later word, items before policies, and rather
// a short name, of which more has been typed.
func (c *completion) fit(typed int) float64 {
	fit := 1.0
	if c.offset > 0 {
		fit = 0.7
	}
	if c.kind == corpus.KindItem {
		fit *= 1.3
	}
	return fit * (1 + 0.5*float64(min(typed, len(c.name)))/float64(len(c.name)))
}

// suggestions orders what was found and cuts the list. Names that stand only in deleted documents are passed over.
func suggestions(found map[string]*completion, typed string, limit int, denied func(index.Suggestion) bool) []index.Suggestion {
	list := make([]*completion, 0, len(found))
	for _, c := range found {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *completion) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(len(a.name), len(b.name)), cmp.Compare(a.name, b.name))
	})
	var out []index.Suggestion
	for _, c := range list {
		if len(out) == limit {
			break
		}
		id, live := c.document()
		if !live {
			continue
		}
		if s := (index.Suggestion{Text: c.name, Kind: c.kind, ID: id, Runs: c.runs(typed), Why: c.lookup.why}); !denied(s) {
			out = append(out, s)
		}
	}
	return out
}

// document returns the ID of the only document that bears the name, and whether any does.
func (c *completion) document() (string, bool) {
	units, err := c.leaf.holding(fieldSugg, c.key)
	if err != nil {
		return "", false
	}
	units = slices.DeleteFunc(units, func(u uint32) bool { return !c.leaf.live(u) })
	if len(units) == 0 {
		return "", c.leaves > 1 // it may live in another segment
	}
	if len(units) > 1 || c.leaves > 1 {
		return "", true
	}
	id, err := c.leaf.seg.DocID(uint64(units[0]))
	if err != nil {
		return "", true
	}
	return string(bytes.Clone(id)), true
}

// runs marks the characters of the name that stand for what was typed.
func (c *completion) runs(typed string) []index.Run {
	text := segment.Normalize(c.name)
	start := 0
	for range c.offset {
		_, size := utf8.DecodeRuneInString(text.Norm[start:])
		start += size
	}
	end := start + c.matched(text.Norm[start:], typed)
	from, to := text.Span(start, end)
	var runs []index.Run
	for _, r := range []index.Run{{Text: c.name[:from]}, {Text: c.name[from:to], Mark: true}, {Text: c.name[to:]}} {
		if r.Text != "" {
			runs = append(runs, r)
		}
	}
	return runs
}

// matched returns how many bytes of rest stand for what was typed.
func (c *completion) matched(rest, typed string) int {
	if c.lookup.prefix[0] == laneWords {
		at := 0
		for at < len(rest) && len(index.Squash(rest[:at])) < len(typed) {
			_, size := utf8.DecodeRuneInString(rest[at:])
			at += size
		}
		return at
	}
	left := len(c.lookup.prefix) - 1
	for _, s := range segment.Pinyin(rest) {
		n := len(s.Text)
		if s.Han && c.lookup.prefix[0] == laneInitials {
			n = 1
		}
		if left -= n; left <= 0 {
			return s.End
		}
	}
	return len(rest)
}
