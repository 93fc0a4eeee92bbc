package index

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"tongsou/corpus"
	"tongsou/segment"
)

// Reader turns the text of a query into a Plan. It is immutable and shared by all searches.
type Reader struct {
	Segmenter *segment.Segmenter
	Lexicon   *segment.Lexicon
	Ranking   *Ranking
	// Vocabulary holds the words that slips are corrected to; nil corrects none.
	Vocabulary *segment.Vocabulary
	// Phrases finds the lexicon's expressions where they are said loosely; nil finds those that stand letter by letter.
	Phrases *segment.Phrases
	// Related tells what the corpus says beside a folded word; nil knows nothing.
	Related func(word string) []RelatedTerm
	// rules are the operator's; see With.
	rules *rules
}

// The syntax that a query may use besides plain words.
var (
	reField  = regexp.MustCompile(`(文号|标题|发文机关|编码|地区|日期)[:：]\s*("[^"]*"|“[^”]*”|\S+)`)
	reQuoted = regexp.MustCompile(`"([^"]+)"|“([^”]+)”|「([^」]+)」|『([^』]+)』|＂([^＂]+)＂`)
	reMinus  = regexp.MustCompile(`(?:^|\s)[-－]([^\s\-－]\S*)`)
	reCode   = regexp.MustCompile(`[0-9A-Za-z][0-9A-Za-z-]{9,}`)
	reRange  = regexp.MustCompile(`^([\d年月/.-]*)(?:\.\.|—|~|～|至)([\d年月日/.-]*)$`)
)

// Read understands a query. It returns an error that wraps ErrBadQuery when a field's value is none; everything else can
// be searched somehow. Slips are corrected to words that terms knows; nil corrects none.
func (r *Reader) Read(q Query, terms Terms) (*Plan, Understanding, error) {
	u := Understanding{Text: q.Text, Place: q.Place}
	p := &Plan{
		Filter: q.Filter, Place: q.Place, Sort: q.Sort, Today: q.Today, Facets: q.Facets, Explain: q.Explain,
		Limit: q.Limit, Depth: r.Ranking.Depth, use: q.Use,
	}
	if err := p.page(q); err != nil {
		return nil, u, err
	}
	text, cut := clip(q.Text, MaxQueryRunes)
	if cut {
		u.Notes = append(u.Notes, fmt.Sprintf("查询过长，只搜索了前 %d 个字。", MaxQueryRunes))
	}
	text, err := r.readFields(text, p)
	if err != nil {
		return nil, u, err
	}
	text = readNames(text, p)
	text = readPhrases(text, p)
	norm := r.plainly(segment.Fold(text))
	if !q.Verbatim && !p.Named() && len(p.Phrases) == 0 && !r.rules.knows(norm) {
		if mended, why := r.mend(norm, terms); why != "" {
			u.Correction = &Correction{From: strings.TrimSpace(text), To: strings.TrimSpace(mended), Why: why}
			norm = mended
		}
	}
	p.action = actionOfQuery(norm)
	p.provinces = provincesIn(norm)
	said := r.cut(norm)
	p.whole = squash(blankOut(norm, said.noise))
	if p.Article == "" && p.whole != "" {
		p.Law = p.whole // whoever asks 公司法怎么规定的 names 公司法
	}
	r.rules.apply(p, q.Text)
	p.readIntents(said, &u)
	rest, lightly := readWishes(said, text, q, terms, p, &u)
	if rest != norm || len(p.TitlePhrases) > 0 {
		said = r.cut(strings.Join(append([]string{rest}, p.TitlePhrases...), " "))
	}
	if subject, tail, ok := said.tail(); ok && !q.Verbatim {
		said, lightly = r.cut(subject), append(lightly, tail)
	}
	r.readWords(said, lightly, q.Verbatim, p, &u)
	u.Place = p.Place
	if u.Place != "" {
		u.PlaceName = RegionName(u.Place)
	}
	u.Number, u.Code, u.Article = p.Number, p.Code, p.Article
	if p.Article != "" {
		u.Law = p.Law
	}
	return p, u, nil
}

func (p *Plan) page(q Query) error {
	if p.Limit == 0 {
		p.Limit = DefaultLimit
	}
	if p.Limit < 1 || p.Limit > MaxLimit {
		return fmt.Errorf("%w: 每组条数 limit 应在 1 到 %d 之间，收到 %d", ErrBadQuery, MaxLimit, q.Limit)
	}
	if q.Next != "" {
		if _, err := fmt.Sscanf(q.Next, "o%d", &p.Offset); err != nil || p.Offset < 0 || p.Offset >= MaxDepth {
			return fmt.Errorf("%w: 翻页标记 next=%q 无效，请用上一页结果中的 next", ErrBadQuery, q.Next)
		}
	}
	if p.Sort != "" && p.Sort != ByRelevance && p.Sort != ByDate {
		return fmt.Errorf("%w: 排序 sort=%q 无效，可用 relevance 或 date", ErrBadQuery, q.Sort)
	}
	p.Depth = max(p.Depth, p.Offset+p.Limit)
	return nil
}

// next is the mark of the page after p's.
func (p *Plan) next() string { return fmt.Sprintf("o%d", p.Offset+p.Limit) }

func clip(s string, runes int) (string, bool) {
	n := 0
	for i := range s {
		if n == runes {
			return s[:i], true
		}
		n++
	}
	return s, false
}

// readFields takes 文号: 标题: 发文机关: 编码: 地区: 日期: out of the text.
func (r *Reader) readFields(text string, p *Plan) (string, error) {
	var err error
	rest := reField.ReplaceAllStringFunc(text, func(s string) string {
		m := reField.FindStringSubmatch(s)
		if e := p.setField(m[1], strings.Trim(m[2], `"“”`)); e != nil && err == nil {
			err = e
		}
		return " "
	})
	return rest, err
}

func (p *Plan) setField(name, value string) error {
	switch name {
	case "文号":
		number, ok := corpus.ParseNumber(value)
		if !ok {
			return fmt.Errorf("%w: 文号 %q 认不出来，请写成 国办发〔2017〕47号 的样子", ErrBadQuery, value)
		}
		p.Number, p.NumberOnly = number, true
	case "标题":
		p.TitlePhrases = append(p.TitlePhrases, squash(segment.Fold(value)))
	case "发文机关":
		p.Issuer = segment.Fold(value)
	case "编码":
		p.Code, p.NumberOnly = segment.Fold(value), true
	case "地区":
		return p.setRegion(value)
	case "日期":
		return p.setDates(value)
	}
	return nil
}

func (p *Plan) setRegion(value string) error {
	if code, ok := corpus.NormalizeRegion(value); ok {
		p.Filter.Regions = append(p.Filter.Regions, code)
		return nil
	}
	found := corpus.Regions().ByName(value, "")
	if len(found) == 0 {
		return fmt.Errorf("%w: 不认识地区 %q，请写行政区划的名称或代码，例如 呼和浩特市 或 150100", ErrBadQuery, value)
	}
	for _, region := range found {
		p.Filter.Regions = append(p.Filter.Regions, region.Code)
	}
	return nil
}

// setDates reads 2021, 2021-03, 2021-03-05 or a range of two such: 2021..2023.
func (p *Plan) setDates(value string) error {
	from, to := value, value
	if m := reRange.FindStringSubmatch(value); m != nil {
		from, to = m[1], m[2]
	}
	var err error
	if p.Filter.From, err = dayOf(from, false); err != nil {
		return err
	}
	p.Filter.To, err = dayOf(to, true)
	return err
}

var reDay = regexp.MustCompile(`^(\d{4})(?:[-/.年](\d{1,2})?(?:[-/.月](\d{1,2})?日?)?)?$`)

// dayOf reads a year, a month or a day as its first or last day; nothing means no limit.
func dayOf(s string, last bool) (corpus.Date, error) {
	if s == "" {
		return "", nil
	}
	m := reDay.FindStringSubmatch(s)
	if m == nil {
		return "", fmt.Errorf("%w: 日期 %q 认不出来，请写成 2021、2021-03 或 2021..2023", ErrBadQuery, s)
	}
	switch {
	case m[2] == "" && last:
		return corpus.Date(m[1] + "-12-31"), nil
	case m[2] == "":
		return corpus.Date(m[1] + "-01-01"), nil
	case m[3] == "" && last:
		return corpus.Date(fmt.Sprintf("%s-%02s-31", m[1], m[2])), nil
	case m[3] == "":
		return corpus.Date(fmt.Sprintf("%s-%02s-01", m[1], m[2])), nil
	}
	return corpus.ParseDate(s)
}

// readNames finds a document number, an item code, and an article of a named law. They stay in the text: a document that
// cites the number is an answer too, after the one that bears it.
func readNames(text string, p *Plan) string {
	folded := corpus.FoldWidth(text)
	if n, ok := corpus.FindNumber(folded); ok && p.Number == "" {
		p.Number = n.Canonical
	}
	if code := reCode.FindString(folded); p.Code == "" && digits(code) >= 6 {
		p.Code = segment.Fold(code)
	}
	if a, start, _, ok := corpus.FindArticle(text); ok {
		p.Law, p.Article = squash(segment.Fold(text[:start])), a.ID()
		p.Law = strings.TrimSuffix(p.Law, "的")
	} else {
		p.Law = squash(segment.Fold(text))
	}
	return text
}

func digits(s string) int {
	n := 0
	for i := range len(s) {
		if '0' <= s[i] && s[i] <= '9' {
			n++
		}
	}
	return n
}

// readPhrases takes quoted phrases and excluded words. A phrase stays in the text too, for its words to be ranked by.
func readPhrases(text string, p *Plan) string {
	for _, m := range reQuoted.FindAllStringSubmatch(text, -1) {
		if s := squash(segment.Fold(strings.Join(m[1:], ""))); s != "" {
			p.Phrases = append(p.Phrases, s)
		}
	}
	return reMinus.ReplaceAllStringFunc(text, func(s string) string {
		if w := squash(segment.Fold(reMinus.FindStringSubmatch(s)[1])); w != "" {
			p.Without = append(p.Without, w)
		}
		return " "
	})
}

// saying is a folded query, cut into words, with the noise of speech in it.
type saying struct {
	norm  string
	words []segment.Token
	noise []segment.Noise
}

func (r *Reader) cut(norm string) *saying {
	words := r.Segmenter.Words(norm)
	return &saying{norm, words, r.Lexicon.FindNoise(norm, words)}
}

// plainly returns a query without the courtesies before and behind it (请问 … 谢谢): what is read by where it stands in the
// query must not be read otherwise for them. A query of courtesies alone stays.
func (r *Reader) plainly(norm string) string {
	said := r.cut(norm)
	start, end := 0, len(norm)
	for _, n := range said.noise {
		if n.Intent == "" && squash(norm[start:n.Start]) == "" {
			start = n.End
		}
	}
	for _, n := range slices.Backward(said.noise) {
		if n.Intent == "" && squash(norm[n.End:end]) == "" {
			end = n.Start
		}
	}
	if start >= end || squash(norm[start:end]) == "" {
		return norm
	}
	return strings.Trim(norm[start:end], " ,，、。:：!！")
}

// readWords drops the noise from what is left of a query without its wishes, and widens what remains. The words in lightly
// count a little.
func (r *Reader) readWords(said *saying, lightly []string, verbatim bool, p *Plan, u *Understanding) {
	words, noise := said.words, said.noise
	var uses []segment.Use
	if !verbatim {
		uses, noise = apart(r.find(said.norm), noise)
	}
	bare := blankOut(said.norm, noise)
	if squash(bare) == "" {
		bare = said.norm // a query of nothing but noise is searched as it stands
	} else if bare != said.norm {
		words = r.Segmenter.Words(bare)
	}
	p.Folded = strings.TrimSpace(bare)
	b := planner{reader: r, plan: p, terms: map[string]int{}, verbatim: verbatim}
	b.build(bare, words, uses)
	subject := len(p.Concepts) > 0
	for _, text := range lightly {
		b.addLight(text, r.Ranking.LightWord, subject)
	}
	for _, c := range p.Concepts {
		for i, f := range c.Forms {
			t := Term{Text: f.Text, Weight: f.Weight}
			if i > 0 {
				t.Why = f.Why
			}
			u.Terms = append(u.Terms, t)
		}
	}
}

func (r *Reader) find(norm string) []segment.Use {
	if r.Phrases == nil {
		return r.Lexicon.Find(norm)
	}
	return r.Phrases.Find(norm)
}

// apart tells expressions and noise apart where they overlap: an expression within noise means nothing, noise within an
// expression is a part of it (生娃能领几个钱 asks for 育儿补贴, though 能领几个钱 alone asks for nothing).
func apart(uses []segment.Use, noise []segment.Noise) ([]segment.Use, []segment.Noise) {
	uses = slices.DeleteFunc(uses, func(u segment.Use) bool {
		return slices.ContainsFunc(noise, func(n segment.Noise) bool { return n.Start <= u.Start && u.End <= n.End })
	})
	var rest []segment.Noise
	for _, n := range noise {
		if !slices.ContainsFunc(uses, func(u segment.Use) bool { return u.Start < n.End && n.Start < u.End }) {
			rest = append(rest, n)
		}
	}
	return uses, rest
}

func blankOut(norm string, noise []segment.Noise) string {
	b := []byte(norm)
	for _, n := range noise {
		for i := n.Start; i < n.End; i++ {
			b[i] = ' '
		}
	}
	return string(b)
}

// tail splits off the word at the end that says what is asked about a subject. It counts a little among the words, for
// policies have it in their headings; as a word like the others it finds 动物防疫条件 for 开药店条件.
func (s *saying) tail() (subject, word string, ok bool) {
	text := strings.TrimRight(s.norm, " ?.,!。")
	for _, w := range s.words {
		if w.Part || w.End != len(text) || w.Start < len("两字") {
			continue
		}
		for _, i := range intentWords {
			if i.word == w.Text {
				return text[:w.Start], w.Text, true
			}
		}
	}
	return text, "", false
}

// intentWords say at the end of a query what is asked about: 公积金提取条件.
var intentWords = []struct{ word, intent string }{
	{"材料", "materials"}, {"手续", "materials"}, {"证件", "materials"}, {"地址", "place"}, {"地点", "place"}, {"收费标准", "cost"}, {"费用", "cost"}, {"收费", "cost"},
	{"条件", "condition"}, {"资格", "condition"}, {"时限", "time"}, {"时间", "time"}, {"流程", "process"}, {"步骤", "process"}, {"进度", "status"}, {"电话", "phone"},
}

// readIntents gathers what a query asks about, each once and in its order.
func (p *Plan) readIntents(said *saying, u *Understanding) {
	for _, n := range said.noise {
		if n.Intent != "" && !slices.Contains(p.intents, n.Intent) {
			p.intents = append(p.intents, n.Intent)
		}
	}
	if _, tail, ok := said.tail(); ok && len(p.intents) == 0 {
		for _, w := range intentWords {
			if w.word == tail {
				p.intents = []string{w.intent}
			}
		}
	}
	u.Intents = p.intents
}

// planner gathers concepts and terms.
type planner struct {
	reader *Reader
	plan   *Plan
	terms  map[string]int // term → its place in plan.Terms
	// verbatim takes the query as it stands.
	verbatim bool
}

// build makes one concept of every word, or of every stretch of words that the lexicon knows, and the terms to score by.
func (b *planner) build(norm string, words []segment.Token, uses []segment.Use) {
	concept := map[int]int{} // byte of norm → concept
	for _, s := range stretches(words, uses, b.reader.Lexicon.Official) {
		c := Concept{Text: norm[s.start:s.end], Weight: 1}
		c.Forms = append(c.Forms, Form{Text: c.Text, Weight: 1})
		for _, e := range s.entries {
			c.Forms = append(c.Forms, Form{Text: e.To, Weight: e.Weight, Why: "相关词: " + e.From + "→" + e.To})
		}
		if !b.verbatim {
			b.reader.addLearned(&c)
		}
		b.addConcept(c, s.start, s.end, concept)
	}
	b.addTyped(norm, words, concept)
	for ci := range b.plan.Concepts {
		b.addWidened(ci)
	}
}

// stretch is a part of the query that means one thing.
type stretch struct {
	start, end int
	entries    []segment.Entry
}

// stretches cuts a query into the parts that become concepts. An everyday expression that spans words takes their place;
// one that lies within a longer word and makes up half of it (供暖 in 集中供暖) lends it its meanings; a lesser part is about
// something else (学位 in 国外学历学位认证), and an official term means itself (资质证书 in 测绘资质证书). A word that only overlaps an expression is no concept of its own.
func stretches(words []segment.Token, uses []segment.Use, official func(string) bool) []stretch {
	var list []stretch
	for _, use := range uses {
		list = append(list, stretch{use.Start, use.End, use.Entries})
	}
	for _, w := range words {
		if w.Part || utf8.RuneCountInString(w.Text) < 2 {
			continue
		}
		s := stretch{start: w.Start, end: w.End}
		rest, free := list[:0:0], true
		for _, other := range list {
			switch {
			case other.end <= s.start || s.end <= other.start:
				rest = append(rest, other)
			case s.start <= other.start && other.end <= s.end && s.end-s.start > other.end-other.start:
				if 2*(other.end-other.start) >= s.end-s.start && !official(w.Text) {
					s.entries = append(s.entries, other.entries...)
				}
			default:
				rest, free = append(rest, other), false
			}
		}
		if free {
			rest = append(rest, s)
			list = rest
		}
	}
	slices.SortFunc(list, func(a, b stretch) int { return a.start - b.start })
	return list
}

func (b *planner) addConcept(c Concept, start, end int, concept map[int]int) {
	if len(b.plan.Concepts) >= MaxConcepts {
		return
	}
	b.plan.Concepts = append(b.plan.Concepts, c)
	for i := start; i < end; i++ {
		concept[i] = len(b.plan.Concepts) - 1
	}
}

// addTyped adds the terms of the query as typed.
func (b *planner) addTyped(norm string, words []segment.Token, concept map[int]int) {
	r := b.reader.Ranking
	isWord := map[[2]int]bool{}
	for _, w := range words {
		isWord[[2]int{w.Start, w.End}] = true
		if weight := r.Long; utf8.RuneCountInString(w.Text) >= 3 && w.Text[0] >= utf8.RuneSelf {
			if w.Part {
				weight = r.Part
			}
			b.add(w.Text, weight, conceptOf(concept, w.Start, w.End), true)
		}
	}
	alone := len(b.plan.Concepts) == 0
	for _, g := range segment.Grams(norm) {
		weight := r.Cross
		switch n := utf8.RuneCountInString(g.Text); {
		case g.Text[0] < utf8.RuneSelf:
			weight = r.Latin
		case isWord[[2]int{g.Start, g.End}] && n == 2 || alone && n == 1:
			weight = r.Word
		case n == 1:
			weight = r.Single
		}
		c := conceptOf(concept, g.Start, g.End)
		if utf8.RuneCountInString(g.Text) == 1 && g.Text[0] >= utf8.RuneSelf {
			c = -1
		}
		b.add(g.Text, weight, c, true)
	}
}

// conceptOf returns the concept that holds the whole span, or -1.
func conceptOf(concept map[int]int, start, end int) int {
	a, ok := concept[start]
	z, ok2 := concept[end-1]
	if !ok || !ok2 || a != z {
		return -1
	}
	return a
}

// addWidened adds the terms of a concept's other forms. Many forms share the weight of a few, or a word with ten
// synonyms would drown the rest of the query.
func (b *planner) addWidened(ci int) {
	r := b.reader.Ranking
	forms := b.plan.Concepts[ci].Forms[1:]
	share := r.Widening / (1 + 0.25*float64(max(0, countOfLexicon(forms)-1)))
	for i := range forms {
		f := &forms[i]
		ci := ci
		if f.Learned {
			ci = -1 // a document that holds nothing else of the query is no answer
		}
		inWords := map[[2]int]bool{}
		for _, w := range b.reader.Segmenter.Words(f.Text) {
			inWords[[2]int{w.Start, w.End}] = true
			if utf8.RuneCountInString(w.Text) >= 3 && w.Text[0] >= utf8.RuneSelf {
				f.use(b.add(w.Text, r.Long*f.Weight*share, ci, false))
			}
		}
		for _, g := range segment.Grams(f.Text) {
			if n := utf8.RuneCountInString(g.Text); n == 1 && g.Text[0] >= utf8.RuneSelf {
				continue
			}
			weight := r.Cross
			if inWords[[2]int{g.Start, g.End}] {
				weight = r.Word
			}
			f.use(b.add(g.Text, weight*f.Weight*share, ci, false))
		}
	}
}

// addLight adds a word that counts a little: a concept of its own, behind those that are asked for. It is nothing of what a
// hit must cover, or an item that is done one level above would seem to answer half of the query. Without a subject the
// word is all there is, and whole.
func (b *planner) addLight(text string, share float64, subject bool) {
	if len(b.plan.Concepts) >= MaxConcepts {
		return
	}
	c := Concept{Text: text, Forms: []Form{{Text: text, Weight: 1}}, Weight: 1}
	if subject {
		c.Weight, c.light = 0, share
	} else {
		share = 1
	}
	b.plan.Concepts = append(b.plan.Concepts, c)
	ci := len(b.plan.Concepts) - 1
	for _, w := range b.reader.Segmenter.Words(text) {
		if utf8.RuneCountInString(w.Text) >= 3 {
			b.add(w.Text, b.reader.Ranking.Long*share, ci, true)
		}
	}
	for _, g := range segment.Grams(text) {
		if utf8.RuneCountInString(g.Text) > 1 {
			b.add(g.Text, b.reader.Ranking.Word*share, ci, true)
		}
	}
}

// add adds a term, or raises the weight of one that is there, and returns its place in the plan, -1 for none.
func (b *planner) add(text string, weight float64, concept int, typed bool) int {
	if weight <= 0 {
		return -1 // a lane that is switched off
	}
	at, ok := b.terms[text]
	if !ok {
		at = len(b.plan.Terms)
		b.terms[text] = at
		b.plan.Terms = append(b.plan.Terms, PlanTerm{Text: text, Weight: float32(weight), Concept: concept, typed: typed})
		return at
	}
	t := &b.plan.Terms[at]
	t.Weight = max(t.Weight, float32(weight))
	if t.Concept < 0 {
		t.Concept = concept
	}
	t.typed = t.typed || typed
	return at
}
