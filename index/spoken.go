package index

import (
	"regexp"
	"strings"

	"tongsou/corpus"
)

// reMasked finds the names that publishers of letters and their answers put in the place of real ones, in folded text: a8县,
// which lies in a市.
var reMasked = regexp.MustCompile(`(?:^|[^a-z0-9])([a-z])\d{0,3}[市州盟县区旗镇乡]`)

// provincesIn gives the provinces that a folded text speaks of to yield, until that wants no more: the code of two digits of
// every division that a name may stand for, and the letter of a masked name.
func provincesIn(folded string, yield func(province string) bool) {
	for _, m := range corpus.Regions().FindIn(folded, "") {
		for _, c := range m.Candidates {
			if !yield(c.Code[:2]) {
				return
			}
		}
	}
	for _, m := range reMasked.FindAllStringSubmatch(folded, -1) {
		if !yield(m[1]) {
			return
		}
	}
}

// speakOf notes the provinces that the query speaks of.
func (p *Plan) speakOf(folded string) {
	provincesIn(folded, func(province string) bool {
		if !strings.Contains(p.provinces, province) {
			p.provinces += province + " "
		}
		return true
	})
}

// toldElsewhere is the share of Ranking.Elsewhere that counts where a document has a title and only its text speaks of other
// provinces. Of the right policies 4 in a hundred do, of all every second: ncp has 0.8814 with a quarter, 0.8808 with a half.
const toldElsewhere = 0.25

// elsewhere says how surely a document is about other provinces than the query, from 0 to 1, and by which it is known. Its
// title says where it belongs, and where that names no place its text; an answer to a letter has no title, and its text is
// about one place.
func (p *Plan) elsewhere(title, body string) (share float64, province string) {
	if p.provinces == "" {
		return 0, ""
	}
	for _, text := range []string{title, body} {
		near := false
		provincesIn(text, func(spoken string) bool {
			province, near = spoken, strings.Contains(p.provinces, spoken)
			return !near
		})
		switch {
		case near:
			return 0, ""
		case province != "" && (text == title || title == ""):
			return 1, province
		case province != "":
			return toldElsewhere, province
		}
	}
	return 0, ""
}

// provinceName says a province of provincesIn to the user.
func provinceName(province string) string {
	if r, ok := corpus.Regions().Lookup(province); ok {
		return r.Name
	}
	return strings.ToUpper(province)
}
