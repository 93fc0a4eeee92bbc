package eval

import (
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"slices"
	"strings"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/index/semantic"
)

// Meant is a judged set whose index can search by meaning, with the vectors of its passages.
type Meant struct {
	Judged
	Meaning *index.Meaning
	Vectors *VectorFile
	// Switch sets the semantic lane of the index, nil for off.
	Switch func(*index.Meaning)
}

// Of every query so many passages are shown that its words, or its vector, take for answers, and so many drawn by chance.
const (
	shownByWords   = 60
	shownByMeaning = 60
	shownByChance  = 60
)

// Lessons are the judged queries of several sets as examples to learn an adapter from.
type Lessons []lesson

// lesson is an example with the query that it is of. order mixes the sets.
type lesson struct {
	query, order string
	semantic.Example
}

// GatherLessons makes an example of every judged query of the sets. The same sets give the same examples.
func GatherLessons(ctx context.Context, sets []Meant, r index.Ranking) (Lessons, error) {
	var all Lessons
	for i, s := range sets {
		l, err := lessonsOf(ctx, s, i, r)
		if err != nil {
			return nil, fmt.Errorf("examples of %s: %w", s.Name, err)
		}
		all = append(all, l...)
	}
	slices.SortStableFunc(all, func(a, b lesson) int { return strings.Compare(a.order, b.order) })
	return all, nil
}

// Learn learns an adapter from the examples of the queries that keep keeps.
func (l Lessons) Learn(how semantic.Lesson, keep func(query string) bool) *semantic.Adapter {
	var list []semantic.Example
	for _, x := range l {
		if keep(x.query) {
			list = append(list, x.Example)
		}
	}
	return semantic.Learn(list, how)
}

// Held reports whether a fold of so many holds a query out. Queries of one ID in several sets, as a question and its short
// form, are of one fold.
func Held(query string, fold, folds int) bool { return int(draw(query))%folds == fold }

func draw(parts ...string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(strings.Join(parts, "\x00"))) // never fails
	x := h.Sum32()                                      // FNV's low bits follow the last byte: mixed as in MurmurHash3
	x = (x ^ x>>16) * 0x85ebca6b
	x = (x ^ x>>13) * 0xc2b2ae35
	return x ^ x>>16
}

// CrossValidate judges every set three ways, over the queries that each fold holds out from the adapter: by the words alone,
// with the model as it is, and with the adapter. It writes the figures to out.
func (l Lessons) CrossValidate(ctx context.Context, sets []Meant, r index.Ranking, how semantic.Lesson, folds int, out io.Writer) error {
	const ways = 3
	runs := make([][ways][]Run, len(sets))
	for fold := range folds {
		adapter := l.Learn(how, func(q string) bool { return !Held(q, fold, folds) })
		for i, s := range sets {
			part := s.Set.Only(func(q Query) bool { return Held(q.ID, fold, folds) })
			if len(part.Queries) == 0 {
				continue
			}
			with := func(a *semantic.Adapter) *index.Meaning {
				return &index.Meaning{Embedder: s.Meaning.Embedder, Adapter: a, Lane: s.Meaning.Lane}
			}
			for way, m := range [ways]*index.Meaning{nil, with(nil), with(adapter)} {
				s.Switch(m)
				_, found, err := Judge(ctx, s.Index.Tuned(r), part)
				if err != nil {
					return err
				}
				runs[i][way] = append(runs[i][way], found...)
			}
		}
	}
	for i, s := range sets {
		fmt.Fprintln(out, s.Name)
		for way, name := range [ways]string{"  words          ", "  and the model  ", "  and the adapter"} {
			fmt.Fprintln(out, name, Measure(runs[i][way], s.Set.Grades))
		}
	}
	return nil
}

// lessonsOf makes an example of every judged query of a set.
func lessonsOf(ctx context.Context, s Meant, number int, r index.Ranking) ([]lesson, error) {
	passages, keys := map[string][][]float32{}, []uint64(nil)
	var docs []string
	for _, d := range s.Set.Documents {
		for _, u := range index.Units(d) {
			for _, p := range index.Passages(d, &u) {
				v, ok := s.Vectors.vector(p.Text)
				if !ok {
					return nil, fmt.Errorf("passage %s has no vector", p.ID)
				}
				passages[d.ID] = append(passages[d.ID], v)
			}
			keys, docs = append(keys, semantic.Key([]byte(u.ID))), append(docs, d.ID)
		}
	}
	s.Switch(nil)
	words := s.Index.Tuned(r)
	plain := &index.Meaning{Embedder: s.Meaning.Embedder, Lane: s.Meaning.Lane}
	var list []lesson
	for _, q := range s.Set.Queries {
		v, err := plain.Vector(ctx, q.Text)
		if err != nil {
			return nil, err
		}
		shown, err := shownFor(ctx, words, q, s.Set.Kinds, docs, nearestDocs(plain.Lane, v, keys, docs))
		if err != nil {
			return nil, err
		}
		l := lesson{query: q.ID, order: fmt.Sprintf("%08x %d", draw(q.ID, s.Name), number), Example: semantic.Example{Query: v}}
		for _, id := range slices.Sorted(maps.Keys(s.Set.Grades[q.ID])) {
			if s.Set.Grades[q.ID][id] > 0 && len(passages[id]) > 0 {
				l.Right = append(l.Right, closest(v, passages[id]))
			}
		}
		for _, id := range shown {
			if s.Set.Grades[q.ID][id] == 0 {
				l.Others = append(l.Others, closest(v, passages[id]))
			}
		}
		if len(l.Right) > 0 {
			list = append(list, l)
		}
	}
	return list, nil
}

// nearestDocs are the documents nearest to a query in meaning.
func nearestDocs(lane *semantic.Lane, v []float32, keys []uint64, docs []string) []string {
	probe := lane.Probe(v)
	if probe == nil {
		return nil
	}
	scan := probe.Scan(semantic.Shortlist)
	scan.Add(0, probe.Rows(keys), func(uint32) bool { return true })
	var list []string
	for _, n := range scan.Nearest(shownByMeaning) {
		list = append(list, docs[n.Unit])
	}
	return list
}

// shownFor are the documents of the kinds asked for that an example shows beside those that answer, each once.
func shownFor(ctx context.Context, words index.Searcher, q Query, kinds []corpus.Kind, docs, near []string) ([]string, error) {
	res, err := words.Search(ctx, index.Query{Text: q.Text, Filter: index.Filter{Kinds: kinds}, Limit: shownByWords})
	if err != nil {
		return nil, err
	}
	list := near
	for _, g := range res.Groups {
		for _, h := range g.Hits {
			list = append(list, h.ID)
		}
	}
	for i := range shownByChance {
		list = append(list, docs[int(draw(q.ID, fmt.Sprint(i)))%len(docs)])
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// closest is the passage of a document that is nearest to a query.
func closest(v []float32, passages [][]float32) []float32 {
	best, most := passages[0], float32(-2)
	for _, p := range passages {
		sum := float32(0)
		for i, x := range p {
			sum += x * v[i]
		}
		if sum > most {
			best, most = p, sum
		}
	}
	return best
}
