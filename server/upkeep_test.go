package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"tongsou/index"
	"tongsou/server"
	"tongsou/server/curation"
)

// busy is an Upkeep that rebuilds already.
type busy struct{ kept }

func (*busy) Rebuild() error { return server.ErrRebuilding }

// The desk's first page says what is damaged and how far the rebuild is, and the owner may begin one.
func TestDeskShowsUpkeep(t *testing.T) {
	finished := time.Date(2026, 1, 31, 8, 30, 0, 0, time.Local)
	for _, c := range []struct {
		name   string
		health index.Health
		shows  string
	}{
		{"running", index.Health{Rebuild: &index.Rebuild{Running: true, Sequence: 1 << 40, Documents: 7}}, "100%，已写入 7 篇"},
		{"done", index.Health{Rebuild: &index.Rebuild{Finished: &finished}}, "索引已在 2026-01-31 08:30 重建"},
		{"failed", index.Health{Rebuild: &index.Rebuild{Finished: &finished, Error: "磁盘<满>"}}, "磁盘&lt;满&gt;"},
		{"damaged", index.Health{Faults: []string{"news-0 坏了"}}, "news-0 坏了"},
		{"blind", index.Health{Faults: []string{"全坏了"}, Blind: true}, "暂时不能搜索"},
	} {
		o := newOffice(t, func(options *server.Options) { options.Upkeep = &kept{c.health} })
		w := get(o, "/staff", "Cookie", enter(t, o))
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), c.shows) {
			t.Errorf("%s: %d, it does not say %s:\n%s", c.name, w.Code, c.shows, w.Body)
		}
	}
}

func TestRebuildIsBegunOnce(t *testing.T) {
	o := newOffice(t, func(options *server.Options) { options.Upkeep = new(busy) })
	if w := o.call(o.keys[curation.Owner], "POST", "rebuild", ""); w.Code != http.StatusConflict {
		t.Errorf("a second rebuild is answered by %d %s", w.Code, w.Body)
	}
	cookie := enter(t, o)
	if w := submit(o, "/staff/rebuild", url.Values{}, "Cookie", cookie); w.Code != http.StatusSeeOther {
		t.Errorf("the desk's button for a second rebuild: %d %s", w.Code, w.Body)
	}
	if w := submit(o, "/staff/rebuild", url.Values{}); w.Code == http.StatusSeeOther && w.Header().Get("Location") == "/staff" {
		t.Error("a stranger may rebuild")
	}
	idle := newOffice(t, nil)
	if w := submit(idle, "/staff/rebuild", url.Values{}, "Cookie", enter(t, idle)); w.Code != http.StatusSeeOther {
		t.Errorf("the desk's button: %d %s", w.Code, w.Body)
	}
	if w := idle.call(idle.keys[curation.Reader], "GET", "changes", ""); !strings.Contains(w.Body.String(), "index.rebuild") {
		t.Errorf("the rebuild is not in the log: %s", w.Body)
	}
}
