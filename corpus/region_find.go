package corpus

import (
	"math/bits"
	"strings"
	"unicode/utf8"
)

// RegionMatch is a place named in a text.
type RegionMatch struct {
	Start, End int // bytes
	// Region is the division that is meant; its Code is empty when Candidates could not be told apart.
	Region Region
	// Candidates are the divisions that the name can stand for there, at least one.
	Candidates []Region
}

// FindIn returns the places that a text names, in order, at each spot the longest name. A name that is also an ordinary
// word, or part of one, counts with its ending (和平区), behind the division above it (沈阳和平), or, when it is only part of
// other words, at the beginning of a phrase. A name that several divisions share (新城区, 朝阳) is settled by the division
// it stands behind, by the other places of the text, or by near, the code of the division that the asker prefers ("" for
// none); otherwise the match has no Region.
func (t *RegionTree) FindIn(text, near string) []RegionMatch {
	var found []RegionMatch
	open := 0 // matches that are not settled
	before := rune(0)
	for i := 0; i < len(text); {
		first, size := utf8.DecodeRuneInString(text[i:])
		if lengths := t.lengths[first]; lengths != 0 {
			if m, ok := t.longestAt(text, i, lengths, before, found); ok {
				if m.Region.Code == "" {
					open++
				}
				found = append(found, m)
				before, i = 0, m.End
				continue
			}
		}
		before, i = first, i+size
	}
	if open > 0 {
		settle(found, near)
	}
	return found
}

// longestAt finds the longest name that begins at byte start and counts there. lengths has a bit for every length in
// characters to try, before is the character before it (0 at the beginning and behind another place).
func (t *RegionTree) longestAt(text string, start int, lengths uint32, before rune, found []RegionMatch) (RegionMatch, bool) {
	var ends [32]int
	most := bits.Len32(lengths) - 1
	end, count := start, 0
	for count < most && end < len(text) {
		_, size := utf8.DecodeRuneInString(text[end:])
		end += size
		count++
		ends[count] = end
	}
	for n := count; n >= 2; n-- {
		if lengths&(1<<n) == 0 {
			continue
		}
		name := text[start:ends[n]]
		meanings := t.names[name]
		if len(meanings) == 0 || partOfWord(name, n, before, text[ends[n]:]) {
			continue
		}
		parent := above(text, start, found)
		if m := (RegionMatch{Start: start, End: ends[n]}); m.choose(meanings, parent, before) {
			return m, true
		}
	}
	return RegionMatch{}, false
}

// above is the place right before byte start, with nothing but blanks between; nil when there is none.
func above(text string, start int, found []RegionMatch) *RegionMatch {
	if len(found) == 0 {
		return nil
	}
	last := &found[len(found)-1]
	if strings.Trim(text[last.End:start], " 　·-/") != "" {
		return nil
	}
	return last
}

// choose fills in the candidates: the meanings that lie within the place right before, or else those that count here.
func (m *RegionMatch) choose(meanings []placeName, parent *RegionMatch, before rune) bool {
	if parent != nil {
		for _, p := range meanings {
			if parent.holds(p.region) {
				m.Candidates = append(m.Candidates, p.region)
			}
		}
	}
	if m.Candidates == nil {
		for _, p := range meanings {
			if p.bound == anywhere || p.bound == atEdge && beginsPhrase(before) {
				m.Candidates = append(m.Candidates, p.region)
			}
		}
	}
	if r, ok := outermost(m.Candidates); ok {
		m.Region = r
	}
	return m.Candidates != nil
}

// holds reports whether one of the match's candidates contains r.
func (m *RegionMatch) holds(r Region) bool {
	for _, c := range m.Candidates {
		if c.Code != r.Code && Contains(c.Code, r.Code) {
			return true
		}
	}
	return false
}

// outermost returns the one region that the others lie within, so that 吉林 is the province and 广安 the city, or the only
// province among them: 河南 is not the county of that short name.
func outermost(regions []Region) (Region, bool) {
	if len(regions) == 0 {
		return Region{}, false
	}
	best := regions[0]
	for _, r := range regions[1:] {
		if r.Level < best.Level {
			best = r
		}
	}
	for _, r := range regions {
		if !Contains(best.Code, r.Code) && (best.Level > 1 || r.Level == 1) {
			return Region{}, false
		}
	}
	return best, true
}

// settle decides the matches that several divisions share: by the places of the text that are decided, first the one
// that comes first, and then by near.
func settle(found []RegionMatch, near string) {
	var context []string
	for _, m := range found {
		if m.Region.Code != "" {
			context = append(context, m.Region.Code)
		}
	}
	context = append(context, near)
	for i := range found {
		for _, code := range context {
			if found[i].Region.Code == "" {
				found[i].Region = nearest(found[i].Candidates, code)
			}
		}
	}
}

// nearest returns the region that shares more of its code's path with code than the others do; none when that is not one.
func nearest(regions []Region, code string) Region {
	for l := len(code); l >= 2; l -= 2 {
		var within []Region
		for _, r := range regions {
			if Contains(code[:l], r.Code) {
				within = append(within, r)
			}
		}
		if len(within) > 0 {
			r, _ := outermost(within)
			return r
		}
	}
	return Region{}
}
