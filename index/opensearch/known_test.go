package opensearch

import (
	"testing"

	"tongsou/corpus"
)

// TestFrequenciesOutliveFewChanges keeps what a search has asked for while few documents change beside those there are, and
// asks again when that has gone on for long.
func TestFrequenciesOutliveFewChanges(t *testing.T) {
	k := newKnown()
	k.kinds[corpus.KindNews] = statistics{units: 5000}
	k.frequencies.missing(corpus.KindNews, []string{"热线"})
	k.frequencies.of[corpus.KindNews]["热线"] = 7
	for _, step := range []struct {
		changes uint64
		kept    bool
	}{{2, true}, {3, true}, {1, false}} {
		k = k.after(step.changes)
		if kept := k.frequencies.get(corpus.KindNews, "热线") == 7; kept != step.kept {
			t.Fatalf("after %d more changes beside 5000 units the frequency is kept: %v, want %v", step.changes, kept, step.kept)
		}
		if len(k.kinds) > 0 {
			t.Fatal("the number of units is not asked for again")
		}
	}
	if m := k.frequencies.missing(corpus.KindNews, []string{"热线"}); len(m) != 1 {
		t.Errorf("a forgotten term is not asked for again: %v", m)
	}
}
