package segment

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Phrases recognises the everyday expressions of a lexicon where they are said loosely: with other words of the same
// meaning (spoken variants), with fillers between, and with a few words put in (拖起我两个月工资 is 拖工资). It never changes
// once it is made.
type Phrases struct {
	segmenter *Segmenter
	lexicon   *Lexicon
	// whole holds the expressions by their pieces put together; rare those of several pieces by their rarest one of two
	// characters and more.
	whole   map[string][]*phrase
	rare    map[string][]*phrase
	longest int // bytes of the longest key of whole
}

type phrase struct {
	from   string
	pieces []string
	runes  int
}

// NewPhrases prepares the expressions of a lexicon. It takes about 0.2 s; keep one and share it.
func NewPhrases(s *Segmenter, l *Lexicon) *Phrases {
	p := &Phrases{segmenter: s, lexicon: l, whole: map[string][]*phrase{}, rare: map[string][]*phrase{}}
	all := make([]*phrase, 0, len(l.entries))
	count := map[string]int{}
	for _, from := range slices.Sorted(maps.Keys(l.entries)) {
		ph := &phrase{from: from}
		for _, c := range l.spoken(s, from) {
			ph.pieces = append(ph.pieces, c.text)
			ph.runes += utf8.RuneCountInString(c.text)
			count[c.text]++
		}
		if len(ph.pieces) < 2 {
			continue // a word alone: its variants are no synonyms outside of an expression
		}
		key := strings.Join(ph.pieces, "")
		p.whole[key] = append(p.whole[key], ph)
		p.longest = max(p.longest, len(key))
		all = append(all, ph)
	}
	for _, ph := range all {
		if rarest := rarestPiece(ph.pieces, count); ph.runes > 2 && rarest != "" {
			p.rare[rarest] = append(p.rare[rarest], ph)
		}
	}
	return p
}

// DefaultPhrases returns the Phrases of the embedded dictionaries and lexicon. The first call makes them.
var DefaultPhrases = sync.OnceValues(func() (*Phrases, error) {
	s, err := Default()
	if err != nil {
		return nil, err
	}
	l, err := DefaultLexicon()
	if err != nil {
		return nil, err
	}
	return NewPhrases(s, l), nil
})

// rarestPiece returns the piece of two characters and more that the fewest expressions have.
func rarestPiece(pieces []string, count map[string]int) string {
	best := ""
	for _, t := range pieces {
		if utf8.RuneCountInString(t) >= 2 && (best == "" || count[t] < count[best]) {
			best = t
		}
	}
	return best
}

// The weight of an expression that is said loosely, against 1 for one that stands letter by letter: with variants and
// fillers only, and for every character that was put in between.
const (
	looseWeight = 0.95
	gapWeight   = 0.88
)

// maxGap is the number of characters that may stand between two pieces, fillers not counted; maxSingleGap beside a piece of
// one character, which is easily part of something else.
const (
	maxGap       = 4
	maxSingleGap = 2
)

// found is an expression in a query.
type found struct {
	Use
	worth float64 // how much of the query it explains, in characters
}

// rival is the share of the best one's worth from which an expression that overlaps it is meant too: 上户口 beside 娃儿上户.
const rival = 0.7

// Find returns the lexicon's words and expressions in a folded query, by place and without overlap. Where several overlap
// the one that explains most of the query counts, with those that explain nearly as much, unless together they are an
// official term: 测绘资质证书 is what 测绘资质 means, not what any 资质证书 does.
func (p *Phrases) Find(norm string) []Use {
	all := append(p.exact(norm), p.loose(norm)...)
	slices.SortStableFunc(all, func(a, b found) int {
		return cmp.Or(cmp.Compare(b.worth, a.worth), cmp.Compare(a.Start, b.Start))
	})
	var best []found
	for _, f := range all {
		over := -1
		for i := range best {
			if f.Start < best[i].End && best[i].Start < f.End {
				if over >= 0 {
					over = len(best) // two at once: it would join what is apart
					break
				}
				over = i
			}
		}
		switch {
		case over < 0:
			best = append(best, f)
		case over < len(best) && f.worth >= rival*best[over].worth && !p.lexicon.Official(norm[min(f.Start, best[over].Start):max(f.End, best[over].End)]):
			best[over].join(f)
		}
	}
	uses := make([]Use, 0, len(best))
	for _, f := range best {
		uses = append(uses, f.Use)
	}
	slices.SortFunc(uses, func(a, b Use) int { return cmp.Compare(a.Start, b.Start) })
	return uses
}

// join takes in the entries of another expression over the same stretch, the less the less it explains.
func (f *found) join(other found) {
	f.Start, f.End = min(f.Start, other.Start), max(f.End, other.End)
	f.Entries = slices.Clone(f.Entries)
	for _, e := range other.Entries {
		e.Weight *= min(1, other.worth/f.worth)
		at := slices.IndexFunc(f.Entries, func(old Entry) bool { return old.To == e.To })
		if at < 0 {
			f.Entries = append(f.Entries, e)
		} else if f.Entries[at].Weight < e.Weight {
			f.Entries[at] = e
		}
	}
}

// exact returns the expressions that stand letter by letter, at each place the longest.
func (p *Phrases) exact(norm string) []found {
	var all []found
	for i := range norm {
		if end, entries := p.lexicon.longestAt(norm, i); end > 0 {
			worth := float64(utf8.RuneCountInString(norm[i:end])) + 0.5 // before one of that length that is said loosely
			all = append(all, found{Use{i, end, entries}, worth})
		}
	}
	return all
}

// loose returns the expressions that are said loosely, overlapping ones too.
func (p *Phrases) loose(norm string) []found {
	q := p.query(norm)
	var all []found
	seen := map[*phrase]bool{}
	for i := range q.pieces {
		for j := i; j < len(q.pieces); j++ {
			key := q.text[q.at[i]:q.at[j+1]]
			if len(key) > p.longest {
				break
			}
			if q.pieces[j].open {
				continue
			}
			for _, ph := range p.whole[key] {
				start, end := q.pieces[i].start, q.pieces[j].end
				if norm[start:end] == ph.from || seen[ph] {
					continue
				}
				seen[ph] = true
				all = p.add(all, norm, ph, start, end, q.typed(norm, i, j), looseWeight)
			}
		}
	}
	for _, part := range q.parts() {
		for _, ph := range p.rare[part] {
			if seen[ph] {
				continue
			}
			seen[ph] = true
			if start, end, weight, ok := q.holds(ph); ok {
				all = p.add(all, norm, ph, start, end, ph.runes, weight)
			}
		}
	}
	return all
}

// add adds an expression that takes a stretch of the query, so many characters of it, where its context holds.
func (p *Phrases) add(all []found, norm string, ph *phrase, start, end, takes int, weight float64) []found {
	entries := inContext(p.lexicon.entries[ph.from], norm[:start]+" "+norm[end:])
	if len(entries) == 0 {
		return all
	}
	entries = slices.Clone(entries)
	for i := range entries {
		entries[i].Weight *= weight
	}
	return append(all, found{Use{start, end, entries}, float64(takes) * weight})
}

// saying is a query in pieces.
type saying struct {
	pieces []said
	text   string
	at     []int // byte of text where each piece begins, and its end
}

func (p *Phrases) query(norm string) *saying {
	q := &saying{pieces: p.lexicon.spoken(p.segmenter, norm)}
	var b strings.Builder
	for _, c := range q.pieces {
		q.at = append(q.at, b.Len())
		b.WriteString(c.text)
	}
	q.at = append(q.at, b.Len())
	q.text = b.String()
	return q
}

// typed is the number of characters that were typed for the pieces from i to j.
func (q *saying) typed(norm string, i, j int) int {
	n := 0
	for _, c := range q.pieces[i : j+1] {
		n += utf8.RuneCountInString(norm[c.start:c.end])
	}
	return n
}

// parts returns the distinct stretches of two to four characters.
func (q *saying) parts() []string {
	var list []string
	seen := map[string]bool{}
	for i := range q.text {
		end := i
		for n := 1; n <= 4 && end < len(q.text); n++ {
			_, size := utf8.DecodeRuneInString(q.text[end:])
			end += size
			if part := q.text[i:end]; n > 1 && !seen[part] {
				seen[part] = true
				list = append(list, part)
			}
		}
	}
	return list
}

// holds looks for the pieces of an expression in their order. It returns the span of the query that they take and the
// weight that their distances leave.
func (q *saying) holds(ph *phrase) (start, end int, weight float64, ok bool) {
	for from := 0; ; {
		first := strings.Index(q.text[from:], ph.pieces[0])
		if first < 0 {
			return 0, 0, 0, false
		}
		first += from
		if last, weight, ok := q.follow(ph, first); ok {
			return q.pieces[q.pieceAt(first)].start, q.pieces[q.pieceAt(last-1)].end, weight, true
		}
		from = first + 1
	}
}

// follow looks for the pieces behind the first, which stands at a byte of text, each near the one before. There is no gap
// where the segmenter only cut the query in another way (想开 in 想开个轮胎店).
func (q *saying) follow(ph *phrase, at int) (last int, weight float64, ok bool) {
	weight = looseWeight
	end := at + len(ph.pieces[0])
	for i := 1; i < len(ph.pieces); i++ {
		next := strings.Index(q.text[end:], ph.pieces[i])
		if next < 0 {
			return 0, 0, false
		}
		gap := utf8.RuneCountInString(q.text[end : end+next])
		if _, whole := slices.BinarySearch(q.at, end+next+len(ph.pieces[i])); !whole {
			return 0, 0, false // it goes on: 医保 in 医保卡
		}
		if gap > maxGap || gap > maxSingleGap && (single(ph.pieces[i]) || single(ph.pieces[i-1])) {
			return 0, 0, false
		}
		weight *= math.Pow(gapWeight, float64(gap))
		end += next + len(ph.pieces[i])
	}
	if q.pieces[q.pieceAt(end-1)].open {
		return 0, 0, false
	}
	return end, weight, true
}

func single(s string) bool { return utf8.RuneCountInString(s) == 1 }

// pieceAt returns the piece that holds a byte of text.
func (q *saying) pieceAt(i int) int {
	n, found := slices.BinarySearch(q.at, i)
	if !found {
		n--
	}
	return n
}
