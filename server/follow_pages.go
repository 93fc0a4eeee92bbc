package server

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tongsou/server/follow"
	"tongsou/server/post"
)

// Mailer sends mail. post.Sender is one.
type Mailer interface {
	// Send returns when the letter was taken; its error wraps post.ErrRefused when trying again would not help.
	Send(ctx context.Context, l post.Letter) error
}

// followsPerHour is how many subscriptions one address of the network may ask for in an hour.
const followsPerHour = 10

// maxEmail is what is shown again of an address that cannot be read, in bytes.
const maxEmail = 254

// The errors of following.
var (
	errTooManyFollows = errors.New("too many subscriptions")
	errNoMail         = errors.New("no mail is sent")
)

func newFollowLimit(now func() time.Time) *limiter { return newLimiter(followsPerHour, time.Hour, now) }

// mailing reports whether mails can be sent.
func (s *Server) mailing() bool { return s.options.Mail != nil && s.options.Followers != nil }

// followView is the page on which something is followed, and what comes of it.
type followView struct {
	frame
	State    string // ask, sent, confirm, confirmed, list, left
	Followed followed
	Mail     bool
	Hidden   []namedValue // what the form sends besides the address
	FeedURL  string
	Wrong    bool // the address cannot be read
	Email    string
	Token    string
	List     []followedView
}

// followedView is something that is followed already.
type followedView struct {
	ID          int64
	Label, Link string
}

func (s *Server) followFrame(w http.ResponseWriter, r *http.Request, state string) *followView {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Robots-Tag", "noindex")
	v := &followView{frame: s.newFrame(r), State: state, Mail: s.mailing()}
	v.Here, v.Feedback, v.Styles = "/follow", nil, []string{"follow.css"}
	return v
}

// followPage offers the ways to follow what the address names.
func (s *Server) followPage(w http.ResponseWriter, r *http.Request) error {
	found, err := s.readFollowed(r.Context(), r.URL.Query())
	if err != nil {
		return err
	}
	return s.offerFollowing(w, r, found, http.StatusOK, "")
}

func (s *Server) offerFollowing(w http.ResponseWriter, r *http.Request, found followed, status int, wrong string) error {
	v := s.followFrame(w, r, "ask")
	v.Followed, v.FeedURL, v.Email, v.Wrong = found, s.origin(r)+found.Feed, wrong, status != http.StatusOK
	v.Mail = v.Mail && found.Kind != ""
	v.Here = r.URL.RequestURI()
	if found.Kind == follow.Document {
		v.Hidden = []namedValue{{"id", found.Target}}
	} else if values, err := url.ParseQuery(found.Target); err == nil {
		v.Hidden = hiddenFields(values)
	}
	return s.pages.write(w, status, "follow.html", v)
}

// hiddenFields are the values of an address as a form sends them, in the order of searchParams.
func hiddenFields(values url.Values) []namedValue {
	var list []namedValue
	for _, name := range searchParams {
		for _, value := range values[name] {
			list = append(list, namedValue{name, value})
		}
	}
	return list
}

// takeFollow notes a wish. Whatever is known of the address, the answer is the same.
func (s *Server) takeFollow(w http.ResponseWriter, r *http.Request) error {
	if !s.mailing() {
		return errNoMail
	}
	found, err := s.readFollowed(r.Context(), r.PostForm)
	if err != nil {
		return err
	}
	if found.Kind == "" {
		return &paramError{"q", "请先搜索，或打开一条内容，再订阅"}
	}
	if !s.followLimit.allow(r) {
		return errTooManyFollows
	}
	found.Email = r.PostForm.Get("email")
	err = s.options.Followers.Add(r.Context(), found.Wish)
	if errors.Is(err, follow.ErrBadAddress) {
		return s.offerFollowing(w, r, found, http.StatusBadRequest, strings.ToValidUTF8(found.Email[:min(len(found.Email), maxEmail)], ""))
	}
	if err != nil {
		return err
	}
	s.courier.wake()
	v := s.followFrame(w, r, "sent")
	v.Followed = found
	return s.pages.write(w, http.StatusOK, "follow.html", v)
}

// confirmPage asks once more, since programs that look through mails open links, too: only the button counts.
func (s *Server) confirmPage(w http.ResponseWriter, r *http.Request) error {
	if s.options.Followers == nil {
		return errNoRoute
	}
	sub, err := s.options.Followers.ByToken(r.Context(), r.URL.Query().Get("token"))
	if err != nil {
		return err
	}
	v := s.followFrame(w, r, "confirm")
	if sub.Confirmed {
		v.State = "confirmed"
	}
	v.Token, v.List = sub.Token, followedViews([]follow.Subscription{sub})
	return s.pages.write(w, http.StatusOK, "follow.html", v)
}

func (s *Server) confirmFollow(w http.ResponseWriter, r *http.Request) error {
	if s.options.Followers == nil {
		return errNoRoute
	}
	sub, err := s.options.Followers.ByToken(r.Context(), r.PostForm.Get("token"))
	if err != nil {
		return err
	}
	seen, err := s.knownNow(r.Context(), sub)
	if err != nil {
		return err
	}
	if err := s.options.Followers.Confirm(r.Context(), sub.Token, seen); err != nil {
		return err
	}
	v := s.followFrame(w, r, "confirmed")
	v.List = followedViews([]follow.Subscription{sub})
	return s.pages.write(w, http.StatusOK, "follow.html", v)
}

func followedViews(list []follow.Subscription) []followedView {
	var views []followedView
	for _, sub := range list {
		views = append(views, followedView{sub.ID, sub.Label, subscriptionLink(sub)})
	}
	return views
}

func subscriptionLink(sub follow.Subscription) string {
	if sub.Kind == follow.Document {
		return "/documents/" + url.PathEscape(sub.Target) // leads on to an item's own page
	}
	return "/search?" + sub.Target
}

// managePage lists what an address follows, to those who have its token from a mail.
func (s *Server) managePage(w http.ResponseWriter, r *http.Request) error {
	if s.options.Followers == nil {
		return errNoRoute
	}
	list, err := s.options.Followers.Of(r.Context(), r.URL.Query().Get("token"))
	if err != nil {
		return err
	}
	v := s.followFrame(w, r, "list")
	v.Token, v.List = list[0].Leave, followedViews(list)
	return s.pages.write(w, http.StatusOK, "follow.html", v)
}

// leave ends subscriptions. Mail programs ask for it by themselves (RFC 8058), with no page of ours around: who has the
// token may do it from anywhere. Ending what has ended already is no error.
func (s *Server) leave(w http.ResponseWriter, r *http.Request) error {
	if s.options.Followers == nil {
		return errNoRoute
	}
	if err := r.ParseForm(); err != nil {
		return &paramError{"表单", "读不懂，请回到上一页重新提交"}
	}
	token := r.URL.Query().Get("token")
	if token == "" {
		return follow.ErrNoToken
	}
	only, _ := strconv.ParseInt(r.PostForm.Get("only"), 10, 64) // 0 ends them all
	if err := s.options.Followers.Leave(r.Context(), token, only); err != nil {
		return err
	}
	v := s.followFrame(w, r, "left")
	if list, err := s.options.Followers.Of(r.Context(), token); err == nil {
		v.Token, v.List = token, followedViews(list)
	}
	return s.pages.write(w, http.StatusOK, "follow.html", v)
}
