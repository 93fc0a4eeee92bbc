package index

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"tongsou/corpus"
	"tongsou/segment"
)

// Ranking holds every weight that decides the order of an answer. Change one, run `tongsou eval` on the judged sets and
// the golden ranking test, and keep what pays on all of them. The zero Ranking is of no use; start from DefaultRanking.
type Ranking struct {
	// BM25F over the fields title, keys and body: the weight of a field, how much its length matters (b, 0 to 1), and
	// how soon repetition stops counting (k1).
	FieldWeight [3]float64
	LengthB     [3]float64
	K1          float64
	// IDFPower sharpens (above 1) or flattens the rarity of terms.
	IDFPower float64
	// What a term is worth by what it is in the query's segmentation: a word of two characters, the pair across two
	// words, a single character, a word of three and more, a dictionary word inside such a word.
	Word, Cross, Single, Long, Part float64
	// Latin is what a run of letters and digits is worth: 12345, ETC, a masked place.
	Latin float64
	// Widening scales the weights of what the lexicon adds to a query.
	Widening float64
	// Learned is the weight of a widening that was learned from the corpus, before its strength; at most 0.3, which is the
	// least that the lexicon gives. 0 turns them off. The judged sets do not tell 0.1 from 0.3, so it is the smaller.
	Learned float64
	// MatchCoverage is the share of the query's weight that a unit must touch for its document to count in totals and
	// facets. Ranking looks at every unit that holds any term, because the last resort of a long question may be one word,
	// but 50,000 documents that share one common word with it are no answer.
	MatchCoverage float64
	// NamedCoverage is the share that a hit needs beside what a query names outright (a document number, a code, an
	// article): who asks for 国发〔2019〕5号 does not want everything that has a 5 in its number.
	NamedCoverage float64
	// CoverageBoost raises the score of a unit in the first stage by its share of the query's weight.
	CoverageBoost float64
	// Authority raises the score of a unit in the first stage by its document's place in the hierarchy of law. A document that
	// is no text of law stands among national laws: without that a portal's notices and answers are buried under articles of
	// the codes that share a few words with the question.
	Authority [corpus.Ranks]float64
	// Depth is the number of documents of each kind that are ranked again over their text. Those beyond follow in the
	// order of the first stage, so that every page is cut from the same list.
	Depth int

	// The second stage: what each feature adds to the unit's BM25F (which is scaled so that 1 is a very good match).
	Coverage   float64 // share of the query's weight in the text, judged by whole words
	Passage    float64 // share of the query's weight within the best passage of 60 characters
	Run        float64 // longest run of the query's characters in the text, as a share of the query
	Title      float64 // share of the query's weight in the title
	TitleFit   float64 // share of the title that the query explains, times the share of the query in the title
	TitleExact float64 // the title, or an everyday name, is the query
	ActionFit  float64 // an item's name says the action that the query asks for: 补办 for 丢了
	ActionElse float64 // taken when it says another, or when the query asks for none: 补办 for 烟草证
	Second     float64 // what the second-best section of a document adds, as a share of its score
	// What speaks for a hit; at 1 it is above the confidence line. The shares of Title and TitleFit, an everyday expression
	// whose official term the title bears, the share of Coverage, and that share for what is no item.
	SureTitle, SureFit, SureWidened, SureCoverage, SureText float64
	// What is taken from a document that is no longer, or not yet, in force.
	Amended, Repealed, NotYet float64
	// What an item's place adds when it is the citizen's own, one above it, or somewhere else (negative).
	PlaceOwn, PlaceAbove, PlaceElsewhere float64
	// Elsewhere is taken from a policy and from news about another province than the query speaks of.
	Elsewhere float64
	// WishFirst is the share by which what is done in the citizen's place, and what answers the query's wishes, is raised
	// in the first stage, so that it is among those that are judged however many places have the item.
	WishFirst float64
	// LightWord is what a word is worth that names a place or a paper in the citizen's hand and not the subject.
	LightWord float64
	// What an item adds that serves the people spoken of, that has the conveniences asked for, and whose materials are all
	// in the citizen's hands; the last is taken from one that needs what is lacking.
	Audience, Convenience, Held float64
	// Meaning is what the cosine of meaning adds to an item, a policy and a piece of news where the semantic lane is on, in
	// both stages. MeaningOfLaw is what a text of law loses beside that for being less near than the nearest (Stats.Near): its
	// words are few and far from a citizen's, so that among laws the meaning must say more than among notices. Counted from
	// the nearest, no law is put before a notice for being one.
	Meaning      [3]float64
	MeaningOfLaw float64
	// Use bounds what a document gains or loses by what people made of earlier answers: less than any judgement of its name.
	Use float64
}

// DefaultRanking returns the weights that `tongsou` uses unless the configuration says otherwise.
func DefaultRanking() Ranking {
	return Ranking{
		FieldWeight: [3]float64{1.6, 1.6, 1}, LengthB: [3]float64{0.6, 0.6, 0.85}, K1: 1.2, IDFPower: 1.3,
		Word: 1, Cross: 0.6, Single: 1, Long: 0.2, Part: 0.1, Latin: 1.5, Widening: 0.6, Learned: 0.1,
		MatchCoverage: 0.5, NamedCoverage: 0.6, CoverageBoost: 0.3, Depth: 24,
		Authority: [corpus.Ranks]float64{0, 0.4, 0, 0.1, 0.3, 0.8},
		Coverage:  0.05, Passage: 0.1, Run: 0.03, Title: 0.1, TitleFit: 0.3, TitleExact: 0.3, Second: 0.05, ActionFit: 0.05, ActionElse: 0.05,
		SureTitle: 1.12, SureFit: 1.02, SureWidened: 0.8, SureCoverage: 0.3, SureText: 2,
		Amended: 0.25, Repealed: 0.4, NotYet: 0.1,
		PlaceOwn: 0.75, PlaceAbove: 0.15, PlaceElsewhere: -0.3, Elsewhere: 0.2, WishFirst: 0.2,
		LightWord: 0.4, Audience: 0.08, Convenience: 0.1, Held: 0.2, Use: 0.05,
		Meaning: [3]float64{0.5, 3, 2}, MeaningOfLaw: 3,
	}
}

// Ranked is one document after ranking: its best unit first, then its other units that were candidates.
type Ranked struct {
	Units []*Candidate
	Score float64
	Parts []Part // the summands of Score; only with Plan.Explain
	// Coverage is the share of the query's weight that the document says, judged by whole words; 1 beyond Ranking.Depth.
	Coverage float64
	// Sure is set when the document is above the confidence line.
	Sure   bool
	pinned bool // by the operator
}

// pinned is added to the score of what the query names outright (a 文号, a code, an article): nothing outranks it.
const pinned = 1000

// namesakeArticle is added for the article that a query names of a law whose name goes on before: more than words can give,
// less than a law of that very name.
const namesakeArticle = 1

// Rank scores candidates over their text and gathers them by document, best first. Candidates of one document need not
// stand together. Equal scores are ordered by validity date (newer first), then by ID, so that an answer is repeatable.
func (r *Ranking) Rank(plan *Plan, st Stats, candidates []Candidate) []Ranked {
	docs := gather(candidates)
	depth := min(len(docs), r.depth(plan))
	if plan.Sort == ByDate {
		depth = len(docs)
	}
	m := newMatcher(plan, st)
	for i := range docs[:depth] {
		r.judgeDocument(plan, st, m, &docs[i])
	}
	belowSure(docs[:depth])
	nearestFirst(plan, docs[:depth])
	slices.SortStableFunc(docs[:depth], func(a, b Ranked) int { return compareRanked(plan, &a, &b) })
	last := 0.0
	if depth > 0 {
		last = docs[depth-1].Score
	}
	for i := range docs[depth:] {
		d := &docs[depth+i]
		d.Coverage = 1
		d.Score = min(last, 0) - 1 + d.Units[0].Score/max(st.Best, 1e-9) // below all that were judged
		d.Parts = addPart(plan, d.Parts, "首轮得分", d.Score, "")
	}
	return docs
}

// belowSure puts items that share no word with the query below those that are surely meant, however near they are in meaning.
func belowSure(docs []Ranked) {
	least := math.Inf(1)
	for i := range docs {
		if d := &docs[i]; d.Sure && d.Units[0].Meta.Kind == corpus.KindItem {
			least = min(least, d.Score)
		}
	}
	for i := range docs {
		if d := &docs[i]; !d.Sure && d.onlyMeant() {
			d.Score = min(d.Score, math.Nextafter(least, math.Inf(-1)))
		}
	}
}

// onlyMeant reports whether the lane of meaning alone found the document.
func (d *Ranked) onlyMeant() bool { return d.Units[0].Cosine != 0 && d.touched() == 0 }

// depth is how many documents are judged: with two lanes twice as many.
func (r *Ranking) depth(plan *Plan) int {
	if plan.Meaning != nil {
		return 2 * r.Depth
	}
	return r.Depth
}

// meaning is what a cosine adds to a document of a kind and rank.
func (r *Ranking) meaning(st Stats, kind corpus.Kind, rank corpus.Rank, cosine float64) float64 {
	switch {
	case kind == corpus.KindItem:
		return r.Meaning[0] * cosine
	case kind == corpus.KindNews:
		return r.Meaning[2] * cosine
	case rank > corpus.RankDocument && cosine != 0:
		return r.Meaning[1]*cosine + r.MeaningOfLaw*(cosine-st.Near)
	}
	return r.Meaning[1] * cosine
}

// Fused is a unit's place in the first stage when both lanes have a say, from what the words give it.
func (r *Ranking) Fused(st Stats, kind corpus.Kind, rank corpus.Rank, place, cosine float64) float64 {
	return place/max(st.Best, 1e-9) + r.meaning(st, kind, rank, cosine)
}

// touched returns the concepts that the document's units hold a term of, a bit each.
func (d *Ranked) touched() uint64 {
	set := uint64(0)
	for _, u := range d.Units {
		set |= u.Touched
	}
	return set
}

// gather puts the candidates together by document, in the order in which the documents come first.
func gather(candidates []Candidate) []Ranked {
	byDoc := map[string]int{}
	var docs []Ranked
	for i := range candidates {
		c := &candidates[i]
		at, ok := byDoc[c.Doc]
		if !ok {
			at = len(docs)
			byDoc[c.Doc] = at
			docs = append(docs, Ranked{})
		}
		docs[at].Units = append(docs[at].Units, c)
	}
	return docs
}

// judgeDocument scores a document by its best unit, with a little for its second-best.
func (r *Ranking) judgeDocument(plan *Plan, st Stats, m *matcher, d *Ranked) {
	units := make([]judged, len(d.Units))
	for i, c := range d.Units {
		units[i] = r.judge(plan, st, m, c)
	}
	slices.SortStableFunc(units, func(a, b judged) int { return cmp.Compare(b.score, a.score) })
	for i, u := range units {
		d.Units[i] = u.unit
	}
	d.Score, d.Parts, d.Coverage = units[0].score, units[0].parts, units[0].coverage
	d.Sure = units[0].score > pinned/2 || units[0].confidence >= 1 || len(plan.Phrases)+len(plan.TitlePhrases) > 0
	if len(units) > 1 {
		second := r.Second * min(1, max(0, units[1].score))
		d.Score += second
		d.Parts = addPart(plan, d.Parts, "其他条文", second, "")
	}
	if plan.use != nil {
		value, evidence := plan.use(d.Units[0].Doc)
		value = r.Use * min(1, max(-1, value))
		d.Score += value
		d.Parts = addPart(plan, d.Parts, "用户反馈", value, evidence)
	}
}

func compareRanked(plan *Plan, a, b *Ranked) int {
	am, bm := a.Units[0].Meta, b.Units[0].Meta
	if plan.Sort == ByDate {
		if c := cmp.Compare(bm.Date, am.Date); c != 0 {
			return c
		}
	}
	return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(bm.Effective, am.Effective),
		cmp.Compare(bm.Date, am.Date), cmp.Compare(am.ID, bm.ID))
}

func addPart(plan *Plan, parts []Part, name string, value float64, note string) []Part {
	if plan.Explain && value != 0 {
		return append(parts, Part{Name: name, Value: value, Note: note})
	}
	return parts
}

// judged is what was said of one unit.
type judged struct {
	unit                        *Candidate
	score, coverage, confidence float64
	parts                       []Part
}

// judge scores one unit.
func (r *Ranking) judge(plan *Plan, st Stats, m *matcher, c *Candidate) judged {
	j := judged{unit: c}
	add := func(name string, value float64, note string) {
		j.score += value
		j.parts = addPart(plan, j.parts, name, value, note)
	}
	if plan.Meaning != nil {
		add("语义", r.meaning(st, c.Meta.Kind, c.Rank, c.Cosine), "")
	}
	titleText, bodyText := segment.Fold(c.Meta.Title), segment.Fold(c.Body)
	title := m.match(titleText)
	keys := m.match(segment.Fold(strings.Join(c.Meta.Everyday, "\n")))
	body := m.match(bodyText)
	add("BM25F", c.Score/max(st.Best, 1e-9), "")
	j.coverage = m.coverage(title, keys, body)
	add("覆盖", r.Coverage*j.coverage, m.told("全文", title, keys, body))
	add("段落集中", r.Passage*max(body.passage, title.passage, keys.passage), "")
	add("连续匹配", r.Run*max(body.run, title.run, keys.run), "")
	exact := m.exact(c.Meta)
	inTitle := max(m.coverage(title), 0.9*m.coverage(keys))
	fit := inTitle * max(title.explained, keys.explained)
	if exact == 1 {
		inTitle, fit = 1, 1 // with the place, which is no longer among the query's words
	}
	add("标题", r.Title*inTitle, m.told("名称", title, keys))
	add("标题贴合", r.TitleFit*fit, "")
	j.confidence = r.confidence(m, c.Meta.Kind, inTitle, fit, j.coverage, title, keys)
	if exact > 0 {
		add("标题相同", r.TitleExact*exact, "")
		if exact >= withoutPlace {
			j.confidence = max(j.confidence, 1)
		}
	}
	if c.Meta.Kind == corpus.KindItem {
		r.judgeAction(plan, c.Meta.Title, inTitle, add)
	} else if share, province := plan.elsewhere(titleText, bodyText); share > 0 {
		add("别的地方", -r.Elsewhere*share, "说的是"+provinceName(province))
	}
	r.judgeWishes(plan, c, add)
	r.judgeMeta(plan, c, j.coverage, add)
	return j
}

// judgeAction tells the items of one family apart by what is to be done. It counts by the share of the query that the
// title says, or the right action of a wrong paper would be lifted.
func (r *Ranking) judgeAction(plan *Plan, title string, share float64, add func(string, float64, string)) {
	switch said := actionsOfTitle(title); {
	case said == 0:
	case said.has(plan.action):
		add("办理动作", r.ActionFit*share, "")
	default:
		add("办理动作", -r.ActionElse*share, "")
	}
}

// judgeMeta adds what does not depend on the words: what was named outright, validity and place.
func (r *Ranking) judgeMeta(plan *Plan, c *Candidate, coverage float64, add func(string, float64, string)) {
	m := c.Meta
	switch {
	case plan.Number != "" && m.Number == plan.Number:
		add("文号", pinned, m.Number)
	case plan.Code != "" && m.Card != nil && segment.Fold(m.Card.Code) == plan.Code:
		add("编码", pinned, m.Card.Code)
	case plan.Law != "" && mayBear(m, plan.Law) && slices.Contains(lawNames(m), plan.Law):
		if plan.Article == "" || c.Section != nil && c.Section.ID == plan.Article {
			add("法规名称", pinned, m.Title)
		}
	case plan.Article != "" && c.Section != nil && c.Section.ID == plan.Article && strings.HasSuffix(Squash(m.Title), plan.Law):
		add("法规条文", namesakeArticle, m.Title) // 物业管理条例第五条 is asked for without saying whose
	}
	switch corpus.ValidityOn(m.Kind, m.Effective, m.Superseded, m.Repealed, plan.Today) {
	case corpus.Amended:
		add("时效", -r.Amended, string(corpus.Amended))
	case corpus.Repealed:
		add("时效", -r.Repealed, string(corpus.Repealed))
	case corpus.NotYet:
		add("时效", -r.NotYet, string(corpus.NotYet))
	}
	if plan.Place == "" || m.Region == "" || m.Kind == corpus.KindNews {
		return
	}
	// The nearer office counts in full where it does what was asked, and little where it shares one word with it.
	add("地区", r.nearness(plan, m.Region)*max(leastNear, coverage), m.Region)
}

// leastNear is the share of the place's weight that counts for a document that says little of the query.
const leastNear = 0.25

// matcher finds the query's character pairs in texts. It is made once a query and used on every candidate.
type matcher struct {
	plan    *Plan
	rarity  []float64
	total   float64
	pairs   map[[2]rune]int // pair → gram
	words   map[string]int  // letters and digits → gram
	seen    [1 << 12]bool   // runes that begin some pair, by their low bits
	weight  []float64       // of each gram in a passage
	forms   [][]formGrams   // by concept
	order   []int           // gram → its place in the query as typed, -1 for grams of other forms
	length  int             // pairs of the query as typed
	queries string          // the folded query, squashed
}

type formGrams struct {
	weight float64
	grams  []int
}

func newMatcher(plan *Plan, st Stats) *matcher {
	m := &matcher{plan: plan, rarity: st.Rarity, pairs: map[[2]rune]int{}, words: map[string]int{}}
	m.queries = squash(plan.Folded)
	for i, t := range segment.Grams(plan.Folded) {
		if g, ok := m.gram(t); ok && m.order[g] < 0 {
			m.order[g] = i
			m.length++
		}
	}
	for ci, c := range plan.Concepts {
		rarity := 0.0
		if ci < len(st.Rarity) {
			rarity = st.Rarity[ci]
		}
		m.total += rarity
		var forms []formGrams
		for _, f := range c.Forms {
			fg := formGrams{weight: f.Weight}
			for _, t := range segment.Grams(f.Text) {
				if g, ok := m.gram(t); ok {
					fg.grams = append(fg.grams, g)
				}
			}
			for _, g := range fg.grams {
				m.weight[g] = max(m.weight[g], f.Weight*rarity/float64(len(fg.grams)))
			}
			forms = append(forms, fg)
		}
		m.forms = append(m.forms, forms)
	}
	return m
}

// gram returns the number of a pair or a run of letters, a new one if need be, and false for a single character.
func (m *matcher) gram(t segment.Token) (int, bool) {
	a, size := utf8.DecodeRuneInString(t.Text)
	id := len(m.weight)
	if latin(a) {
		if g, ok := m.words[t.Text]; ok {
			return g, true
		}
		m.words[t.Text] = id
	} else {
		b, _ := utf8.DecodeRuneInString(t.Text[size:])
		if size == len(t.Text) {
			return 0, false
		}
		if g, ok := m.pairs[[2]rune{a, b}]; ok {
			return g, true
		}
		m.pairs[[2]rune{a, b}] = id
		m.seen[a&(1<<12-1)] = true
	}
	m.weight = append(m.weight, 0)
	m.order = append(m.order, -1)
	return id, true
}

func latin(r rune) bool { return r < 0x2E80 }

// matched is what a matcher found in one text.
type matched struct {
	grams     []bool  // which grams occur
	passage   float64 // share of the query's weight in the best window
	run       float64 // longest run of the query as typed, as a share of it
	explained float64 // share of the text's pairs that are the query's
	start     int     // byte offset of the best window, end its end
	end       int
}

// window is the length of a passage in characters: about two lines on a phone.
const window = 60

type event struct{ pos, byteAt, gram int }

// match scans a folded text once.
func (m *matcher) match(text string) matched {
	out := matched{grams: make([]bool, len(m.weight))}
	if text == "" || len(m.weight) == 0 {
		return out
	}
	events, pairs := m.events(text)
	for _, e := range events {
		out.grams[e.gram] = true
	}
	if pairs > 0 {
		out.explained = float64(len(events)) / float64(pairs)
	}
	m.bestWindow(events, &out)
	out.run = m.longestRun(events)
	return out
}

func (m *matcher) events(text string) ([]event, int) {
	var events []event
	pairs, pos := 0, 0
	var prev rune
	prevAt := 0
	for at, r := range text {
		if prev != 0 && !latin(prev) && !latin(r) {
			pairs++
			if m.seen[prev&(1<<12-1)] {
				if g, ok := m.pairs[[2]rune{prev, r}]; ok {
					events = append(events, event{pos - 1, prevAt, g})
				}
			}
		}
		prev, prevAt = r, at
		pos++
	}
	for word, g := range m.words {
		for from := 0; ; {
			i := strings.Index(text[from:], word)
			if i < 0 {
				break
			}
			at := from + i
			events = append(events, event{utf8.RuneCountInString(text[:at]), at, g})
			from = at + len(word)
			pairs++
		}
	}
	if len(m.words) > 0 {
		slices.SortStableFunc(events, func(a, b event) int { return a.byteAt - b.byteAt })
	}
	return events, pairs
}

// bestWindow slides a window over the events and keeps the one whose distinct grams weigh most.
func (m *matcher) bestWindow(events []event, out *matched) {
	count := make([]int, len(m.weight))
	sum, best, left := 0.0, -1.0, 0
	for right, e := range events {
		if count[e.gram]++; count[e.gram] == 1 {
			sum += m.weight[e.gram]
		}
		for e.pos-events[left].pos > window {
			if g := events[left].gram; count[g] == 1 {
				sum -= m.weight[g]
			}
			count[events[left].gram]--
			left++
		}
		if sum > best+1e-9 {
			best = sum
			out.start, out.end = events[left].byteAt, events[right].byteAt
		}
	}
	if m.total > 0 {
		out.passage = min(1, max(0, best)/m.total)
	}
}

// longestRun is the longest stretch of the query as typed that stands in the text, as a share of the query's pairs.
func (m *matcher) longestRun(events []event) float64 {
	if m.length == 0 {
		return 0
	}
	best, run := 0, 0
	for i, e := range events {
		if m.order[e.gram] < 0 {
			run = 0
			continue
		}
		run++
		if run > 1 {
			p := events[i-1]
			if m.order[p.gram] < 0 || m.order[p.gram] >= m.order[e.gram] || e.pos-p.pos != 1 {
				run = 1
			}
		}
		best = max(best, run)
	}
	return min(1, float64(best)/float64(m.length))
}

// coverage is the share of the query's weight that is said in any of the texts, each concept in its best form. Part of a
// long word counts as its share, squared: 居民 alone says little of 居民身份证.
func (m *matcher) coverage(texts ...matched) float64 {
	if m.total == 0 {
		return 0
	}
	sum := 0.0
	for ci, forms := range m.forms {
		best := 0.0
		for _, f := range forms {
			if len(f.grams) == 0 {
				continue
			}
			for _, t := range texts {
				n := 0
				for _, g := range f.grams {
					if t.grams[g] {
						n++
					}
				}
				share := float64(n) / float64(len(f.grams))
				best = max(best, f.weight*share*share)
			}
		}
		if ci < len(m.rarity) {
			sum += m.rarity[ci] * best
		}
	}
	return sum / m.total
}

// exact is how much the query is the document's title or one of its everyday names: 1 with the place that it names, a little
// less without, and where the name stands within a longer query its share of it, so that a word more does not lose the item
// that was named.
func (m *matcher) exact(meta *Meta) float64 {
	best := 0.0
	for _, name := range append([]string{meta.Title}, meta.Everyday...) {
		name = squash(segment.Fold(name))
		switch {
		case name == "":
		case name == m.plan.whole:
			return 1
		case name == m.queries:
			best = max(best, withoutPlace)
		case utf8.RuneCountInString(name) >= leastName && strings.Contains(m.plan.whole, name):
			best = max(best, withoutPlace*float64(len(name))/float64(len(m.plan.whole)))
		}
	}
	return best
}

// withoutPlace is what a name counts that is the query but for the place. leastName is the number of characters from which
// a name within a query is no accident.
const (
	withoutPlace = 0.9
	leastName    = 4
)

// Squash is a text without case, width, punctuation and blanks: what phrases and names are compared by.
func Squash(text string) string { return squash(segment.Fold(text)) }

// squash keeps the letters, digits and Han characters of a folded text.
func squash(s string) string { return segment.Bare(s) }

// foldAll is everything that a candidate's unit says, folded.
func foldAll(c *Candidate) string {
	return segment.Fold(c.Meta.Title + "\n" + strings.Join(c.Meta.Everyday, "\n") + "\n" + c.Body)
}
