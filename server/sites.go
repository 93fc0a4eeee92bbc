package server

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rs/cors"
)

// Site is a portal that shows the search box of this server in its own pages. Its key stands open in those pages: it names
// the portal and is no secret. What keeps others out is that a browser tells which site a page comes from.
type Site struct {
	// Key names the portal: 8 to 64 letters, digits, "-" and "_".
	Key string
	// Origins are where its pages are served, scheme://host or scheme://host:port.
	Origins []string
}

// Check tells in words for the administrator what is wrong with a site of the configuration.
func (s Site) Check() error {
	if len(s.Key) < 8 || len(s.Key) > 64 || strings.Trim(s.Key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
		return fmt.Errorf("密钥 %q 无效；应为 8 到 64 个字母、数字、- 或 _", s.Key)
	}
	if len(s.Origins) == 0 {
		return fmt.Errorf("密钥 %s 没有写明网站；请在 origins 里列出，例如 https://www.example.gov.cn", s.Key)
	}
	for _, o := range s.Origins {
		if u, err := url.Parse(o); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Scheme+"://"+u.Host != o ||
			strings.ContainsAny(u.Host, "*;, '\"") || o != strings.ToLower(o) {
			return fmt.Errorf("密钥 %s 的网站 %q 无效；只写小写的协议和主机，例如 https://www.example.gov.cn，末尾不带 /", s.Key, o)
		}
	}
	return nil
}

// sites are the portals by their keys.
type sites map[string][]string

func newSites(list []Site) (sites, error) {
	m := sites{}
	for _, s := range list {
		if err := s.Check(); err != nil {
			return nil, err
		}
		if _, twice := m[s.Key]; twice {
			return nil, fmt.Errorf("密钥 %s 写了两次；请合并两处的 origins", s.Key)
		}
		m[s.Key] = slices.Clone(s.Origins)
	}
	return m, nil
}

// allow reports whether a page of that origin may use the key that the request carries.
func (m sites) allow(r *http.Request, origin string) bool {
	return slices.Contains(m[r.URL.Query().Get("key")], origin)
}

// errForeignSite is a page of another site that asks without a key of its own.
var errForeignSite = errors.New("the site has no key here")

// ours reports whether a request comes from a page of this server, or from no page at all.
func ours(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || r.Header.Get("Sec-Fetch-Site") == "same-origin" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

// shared lets the pages of portals read the answers of a handler, each from its own origins with its own key. Pages of
// other sites are refused; this server's own pages, and programs, need no key. Answers differ by origin and say so, or a
// cache would hand one site's permission to another.
func (s *Server) shared(h handler) http.Handler {
	share := cors.New(cors.Options{
		AllowOriginVaryRequestFunc: func(r *http.Request, origin string) (bool, []string) { return s.sites.allow(r, origin), nil },
		AllowedMethods:             []string{http.MethodGet, http.MethodHead},
		AllowedHeaders:             []string{"If-None-Match"},
		ExposedHeaders:             []string{"Retry-After"},
		MaxAge:                     600,
	})
	return share.Handler(s.handle(func(w http.ResponseWriter, r *http.Request) error {
		if !ours(r) && !s.sites.allow(r, r.Header.Get("Origin")) {
			return errForeignSite
		}
		if r.Method == http.MethodOptions {
			w.Header().Set("Allow", "GET, HEAD, OPTIONS")
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
		return h(w, r)
	}))
}
