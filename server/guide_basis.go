package server

import (
	"context"
	"net/url"
	"slices"

	"tongsou/corpus"
	"tongsou/index"
)

// maxBasis bounds how many legal bases of one item are looked up; those behind it link to a search.
const maxBasis = 12

// basisView is one legal basis (设定依据) with where it can be read.
type basisView struct {
	Law, Article, Number, Text string
	Link                       string
	Exact                      bool   // the link leads to the text itself, not to a search
	Doc                        string // the document's ID when it does
	Stale                      corpus.Validity
}

func (s *Server) basisViews(ctx context.Context, basis []corpus.Basis) ([]basisView, error) {
	var list []basisView
	for i, b := range basis {
		v := basisView{Law: b.Law, Article: b.Article, Number: b.Number, Text: b.Text, Link: searchAddress("《" + b.Law + "》" + b.Article)}
		if i < maxBasis {
			if err := s.resolve(ctx, b, &v); err != nil {
				return nil, err
			}
		}
		list = append(list, v)
	}
	return list, nil
}

// resolve finds the law that a basis names, the version in force before others, and the article in it. The engine knows
// laws by all their names; what it returns is compared with what was asked for, since a search always finds something.
func (s *Server) resolve(ctx context.Context, b corpus.Basis, v *basisView) error {
	article, _, _, named := corpus.FindArticle(b.Article)
	h, err := s.lawHit(ctx, "《"+b.Law+"》"+articleText(article, named), b)
	if number, ok := corpus.ParseNumber(b.Number); h == nil && err == nil && ok {
		h, err = s.lawHit(ctx, number+articleText(article, named), b)
	}
	if h == nil || err != nil {
		return err
	}
	v.Link, v.Exact, v.Doc = "/documents/"+h.ID, true, h.ID
	if stale(h.Valid) {
		v.Stale = h.Valid
	}
	if named && holdsSection(h, article.ID()) {
		v.Link += "#" + article.ID()
	}
	return nil
}

func articleText(a corpus.Article, named bool) string {
	if !named {
		return ""
	}
	return a.String()
}

// lawHit searches for the law that a basis names; nil when what is found is another.
func (s *Server) lawHit(ctx context.Context, text string, b corpus.Basis) (*index.Hit, error) {
	res, err := s.options.Engine.Search(ctx, index.Query{
		Text: text, Verbatim: true, Limit: 5, Filter: index.Filter{Kinds: []corpus.Kind{corpus.KindPolicy}}, Today: corpus.DateOf(s.options.Now()),
	})
	if err != nil {
		return nil, err
	}
	hits := hitsOf(res, corpus.KindPolicy)
	same := func(h index.Hit) bool { return sameLaw(&h, b) }
	at := slices.IndexFunc(hits, func(h index.Hit) bool { return same(h) && !stale(h.Valid) })
	if at < 0 {
		at = slices.IndexFunc(hits, same)
	}
	if at < 0 {
		return nil, nil
	}
	return &hits[at], nil
}

func hitsOf(res *index.Result, kind corpus.Kind) []index.Hit {
	for _, g := range res.Groups {
		if g.Kind == kind {
			return g.Hits
		}
	}
	return nil
}

// sameLaw reports whether a hit is the law that a basis names, by one of its names or by its number.
func sameLaw(h *index.Hit, b corpus.Basis) bool {
	if number, ok := corpus.ParseNumber(b.Number); ok && number == h.Number {
		return true
	}
	want := lawKey(b.Law)
	names := index.LawNames(&corpus.Document{Kind: corpus.KindPolicy, Title: h.PlainTitle()})
	return want != "" && slices.ContainsFunc(names, func(n string) bool { return lawKey(n) == want })
}

func holdsSection(h *index.Hit, id string) bool {
	return h.Section != nil && h.Section.ID == id || slices.ContainsFunc(h.More, func(m index.SectionHit) bool { return m.Section.ID == id })
}

func searchAddress(text string) string { return "/search?" + url.Values{"q": {text}}.Encode() }
