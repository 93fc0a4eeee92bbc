package server_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/chromedp/chromedp"

	"tongsou/server"
	"tongsou/server/curation"
)

// busyOffice is an office in which much was decided already.
func busyOffice(t *testing.T) *office {
	t.Helper()
	j := busyWeeks(t)
	t.Cleanup(func() { _ = j.Close() })
	o := newOffice(t, func(options *server.Options) { options.Journal = j })
	key := o.keys[curation.Owner]
	add := func(body string) { decode[curation.Entry](t, o.call(key, "POST", "entries", body), 201) }
	publish := func(note string) {
		effect := decode[struct{ Revision string }](t, o.call(key, "GET", "effect", ""), 200)
		decode[curation.Version](t, o.call(key, "POST", "versions", fmt.Sprintf(`{"revision": %q, "note": %q}`, effect.Revision, note)), 201)
	}
	add(`{"kind": "synonym", "text": "宠物落户", "term": "犬类登记", "note": "群众常把养犬登记叫落户"}`)
	add(`{"kind": "pin", "text": "孩子上户口", "documents": ["item-birth-registration-150105", "` + birthItem + `"], "until": "2099-12-31"}`)
	publish("首批")
	add(`{"kind": "synonym", "text": "开个小饭馆", "term": "食品经营许可", "weight": 0.9}`)
	publish("开饭馆的说法")
	add(`{"kind": "pin", "text": "公积金提取", "documents": ["item-birth-registration-150105"], "from": "2020-01-01", "until": "2020-02-01", "note": "过期的例子"}`)
	add(`{"kind": "hide", "text": "", "documents": ["` + birthItem + `"], "note": "内容有误，等更正"}`)
	add(`{"kind": "deny", "text": "飞碟"}`)
	add(`{"kind": "synonym", "text": "飞碟登记", "term": "居住证"}`)
	return o
}

// TestCurationInTheBrowser holds the pages on which the staff decide to what all pages of the desk are held to.
func TestCurationInTheBrowser(t *testing.T) {
	o := busyOffice(t)
	web := httptest.NewServer(o)
	t.Cleanup(web.Close)
	b := openTab(t)
	b.run(chromedp.Navigate(web.URL+"/staff/keys"), chromedp.Focus(chromedp.CSS("#key")))
	b.commit(o.keys[curation.Owner])
	b.run(chromedp.Click(chromedp.CSS(".door .button")))
	b.until(`document.querySelector('.desk-head') && location.pathname === '/staff/keys'`)
	for _, p := range []struct{ name, path string }{
		{"staff-entries", "/staff/entries"}, {"staff-pins", "/staff/entries?kind=pin"}, {"staff-hidden", "/staff/entries?kind=hide"},
		{"staff-edit", "/staff/entries?kind=pin&edit=2"}, {"staff-effect", "/staff/entries/effect"}, {"staff-proposals", "/staff/proposals"},
		{"staff-changes", "/staff/changes"}, {"staff-decide", "/staff/search?kind=item&q=" + url.QueryEscape("孩子上户口")}, {"staff-missing", "/staff/queries?view=unanswered"}, {"staff-keys", "/staff/keys"},
	} {
		t.Run(p.name, func(t *testing.T) {
			b.t = t
			b.width(360)
			b.dark(false)
			b.forget()
			b.visit(web.URL + p.path)
			b.loadedWell(p.path)
			b.unfold()
			b.fits(p.path)
			b.axe(p.name + ", light")
			b.dark(true)
			b.axe(p.name + ", dark")
			b.dark(false)
			b.shoot(p.name + "-360")
			b.width(1280)
			b.fits(p.path + ", wide")
			b.shoot(p.name + "-1280")
		})
	}
	b.t = t
	b.visit(web.URL + "/staff/entries?kind=deny")
	b.run(chromedp.Focus(chromedp.CSS("#text")))
	b.commit("外星人")
	b.run(chromedp.Click(chromedp.CSS(".entry .button")))
	b.until(`document.body.innerText.includes('外星人') && location.search === '?kind=deny'`)
	b.run(chromedp.Navigate(web.URL + "/search?q=" + url.QueryEscape("孩子上户口")))
	b.until(`document.querySelector('main').innerText.includes('置顶')`)
}
