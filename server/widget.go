package server

import (
	"bytes"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"text/template"

	"github.com/gorilla/mux"

	"tongsou/corpus"
)

// widget is the script that portals load. Its versioned address never changes what it says, so that a portal can name the
// hash of it; /widget.js is whatever this program has.
type widget struct {
	body               []byte
	version, integrity string
}

func newWidget() (*widget, error) {
	body, err := web.ReadFile("web/widget.js")
	if err != nil {
		return nil, fmt.Errorf("read the widget: %w", err)
	}
	sum := sha512.Sum384(body)
	return &widget{body, hex.EncodeToString(sum[:6]), "sha384-" + base64.StdEncoding.EncodeToString(sum[:])}, nil
}

func (x *widget) path() string { return "/widget-" + x.version + ".js" }

// serve answers /widget.js and /widget-{version}.js. A portal that still names an older version gets what there is today:
// its browser runs it unless the portal names a hash, too.
func (x *widget) serve(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	h.Set("ETag", `"`+x.version+`"`)
	h.Set("Access-Control-Allow-Origin", "*") // browsers compare hashes of what they may read only
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	switch mux.Vars(r)["version"] {
	case x.version:
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	case "":
		h.Set("Cache-Control", "public, max-age=300")
	default:
		h.Set("Cache-Control", "no-cache")
	}
	if matches(r.Header.Get("If-None-Match"), `"`+x.version+`"`) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	_, _ = w.Write(x.body) // the client is gone if this fails
	return nil
}

// Snippet is the markup that a portal puts into its pages to show the search box.
type Snippet struct {
	// Host is where this server is found from outside, scheme://host.
	Host string
	// Place is the code of the citizens' division, Key the portal's key; both may be empty.
	Place, Key string
	// Kinds are the kinds of documents to search; none means all.
	Kinds []corpus.Kind
	// Results shows the hits below the box; otherwise the form goes to the result page here.
	Results bool
	// NewWindow opens pages of this server in a window of their own.
	NewWindow bool
	// Brand is the colour of button and border in the frame, six hexadecimal digits; empty means the widget's own. Pages
	// that hold the element set its colours in their own style sheet.
	Brand string
}

// Mode is the value of the element's attribute.
func (s Snippet) Mode() string {
	if s.Results {
		return "results"
	}
	return "box"
}

// KindList is the value of the element's attribute.
func (s Snippet) KindList() string {
	var list []string
	for _, k := range s.Kinds {
		list = append(list, string(k))
	}
	return strings.Join(list, ",")
}

// Every value goes through html: the result is text that a person reads and copies, which html/template would spell &#43;.
var snippetTemplate = template.Must(template.New("snippet").Parse(
	`<script src="{{.Host | html}}{{.Script}}" integrity="{{.Integrity | html}}" crossorigin="anonymous" defer></script>
<tongsou-search{{with .Place}} place="{{. | html}}"{{end}}{{with .KindList}} kinds="{{. | html}}"{{end}}{{with .Key}} key="{{. | html}}"{{end}} mode="{{.Mode | html}}"{{if .NewWindow}} target="_blank"{{end}}>
  <form action="{{.Host | html}}/search"{{if .NewWindow}} target="_blank"{{end}}>
{{with .Place}}    <input type="hidden" name="place" value="{{. | html}}">
{{end}}{{range .Kinds}}    <input type="hidden" name="kind" value="{{. | html}}">
{{end}}    <input name="q" aria-label="想办什么事" placeholder="想办什么事？如：孩子上户口">
    <button>搜索</button>
  </form>
</tongsou-search>
`))

var frameTemplate = template.Must(template.New("frame").Parse(
	`<iframe src="{{.Host | html}}/embed/frame{{.Query | html}}" title="办事政策搜索" width="100%" height="{{if .Results}}640{{else}}420{{end}}" frameborder="0"></iframe>
`))

// Query is what the address of the frame says, with its question mark; empty when there is nothing to say.
func (s Snippet) Query() string {
	v := url.Values{}
	for name, value := range map[string]string{"key": s.Key, "place": s.Place, "kinds": s.KindList(), "brand": s.Brand} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if s.Results {
		v.Set("mode", s.Mode())
	}
	if len(v) == 0 {
		return ""
	}
	return "?" + v.Encode()
}

// Frame is the markup for portals that allow no scripts: a page of this server within theirs.
func (s Snippet) Frame() (string, error) {
	var b bytes.Buffer
	if err := frameTemplate.Execute(&b, s); err != nil {
		return "", fmt.Errorf("write the frame: %w", err)
	}
	return b.String(), nil
}

// HTML is the snippet with the address and the hash of the widget of this program.
func (s Snippet) HTML() (string, error) {
	x, err := newWidget()
	if err != nil {
		return "", err
	}
	data := struct {
		Snippet
		Script, Integrity string
	}{s, x.path(), x.integrity}
	var b bytes.Buffer
	if err := snippetTemplate.Execute(&b, data); err != nil {
		return "", fmt.Errorf("write the snippet: %w", err)
	}
	return b.String(), nil
}
