package server

import (
	"fmt"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tongsou/corpus"
	"tongsou/index"
)

// embedView is the page that makes the markup of the search box for a portal.
type embedView struct {
	frame
	Host      string
	PlaceText string // as filled in: a code or a name
	Snippet   Snippet
	Kinds     []choice
	Wrong     string // what is wrong with the place
	HTML      string // what goes into the portal's pages
	CSS       string // what goes into its style sheet
	Frame     string // what goes into pages of portals that allow no scripts
	Preview   string
}

// defaultBrand is the colour of the box when the portal names none; it is written in widget.js, too.
const defaultBrand = "8c2f1b"

func (s *Server) embedPage(w http.ResponseWriter, r *http.Request) error {
	v := embedView{frame: s.newFrame(r), Host: ownHost(r), PlaceText: strings.TrimSpace(r.URL.Query().Get("place"))}
	v.Styles, v.Modules, v.Feedback = []string{"embed.css"}, []string{"embed.js"}, nil
	var err error
	if v.Snippet, err = s.readSnippet(r); err != nil {
		v.Wrong = err.Error()
	}
	for _, k := range corpus.Kinds() {
		v.Kinds = append(v.Kinds, choice{Label: index.KindLabel(k), Link: string(k), On: slices.Contains(v.Snippet.Kinds, k)})
	}
	v.Preview = "/embed/preview" + v.Snippet.Query()
	if v.HTML, err = v.Snippet.HTML(); err != nil {
		return err
	}
	if v.Frame, err = v.Snippet.Frame(); err != nil {
		return err
	}
	v.CSS = theme(v.Snippet.Brand)
	w.Header().Set("Content-Security-Policy", policy+"; frame-src 'self'")
	w.Header().Set("Cache-Control", "no-cache")
	return s.pages.write(w, http.StatusOK, "embed.html", v)
}

var colour = regexp.MustCompile(`^#?([0-9a-fA-F]{6})$`)

// readSnippet reads what the form of /embed sends. A place may be a code or a name; one that nobody knows is an error, and
// the snippet is without it.
func (s *Server) readSnippet(r *http.Request) (Snippet, error) {
	values := r.URL.Query()
	p := &params{values: values}
	snippet := Snippet{
		Host: ownHost(r), Key: strings.TrimSpace(values.Get("key")), Results: values.Get("mode") == "results",
		NewWindow: values.Get("window") == "new", Brand: defaultBrand,
	}
	if m := colour.FindStringSubmatch(values.Get("brand")); m != nil {
		snippet.Brand = strings.ToLower(m[1])
	}
	for _, k := range corpus.Kinds() {
		if slices.Contains(p.list("kinds"), string(k)) {
			snippet.Kinds = append(snippet.Kinds, k)
		}
	}
	var err error
	snippet.Place, err = placeNamed(strings.TrimSpace(values.Get("place")), s.options.Place)
	return snippet, err
}

// placeNamed is the code of a place that is given by code or name, best one within the division near.
func placeNamed(text, near string) (string, error) {
	if code, ok := corpus.NormalizeRegion(text); ok || text == "" {
		return code, nil
	}
	found := corpus.Regions().ByName(text, near)
	if len(found) == 0 {
		found = corpus.Regions().ByName(text, "")
	}
	switch {
	case len(found) == 0:
		return "", fmt.Errorf("没有叫“%s”的地方；请写全称，或六位区划代码", text)
	case len(found) > 1 && found[0].Level == found[1].Level:
		return "", fmt.Errorf("叫“%s”的地方不止一个；请写区划代码，例如 %s（%s）", text, found[0].Code, placePath(found[0].Code))
	}
	return found[0].Code, nil
}

func placePath(code string) string {
	var names []string
	for _, r := range corpus.Regions().Path(code) {
		names = append(names, r.Name)
	}
	return strings.Join(names, "")
}

// ownHost is where the browser found this server.
func ownHost(r *http.Request) string {
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// framedView is a page that holds nothing but the search box, to stand in a frame.
type framedView struct {
	Snippet
	Script, Integrity, PlaceName string
}

// embedPreview shows the box within /embed.
func (s *Server) embedPreview(w http.ResponseWriter, r *http.Request) error {
	return s.framed(w, r, "'self'")
}

// embedFrame shows the box within a portal that allows no scripts: within its own origins and nowhere else.
func (s *Server) embedFrame(w http.ResponseWriter, r *http.Request) error {
	origins := s.sites[r.URL.Query().Get("key")]
	if len(origins) == 0 {
		return errForeignSite
	}
	return s.framed(w, r, strings.Join(origins, " "))
}

func (s *Server) framed(w http.ResponseWriter, r *http.Request, by string) error {
	snippet, err := s.readSnippet(r)
	if err != nil {
		return &paramError{"place", err.Error()}
	}
	w.Header().Set("Content-Security-Policy", strings.Replace(policy, "frame-ancestors 'none'", "frame-ancestors "+by, 1))
	w.Header().Set("Cache-Control", "no-cache")
	return s.pages.write(w, http.StatusOK, "frame.html", framedView{snippet, s.widget.path(), s.widget.integrity, placePath(snippet.Place)})
}

// embedTheme is the style sheet with a portal's colour, for pages that may not hold it themselves.
func (s *Server) embedTheme(w http.ResponseWriter, r *http.Request) error {
	m := colour.FindStringSubmatch(r.URL.Query().Get("brand"))
	if m == nil {
		return &paramError{"brand", "应为六位十六进制的颜色，例如 " + defaultBrand}
	}
	return static("text/css; charset=utf-8", []byte(theme(strings.ToLower(m[1]))))(w, r)
}

// theme gives the box its colour, and the words on it black or white, whichever is easier to read.
func theme(brand string) string {
	return fmt.Sprintf("tongsou-search {\n  --tongsou-brand: #%s;\n  --tongsou-brand-ink: %s;\n}\n", brand, inkOn(brand))
}

// inkOn is black or white: what contrasts more with a colour by WCAG's measure, which is equal at a luminance of 0.179.
func inkOn(hex string) string {
	n, err := strconv.ParseUint(hex, 16, 32)
	if err != nil {
		return "#fff"
	}
	linear := func(channel uint64) float64 {
		c := float64(channel&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	if 0.2126*linear(n>>16)+0.7152*linear(n>>8)+0.0722*linear(n) > 0.179 {
		return "#000"
	}
	return "#fff"
}
