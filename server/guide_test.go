package server_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"tongsou/corpus"
	"tongsou/corpus/store"
	"tongsou/index"
	"tongsou/index/embedded"
	"tongsou/server"
)

// library is a server over documents of a test's own, which may add more.
type library struct {
	*server.Server
	store  *store.Store
	engine *embedded.Engine
}

func newLibrary(t testing.TB, docs ...*corpus.Document) *library {
	t.Helper()
	dir := t.TempDir()
	s, err := store.Open(t.Context(), filepath.Join(dir, "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := embedded.Open(embedded.Options{Path: filepath.Join(dir, "index")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	l := &library{store: s, engine: e}
	l.put(t, docs...)
	now := func() time.Time { return time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC) }
	if l.Server, err = server.New(server.Options{Engine: e, Library: s, Log: slog.New(slog.DiscardHandler), Now: now}); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *library) put(t testing.TB, docs ...*corpus.Document) {
	t.Helper()
	if _, err := l.store.Put(t.Context(), docs); err != nil {
		t.Fatal(err)
	}
	if _, err := index.CatchUp(t.Context(), l.store, l.engine, nil); err != nil {
		t.Fatal(err)
	}
}

// page gets a page that must be there, as a tree.
func (l *library) page(t testing.TB, target string) *html.Node {
	t.Helper()
	target, _, _ = strings.Cut(target, "#")
	w := get(l, target, "Accept", "text/html")
	if w.Code != http.StatusOK {
		t.Fatalf("%s answers %d: %s", target, w.Code, w.Body)
	}
	root, err := html.Parse(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// elements returns the elements under n for which want holds.
func elements(n *html.Node, want func(*html.Node) bool) []*html.Node {
	var found []*html.Node
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && want(d) {
			found = append(found, d)
		}
	}
	return found
}

func named(name string) func(*html.Node) bool {
	return func(n *html.Node) bool { return n.Data == name }
}

// partOf is the element with an id.
func partOf(t testing.TB, root *html.Node, id string) *html.Node {
	t.Helper()
	found := elements(root, func(n *html.Node) bool { return attr(n, "id") == id })
	if len(found) != 1 {
		t.Fatalf("the page has %d elements with the id %q, want one", len(found), id)
	}
	return found[0]
}

// wordsOf is what an element says, with one blank between elements, but for those that mark a piece of a sentence.
func wordsOf(n *html.Node) string {
	var b strings.Builder
	inline := func(n *html.Node) bool {
		return n != nil && n.Type == html.ElementNode && (n.Data == "ins" || n.Data == "del")
	}
	for d := range n.Descendants() {
		if d.Type != html.TextNode {
			continue
		}
		if !inline(d.Parent) && !inline(d.PrevSibling) {
			b.WriteByte(' ')
		}
		b.WriteString(d.Data)
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// linksIn maps what the links under n say to where they lead.
func linksIn(n *html.Node) map[string]string {
	found := map[string]string{}
	for _, a := range elements(n, named("a")) {
		found[wordsOf(a)] = attr(a, "href")
	}
	return found
}

func mustSay(t testing.TB, n *html.Node, parts ...string) {
	t.Helper()
	for _, want := range parts {
		if all := wordsOf(n); !strings.Contains(all, want) {
			t.Errorf("it lacks %q: %.1500s", want, all)
		}
	}
}

func visits(n int) *int { return &n }

// regulation is a version of a made-up law.
func regulation(id string, effective corpus.Date, articles ...string) *corpus.Document {
	d := &corpus.Document{
		ID: id, Kind: corpus.KindPolicy, Title: "示例市雪人登记条例", Family: "示例市雪人登记条例", Genre: "地方性法规", Number: "示例发〔2020〕3号",
		Issuer: "示例市人民政府", IndexNumber: "000014349/2020-00003", Published: effective, Effective: effective, Topics: []string{"园林"},
	}
	for i, a := range articles {
		chapter := "第一章 总则"
		if i >= 2 {
			chapter = "第二章 登记"
		}
		number := corpus.Article{Number: i + 1}
		d.Sections = append(d.Sections, corpus.Section{ID: number.ID(), Label: number.String(), Path: []string{chapter}, Text: a})
	}
	return d
}

// snowman is a made-up item of a place.
func snowman(region string, change func(*corpus.Document)) *corpus.Document {
	d := &corpus.Document{
		ID: "snowman-" + region, Kind: corpus.KindItem, Title: "雪人登记", Region: region, URL: "https://example.org/snowman",
		Item: &corpus.Item{
			Code: "code-" + region, BasicCode: "000123", Body: index.RegionName(region) + "园林局", Audience: []string{"自然人"},
			Handling: corpus.HandlingPromised, LegalLimit: corpus.Limit{Days: 20, Unit: corpus.WorkingDays},
			PromisedLimit: corpus.Limit{Days: 5, Unit: corpus.WorkingDays}, Visits: visits(1), VisitReason: "要核对雪人",
			Channels: []string{"网上", "一窗"}, ApplyURL: "https://example.org/apply", Conditions: []string{"雪人堆在本市"},
			Materials: []corpus.Material{
				{Name: "居民身份证", Form: "原件", Originals: 1, Copies: 2, Origin: "政府部门核发", Issuer: "公安机关"},
				{Name: "雪人登记申请表", Form: "原件", Originals: 1, BlankForm: "https://example.org/blank.doc", Filled: "见窗口"},
				{Name: "居民户口簿", Form: "原件", Originals: 1, Shared: true},
				{Name: "结婚证", Optional: true, When: "雪人是一对"},
			},
			Steps: []corpus.Step{
				{Name: "申请", Who: "申请人", Text: "提出申请"},
				{Name: "审查", Who: "园林局", Limit: corpus.Limit{Days: 3, Unit: corpus.WorkingDays}, Text: "现场看雪人"},
			},
			Fees: []corpus.Fee{{Name: "登记费", Standard: "10元/个", Waiver: "学生免交"}}, Results: []corpus.Outcome{{Name: "雪人登记证", Type: "证照", Delivery: "邮寄送达"}},
			Basis: []corpus.Basis{
				{Law: "示例市雪人登记条例", Article: "第三条第一款", Text: "雪人应当登记"},
				{Law: "谁也没有的办法", Article: "第九条"},
			},
			Places: []corpus.Place{{Name: "政务大厅", Address: "示例路1号", Window: "3号窗口", Hours: "工作日9:00—17:00", Phone: "0471-1234567"}},
			Phone:  "0471-1234567、12345转2", Complaint: "12345", Everyday: []string{"给雪人上户口"}, Mongolian: "ᠴᠠᠰᠤᠨ ᠬᠦᠮᠦᠨ",
			FAQ:   []corpus.QA{{Question: "化了怎么办", Answer: "申请注销"}},
			Extra: []corpus.ItemField{{Name: "备注", Value: "只在冬天"}},
		},
	}
	if change != nil {
		change(d)
	}
	return d
}

var oldArticles = []string{
	"为了规范雪人登记，保护雪人，制定本条例。", "本条例适用于本市行政区域。", "堆放雪人的，应当自堆成之日起三日内申请登记。",
	"登记机关应当自受理之日起十个工作日内办结。", "雪人登记不得转让。",
}

var newArticles = []string{
	"为了规范雪人登记，保护雪人，制定本条例。", "本条例适用于本市行政区域。", "堆放雪人的，应当自堆成之日起五日内申请登记，可以在网上申请。",
	"登记不收取任何费用，经费列入本级财政预算。", "登记机关应当自受理之日起十个工作日内办结。",
}

func snowLibrary(t testing.TB, more ...*corpus.Document) *library {
	return newLibrary(t, append([]*corpus.Document{
		regulation("law-old", "2015-01-01", oldArticles...), regulation("law-new", "2020-03-01", newArticles...),
		snowman("150102", nil),
		snowman("150105", func(d *corpus.Document) {
			d.Item.PromisedLimit = corpus.Limit{Instant: true}
			d.Item.Visits = visits(0)
		}),
		{ID: "news-1", Kind: corpus.KindNews, Title: "雪人有了户口", Published: "2020-03-02", Issuer: "示例日报",
			Sections: []corpus.Section{{ID: "p1", Text: "《示例市雪人登记条例》今天起施行，《不存在的规定》没有提到。"}}},
		{ID: "news-2", Kind: corpus.KindNews, Title: "今天天气很好", Published: "2020-03-03", Sections: []corpus.Section{{ID: "p1", Text: "市民在公园里散步，没有下雪。"}}},
	}, more...)...)
}

func TestItemPageIsTheWholeGuide(t *testing.T) {
	root := snowLibrary(t).page(t, "/items/snowman-150102")
	mustSay(t, root, "新城区园林局", "5 个工作日", "法定 20 个工作日，快了 15 个工作日", "1 次", "要核对雪人", "也叫：给雪人上户口")
	for id, want := range map[string][]string{
		"conditions": {"受理条件", "雪人堆在本市"},
		"materials": {"一定要带 居民身份证 原件 1 份、复印件 2 份 从哪里来：政府部门核发（公安机关）", "看情况要带 结婚证 什么时候要：雪人是一对",
			"可以免交", "居民户口簿", "下载空白表格", "样表：见窗口"},
		"steps":   {"申请 谁来做：申请人", "审查 3 个工作日 谁来做：园林局 现场看雪人"},
		"fees":    {"登记费 10元/个", "可以少交或者不交：学生免交"},
		"results": {"雪人登记证", "怎么给您：邮寄送达"},
		"faq":     {"化了怎么办", "申请注销"},
		"places":  {"政务大厅 示例路1号 窗口：3号窗口 时间：工作日9:00—17:00 电话： 0471-1234567"},
		"limits":  {"承诺多久办好 5 个工作日", "法律规定最长 20 个工作日"},
		"phones":  {"咨询 0471-1234567 、 12345转2", "投诉 12345"},
	} {
		mustSay(t, partOf(t, root, id), want...)
	}
	mustSay(t, root, "备注 只在冬天", "实施编码 code-150102")
	if boxes := elements(partOf(t, root, "materials"), named("input")); len(boxes) != 4 {
		t.Errorf("the checklist has %d boxes, want one for each material", len(boxes))
	}
	to := linksIn(root)
	for label, want := range map[string]string{
		"在线办理": "https://example.org/apply", "0471-1234567": "tel:04711234567", "12345转2": "tel:12345", "下载空白表格": "https://example.org/blank.doc",
		"《示例市雪人登记条例》第三条第一款": "/documents/law-new#a3", "《谁也没有的办法》第九条": "/search?q=" + url.QueryEscape("《谁也没有的办法》第九条"),
		"查看原文": "https://example.org/snowman",
	} {
		if to[label] != want {
			t.Errorf("the link %s leads to %q, want %q", label, to[label], want)
		}
	}
	mongolian := elements(root, func(n *html.Node) bool { return attr(n, "lang") == "mn-Mong" })
	if len(mongolian) != 1 || wordsOf(mongolian[0]) != "ᠴᠠᠰᠤᠨ ᠬᠦᠮᠦᠨ" {
		t.Error("the Mongolian name is not marked as Mongolian")
	}
	jumps(t, root)
}

// jumps checks that links within a page lead to something on it, and that no id is used twice.
func jumps(t testing.TB, root *html.Node) {
	t.Helper()
	ids := map[string]int{}
	for _, n := range elements(root, func(n *html.Node) bool { return attr(n, "id") != "" }) {
		ids[attr(n, "id")]++
	}
	for id, n := range ids {
		if n > 1 {
			t.Errorf("the id %s stands %d times", id, n)
		}
	}
	for label, href := range linksIn(root) {
		if id, ok := strings.CutPrefix(href, "#"); ok && ids[id] == 0 {
			t.Errorf("the link %s leads to %s, which is not on the page", label, href)
		}
	}
}

func TestLegalBasisIsFound(t *testing.T) {
	for _, c := range []struct {
		name  string
		basis corpus.Basis
		want  string
	}{
		{"by name and article", corpus.Basis{Law: "示例市雪人登记条例", Article: "第四条"}, "/documents/law-new#a4"},
		{"without an article", corpus.Basis{Law: "示例市雪人登记条例"}, "/documents/law-new"},
		{"an article that the law has not", corpus.Basis{Law: "示例市雪人登记条例", Article: "第九十九条"}, "/documents/law-new"},
		{"by number under another name", corpus.Basis{Law: "雪人管理规定", Number: "示例发[2020]3号", Article: "第三条"}, "/documents/law-new#a3"},
		{"a law of a similar name", corpus.Basis{Law: "示例市雪橇登记条例", Article: "第三条"}, "/search?q=" + url.QueryEscape("《示例市雪橇登记条例》第三条")},
		{"a number that nobody has", corpus.Basis{Law: "雪人管理规定", Number: "示例发[2020]33号", Article: "第三条"}, "/search?q=" + url.QueryEscape("《雪人管理规定》第三条")},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := snowLibrary(t, snowman("1506", func(d *corpus.Document) { d.Item.Basis = []corpus.Basis{c.basis} }))
			if got := linksIn(partOf(t, l.page(t, "/items/snowman-1506"), "basis"))["《"+c.basis.Law+"》"+c.basis.Article]; got != c.want {
				t.Errorf("it leads to %s, want %s", got, c.want)
			}
		})
	}
}

func TestItemOfWhichOnlyTheNameIsKnown(t *testing.T) {
	bare := &corpus.Document{ID: "bare", Kind: corpus.KindItem, Title: "雪橇登记", URL: "https://example.org/sledge", Item: &corpus.Item{Body: "体育局"}}
	root := newLibrary(t, bare).page(t, "/items/bare")
	mustSay(t, root, "谁来办 体育局", "只收录了这件事的名称")
	if to := linksIn(root)["去原来的网站看办法"]; to != bare.URL {
		t.Errorf("the source is linked as %q", to)
	}
	jumps(t, root)
}

func TestItemPageComparesPlaces(t *testing.T) {
	l := snowLibrary(t)
	root := partOf(t, l.page(t, "/items/snowman-150102"), "elsewhere")
	rows := elements(root, named("tr"))
	if len(rows) != 3 {
		t.Fatalf("got %d rows, want the head and two places", len(rows))
	}
	if got := wordsOf(rows[1]); !strings.HasPrefix(got, "新城区本页 新城区园林局") && !strings.HasPrefix(got, "新城区 本页") {
		t.Errorf("the first place is %s, want this one", got)
	}
	var differ []string
	for _, td := range elements(root, func(n *html.Node) bool { return attr(n, "class") == "differs" }) {
		differ = append(differ, wordsOf(td))
	}
	if got := strings.Join(differ, "|"); got != "当场办好 不同|不用跑 不同" {
		t.Errorf("marked as different: %s", got)
	}
	if linksIn(root)["赛罕区"] != "/items/snowman-150105" {
		t.Errorf("the other place is not linked: %v", linksIn(root))
	}
	lone := snowman("1506", func(d *corpus.Document) { d.Title, d.Item.BasicCode = "雪橇登记", "000999" })
	l.put(t, lone)
	if page := l.page(t, "/items/"+lone.ID); len(elements(page, func(n *html.Node) bool { return attr(n, "id") == "elsewhere" })) > 0 {
		t.Error("an item that no other place has is compared")
	}
}

func TestItemPageFollowsTheStore(t *testing.T) {
	l := snowLibrary(t)
	mustSay(t, partOf(t, l.page(t, "/items/snowman-150102"), "elsewhere"), "赛罕区")
	l.put(t, snowman("150622", nil))
	mustSay(t, partOf(t, l.page(t, "/items/snowman-150102"), "elsewhere"), "赛罕区", "准格尔旗")
	if _, err := l.store.Delete(t.Context(), "snowman-150105"); err != nil {
		t.Fatal(err)
	}
	if got := wordsOf(partOf(t, l.page(t, "/items/snowman-150102"), "elsewhere")); strings.Contains(got, "赛罕区") {
		t.Errorf("a deleted item is still compared: %s", got)
	}
}

// Readers and a writer at once: under the race detector this shows that the catalogue is shared rightly.
func TestPagesWhileTheStoreChanges(t *testing.T) {
	l := snowLibrary(t)
	var readers sync.WaitGroup
	for _, target := range []string{"/items/snowman-150102", "/holdings", "/guides", "/documents/law-new"} {
		readers.Go(func() {
			for range 10 {
				if w := get(l, target, "Accept", "text/html"); w.Code != http.StatusOK {
					t.Errorf("%s answers %d", target, w.Code)
				}
			}
		})
	}
	for i := range 5 {
		l.put(t, paperItem(fmt.Sprint("new", i), fmt.Sprint("新事项", i), "150102", corpus.Material{Name: "身份证"}))
	}
	readers.Wait()
	mustSay(t, partOf(t, l.page(t, holdingsPath("身份证")+"&place=150102"), "done"), "新事项4")
}

func TestRelatedPoliciesHaveToDoWithTheItem(t *testing.T) {
	notice := func(id, title, body string) *corpus.Document {
		return &corpus.Document{ID: id, Kind: corpus.KindPolicy, Title: title, Issuer: "园林局", Sections: []corpus.Section{{ID: "p1", Text: body}, {ID: "p2", Text: "本通知自发布之日起施行。"}}}
	}
	l := snowLibrary(t, notice("policy-near", "关于做好雪人登记工作的通知", "各区应当设立雪人登记窗口。"), notice("policy-far", "关于做好冬季供热工作的通知", "供热单位应当按时供热，登记投诉。"))
	related := linksIn(partOf(t, l.page(t, "/items/snowman-150102"), "related"))
	if len(related) != 1 || !strings.HasPrefix(related["关于做好雪人登记工作的通知"], "/documents/policy-near") {
		t.Errorf("related policies are %v; want the one about snowmen, neither the law that the basis names nor its old version", related)
	}
}

func TestPagesOfOtherKindsLeadToTheRightOne(t *testing.T) {
	l := snowLibrary(t)
	for target, want := range map[string]string{"/documents/snowman-150102": "/items/snowman-150102", "/items/law-new": "/documents/law-new", "/items/news-1": "/documents/news-1"} {
		w := get(l, target, "Accept", "text/html")
		if w.Code != http.StatusMovedPermanently || w.Header().Get("Location") != want {
			t.Errorf("%s: got %d %s, want a redirect to %s", target, w.Code, w.Header().Get("Location"), want)
		}
	}
}

const evil = `<script>alert(1)</script><img src=x onerror=alert(2)>"' onmouseover="alert(3)` + "\x01\x1b\u202e\u2028 end"

// evilItem has markup in every text and a script in every address.
func evilItem(region string) *corpus.Document {
	const script = "javascript:alert(1)//"
	d := snowman(region, nil)
	d.Title, d.URL, d.Topics, d.Issuer = "雪人"+evil, script, []string{evil}, evil
	d.Item = &corpus.Item{
		Code: evil + region, BasicCode: "evil", Parent: evil, Type: evil, Level: evil, Body: evil, Authority: evil, Partners: []string{evil}, Audience: []string{evil},
		PersonThemes: []string{evil}, LifeEvents: []string{"<b>一件事</b>/?#%" + "\"'"}, Handling: evil, PromisedLimit: corpus.Limit{Days: 1, Unit: evil}, Visits: visits(1),
		VisitReason: evil, OnlineDepth: evil, Channels: []string{evil, "网上"}, ApplyURL: script, Conditions: []string{evil},
		Materials: []corpus.Material{{Name: "身份证" + evil, Form: evil, Origin: evil, Issuer: evil, BlankForm: script, Filled: " JAVASCRIPT:alert(1)", Note: evil}, {Name: "身份证", Optional: true, When: evil}},
		Steps:     []corpus.Step{{Name: evil, Who: evil, Text: evil}}, Fees: []corpus.Fee{{Name: evil, Standard: evil, Basis: evil, Waiver: evil}},
		Results: []corpus.Outcome{{Name: evil, Type: evil, Delivery: evil}}, Basis: []corpus.Basis{{Law: evil, Article: evil, Number: evil, Text: evil}},
		Places: []corpus.Place{{Name: evil, Address: evil, Window: evil, Hours: evil, Phone: script}}, Phone: "12345;javascript:alert(1)", Complaint: evil,
		Everyday: []string{evil}, FAQ: []corpus.QA{{Question: evil, Answer: evil}}, Mongolian: evil, Extra: []corpus.ItemField{{Name: evil, Value: evil}},
	}
	return d
}

func TestMarkupInDocumentsStaysText(t *testing.T) {
	law := regulation("evil-law", "2021-01-01", evil, "又"+evil)
	law.Title, law.Family, law.Kicker, law.Subtitle, law.URL = evil, "evil", evil, evil, "javascript:alert(1)"
	law.Sections[0].Path, law.Sections[1].Label, law.History, law.Topics, law.Issuer = []string{evil}, evil, []string{evil}, []string{evil}, evil
	other := regulation("evil-law-2", "2022-01-01", "改"+evil)
	other.Title, other.Family = evil+"2", "evil"
	news := &corpus.Document{ID: "evil-news", Kind: corpus.KindNews, Title: evil, Byline: evil, Kicker: evil, URL: "data:text/html,<script>", Sections: []corpus.Section{{ID: "p1", Text: evil + "《" + evil + "》"}}}
	l := newLibrary(t, law, other, news, evilItem("150102"), evilItem("150105"))
	event := "/guides/" + url.PathEscape("<b>一件事</b>/?#%\"'")
	for _, target := range []string{"/items/snowman-150102", "/documents/evil-law", "/documents/evil-law-2", "/documents/evil-law/compare?with=evil-law-2", "/documents/evil-news",
		"/holdings?holds=" + url.QueryEscape("身份证"), "/holdings?holds=" + url.QueryEscape("身份证"+evil+"证"), "/guides", event} {
		root := l.page(t, target)
		for _, n := range elements(root, func(*html.Node) bool { return true }) {
			if n.Data == "img" || n.Data == "b" && strings.Contains(wordsOf(n), "一件事") || n.Data == "script" && !strings.HasPrefix(attr(n, "src"), "/assets/") {
				t.Errorf("%s: what a document says became <%s>", target, n.Data)
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
					t.Errorf("%s: <%s> has the attribute %s", target, n.Data, a.Key)
				}
				if a.Key == "href" || a.Key == "action" {
					if u, err := url.Parse(a.Val); err != nil || !slices.Contains([]string{"", "http", "https", "tel"}, u.Scheme) {
						t.Errorf("%s: a link leads to %q", target, a.Val)
					}
				}
			}
		}
	}
	mustSay(t, l.page(t, "/items/snowman-150102"), "<script>alert(1)</script><img src=x onerror=alert(2)>", "javascript:alert(1)//")
	mustSay(t, l.page(t, "/documents/evil-law"), "<script>alert(1)</script><img src=x onerror=alert(2)>")
}

func TestDocumentPage(t *testing.T) {
	l := snowLibrary(t)
	root := l.page(t, "/documents/law-new")
	jumps(t, root)
	mustSay(t, root, "索引号 000014349/2020-00003", "发文机关 示例市人民政府", "文号 示例发〔2020〕3号", "发布日期 2020-03-01", "施行日期 2020-03-01", "时效性 现行", "主题 园林")
	mustSay(t, partOf(t, root, "a4"), "第四条 登记不收取任何费用")
	var cited []string
	for _, n := range elements(root, named("noscript")) {
		cited = append(cited, wordsOf(n))
	}
	if len(cited) != 5 || cited[3] != "引用：《示例市雪人登记条例》第四条" {
		t.Errorf("citations are %v", cited)
	}
	contents := elements(root, func(n *html.Node) bool { return attr(n, "aria-label") == "目录" })
	if len(contents) != 1 {
		t.Fatal("there is no table of contents")
	}
	mustSay(t, contents[0], "第一章 总则 第一条至第二条", "第二章 登记 第三条至第五条")
	mustSay(t, partOf(t, root, "versions"), "2020-03-01 起施行 本页 现行", "2015-01-01 起施行 已修订")
	if to := linksIn(partOf(t, root, "versions")); to["和本页对比，看改了什么"] != "/documents/law-new/compare?with=law-old" {
		t.Errorf("versions lead to %v", to)
	}
	items := partOf(t, root, "items")
	mustSay(t, items, "雪人登记 依据 第三条 新城区 赛罕区")
	if to := linksIn(items); to["新城区"] != "/items/snowman-150102" || to["第三条"] != "#a3" {
		t.Errorf("items that rest on the law lead to %v", to)
	}
	if to := linksIn(partOf(t, root, "about")); to["雪人有了户口"] != "/documents/news-1#p1" && to["雪人有了户口"] != "/documents/news-1" || len(to) != 1 {
		t.Errorf("news about the law: %v", to)
	}
}

func TestOldVersionLeadsToTheOneInForce(t *testing.T) {
	root := snowLibrary(t).page(t, "/documents/law-old")
	mustSay(t, root, "这一份已修订，办事不要以它为准")
	if to := linksIn(root)["看现行的版本"]; to != "/documents/law-new" {
		t.Errorf("the version in force is %q", to)
	}
}

func TestNewsAboutAPolicy(t *testing.T) {
	news := func(id, body string, topics ...string) *corpus.Document {
		return &corpus.Document{ID: id, Kind: corpus.KindNews, Title: "消息" + id, Published: "2020-04-01", Topics: topics, Sections: []corpus.Section{{ID: "p1", Text: body}}}
	}
	l := newLibrary(t, regulation("law", "2020-03-01", newArticles...),
		news("title", "《示例市雪人登记条例》开始施行。"), news("number", "根据示例发〔2020〕3号，窗口延长开放。"), news("subject", "市民可以在网上申请雪人登记。", "园林"),
		news("year", "2020年的雪下得早，3号线地铁停运。"), news("other-number", "根据示例发〔2020〕33号，供热提前。"), news("other-subject", "公园里的花开了。", "园林"))
	var got []string
	for label := range linksIn(partOf(t, l.page(t, "/documents/law"), "about")) {
		got = append(got, label)
	}
	slices.Sort(got)
	if s := strings.Join(got, " "); s != "消息number 消息subject 消息title" {
		t.Errorf("news about the law: %s", s)
	}
}

func TestNewsLinksWhatItNames(t *testing.T) {
	root := snowLibrary(t).page(t, "/documents/news-1")
	mustSay(t, root, "来源 示例日报")
	if to := linksIn(partOf(t, root, "mentions")); len(to) != 1 || to["《示例市雪人登记条例》"] != "/documents/law-new" {
		t.Errorf("policies that the news names: %v", to)
	}
}

func TestDocumentWithoutText(t *testing.T) {
	root := newLibrary(t, &corpus.Document{ID: "empty", Kind: corpus.KindPolicy, Title: "只有标题的通知"}).page(t, "/documents/empty")
	mustSay(t, root, "只有标题的通知", "本站没有收录正文")
	jumps(t, root)
}

// changesOf writes what a comparison says of each article.
func changesOf(t *testing.T, root *html.Node) string {
	t.Helper()
	var list []string
	for _, ol := range elements(root, named("ol")) {
		for _, li := range elements(ol, named("li")) {
			list = append(list, wordsOf(li))
		}
	}
	return strings.Join(list, " | ")
}

func TestComparisonOfVersions(t *testing.T) {
	const common = "第一条 至 第二条 ，2 条没有变 | 第三条 有改动 堆放雪人的，应当自堆成之日起三五日内申请登记，可以在网上申请。"
	l := snowLibrary(t)
	for _, target := range []string{"/documents/law-new/compare?with=law-old", "/documents/law-old/compare?with=law-new", "/documents/law-new/compare", "/documents/law-old/compare"} {
		root := l.page(t, target)
		jumps(t, root)
		mustSay(t, root, "旧版 2015-01-01 起施行", "新版 2020-03-01 起施行", "有改动 1 条，新增 1 条，删去 1 条，只改了条号 1 条，没有变 2 条", "施行日期 2015-01-01 2020-03-01")
		want := common + " | 第四条 新增 登记不收取任何费用，经费列入本级财政预算。 | 第四条 改为 第五条 ，内容没有变 | 第五条 删去 雪人登记不得转让。"
		if got := changesOf(t, root); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", target, got, want)
		}
		var marks []string
		for _, n := range elements(partOf(t, root, "main"), func(n *html.Node) bool { return n.Data == "ins" || n.Data == "del" }) {
			marks = append(marks, n.Data+" "+wordsOf(n))
		}
		if !slices.Contains(marks, "del 三") || !slices.Contains(marks, "ins 五") || !slices.Contains(marks, "ins ，可以在网上申请") {
			t.Errorf("%s: marked %v", target, marks)
		}
	}
}

func TestComparisonsThatCannotBe(t *testing.T) {
	lone := regulation("lone", "2020-01-01", "一")
	lone.Family, lone.Title, lone.Number = "另一条例", "另一条例", ""
	l := snowLibrary(t, lone)
	for _, c := range []struct {
		target string
		status int
		says   string
	}{
		{"/documents/law-new/compare?with=lone", http.StatusBadRequest, "同一法规另一个版本"},
		{"/documents/law-new/compare?with=law-new", http.StatusBadRequest, "同一法规另一个版本"},
		{"/documents/law-new/compare?with=nobody", http.StatusBadRequest, "同一法规另一个版本"},
		{"/documents/lone/compare", http.StatusNotFound, "没有可以对比的版本"},
		{"/documents/snowman-150102/compare", http.StatusNotFound, "没有可以对比的版本"},
		{"/documents/nobody/compare", http.StatusNotFound, "没有这一条"},
	} {
		w := get(l, c.target, "Accept", "text/html")
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s: got %d, want %d and %q", c.target, w.Code, c.status, c.says)
		}
	}
	twin := regulation("law-twin", "2022-01-01", newArticles...)
	l.put(t, twin)
	mustSay(t, l.page(t, "/documents/law-twin/compare?with=law-new"), "两版的条文一字未改")
}

// A version that shares nothing with the other is compared all the same, within the time of a request.
func TestComparisonOfLongVersions(t *testing.T) {
	var a, b []string
	for i := range 600 {
		a = append(a, fmt.Sprintf("旧%d甲乙丙丁戊己庚辛壬癸%d", i, i*7))
		b = append(b, fmt.Sprintf("新%d子丑寅卯辰巳午未申酉%d", i, i*11))
	}
	x, y := regulation("x", "2001-01-01", a...), regulation("y", "2002-01-01", b...)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	root := newLibrary(t, x, y).page(t, "/documents/x/compare")
	mustSay(t, root, "条文的变化")
	if ctx.Err() != nil {
		t.Error("it took longer than a minute")
	}
}

func holdingsPath(held ...string) string { return "/holdings?" + url.Values{"holds": held}.Encode() }

func paperItem(id, title, region string, materials ...corpus.Material) *corpus.Document {
	return &corpus.Document{ID: id, Kind: corpus.KindItem, Title: title, Region: region, Item: &corpus.Item{Code: id, Body: "局", Materials: materials}}
}

func TestHoldings(t *testing.T) {
	id, card := corpus.Material{Name: "居民身份证原件"}, corpus.Material{Name: "社会保障卡"}
	l := newLibrary(t,
		paperItem("a1", "甲事", "150102", id), paperItem("a2", "甲事", "150105", id),
		paperItem("b", "乙事", "150102", corpus.Material{Name: "申请人身份证"}, card),
		paperItem("c", "丙事", "150102", corpus.Material{Name: "申请表"}), paperItem("d", "丁事", "150102"),
		paperItem("e", "戊事", "150102", id, corpus.Material{Name: "可行性报告"}),
		paperItem("f", "己事", "1506", corpus.Material{Name: "居民身份证", Shared: true}, card),
	)
	for _, c := range []struct{ target, done, more string }{
		{"/holdings", "丙事", "有社会保障卡，多办 1 件|有身份证，多办 1 件"},
		{holdingsPath("身份证"), "甲事|丙事", "有社会保障卡，多办 2 件"},
		{holdingsPath("居民身份证"), "甲事|丙事", "有社会保障卡，多办 2 件"},
		{holdingsPath("身份证,社会保障卡"), "乙事|己事|甲事|丙事", ""},
		{holdingsPath("身份证", "社会保障卡", "垃圾"), "乙事|己事|甲事|丙事", ""},
		{holdingsPath("社会保障卡"), "己事|丙事", "有身份证，多办 2 件"},
		{holdingsPath("身份证") + "&place=1506", "", "有社会保障卡，多办 1 件"},
		{holdingsPath("身份证", "社会保障卡") + "&place=1501", "乙事|甲事|丙事", ""},
		{holdingsPath("垃圾"), "丙事", "有社会保障卡，多办 1 件|有身份证，多办 1 件"},
	} {
		root := l.page(t, c.target)
		var done []string
		for _, h := range elements(partOf(t, root, "done"), named("h3")) {
			done = append(done, wordsOf(h))
		}
		if got := strings.Join(done, "|"); got != c.done {
			t.Errorf("%s: can be done %s, want %s", c.target, got, c.done)
		}
		var more []string
		for _, section := range elements(root, func(n *html.Node) bool { return attr(n, "id") == "more" }) {
			for _, a := range elements(section, named("a")) {
				more = append(more, wordsOf(a))
				l.page(t, attr(a, "href"))
			}
		}
		if got := strings.Join(more, "|"); got != c.more {
			t.Errorf("%s: one more opens %s, want %s", c.target, got, c.more)
		}
	}
	root := l.page(t, holdingsPath("身份证"))
	boxes := elements(root, func(n *html.Node) bool { return attr(n, "name") == "holds" })
	if len(boxes) != 2 || attr(boxes[0], "value") != "身份证" || attr(boxes[1], "value") != "社会保障卡" {
		t.Errorf("the boxes are %d, want the documents of the items, the most frequent first", len(boxes))
	}
	if to := linksIn(partOf(t, root, "done")); to["新城区"] == "" || to["赛罕区"] != "/items/a2" {
		t.Errorf("places lead to %v", to)
	}
	if w := get(l, "/holdings?from=x", "Accept", "text/html"); w.Code != http.StatusBadRequest {
		t.Errorf("a page that is no number answers %d", w.Code)
	}
}

func TestHoldingsInPages(t *testing.T) {
	var docs []*corpus.Document
	for i := range 30 {
		docs = append(docs, paperItem(fmt.Sprint("i", i), fmt.Sprintf("事项%02d", i), "150102", corpus.Material{Name: "身份证"}))
	}
	l := newLibrary(t, docs...)
	root := l.page(t, holdingsPath("身份证"))
	mustSay(t, root, "能办 30 件事")
	next := linksIn(root)["下一页"]
	second := l.page(t, next)
	first, rest := elements(partOf(t, root, "done"), named("h3")), elements(partOf(t, second, "done"), named("h3"))
	if len(first) != 20 || len(rest) != 10 || wordsOf(rest[0]) != "事项20" {
		t.Errorf("pages of %d and %d items", len(first), len(rest))
	}
	if back := linksIn(second)["上一页"]; wordsOf(elements(partOf(t, l.page(t, back), "done"), named("h3"))[0]) != "事项00" {
		t.Errorf("the page before is %s", back)
	}
}

func eventItem(id, title, region string, results []string, materials ...string) *corpus.Document {
	d := paperItem(id, title, region)
	d.Item.LifeEvents, d.Item.Places, d.Item.Visits = []string{"堆成雪人"}, []corpus.Place{{Name: "政务大厅", Address: "示例路1号"}}, visits(1)
	for _, r := range results {
		d.Item.Results = append(d.Item.Results, corpus.Outcome{Name: r})
	}
	for _, m := range materials {
		d.Item.Materials = append(d.Item.Materials, corpus.Material{Name: m})
	}
	return d
}

func TestGuideOrdersItemsAndSharesMaterials(t *testing.T) {
	l := newLibrary(t,
		eventItem("z", "领补贴", "150102", nil, "雪人登记证", "居民身份证"),
		eventItem("y", "参保", "150102", nil, "雪人登记证", "身份证复印件"),
		eventItem("x", "登记", "150102", []string{"雪人登记证"}, "居民身份证", "雪人照片"),
		eventItem("w", "登记", "150105", []string{"雪人登记证"}, "居民身份证"),
		snowman("1506", nil),
	)
	mustSay(t, l.page(t, "/guides"), "堆成雪人 3 件事")
	address := linksIn(l.page(t, "/guides"))["堆成雪人"]
	root := l.page(t, address+"?place=150102")
	steps := wordsOf(partOf(t, root, "steps"))
	want := []string{"先办 登记", "这 2 件可以同时办", "要先办好“登记”，拿到雪人登记证", "在政务大厅一趟就能办"}
	at := 0
	for _, w := range want {
		i := strings.Index(steps[at:], w)
		if i < 0 {
			t.Fatalf("the steps lack %q, or have it elsewhere: %s", w, steps)
		}
		at += i
	}
	var bring []string
	for _, label := range elements(partOf(t, root, "materials"), named("label")) {
		bring = append(bring, wordsOf(label))
	}
	slices.Sort(bring)
	if got := strings.Join(bring, " "); got != "居民身份证 雪人照片" && got != "身份证复印件 雪人照片" {
		t.Errorf("to bring: %s; want each once, and not what the first item hands out", got)
	}
	mustSay(t, partOf(t, root, "materials"), "用在：登记")
	if to := linksIn(root); to["赛罕区"] == "" || to["登记"] != "/items/x" {
		t.Errorf("the guide leads to %v", to)
	}
	if to := linksIn(l.page(t, linksIn(root)["赛罕区"])); to["登记"] != "/items/w" {
		t.Errorf("the other place's guide leads to %v", to)
	}
	mustSay(t, l.page(t, "/items/x"), "堆成雪人“一件事”")
	if w := get(l, "/guides/没有", "Accept", "text/html"); w.Code != http.StatusNotFound {
		t.Errorf("an event that nobody knows answers %d", w.Code)
	}
	mustSay(t, newLibrary(t).page(t, "/guides"), "还没有收录")
}

// Papers that run in a circle are no reason to go round for ever.
func TestGuideWithACircle(t *testing.T) {
	l := newLibrary(t, eventItem("x", "甲", "150102", []string{"甲证"}, "乙证"), eventItem("y", "乙", "150102", []string{"乙证"}, "甲证"))
	mustSay(t, partOf(t, l.page(t, "/guides/"+url.PathEscape("堆成雪人")), "steps"), "甲", "乙")
}
