package server_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/server"
)

// answering is an engine that gives one answer and keeps what it was asked.
type answering struct {
	server.Engine
	result *index.Result
	asked  *index.Query
}

func (e answering) Search(_ context.Context, q index.Query) (*index.Result, error) {
	*e.asked = q
	return e.result, nil
}

// answeringServer makes a server over such an engine.
func answeringServer(t *testing.T, result *index.Result) (*server.Server, *index.Query) {
	t.Helper()
	asked := new(index.Query)
	return newServer(t, func(o *server.Options) { o.Engine = answering{o.Engine, result, asked} }), asked
}

func hasClass(n *html.Node, class string) bool {
	return slices.Contains(strings.Fields(attr(n, "class")), class)
}

// textOf is what a reader sees of an element.
func textOf(n *html.Node) string {
	var s strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			s.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(s.String()), " ")
}

// linkOf finds the first link whose text begins with the words.
func linkOf(t *testing.T, page, words string) string {
	t.Helper()
	for _, a := range nodes(t, page, "a") {
		if strings.HasPrefix(textOf(a), words) {
			return attr(a, "href")
		}
	}
	t.Fatalf("the page has no link %q", words)
	return ""
}

func values(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

func plain(text string) []index.Run { return []index.Run{{Text: text}} }

// itemHit is a hit with a full card.
func itemHit(id string, sure bool) index.Hit {
	visits := 1
	return index.Hit{ID: id, Kind: corpus.KindItem, Title: plain("雪人登记"), Place: "新城区", Sure: sure, Card: &index.Card{
		Body: "新城区园林局", PromisedLimit: corpus.Limit{Days: 5, Unit: "工作日"}, LegalLimit: corpus.Limit{Days: 20, Unit: "工作日"},
		Visits: &visits, Channels: []string{"网上", "一窗"}, Materials: []string{"居民身份证", "雪人照片"}, Fees: []string{"工本费 10 元"},
		Address: "园林大厅", Hours: "工作日 9:00—17:00", Phone: "0471-12345678", ApplyURL: "https://zwfw.example/apply",
	}}
}

func TestCardAnswersAtAGlance(t *testing.T) {
	hit := itemHit("i1", true)
	hit.Office = "新城区没有这个窗口，由呼和浩特市园林局办理。"
	s, _ := answeringServer(t, &index.Result{Groups: []index.Group{{Kind: corpus.KindItem, Total: 1, Hits: []index.Hit{hit}}}})
	page := get(s, "/search?q=x").Body.String()
	for _, want := range []string{"新城区园林局", "5 个工作日", "法定 20 个工作日", "1 次", "2 样", "工本费 10 元", "网上办、窗口办",
		"居民身份证、雪人照片", "园林大厅", "工作日 9:00—17:00", hit.Office} {
		if !strings.Contains(page, want) {
			t.Errorf("the card lacks %q", want)
		}
	}
	if to := linkOf(t, page, "在线办理"); to != "https://zwfw.example/apply" {
		t.Errorf("在线办理 leads to %q", to)
	}
	if to := linkOf(t, page, "看办事指南"); to != "/items/i1" {
		t.Errorf("看办事指南 leads to %q", to)
	}
	if to := linkOf(t, page, "电话"); to != "tel:047112345678" {
		t.Errorf("the phone leads to %q", to)
	}
}

func TestWhatIsAskedComesFirst(t *testing.T) {
	for intent, want := range map[string]string{
		"materials": "带什么（2 样） 居民身份证、雪人照片", "time": "多久办好 5 个工作日 法定 20 个工作日", "cost": "收费 工本费 10 元",
		"place": "去哪里 园林大厅 工作日 9:00—17:00", "phone": "问谁 0471-12345678", "process": "",
	} {
		s, _ := answeringServer(t, &index.Result{
			Query:  index.Understanding{Intents: []string{intent}},
			Groups: []index.Group{{Kind: corpus.KindItem, Total: 1, Hits: []index.Hit{itemHit("i1", true)}}},
		})
		var asked string
		for _, dl := range nodes(t, get(s, "/search?q=x").Body.String(), "dl") {
			if asked == "" && hasClass(dl, "asked") {
				asked = strings.ReplaceAll(textOf(dl), "5 个工作日法定", "5 个工作日 法定")
			}
		}
		if strings.ReplaceAll(asked, " ", "") != strings.ReplaceAll(want, " ", "") {
			t.Errorf("asked for %s, the card says first %q, want %q", intent, asked, want)
		}
	}
}

func TestUnsureHitsAreFolded(t *testing.T) {
	sure, unsure := itemHit("sure", true), itemHit("unsure", false)
	none := &index.NoAnswer{
		Note: "没有把握回答这个问题。", Themes: []index.FacetValue{{Value: "户籍办理", Label: "户籍办理", Count: 3}},
		Office: "新城区政务服务局", Phone: "0471-5550100",
	}
	for _, c := range []struct {
		name         string
		hits         []index.Hit
		none         *index.NoAnswer
		query        string
		open, folded int
	}{
		{"nothing judged", []index.Hit{unsure, unsure}, nil, "q=x", 2, 0},
		{"one sure", []index.Hit{sure, unsure, unsure}, nil, "q=x", 1, 2},
		{"no answer", []index.Hit{unsure}, none, "q=x", 0, 1},
		{"second page", []index.Hit{sure, unsure}, nil, "q=x&kind=item&next=o10", 2, 0},
		{"newest first", []index.Hit{sure, unsure}, nil, "q=x&sort=date", 2, 0},
		{"only filtered", []index.Hit{sure, unsure}, nil, "region=15", 2, 0},
	} {
		for i := range c.hits {
			c.hits[i].Title = plain("雪人登记" + strings.Repeat("！", i))
		}
		s, _ := answeringServer(t, &index.Result{NoAnswer: c.none, Groups: []index.Group{{Kind: corpus.KindItem, Total: len(c.hits), Hits: c.hits}}})
		page := get(s, "/search?"+c.query).Body.String()
		folded, all := 0, 0
		for _, li := range nodes(t, page, "li") {
			if !hasClass(li, "hit") {
				continue
			}
			all++
			for a := range li.Ancestors() {
				if hasClass(a, "maybe") {
					folded++
				}
			}
		}
		if all-folded != c.open || folded != c.folded {
			t.Errorf("%s: %d hits stand open and %d folded, want %d and %d", c.name, all-folded, folded, c.open, c.folded)
		}
		if c.none == nil {
			continue
		}
		if !strings.Contains(page, none.Note) || !strings.Contains(page, "新城区政务服务局") || linkOf(t, page, "拨打") != "tel:0471-5550100" {
			t.Errorf("%s: the page does not say what to do instead", c.name)
		}
		if to := values(t, linkOf(t, page, "户籍办理")); to.Get("theme") != "户籍办理" || to.Get("q") != "" {
			t.Errorf("%s: the near theme leads to %v", c.name, to)
		}
	}
}

// TestTheSameItemElsewhereTakesALine gives one item in three places and another one.
func TestTheSameItemElsewhereTakesALine(t *testing.T) {
	hits := []index.Hit{itemHit("a", false), itemHit("b", false), itemHit("c", false), itemHit("d", false)}
	hits[1].Place, hits[3].Place, hits[2].Title = "赛罕区", "", plain("雪人注销")
	s, _ := answeringServer(t, &index.Result{Groups: []index.Group{{Kind: corpus.KindItem, Total: 4, Hits: hits}}})
	page := get(s, "/search?q=x").Body.String()
	if got := hitLinks(t, page); !slices.Equal(got, []string{"/items/a", "/items/c"}) {
		t.Errorf("the cards are %v, want one for each item", got)
	}
	if linkOf(t, page, "赛罕区") != "/items/b" || linkOf(t, page, "新城区园林局") != "/items/d" {
		t.Error("the same item elsewhere has no link")
	}
	if got := hitLinks(t, get(s, "/search?q=x&sort=date").Body.String()); len(got) != 4 {
		t.Errorf("by date there are %d cards, want all", len(got))
	}
}

// TestDocumentsAreShownAsText puts markup wherever a document can put text.
func TestDocumentsAreShownAsText(t *testing.T) {
	evil := `<script>alert(1)</script><img src=x onerror=alert(2)>" onclick="alert(3)` + "\x01\u202e"
	h := itemHit(`"><script>`, true)
	h.Title, h.Place, h.Why, h.Office = []index.Run{{Text: evil}, {Text: evil, Mark: true}}, evil, []string{evil}, evil
	h.Card.Body, h.Card.Materials, h.Card.Address, h.Card.Hours, h.Card.Phone = evil, []string{evil}, evil, evil, evil
	h.Card.ApplyURL, h.Card.Channels, h.Card.Fees = "javascript:alert(4)", []string{evil}, []string{evil}
	p := index.Hit{
		ID: "p", Kind: corpus.KindPolicy, Title: plain(evil), Number: evil, Issuer: evil, URL: "javascript:alert(5)", Snippet: plain(evil),
		Section: &index.SectionRef{ID: `"><script>`, Label: evil}, More: []index.SectionHit{{Section: index.SectionRef{ID: "a1", Label: evil}, Snippet: plain(evil)}},
	}
	s, _ := answeringServer(t, &index.Result{
		Query: index.Understanding{Notes: []string{evil}, PlaceName: evil, Correction: &index.Correction{From: evil, To: evil, Why: evil},
			Chips: []index.Chip{{Label: evil, Without: evil}}},
		Groups: []index.Group{{Kind: corpus.KindItem, Total: 1, Hits: []index.Hit{h}}, {Kind: corpus.KindPolicy, Total: 1, Hits: []index.Hit{p}}},
		Facets: []index.Facet{{Field: "issuer", Label: evil, Values: []index.FacetValue{{Value: evil, Label: evil, Count: 1}}}},
	})
	page := get(s, "/search?q=x&issuer="+url.QueryEscape(evil)).Body.String()
	noInline(t, page)
	if n := len(nodes(t, page, "img")); n > 0 {
		t.Errorf("%d pictures of a document became part of the page", n)
	}
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || strings.HasPrefix(strings.TrimSpace(strings.ToLower(a.Val)), "javascript:") {
				t.Errorf("<%s> has %s=%q", n.Data, a.Key, a.Val)
			}
		}
	}
}

func TestChipsAndFiltersCanBeTakenBack(t *testing.T) {
	s, _ := answeringServer(t, &index.Result{
		Query: index.Understanding{
			Chips:      []index.Chip{{Field: "convenience", Value: "不用跑", Label: "不用跑", Without: "办身份证"}},
			Correction: &index.Correction{From: "身分证", To: "身份证", Why: "疑似错别字"},
		},
		Groups: []index.Group{{Kind: corpus.KindItem, Total: 1, Hits: []index.Hit{itemHit("i1", true)}}},
	})
	query := "/search?q=x&kind=item&region=150102,150105&issuer=" + url.QueryEscape("市公安局") + "&year=2024&sort=date&next=o10&trail="
	page := get(s, query).Body.String()
	for words, want := range map[string]string{
		"不用跑":        "q=办身份证&kind=item&region=150102,150105&issuer=市公安局&year=2024&sort=date",
		"只看新城区的":     "q=x&kind=item&region=150105&issuer=市公安局&year=2024&sort=date",
		"只看市公安局的":    "q=x&kind=item&region=150102,150105&year=2024&sort=date",
		"只看 2024 年的": "q=x&kind=item&region=150102,150105&issuer=市公安局&sort=date",
		"全部去掉":       "q=x&kind=item&sort=date",
		"最相关":        "q=x&kind=item&region=150102,150105&issuer=市公安局&year=2024",
		"政策法规":       "q=x&kind=policy&region=150102,150105&issuer=市公安局&year=2024&sort=date",
		"仍搜“身分证”":    "q=x&kind=item&region=150102,150105&issuer=市公安局&year=2024&sort=date&verbatim=true",
	} {
		wanted, err := url.ParseQuery(want)
		if err != nil {
			t.Fatal(err)
		}
		if got := values(t, linkOf(t, page, words)); got.Encode() != wanted.Encode() {
			t.Errorf("%q leads to\n%v, want\n%v", words, got, wanted)
		}
	}
	verbatim := get(s, "/search?q=x&verbatim=true").Body.String()
	if to := values(t, linkOf(t, verbatim, "恢复")); to.Encode() != "q=x" {
		t.Errorf("恢复 leads to %v", to)
	}
}

// TestPagingKeepsItsPlace goes three pages on and back again: the same addresses, the same hits.
func TestPagingKeepsItsPlace(t *testing.T) {
	s := newServer(t, nil)
	address := "/search?kind=item&q=" + url.QueryEscape("登记")
	var there []string
	var hits [][]string
	for range 4 {
		page := get(s, address).Body.String()
		there, hits = append(there, address), append(hits, hitLinks(t, page))
		address = linkOf(t, page, "下一页")
	}
	if slices.Equal(hits[0], hits[1]) || len(hits[3]) == 0 {
		t.Fatal("the pages do not go on")
	}
	address = there[3]
	for i := 3; i > 0; i-- {
		page := get(s, address).Body.String()
		if !strings.Contains(page, "第 "+string(rune('1'+i))+" 页") {
			t.Errorf("%s is not called page %d", address, i+1)
		}
		if !slices.Equal(hitLinks(t, page), hits[i]) {
			t.Errorf("%s has other hits than on the way there", address)
		}
		address = linkOf(t, page, "上一页")
	}
	if got := hitLinks(t, get(s, address).Body.String()); !slices.Equal(got, hits[0]) {
		t.Errorf("back on the first page, %s has other hits", address)
	}
}

func hitLinks(t *testing.T, page string) []string {
	t.Helper()
	var list []string
	for _, h := range nodes(t, page, "h3") {
		for a := range h.ChildNodes() {
			if a.Data == "a" {
				list = append(list, attr(a, "href"))
			}
		}
	}
	return list
}

func TestPassagesAreCited(t *testing.T) {
	page := get(newServer(t, nil), "/search?kind=policy&q="+url.QueryEscape("没有户口的人怎么补登户口")).Body.String()
	cited, badges := 0, 0
	for _, a := range nodes(t, page, "a") {
		if hasClass(a, "cite") && strings.HasPrefix(textOf(a), "第") && strings.Contains(attr(a, "href"), "#a") {
			cited++
		}
	}
	for _, s := range nodes(t, page, "span") {
		if hasClass(s, "tag") && (textOf(s) == string(corpus.InForce) || hasClass(s, "stale")) {
			badges++
		}
	}
	if cited < 3 || badges < 3 {
		t.Errorf("%d passages are cited by article and %d bear their validity, want at least 3 of each", cited, badges)
	}
}

func TestHomeShowsTheWaysIn(t *testing.T) {
	s := newServer(t, nil)
	page := get(s, "/").Body.String()
	noInline(t, page)
	if n := len(nodes(t, page, "form")); n != 2 {
		t.Errorf("the home page has %d forms, want one box and the display settings", n)
	}
	for _, want := range []string{"个人办事", "企业和单位办事", "生育收养", "设立变更", "政策法规"} {
		if !strings.Contains(page, want) {
			t.Errorf("the home page lacks %q", want)
		}
	}
	followed := 0
	for _, a := range nodes(t, page, "a") {
		if href := attr(a, "href"); strings.HasPrefix(href, "/") {
			if w := get(s, href, "Accept", "text/html"); w.Code != http.StatusOK || strings.Contains(w.Body.String(), "没有找到") {
				t.Errorf("%s (%s) answers %d, want something found", textOf(a), href, w.Code)
			}
			followed++
		}
	}
	if followed < 20 {
		t.Errorf("the home page has %d links, want themes of both kinds and examples", followed)
	}
}

func TestAProblemKeepsTheWordsAndSaysWhatNext(t *testing.T) {
	s := newServer(t, func(o *server.Options) { o.Engine = broken{o.Engine} })
	page := get(s, "/search?q=xyz&theme=a", "Accept", "text/html").Body.String()
	if linkOf(t, page, "再试一次") != "/search?q=xyz&theme=a" || linkOf(t, page, "拨打 12345") != "tel:12345" {
		t.Error("a search that failed on our side cannot be tried again")
	}
	page = get(s, "/search?q=xyz&kind=book", "Accept", "text/html").Body.String()
	if strings.Contains(page, "再试一次") || !strings.Contains(page, `value="xyz"`) {
		t.Error("a wrong parameter loses the words, or is to be tried again")
	}
}

func TestOlderAddressesLeadToTheResults(t *testing.T) {
	s := newServer(t, nil)
	for from, to := range map[string]string{
		"/?q=x&place=1501&utm=a": "/search?q=x&place=1501&utm=a", "/?theme=x": "/search?theme=x", "/search": "/", "/search?q=+": "/", "/search?sort=date": "/",
	} {
		if w := get(s, from); w.Code/100 != 3 || w.Header().Get("Location") != to {
			t.Errorf("%s: got %d to %q, want %q", from, w.Code, w.Header().Get("Location"), to)
		}
	}
	w := get(s, "/?place=1501&utm=a")
	if w.Code != http.StatusOK {
		t.Errorf("the home page of a place answers %d", w.Code)
	}
	for _, words := range []string{"孩子上户口", "生育收养"} {
		if to := values(t, linkOf(t, w.Body.String(), words)); to.Get("place") != "1501" {
			t.Errorf("%s leads to %v, which forgets the place", words, to)
		}
	}
}

func TestPolicyOfPages(t *testing.T) {
	want := "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	for _, target := range []string{"/", "/search?q=x", "/place", "/nowhere", "/search?kind=book"} {
		if got := get(newServer(t, nil), target, "Accept", "text/html").Header().Get("Content-Security-Policy"); got != want {
			t.Errorf("%s: the policy is %q", target, got)
		}
	}
}

func TestRegionsStandUnderTheirOwn(t *testing.T) {
	region := func(code string, count int) index.FacetValue {
		return index.FacetValue{Value: code, Label: "区" + code, Count: count, Parent: code[:len(code)-2]}
	}
	facet := index.Facet{Field: "region", Label: "地区", Values: []index.FacetValue{ // by count, as engines order them
		region("15", 9), region("1501", 5), region("1506", 4), region("150105", 3), region("150622", 2), region("150102", 1),
	}}
	for on, want := range map[string][]string{
		"":       {"区15", "区1501", "区1506"},
		"1501":   {"区15", "区1501", "区150105", "区150102", "区1506"},
		"150622": {"区15", "区1501", "区1506", "区150622"},
	} {
		s, _ := answeringServer(t, &index.Result{Facets: []index.Facet{facet}})
		var got []string
		for _, span := range nodes(t, get(s, "/search?q=x&region="+on).Body.String(), "span") {
			if label := strings.TrimSuffix(textOf(span), "，去掉"); strings.HasPrefix(label, "区") {
				got = append(got, label)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("with %q chosen the page lists %q, want %q", on, got, want)
		}
	}
}
