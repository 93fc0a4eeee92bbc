package server

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"tongsou/corpus"
	"tongsou/index"
)

// relatedView is a document that has to do with the one shown.
type relatedView struct {
	Title, Link, Label string
	Facts              []string
	Snippet            []index.Run
	Sample             bool
	Stale              corpus.Validity
}

// maxRelated is the number of related documents shown.
const maxRelated = 5

// relatedPolicies are policies about the same matter as an item that count today or will, and count where the item does, but
// for those that its bases name already.
func (s *Server) relatedPolicies(ctx context.Context, d *corpus.Document, basis []basisView) ([]relatedView, error) {
	hits, err := s.about(ctx, bareName(d.Title), index.Filter{Kinds: []corpus.Kind{corpus.KindPolicy}}, sameMatter)
	if err != nil {
		return nil, err
	}
	hits = slices.DeleteFunc(hits, func(h index.Hit) bool {
		return h.Valid == corpus.Amended || h.Valid == corpus.Repealed || !serves(h.Region, d.Region) ||
			slices.ContainsFunc(basis, func(b basisView) bool { return b.Doc == h.ID })
	})
	return s.relatedViews(hits), nil
}

// about finds documents that say more than a share of a name. A search always finds something, and a page must not show what
// has nothing to do with it.
func (s *Server) about(ctx context.Context, name string, filter index.Filter, least float64) ([]index.Hit, error) {
	res, err := s.find(ctx, name, filter)
	if err != nil {
		return nil, err
	}
	all, err := s.catalog.current(ctx)
	if err != nil {
		return nil, err
	}
	m := newMatter(name, res.Query.Terms, all.rarity)
	return slices.DeleteFunc(hitsOf(res, filter.Kinds[0]), func(h index.Hit) bool { return m.share(&h) <= least }), nil
}

func (s *Server) find(ctx context.Context, text string, filter index.Filter) (*index.Result, error) {
	return s.options.Engine.Search(ctx, index.Query{Text: text, Limit: 3 * maxRelated, Filter: filter, Today: corpus.DateOf(s.options.Now())})
}

func (s *Server) relatedViews(hits []index.Hit) []relatedView {
	var list []relatedView
	for i := range hits[:min(len(hits), maxRelated)] {
		h := &hits[i]
		v := relatedView{
			Title: h.PlainTitle(), Link: "/documents/" + h.ID, Facts: nonEmpty(h.Number, h.Issuer, string(h.Date)),
			Snippet: h.Snippet, Sample: h.Sample,
		}
		if h.Section != nil {
			v.Link, v.Label = v.Link+"#"+h.Section.ID, h.Section.Label
		}
		if stale(h.Valid) {
			v.Stale = h.Valid
		}
		list = append(list, v)
	}
	return list
}

var reBrackets = regexp.MustCompile(`[（(][^（()）]*[)）]`)

// bareName is a title without what stands in brackets.
func bareName(title string) string { return strings.TrimSpace(reBrackets.ReplaceAllString(title, "")) }
