package server

import (
	"fmt"
	"net/http"

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
	get("/api/v1/search", s.search)
	get("/api/v1/suggest", s.suggest)
	get("/api/v1/items/{id}", s.item)
	get("/api/v1/documents/{id}", s.document)
	get("/healthz", s.health)
	get("/readyz", s.ready)
	get("/openapi.json", static("application/json", description))
	get("/", s.resultPage)
	get("/items/{id}", s.documentPage)
	get("/documents/{id}", s.documentPage)
	get("/style.css", static("text/css; charset=utf-8", s.pages.style))
	r.NotFoundHandler = s.handle(func(http.ResponseWriter, *http.Request) error { return errNoRoute })
	r.MethodNotAllowedHandler = s.handle(func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Allow", "GET, HEAD")
		return errMethod
	})
	compress, err := gzhttp.NewWrapper(gzhttp.MinSize(1024))
	if err != nil {
		return nil, fmt.Errorf("set up compression: %w", err)
	}
	return s.guard(compress(r)), nil
}
