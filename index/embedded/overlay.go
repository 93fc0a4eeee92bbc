package embedded

import (
	"fmt"

	"tongsou/index"
)

// heads returns the units that stand for a document in this leaf: one, or none when it lies elsewhere.
func (l *leaf) heads(id string) ([]uint32, error) {
	units, err := l.seg.DocNumbers([]string{id})
	if err != nil {
		return nil, fmt.Errorf("look up document %s: %w", id, err)
	}
	return units.ToArray(), nil
}

// hide closes a gate to documents.
func (l *leaf) hide(g *gate, ids []string) error {
	for _, id := range ids {
		heads, err := l.heads(id)
		if err != nil {
			return err
		}
		if g.hidden == nil {
			g.hidden = map[uint32]bool{}
		}
		for _, h := range heads {
			g.hidden[l.columns.doc[h]] = true
		}
	}
	return nil
}

// pinned returns the units of the documents that the operator puts first, those that the scan found as it found them, and
// how many of the documents do not match, so that the scan did not count them. A filter holds for them as well.
func (s *segments) pinned(plan *index.Plan, gates []gate, top []scored) (list []scored, more int, err error) {
	for _, id := range plan.Pinned {
		for li := range s.leaves {
			l := &s.leaves[li]
			heads, err := l.heads(id)
			if err != nil {
				return nil, 0, err
			}
			for _, h := range heads {
				doc := l.columns.doc[h]
				if !l.live(h) || l.columns.head[doc] != h || gates[li].failed(h, doc) != 0 {
					continue
				}
				found := s.unitsOf(docKey{li, doc}, top)
				if len(found) == 0 {
					found = []scored{{leaf: li, unit: h}}
				}
				list = append(list, found...)
				if !matches(found) {
					more++
				}
			}
		}
	}
	return list, more, nil
}

func (s *segments) unitsOf(key docKey, top []scored) []scored {
	var list []scored
	for _, u := range top {
		if u.leaf == key.leaf && s.leaves[u.leaf].columns.doc[u.unit] == key.doc {
			list = append(list, u)
		}
	}
	return list
}

func matches(units []scored) bool {
	for _, u := range units {
		if u.matches {
			return true
		}
	}
	return false
}
