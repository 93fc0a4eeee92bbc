package segment

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// With returns a lexicon that knows further entries besides those of l, which stays as it is. From and To are folded, and
// a weight of 0 becomes the usual one. What an entry says again of the same two words replaces what l says of them: the
// operator of a site knows better than the list that came with the program.
func (l *Lexicon) With(entries []Entry) (*Lexicon, error) {
	wider := *l
	wider.entries, wider.targets = maps.Clone(l.entries), maps.Clone(l.targets)
	for _, e := range entries {
		e.From, e.To = strings.TrimSpace(Fold(e.From)), strings.TrimSpace(Fold(e.To))
		if e.Weight == 0 {
			e.Weight = defaultWeight
		}
		switch {
		case e.From == "" || e.To == "":
			return nil, fmt.Errorf("the entry %q => %q lacks a word", e.From, e.To)
		case e.From == e.To:
			return nil, fmt.Errorf("the entry %q leads to itself", e.From)
		case !(e.Weight > 0 && e.Weight <= 1):
			return nil, fmt.Errorf("the entry %q has the weight %v; it must be above 0 and at most 1", e.From, e.Weight)
		}
		// The slice belongs to l as well: never append to it in place.
		wider.entries[e.From] = slices.DeleteFunc(slices.Clone(wider.entries[e.From]), func(old Entry) bool { return old.To == e.To })
		wider.add(e)
	}
	return &wider, nil
}
