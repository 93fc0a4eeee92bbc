package server

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"tongsou/corpus"
	"tongsou/index"
)

// frame is what every page has. A view embeds it, takes it from newFrame, and names in Styles and Modules the files of
// web that its page needs beside style.css and box.js.
type frame struct {
	Text            string       // what stands in the search box
	Kept            []namedValue // filters that a new search keeps
	Sample          bool         // whether sample data is shown
	Styles, Modules []string
	Bare            bool // whether the page has the box in its middle, and the header none
	Look            look
	Here            string          // the page's own address, to come back to
	Feedback        *feedbackTarget // what the page asks to be rated as (好差评); nil for nothing
	Follow          *followTarget   // what the page offers to follow; nil for nothing
	Place           string          // the name of the citizen's place, empty for the whole country
}

type namedValue struct{ Name, Value string }

// newFrame makes what every page has out of a request.
func (s *Server) newFrame(r *http.Request) frame {
	f := frame{Look: readLook(r), Here: r.URL.RequestURI(), Feedback: s.feedbackOn(r), Follow: followOn(r)}
	if code := s.place(r); code != "" {
		f.Place = index.RegionName(code)
	}
	return f
}

// place is the division where the citizen is: what the address says, else what the browser remembers, else the portal's.
func (s *Server) place(r *http.Request) string {
	if code, ok := corpus.NormalizeRegion(r.URL.Query().Get("place")); ok && code != "" {
		return code
	}
	if c, err := r.Cookie(placeCookie); err == nil {
		if code, ok := corpus.NormalizeRegion(c.Value); ok && code != "" {
			return code
		}
	}
	return s.options.Place
}

// pages holds the templates by the names of their files in web: every *.html but layout.html, each with the layout and
// all *.part.html. A page that defines "main" stands in the layout; one that does not stands alone.
type pages struct {
	assets *assets
	byName map[string]*template.Template
}

func newPages() (*pages, error) {
	a, err := newAssets()
	if err != nil {
		return nil, err
	}
	p := &pages{assets: a, byName: map[string]*template.Template{}}
	base, err := template.New("layout.html").Funcs(template.FuncMap{"asset": a.path}).ParseFS(web, "web/layout.html", "web/*.part.html")
	if err != nil {
		return nil, fmt.Errorf("read the layout: %w", err)
	}
	names, err := fs.Glob(web, "web/*.html")
	if err != nil {
		return nil, fmt.Errorf("list pages: %w", err)
	}
	for _, name := range names {
		if name == "web/layout.html" || strings.HasSuffix(name, ".part.html") {
			continue
		}
		t, err := template.Must(base.Clone()).ParseFS(web, name)
		if err != nil {
			return nil, fmt.Errorf("read page %s: %w", name, err)
		}
		if t.Lookup("main") == nil {
			t = t.Lookup(path.Base(name))
		}
		p.byName[path.Base(name)] = t
	}
	return p, nil
}

// write answers with the page of that file name. Nothing is sent when the page cannot be made.
func (p *pages) write(w http.ResponseWriter, status int, name string, data any) error {
	t, ok := p.byName[name]
	if !ok {
		return fmt.Errorf("there is no page %s", name)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Vary", "Cookie")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the client is gone if this fails
	return nil
}

// problemView is the page that says what went wrong.
type problemView struct {
	frame
	Problem problem
	Again   bool // whether trying again may help
}

func (s *Server) problemPage(w http.ResponseWriter, r *http.Request, pr problem) {
	v := problemView{frame: s.newFrame(r), Problem: pr, Again: r.Method == http.MethodGet && (pr.Status >= http.StatusInternalServerError || pr.Status == http.StatusTooManyRequests)}
	v.Text = r.URL.Query().Get("q") // nobody has to write it twice
	v.Styles = []string{"search.css"}
	if err := s.pages.write(w, pr.Status, "problem.html", v); err != nil {
		s.options.Log.Error("no page for a problem", "error", err)
		http.Error(w, pr.Title, pr.Status)
	}
}
