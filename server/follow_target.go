package server

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"tongsou/index"
	"tongsou/server/follow"
	"tongsou/server/journal"
)

// followTarget is what a page offers to follow: the feed of it, and the page on which that is done.
type followTarget struct{ Title, Feed, Link string }

// followOn says what can be followed on the page that a request asks for.
func followOn(r *http.Request) *followTarget {
	kind, id, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case (kind == "items" || kind == "documents") && id != "" && !strings.Contains(id, "/"):
		return &followTarget{"这一条的变化", "/feeds/documents/" + url.PathEscape(id) + ".atom", "/follow?" + url.Values{"id": {id}}.Encode()}
	case kind == "search" && id == "":
		if chosen := feedValues(r.URL.Query()); len(chosen) > 0 && len(chosen.Encode()) < maxTarget {
			return &followTarget{"这次搜索的新内容", "/feeds/search.atom?" + chosen.Encode(), "/follow?" + chosen.Encode()}
		}
	case kind == "":
		return &followTarget{"最新收录", "/feeds/new.atom", "/follow"}
	}
	return nil
}

// maxTarget is the longest search that can be followed, as an address.
const maxTarget = 2000

// followed is what a request wants to follow.
type followed struct {
	follow.Wish // without the address
	Link, Feed  string
	IDs         []string // of a search, what it finds now
}

// errPersonal means that a search holds a number of somebody, which is not to be kept.
var errPersonal = errors.New("the search holds a personal number")

// readFollowed reads what is to be followed: a document, a search, or nothing at all, which is everything new.
func (s *Server) readFollowed(ctx context.Context, values url.Values) (followed, error) {
	if id := values.Get("id"); id != "" {
		d, err := s.options.Library.Get(ctx, id)
		if err != nil {
			return followed{}, err
		}
		return followed{
			Wish: follow.Wish{Kind: follow.Document, Target: d.ID, Label: "《" + bareName(d.Title) + "》"},
			Link: documentAddress(d), Feed: "/feeds/documents/" + url.PathEscape(d.ID) + ".atom",
		}, nil
	}
	chosen := url.Values{}
	for _, name := range searchParams {
		if list, ok := values[name]; ok {
			chosen[name] = list
		}
	}
	if chosen = feedValues(chosen); len(chosen) == 0 {
		return followed{Link: "/", Feed: "/feeds/new.atom", Wish: follow.Wish{Label: "最新收录"}}, nil
	}
	target := chosen.Encode()
	if len(target) > maxTarget {
		return followed{}, &paramError{"q", "订阅的搜索太长，请减少文字或筛选条件"}
	}
	q, err := searchQuery(chosen, s.options.Place)
	if err != nil {
		return followed{}, err
	}
	if personal(q.Text) {
		return followed{}, errPersonal
	}
	return followed{
		Wish: follow.Wish{Kind: follow.Search, Target: target, Label: searchLabel(chosen, q)},
		Link: "/search?" + target, Feed: "/feeds/search.atom?" + target,
	}, nil
}

// personal reports whether a text holds what the journal would mask.
func personal(text string) bool {
	return strings.Count(journal.Mask(text), "〔") > strings.Count(text, "〔")
}

// searchLabel names a search for those who read that they follow it.
func searchLabel(values url.Values, q index.Query) string {
	label := "全部内容"
	if text := strings.TrimSpace(q.Text); text != "" {
		label = "搜索“" + text + "”"
	}
	var parts []string
	if values.Get("place") != "" {
		parts = append(parts, index.RegionName(q.Place))
	}
	for _, c := range activeFilters(values) {
		parts = append(parts, c.Label)
	}
	if len(parts) > 0 {
		label += "（" + strings.Join(parts, "，") + "）"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, label)
}

// knownNow is what a follower knows already on the day of saying yes: everything that there is.
func (s *Server) knownNow(ctx context.Context, sub follow.Subscription) (follow.Seen, error) {
	if sub.Kind == follow.Document {
		n, err := s.options.Followers.LastChange(ctx)
		return follow.Seen{Change: n}, err
	}
	hits, err := s.followedHits(ctx, sub)
	seen := follow.Seen{}
	for i := range hits {
		seen.IDs = append(seen.IDs, hits[i].ID)
	}
	return seen, err
}

// followedHits finds what a followed search finds today.
func (s *Server) followedHits(ctx context.Context, sub follow.Subscription) ([]index.Hit, error) {
	values, err := url.ParseQuery(sub.Target)
	if err != nil {
		return nil, err
	}
	return s.newest(ctx, values, cmp.Or(values.Get("place"), s.options.Place))
}
