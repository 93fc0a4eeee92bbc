package index

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"tongsou/corpus"
	"tongsou/index/semantic"
)

// WhyMeaning says that something was found by what it means and shares no word with the query.
const WhyMeaning = "按意思匹配"

// Meaning is the semantic lane over an engine's documents: the model that embeds queries and passages, what was learned of
// how questions lead to passages, and the passages' vectors. All fields but Adapter must be set.
type Meaning struct {
	Embedder semantic.Embedder
	Adapter  *semantic.Adapter
	Lane     *semantic.Lane
	status   atomic.Pointer[MeaningStatus]
	work     meaningWork
}

// Probe embeds what a query looks for. It returns nil, and no error, for a query that names its answer or describes none: a
// 文号, a code, a phrase in quotes, filters alone, an order by date; and for one in which every widening is off.
func (m *Meaning) Probe(ctx context.Context, q Query, plan *Plan) (*semantic.Probe, error) {
	exact := plan.Named() || plan.NumberOnly || len(plan.Phrases)+len(plan.TitlePhrases) > 0
	if m == nil || exact || q.Verbatim || plan.Sort == ByDate || len(plan.Terms) == 0 || plan.Folded == "" || m.Lane.Len() == 0 {
		return nil, nil
	}
	v, err := m.Vector(ctx, plan.asked())
	if err != nil {
		return nil, err
	}
	return m.Lane.Probe(v), nil
}

// asked is what the query says, with its place and its wishes: the model knows what to make of them.
func (p *Plan) asked() string {
	if p.whole != "" {
		return p.whole
	}
	return p.Folded
}

// Vector embeds a query.
func (m *Meaning) Vector(ctx context.Context, text string) ([]float32, error) {
	began := time.Now()
	vectors, err := m.Embedder.Embed(ctx, []string{text})
	m.work.query(time.Since(began), err)
	if err != nil {
		return nil, fmt.Errorf("embed query: %w", err)
	}
	return m.Adapter.Apply(vectors[0]), nil
}

// Passage is what is embedded of a unit at once. ID names it in the store and, as semantic.Key, in a lane.
type Passage struct{ ID, Text string }

// passageCut names the way in which Passages cuts: raise it when that changes, and stores make what they lack.
const passageCut = "2"

// A passage reads a unit's text from where the one before it began plus passageStep runes. The model reads some 250 (see
// semantic.MaxTokens), the title among them; the rest is overlap, so that no sentence is read only in halves.
const (
	passageStep   = 180
	passageLength = 220
	maxPassage    = 600 // of a first passage, in runes; it reads about a piece a rune
)

// Passages are what is embedded of a unit of d. The first is what it is called, what an item is called otherwise and on what
// conditions it is done, and how its text begins. What a longer section says after that stands in further passages under its
// title: by the first alone a question finds the whole policy that answers it with nDCG@10 .613, by all of them with .761
// (beir/ncp, vectors alone). News says in its beginning what it is about, and its further passages led there less often
// (.744) while being half as many again as all others.
func Passages(d *corpus.Document, u *Unit) []Passage {
	parts := []string{u.Title}
	if d.Item != nil {
		parts = append(parts, strings.Join(d.Item.Everyday, "、"), d.Item.Parent, strings.Join(d.Item.Conditions, "；"))
	}
	first := []rune(joinNonEmpty(append(parts, u.Body), "\n"))
	list := []Passage{{u.ID, string(first[:min(len(first), maxPassage)])}}
	if d.Kind != corpus.KindPolicy {
		return list
	}
	body := []rune(u.Body)
	for from := passageStep; from+passageLength-passageStep < len(body) && len(list) < semantic.MaxPassages; from += passageStep {
		text := string(body[from:min(len(body), from+passageLength)])
		list = append(list, Passage{semantic.PassageID(u.ID, len(list)), joinNonEmpty([]string{u.Title, text}, "\n")})
	}
	return list
}
