package server

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"tongsou/corpus"
	"tongsou/corpus/store"
	"tongsou/index"
)

// documentView is what the page of a law, a policy or a piece of news shows.
type documentView struct {
	frame
	D        *corpus.Document
	Validity corpus.Validity
	Stale    bool
	News     bool
	Facts    []namedValue
	Source   string
	Law      string // the title as citations have it
	Contents []contentsEntry
	Sections []sectionView
	Part     int      // which part of a long document is shown, from 0
	Parts    []choice // its parts; none where the document is shown whole
	Versions []versionView
	Current  string // the address of the version in force, where this is not it
	Items    []restingItem
	About    []relatedView // 解读 and news about a policy
	Mentions []basisView   // policies that a piece of news names
}

func (s *Server) documentPage(w http.ResponseWriter, r *http.Request) error {
	rec, err := s.record(r)
	if err != nil {
		return err
	}
	if to := documentAddress(rec.Document); !strings.HasPrefix(to, "/documents/") {
		http.Redirect(w, r, to, http.StatusMovedPermanently)
		return nil
	}
	if s.unchanged(w, r) {
		return nil
	}
	v := &documentView{
		frame: s.newFrame(r), D: rec.Document, Validity: rec.Validity, Stale: stale(rec.Validity), News: rec.Kind == corpus.KindNews,
		Facts: documentFacts(rec), Source: webLink(rec.URL), Law: citation(rec.Document, ""), Sections: sectionViews(rec.Document),
	}
	v.Contents = contents(v.Sections)
	v.parts(r.URL.Query())
	v.Sample, v.Styles, v.Modules = rec.Sample, []string{"guide.css"}, []string{"citation.js", "read-aloud.js"}
	if err := s.surroundings(r.Context(), v); err != nil {
		return err
	}
	return s.pages.write(w, http.StatusOK, "document.html", v)
}

// surroundings fills in what other documents have to do with this one.
func (s *Server) surroundings(ctx context.Context, v *documentView) error {
	var err error
	if v.News {
		v.Mentions, err = s.mentions(ctx, v.D)
		return err
	}
	if err := s.addVersions(ctx, v); err != nil {
		return err
	}
	all, err := s.catalog.current(ctx)
	if err != nil {
		return err
	}
	v.Items = all.restingOn(v.D)
	v.About, err = s.newsAbout(ctx, v.D)
	return err
}

// documentFacts lists the fields of the head table (as on gov.cn) that are known.
func documentFacts(rec *record) []namedValue {
	d := rec.Document
	return knownFacts(
		namedValue{"索引号", d.IndexNumber}, namedValue{issuerLabel(d.Kind), d.Issuer}, namedValue{"文号", d.Number}, namedValue{"体裁", d.Genre},
		namedValue{"成文日期", string(d.Adopted)}, namedValue{"发布日期", string(d.Published)}, namedValue{"施行日期", string(d.Effective)},
		namedValue{"废止日期", string(d.Repealed)}, namedValue{"时效性", string(rec.Validity)}, namedValue{"主题", strings.Join(d.Topics, "、")},
		namedValue{"地区", rec.Place}, namedValue{"作者", d.Byline},
	)
}

func issuerLabel(k corpus.Kind) string {
	if k == corpus.KindNews {
		return "来源"
	}
	return "发文机关"
}

// newsAbout finds news and interpretations that name a policy, by its number or its title letter by letter; then those of
// the same subject (主题) that hold some of its name.
func (s *Server) newsAbout(ctx context.Context, d *corpus.Document) ([]relatedView, error) {
	news := index.Filter{Kinds: []corpus.Kind{corpus.KindNews}}
	var all []index.Hit
	add := func(hits []index.Hit) {
		for _, h := range hits {
			if !slices.ContainsFunc(all, func(o index.Hit) bool { return o.ID == h.ID }) {
				all = append(all, h)
			}
		}
	}
	citing, err := s.citing(ctx, d.Number, news)
	if err != nil {
		return nil, err
	}
	add(citing)
	name := bareName(d.Title)
	for _, phrase := range titlePhrases(name) {
		res, err := s.find(ctx, phrase, news)
		if err != nil {
			return nil, err
		}
		add(hitsOf(res, corpus.KindNews))
	}
	if news.Themes = d.Topics; len(d.Topics) > 0 {
		hits, err := s.about(ctx, name, news, sameSubject)
		if err != nil {
			return nil, err
		}
		add(hits)
	}
	return s.relatedViews(all), nil
}

// citing finds documents whose text holds a document number. Where none does, a search answers by words instead, so what
// it finds is read.
func (s *Server) citing(ctx context.Context, number string, filter index.Filter) ([]index.Hit, error) {
	if number == "" {
		return nil, nil
	}
	res, err := s.find(ctx, number, filter)
	if err != nil {
		return nil, err
	}
	var list []index.Hit
	for _, h := range hitsOf(res, filter.Kinds[0]) {
		d, err := s.options.Library.Get(ctx, h.ID)
		if errors.Is(err, store.ErrNotFound) {
			continue // deleted since it was indexed
		}
		if err != nil {
			return nil, err
		}
		if strings.Contains(index.Squash(d.Title+"\n"+d.Text()), index.Squash(number)) {
			list = append(list, h)
		}
	}
	return list, nil
}

// titlePhrases are the phrases by which a text names a policy. A title so short that it is a common word is none.
func titlePhrases(name string) []string {
	const shortest = 4
	var list []string
	for _, p := range []string{name, strings.TrimPrefix(name, "中华人民共和国")} {
		if p = strings.Trim(p, `"“”`); len([]rune(p)) >= shortest && !strings.ContainsAny(p, `"“”「」`) && !slices.Contains(list, `"`+p+`"`) {
			list = append(list, `"`+p+`"`)
		}
	}
	return list
}

var reMention = regexp.MustCompile(`《([^《》\n]{3,60})》`)

// mentions resolves the policies that a piece of news names in 《》.
func (s *Server) mentions(ctx context.Context, d *corpus.Document) ([]basisView, error) {
	var found []basisView
	seen := map[string]bool{}
	for _, m := range reMention.FindAllStringSubmatch(d.Title+"\n"+d.Text(), -1) {
		if seen[m[1]] || len(seen) >= maxBasis {
			continue
		}
		seen[m[1]] = true
		v := basisView{Law: m[1]}
		if err := s.resolve(ctx, corpus.Basis{Law: m[1]}, &v); err != nil {
			return nil, err
		}
		if v.Exact && !slices.ContainsFunc(found, func(o basisView) bool { return o.Doc == v.Doc }) {
			found = append(found, v)
		}
	}
	return found, nil
}

// restingItem is an item that rests on a law, with the articles that it names.
type restingItem struct {
	titled
	Articles []choice
}

// maxResting is the number of titles shown under a law; the rest is found by searching.
const maxResting = 30

// restingOn lists the items whose legal basis is this law.
func (v *catalogView) restingOn(d *corpus.Document) []restingItem {
	keys := nonEmpty(index.Squash(d.Number))
	for _, name := range index.LawNames(d) {
		keys = append(keys, lawKey(name))
	}
	var items []*catalogItem
	seen := map[*catalogItem]bool{}
	for _, k := range keys {
		for _, it := range v.byLaw[k] {
			if !seen[it] {
				seen[it] = true
				items = append(items, it)
			}
		}
	}
	var list []restingItem
	for _, t := range byTitle(items) {
		if len(list) == maxResting {
			break
		}
		list = append(list, restingItem{t, articlesOf(t.first, keys, d)})
	}
	return list
}

func articlesOf(it *catalogItem, keys []string, d *corpus.Document) []choice {
	var list []choice
	for _, b := range it.Basis {
		a, _, _, ok := corpus.FindArticle(b.Article)
		if !ok || !slices.Contains(keys, lawKey(b.Law)) && (b.Number == "" || !slices.Contains(keys, index.Squash(b.Number))) {
			continue
		}
		c := choice{Label: a.String()}
		if _, there := d.Section(a.ID()); there {
			c.Link = "#" + a.ID()
		}
		list = append(list, c)
	}
	return list
}
