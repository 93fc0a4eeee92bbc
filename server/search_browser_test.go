package server_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"tongsou/corpus"
	"tongsou/index"
)

// typeInBox puts the cursor into the search box and types as an input method commits.
func (b *tab) typeInBox(text string) {
	b.t.Helper()
	eval[bool](b, "(document.querySelector('form.box input').focus(), true)")
	b.commit(text)
}

// query is what the address of the tab asks for.
func (b *tab) query() string {
	b.t.Helper()
	return eval[string](b, "location.pathname + ' ' + (new URLSearchParams(location.search).get('q') ?? '')")
}

// What the tests look at, as expressions.
const (
	listOpen = "!document.querySelector('[role=listbox]').hidden"
	active   = "document.getElementById(document.querySelector('[role=combobox]').getAttribute('aria-activedescendant'))"
	options  = "[...document.querySelectorAll('[role=option]')]"
)

func TestSuggestionsByKeyboard(t *testing.T) {
	b := openTab(t)
	address := siteURL(t)
	b.visit(address + "/")
	if eval[string](b, "document.querySelector('[role=combobox]').getAttribute('aria-expanded')") != "false" {
		t.Error("before anything is typed the list is said to be open")
	}
	b.typeInBox("户口")
	b.until(listOpen)
	b.axe("suggestions")
	b.dark(true)
	b.axe("suggestions, dark")
	b.dark(false)
	b.keys(kb.ArrowUp)
	b.until(active + " === " + options + ".at(-1)")
	for _, step := range []struct{ key, at string }{
		{kb.ArrowDown, "null"}, {kb.ArrowDown, options + "[0]"}, {kb.ArrowDown, options + "[1]"}, {kb.End, options + ".at(-1)"},
		{kb.Home, options + "[0]"}, {kb.ArrowUp, "null"}, {kb.ArrowDown, options + "[0]"},
	} {
		b.keys(step.key)
		if !eval[bool](b, "("+active+") === "+step.at) {
			t.Errorf("after %q the active option is not %s", step.key, step.at)
		}
		if n := eval[int](b, options+".filter(o => o.getAttribute('aria-selected') === 'true').length"); n > 1 {
			t.Errorf("%d options are selected", n)
		}
	}
	if got := eval[string](b, "document.querySelector('[role=combobox]').value"); got != "户口" {
		t.Errorf("going through the list made %q of what was typed", got)
	}
	b.axe("suggestion selected")
	b.keys(kb.Escape)
	b.until("document.querySelector('[role=listbox]').hidden && document.querySelector('[role=combobox]').value === '户口'")
	b.keys(kb.ArrowDown)
	b.until(listOpen)
	b.keys(kb.ArrowDown)
	want := eval[string](b, active+".suggestion.text")
	id := eval[string](b, active+".suggestion.id ?? ''")
	b.quiet("suggestions", eval[string](b, "location.host"))
	b.keys(kb.Enter)
	b.until("location.pathname !== '/'")
	if got := b.query(); id == "" && got != "/search "+want || id != "" && !strings.HasSuffix(got, id+" ") {
		t.Errorf("Enter on %q led to %q", want, got)
	}
}

func TestSuggestionsByTouchAndMouse(t *testing.T) {
	for name, press := range map[string]func(b *tab, x, y float64){
		"touch": func(b *tab, x, y float64) {
			call(b, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: "touchStart", TouchPoints: []*input.TouchPoint{{X: x, Y: y}}})
			call(b, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: "touchEnd"})
		},
		"mouse": func(b *tab, x, y float64) {
			m := input.DispatchMouseEventParams{Type: "mousePressed", X: x, Y: y, Button: "left", ClickCount: 1}
			call(b, input.DispatchMouseEvent, m)
			m.Type = "mouseReleased"
			call(b, input.DispatchMouseEvent, m)
		},
	} {
		b := openTab(t)
		b.visit(siteURL(t) + "/")
		b.typeInBox("户口")
		b.until(listOpen)
		at := eval[[]float64](b, "(r => [r.x + r.width / 2, r.y + r.height / 2])("+options+"[1].getBoundingClientRect())")
		want := eval[string](b, "(s => s.id ? '/' + s.id + ' ' : '/search ' + s.text)("+options+"[1].suggestion)")
		press(b, at[0], at[1])
		b.until("location.pathname !== '/'")
		if got := b.query(); !strings.HasSuffix(got, want) {
			t.Errorf("by %s the second suggestion led to %q, want %q", name, got, want)
		}
	}
}

// TestAnInputMethodKeepsItsKeys composes as somebody does who writes pinyin.
func TestAnInputMethodKeepsItsKeys(t *testing.T) {
	b := openTab(t)
	b.visit(siteURL(t) + "/")
	b.typeInBox("")
	b.compose("hukou")
	call(b, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: "rawKeyDown", Key: "Process", Code: "ArrowDown", WindowsVirtualKeyCode: 229})
	b.keys(kb.Enter)
	if eval[bool](b, "(document.querySelector('form.box').requestSubmit(), false)") || b.query() != "/ " {
		t.Fatalf("a form that is still being composed was sent: %s", b.query())
	}
	if n := count(b, "/api/v1/suggest"); n > 0 {
		t.Errorf("%d questions for letters that are no words yet", n)
	}
	// Safari ends the composition first and reports the key that ended it afterwards.
	b.run(chromedp.Evaluate[chromedp.Void](`{
		const box = document.querySelector('[role=combobox]');
		box.dispatchEvent(new CompositionEvent('compositionend', {data: 'hukou'}));
		box.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', keyCode: 229, bubbles: true, cancelable: true}));
		box.form.requestSubmit();
	}`))
	b.settle()
	if b.query() != "/ " {
		t.Fatalf("the key that ended a composition sent the form: %s", b.query())
	}
	b.visit(siteURL(t) + "/")
	b.typeInBox("")
	b.compose("hukou")
	b.commit("户口")
	b.until(listOpen)
	b.keys(kb.Enter)
	b.until("location.pathname === '/search'")
	if got := b.query(); got != "/search 户口" {
		t.Errorf("Enter after the composition led to %q", got)
	}
}

// count is the number of requests so far to addresses with that part.
func count(b *tab, part string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, r := range b.requests {
		if strings.Contains(r, part) {
			n++
		}
	}
	return n
}

func TestSuggestionsAreAskedSparingly(t *testing.T) {
	b := openTab(t)
	b.visit(siteURL(t) + "/")
	b.run(chromedp.Evaluate[chromedp.Void](`{
		const box = document.querySelector('[role=combobox]');
		box.focus();
		for (const c of '户口登记') {
			box.value += c;
			box.dispatchEvent(new InputEvent('input', {data: c}));
		}
	}`))
	b.until(listOpen)
	if n := count(b, "/api/v1/suggest"); n != 1 {
		t.Errorf("%d questions for four quick keys, want one", n)
	}
	// An answer that comes when another text stands in the box is not shown.
	b.run(chromedp.Evaluate[chromedp.Void](`{
		const real = window.fetch;
		window.aborted = 0;
		window.fetch = (address, o) => decodeURIComponent(address).includes('=身份&') ? new Promise((_, no) => {
			window.asked = true;
			o.signal.addEventListener('abort', () => { window.aborted++; no(o.signal.reason); });
		}) : real(address, o);
		document.querySelector('[role=combobox]').value = '';
	}`))
	b.typeInBox("身份")
	b.until("window.asked")
	b.typeInBox("证")
	b.until("window.aborted === 1 && " + options + "[0].textContent.includes('身份证')")
}

// TestTheBoxFailsQuietly takes the suggestions away: the box still searches.
func TestTheBoxFailsQuietly(t *testing.T) {
	b := openTab(t)
	b.visit(siteURL(t) + "/")
	b.run(chromedp.Evaluate[chromedp.Void]("window.fetch = () => Promise.reject(new TypeError('gone'))"))
	b.typeInBox("户口")
	b.run(chromedp.Evaluate[chromedp.Void]("new Promise(done => setTimeout(done, 200))", chromedp.EvalAwaitPromise))
	b.keys(kb.Enter)
	b.until("location.pathname === '/search'")
}

func TestSearchWithoutScripts(t *testing.T) {
	b := openTab(t)
	b.dark(false) // and no smooth scrolling, which moves what is about to be clicked
	b.scripts(false)
	b.run(chromedp.Navigate(siteURL(t) + "/"))
	b.typeInBox("户口")
	b.keys(kb.Enter)
	b.until("location.pathname === '/search' && document.querySelectorAll('.hit').length > 3")
	shown := func() bool { return eval[bool](b, "document.querySelector('#filters').getClientRects().length > 0") }
	if shown() {
		t.Error("on a phone the filters lie over the answer")
	}
	b.run(chromedp.Click(".open"))
	b.until("document.querySelector('#filters').getClientRects().length > 0")
	b.run(chromedp.Click(".close a"))
	b.until("document.querySelector('#filters').getClientRects().length === 0")
	b.width(1280)
	if !shown() {
		t.Error("on a wide screen the filters are not beside the answer")
	}
	b.run(chromedp.Click("#filters li a"))
	b.until("document.querySelector('[aria-label=筛选条件] li')")
	b.run(chromedp.Click("[aria-label=筛选条件] a"))
	b.until("!document.querySelector('[aria-label=筛选条件] li')")
}

// TestFilterSheetIsOpenToEverybody looks at the sheet that covers a phone.
func TestFilterSheetIsOpenToEverybody(t *testing.T) {
	b := openTab(t)
	b.width(360)
	b.visit(siteURL(t) + "/search?q=" + url.QueryEscape("户口") + "#filters")
	b.axe("filters")
	if eval[bool](b, "[...document.querySelectorAll('.top a, .foot a, .results a')].some(a => a.checkVisibility({visibilityProperty: true}))") {
		t.Error("links under the sheet can be reached by key")
	}
	b.fits("filters")
}

// TestAnHonestAnswerIsOpenToEverybody looks at an answer that is none, with what may be related unfolded.
func TestAnHonestAnswerIsOpenToEverybody(t *testing.T) {
	unsure := itemHit("i1", false)
	unsure.Office = "由呼和浩特市园林局办理。"
	s, _ := answeringServer(t, &index.Result{
		Query: index.Understanding{
			Intents: []string{"materials", "time"}, Notes: []string{"查询过长，只搜索了前 200 个字"},
			Chips:      []index.Chip{{Field: "convenience", Value: "不用跑", Label: "不用跑", Without: "雪人"}},
			Correction: &index.Correction{From: "血人", To: "雪人", Why: index.WhySlip},
		},
		Groups:   []index.Group{{Kind: corpus.KindItem, Total: 1, Hits: []index.Hit{unsure}}},
		NoAnswer: &index.NoAnswer{Note: "没有把握。", Themes: []index.FacetValue{{Value: "户籍办理", Label: "户籍办理", Count: 3}}, Office: "政务服务局", Phone: "12345"},
	})
	site := httptest.NewServer(s)
	t.Cleanup(site.Close)
	b := openTab(t)
	b.width(360)
	b.visit(site.URL + "/search?q=x&year=2024&theme=" + url.QueryEscape("户籍办理"))
	b.run(chromedp.Click(".maybe summary"))
	b.until("document.querySelector('.maybe .asked').getClientRects().length > 0")
	b.axe("no answer")
	b.fits("no answer")
	b.dark(true)
	b.axe("no answer, dark")
}

// TestLookAndPlaceStay presses the buttons that a citizen presses, and goes on to other pages.
func TestLookAndPlaceStay(t *testing.T) {
	b := openTab(t)
	address := siteURL(t)
	b.dark(false)
	b.width(360)
	b.visit(address + "/search?q=" + url.QueryEscape("户口"))
	b.run(chromedp.Click(".look > button"))
	b.until("document.documentElement.className === 'large' && location.pathname === '/search'")
	b.visit(address + "/search?q=" + url.QueryEscape("户口"))
	b.run(chromedp.Click(".menu > summary"), chromedp.Click(".menu button[value=contrast]"))
	b.until("document.documentElement.className === 'large contrast'")
	b.axe("large, contrast")
	b.fits("large, contrast")
	b.run(chromedp.Click(".menu > summary"), chromedp.Click(".menu button[value=dark]"))
	b.until("document.documentElement.className === 'large contrast dark'")
	b.axe("large, contrast, dark")
	b.run(chromedp.Click(".where a"))
	b.until("location.pathname === '/place'")
	b.typeIn("#name", "新城区")
	b.keys(kb.Enter)
	b.until("document.querySelector('.places button[value=\"150102\"]')")
	b.run(chromedp.Click(`.places button[value="150102"]`))
	b.until("location.pathname === '/search' && document.querySelector('.where b').textContent === '新城区'")
	b.visit(address + "/")
	b.until("document.querySelector('.where b').textContent === '新城区' && document.documentElement.className === 'large contrast dark'")
}

func (b *tab) typeIn(selector, text string) {
	b.t.Helper()
	eval[bool](b, "(document.querySelector('"+selector+"').focus(), true)")
	b.commit(text)
}
