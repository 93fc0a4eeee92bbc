package server_test

import (
	"flag"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"

	"tongsou/server"
)

// newSite makes the server that the browser looks at. What a page needs from the options is set here.
func newSite(o server.Options) (*server.Server, error) {
	o.Followers, o.Mail, o.PublicURL = nobody{}, silent{}, publicURL
	return server.New(o)
}

// publicPages is every page that a citizen can come to, in each of its states. Whoever adds a page adds it here.
var publicPages = []struct{ name, path string }{
	{"home", "/"},
	{"results", "/search?q=" + url.QueryEscape("孩子上户口")},
	{"results-filtered", "/search?kind=item&region=150102&q=" + url.QueryEscape("社保卡")},
	{"results-none", "/search?q=" + url.QueryEscape("\"没有这样的一句话\"")},
	{"results-policies", "/search?kind=policy&q=" + url.QueryEscape("户口")},
	{"place", "/place?name=" + url.QueryEscape("新城区")},
	{"wrong-parameter", "/search?kind=book"},
	{"not-found", "/nothing"},
	{"docs", "/docs"},
	{"embed", "/embed?mode=results&place=150100"},
	{"embed-preview", "/embed/preview?brand=14477f"},
	{"item", "/items/item-birth-registration-150102"},
	{"item-materials", "/items/item-realestate-transfer-150102"},
	{"law", "/documents/doc-899f061e0f0d9d1f"},
	{"law-old", "/documents/doc-720facc5830f8f41"},
	{"compare", "/documents/doc-899f061e0f0d9d1f/compare"},
	{"news", "/documents/doc-ccadadcb5e3335d0"},
	{"follow", "/follow"},
	{"follow-search", "/follow?place=150102&q=" + url.QueryEscape("社保卡")},
	{"follow-document", "/follow?id=doc-899f061e0f0d9d1f"},
	{"holdings", "/holdings"},
	{"holdings-ticked", "/holdings?" + url.Values{"holds": {"身份证", "户口簿"}}.Encode()},
	{"guides", "/guides"},
	{"guide", "/guides/" + url.PathEscape("新生儿出生")},
}

// pageBudget is what a page may transfer, in bytes.
const pageBudget = 60 << 10

// shots is set by make screenshots.
var shots = flag.String("screenshots", "", "folder for whole-page PNGs of every public page; empty writes none")

// TestPublicPages holds every page to the same promises: nothing in the console, no violation of its policy, no request
// elsewhere, within its budget, still while it loads, no wider than the narrowest phone, and open to everybody, in light
// and dark colours and in large type.
func TestPublicPages(t *testing.T) {
	address := siteURL(t)
	for _, p := range publicPages {
		t.Run(p.name, func(t *testing.T) {
			b := openTab(t)
			b.width(360)
			b.dark(false)
			b.visit(address + p.path)
			b.loadedWell(p.path)
			b.axe(p.name + ", light")
			b.dark(true)
			b.axe(p.name + ", dark")
			b.dark(false)
			b.largeText(address, p.path)
			b.axe(p.name + ", large")
			b.fits(p.name + ", large")
			if *shots != "" {
				b.shootPage(address, p.name, p.path)
			}
		})
	}
}

// TestHeaderStandsStill takes the page as it is on a slow line before the last of the header has come: until a menu has a
// summary of ours, the browser shows its own.
func TestHeaderStandsStill(t *testing.T) {
	b := openTab(t)
	b.width(360)
	b.visit(siteURL(t) + "/docs")
	const left = "document.querySelector('.look').getBoundingClientRect().left"
	whole := eval[float64](b, left)
	if early := eval[float64](b, "document.querySelector('.menu > summary').remove(), "+left); early != whole {
		t.Errorf("the header's buttons stand at %v px before they are all there, and at %v px then", early, whole)
	}
}

// loadedWell checks what can be told of a page that was just loaded. Pages that answer with an error may say so in the
// console, as the browser does for every such answer.
func (b *tab) loadedWell(path string) {
	b.t.Helper()
	b.mu.Lock()
	b.console = deleteStatusLines(b.console)
	bytes := b.bytes
	b.mu.Unlock()
	b.quiet(path, eval[string](b, "location.host"))
	if bytes > pageBudget {
		b.t.Errorf("%s: transferred %.0f bytes, want at most %d", path, bytes, pageBudget)
	}
	b.fits(path)
}

// deleteStatusLines drops what the browser writes when the page itself, not a part of it, was answered with an error.
func deleteStatusLines(lines []string) []string {
	var kept []string
	for _, line := range lines {
		page := strings.Contains(line, "/nothing)") || strings.Contains(line, "kind=book)")
		if !page || !strings.Contains(line, "Failed to load resource") {
			kept = append(kept, line)
		}
	}
	return kept
}

// fits fails the test when the page can be scrolled sideways.
func (b *tab) fits(what string) {
	b.t.Helper()
	if over := eval[float64](b, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); over > 0 {
		b.t.Errorf("%s: %.0f px wider than the window", what, over)
	}
}

// largeText opens the page in its large-text mode.
func (b *tab) largeText(address, path string) {
	b.t.Helper()
	call(b, network.SetCookie, network.SetCookieParams{Name: "look", Value: "large", URL: address})
	b.visit(address + path)
}

// shoot writes what the tab shows, when pictures are asked for.
func (b *tab) shoot(name string) {
	b.t.Helper()
	if *shots != "" {
		b.screenshot(filepath.Join(*shots, name+".png"))
	}
}

// shootPage writes a page at the widths of a phone and of a desk, in light and dark.
func (b *tab) shootPage(address, name, path string) {
	b.t.Helper()
	call(b, network.ClearBrowserCookies, cdp.Empty{})
	for _, w := range []struct {
		name   string
		pixels int64
	}{{"390", 390}, {"1280", 1280}} {
		b.width(w.pixels)
		for _, dark := range []bool{false, true} {
			b.dark(dark)
			b.visit(address + path)
			mode := ""
			if dark {
				mode = "-dark"
			}
			b.screenshot(filepath.Join(*shots, name+"-"+w.name+mode+".png"))
		}
	}
}
