package server

import (
	"embed"
	"fmt"
	"hash/fnv"
	"io/fs"
	"net/http"
	"path"

	"github.com/gorilla/mux"
)

//go:embed web
var web embed.FS

// assets are the style sheets, modules and pictures of the pages: every file of web with one of these extensions. They
// share one address that holds a hash of them all, so that a browser keeps them for good, modules may import one another
// by relative names, and a new program never meets old files.
type assets struct {
	build string
	files map[string]asset
}

type asset struct {
	contentType, tag string
	body             []byte
}

// assetTypes are the extensions that are served, and as what.
var assetTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

func newAssets() (*assets, error) {
	a := &assets{files: map[string]asset{}}
	all := fnv.New64a()
	entries, err := fs.ReadDir(web, "web")
	if err != nil {
		return nil, fmt.Errorf("list the pages' files: %w", err)
	}
	for _, e := range entries {
		body, err := web.ReadFile("web/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", e.Name(), err)
		}
		_, _ = all.Write(body) // a hash takes everything
		if contentType, ok := assetTypes[path.Ext(e.Name())]; ok {
			h := fnv.New64a()
			_, _ = h.Write(body)
			a.files[e.Name()] = asset{contentType, fmt.Sprintf(`"%x"`, h.Sum64()), body}
		}
	}
	a.build = fmt.Sprintf("%x", all.Sum64())
	return a, nil
}

// path is where a file is found. A name that does not exist is a mistake in a page, which its first use shows.
func (a *assets) path(name string) (string, error) {
	if _, ok := a.files[name]; !ok {
		return "", fmt.Errorf("web/%s does not exist", name)
	}
	return "/assets/" + a.build + "/" + name, nil
}

// serve answers /assets/{build}/{name}. A page of an older program asks for an older build: it gets what there is today,
// but must not keep it.
func (a *assets) serve(w http.ResponseWriter, r *http.Request) error {
	f, ok := a.files[mux.Vars(r)["name"]]
	if !ok {
		return errNoRoute
	}
	w.Header().Set("ETag", f.tag)
	w.Header().Set("Cache-Control", "no-cache")
	if mux.Vars(r)["build"] == a.build {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if matches(r.Header.Get("If-None-Match"), f.tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	w.Header().Set("Content-Type", f.contentType)
	_, _ = w.Write(f.body) // the client is gone if this fails
	return nil
}
