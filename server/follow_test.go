package server_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tongsou/corpus"
	"tongsou/corpus/store"
	"tongsou/index"
	"tongsou/server"
	mailer "tongsou/server/post"
	"tongsou/server/post/posttest"
)

const publicURL = "https://so.example.org"

// growing is an engine that finds one more piece of news when it is told to.
type growing struct {
	server.Engine
	more *atomic.Bool
}

func (e growing) Search(ctx context.Context, q index.Query) (*index.Result, error) {
	res, err := e.Engine.Search(ctx, q)
	if err != nil || !e.more.Load() || len(res.Groups) == 0 {
		return res, err
	}
	g := &res.Groups[len(res.Groups)-1]
	g.Hits = append([]index.Hit{{ID: "news-now", Kind: corpus.KindNews, Title: []index.Run{{Text: "社保卡换发开始了"}}, Issuer: "示例日报", Date: "2026-03-01"}}, g.Hits...)
	return res, nil
}

// followSite is a server that sends mail to a server on this machine.
type followSite struct {
	*server.Server
	store *store.Store
	mails *posttest.Server
	more  *atomic.Bool
	ahead *atomic.Int64 // how far the book's clock is ahead
	t     *testing.T
	// others counts those who only wake the courier.
	others int
}

func newFollowSite(t *testing.T) *followSite {
	t.Helper()
	f := &followSite{mails: posttest.New(t), more: new(atomic.Bool), ahead: new(atomic.Int64), t: t}
	sender, err := mailer.New(mailer.Options{Host: "127.0.0.1", Port: f.mails.Port, From: "noreply@so.example.org", FromName: "通搜", Encryption: mailer.Plain})
	if err != nil {
		t.Fatal(err)
	}
	f.Server, f.store, _ = lawServer(t, func() time.Time { return time.Now().Add(time.Duration(f.ahead.Load())) }, func(o *server.Options) {
		o.Engine, o.Mail, o.PublicURL = growing{o.Engine, f.more}, sender, publicURL
	})
	return f
}

// mail waits for the nth mail.
func (f *followSite) mail(n int) posttest.Mail {
	f.t.Helper()
	for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(10 * time.Millisecond) {
		if mails := f.mails.Mails(); len(mails) >= n {
			return mails[n-1]
		}
	}
	f.t.Fatalf("mail %d did not come; %d did", n, len(f.mails.Mails()))
	return posttest.Mail{}
}

// ask asks for a subscription, which also wakes the courier.
func (f *followSite) ask(email string, what url.Values) *httptest.ResponseRecorder {
	form := url.Values{"email": {email}}
	for name, list := range what {
		form[name] = list
	}
	return submit(f, "/follow", form)
}

// pass lets time pass for the book and wakes the courier by a wish of somebody else. Twice, since the courier may have been
// on its way already: when the second is asked, everything was looked at that was there before.
func (f *followSite) pass(d time.Duration) {
	f.t.Helper()
	for range 2 {
		f.ahead.Add(int64(d / 2))
		f.others++
		other := fmt.Sprintf("other%d@example.org", f.others)
		f.ask(other, url.Values{"id": {"heat-1"}})
		f.asked(other)
	}
}

// asked waits for the mail that asks an address for its yes.
func (f *followSite) asked(email string) posttest.Mail {
	f.t.Helper()
	for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(5 * time.Millisecond) {
		for _, m := range slices.Backward(f.mails.Mails()) {
			if m.To == email && m.Subject == askSubject {
				return m
			}
		}
	}
	f.t.Fatalf("%s was not asked", email)
	return posttest.Mail{}
}

const askSubject = "请确认您在通搜的订阅"

// to lists the mails that an address got after its first.
func (f *followSite) to(email string) (list []posttest.Mail) {
	for _, m := range f.mails.Mails() {
		if m.To == email && m.Subject != askSubject {
			list = append(list, m)
		}
	}
	return list
}

// news waits for the nth mail with news to an address.
func (f *followSite) news(email string, n int) posttest.Mail {
	f.t.Helper()
	for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(10 * time.Millisecond) {
		if list := f.to(email); len(list) >= n {
			return list[n-1]
		}
	}
	f.t.Fatalf("news %d to %s did not come", n, email)
	return posttest.Mail{}
}

var reLink = regexp.MustCompile(publicURL + `(/follow/\w+)\?token=(\w+)`)

// token is the one in a mail's link.
func (f *followSite) token(m posttest.Mail, path string) string {
	f.t.Helper()
	found := reLink.FindStringSubmatch(m.Text)
	if found == nil || found[1] != path {
		f.t.Fatalf("there is no link to %s in\n%s", path, m.Text)
	}
	return found[2]
}

func (f *followSite) confirm(m posttest.Mail) {
	f.t.Helper()
	token := f.token(m, "/follow/confirm")
	page := get(f, "/follow/confirm?token="+token, "Accept", "text/html")
	if page.Code != http.StatusOK || !strings.Contains(page.Body.String(), "确认订阅</button>") || page.Header().Get("Cache-Control") != "no-store" {
		f.t.Fatalf("the page of the link: %d %s", page.Code, page.Body)
	}
	if w := submit(f, "/follow/confirm", url.Values{"token": {token}}); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "订阅好了") {
		f.t.Fatalf("the yes: %d %s", w.Code, w.Body)
	}
}

func TestFollowADocumentUntilItIsRepealed(t *testing.T) {
	f := newFollowSite(t)
	page := get(f, "/follow?id=heat-1", "Accept", "text/html").Body.String()
	if !strings.Contains(page, `name="email"`) || !strings.Contains(page, "/feeds/documents/heat-1.atom") || !strings.Contains(page, "《示例市取暖办法》") {
		t.Fatalf("the page offers\n%s", page)
	}
	noInline(t, page)
	if w := f.ask("zhang@example.org", url.Values{"id": {"heat-1"}}); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "请到邮箱里确认") {
		t.Fatalf("asked: %d %s", w.Code, w.Body)
	}
	asked := f.asked("zhang@example.org")
	if asked.To != "zhang@example.org" || asked.Subject != "请确认您在通搜的订阅" {
		t.Errorf("the first mail: %+v", asked)
	}
	get(f, "/follow/confirm?token="+f.token(asked, "/follow/confirm"), "Accept", "text/html") // a program that looks through mails
	put(t, f.store, heatItem("2 个工作日内办结"))
	f.pass(4 * time.Hour)
	if list := f.to("zhang@example.org"); len(list) > 0 {
		t.Fatalf("news before anybody said yes: %+v", list)
	}
	f.confirm(asked)
	repealed := version("heat-1", "示例市取暖办法", "2010-01-01")
	repealed.Repealed = "2026-07-01"
	put(t, f.store, repealed, heatItem("当场办结"))
	f.pass(4 * time.Hour)
	told := f.news("zhang@example.org", 1)
	for _, want := range []string{"《示例市取暖办法》有变化", "示例市取暖办法被废止（自 2026-07-01 起）", publicURL + "/documents/heat-1", "取暖费减免有更新", publicURL + "/items/item-heat"} {
		if !strings.Contains(told.Text, want) {
			t.Errorf("%q is not in\n%s", want, told.Text)
		}
	}
	if strings.Contains(told.Text, "2 个工作日") || told.Header.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" {
		t.Errorf("told %+v", told)
	}
	leave := strings.Trim(told.Header.Get("List-Unsubscribe"), "<>")
	if leave != publicURL+"/follow/manage?token="+f.token(told, "/follow/manage") {
		t.Errorf("one click leads to %s", leave)
	}
	put(t, f.store, heatItem("又改了"))
	f.pass(4 * time.Hour)
	if n := len(f.to("zhang@example.org")); n != 1 {
		t.Errorf("%d mails on one day", n)
	}
	f.pass(40 * time.Hour)
	if m := f.news("zhang@example.org", 2); !strings.Contains(m.Text, "取暖费减免有更新") || strings.Contains(m.Text, "废止") {
		t.Errorf("a day later\n%s", m.Text)
	}
}

func TestFollowASearch(t *testing.T) {
	f := newFollowSite(t)
	what := url.Values{"q": {"社保卡"}, "place": {"150102"}, "kind": {"news"}}
	f.ask("zhang@example.org", what)
	asked := f.asked("zhang@example.org")
	if strings.Contains(asked.Subject+asked.Text, "社保卡") {
		t.Error("the first mail carries what anybody may have typed")
	}
	f.confirm(asked)
	f.pass(4 * time.Hour)
	if list := f.to("zhang@example.org"); len(list) > 0 {
		t.Fatalf("what was there is told as new: %s", list[0].Text)
	}
	f.more.Store(true)
	f.pass(4 * time.Hour)
	told := f.news("zhang@example.org", 1)
	if want := "搜索“社保卡”"; !strings.Contains(told.Text, want) || !strings.Contains(told.Text, "- 社保卡换发开始了（示例日报，2026-03-01）\n  "+publicURL+"/documents/news-now") {
		t.Errorf("told\n%s", told.Text)
	}
	f.pass(50 * time.Hour)
	f.pass(4 * time.Hour)
	if n := len(f.to("zhang@example.org")); n != 1 {
		t.Errorf("the same was told %d times", n)
	}
}

func TestMailThatCannotGoNowGoesLater(t *testing.T) {
	f := newFollowSite(t)
	f.mails.Later("zhang@example.org", true)
	f.mails.Refuse("nobody@example.org")
	f.ask("nobody@example.org", url.Values{"id": {"heat-1"}})
	f.ask("zhang@example.org", url.Values{"id": {"heat-1"}})
	f.ask("wang@example.org", url.Values{"id": {"heat-1"}})
	f.confirm(f.asked("wang@example.org")) // who comes after them need not wait
	f.mails.Later("zhang@example.org", false)
	f.pass(4 * time.Hour)
	f.confirm(f.asked("zhang@example.org"))
	put(t, f.store, heatItem("当场办结"))
	f.mails.Later("zhang@example.org", true)
	f.pass(4 * time.Hour)
	f.news("wang@example.org", 1)
	f.mails.Later("zhang@example.org", false)
	f.pass(4 * time.Hour)
	if m := f.news("zhang@example.org", 1); !strings.Contains(m.Text, "取暖费减免有更新") {
		t.Errorf("later it says\n%s", m.Text)
	}
}

func TestLeaving(t *testing.T) {
	f := newFollowSite(t)
	for i, what := range []url.Values{{"id": {"heat-1"}}, {"id": {"item-heat"}}, {"q": {"社保卡"}}} {
		f.ask("zhang@example.org", what)
		f.confirm(f.mail(i + 1)) // nobody else is asked
	}
	put(t, f.store, heatItem("当场办结"))
	f.pass(4 * time.Hour)
	token := f.token(f.news("zhang@example.org", 1), "/follow/manage")
	if w := get(f, "/follow/manage?token=guessed", "Accept", "text/html"); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "链接已经失效") {
		t.Errorf("a guessed token: %d %s", w.Code, w.Body)
	}
	manage := "/follow/manage?token=" + token
	page := get(f, manage, "Accept", "text/html").Body.String()
	if strings.Count(page, `name="only"`) != 3 || strings.Contains(page, "zhang@example.org") {
		t.Fatalf("the list is\n%s", page)
	}
	only := attr(nodes(t, page, "button")[0], "value")
	for _, n := range nodes(t, page, "button") {
		if attr(n, "name") == "only" {
			only = attr(n, "value")
		}
	}
	if w := submit(f, manage, url.Values{"only": {only}}); w.Code != http.StatusOK || strings.Count(w.Body.String(), `name="only"`) != 2 {
		t.Errorf("leaving one: %d %s", w.Code, w.Body)
	}
	for range 2 { // a mail program asks with no page around it, and may ask twice
		if w := submit(f, manage, url.Values{"List-Unsubscribe": {"One-Click"}}, "Sec-Fetch-Site", "cross-site", "Accept", "*/*"); w.Code != http.StatusOK {
			t.Errorf("one click: %d %s", w.Code, w.Body)
		}
	}
	if w := get(f, manage, "Accept", "text/html"); w.Code != http.StatusNotFound {
		t.Errorf("after leaving: %d", w.Code)
	}
}

func TestFollowingIsBounded(t *testing.T) {
	f := newFollowSite(t)
	for name, c := range map[string]struct {
		email string
		what  url.Values
		code  int
		says  string
	}{
		"no address":      {"", url.Values{"id": {"heat-1"}}, 400, "邮箱地址不对"},
		"two addresses":   {"a@example.org, b@example.org", url.Values{"id": {"heat-1"}}, 400, "邮箱地址不对"},
		"another header":  {"a@example.org\r\nBcc: b@example.org", url.Values{"id": {"heat-1"}}, 400, "邮箱地址不对"},
		"no document":     {"a@example.org", url.Values{"id": {"none"}}, 404, "没有这一条"},
		"nothing":         {"a@example.org", nil, 400, "请先搜索"},
		"a wrong filter":  {"a@example.org", url.Values{"q": {"x"}, "kind": {"book"}}, 400, "kind"},
		"somebody's card": {"a@example.org", url.Values{"q": {"150102199001011234 社保"}}, 400, "证件号"},
		"no end":          {"a@example.org", url.Values{"q": {strings.Repeat("户", 300)}}, 400, "太长"},
	} {
		if w := f.ask(c.email, c.what); w.Code != c.code || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if w := submit(f, "/follow", url.Values{"email": {"a@example.org"}, "id": {"heat-1"}}, "Sec-Fetch-Site", "cross-site"); w.Code != http.StatusForbidden {
		t.Errorf("a form of another site: %d", w.Code)
	}
	code := 0
	for range 12 {
		code = f.ask("a@example.org", url.Values{"id": {"heat-1"}}).Code
	}
	if code != http.StatusTooManyRequests {
		t.Errorf("the twelfth in an hour: %d", code)
	}
	f.mail(1)
	if n := len(f.mails.Mails()); n != 1 {
		t.Errorf("one wish brought %d mails", n)
	}
}

func TestWithoutMailThereAreOnlyFeeds(t *testing.T) {
	s, _, _ := lawServer(t, nil, nil)
	page := get(s, "/follow?id=heat-1", "Accept", "text/html").Body.String()
	if strings.Contains(page, `name="email"`) || !strings.Contains(page, "/feeds/documents/heat-1.atom") {
		t.Errorf("the page offers\n%s", page)
	}
	if w := submit(s, "/follow", url.Values{"id": {"heat-1"}, "email": {"a@example.org"}}); w.Code != http.StatusNotFound {
		t.Errorf("a form that was not offered: %d", w.Code)
	}
	bare := newServer(t, nil)
	for _, path := range []string{"/follow/confirm?token=x", "/follow/manage?token=x"} {
		if w := get(bare, path); w.Code != http.StatusNotFound {
			t.Errorf("%s without a book of followers: %d", path, w.Code)
		}
	}
}

func TestMailNeedsAnAddressOfItsOwn(t *testing.T) {
	o, err := fixture()
	if err != nil {
		t.Fatal(err)
	}
	sender, err := mailer.New(mailer.Options{Host: "localhost", From: "a@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	o.Mail = sender
	if _, err := server.New(o); err == nil {
		t.Error("mails would lead nowhere")
	}
}
