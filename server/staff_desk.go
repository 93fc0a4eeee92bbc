package server

import (
	"context"
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"tongsou/corpus"
	"tongsou/corpus/store"
	"tongsou/server/curation"
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
	sessions *sessions
	survey   *surveyor
}

func newDesk(s *Server) *desk {
	return &desk{
		Server: s, sessions: newSessions(s.options.Now), survey: newSurveyor(s.options.Archive, s.options.Log),
	}
}

// close stops what the desk does in the background.
func (d *desk) close() { d.survey.close() }

// section is one part of the desk.
type section struct {
	Path, Label string
	role        curation.Role
	handle      func(d *desk, w http.ResponseWriter, r *http.Request) error
}

// sections are the parts of the desk, in the order of its menu. The editing of synonyms and of pinned answers stands
// behind what people searched, since that is where the need for it shows. Where nothing can be changed it is left out.
func (d *desk) sections() []section {
	list := []section{
		{"/staff", "概况", curation.Reader, (*desk).overview},
		{"/staff/search", "高级检索", curation.Reader, (*desk).searchPage},
		{"/staff/places", "各地差异", curation.Reader, (*desk).placesPage},
		{"/staff/queries", "大家在搜", curation.Reader, (*desk).queriesPage},
		{"/staff/feedback", "评价", curation.Reader, (*desk).feedbackPage},
		{"/staff/reports", "月报", curation.Reader, (*desk).reportsPage},
	}
	if d.options.Curation != nil {
		list = append(list,
			section{"/staff/proposals", "改进建议", curation.Reader, (*desk).proposalsPage},
			section{"/staff/entries", "用词与置顶", curation.Reader, (*desk).entriesPage})
	}
	list = append(list,
		section{"/staff/quality", "数据质量", curation.Reader, (*desk).qualityPage},
		section{"/staff/ingests", "收入记录", curation.Reader, (*desk).ingestsPage})
	if d.options.Curation != nil {
		list = append(list,
			section{"/staff/changes", "改动记录", curation.Reader, (*desk).changesPage},
			section{"/staff/keys", "钥匙", curation.Owner, (*desk).keysPage})
	}
	return list
}

// routes adds the desk. Every address below /staff asks for the key, those that nobody answers as well.
func (d *desk) routes(r *mux.Router) {
	r.Handle("/staff/login", smallForm(d.handle(form(d.login)))).Methods(http.MethodPost)
	r.Handle("/staff/logout", smallForm(d.handle(form(d.logout)))).Methods(http.MethodPost)
	get := func(path string, h handler) {
		r.Handle(path, d.handle(d.guarded(curation.Reader, h))).Methods(http.MethodGet, http.MethodHead)
	}
	for _, s := range d.sections() {
		h := func(w http.ResponseWriter, r *http.Request) error { return s.handle(d, w, r) }
		r.Handle(s.Path, d.handle(d.guarded(s.role, h))).Methods(http.MethodGet, http.MethodHead)
	}
	if d.options.Curation != nil {
		get("/staff/entries/effect", d.effectPage)
		d.formRoutes(r)
	}
	if d.options.Upkeep != nil {
		r.Handle("/staff/rebuild", smallForm(d.handle(form(d.guarded(curation.Owner, d.rebuild))))).Methods(http.MethodPost)
	}
	get("/staff/export.csv", d.exportCSV)
	get("/staff/export.xlsx", d.exportXLSX)
	get("/staff/reports.csv", d.reportCSV)
	get("/staff/reports.xlsx", d.reportXLSX)
	get("/staff/{rest:.*}", func(http.ResponseWriter, *http.Request) error { return errNoRoute })
}

// principalKey marks who makes a request in its context.
type principalKey struct{}

// whose is who makes a request to the desk.
func whose(r *http.Request) principal {
	who, _ := r.Context().Value(principalKey{}).(principal)
	return who
}

// guarded shows the door to everybody who has not given a key, and turns away whose key does not suffice.
func (d *desk) guarded(need curation.Role, h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Robots-Tag", "noindex")
		if !d.curator.open(r.Context()) {
			return d.pages.write(w, http.StatusForbidden, "staff_login.html", &loginView{frame: d.frame(r)})
		}
		key, ok := d.sessions.of(r)
		who, still := d.curator.still(r.Context(), key)
		if !ok || !still {
			return d.door(w, r, http.StatusUnauthorized, "")
		}
		if !who.Role.May(need) {
			return errRole
		}
		return h(w, r.WithContext(context.WithValue(r.Context(), principalKey{}, who)))
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
	// Who is the bearer of the key; MayEdit says that he may change something.
	Who     string
	MayEdit bool
	// Decides says that he may, and that there is something to change.
	Decides bool
	// Waiting says that what the page shows is still being made, Broken that it could not be read to the end.
	Waiting, Broken bool
}

// view makes the frame of a page with the menu. The title is that of its section.
func (d *desk) view(r *http.Request) staffView {
	who := whose(r)
	v := staffView{frame: d.frame(r), Who: who.Name, MayEdit: who.Role.May(curation.Editor)}
	v.Decides = v.MayEdit && d.options.Curation != nil
	for _, s := range d.sections() {
		if !who.Role.May(s.role) {
			continue
		}
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
