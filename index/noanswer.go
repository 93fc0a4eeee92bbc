package index

import "slices"

// maxNearThemes is the number of theme classes offered where nothing fits.
const maxNearThemes = 5

// hotline is the number of the government service hotline (政务服务便民热线), the same in every city of the country since
// 国办发〔2020〕53号.
const hotline = "12345"

// Honest returns what to say of an answer in which nothing is above the confidence line: nil when something is, when
// nothing was asked in words, and on later pages, whose hits were not judged.
func Honest(plan *Plan, groups []Group, facets []Facet) *NoAnswer {
	if plan.Folded == "" || plan.Offset > 0 {
		return nil
	}
	hits := 0
	for _, g := range groups {
		if slices.ContainsFunc(g.Hits, func(h Hit) bool { return h.Sure }) {
			return nil
		}
		hits += len(g.Hits)
	}
	a := &NoAnswer{Note: "没有找到您要的内容。可以换个说法再试，或者打电话问一问。", Office: "政务服务便民热线", Phone: hotline}
	if hits > 0 {
		a.Note = "没有找到有把握的答案，下面这些只是沾点边。可以换个说法再试，或者打电话问一问。"
	}
	if plan.Place != "" {
		a.Office = RegionName(plan.Place) + a.Office
	}
	for _, f := range facets {
		if f.Field == "theme" {
			a.Themes = f.Values[:min(len(f.Values), maxNearThemes)]
		}
	}
	return a
}
