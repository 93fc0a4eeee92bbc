package server

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/server/follow"
)

// Followers is the book of who follows what and of what has changed. follow.Book is one.
type Followers interface {
	// Changes lists what happened to documents, Times when they became as they are.
	Changes(ctx context.Context, after int64, limit int, ids ...string) ([]follow.Change, error)
	Times(ctx context.Context, ids ...string) (map[string]time.Time, error)
	LastChange(ctx context.Context) (int64, error)
	Note(ctx context.Context, source follow.Source) (int, error)

	Add(ctx context.Context, w follow.Wish) error
	ToConfirm(ctx context.Context, limit int) ([]follow.Subscription, error)
	Asked(ctx context.Context, id int64) error
	ByToken(ctx context.Context, token string) (follow.Subscription, error)
	Confirm(ctx context.Context, token string, seen follow.Seen) error
	Of(ctx context.Context, leave string) ([]follow.Subscription, error)
	Leave(ctx context.Context, leave string, id int64) error
	Forget(ctx context.Context) error
	Due(ctx context.Context, limit int) ([][]follow.Subscription, error)
	Told(ctx context.Context, told []follow.Subscription, mailed bool) error
	Checked(ctx context.Context, email string) error
	Refused(ctx context.Context, email string) error
}

// searchFeed lists the newest documents that a search finds.
func (s *Server) searchFeed(w http.ResponseWriter, r *http.Request) error {
	values := r.URL.Query()
	if err := known(values, searchParams); err != nil {
		return err
	}
	title := "通搜：最新收录"
	if text := strings.TrimSpace(values.Get("q")); text != "" {
		title = "通搜：" + text
	}
	return s.feedOf(w, r, title, "/search?"+feedValues(values).Encode())
}

// newFeedPage lists the newest documents of all.
func (s *Server) newestFeed(w http.ResponseWriter, r *http.Request) error {
	if err := known(r.URL.Query(), []string{"place", "kind"}); err != nil {
		return err
	}
	return s.feedOf(w, r, "通搜：最新收录", "/")
}

// feedValues are the parameters that choose what a feed is about. How an answer is shown is none of them.
func feedValues(values url.Values) url.Values {
	chosen := url.Values{}
	for name, list := range values {
		switch name {
		case "sort", "limit", "next", "trail", "facets", "explain", "key":
		default:
			if list = nonEmpty(list...); len(list) > 0 {
				chosen[name] = list
			}
		}
	}
	return chosen
}

func (s *Server) feedOf(w http.ResponseWriter, r *http.Request, title, page string) error {
	hits, err := s.newest(r.Context(), r.URL.Query(), s.options.Place)
	if err != nil {
		return err
	}
	f := s.newFeed(r, title, page)
	times, err := s.noticed(r.Context(), hits)
	if err != nil {
		return err
	}
	for i := range hits {
		f.Entries = append(f.Entries, s.hitEntry(r, &hits[i], times[hits[i].ID]))
	}
	return writeFeed(w, r, f)
}

// newest finds the newest documents of a search, feedEntries of each kind.
func (s *Server) newest(ctx context.Context, values url.Values, place string) ([]index.Hit, error) {
	q, err := searchQuery(feedValues(values), place)
	if err != nil {
		return nil, err
	}
	q.Sort, q.Limit, q.Facets = index.ByDate, feedEntries, false
	res, err := s.options.Engine.Search(ctx, q)
	if err != nil {
		return nil, err
	}
	if res.Partial { // what is missing would look as if it were gone, and as new the next time
		return nil, fmt.Errorf("the search was not finished in time: %w", index.ErrUnavailable)
	}
	var hits []index.Hit
	for _, g := range res.Groups {
		hits = append(hits, g.Hits...)
	}
	return hits, nil
}

// noticed says when documents became as they are, as far as that was noticed.
func (s *Server) noticed(ctx context.Context, hits []index.Hit) (map[string]time.Time, error) {
	if s.options.Followers == nil {
		return nil, nil
	}
	ids := make([]string, len(hits))
	for i := range hits {
		ids[i] = hits[i].ID
	}
	return s.options.Followers.Times(ctx, ids...)
}

// hitEntry is a document that a search found. It is as new as its date, or as its last change that was noticed.
func (s *Server) hitEntry(r *http.Request, h *index.Hit, noticed time.Time) atomEntry {
	at := dayTime(h.Date)
	if noticed.After(at) {
		at = noticed
	}
	e := s.entry(r, "document/"+h.ID, h.PlainTitle(), documentLink(h.Kind, h.ID), at)
	e.Category = &atomCategory{index.KindLabel(h.Kind)}
	if h.Issuer != "" {
		e.Author = &atomPerson{h.Issuer}
	}
	e.Summary = strings.Join(nonEmpty(h.Number, h.Place, string(h.Valid), index.PlainText(h.Snippet)), "　")
	if h.Sample {
		e.Summary = "（示例）" + e.Summary
	}
	return e
}

func (s *Server) entry(r *http.Request, name, title, link string, at time.Time) atomEntry {
	return atomEntry{ID: feedID(name), Title: title, Links: []atomLink{{"alternate", pageType, s.origin(r) + link}}, at: at}
}

// documentFeed tells what becomes of one document: its versions, its end, changes of its text, and, of a law, changes of
// the items that rest on it.
func (s *Server) documentFeed(w http.ResponseWriter, r *http.Request) error {
	d, err := s.options.Library.Get(r.Context(), mux.Vars(r)["id"])
	if err != nil {
		return err
	}
	f := s.newFeed(r, "通搜："+d.Title, documentAddress(d))
	first := s.entry(r, "document/"+d.ID, d.Title, documentAddress(d), dayTime(index.DocumentDate(d)))
	first.Summary = strings.Join(nonEmpty(d.Number, d.Issuer, sinceText(d)), "　")
	f.Entries = append(f.Entries, first)
	if err := s.addVersionEntries(r, f, d); err != nil {
		return err
	}
	if err := s.addChangeEntries(r, f, d); err != nil {
		return err
	}
	return writeFeed(w, r, f)
}

// addVersionEntries tells of the versions that came after a document, and of its end where there is none.
func (s *Server) addVersionEntries(r *http.Request, f *atomFeed, d *corpus.Document) error {
	versions, err := s.options.Library.Versions(r.Context(), d.Family)
	if err != nil {
		return err
	}
	today := corpus.DateOf(s.options.Now())
	for _, v := range versions {
		if older, _ := ordered(v, d); v.ID == d.ID || older.ID != d.ID {
			continue
		}
		e := s.entry(r, "version/"+d.ID+"/"+v.ID, "被修订："+d.Title, documentAddress(v), announced(beginning(v), v, today))
		e.Summary = "新的版本" + sinceText(v) + "。"
		f.Entries = append(f.Entries, e)
	}
	if d.Repealed != "" {
		e := s.entry(r, "repealed/"+d.ID+"/"+string(d.Repealed), "被废止："+d.Title, documentAddress(d), announced(d.Repealed, d, today))
		e.Summary = "自 " + string(d.Repealed) + " 起废止。"
		f.Entries = append(f.Entries, e)
	}
	return nil
}

// announced is the day from which something counts, or, while that lies ahead, the day on which it was made known.
func announced(day corpus.Date, d *corpus.Document, today corpus.Date) time.Time {
	if day > today {
		day = cmp.Or(d.Published, d.Adopted)
	}
	return dayTime(day)
}

// addChangeEntries tells of changes that were noticed in the text of a document and of the items that rest on it.
func (s *Server) addChangeEntries(r *http.Request, f *atomFeed, d *corpus.Document) error {
	if s.options.Followers == nil {
		return nil
	}
	ids, err := s.restingIDs(r.Context(), d)
	if err != nil {
		return err
	}
	changes, err := s.options.Followers.Changes(r.Context(), 0, feedEntries, append(ids, d.ID)...)
	if err != nil {
		return err
	}
	for _, c := range changes {
		if c.ID == d.ID && c.What != follow.Updated {
			continue // the versions and the dates say it
		}
		link := "/items/" + c.ID
		if c.ID == d.ID {
			link = documentAddress(d)
		}
		e := s.entry(r, "change/"+c.ID+"/"+strconv.FormatInt(c.Number, 10), c.What+"："+c.Title, link, c.Time)
		if c.ID != d.ID {
			e.Summary = "依据《" + bareName(d.Title) + "》办理的事项"
		}
		f.Entries = append(f.Entries, e)
	}
	return nil
}

// maxRestingFollowed bounds the items of which a law's feed tells.
const maxRestingFollowed = 500

// restingIDs lists the items whose legal basis is a document.
func (s *Server) restingIDs(ctx context.Context, d *corpus.Document) ([]string, error) {
	if d.Kind != corpus.KindPolicy {
		return nil, nil
	}
	all, err := s.catalog.current(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the items that rest on %s: %w", d.ID, err)
	}
	var ids []string
	for _, t := range all.restingOn(d) {
		for _, p := range t.Places {
			ids = append(ids, strings.TrimPrefix(p.Link, "/items/"))
		}
	}
	return ids[:min(len(ids), maxRestingFollowed)], nil
}
