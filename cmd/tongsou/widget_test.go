package main

import (
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestWidgetPrintsWhatThePortalNeeds starts serve with a site of its configuration, and follows the printed snippet from
// that site: the script is there, and the API lets the site in.
func TestWidgetPrintsWhatThePortalNeeds(t *testing.T) {
	dir, data := t.TempDir(), withSample(t)
	t.Chdir(dir)
	write(t, filepath.Join(dir, "tongsou.yaml"), "sites:\n  - key: portal-2026\n    origins: [\"https://www.example.gov.cn\"]\n")
	address, _ := serving(t, data)
	out := must(t, "widget", "--url", address, "--place", "150100", "--kinds", "item,policy", "--results")
	for _, want := range []string{`place="1501"`, `kinds="item,policy"`, `key="portal-2026"`, `mode="results"`, `action="` + address + `/search"`} {
		if !strings.Contains(out, want) {
			t.Errorf("%s is missing in\n%s", want, out)
		}
	}
	script := regexp.MustCompile(`src="([^"]+)" integrity="sha384-[^"]+"`).FindStringSubmatch(out)
	if script == nil {
		t.Fatalf("no script with its hash in\n%s", out)
	}
	if code, body := fetch(t, script[1]); code != 200 || !strings.Contains(string(body), "customElements.define") {
		t.Errorf("%s answers %d", script[1], code)
	}
	for origin, want := range map[string]int{"https://www.example.gov.cn": 200, "https://other.example": 403} {
		r, err := http.NewRequest(http.MethodGet, address+"/api/v1/suggest?q=h&key=portal-2026", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", origin)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: got %d, want %d", origin, res.StatusCode, want)
		}
	}
}

func TestWidgetSaysWhatIsMissing(t *testing.T) {
	for args, want := range map[string]string{
		"widget": "--url", "widget --url so.example": "--url", "widget --url https://so.example --kinds book": "item、policy、news",
		"widget --url https://so.example/path": "--url", "widget --url https://so.example --place 999999": "行政区划",
	} {
		if _, err := tongsou(t, strings.Fields(args)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %s", args, err, want)
		}
	}
	out := must(t, "widget", "--url", "https://so.example/", "--key", "portal-2026", "--frame")
	if !strings.Contains(out, `<iframe src="https://so.example/embed/frame?key=portal-2026"`) {
		t.Errorf("the frame is %s", out)
	}
}
