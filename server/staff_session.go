package server

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
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
	kept map[[sha256.Size]byte]session
}

// session is when it ends and by which key it was opened, whose role is looked up at every request.
type session struct {
	end time.Time
	key string
}

func newSessions(now func() time.Time) *sessions {
	return &sessions{now: now, kept: map[[sha256.Size]byte]session{}}
}

// start begins a session of a key and returns its token.
func (s *sessions) start(key string) string {
	token := rand.Text() + rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	var oldest [sha256.Size]byte
	for id, one := range s.kept {
		if !now.Before(one.end) {
			delete(s.kept, id)
		} else if first, ok := s.kept[oldest]; !ok || one.end.Before(first.end) {
			oldest = id
		}
	}
	if len(s.kept) >= maxSessions {
		delete(s.kept, oldest)
	}
	s.kept[sha256.Sum256([]byte(token))] = session{now.Add(sessionTime), key}
	return token
}

// of returns by which key a request's session was opened, and whether it has one.
func (s *sessions) of(r *http.Request) (key string, ok bool) {
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return "", false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := s.kept[sha256.Sum256([]byte(c.Value))]
	return one.key, ok && s.now().Before(one.end)
}

func (s *sessions) end(r *http.Request) {
	if c, err := r.Cookie(sessionCookie); err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.kept, sha256.Sum256([]byte(c.Value)))
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

// login takes a key: that of the configuration or one that was given out. Wrong keys count together with those that the
// admin API gets.
func (d *desk) login(w http.ResponseWriter, r *http.Request) error {
	if !d.curator.open(r.Context()) {
		return d.guarded("", nil)(w, r)
	}
	if d.curator.tries.left(r) <= 0 {
		return d.door(w, r, http.StatusTooManyRequests, "口令输错的次数太多，请过十五分钟再试。")
	}
	who, err := d.curator.identify(r.Context(), r.PostForm.Get("key"))
	if errors.Is(err, errNoKey) {
		d.curator.tries.allow(r)
		return d.door(w, r, http.StatusUnauthorized, "口令不对，请重新输入。")
	}
	if err != nil {
		return err
	}
	d.setSession(w, r, d.sessions.start(who.ID), int(sessionTime.Seconds()))
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
