package server

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"tongsou/corpus"
)

// compareView shows what changed between two versions of a law, article by article.
type compareView struct {
	frame
	Older, Newer versionView
	Facts        []factChange
	Changes      []articleChange
	Counts       []namedValue
	Others       []choice // other pairs that can be compared
	Same         bool
}

// factChange is a line of the head table that is not the same in both versions.
type factChange struct{ Name, Older, Newer string }

// errNoVersions means that there is nothing to compare a document with.
var errNoVersions = errors.New("no other version")

// comparePage compares the document of the path with that of ?with=; where none is named, with the version before it, or
// after it where it is the first.
func (s *Server) comparePage(w http.ResponseWriter, r *http.Request) error {
	rec, err := s.record(r)
	if err != nil {
		return err
	}
	versions, err := s.options.Library.Versions(r.Context(), rec.Family)
	if err != nil {
		return err
	}
	other, err := otherVersion(versions, rec.ID, r.URL.Query().Get("with"))
	if err != nil {
		return err
	}
	if s.unchanged(w, r) {
		return nil
	}
	older, newer := ordered(rec.Document, other)
	today := corpus.DateOf(s.options.Now())
	v := &compareView{frame: s.newFrame(r), Older: newVersionView(older, today), Newer: newVersionView(newer, today)}
	v.Sample, v.Styles = older.Sample || newer.Sample, []string{"guide.css"}
	v.Facts = factChanges(older, newer)
	if v.Changes, err = compareArticles(r.Context(), older.Sections, newer.Sections); err != nil {
		return err
	}
	v.count()
	v.Others = otherPairs(versions, older.ID, newer.ID)
	return s.pages.write(w, http.StatusOK, "compare.html", v)
}

// otherVersion finds the version to compare with.
func otherVersion(versions []*corpus.Document, id, with string) (*corpus.Document, error) {
	at := slices.IndexFunc(versions, func(d *corpus.Document) bool { return d.ID == id })
	if at < 0 || len(versions) < 2 {
		return nil, errNoVersions
	}
	if with == "" {
		return versions[max(at-1, 1-at, 0)], nil
	}
	other := slices.IndexFunc(versions, func(d *corpus.Document) bool { return d.ID == with })
	if other < 0 || other == at {
		return nil, &paramError{"with", "应为同一法规另一个版本的编号；请从该法规页面的“历次版本”里选择"}
	}
	return versions[other], nil
}

func otherPairs(versions []*corpus.Document, older, newer string) []choice {
	var list []choice
	for i := len(versions) - 1; i > 0; i-- {
		a, b := versions[i-1], versions[i]
		list = append(list, choice{
			Label: sinceText(a) + " → " + sinceText(b), Link: compareAddress(b.ID, a.ID), On: a.ID == older && b.ID == newer,
		})
	}
	if len(list) < 2 {
		return nil
	}
	return list
}

func factChanges(older, newer *corpus.Document) []factChange {
	var list []factChange
	for _, f := range []factChange{
		{"标题", older.Title, newer.Title}, {"文号", older.Number, newer.Number}, {"发文机关", older.Issuer, newer.Issuer},
		{"成文日期", string(older.Adopted), string(newer.Adopted)}, {"发布日期", string(older.Published), string(newer.Published)},
		{"施行日期", string(older.Effective), string(newer.Effective)},
	} {
		if f.Older != f.Newer {
			list = append(list, f)
		}
	}
	return list
}

// count says in numbers what changed.
func (v *compareView) count() {
	counts := map[changeKind]int{}
	for _, c := range v.Changes {
		counts[c.Kind] += max(1, c.Count)
	}
	for _, k := range []changeKind{changed, added, removed, moved, unchanged} {
		if counts[k] > 0 {
			v.Counts = append(v.Counts, namedValue{string(k), fmt.Sprint(counts[k])})
		}
	}
	v.Same = counts[changed]+counts[added]+counts[removed]+counts[moved] == 0
}
