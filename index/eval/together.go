package eval

import (
	"fmt"
	"reflect"
	"slices"

	"tongsou/corpus"
)

// Together gives every set the documents of all of them, as a portal has its laws, policies and answers in one index: sets
// that are judged each alone do not show that the articles of law push every notice down. A set is then asked for documents
// of the kinds that answer it, since kinds are groups of their own in an answer. Grades stay what they are: what another
// set's document answers is unknown and counts as nothing. A document that stands in several sets counts once; two that
// differ under one ID are an error.
func Together(sets []*Set) ([]*Set, error) {
	seen := map[string]*corpus.Document{}
	var all []*corpus.Document
	for _, s := range sets {
		for _, d := range s.Documents {
			if other := seen[d.ID]; other == nil {
				seen[d.ID] = d
				all = append(all, d)
			} else if !reflect.DeepEqual(d, other) {
				return nil, fmt.Errorf("two sets have different documents with the ID %q", d.ID)
			}
		}
	}
	joined := make([]*Set, len(sets))
	for i, s := range sets {
		with := *s
		with.Documents, with.Kinds = all, nil
		for _, grades := range s.Grades {
			for id, grade := range grades {
				if kind := seen[id].Kind; grade > 0 && !slices.Contains(with.Kinds, kind) {
					with.Kinds = append(with.Kinds, kind)
				}
			}
		}
		slices.Sort(with.Kinds)
		joined[i] = &with
	}
	return joined, nil
}
