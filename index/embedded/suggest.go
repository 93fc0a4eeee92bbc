package embedded

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/index/stage"
)

func (e *Engine) suggest(ctx context.Context, reader *index.Reader, q index.SuggestQuery) ([]index.Suggestion, error) {
	if q.Limit <= 0 {
		q.Limit = index.DefaultSuggestions
	}
	typed := stage.Clip(index.Squash(q.Text))
	if typed == "" {
		return nil, nil
	}
	v, err := e.view()
	if err != nil {
		return nil, err
	}
	defer v.release()
	found := map[string]*completion{}
	for _, l := range stage.Lookups(typed) {
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

// completion is a name that was found.
type completion struct {
	*stage.Name
	leaves int // how many leaves hold the name
	leaf   *leafView
}

// maxScanned bounds the keys read for one lookup in one segment: a single letter may begin half of all names.
const maxScanned = 4000

// complete adds the names that a lookup reaches.
func (s *segments) complete(l stage.Lookup, found map[string]*completion) error {
	for i := range s.leaves {
		leaf := &s.leaves[i]
		dict, err := leaf.seg.Dictionary(fieldSugg)
		if err != nil {
			return fmt.Errorf("read suggestions: %w", err)
		}
		it := dict.AutomatonIterator(nil, []byte(l.Prefix), append([]byte(l.Prefix), 0xff))
		for range maxScanned {
			entry, err := it.Next()
			if err != nil {
				return fmt.Errorf("read suggestions: %w", err)
			}
			if entry == nil {
				break
			}
			name, ok := stage.ParseKey(entry.Term)
			if !ok {
				continue
			}
			name.Find(&l)
			c := &completion{Name: name, leaf: leaf, leaves: 1}
			switch old := found[name.Name]; {
			case old == nil:
				found[name.Name] = c
			case old.leaf == leaf && name.Score > old.Score:
				c.leaves = old.leaves
				found[name.Name] = c
			case old.leaf != leaf:
				old.leaves++
			}
		}
	}
	return nil
}

// suggestions orders what was found and cuts the list. Names that stand only in deleted documents are passed over.
func suggestions(found map[string]*completion, typed string, limit int, denied func(index.Suggestion) bool) []index.Suggestion {
	list := make([]*completion, 0, len(found))
	for _, c := range found {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *completion) int { return a.Order(b.Name) })
	var out []index.Suggestion
	for _, c := range list {
		if len(out) == limit {
			break
		}
		id, live := c.document()
		if !live {
			continue
		}
		if s := (index.Suggestion{Text: c.Name.Name, Kind: c.Kind, ID: id, Runs: c.Runs(typed), Why: c.Lookup.Why}); !denied(s) {
			out = append(out, s)
		}
	}
	return out
}

// document returns the ID of the only document that bears the name, and whether any does.
func (c *completion) document() (string, bool) {
	units, err := c.leaf.holding(fieldSugg, c.Key)
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
