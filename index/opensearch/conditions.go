package opensearch

import (
	"slices"
	"strconv"
	"strings"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/segment"
)

// conditions turns the plan's filters into queries.
func (f *finder) conditions() error {
	p, q := f.plan, &f.plan.Filter
	f.fixed = append(f.fixed, term(fieldKind, string(f.kind)))
	if q.From != "" {
		f.fixed = append(f.fixed, m{"range": m{fieldDay: m{"gte": dayNumber(q.From)}}})
	}
	if q.To != "" {
		f.fixed = append(f.fixed, m{"range": m{fieldDay: m{"lte": dayNumber(q.To)}}})
	}
	if p.Issuer != "" {
		f.fixed = append(f.fixed, m{"wildcard": m{fieldIssuer: m{"value": "*" + wildcardSafe.Replace(p.Issuer) + "*"}}})
	}
	if len(p.Hidden) > 0 {
		f.fixed = append(f.fixed, not(terms(fieldID, p.Hidden)))
	}
	if err := f.suits(); err != nil {
		return err
	}
	years := make([]string, 0, len(q.Years))
	for _, y := range q.Years {
		years = append(years, strconv.Itoa(y))
	}
	for i, want := range [len(facetFields)][]string{nil, q.Issuers, q.Audiences, q.Themes, q.ItemTypes, q.Channels, nil, years} {
		if len(want) > 0 {
			f.own[facetFields[i]] = terms(facetOf+facetFields[i], want)
		}
	}
	if len(q.Regions) > 0 {
		f.own["region"] = either(terms(fieldPath, q.Regions), terms(facetOf+"region", slices.Concat(q.Regions, p.Above)))
	}
	if len(q.Validity) > 0 {
		var list []m
		for _, v := range q.Validity {
			list = append(list, f.validity(v))
		}
		f.own["validity"] = either(list...)
	}
	f.units()
	return nil
}

var wildcardSafe = strings.NewReplacer(`*`, `\*`, `?`, `\?`, `\`, `\\`)

// suits are the conveniences that are asked for and the papers in hand. What fails them counts nowhere.
func (f *finder) suits() error {
	q := &f.plan.Filter
	for _, c := range q.Conveniences {
		f.fixed = append(f.fixed, term(facetOf+"convenience", c))
	}
	if len(q.Holds) == 0 {
		return nil
	}
	if f.kind != corpus.KindItem {
		f.fixed = append(f.fixed, nothing)
		return nil
	}
	unmet, err := f.unmet(q.Holds)
	if err != nil {
		return err
	}
	f.fixed = append(f.fixed, not(terms(fieldNeed, unmet)))
	return nil
}

// unmet are the needs of some item that papers in hand do not meet.
func (f *finder) unmet(holds []string) ([]string, error) {
	all, err := f.view.values(fieldNeed, &f.view.known.needs)
	if err != nil {
		return nil, err
	}
	unmet := []string{}
	for _, need := range all {
		if !index.Meets(need, holds) {
			unmet = append(unmet, need)
		}
	}
	return unmet, nil
}

// validity is the condition for a validity on the plan's day. Dates compare as text.
func (f *finder) validity(v corpus.Validity) m {
	if f.kind == corpus.KindNews {
		if v == corpus.NoValidity {
			return everything
		}
		return nothing
	}
	until := func(field string) m { return m{"range": m{field: m{"lte": string(f.plan.Today)}}} }
	over, replaced := until(repealed), until(superseded)
	ahead := m{"range": m{effective: m{"gt": string(f.plan.Today)}}}
	switch v {
	case corpus.Repealed:
		return over
	case corpus.Amended:
		return m{"bool": m{"filter": []m{replaced}, "must_not": []m{over}}}
	case corpus.NotYet:
		return m{"bool": m{"filter": []m{ahead}, "must_not": []m{over, replaced}}}
	case corpus.InForce:
		return not(over, replaced, ahead)
	}
	return nothing
}

// units are the conditions on a unit: phrases, excluded words, and that it is a head where a number decides.
func (f *finder) units() {
	p := f.plan
	field := termsOf(f.kind)
	phrase := func(in, text string) m {
		all := []m{{"match_phrase": m{in: letters(text)}}}
		// Its pairs must be terms: 用户，口头 does not say 户口.
		for _, t := range segment.Grams(text) {
			if !t.Part || len(text) == len(t.Text) {
				all = append(all, term(field, t.Text))
			}
		}
		return filter(all...)
	}
	for _, s := range p.Phrases {
		f.within = append(f.within, either(phrase(unitText, s), phrase(unitTitle, s)))
	}
	for _, s := range p.TitlePhrases {
		f.within = append(f.within, phrase(unitTitle, s))
	}
	if p.NumberOnly {
		f.fixed = append(f.fixed, either(f.bearing()...))
		f.within = append(f.within, m{"term": m{unitHead: true}})
	}
	f.open = len(f.within) > 0 || len(p.Terms) == 0
	for _, s := range p.Without {
		f.within = append(f.within, not(phrase(unitText, s), phrase(unitTitle, s)))
	}
}

// bearing are the documents that bear the plan's number or code.
func (f *finder) bearing() []m {
	list := []m{nothing}
	if f.plan.Number != "" {
		list = append(list, term(fieldNumber, f.plan.Number))
	}
	if f.plan.Code != "" {
		list = append(list, term(fieldCode, f.plan.Code))
	}
	return list
}
