package server_test

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// The browser is one process for the whole package; a test opens tabs in it, each with cookies of its own. A test that
// needs the browser fails where there is none: a page that nobody looked at is not tested.

// scratch is a folder that all tests share, and ends what closes the files in it; both go with the tests.
var (
	scratch string
	ends    []func() error
)

// TestMain ends with the tests what they shared.
func TestMain(m *testing.M) { os.Exit(runAll(m)) }

func runAll(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tongsou-server-test")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	scratch = dir
	code := m.Run()
	chromium.stop()
	for _, end := range ends {
		err = errors.Join(err, end())
	}
	if err := errors.Join(err, os.RemoveAll(dir)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// browser is a Chromium that is started when the first test asks for it.
type browser struct {
	once  sync.Once
	ctx   context.Context
	err   error
	close []context.CancelFunc
}

var chromium browser

func (b *browser) start() (context.Context, error) {
	b.once.Do(func() {
		path, err := findChromium()
		if err != nil {
			b.err = err
			return
		}
		options := append(chromedp.DefaultExecAllocatorOptions[:],
			chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("lang", "zh-CN"), chromedp.WSURLReadTimeout(time.Minute))
		alloc, stop := chromedp.NewExecAllocator(context.Background(), options...)
		b.close = append(b.close, stop)
		b.ctx, stop = chromedp.NewContext(alloc)
		b.close = append(b.close, stop)
		b.err = chromedp.Do(b.ctx)
	})
	return b.ctx, b.err
}

func (b *browser) stop() {
	if b.ctx != nil {
		_ = chromedp.Cancel(b.ctx) // waits until the process has ended and its profile is deleted
	}
	for i := len(b.close) - 1; i >= 0; i-- {
		b.close[i]()
	}
}

func findChromium() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "/Applications/Chromium.app/Contents/MacOS/Chromium",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("no Chromium on this machine; run: make deps")
}

// axeSource is axe-core, which finds what keeps people with disabilities out of a page.
var axeSource = sync.OnceValues(func() (string, error) {
	raw, err := os.ReadFile(filepath.Join("..", ".bin", "axe", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		return "", fmt.Errorf("axe-core is not installed; run: make deps (%w)", err)
	}
	return string(raw), nil
})

// site is the address of one server over the sample, for every test that only looks.
var site = sync.OnceValues(func() (string, error) {
	o, err := fixture()
	if err != nil {
		return "", err
	}
	s, err := newSite(o)
	if err != nil {
		return "", err
	}
	return httptest.NewServer(s).URL, nil // lives as long as the tests
})

func siteURL(t *testing.T) string {
	t.Helper()
	address, err := site()
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// tab is a page in the browser, and what went on in it since it was opened.
type tab struct {
	context.Context
	t *testing.T

	mu       sync.Mutex
	console  []string // errors and warnings of scripts, and of the browser itself
	hosts    []string // host:port of every request
	requests []string // URL of every request
	bytes    float64  // transferred, heads and bodies

	unscripted bool // whether pages run no scripts
}

// patience is how long one step in the browser may take; a tab lives longer.
const patience = 45 * time.Second

// watcher runs in every document before its own scripts and keeps what the events of the protocol do not tell.
//
//go:embed testdata/watch.js
var watcher string

// openTab opens a tab as wide as a phone. It is closed with the test.
func openTab(t *testing.T) *tab {
	t.Helper()
	parent, err := chromium.start()
	if err != nil {
		t.Fatal(err)
	}
	ctx, closeTab := chromedp.NewContext(parent, chromedp.WithNewBrowserContext())
	t.Cleanup(closeTab)
	b := &tab{Context: ctx, t: t}
	if err := chromedp.Listen(ctx, b.note); err != nil { // opens the tab
		t.Fatalf("open a tab: %v", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(cancel)
	b.Context = ctx
	call(b, network.Enable, network.EnableParams{})
	call(b, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: watcher})
	b.width(390)
	return b
}

// call runs a command of the DevTools protocol in the tab.
func call[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b, patience)
	defer cancel()
	r, err := chromedp.Call(ctx, command, params)
	if err != nil {
		b.t.Fatalf("in the browser: %s: %v", command.Method, err)
	}
	return r
}

// note keeps one event of the protocol.
func (b *tab) note(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if slices.Contains([]runtime.ConsoleAPICalledType{"error", "warning", "assert"}, e.Type) {
			var words []string
			for _, a := range e.Args {
				words = append(words, a.Value.String()+a.Description)
			}
			b.console = append(b.console, strings.Join(words, " "))
		}
	case *runtime.EventExceptionThrown:
		b.console = append(b.console, exception(e.ExceptionDetails))
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == cdplog.EntryLevelError || e.Entry.Level == cdplog.EntryLevelWarning {
			b.console = append(b.console, fmt.Sprintf("%s: %s (%s)", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err == nil && (u.Scheme == "http" || u.Scheme == "https" || u.Scheme == "ws") {
			b.hosts, b.requests = append(b.hosts, u.Host), append(b.requests, e.Request.URL)
		}
	case *network.EventLoadingFinished:
		b.bytes += e.EncodedDataLength
	}
}

func exception(d *runtime.ExceptionDetails) string {
	text := d.Text
	if d.Exception != nil {
		text += " " + d.Exception.Description
	}
	return fmt.Sprintf("%s (%s:%d)", text, d.URL, d.LineNumber+1)
}

// forget starts the notes anew.
func (b *tab) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.console, b.hosts, b.requests, b.bytes = nil, nil, nil, 0
}

// run does things in the tab and ends the test when one fails.
func (b *tab) run(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("in the browser: %v\nconsole: %q", err, b.console)
	}
}

// visit opens an address and waits until the page is still.
func (b *tab) visit(address string) {
	b.t.Helper()
	b.run(chromedp.Navigate(address))
	b.settle()
}

// settle waits until fonts are there and two frames are drawn. Without scripts a page cannot tell, nor does it change.
func (b *tab) settle() {
	b.t.Helper()
	if b.unscripted {
		time.Sleep(100 * time.Millisecond)
		return
	}
	eval[bool](b, `document.fonts.ready.then(() => new Promise(done =>
		requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(true), 60)))))`)
}

// width sets the width of the window in CSS pixels.
func (b *tab) width(pixels int64) {
	b.t.Helper()
	call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: pixels, Height: 844, DeviceScaleFactor: 1})
}

// dark makes the page believe that the reader prefers dark colours.
func (b *tab) dark(on bool) {
	b.t.Helper()
	value := "light"
	if on {
		value = "dark"
	}
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: value}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}

// scripts lets the pages that are opened from now on run scripts, or not.
func (b *tab) scripts(on bool) {
	b.t.Helper()
	b.unscripted = !on
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
}

// eval returns the value of an expression, awaited when it is a promise.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("in the browser: %.200s: %v", expression, err)
	}
	return v
}

// until waits for an expression to be true, at most twenty seconds, on this page or on the one that the tab goes to.
func (b *tab) until(expression string) {
	b.t.Helper()
	var last error
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		ok, err := chromedp.Run(b, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if ok {
			return
		}
		last = err
	}
	b.t.Fatalf("never came true: %s (%v)\nconsole: %q", expression, last, b.console)
}

// keys presses keys.
func (b *tab) keys(keys ...string) {
	b.t.Helper()
	for _, k := range keys {
		if k == kb.Enter { // in one event, so that a page that takes the key keeps it from the form
			enter := input.DispatchKeyEventParams{Type: "keyDown", Key: "Enter", Code: "Enter", Text: "\r", WindowsVirtualKeyCode: 13}
			call(b, input.DispatchKeyEvent, enter)
			enter.Type, enter.Text = "keyUp", ""
			call(b, input.DispatchKeyEvent, enter)
			continue
		}
		b.run(chromedp.KeyEvent(k))
	}
}

// compose shows text as an input method does before it is chosen.
func (b *tab) compose(text string) {
	b.t.Helper()
	n := int64(len([]rune(text)))
	call(b, input.ImeSetComposition, input.ImeSetCompositionParams{Text: text, SelectionStart: n, SelectionEnd: n})
}

// commit ends a composition with the text that was chosen, or types it when there was none.
func (b *tab) commit(text string) {
	b.t.Helper()
	call(b, input.InsertText, input.InsertTextParams{Text: text})
}

// watched is what testdata/watch.js keeps.
type watched struct {
	Violations []string // of the content security policy
	Shift      float64  // sum of layout shifts that no input caused
	Shifted    []string // what moved
}

// quiet fails the test for every error in the console, violation of the policy, request to a host that is not allowed, and
// layout shift since the page was opened.
func (b *tab) quiet(what string, allowed ...string) {
	b.t.Helper()
	w := eval[watched](b, "window.__watched")
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, line := range b.console {
		b.t.Errorf("%s: the console says %s", what, line)
	}
	for _, v := range w.Violations {
		b.t.Errorf("%s: breaks its content security policy: %s", what, v)
	}
	for i, host := range b.hosts {
		if !strings.Contains(" "+strings.Join(allowed, " ")+" ", " "+host+" ") {
			b.t.Errorf("%s: asks another host: %s", what, b.requests[i])
		}
	}
	if w.Shift > 0 {
		b.t.Errorf("%s: layout shift %.4f, want 0; moved: %s", what, w.Shift, strings.Join(w.Shifted, ", "))
	}
}

// finding is what axe-core says of one rule.
type finding struct {
	ID, Help string
	Nodes    []struct {
		HTML, FailureSummary string
		Target               []any
	}
}

// axe fails the test for everything that axe-core finds at WCAG 2.2 AA in the page as it is now.
func (b *tab) axe(what string) {
	b.t.Helper()
	source, err := axeSource()
	if err != nil {
		b.t.Fatal(err)
	}
	if !eval[bool](b, "'axe' in window") {
		b.run(chromedp.Evaluate[chromedp.Void](source))
	}
	found := eval[[]finding](b, `axe.run(document, {resultTypes: ['violations'],
		runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']}}).then(r => r.violations)`)
	for _, f := range found {
		for i, n := range f.Nodes {
			if i == 3 {
				b.t.Errorf("%s: %s: and %d more", what, f.ID, len(f.Nodes)-i)
				break
			}
			b.t.Errorf("%s: %s (%s)\n%v %s\n%s", what, f.ID, f.Help, n.Target, n.HTML, n.FailureSummary)
		}
	}
}

// screenshot writes the whole page as a PNG.
func (b *tab) screenshot(file string) {
	b.t.Helper()
	png, err := chromedp.Run(b, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(file, png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}
