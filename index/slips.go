package index

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tongsou/segment"
)

// Terms tells how often the index holds a term: the number of units, 0 when it has none.
type Terms interface {
	Frequency(term string) int
}

// WhySlip says that a query was corrected by how it is written, as WhyPinyin says by how it is read.
const WhySlip = "疑似错别字"

// mender corrects the slips of one query. A correction replaces what was typed, so it must be sure of itself: what was
// typed must be no word, and one of its pairs of characters must stand nowhere in the index where the correction's do. A right but rare word has its pairs in the texts that use it, and stays.
type mender struct {
	reader *Reader
	terms  Terms
	why    string
}

// mend returns the query without its slips, and why it was changed; nothing when it was not.
func (r *Reader) mend(norm string, terms Terms) (string, string) {
	if r.Vocabulary == nil || terms == nil {
		return norm, ""
	}
	m := &mender{reader: r, terms: terms}
	mended := m.letters(norm)
	mended = m.characters(mended)
	if mended == norm {
		return norm, ""
	}
	return mended, m.why
}

// worth is how well a word is known here: by the index, or by the lexicon, which leads to words that are.
func (m *mender) worth(word string) float64 {
	worth := float64(m.terms.Frequency(word))
	if worth == 0 && utf8.RuneCountInString(word) > 2 {
		worth = float64(m.rarest(word, "")) / 2 // cut differently in the texts
	}
	return max(worth, m.leads(word))
}

// leads is how well the official terms that the lexicon has for a word are known here: where items say 证照 and never
// 营业执照, 营业执造 is a slip of the latter all the same.
func (m *mender) leads(word string) float64 {
	most := 0.0
	for _, e := range m.reader.Lexicon.Entries(word) {
		most = max(most, e.Weight*float64(m.rarest(e.To, "")))
	}
	return most
}

// rarest is the frequency of the rarest pair of a word; pairs that but also has are passed over.
func (m *mender) rarest(word, but string) int {
	least := -1
	for _, g := range segment.Grams(word) {
		if g.Part || but != "" && strings.Contains(but, g.Text) {
			continue
		}
		if n := m.terms.Frequency(g.Text); least < 0 || n < least {
			least = n
		}
	}
	return max(least, 0)
}

// best returns the candidate that is worth most and its worth, "" when none is worth anything.
func (m *mender) best(candidates []string) (best string, most float64) {
	for _, c := range candidates {
		if w := m.worth(c); w > most || w == most && w > 0 && cmp.Less(c, best) {
			best, most = c, w
		}
	}
	return best, most
}

// letters replaces pinyin: in full (with or without blanks), by initials, mixed with characters.
func (m *mender) letters(norm string) string {
	var out strings.Builder
	rest := norm
	for rest != "" {
		i := strings.IndexFunc(rest, letter)
		if i < 0 {
			break
		}
		end := i + len(rest[i:]) - len(strings.TrimLeftFunc(rest[i:], letter))
		if words, from, to := m.read(rest, i, end); words != "" {
			out.WriteString(rest[:from])
			out.WriteString(words)
			rest = rest[to:]
			m.why = WhyPinyin
			continue
		}
		out.WriteString(rest[:end])
		rest = rest[end:]
	}
	return out.String() + rest
}

func letter(r rune) bool { return 'a' <= r && r <= 'z' }

// read returns the words for the letters rest[i:end], and what they replace.
func (m *mender) read(rest string, i, end int) (words string, from, to int) {
	run := rest[i:end]
	known := m.terms.Frequency(run) > 0 || len(m.reader.Lexicon.Entries(run)) > 0
	if digitAt(rest, i-1) || digitAt(rest, end) || known {
		return "", 0, 0
	}
	if words, from, to = m.mixed(rest, i, end); words != "" {
		return words, from, to
	}
	// yi liao jiu zhu: as many runs as blanks separate.
	stop := end
	for stop < len(rest) && (rest[stop] == ' ' || letter(rune(rest[stop]))) {
		stop++
	}
	if joined := strings.ReplaceAll(rest[i:stop], " ", ""); joined != run {
		if words = m.spelt(joined); words != "" {
			return words, i, stop
		}
	}
	if words = m.spelt(run); words != "" {
		return words, i, end
	}
	if len(run) >= 3 {
		words, _ = m.best(m.reader.Vocabulary.BeginAs(run))
	}
	return words, i, end
}

func digitAt(s string, i int) bool { return i >= 0 && i < len(s) && '0' <= s[i] && s[i] <= '9' }

// maxBeside is the number of characters beside letters that may belong to the same word.
const maxBeside = 4

// mixed reads letters together with the characters beside them: gongji金, 社bao卡, s份证.
func (m *mender) mixed(rest string, i, end int) (words string, from, to int) {
	before, after := hanBefore(rest[:i]), hanAfter(rest[end:])
	for b := 0; b <= len(before); b++ {
		for a := 0; a <= len(after); a++ {
			left, right := strings.Join(before[len(before)-b:], ""), strings.Join(after[:a], "")
			if left+right == "" {
				continue
			}
			l, r := segment.Pinyin(left), segment.Pinyin(right)
			candidates := m.reader.Vocabulary.ReadAs(segment.Full(l) + rest[i:end] + segment.Full(r))
			candidates = append(candidates, m.reader.Vocabulary.BeginAs(segment.Initials(l)+rest[i:end]+segment.Initials(r))...)
			candidates = slices.DeleteFunc(candidates, func(w string) bool {
				return !strings.HasPrefix(w, left) || !strings.HasSuffix(w, right)
			})
			if w, _ := m.best(candidates); len(w) > len(words) {
				words, from, to = w, i-len(left), end+len(right)
			}
		}
	}
	return words, from, to
}

func hanBefore(s string) []string {
	var list []string
	for len(list) < maxBeside && s != "" {
		r, size := utf8.DecodeLastRuneInString(s)
		if !unicode.Is(unicode.Han, r) {
			break
		}
		list = append(list, s[len(s)-size:])
		s = s[:len(s)-size]
	}
	slices.Reverse(list)
	return list
}

func hanAfter(s string) []string {
	var list []string
	for _, r := range s {
		if len(list) == maxBeside || !unicode.Is(unicode.Han, r) {
			break
		}
		list = append(list, string(r))
	}
	return list
}

// spelt cuts letters into readings of words, the fewest words first, the better known among equals; "" when they are not
// all read. Words of two letters (le, de) are no pinyin of two characters, so every word has at least four or so.
func (m *mender) spelt(letters string) string {
	type cut struct {
		words int
		worth float64
		text  string
	}
	if len(letters) < 4 || len(letters) > 64 {
		return ""
	}
	best := make([]*cut, len(letters)+1)
	best[0] = &cut{}
	for i := range letters {
		if best[i] == nil {
			continue
		}
		for j := i + 2; j <= min(len(letters), i+48); j++ {
			w, worth := m.best(m.reader.Vocabulary.ReadAs(letters[i:j]))
			if w == "" {
				continue
			}
			c := &cut{best[i].words + 1, best[i].worth + worth, best[i].text + w}
			if old := best[j]; old == nil || c.words < old.words || c.words == old.words && c.worth > old.worth {
				best[j] = c
			}
		}
	}
	if best[len(letters)] == nil {
		return ""
	}
	return best[len(letters)].text
}

// slipLeastTwo is in how many units the new pair of a correction of two characters must stand; a longer word is sure by its
// other characters, and one unit will do. What was typed must stand in none: over
// judged questions and laws' titles, which are right, a threshold on the ratio of the two corrected 3 % of them, since
// every pair of characters occurs somewhere across two words; asking for none corrects 0.3 %.
const slipLeastTwo = 3

// characters corrects written slips: characters that sound alike, and a wrong, missing, additional or swapped one.
func (m *mender) characters(norm string) string {
	for range 2 { // two slips in one query; more are a different query
		from, to, word := m.slip(norm)
		if word == "" {
			return norm
		}
		norm = norm[:from] + word + norm[to:]
		m.why = cmp.Or(m.why, WhySlip)
	}
	return norm
}

// slip finds the surest slip of a query: the longest stretch that is one character away from a word, beginning and
// ending where the segmenter sees words begin and end.
func (m *mender) slip(norm string) (from, to int, word string) {
	known := m.reader.Lexicon.Find(norm)
	words := slices.DeleteFunc(m.reader.Segmenter.Words(norm), func(t segment.Token) bool { return t.Part || t.Text[0] < utf8.RuneSelf })
	most := 0
	for i := range words {
		single := false
		for j := i; j < len(words); j++ {
			if j > i && words[j].Start != words[j-1].End {
				break
			}
			single = single || utf8.RuneCountInString(words[j].Text) == 1 || m.listedSlip(words[j].Text)
			typed := norm[words[i].Start:words[j].End]
			n := utf8.RuneCountInString(typed)
			if n > 7 {
				break
			}
			if j == i || !single || n < 2 || n <= most || m.reader.Vocabulary.Has(typed) || m.noise(typed) || cuts(known, words[i].Start, words[j].End) {
				continue
			}
			if w := m.corrected(typed, n); w != "" {
				from, to, word, most = words[i].Start, words[j].End, w, n
			}
		}
	}
	return from, to, word
}

// cuts reports whether a stretch begins or ends within an everyday expression: 户口补 within 户口补登.
func cuts(known []segment.Use, start, end int) bool {
	return slices.ContainsFunc(known, func(u segment.Use) bool {
		return u.Start < start && start < u.End || u.Start < end && end < u.End
	})
}

// noise reports whether a stretch holds the noise of speech, which is no slip.
func (m *mender) noise(typed string) bool {
	return len(m.reader.Lexicon.FindNoise(typed, m.reader.Segmenter.Words(typed))) > 0
}

// listedSlip reports whether a word is one that the dictionary lists, rarely, and the index never says: slips like 租凭 are
// common enough to be listed.
func (m *mender) listedSlip(word string) bool {
	f := m.reader.Segmenter.Frequency(word)
	return utf8.RuneCountInString(word) == 2 && f > 0 && f < slipFrequency && m.terms.Frequency(word) == 0
}

// slipFrequency is the frequency below which a word of the dictionary may be a slip: 租凭 has 3, 执照 107.
const slipFrequency = 20

// term reports whether the lexicon knows a word. Two characters are like so many others that only what people search for
// counts: 云济村 is not 云集村.
func (m *mender) term(word string) bool {
	return m.reader.Lexicon.Official(word) || len(m.reader.Lexicon.Entries(word)) > 0
}

// changes reports whether a correction would change what is no slip: an everyday expression, as 住房 stays in 公共租凭住房 for
// 公共租赁住房, or a word that people say for another: 老板跑路了 is not 老板跑了.
func (m *mender) changes(typed, correction string) bool {
	return slices.ContainsFunc(m.reader.Lexicon.Find(typed), func(u segment.Use) bool {
		said := typed[u.Start:u.End]
		return utf8.RuneCountInString(said) > 1 && !strings.Contains(correction, said)
	}) || m.unsays(typed, correction)
}

// unsays reports whether a correction loses a spoken word of two characters or more.
func (m *mender) unsays(typed, correction string) bool {
	runes := []rune(typed)
	for i := range runes {
		for j := i + 2; j <= len(runes); j++ {
			if word := string(runes[i:j]); m.reader.Lexicon.Said(word) && !strings.Contains(correction, word) {
				return true
			}
		}
	}
	return false
}

// corrected returns the best word for a stretch of n characters that is none, "" when nothing is sure. The shorter the
// word, the more alike the two must be: two characters must sound the same, three nearly so, of four and more one may be
// any slip of the hand.
func (m *mender) corrected(typed string, n int) string {
	if m.occurs(typed) {
		return ""
	}
	candidates := m.reader.Vocabulary.SoundLike(typed)
	if n == 2 {
		candidates = slices.DeleteFunc(candidates, func(c string) bool { return !m.term(c) })
		reading := segment.Full(segment.Pinyin(typed))
		candidates = slices.DeleteFunc(candidates, func(c string) bool { return segment.Full(segment.Pinyin(c)) != reading })
	}
	if n >= 3 {
		for _, c := range m.reader.Vocabulary.Near(typed) {
			if utf8.RuneCountInString(c) >= 4 {
				candidates = append(candidates, c)
			}
		}
	}
	least := 1
	if n == 2 {
		least = slipLeastTwo
	}
	best, most := "", 0
	for _, c := range candidates {
		// A correction keeps some of the characters, and those that it replaces are no grammar.
		if gone := without(typed, c); gone == typed || strings.ContainsAny(gone, grammar) {
			continue
		}
		// A word that stands there is found without dropping what stands beside it.
		if strings.Contains(typed, c) || m.changes(typed, c) {
			continue
		}
		now := m.rarest(c, typed)
		if n >= 3 {
			now = max(now, int(math.Ceil(m.leads(c))))
		}
		if now >= least && now > most {
			best, most = c, now
		}
	}
	return best
}

// grammar are the characters that join words and are seldom typed by mistake for a part of one: in 户口迁移与 the 与 is none
// for 证.
const grammar = "的了与和及或在把被就是有无不没要给对到为从可能会都也还很太让将吗呢吧个我你他她它们这那哪谁"

// without returns the characters of a that b has not.
func without(a, b string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(b, r) {
			return -1
		}
		return r
	}, a)
}

// occurs reports whether every pair of a stretch stands somewhere in the index.
func (m *mender) occurs(typed string) bool { return m.rarest(typed, "") > 0 }
