package embedded

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/index/stage"
	"tongsou/segment"
)

func (e *Engine) search(ctx context.Context, reader *index.Reader, q index.Query) (*index.Result, error) {
	began := time.Now()
	if q.Today == "" {
		q.Today = corpus.DateOf(e.options.Now())
	}
	v, err := e.view()
	if err != nil {
		return nil, err
	}
	defer v.release()
	return stage.Answer(ctx, v, reader, q, e.meaning.Load(), began)
}

// half is a context that ends when half of the time that ctx has left is over.
func half(ctx context.Context) (context.Context, context.CancelFunc) {
	if end, ok := ctx.Deadline(); ok {
		return context.WithTimeout(ctx, time.Until(end)/2)
	}
	return ctx, func() {}
}

// Halved implements stage.View.
func (v *view) Halved() bool { return v.halved }

// Find implements stage.View.
func (v *view) Find(ctx context.Context, kind corpus.Kind, plan *index.Plan, ranking *index.Ranking, load bool) (*index.Found, *stage.Tally, error) {
	found, count, err := v.find(ctx, kind, plan, ranking, load)
	if err != nil {
		return nil, nil, err
	}
	return found, count.whole(), nil
}

// find scans the segments of one kind and loads the candidates for ranking.
func (v *view) find(ctx context.Context, kind corpus.Kind, plan *index.Plan, ranking *index.Ranking, load bool) (*index.Found, *tally, error) {
	s := v.kinds[kind]
	found := &index.Found{Kind: kind}
	if s == nil {
		return found, &tally{kind: kind}, nil
	}
	began := time.Now()
	gates, err := s.gates(ctx, kind, plan, found)
	if err != nil {
		return nil, nil, err
	}
	// The best units belong to few documents where one law says it in many articles; then more units are looked at. Eight
	// times the depth suffices for nearly all queries, and a second scan costs more than a larger heap.
	head := 2 * ranking.Depth
	keep := bounds{any: max(head, 2*plan.Limit), matching: max(8*ranking.Depth, 2*plan.Depth)}
	near, err := s.near(plan, gates)
	if err != nil {
		return nil, nil, err
	}
	if plan.Meaning != nil {
		head *= 2 // what one lane puts low the other may put first
	}
	keep.any = max(keep.any, head)
	out, err := s.scan(ctx, plan, ranking, gates, tally{facets: plan.Facets, kind: kind, today: plan.Today}, keep, near)
	for load && err == nil && out.more && !out.partial && !s.enough(out, plan.Depth) {
		keep.matching *= 4
		deeper, late := s.scan(ctx, plan, ranking, gates, tally{facets: plan.Facets, kind: kind, today: plan.Today}, keep, near)
		if stage.OutOfTime(late) || late == nil && deeper.partial {
			found.Partial = true // the first scan saw everything, only less deep
			break
		}
		out, err = deeper, late
	}
	if err != nil {
		return nil, nil, err
	}
	found.Total, found.Stats, found.Partial = out.count.total, out.stats, found.Partial || out.partial
	found.Stages.Scan = time.Since(began)
	if !load {
		return found, &out.count, nil
	}
	picked, err := s.named(plan, gates)
	if err != nil {
		return nil, nil, err
	}
	pins, more, err := s.pinned(plan, gates, out.top)
	if err != nil {
		return nil, nil, err
	}
	picked = append(pins, picked...)
	found.Total += more
	top := out.top
	if plan.Meaning != nil {
		if top, err = s.fuse(plan, ranking, kind, out, near, head); err != nil {
			return nil, nil, err
		}
		head += len(near)
		found.Stats = out.stats
	}
	want := wanted{head: len(picked) + head, depth: plan.Depth, total: out.count.total}
	if len(near) > 0 {
		want.depth = max(want.depth, head) // what both lanes found is ordered as a whole
	}
	if plan.Offset == 0 {
		want.fill = plan.Limit
	}
	loading := time.Now()
	found.Candidates, err = s.load(append(picked, top...), want)
	found.Stages.Load = time.Since(loading)
	return found, &out.count, err
}

// gates compiles the conditions for every leaf. Phrases may take half of the time: the rest is for those that pass.
func (s *segments) gates(ctx context.Context, kind corpus.Kind, plan *index.Plan, found *index.Found) ([]gate, error) {
	ctx, cancel := half(ctx)
	defer cancel()
	gates := make([]gate, len(s.leaves))
	for i := range s.leaves {
		gates[i] = newGate(s.leaves[i].columns, kind, plan)
		whole, err := s.narrow(ctx, i, &gates[i], plan)
		if err != nil {
			return nil, err
		}
		found.Partial = found.Partial || !whole
	}
	return gates, nil
}

// docKey names a document of a view.
type docKey struct {
	leaf int
	doc  uint32
}

// enough reports whether depth documents that match, or all there are, have a unit among those kept.
func (s *segments) enough(out *outcome, depth int) bool {
	docs := map[docKey]bool{}
	for _, u := range out.top {
		if u.matches {
			docs[docKey{u.leaf, s.leaves[u.leaf].columns.doc[u.unit]}] = true
		}
	}
	return len(docs) >= min(depth, out.count.total)
}

// wanted says how much load reads: depth documents that match, of which there are total. What stands first must be the
// same for every page, whatever its depth: so the first head units tell all there is to say of a document, and those after
// them only bring further documents that match, or any until a first page of fill documents is full. A document that was
// brought by a unit that does not match gets the one for which it was counted, too.
type wanted struct{ head, depth, total, fill int }

// load reads what ranking needs of the units found.
func (s *segments) load(units []scored, want wanted) ([]index.Candidate, error) {
	metas := map[docKey]*index.Meta{}
	matching := map[docKey]bool{}
	taken := map[[2]int]bool{}
	var list []index.Candidate
	for i, u := range units {
		if taken[[2]int{u.leaf, int(u.unit)}] {
			continue
		}
		taken[[2]int{u.leaf, int(u.unit)}] = true
		l := &s.leaves[u.leaf]
		key := docKey{u.leaf, l.columns.doc[u.unit]}
		meta := metas[key]
		if meta == nil && len(matching) >= want.depth {
			continue
		}
		switch full := len(matching) >= want.total || !u.matches; {
		case i < want.head:
		case meta != nil && (matching[key] || !u.matches), meta == nil && full && len(metas) >= want.fill:
			continue
		}
		if meta == nil {
			st, err := l.stored(l.columns.head[key.doc])
			if err != nil {
				return nil, err
			}
			meta = st.Meta
			metas[key] = meta
		}
		if u.matches {
			matching[key] = true
		}
		st, err := l.stored(u.unit)
		if err != nil {
			return nil, err
		}
		list = append(list, index.Candidate{
			Doc: meta.ID, Section: st.Ref, Meta: meta, Body: st.Body, Score: float64(u.score), Touched: u.touched,
			Rank: corpus.Rank(l.columns.rank[key.doc]), Cosine: u.cosine, Passage: u.passage,
		})
	}
	return list, nil
}

// stored reads what is kept with a unit.
func (l *leaf) stored(unit uint32) (*stored, error) {
	var st *stored
	var unpack error
	err := l.seg.VisitStoredFields(uint64(unit), func(name string, _ byte, value []byte, _ []uint64) bool {
		if name != fieldStored {
			return true
		}
		st, unpack = l.codec.unpack(value)
		return false
	})
	if err == nil {
		err = unpack
	}
	if err == nil && st == nil {
		err = errors.New("nothing stored")
	}
	if err != nil {
		return nil, fmt.Errorf("read stored unit %d: %w; run `tongsou check`", unit, err)
	}
	return st, nil
}

// named returns the units that the query names outright: by document number, code, or law and article. They become
// candidates whatever their words score.
func (s *segments) named(plan *index.Plan, gates []gate) ([]scored, error) {
	var list []scored
	for li := range s.leaves {
		l := &s.leaves[li]
		pick := func(unit uint32) {
			doc := l.columns.doc[unit]
			if l.live(unit) && l.columns.head[doc] != noHead && gates[li].failed(unit, doc) == 0 {
				list = append(list, scored{leaf: li, unit: unit})
			}
		}
		for _, look := range [...]struct{ field, value string }{{fieldNumber, plan.Number}, {fieldCode, plan.Code}, {fieldName, plan.Law}} {
			if look.value == "" {
				continue
			}
			units, err := l.holding(look.field, look.value)
			if err != nil {
				return nil, err
			}
			for _, u := range units {
				pick(u)
				if look.field == fieldName && plan.Article != "" {
					article, err := l.unitsByID(u, plan.Article)
					if err != nil {
						return nil, err
					}
					for _, a := range article {
						pick(a)
					}
				}
			}
		}
	}
	return list, nil
}

// holding returns the units whose keyword field holds value.
func (l *leaf) holding(name, value string) ([]uint32, error) {
	dict, err := l.seg.Dictionary(name)
	if err != nil {
		return nil, fmt.Errorf("read dictionary of field %s: %w", name, err)
	}
	pl, err := dict.PostingsList([]byte(value), nil, nil)
	if err != nil {
		return nil, fmt.Errorf("look up %s in field %s: %w", value, name, err)
	}
	return bitmap(pl).ToArray(), nil
}

// unitsByID returns the unit of a section of the document whose head is given.
func (l *leaf) unitsByID(head uint32, section string) ([]uint32, error) {
	id, err := l.seg.DocID(uint64(head))
	if err != nil {
		return nil, fmt.Errorf("read the ID of unit %d: %w", head, err)
	}
	units, err := l.seg.DocNumbers([]string{string(id) + "#" + section})
	if err != nil {
		return nil, fmt.Errorf("look up section %s of %s: %w", section, id, err)
	}
	return units.ToArray(), nil
}

// narrow adds to a gate what needs the postings or the text: phrases, excluded words, and numbers as conditions. It
// reports whether there was time for all of it.
func (s *segments) narrow(ctx context.Context, li int, g *gate, plan *index.Plan) (whole bool, err error) {
	l := &s.leaves[li]
	whole = true
	if err := l.hide(g, plan.Hidden); err != nil {
		return false, err
	}
	for _, w := range plan.Without {
		units, unread, err := l.verified(ctx, w, false)
		if err != nil {
			return false, err
		}
		if g.without == nil {
			g.without = map[uint32]bool{}
		}
		for u := range units {
			g.without[u] = true
		}
		for _, u := range unread { // what nobody had time to read may hold the word
			g.without[u] = true
		}
		whole = whole && len(unread) == 0
	}
	for i, phrase := range append(append([]string{}, plan.Phrases...), plan.TitlePhrases...) {
		units, unread, err := l.verified(ctx, phrase, i >= len(plan.Phrases))
		if err != nil {
			return false, err
		}
		whole = whole && len(unread) == 0
		g.restrict(units)
	}
	if plan.NumberOnly {
		units := map[uint32]bool{}
		for _, look := range [...][2]string{{fieldNumber, plan.Number}, {fieldCode, plan.Code}} {
			if look[1] == "" {
				continue
			}
			heads, err := l.holding(look[0], look[1])
			if err != nil {
				return false, err
			}
			for _, u := range heads {
				units[u] = true
			}
		}
		g.restrict(units)
	}
	g.browse = g.only != nil || len(plan.Terms) == 0
	return whole, nil
}

// restrict keeps only units that every condition allows.
func (g *gate) restrict(units map[uint32]bool) {
	if g.only == nil {
		g.only = units
		return
	}
	for u := range g.only {
		if !units[u] {
			delete(g.only, u)
		}
	}
}

// verified returns the units in whose text or title a phrase stands letter by letter, punctuation and blanks aside. The
// pairs of the phrase narrow it to a few units, whose text is then read: bleve would need positions of every term for
// this, which make an index half as large again. What is a term itself, as two characters are and any word, need not be looked
// for where it was counted. A phrase of common words that is none may stand in so many units that there is no time to read them
// all: the others are unread.
func (l *leaf) verified(ctx context.Context, phrase string, titleOnly bool) (kept map[uint32]bool, unread []uint32, err error) {
	units, err := l.withAll(phrase)
	if err != nil {
		return nil, nil, err
	}
	term, err := l.postings(phrase)
	if err != nil {
		return nil, nil, err
	}
	kept = map[uint32]bool{}
	titles := map[uint32]bool{} // whether the title of a document says it
	for i, u := range units {
		if !titleOnly && term.inBody(u) {
			kept[u] = true
			continue
		}
		if err := ctx.Err(); stage.OutOfTime(err) {
			return kept, units[i:], nil
		} else if err != nil {
			return nil, nil, err
		}
		if !titleOnly {
			st, err := l.stored(u)
			if err != nil {
				return nil, nil, err
			}
			if says(st.Body, phrase) {
				kept[u] = true
				continue
			}
		}
		doc := l.columns.doc[u]
		said, known := titles[doc]
		if head := l.columns.head[doc]; !known && head != noHead {
			h, err := l.stored(head)
			if err != nil {
				return nil, nil, err
			}
			said = says(h.Meta.Title, phrase)
			titles[doc] = said
		}
		if said {
			kept[u] = true
		}
	}
	return kept, nil, nil
}

// says reports whether a phrase stands in a text.
func says(text, phrase string) bool {
	return strings.Contains(text, phrase) || strings.Contains(index.Squash(text), phrase)
}

// withAll returns the units that hold every pair of characters, and every run of letters, of a phrase.
func (l *leaf) withAll(phrase string) ([]uint32, error) {
	var units []uint32
	first := true
	for _, t := range segment.Grams(phrase) {
		if t.Part && len(phrase) > len(t.Text) {
			continue // a single character says less than the pair that begins with it
		}
		p, err := l.postings(t.Text)
		if err != nil {
			return nil, err
		}
		if first {
			units, first = p.units(), false
			continue
		}
		units = intersect(units, p.units())
	}
	return units, nil
}

// intersect returns what two ascending lists have in common.
func intersect(a, b []uint32) []uint32 {
	var out []uint32
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			out = append(out, a[i])
			i, j = i+1, j+1
		}
	}
	return out
}

// HasItems implements index.Places. The values of a column are in order.
func (v *view) HasItems(region string, below bool) bool {
	s := v.kinds[corpus.KindItem]
	if s == nil {
		return false
	}
	for _, l := range s.leaves {
		values := l.columns.facet[regions].values
		i, found := slices.BinarySearch(values, region)
		if found || below && i < len(values) && strings.HasPrefix(values[i], region) {
			return true
		}
	}
	return false
}

// Frequency implements index.Terms over all kinds. Postings that cannot be read count as none: the search that follows
// reads them again and says what is wrong.
func (v *view) Frequency(term string) int {
	n := 0
	for _, s := range v.kinds {
		for li := range s.leaves {
			if held, err := s.leaves[li].frequency(term); err == nil {
				n += held
			}
		}
	}
	return n
}
