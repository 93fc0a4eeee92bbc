package server

import (
	"compress/gzip"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/gorilla/mux"
	"github.com/klauspost/compress/gzhttp"
)

// routes is the one list of what the server answers.
func (s *Server) routes() (http.Handler, error) {
	description, err := openAPI()
	if err != nil {
		return nil, err
	}
	r := mux.NewRouter()
	get := func(path string, h handler) {
		r.Handle(path, s.handle(h)).Methods(http.MethodGet, http.MethodHead)
	}
	// post takes forms of this site's own pages only: browsers say where a form stands.
	post := func(path string, h handler) {
		r.Handle(path, s.handle(form(h))).Methods(http.MethodPost)
	}
	// share answers pages of portals, too.
	share := func(path string, h handler) {
		r.Handle(path, s.shared(h)).Methods(http.MethodGet, http.MethodHead, http.MethodOptions)
	}
	share("/api/v1/search", s.search)
	share("/api/v1/suggest", s.suggest)
	get("/api/v1/items/{id}", s.item)
	get("/api/v1/documents/{id}", s.document)
	get("/healthz", s.health)
	get("/readyz", s.ready)
	get("/openapi.json", static("application/json", description))
	if s.docs, err = newDocs(description); err != nil {
		return nil, err
	}
	get("/docs", s.docsPage)
	get("/", s.homePage)
	get("/search", s.resultPage)
	get("/place", s.placePage)
	post("/place", s.choosePlace)
	post("/settings", s.changeSettings)
	get("/items/{id}", s.itemPage)
	get("/documents/{id}", s.documentPage)
	get("/documents/{id}/compare", s.comparePage)
	get("/feeds/search.atom", s.searchFeed)
	get("/feeds/new.atom", s.newestFeed)
	get("/feeds/documents/{id}.atom", s.documentFeed)
	get("/follow", s.followPage)
	get("/follow/confirm", s.confirmPage)
	get("/follow/manage", s.managePage)
	r.Handle("/follow", smallForm(s.handle(form(s.takeFollow)))).Methods(http.MethodPost)
	r.Handle("/follow/confirm", smallForm(s.handle(form(s.confirmFollow)))).Methods(http.MethodPost)
	r.Handle("/follow/manage", smallForm(s.handle(s.leave))).Methods(http.MethodPost) // also from mail programs, see leave
	get("/holdings", s.holdingsPage)
	get("/guides", s.guidesPage)
	get("/guides/{event:.+}", s.guidePage) // a name may hold a slash
	get("/embed", s.embedPage)
	get("/embed/preview", s.embedPreview)
	get("/embed/frame", s.embedFrame)
	get("/embed/theme.css", s.embedTheme)
	get("/widget.js", s.widget.serve)
	get("/widget-{version:[0-9a-f]+}.js", s.widget.serve)
	get("/assets/{build}/{name}", s.pages.assets.serve)
	r.Handle("/feedback", smallForm(s.handle(form(s.takeFeedback)))).Methods(http.MethodPost)
	s.curator.routes(r)
	s.desk.routes(r)
	r.Use(noteRoute, s.noteClicks)
	r.NotFoundHandler = s.handle(func(http.ResponseWriter, *http.Request) error { return errNoRoute })
	r.MethodNotAllowedHandler = s.handle(func(w http.ResponseWriter, req *http.Request) error {
		w.Header().Set("Allow", allowed(r, req))
		return errMethod
	})
	// A long law goes to phones: the best compression makes it a tenth smaller for a few milliseconds.
	compress, err := gzhttp.NewWrapper(gzhttp.MinSize(1024), gzhttp.CompressionLevel(gzip.BestCompression))
	if err != nil {
		return nil, fmt.Errorf("set up compression: %w", err)
	}
	return s.guard(s.traced(compress(r))), nil
}

// allowed lists the methods that an address answers to.
func allowed(r *mux.Router, req *http.Request) string {
	var list []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
		other := req.Clone(req.Context())
		other.Method = method
		var match mux.RouteMatch
		if r.Match(other, &match) && match.MatchErr == nil {
			list = append(list, method)
		}
	}
	return strings.Join(list, ", ")
}

// form reads a form before its handler and refuses those that stand on another site.
func form(h handler) handler {
	protection := http.NewCrossOriginProtection()
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := protection.Check(r); err != nil {
			return errForeignForm
		}
		if err := r.ParseForm(); errors.As(err, new(*http.MaxBytesError)) {
			return errTooLongFeedback
		} else if err != nil {
			return &paramError{"表单", "读不懂，请回到上一页重新提交"}
		}
		r.PostForm = legibleValues(r.PostForm)
		return h(w, r)
	}
}
