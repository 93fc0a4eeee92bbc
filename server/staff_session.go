package server

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"sync"
	"time"
)

// sessionCookie holds a session's token. A session ends after sessionTime; of more than maxSessions the oldest ends.
const (
	sessionCookie = "tongsou_staff"
	sessionTime   = 8 * time.Hour
	maxSessions   = 200
)

// sessions are the browsers that have given the key. They are kept in memory: after a restart the key is given again.
// What is kept is a hash of each token, so that looking one up tells nothing about the others.
type sessions struct {
	now  func() time.Time
	mu   sync.Mutex
	ends map[[sha256.Size]byte]time.Time
}

func newSessions(now func() time.Time) *sessions {
	return &sessions{now: now, ends: map[[sha256.Size]byte]time.Time{}}
}

// start begins a session and returns its token.
func (s *sessions) start() string {
	token := rand.Text() + rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	var oldest [sha256.Size]byte
	for id, end := range s.ends {
		if !now.Before(end) {
			delete(s.ends, id)
		} else if first, ok := s.ends[oldest]; !ok || end.Before(first) {
			oldest = id
		}
	}
	if len(s.ends) >= maxSessions {
		delete(s.ends, oldest)
	}
	s.ends[sha256.Sum256([]byte(token))] = now.Add(sessionTime)
	return token
}

// open reports whether a request comes from a browser that has given the key.
func (s *sessions) open(r *http.Request) bool {
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	end, ok := s.ends[sha256.Sum256([]byte(c.Value))]
	return ok && s.now().Before(end)
}

func (s *sessions) end(r *http.Request) {
	if c, err := r.Cookie(sessionCookie); err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.ends, sha256.Sum256([]byte(c.Value)))
	}
}

// loginView is the door: the form for the key, or how to set one.
type loginView struct {
	frame
	Keyed       bool
	Back, Wrong string
}

// door shows the form for the key.
func (d *desk) door(w http.ResponseWriter, r *http.Request, status int, wrong string) error {
	v := &loginView{frame: d.frame(r), Keyed: true, Back: r.URL.RequestURI(), Wrong: wrong}
	if r.Method == http.MethodPost {
		v.Back = staffAddress(r.PostForm.Get("back"))
		v.Here = v.Back
	}
	w.Header().Set("Cache-Control", "no-store")
	return d.pages.write(w, status, "staff_login.html", v)
}

// login takes the key. It is compared by its hash, so that the time it takes says nothing about it.
func (d *desk) login(w http.ResponseWriter, r *http.Request) error {
	if !d.keyed {
		return d.guarded(nil)(w, r)
	}
	if d.tries.left(r) <= 0 {
		return d.door(w, r, http.StatusTooManyRequests, "口令输错的次数太多，请过十五分钟再试。")
	}
	given := sha256.Sum256([]byte(strings.TrimSpace(r.PostForm.Get("key"))))
	if subtle.ConstantTimeCompare(given[:], d.key[:]) != 1 {
		d.tries.allow(r)
		return d.door(w, r, http.StatusUnauthorized, "口令不对，请重新输入。")
	}
	d.setSession(w, r, d.sessions.start(), int(sessionTime.Seconds()))
	http.Redirect(w, r, staffAddress(r.PostForm.Get("back")), http.StatusSeeOther)
	return nil
}

func (d *desk) logout(w http.ResponseWriter, r *http.Request) error {
	d.sessions.end(r)
	d.setSession(w, r, "", -1)
	http.Redirect(w, r, "/staff", http.StatusSeeOther)
	return nil
}

func (d *desk) setSession(w http.ResponseWriter, r *http.Request, token string, seconds int) {
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Value: token, Path: "/staff", MaxAge: seconds, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https",
	})
}

// staffAddress lets the way back lead only to a page of the desk.
func staffAddress(address string) string {
	if back := ownAddress(address); back == "/staff" || strings.HasPrefix(back, "/staff/") || strings.HasPrefix(back, "/staff?") {
		return back
	}
	return "/staff"
}
