package server

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"tongsou/index"
	"tongsou/server/journal"
)

// Journal is where the server notes what people searched, opened and said of it. journal.Journal is one.
type Journal interface {
	// AddSearch and AddClick never wait; what does not fit is dropped.
	AddSearch(journal.Search)
	AddClick(journal.Click)
	// AddFeedback returns when the feedback is durable.
	AddFeedback(ctx context.Context, f journal.Feedback) error
	// Queries, Trends, Days and Comments are what the staff read of it.
	Queries(ctx context.Context, view journal.View, since time.Time, limit int) ([]journal.QueryStat, error)
	Trends(ctx context.Context, queries []string, since time.Time) (map[string][]int, error)
	Days(ctx context.Context, since time.Time) ([]journal.DayStat, error)
	Comments(ctx context.Context, since time.Time, bad bool, limit int) ([]journal.Feedback, error)
	// OpenedFrom lists what was opened from the answers to one query.
	OpenedFrom(ctx context.Context, query string, since time.Time, limit int) ([]journal.OpenedResult, error)
	// Uses and Ratings are what the ranking learns from.
	Uses(ctx context.Context, since time.Time, visit func(journal.Uses) error) error
	Ratings(ctx context.Context, since time.Time) ([]journal.Rated, error)
	// Months is what reports are made of.
	Months(ctx context.Context, since time.Time) ([]journal.MonthSearches, []journal.MonthDocument, error)
	// Dropped is how many searches and clicks were lost since the start.
	Dropped() int64
}

// noteSearch writes the first page of an answer into the journal. Further pages are the same search.
func (s *Server) noteSearch(r *http.Request, q index.Query, res *index.Result) {
	if s.options.Journal == nil || strings.TrimSpace(q.Text) == "" || q.Next != "" || speculative(r) {
		return
	}
	entry := journal.Search{Query: q.Text, Place: q.Place, Took: time.Duration(res.TookMS * float64(time.Millisecond))}
	found := 0
	totals := []*int{&entry.Items, &entry.Policies, &entry.News}
	for i, g := range res.Groups {
		if i < len(totals) {
			*totals[i] = g.Total
		}
		var ids []string
		for _, h := range g.Hits {
			ids = append(ids, h.ID)
		}
		found += g.Total
		entry.Results = append(entry.Results, ids)
	}
	entry.Sure = found > 0 && res.NoAnswer == nil // engines that judge nothing never say that there is no answer
	s.options.Journal.AddSearch(entry)
}

// speculative reports whether a browser loads a page that nobody has asked for yet.
func speculative(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Sec-Purpose")+r.Header.Get("Purpose"), "prefetch")
}

// noteClicks notes which result was opened from which answer. Our pages let browsers say on which of our own pages a link
// stood (Referrer-Policy: same-origin), and the address of an answer holds its query: that is all it takes. There is no
// script that watches, no redirect, no identifier in links, and nothing is known of those whose browser says nothing.
func (s *Server) noteClicks(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := s.openedFrom(r)
		if query == "" {
			next.ServeHTTP(w, r)
			return
		}
		status := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(status, r)
		if status.status == http.StatusOK || status.status == http.StatusNotModified {
			s.options.Journal.AddClick(journal.Click{Query: query, ID: mux.Vars(r)["id"]})
		}
	})
}

// openedFrom is the query of the answer on which the link to an item or document stood, empty when it stood elsewhere.
func (s *Server) openedFrom(r *http.Request) string {
	if s.options.Journal == nil || r.Method != http.MethodGet || speculative(r) ||
		!strings.HasPrefix(r.URL.Path, "/items/") && !strings.HasPrefix(r.URL.Path, "/documents/") {
		return ""
	}
	from, err := url.Parse(r.Referer())
	if err != nil || from.Host != r.Host || from.Path != "/" && from.Path != "/search" {
		return ""
	}
	return from.Query().Get("q")
}

// statusWriter remembers how a request was answered.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the writer below.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
