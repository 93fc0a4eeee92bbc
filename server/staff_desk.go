package server

import (
	"context"
	"crypto/sha256"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"tongsou/corpus"
	"tongsou/corpus/store"
)

// Archive is the store of record as the staff desk needs it: what came when from where, and all of it in order.
type Archive interface {
	// Changes returns at most limit documents after a sequence number, in order; none means that there are no more.
	Changes(ctx context.Context, after uint64, limit int) ([]store.Change, error)
	// Sources returns in which files of which sources a document stands.
	Sources(ctx context.Context, id string) ([]corpus.Source, error)
	// Runs returns the latest ingests, newest first.
	Runs(ctx context.Context, limit int) ([]store.Run, error)
}

// How often one address may give a wrong key, and in what time.
const (
	maxTries    = 10
	triesWindow = 15 * time.Minute
)

// desk is the staff desk (/staff): what the people behind the guidance see of it. Nothing of it is shown without the key.
type desk struct {
	*Server
	keyed    bool
	key      [sha256.Size]byte
	sessions *sessions
	tries    *limiter
	survey   *surveyor
}

func newDesk(s *Server) *desk {
	return &desk{
		Server: s, keyed: strings.TrimSpace(s.options.AdminKey) != "", key: sha256.Sum256([]byte(strings.TrimSpace(s.options.AdminKey))),
		sessions: newSessions(s.options.Now), tries: newLimiter(maxTries, triesWindow, s.options.Now),
		survey: newSurveyor(s.options.Archive, s.options.Log),
	}
}

// close stops what the desk does in the background.
func (d *desk) close() { d.survey.close() }

// section is one part of the desk.
type section struct {
	Path, Label string
	handle      func(d *desk, w http.ResponseWriter, r *http.Request) error
}

// sections are the parts of the desk, in the order of its menu. The editing of synonyms and of pinned answers is to stand
// behind what people searched, since that is where the need for it shows.
func sections() []section {
	return []section{
		{"/staff", "概况", (*desk).overview},
		{"/staff/search", "高级检索", (*desk).searchPage},
		{"/staff/places", "各地差异", (*desk).placesPage},
		{"/staff/queries", "大家在搜", (*desk).queriesPage},
		{"/staff/feedback", "评价", (*desk).feedbackPage},
		{"/staff/quality", "数据质量", (*desk).qualityPage},
		{"/staff/ingests", "收入记录", (*desk).ingestsPage},
	}
}

// routes adds the desk. Every address below /staff asks for the key, those that nobody answers as well.
func (d *desk) routes(r *mux.Router) {
	r.Handle("/staff/login", smallForm(d.handle(form(d.login)))).Methods(http.MethodPost)
	r.Handle("/staff/logout", smallForm(d.handle(form(d.logout)))).Methods(http.MethodPost)
	get := func(path string, h handler) {
		r.Handle(path, d.handle(d.guarded(h))).Methods(http.MethodGet, http.MethodHead)
	}
	for _, s := range sections() {
		get(s.Path, func(w http.ResponseWriter, r *http.Request) error { return s.handle(d, w, r) })
	}
	get("/staff/export.csv", d.exportCSV)
	get("/staff/export.xlsx", d.exportXLSX)
	get("/staff/{rest:.*}", func(http.ResponseWriter, *http.Request) error { return errNoRoute })
}

// guarded shows the door to everybody who has not given the key.
func (d *desk) guarded(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Robots-Tag", "noindex")
		if !d.keyed {
			return d.pages.write(w, http.StatusForbidden, "staff_login.html", &loginView{frame: d.frame(r)})
		}
		if !d.sessions.open(r) {
			return d.door(w, r, http.StatusUnauthorized, "")
		}
		return h(w, r)
	}
}

// frame is what every page of the desk has.
func (d *desk) frame(r *http.Request) frame {
	f := d.newFrame(r)
	f.Bare, f.Styles = true, []string{"staff.css"}
	return f
}

// staffView is what every page of the desk has once the key was given.
type staffView struct {
	frame
	Title string
	Menu  []choice
	// Waiting says that what the page shows is still being made, Broken that it could not be read to the end.
	Waiting, Broken bool
}

// view makes the frame of a page with the menu. The title is that of its section.
func (d *desk) view(r *http.Request) staffView {
	v := staffView{frame: d.frame(r)}
	for _, s := range sections() {
		on := s.Path == r.URL.Path
		if on {
			v.Title = s.Label
		}
		v.Menu = append(v.Menu, choice{Label: s.Label, Link: s.Path, On: on})
	}
	return v
}

// today is the day by the server's clock.
func (d *desk) today() corpus.Date { return corpus.DateOf(d.options.Now()) }
