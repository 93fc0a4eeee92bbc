package index

import (
	"slices"

	"tongsou/corpus"
	"tongsou/index/semantic"
)

// Plan is a query made ready for an engine: what must hold, and the weighted terms that rank what does. It is the whole
// of what an engine needs to know; the lexicon, the syntax and the wording of the user stay on this side.
type Plan struct {
	// Filter holds the filters of the query and those read from its text, merged.
	Filter Filter
	// Above are divisions above those of the filter whose own items may be found too: what the place itself does not do.
	Above []string
	// Concepts are the words that carry the query's meaning, in its order. At most MaxConcepts.
	Concepts []Concept
	// Terms are the index terms to score by.
	Terms []PlanTerm
	// Phrases must stand in the text or title letter by letter; TitlePhrases in the title; Without nowhere in the unit.
	// They are folded.
	Phrases, TitlePhrases, Without []string
	// Issuer is a part of an issuer's name that must hold (发文机关:), folded.
	Issuer string
	// Number (文号) and Code (编码) put the document that bears them first; NumberOnly makes them a condition.
	Number, Code string
	NumberOnly   bool
	// Law and Article name an article of a law, or Law alone a law by its name; Law is folded.
	Law     string
	Article string // section ID: a58
	// Pinned are the documents that the operator puts first, in this order; Hidden those that must not be found.
	Pinned, Hidden []string
	// action is what the query asks to be done, as typed.
	action action
	// wishes are what the query prefers besides; intents what it asks about, in its order.
	wishes  wishes
	intents []string
	// whole is what was typed with the words of the wishes, squashed: a title may hold them.
	whole string
	// Folded is the normalised text of what was typed, without syntax and noise: what titles are compared with.
	Folded string
	Place  string
	home   string // where the citizen is, should Place be a division above that
	// provinces are those that the query speaks of, as provincesIn has them.
	provinces []string
	Sort      Sort
	Today     corpus.Date
	// Offset and Limit choose the page; Depth is how many documents of each kind an engine finds.
	Offset, Limit, Depth int
	Facets, Explain      bool
	use                  Use
	// Meaning looks for what means the same; nil when the semantic lane is off, or has nothing to say.
	Meaning *semantic.Probe
}

// Named reports whether the query names one document outright.
func (p *Plan) Named() bool { return p.Number != "" || p.Code != "" || p.Law != "" && p.Article != "" }

// MaxConcepts is the number of words of a query that count towards coverage; further ones only add to the score.
const MaxConcepts = 32

// Concept is one word of the query with the other ways to say it.
type Concept struct {
	Text string
	// Forms are the ways to say it, the first is the word as typed with weight 1.
	Forms []Form
	// Weight is how much of the query's meaning it carries, before its rarity in the index: 1 for a word, less for words
	// that name nothing specific.
	Weight float64
	// light is the share of its weight that a word has where items are ranked, 0 for a whole one.
	light float64
}

// Light reports whether the concept is a word besides the subject, which no answer need hold: the citizen's place.
func (c *Concept) Light() bool { return c.light > 0 }

// ForKind is the plan for documents of one kind. A place is a word like any other where policies and news are searched;
// of an item it is known which office does it, and its text need not say so.
func (p *Plan) ForKind(kind corpus.Kind) *Plan {
	if kind == corpus.KindItem || !slices.ContainsFunc(p.Concepts, func(c Concept) bool { return c.Light() }) {
		return p
	}
	whole := *p
	whole.Concepts, whole.Terms = slices.Clone(p.Concepts), slices.Clone(p.Terms)
	for i := range whole.Terms {
		t := &whole.Terms[i]
		if t.Concept >= 0 && p.Concepts[t.Concept].Light() {
			t.Weight /= float32(p.Concepts[t.Concept].light)
		}
	}
	for i := range whole.Concepts {
		if c := &whole.Concepts[i]; c.Light() {
			c.Weight, c.light = 1, 0
		}
	}
	return &whole
}

// Form is one way to say a concept.
type Form struct {
	Text   string
	Weight float64
	// Why is empty for the form that was typed.
	Why string
	// Learned says that it comes from the corpus and not from the lexicon: it lifts what is found, and finds nothing.
	Learned bool
	// terms are the plan's terms that a form which was not typed is made of.
	terms []int
}

// use notes that a term is a part of the form.
func (f *Form) use(term int) {
	if term >= 0 {
		f.terms = append(f.terms, term)
	}
}

// PlanTerm is one index term with what it is worth.
type PlanTerm struct {
	Text   string
	Weight float32
	// Concept is the index of the concept that a match of this term touches, -1 for none.
	Concept int
	typed   bool
}

// telling is the share of the rarity of a form's rarest term from which a term of it tells as well. At 0.65 nearly all
// terms of 辅助器具配置 tell, of 大型群众性活动安全许可 neither 活动 nor 许可.
const telling = 0.65

// Telling returns which terms tell that a unit speaks of their concept, by the rarity of each and the number of units that hold
// it: all that were typed, and of
// every other form those nearly as rare as its rarest. 许可 does not say 大型群众性活动安全许可, and would make half of all
// items an answer to whoever asks for a fair.
func (p *Plan) Telling(idf []float64, holding []int) []bool {
	tells := make([]bool, len(p.Terms))
	for i, t := range p.Terms {
		tells[i] = t.typed && t.Concept >= 0
	}
	for _, c := range p.Concepts {
		for _, f := range c.Forms {
			rarest := 0.0
			for _, i := range f.terms {
				if holding[i] > 0 { // what stands nowhere says nothing of the others
					rarest = max(rarest, idf[i])
				}
			}
			for _, i := range f.terms {
				tells[i] = tells[i] || p.Terms[i].Concept >= 0 && idf[i] >= telling*rarest
			}
		}
	}
	return tells
}

// Candidate is one unit that an engine found for a Plan, ready to be ranked.
type Candidate struct {
	Unit    string
	Doc     string
	Section *SectionRef
	Meta    *Meta
	// Body is the unit's text as it stands; Keys what else it is called.
	Body string
	// Score is BM25F over the plan's terms.
	Score float64
	// Touched has a bit for every concept of which some term matched.
	Touched uint64
	// Rank is its document's place in the hierarchy of law. It is needed with Plan.Meaning.
	Rank corpus.Rank
	// Cosine is how near the unit is to the query in meaning; 0 without Plan.Meaning. Passage is the one of its Passages that
	// is that near.
	Cosine  float64
	Passage int
}

// Stats tells the ranking how rare each concept is among the documents of a kind.
type Stats struct {
	// Rarity of each concept of the plan: the idf of its typed form, ln(1 + (N − n + 0.5)/(n + 0.5)).
	Rarity []float64
	// Best is the score that a short unit matching every term once would have; scores are judged relative to it.
	Best float64
	// Near is the cosine of the unit nearest in meaning; 0 without Plan.Meaning.
	Near float64
}
