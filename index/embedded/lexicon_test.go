package embedded_test

import (
	"context"
	"strings"
	"testing"

	"tongsou/index"
	"tongsou/segment"
)

// TestLexiconLeadsSomewhere refuses entries whose official term finds nothing in the sample and is no term by the
// dictionary either. The sample has 246 items and the lexicon serves a whole country's, so a term that the sample lacks must
// at least be spelt of words.
func TestLexiconLeadsSomewhere(t *testing.T) {
	e := sampleSearcher(t)
	l, err := segment.DefaultLexicon()
	if err != nil {
		t.Fatal(err)
	}
	s, err := segment.Default()
	if err != nil {
		t.Fatal(err)
	}
	known := func(term string) bool {
		if s.Spelt(term) {
			return true
		}
		res, err := e.Search(context.Background(), index.Query{Text: term, Limit: 1, Verbatim: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range res.Groups {
			if len(g.Hits) > 0 && g.Hits[0].Sure {
				return true
			}
		}
		return false
	}
	for _, line := range l.Unknown(known) {
		t.Error(line)
	}
	bad, err := segment.ReadLexicon("bad.txt", strings.NewReader("租房 => 房屋租凭備桉蹬记\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(bad.Unknown(known)) != 1 {
		t.Error("a misspelt term is taken for one")
	}
}
