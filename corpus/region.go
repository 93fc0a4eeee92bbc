package corpus

import (
	_ "embed"
	"sort"
	"strings"
	"sync"
	"unicode/utf8"
)

//go:embed divisions.txt
var divisionsFile string

// Region is one administrative division (行政区划): a province, a prefecture or a county.
type Region struct {
	Code   string // 2, 4 or 6 digits: 15, 1501, 150102
	Name   string // 内蒙古自治区
	Short  string // 内蒙古; the name itself where nothing can be left out
	Parent string // code of the division above, empty for a province
}

// Level is 1 for a province, 2 for a prefecture, 3 for a county.
func (r Region) Level() int { return len(r.Code) / 2 }

// RegionTree holds the divisions of the country. It never changes.
type RegionTree struct {
	byCode  map[string]Region
	byName  map[string][]string // name or short name → codes
	longest int                 // runes of the longest name
}

// Regions returns the tree of the embedded divisions. The first call reads it.
var Regions = sync.OnceValue(func() *RegionTree {
	t := &RegionTree{byCode: map[string]Region{}, byName: map[string][]string{}}
	for line := range strings.Lines(divisionsFile) {
		line = strings.TrimSpace(line)
		code, names, ok := strings.Cut(line, "\t")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(names, "\t")
		r := Region{Code: code, Name: fields[0], Short: shortName(fields[0])}
		if len(code) > 2 {
			r.Parent = code[:len(code)-2]
		}
		t.byCode[code] = r
		t.name(r.Name, code)
		if r.Short != r.Name {
			t.name(r.Short, code)
		}
		for _, everyday := range fields[1:] {
			t.name(everyday, code)
		}
	}
	return t
})

func (t *RegionTree) name(name, code string) {
	t.byName[name] = append(t.byName[name], code)
	t.longest = max(t.longest, utf8.RuneCountInString(name))
}

// The endings that people leave out, longest first.
var regionEndings = []string{
	"维吾尔自治区", "壮族自治区", "回族自治区", "特别行政区", "自治区", "自治州", "自治县", "自治旗", "地区", "省", "市", "盟", "州", "县", "区", "旗",
}

// shortName leaves out the ending of a name where at least two characters remain.
func shortName(name string) string {
	for _, end := range regionEndings {
		if rest, ok := strings.CutSuffix(name, end); ok && utf8.RuneCountInString(rest) >= 2 {
			return rest
		}
	}
	return name
}

// Lookup returns the division of a code.
func (t *RegionTree) Lookup(code string) (Region, bool) {
	r, ok := t.byCode[code]
	return r, ok
}

// ByName returns the divisions of a full, short or everyday name (内蒙古自治区, 内蒙古, 呼市) that lie within the division
// of code within ("" for anywhere), larger divisions first.
func (t *RegionTree) ByName(name, within string) []Region {
	var found []Region
	for _, code := range t.byName[name] {
		if strings.HasPrefix(code, within) {
			found = append(found, t.byCode[code])
		}
	}
	sort.Slice(found, func(i, j int) bool {
		if len(found[i].Code) != len(found[j].Code) {
			return len(found[i].Code) < len(found[j].Code)
		}
		return found[i].Code < found[j].Code
	})
	return found
}

// Path returns the divisions from the province down to code, or nothing when the code is unknown.
func (t *RegionTree) Path(code string) []Region {
	var path []Region
	for l := 2; l <= len(code); l += 2 {
		if r, ok := t.byCode[code[:l]]; ok {
			path = append(path, r)
		}
	}
	return path
}

// Children returns the divisions directly below code, by code; "" gives the provinces.
func (t *RegionTree) Children(code string) []Region {
	var list []Region
	for c, r := range t.byCode {
		if len(c) == len(code)+2 && strings.HasPrefix(c, code) {
			list = append(list, r)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Code < list[j].Code })
	return list
}

// RegionMatch is a division named in a text.
type RegionMatch struct {
	Start, End int // bytes
	Region     Region
}

// FindIn returns the divisions that a text names in full or, from three characters on, in short, the longest name at each
// place. A name that several divisions share (新城区, 朝阳区) is resolved to the one that lies within another division
// named in the text or within near; when that leaves several, it is passed over.
func (t *RegionTree) FindIn(text, near string) []RegionMatch {
	type span struct {
		start, end int
		codes      []string
	}
	var spans []span
	for i := 0; i < len(text); {
		end, codes := t.longestAt(text, i)
		if end == 0 {
			_, size := utf8.DecodeRuneInString(text[i:])
			i += size
			continue
		}
		spans = append(spans, span{i, end, codes})
		i = end
	}
	context := []string{near}
	for _, s := range spans {
		if len(s.codes) == 1 {
			context = append(context, s.codes[0])
		}
	}
	var found []RegionMatch
	for _, s := range spans {
		if code := resolve(s.codes, context); code != "" {
			found = append(found, RegionMatch{s.start, s.end, t.byCode[code]})
		}
	}
	return found
}

// longestAt returns the end of the longest name that begins at byte i. Two characters make a name only when they are an
// everyday name of their own (呼市) or a province's: 和平 and 长安 are words before they are districts.
func (t *RegionTree) longestAt(text string, i int) (int, []string) {
	ends := make([]int, 0, t.longest)
	for j := i; j < len(text) && len(ends) < t.longest; {
		_, size := utf8.DecodeRuneInString(text[j:])
		j += size
		ends = append(ends, j)
	}
	for n := len(ends); n >= 2; n-- {
		name := text[i:ends[n-1]]
		codes := t.byName[name]
		if len(codes) == 0 || n == 2 && !t.plainShort(name, codes) {
			continue
		}
		return ends[n-1], codes
	}
	return 0, nil
}

func (t *RegionTree) plainShort(name string, codes []string) bool {
	for _, code := range codes {
		r := t.byCode[code]
		if len(code) == 6 && r.Short == name {
			continue
		}
		return true
	}
	return false
}

// resolve picks the code that the context decides on, or "" when it does not.
func resolve(codes, context []string) string {
	if len(codes) == 1 {
		return codes[0]
	}
	for _, c := range context {
		for l := len(c); l >= 2; l -= 2 {
			var within []string
			for _, code := range codes {
				if code != c && strings.HasPrefix(code, c[:l]) {
					within = append(within, code)
				}
			}
			if len(within) == 1 {
				return within[0]
			}
		}
	}
	// 呼和浩特 is a city before it is anything below it
	best, ties := "", 0
	for _, code := range codes {
		switch {
		case best == "" || len(code) < len(best):
			best, ties = code, 1
		case len(code) == len(best):
			ties++
		}
	}
	if ties == 1 {
		return best
	}
	return ""
}

// NormalizeRegion turns a division code of 2, 4, 6, 9 or 12 digits, padded with zeros or not, into the shortest code of a
// known division: 150100 and 150100000000 are 1501. It reports false when no such division is known.
func NormalizeRegion(s string) (string, bool) {
	s = strings.TrimSpace(s)
	for _, r := range s {
		if r < '0' || r > '9' {
			return "", false
		}
	}
	if len(s) > 6 {
		s = s[:6]
	}
	for len(s) > 2 && len(s)%2 == 0 && strings.HasSuffix(s, "00") {
		s = s[:len(s)-2]
	}
	if _, ok := Regions().Lookup(s); !ok {
		return "", false
	}
	return s, true
}
