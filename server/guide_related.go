package server

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

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

// maxRelated is the number of related documents shown; relatedShare the share of a name's pairs of characters that one must
// hold to have to do with it: a search always finds something, and a page must not show what has nothing to do with it.
const (
	maxRelated   = 5
	relatedShare = 0.5
)

// relatedPolicies are policies about the same matter as an item that count today or will, but for those that its bases name
// already.
func (s *Server) relatedPolicies(ctx context.Context, d *corpus.Document, basis []basisView) ([]relatedView, error) {
	hits, err := s.about(ctx, bareName(d.Title), corpus.KindPolicy)
	if err != nil {
		return nil, err
	}
	hits = slices.DeleteFunc(hits, func(h index.Hit) bool {
		return h.Valid == corpus.Amended || h.Valid == corpus.Repealed || slices.ContainsFunc(basis, func(b basisView) bool { return b.Doc == h.ID })
	})
	return s.relatedViews(hits), nil
}

// about finds documents of a kind that hold enough of a name.
func (s *Server) about(ctx context.Context, name string, kind corpus.Kind) ([]index.Hit, error) {
	hits, err := s.find(ctx, name, index.Filter{Kinds: []corpus.Kind{kind}})
	return slices.DeleteFunc(hits, func(h index.Hit) bool { return share(name, &h) < relatedShare }), err
}

// find searches in one kind, the first of the filter's.
func (s *Server) find(ctx context.Context, text string, filter index.Filter) ([]index.Hit, error) {
	res, err := s.options.Engine.Search(ctx, index.Query{
		Text: text, Limit: 3 * maxRelated, Filter: filter, Today: corpus.DateOf(s.options.Now()),
	})
	if err != nil {
		return nil, err
	}
	return hitsOf(res, filter.Kinds[0]), nil
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

// share is how much of a name a hit's title and snippet say, by pairs of characters.
func share(name string, h *index.Hit) float64 {
	name = index.Squash(name)
	text := index.Squash(h.PlainTitle() + "\n" + index.PlainText(h.Snippet))
	all, found := 0, 0
	for i, r := range name {
		n := utf8.RuneLen(r)
		if _, next := utf8.DecodeRuneInString(name[i+n:]); next > 0 {
			all++
			if strings.Contains(text, name[i:i+n+next]) {
				found++
			}
		}
	}
	if all == 0 {
		return 0
	}
	return float64(found) / float64(all)
}
