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

// maxPassage is how much of a passage goes to the model, in runes; it reads about a piece a rune, and semantic.MaxTokens.
const maxPassage = 600

// PassageText is what is embedded of a unit of d: what it is called, what an item is called otherwise and on what
// conditions it is done, and how its text begins.
func PassageText(d *corpus.Document, u *Unit) string {
	parts := []string{u.Title}
	if d.Item != nil {
		parts = append(parts, strings.Join(d.Item.Everyday, "、"), d.Item.Parent, strings.Join(d.Item.Conditions, "；"))
	}
	text := []rune(joinNonEmpty(append(parts, u.Body), "\n"))
	return string(text[:min(len(text), maxPassage)])
}
