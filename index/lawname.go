package index

import (
	"slices"
	"strings"
	"unicode/utf8"

	"tongsou/corpus"
	"tongsou/segment"
)

// LawNames returns the names by which people cite a policy, folded: its title, the title without 中华人民共和国, without a
// note in brackets at its end, and the name of the text that a notice issues (《…》).
func LawNames(d *corpus.Document) []string {
	if d.Kind != corpus.KindPolicy {
		return nil
	}
	return lawNames(&Meta{Title: d.Title, Family: d.Family})
}

// mayBear reports whether a document may have a name, by the name's first and last characters: reading all names of
// every candidate was a twelfth of a search.
func mayBear(m *Meta, name string) bool {
	first, _ := utf8.DecodeRuneInString(name)
	last, _ := utf8.DecodeLastRuneInString(name)
	return slices.ContainsFunc([]string{m.Title, m.Family}, func(s string) bool {
		s = segment.Fold(s)
		return strings.ContainsRune(s, first) && strings.ContainsRune(s, last)
	})
}

func lawNames(m *Meta) []string {
	var names []string
	add := func(s string) {
		if s = squash(s); s != "" && !slices.Contains(names, s) {
			names = append(names, s)
		}
	}
	for _, title := range []string{m.Title, m.Family} {
		t := segment.Fold(title)
		add(t)
		bare := t
		if i := strings.LastIndexAny(bare, "("); i > 0 && strings.HasSuffix(bare, ")") {
			bare = bare[:i]
			add(bare)
		}
		add(strings.TrimPrefix(bare, "中华人民共和国"))
		if _, rest, ok := strings.Cut(t, "《"); ok {
			if inner, _, ok := strings.Cut(rest, "》"); ok && strings.HasPrefix(t, "关于印发") {
				add(inner)
			}
		}
	}
	return names
}
