package corpus

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

//go:embed divisions.txt
var divisionsFile string

// Region is one administrative division (行政区划): a province, a prefecture or a county.
type Region struct {
	Code   string // 2, 4 or 6 digits: 15, 1501, 150102
	Name   string // 内蒙古自治区, 长阳土家族自治县
	Short  string // 内蒙古, 长阳; the name itself where nothing can be left out
	Level  int    // 1 province, 2 prefecture, 3 county
	Parent string // code of the division above, empty for a province
}

// RegionTree holds the divisions of the country. It never changes, so any number of goroutines may use it.
type RegionTree struct {
	byCode   map[string]Region
	children map[string][]Region // by code; under "" the provinces
	names    map[string][]placeName
	lengths  map[rune]uint32 // first character of a name → bit n is set when a name of n characters begins with it
}

// placeName is one meaning of a name: the division, and where in a text the name counts as its name.
type placeName struct {
	region Region
	bound  bound
}

// bound says what must stand around a name before it is taken for a place.
type bound int

const (
	anywhere    bound = iota
	atEdge            // part of other words: 保定 in 医保定点. It must begin a phrase.
	belowParent       // a word itself: 和平. It must follow a division that contains it: 沈阳和平.
)

// Regions returns the tree of the embedded divisions. The first call reads it, in about 5 ms.
var Regions = sync.OnceValue(func() *RegionTree {
	t := &RegionTree{
		byCode: map[string]Region{}, children: map[string][]Region{},
		names: map[string][]placeName{}, lengths: map[rune]uint32{},
	}
	for line := range strings.Lines(divisionsFile) {
		if fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); len(fields) > 1 {
			t.add(fields[0], fields[1], fields[2:])
		}
	}
	return t
})

// add takes one line of the file. The lines are in the order of their codes, so a division comes after those above it.
func (t *RegionTree) add(code, name string, rest []string) {
	r := Region{Code: code, Name: name, Short: shortName(name), Level: len(code) / 2}
	for l := len(code) - 2; l > 0 && r.Parent == ""; l -= 2 {
		r.Parent = t.byCode[code[:l]].Code // the placeholder 市辖区 (1101) is passed over
	}
	t.byCode[code] = r
	t.children[r.Parent] = append(t.children[r.Parent], r)

	short := anywhere
	if r.Level == 3 && utf8.RuneCountInString(r.Short) == 2 {
		short = atEdge
	}
	everyday := rest[:0:0]
	for _, field := range rest {
		switch field {
		case "~":
			short = atEdge
		case "-":
			short = belowParent
		default:
			everyday = append(everyday, field)
		}
	}
	t.name(r, short, r.Short)
	if r.Name != r.Short {
		t.name(r, anywhere, r.Name)
	}
	if end := autonomousEnding(name); end != "" && !strings.HasSuffix(r.Short, end) {
		t.name(r, anywhere, r.Short+end) // 恩施州, 长阳县
	}
	for _, s := range everyday {
		where := anywhere
		if utf8.RuneCountInString(s) == 2 && !endsAsDivision(s) {
			where = atEdge
		}
		t.name(r, where, s)
	}
}

func (t *RegionTree) name(r Region, where bound, name string) {
	for _, known := range t.names[name] {
		if known.region.Code == r.Code {
			return
		}
	}
	first, _ := utf8.DecodeRuneInString(name)
	t.names[name] = append(t.names[name], placeName{r, where})
	t.lengths[first] |= 1 << utf8.RuneCountInString(name)
}

// Lookup returns the division of a code of 2, 4 or 6 digits; NormalizeRegion brings other spellings into that form.
func (t *RegionTree) Lookup(code string) (Region, bool) {
	r, ok := t.byCode[code]
	return r, ok
}

// ByName returns the divisions of a full, short or everyday name (内蒙古自治区, 内蒙古, 呼市) that lie within the division
// of code within ("" for anywhere), larger divisions first.
func (t *RegionTree) ByName(name, within string) []Region {
	var found []Region
	for _, n := range t.names[name] {
		if Contains(within, n.region.Code) {
			found = append(found, n.region)
		}
	}
	slices.SortFunc(found, func(a, b Region) int {
		if a.Level != b.Level {
			return a.Level - b.Level
		}
		return strings.Compare(a.Code, b.Code)
	})
	return found
}

// Path returns the divisions from the province down to that of code, or nothing when the code is unknown.
func (t *RegionTree) Path(code string) []Region {
	r, ok := t.byCode[code]
	if !ok {
		return nil
	}
	path := append(t.Ancestors(code), r)
	slices.SortFunc(path, func(a, b Region) int { return a.Level - b.Level })
	return path
}

// Ancestors returns the divisions above that of code, the nearest first.
func (t *RegionTree) Ancestors(code string) []Region {
	var above []Region
	for parent := t.byCode[code].Parent; parent != ""; parent = t.byCode[parent].Parent {
		above = append(above, t.byCode[parent])
	}
	return above
}

// Children returns the divisions directly below that of code, by code; "" gives the provinces.
func (t *RegionTree) Children(code string) []Region { return slices.Clone(t.children[code]) }

// Codes returns the codes of all divisions in order.
func (t *RegionTree) Codes() []string { return slices.Sorted(maps.Keys(t.byCode)) }

// Contains reports whether the division of code inner is that of code outer or lies within it. The whole country, "",
// contains every division and lies within none but itself.
func Contains(outer, inner string) bool { return strings.HasPrefix(inner, outer) }

// NormalizeRegion turns a division code of 2, 4, 6, 9 or 12 digits, padded with zeros or not, into the code of a division
// in Regions: 150100 and 150100000000 are 1501, a town's 150102001000 its county's 150102, and a placeholder such as
// 110100 (市辖区) the division above it. It reports false when no such division is known.
func NormalizeRegion(s string) (string, bool) {
	s = strings.TrimSpace(s)
	for _, r := range s {
		if r < '0' || r > '9' {
			return "", false
		}
	}
	switch len(s) {
	case 9, 12:
		s = s[:6]
	case 2, 4, 6:
	default:
		return "", false
	}
	for len(s) > 2 && strings.HasSuffix(s, "00") {
		s = s[:len(s)-2]
	}
	t := Regions()
	if _, ok := t.Lookup(s); ok {
		return s, true
	}
	if len(s) == 4 && slices.ContainsFunc(t.children[s[:2]], func(r Region) bool { return Contains(s, r.Code) }) {
		return s[:2], true
	}
	return "", false
}
