package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tongsou/index"
	"tongsou/server"
)

func TestPlaceIsRememberedAndTheAddressOverrulesIt(t *testing.T) {
	s, asked := answeringServer(t, &index.Result{})
	for _, c := range []struct{ target, cookie, want string }{
		{"/search?q=x", "", ""},
		{"/search?q=x", "place=150102", "150102"},
		{"/search?q=x", "place=999999", ""},
		{"/search?q=x&place=150600", "place=150102", "1506"},
		{"/api/v1/search?q=x", "place=150102", ""}, // the API remembers nothing
	} {
		if w := get(s, c.target, "Cookie", c.cookie); w.Code != http.StatusOK || asked.Place != c.want {
			t.Errorf("%s with %q: got %d and a search in %q, want %q", c.target, c.cookie, w.Code, asked.Place, c.want)
		}
	}
	page := get(s, "/search?q=x", "Cookie", "place=150102").Body.String()
	if !strings.Contains(page, "<b>新城区</b>") || !strings.HasPrefix(linkOf(t, page, "更换"), "/place?") {
		t.Error("the page does not say where the citizen is, and how to change it")
	}
}

func TestPlaceIsChosen(t *testing.T) {
	s := newServer(t, nil)
	for _, c := range []struct{ place, back, kept, to string }{
		{"150102", "/search?q=x", "150102", "/search?q=x"},
		{"1501", "/search?next=o10&place=1506&q=x&trail=o5", "1501", "/search?q=x"},
		{"150100000000", "https://elsewhere.example/", "1501", "/"},
		{"", "/", "", "/"},
	} {
		w := post(s, "/place", url.Values{"place": {c.place}, "back": {c.back}})
		got := cookie(w, "place")
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != c.to || got == nil || got.Value != c.kept {
			t.Errorf("%q: got %d to %q with %v, want %q with %q", c.place, w.Code, w.Header().Get("Location"), got, c.to, c.kept)
			continue
		}
		if !got.HttpOnly || got.SameSite != http.SameSiteLaxMode || got.MaxAge > 0 && got.MaxAge != 365*24*3600 {
			t.Errorf("%q: the cookie is %v", c.place, got)
		}
	}
	if w := post(s, "/place", url.Values{"place": {"999999"}}, "Accept", "text/html"); w.Code != http.StatusBadRequest || cookie(w, "place") != nil {
		t.Errorf("an unknown place: got %d and %v", w.Code, cookie(w, "place"))
	}
}

// TestPlaceIsFoundByStepsOrByName follows only what the page offers.
func TestPlaceIsFoundByStepsOrByName(t *testing.T) {
	s := newServer(t, nil)
	page := get(s, "/place").Body.String()
	page = get(s, linkOf(t, page, "内蒙古自治区")).Body.String()
	page = get(s, linkOf(t, page, "鄂尔多斯市")).Body.String()
	offers := func(page string) map[string]string {
		list := map[string]string{}
		for _, b := range nodes(t, page, "button") {
			if attr(b, "name") == "place" {
				list[textOf(b)] = attr(b, "value")
			}
		}
		return list
	}
	if got := offers(page); got["准格尔旗"] != "150622" || got["就选鄂尔多斯市"] != "1506" {
		t.Errorf("in 鄂尔多斯 the page offers %v", got)
	}
	found := offers(get(s, "/place?name="+url.QueryEscape("新城区")).Body.String())
	if len(found) < 2 || found["新城区内蒙古自治区 呼和浩特市"] != "150102" {
		t.Errorf("by the name 新城区 the page offers %v, want those of more than one city", found)
	}
	if page := get(s, "/place?name=x%22%3E%3Cscript%3E").Body.String(); !strings.Contains(page, "没有叫") {
		t.Error("a name that nobody bears is not said to be unknown")
	}
}

func TestPlaceStaysWithinThePortalsProvince(t *testing.T) {
	s := newServer(t, func(o *server.Options) { o.Place = "1501" })
	for _, target := range []string{"/place", "/place?within=0", "/place?within=11", "/place?within=150102"} {
		page := get(s, target).Body.String()
		if strings.Contains(page, "北京市") || strings.Contains(page, "全国") {
			t.Errorf("%s offers places of other provinces", target)
		}
	}
	if page := get(s, "/place").Body.String(); !strings.Contains(page, "就选呼和浩特市") || !strings.Contains(page, "新城区") {
		t.Error("the choice does not open where the portal is")
	}
	if page := get(s, "/place?name="+url.QueryEscape("新城区")).Body.String(); strings.Contains(page, "西安") {
		t.Error("by name, a place of another province is offered")
	}
}
