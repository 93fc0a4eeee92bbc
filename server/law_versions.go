package server

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"tongsou/corpus"
)

// versionView is one version of the same law or policy.
type versionView struct {
	ID, Title, Since, Link, Compare string
	Validity                        corpus.Validity
	Here                            bool
}

// addVersions lists the versions of the law shown, newest first, and where the one in force is.
func (s *Server) addVersions(ctx context.Context, v *documentView) error {
	versions, err := s.options.Library.Versions(ctx, v.D.Family)
	if err != nil || len(versions) < 2 {
		return err
	}
	today := corpus.DateOf(s.options.Now())
	for _, d := range slices.Backward(versions) {
		view := newVersionView(d, today)
		view.Here = d.ID == v.D.ID
		if !view.Here {
			view.Compare = compareAddress(v.D.ID, d.ID)
		}
		if view.Validity == corpus.InForce && !view.Here && v.Stale && v.Current == "" {
			v.Current = view.Link
		}
		v.Versions = append(v.Versions, view)
	}
	return nil
}

func newVersionView(d *corpus.Document, today corpus.Date) versionView {
	return versionView{ID: d.ID, Title: d.Title, Since: sinceText(d), Link: documentAddress(d), Validity: d.Validity(today)}
}

func compareAddress(id, other string) string { return "/documents/" + id + "/compare?with=" + other }

// sinceText says from when a version counts: 2020-05-01 起施行.
func sinceText(d *corpus.Document) string {
	switch {
	case d.Effective != "":
		return string(d.Effective) + " 起施行"
	case d.Published != "":
		return string(d.Published) + " 发布"
	case d.Adopted != "":
		return string(d.Adopted) + " 通过"
	}
	return "日期不详"
}

// beginning is the day by which versions are ordered, as the store orders them.
func beginning(d *corpus.Document) corpus.Date {
	return cmp.Or(d.Effective, d.Published, d.Adopted)
}

// ordered puts the older of two versions in front.
func ordered(a, b *corpus.Document) (older, newer *corpus.Document) {
	if c := strings.Compare(string(beginning(a)), string(beginning(b))); c > 0 || c == 0 && a.ID > b.ID {
		return b, a
	}
	return a, b
}
