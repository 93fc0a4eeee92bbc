package server

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"tongsou/index"
	"tongsou/server/journal"
)

// What one address may send, and how long a form may be.
const (
	maxFeedback      = 8 << 10
	feedbackPerHour  = 60
	feedbackTextSize = 500 // characters that the form takes
)

var (
	errTooMuchFeedback = errors.New("too much feedback")
	errTooLongFeedback = errors.New("feedback too long")
)

// feedbackTarget is what a page asks about (好差评). A page that sets none does not ask.
type feedbackTarget struct {
	Kind, ID, Query, Back string
	Reasons               []string
	MaxText               int
}

// The reasons that are offered for not being satisfied, by what was not satisfying.
var (
	searchReasons = []string{"没有我要找的", "排在后面，不好找", "地方不对", "看不懂"}
	pageReasons   = []string{"内容看不懂", "和实际不一样", "内容太旧", "缺少我要的内容", "打不开或办不了"}
)

// feedbackOn says what the page that a request asks for may be rated as: the answer to a query, or an item or document.
func (s *Server) feedbackOn(r *http.Request) *feedbackTarget {
	if s.options.Journal == nil {
		return nil
	}
	t := &feedbackTarget{Back: r.URL.RequestURI(), Reasons: pageReasons, MaxText: feedbackTextSize}
	kind, id, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch query := strings.TrimSpace(r.URL.Query().Get("q")); {
	case (kind == "items" || kind == "documents") && id != "" && !strings.Contains(id, "/"):
		t.Kind, t.ID = "document", id
	case (kind == "search" || kind == "") && query != "":
		t.Kind, t.Query, t.Reasons = "search", query, searchReasons
	default:
		return nil
	}
	return t
}

// thanksView is the page after feedback was given.
type thanksView struct {
	frame
	Back      string
	Satisfied bool
}

// takeFeedback keeps what a citizen says of an answer or a page, and thanks when it is durable.
func (s *Server) takeFeedback(w http.ResponseWriter, r *http.Request) error {
	if s.options.Journal == nil {
		return errNoRoute
	}
	if !s.feedbackLimit.allow(r) {
		return errTooMuchFeedback
	}
	f, err := s.readFeedback(r)
	if err != nil {
		return err
	}
	if err := s.options.Journal.AddFeedback(r.Context(), f); err != nil {
		return err
	}
	v := thanksView{frame: s.newFrame(r), Back: ownAddress(r.PostForm.Get("back")), Satisfied: f.Satisfied}
	v.Here, v.Feedback = v.Back, nil
	w.Header().Set("Cache-Control", "no-store")
	return s.pages.write(w, http.StatusOK, "thanks.html", v)
}

// readFeedback reads the form. What it is about must exist, and a reason must be one of those offered: the journal is no
// place for what strangers want to leave there.
func (s *Server) readFeedback(r *http.Request) (journal.Feedback, error) {
	form := r.PostForm
	f := journal.Feedback{Kind: form.Get("kind"), Reason: form.Get("reason"), Text: form.Get("text")}
	switch form.Get("satisfied") {
	case "1":
		f.Satisfied = true
	case "0":
	default:
		return f, &paramError{"satisfied", "请选择满意或不满意"}
	}
	if f.Reason != "" && !slices.Contains(searchReasons, f.Reason) && !slices.Contains(pageReasons, f.Reason) {
		return f, &paramError{"reason", "请选择列出的原因之一"}
	}
	if len([]rune(f.Text)) > 2*feedbackTextSize { // browsers count otherwise than we do
		return f, errTooLongFeedback
	}
	switch f.Kind {
	case "search":
		if f.Query = strings.TrimSpace(form.Get("query")); f.Query == "" {
			return f, &paramError{"query", "缺少搜索的内容"}
		}
		if len([]rune(f.Query)) > index.MaxQueryRunes {
			f.Query = string([]rune(f.Query)[:index.MaxQueryRunes])
		}
	case "document":
		d, err := s.options.Library.Get(r.Context(), form.Get("id"))
		if err != nil {
			return f, err
		}
		f.Kind, f.ID = string(d.Kind), d.ID
	default:
		return f, &paramError{"kind", "应为 search 或 document"}
	}
	return f, nil
}

// smallForm bounds the body of a form before it is read.
func smallForm(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxFeedback)
		next.ServeHTTP(w, r)
	})
}

func newFeedbackLimit(now func() time.Time) *limiter {
	return newLimiter(feedbackPerHour, time.Hour, now)
}
