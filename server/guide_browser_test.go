package server_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// speech stands in for the voice of the browser: the one that tests run in has none.
const speech = `(() => {
	window.spoken = [];
	const voice = { speaking: [], speak(u) { spoken.push(u.text); this.speaking.push(u); if (spoken.length === 1) setTimeout(() => u.onstart?.()); },
		cancel() { this.speaking = []; } };
	Object.defineProperty(window, "speechSynthesis", { value: voice, configurable: true });
	window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
})()`

const itemPath = "/items/item-birth-registration-150102"

// before runs a script in every page that is opened from now on, ahead of the page's own.
func (b *tab) before(script string) {
	b.t.Helper()
	call(b, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
}

// press clicks the one element that a selector finds.
func (b *tab) press(selector string) {
	b.t.Helper()
	if !eval[bool](b, `(() => { const e = document.querySelector(`+"`"+selector+"`"+`); e?.click(); return Boolean(e); })()`) {
		b.t.Fatalf("there is no %s", selector)
	}
}

func TestItemIsReadAloud(t *testing.T) {
	address := siteURL(t)
	b := openTab(t)
	b.before(speech)
	b.visit(address + itemPath)
	button := `document.querySelector("[data-read]")`
	b.until(button + ".hidden === false")
	b.press("[data-read]")
	all := strings.Join(eval[[]string](b, "spoken"), "\n")
	for _, want := range []string{"新生儿出生登记", "当场办好", "出生医学证明", "孩子可以随父亲落户吗"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not read aloud: %s", want, all)
		}
	}
	for _, no := range []string{"打印指南", "赛罕区公安局"} {
		if strings.Contains(all, no) {
			t.Errorf("%q is read aloud, though it is a button or a table", no)
		}
	}
	b.until(`document.querySelector(".saying")`)
	if label := eval[string](b, button+".textContent"); label != "停止朗读" {
		t.Errorf("while it reads the button says %s", label)
	}
	b.press("[data-read]")
	if eval[int](b, "speechSynthesis.speaking.length") != 0 || eval[string](b, button+".textContent") != "朗读" || eval[bool](b, `Boolean(document.querySelector(".saying"))`) {
		t.Error("it did not stop when told to")
	}
	b.quiet(itemPath, eval[string](b, "location.host"))
}

func TestButtonsThatCannotWorkStayHidden(t *testing.T) {
	address := siteURL(t)
	b := openTab(t)
	b.before(`Object.defineProperty(window, "speechSynthesis", { value: undefined })`)
	b.visit(address + itemPath)
	b.until(`!document.querySelector("[data-print]").hidden`)
	if !eval[bool](b, `document.querySelector("[data-read]").hidden`) {
		t.Error("a browser without a voice offers to read aloud")
	}
}

func TestChecklistCountsAndPrints(t *testing.T) {
	address := siteURL(t)
	b := openTab(t)
	b.before(`window.print = () => { window.printed = document.documentElement.className; window.dispatchEvent(new Event("afterprint")); }`)
	b.visit(address + itemPath)
	b.until(`!document.querySelector("[data-print=list]").hidden`)
	b.press(".checklist label[for=m1]")
	if got := eval[string](b, `document.querySelector("[data-ready]").textContent`); got != "已备好 1 样，还有 2 样。" {
		t.Errorf("after one tick: %s", got)
	}
	b.press("#m2")
	b.press("#m3")
	if got := eval[string](b, `document.querySelector("[data-ready]").textContent`); got != "都备好了。" {
		t.Errorf("after all ticks: %s", got)
	}
	b.press("[data-print=list]")
	if got := eval[string](b, "window.printed"); !strings.Contains(got, "only-list") {
		t.Errorf("the list is printed with the classes %q", got)
	}
	if eval[bool](b, `document.documentElement.classList.contains("only-list")`) {
		t.Error("the page stays as it was printed")
	}
	b.quiet(itemPath, eval[string](b, "location.host"))
}

func TestCitationIsCopied(t *testing.T) {
	const path = "/documents/doc-899f061e0f0d9d1f"
	address := siteURL(t)
	for _, c := range []struct{ name, clipboard, check string }{
		{"copied", "{ writeText: async (s) => { window.copied = s; } }", `window.copied === "《婚姻登记工作办法（示例）》第三条" && document.querySelector("#a3 .cite button").textContent === "已复制"`},
		{"refused", "{ writeText: async () => { throw new Error(); } }", `getSelection().toString() === "《婚姻登记工作办法（示例）》第三条"`},
		{"none", "undefined", `getSelection().toString() === "《婚姻登记工作办法（示例）》第三条"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := openTab(t)
			b.before(`Object.defineProperty(navigator, "clipboard", { value: ` + c.clipboard + ` })`)
			b.visit(address + path)
			b.until(`!document.querySelector("#a3 .cite button").hidden`)
			b.press("#a3 .cite button")
			b.until(c.check)
			b.quiet(path, eval[string](b, "location.host"))
		})
	}
}

// Without scripts every page says the same, shows no button that does nothing, and the form of 凭证照查事项 answers.
func TestGuidesWithoutScripts(t *testing.T) {
	address := siteURL(t)
	b := openTab(t)
	b.scripts(false)
	for path, want := range map[string]string{
		itemPath: "父亲或者母亲的居民户口簿", "/documents/doc-899f061e0f0d9d1f": "引用：《婚姻登记工作办法（示例）》第三条",
		"/documents/doc-899f061e0f0d9d1f/compare": "条文的变化", "/guides/" + url.PathEscape("新生儿出生"): "要先办好",
	} {
		b.run(chromedp.Navigate(address + path))
		if got := eval[string](b, "document.body.innerText"); !strings.Contains(got, want) {
			t.Errorf("%s lacks %q without scripts", path, want)
		}
		if n := eval[int](b, `[...document.querySelectorAll("button.live")].filter((e) => e.checkVisibility({ visibilityProperty: true })).length`); n > 0 {
			t.Errorf("%s shows %d buttons that do nothing", path, n)
		}
	}
	b.run(chromedp.Navigate(address + "/holdings"))
	b.press("input[value=身份证]")
	b.press("main form button[type=submit]")
	b.until(`document.querySelector("#done h2")?.textContent.startsWith("带身份证，能办")`)
}

func TestHoldingsByKeyboard(t *testing.T) {
	address := siteURL(t)
	b := openTab(t)
	b.visit(address + "/holdings")
	eval[bool](b, `document.querySelector("input[value=户口簿]").focus(), true`)
	b.keys(" ")
	if !eval[bool](b, `document.querySelector("input[value=户口簿]").checked`) {
		t.Error("the space bar does not tick a document")
	}
	b.keys("\r")
	b.until(`document.querySelector("#done h2")?.textContent.startsWith("带户口簿，能办")`)
	b.quiet("/holdings", eval[string](b, "location.host"))
}
