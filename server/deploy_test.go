package server_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
	"sigs.k8s.io/yaml"

	"tongsou/server"
	"tongsou/server/journal"
)

// The files of deploy are held against what the server really measures, and against what the operator's guide explains.

func readDeploy(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile("../" + name)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// measured are the names of the series that the server has, with the values that their labels take.
func measured(t *testing.T) map[string]map[string][]string {
	t.Helper()
	j, err := journal.Open(t.Context(), t.TempDir()+"/journal.db", journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	s := newServer(t, func(o *server.Options) {
		o.Journal = j
		byMeaning(t, o)
	})
	get(s, "/api/v1/search?q=户口")
	get(s, "/search?q=户口")
	all := map[string]map[string][]string{"up": {"job": {"tongsou"}}}
	series := regexp.MustCompile(`(?m)^([a-z_]+)(?:\{(.*)\})? \S+$`)
	label := regexp.MustCompile(`(\w+)="([^"]*)"`)
	for _, m := range series.FindAllStringSubmatch(get(s.Metrics(), "/metrics").Body.String(), -1) {
		if all[m[1]] == nil {
			all[m[1]] = map[string][]string{"job": {"tongsou"}}
		}
		for _, l := range label.FindAllStringSubmatch(m[2], -1) {
			all[m[1]][l[1]] = append(all[m[1]][l[1]], l[2])
		}
	}
	if len(all) < 40 {
		t.Fatalf("only %d series", len(all))
	}
	return all
}

// holds checks an expression: that it can be read, and that the series it asks for are measured with those labels.
func holds(t *testing.T, where, expr string, series map[string]map[string][]string) {
	t.Helper()
	e, err := parser.NewParser(parser.Options{}).ParseExpr(strings.ReplaceAll(expr, "$__rate_interval", "5m"))
	if err != nil {
		t.Errorf("%s: %v", where, err)
		return
	}
	found := parser.ExtractSelectors(e)
	if len(found) == 0 {
		t.Errorf("%s asks for nothing", where)
	}
	for _, matchers := range found {
		name := ""
		for _, m := range matchers {
			if m.Name == model.MetricNameLabel {
				name = m.Value
			}
		}
		if series[name] == nil {
			t.Errorf("%s asks for %q, which nobody measures", where, name)
			continue
		}
		for _, m := range matchers {
			// Codes appear when they are answered; everything else is there from the start.
			if m.Name == model.MetricNameLabel || m.Name == "code" || slices.ContainsFunc(series[name][m.Name], m.Matches) {
				continue
			}
			t.Errorf("%s: no series %s has %s", where, name, m)
		}
	}
}

func TestAlertRulesHold(t *testing.T) {
	var rules struct {
		Groups []struct {
			Name  string `json:"name"`
			Rules []struct {
				Alert       string            `json:"alert"`
				Expr        string            `json:"expr"`
				For         string            `json:"for"`
				Labels      map[string]string `json:"labels"`
				Annotations map[string]string `json:"annotations"`
			} `json:"rules"`
		} `json:"groups"`
	}
	if err := yaml.UnmarshalStrict(readDeploy(t, "deploy/alerts.yaml"), &rules); err != nil {
		t.Fatal(err)
	}
	series, guide, seen := measured(t), string(readDeploy(t, "OPERATIONS.md")), map[string]bool{}
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			holds(t, r.Alert, r.Expr, series)
			if seen[r.Alert] || r.Annotations["summary"] == "" || r.Labels["severity"] != "page" && r.Labels["severity"] != "warn" {
				t.Errorf("%s is there twice, or lacks its summary or severity", r.Alert)
			}
			if !strings.Contains(guide, "### "+r.Alert+"\n") {
				t.Errorf("OPERATIONS.md does not explain %s", r.Alert)
			}
			seen[r.Alert] = true
		}
	}
	if len(seen) < 10 {
		t.Errorf("only %d alerts", len(seen))
	}
	for _, m := range regexp.MustCompile(`(?m)^### (Tongsou\w+)$`).FindAllStringSubmatch(guide, -1) {
		if !seen[m[1]] {
			t.Errorf("OPERATIONS.md explains %s, which is no alert", m[1])
		}
	}
}

func TestDashboardHolds(t *testing.T) {
	var board struct {
		UID        string
		Title      string
		Templating struct {
			List []struct{ Name, Type string }
		}
		Panels []struct {
			ID      int
			Title   string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ Expr, RefID string }
		}
	}
	if err := json.Unmarshal(readDeploy(t, "deploy/grafana.json"), &board); err != nil {
		t.Fatal(err)
	}
	if board.UID == "" || board.Title == "" || len(board.Panels) < 10 || len(board.Templating.List) != 1 {
		t.Fatalf("the dashboard is not whole: %q, %d panels", board.Title, len(board.Panels))
	}
	series, taken, ids := measured(t), map[[2]int]string{}, map[int]bool{}
	for _, p := range board.Panels {
		if ids[p.ID] || p.Title == "" || len(p.Targets) == 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %d %q has no ID of its own, no title, no targets or no room", p.ID, p.Title)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			holds(t, p.Title, target.Expr, series)
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" && other != p.Title {
					t.Fatalf("%s lies over %s", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
	}
}

// TestServiceIsHardened reads the unit of systemd for what keeps a broken server from breaking its machine.
func TestServiceIsHardened(t *testing.T) {
	unit := map[string]string{}
	section := ""
	for line := range strings.Lines(string(readDeploy(t, "deploy/tongsou.service"))) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			section = strings.Trim(line, "[]")
			continue
		}
		if name, value, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
			unit[section+"."+name] = value
		}
	}
	for name, want := range map[string]string{
		"User": "tongsou", "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes", "PrivateDevices": "yes",
		"ProtectKernelTunables": "yes", "ProtectKernelModules": "yes", "ProtectControlGroups": "yes", "RestrictNamespaces": "yes",
		"RestrictSUIDSGID": "yes", "LockPersonality": "yes", "MemoryDenyWriteExecute": "yes", "CapabilityBoundingSet": "", "AmbientCapabilities": "",
		"SystemCallArchitectures": "native", "LimitCORE": "0", "StateDirectory": "tongsou",
	} {
		if got, ok := unit["Service."+name]; !ok || got != want {
			t.Errorf("%s=%s, want %s", name, got, want)
		}
	}
	for _, name := range []string{"Service.MemoryMax", "Service.SystemCallFilter", "Service.RestrictAddressFamilies", "Service.TimeoutStopSec", "Install.WantedBy"} {
		if unit[name] == "" {
			t.Errorf("the unit lacks %s", name)
		}
	}
	if !strings.HasPrefix(unit["Service.Environment"], "GOMEMLIMIT=") || strings.Contains(unit["Service.ExecStart"], "key") {
		t.Errorf("the unit sets no GOMEMLIMIT, or has a secret on its command line")
	}
}

// TestImageHoldsOneProgram reads the Dockerfile: the last stage holds nothing but the program, which is no root.
func TestImageHoldsOneProgram(t *testing.T) {
	text := string(readDeploy(t, "deploy/Dockerfile"))
	build, last, ok := strings.Cut(text, "\nFROM scratch\n")
	if !ok || !strings.Contains(build, "CGO_ENABLED=0 go build") || !strings.Contains(build, " AS build\n") {
		t.Fatal("the image is not made in two stages, or its program is not static")
	}
	version := regexp.MustCompile(`(?m)^go (\S+)`).FindStringSubmatch(string(readDeploy(t, "go.mod")))
	if version == nil || !strings.Contains(build, "FROM golang:"+version[1]+" ") {
		t.Errorf("the image is built with another Go than go.mod names")
	}
	for _, want := range []string{"\nUSER 65532:65532\n", "\nHEALTHCHECK ", "\nVOLUME /data\n", "\nENTRYPOINT ["} {
		if !strings.Contains(last, want) {
			t.Errorf("the image lacks %s", strings.TrimSpace(want))
		}
	}
	if strings.Contains(last, "RUN ") || strings.Contains(text, "ADD ") {
		t.Error("the last stage runs something")
	}
	for line := range strings.Lines(strings.ReplaceAll(last, "\\\n", "")) {
		what, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		_, command, _ := strings.Cut(rest, "CMD ")
		switch {
		case (what == "CMD" || what == "ENTRYPOINT") && !strings.HasPrefix(rest, "["), what == "HEALTHCHECK" && !strings.HasPrefix(command, "["):
			t.Errorf("there is no shell to read %s", strings.TrimSpace(line))
		case what == "COPY" && !strings.HasPrefix(rest, "--from=build "):
			t.Errorf("something comes into the image past the build: %s", strings.TrimSpace(line))
		}
	}
}

// TestEveryDependencyHasItsRoom holds that the linter says of every module that go.mod requires where it may be imported.
func TestEveryDependencyHasItsRoom(t *testing.T) {
	var lint struct {
		Linters struct {
			Enable   []string
			Settings struct {
				Depguard struct {
					Rules map[string]struct {
						Files []string
						Deny  []struct{ Pkg, Desc string }
					}
				}
			}
		}
	}
	if err := yaml.Unmarshal(readDeploy(t, ".golangci.yml"), &lint); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"depguard", "gosec"} { // staticcheck is of the standard ones
		if !slices.Contains(lint.Linters.Enable, want) {
			t.Errorf("the linter does not run %s", want)
		}
	}
	var walls []string
	for name, rule := range lint.Linters.Settings.Depguard.Rules {
		for _, d := range rule.Deny {
			if len(rule.Files) == 0 || d.Desc == "" {
				t.Errorf("the rule %s says not where or not why", name)
			}
			walls = append(walls, strings.TrimSuffix(d.Pkg, "$"))
		}
	}
	direct, _, _ := strings.Cut(string(readDeploy(t, "go.mod")), "\n)\n")
	required := regexp.MustCompile(`(?m)^\t(\S+) v`).FindAllStringSubmatch(direct, -1)
	if len(required) < 30 {
		t.Fatalf("only %d modules are required", len(required))
	}
	for _, m := range required {
		if !slices.ContainsFunc(walls, func(w string) bool { return strings.HasPrefix(m[1]+"/", w+"/") }) {
			t.Errorf("no rule of depguard says where %s may be imported", m[1])
		}
	}
}

// TestThreatModelNamesTests holds that what SECURITY.md says is proved has a test.
func TestThreatModelNamesTests(t *testing.T) {
	exists := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && d.Name() != ".." {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		raw, err := os.ReadFile(path)
		for _, m := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`).FindAllStringSubmatch(string(raw), -1) {
			exists[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`").FindAllStringSubmatch(string(readDeploy(t, "SECURITY.md")), -1)
	if len(named) < 30 {
		t.Errorf("only %d tests are named", len(named))
	}
	for _, m := range named {
		if !exists[m[1]] {
			t.Errorf("SECURITY.md names %s, which does not exist", m[1])
		}
	}
}
