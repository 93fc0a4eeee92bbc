package server

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// What a browser remembers between pages. Both are read by the server only, and hold nothing about a person.
const (
	lookCookie  = "look"
	placeCookie = "place"
)

// look is how a citizen wants the pages to be shown.
type look struct {
	Large, Contrast bool
	Scheme          string // dark or light; empty follows the device
}

// Class is the look as classes of the page's root element, which is also what the cookie holds, with dots for blanks.
func (l look) Class() string {
	var list []string
	if l.Large {
		list = append(list, "large")
	}
	if l.Contrast {
		list = append(list, "contrast")
	}
	if l.Scheme != "" {
		list = append(list, l.Scheme)
	}
	return strings.Join(list, " ")
}

func (l *look) set(word string) {
	switch word {
	case "large":
		l.Large = true
	case "normal":
		l.Large = false
	case "contrast":
		l.Contrast = true
	case "plain":
		l.Contrast = false
	case "dark", "light":
		l.Scheme = word
	case "auto":
		l.Scheme = ""
	}
}

func readLook(r *http.Request) look {
	var l look
	if c, err := r.Cookie(lookCookie); err == nil {
		for word := range strings.SplitSeq(c.Value, ".") {
			l.set(word)
		}
	}
	return l
}

// changeSettings remembers what the buttons of the layout ask for and goes back to the page they stand on.
func (s *Server) changeSettings(w http.ResponseWriter, r *http.Request) error {
	l := readLook(r)
	for _, word := range r.PostForm["look"] {
		l.set(word)
	}
	remember(w, r, lookCookie, strings.ReplaceAll(l.Class(), " ", "."))
	http.Redirect(w, r, ownAddress(r.PostForm.Get("back")), http.StatusSeeOther)
	return nil
}

// remember sets a cookie for a year, or forgets it when the value is empty.
func remember(w http.ResponseWriter, r *http.Request, name, value string) {
	c := &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int((365 * 24 * time.Hour).Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https",
	}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// ownAddress lets a redirect lead only to a page of this server: anything else becomes the home page.
func ownAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(u.Path, "/") ||
		strings.HasPrefix(u.Path, "//") || strings.ContainsAny(address, "\\\r\n\t") {
		return "/"
	}
	return u.RequestURI()
}
