package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"tongsou/corpus"
	"tongsou/index"
)

func (s *Server) search(w http.ResponseWriter, r *http.Request) error {
	if err := known(r.URL.Query(), searchParams); err != nil {
		return err
	}
	q, err := searchQuery(r.URL.Query(), s.options.Place)
	if err != nil {
		return err
	}
	if s.unchanged(w, r) {
		return nil
	}
	q.Use = s.use(q.Text)
	result, err := s.options.Engine.Search(r.Context(), q)
	if err != nil {
		return err
	}
	forgetPartial(w, result)
	s.noteSearch(r, q, result)
	return writeJSON(w, result)
}

// suggestions is the answer of /api/v1/suggest.
type suggestions struct {
	Query       string             `json:"query"`
	Suggestions []index.Suggestion `json:"suggestions"`
}

func (s *Server) suggest(w http.ResponseWriter, r *http.Request) error {
	if err := known(r.URL.Query(), suggestParams); err != nil {
		return err
	}
	q, err := suggestQuery(r.URL.Query())
	if err != nil {
		return err
	}
	if s.unchanged(w, r) {
		return nil
	}
	list, err := s.options.Engine.Suggest(r.Context(), q)
	if err != nil {
		return err
	}
	if list == nil {
		list = []index.Suggestion{}
	}
	s.popular.current(r.Context()).sort(list)
	return writeJSON(w, suggestions{q.Text, list})
}

// record is a document as the API gives it: with what is known of it today.
type record struct {
	*corpus.Document
	Validity corpus.Validity `json:"validity,omitempty"`
	Place    string          `json:"place,omitempty"` // the region's name
}

func (s *Server) record(r *http.Request) (*record, error) {
	d, err := s.options.Library.Get(r.Context(), mux.Vars(r)["id"])
	if err != nil {
		return nil, err
	}
	rec := &record{Document: d, Validity: d.Validity(corpus.DateOf(s.options.Now()))}
	if d.Region != "" {
		rec.Place = index.RegionName(d.Region)
	}
	return rec, nil
}

func (s *Server) item(w http.ResponseWriter, r *http.Request) error {
	rec, err := s.record(r)
	if err != nil {
		return err
	}
	if rec.Kind != corpus.KindItem {
		return fmt.Errorf("%s is no item: %w", rec.ID, index.ErrNotFound)
	}
	return s.writeRecord(w, r, rec)
}

func (s *Server) document(w http.ResponseWriter, r *http.Request) error {
	rec, err := s.record(r)
	if err != nil {
		return err
	}
	return s.writeRecord(w, r, rec)
}

func (s *Server) writeRecord(w http.ResponseWriter, r *http.Request, rec *record) error {
	if s.unchanged(w, r) {
		return nil
	}
	return writeJSON(w, rec)
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Cache-Control", "no-store")
	return writeJSON(w, map[string]string{"status": "ok"})
}

// unchanged sets the answer's ETag and reports whether the client has that answer already, in which case it is told so
// and no work is done. An answer is decided by the address, the index's state and the day against which validity is
// judged; the time it took is not part of what it says, hence a weak tag.
func (s *Server) unchanged(w http.ResponseWriter, r *http.Request) bool {
	h := fnv.New64a()
	fmt.Fprint(h, r.URL.Path, "\n", r.URL.RawQuery, "\n", corpus.DateOf(s.options.Now()), "\n", s.options.Engine.Sequence(), index.LearnedAt(s.options.Engine), "\n", s.learner.model.Load().Mark(), s.curator.version.Load())
	fmt.Fprint(h, "\n", len(s.upkeep().Faults))
	if r.URL.Path == "/" || r.URL.Path == "/api/v1/suggest" {
		fmt.Fprint(h, "\n", s.popular.current(r.Context()).mark)
	}
	if !strings.HasPrefix(r.URL.Path, "/api/") { // a page also by its own files and what the browser remembers
		fmt.Fprint(h, "\n", s.pages.assets.build, "\n", readLook(r).Class(), "\n", s.place(r))
		w.Header().Set("Vary", "Cookie")
	}
	tag := fmt.Sprintf(`W/"%x"`, h.Sum64())
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "no-cache") // keep it, but ask
	if !matches(r.Header.Get("If-None-Match"), tag) {
		return false
	}
	w.WriteHeader(http.StatusNotModified)
	return true
}

func writeJSON(w http.ResponseWriter, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(b.Bytes()) // the client is gone if this fails
	return nil
}

// static answers with what never changes while the program runs.
func static(contentType string, body []byte) handler {
	h := fnv.New64a()
	_, _ = h.Write(body) // a hash takes everything
	tag := fmt.Sprintf(`"%x"`, h.Sum64())
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("ETag", tag)
		w.Header().Set("Cache-Control", "public, max-age=300")
		if matches(r.Header.Get("If-None-Match"), tag) {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(body) // the client is gone if this fails
		return nil
	}
}
