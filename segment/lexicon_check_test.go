package segment_test

import (
	"testing"

	"tongsou/segment"
)

func lexicon(t testing.TB) *segment.Lexicon {
	t.Helper()
	l, err := segment.DefaultLexicon()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLexiconIsLargeAndSound(t *testing.T) {
	l := lexicon(t)
	if l.Len() < 4000 {
		t.Errorf("%d entries, want at least 4,000", l.Len())
	}
	for _, problem := range l.Check() {
		t.Error(problem)
	}
}
