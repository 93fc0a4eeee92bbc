package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tongsou/corpus/store"
)

// The fault suite runs the real program as processes of its own, harms them and their files, and then asks for every
// document that was acknowledged: by its id, and by a search for a word that it alone has.

// binary builds the program once, as the image holds it: static, with the time zones inside.
var binary = sync.OnceValues(func() (string, error) {
	name := filepath.Join(scratch, "tongsou")
	overlay, err := jumpingClock(scratch)
	if err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-tags", "timetzdata", "-overlay", overlay, "-o", name, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return name, nil
})

// jumpVariable holds the seconds by which the clock of a process under test jumps ahead, or back, and again to where it was,
// every 700 ms.
const jumpVariable = "TONGSOU_TEST_CLOCK"

// jumpingClock writes what makes the clock of a program jump: the machine's own clock cannot be set in a test, and a program
// that asks the kernel without a library cannot be deceived from outside. Only the time of day jumps, as on real machines:
// what is measured by the monotonic clock is not. Without the variable nothing does.
func jumpingClock(dir string) (overlay string, err error) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", err
	}
	original := filepath.Join(strings.TrimSpace(string(out)), "src", "time", "time.go")
	raw, err := os.ReadFile(original)
	if err != nil {
		return "", err
	}
	const read = "\tsec, nsec, mono := runtimeNow()\n"
	if strings.Count(string(raw), read) == 0 {
		return "", fmt.Errorf("%s reads the clock in another way than the test knows; look at func Now there", original)
	}
	text := strings.ReplaceAll(string(raw), read, read+"\tsec += testJump(mono)\n") + fmt.Sprintf(`
var testSeconds = func() (n int64) {
	text, _ := syscall.Getenv(%q)
	sign := int64(1)
	for _, c := range []byte(text) {
		if c == '-' {
			sign = -1
			continue
		}
		n = n*10 + int64(c-'0')
	}
	return n * sign
}()

func testJump(mono int64) int64 {
	if (mono-startNano)/700e6%%2 == 0 {
		return testSeconds
	}
	return 0
}
`, jumpVariable)
	text = strings.Replace(text, "import (\n", "import (\n\t\"syscall\"\n", 1)
	changed := filepath.Join(dir, "time.go")
	if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
		return "", err
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, list, 0o600)
}

// faulty is one data directory under test.
type faulty struct {
	t    *testing.T
	bin  string
	data string
	rand *rand.Rand
	// acknowledged holds the version of each document that the program said it has.
	acknowledged map[string]int
	batches      int
	kills        int
	clock        time.Duration // by which the clock of every process jumps
	found        int
	lost, torn   []string
}

func newFaulty(t *testing.T, data string) *faulty {
	t.Helper()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	if given := os.Getenv("FAULTS_SEED"); given != "" {
		if _, err := fmt.Sscan(given, &seed); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("FAULTS_SEED=%d", seed)
	return &faulty{t: t, bin: bin, data: data, rand: rand.New(rand.NewPCG(seed, 1)), acknowledged: map[string]int{}}
}

// faultsKey opens the admin API of the processes under test.
const faultsKey = "0123456789abcdef"

// post puts one document over the admin API and reports whether it was acknowledged.
func (f *faulty) post(address, id string, version int) bool {
	raw, err := json.Marshal(document(id, version))
	if err != nil {
		return false
	}
	req, err := http.NewRequestWithContext(f.t.Context(), http.MethodPost, address+"/api/v1/admin/documents?source=api", bytes.NewReader(raw))
	if err != nil {
		return false
	}
	req.Header.Set("Authorization", "Bearer "+faultsKey)
	req.Header.Set("Content-Type", "application/x-ndjson")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	return err == nil && res.StatusCode == http.StatusOK && strings.Contains(string(answer), `"rejected":0`)
}

// process is a running tongsou.
type process struct {
	cmd  *exec.Cmd
	out  syncBuffer
	done chan struct{}
	err  error
}

func (f *faulty) start(args ...string) *process {
	f.t.Helper()
	return f.startAs(nil, args...)
}

// startAs starts the program, when cred is given as another user.
func (f *faulty) startAs(cred *syscall.SysProcAttr, args ...string) *process {
	f.t.Helper()
	p := &process{cmd: exec.Command(f.bin, args...), done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), "TONGSOU_ADMIN_KEY="+faultsKey, fmt.Sprintf("%s=%.0f", jumpVariable, f.clock.Seconds()))
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.Dir, p.cmd.SysProcAttr = &p.out, &p.out, filepath.Dir(f.bin), cred
	if err := p.cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	go func() { p.err = p.cmd.Wait(); close(p.done) }()
	f.t.Cleanup(func() { p.kill() })
	return p
}

// kill is kill -9. It does nothing to a process that has ended.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// stop asks the process to end, as a service manager does.
func (p *process) stop(t *testing.T) {
	t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(30 * time.Second):
		t.Errorf("it does not stop:\n%s", p.out.String())
		p.kill()
	}
}

// wait waits for the end of a process and returns its error.
func (p *process) wait(t *testing.T) error {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(2 * time.Minute):
		p.kill()
		t.Fatalf("%v hangs:\n%s", p.cmd.Args[1:], p.out.String())
	}
	if p.err != nil {
		return fmt.Errorf("%w: %s", p.err, p.out.String())
	}
	return nil
}

// spoke reports whether the process has printed anything.
func (p *process) spoke() bool { return p.out.String() != "" }

func (f *faulty) run(args ...string) error {
	f.t.Helper()
	return f.start(args...).wait(f.t)
}

// serve starts serve and waits for its address; "" when it ended instead.
func (f *faulty) serve() (*process, string) {
	f.t.Helper()
	p := f.start("serve", "--data", f.data, "--addr", "127.0.0.1:0", "--no-sample", "--log", "error", "--rate", "0")
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if address := regexp.MustCompile(`http://localhost:\d+`).FindString(p.out.String()); address != "" {
			return p, address
		}
		select {
		case <-p.done:
			return p, ""
		default:
		}
	}
	f.t.Fatalf("serve says no address:\n%s", p.out.String())
	return nil, ""
}

// batch is the documents of one ingest: new ones, and new versions of old ones.
type batch struct {
	file     string
	versions map[string]int
}

func (f *faulty) newBatch(n int) batch {
	f.t.Helper()
	b := batch{filepath.Join(f.t.TempDir(), "batch.jsonl"), map[string]int{}}
	f.batches++
	for i := range n {
		b.versions[fmt.Sprintf("f-%d-%d", f.batches, i)] = 1
	}
	for id, v := range f.acknowledged {
		if len(b.versions) >= n+n/4 {
			break
		}
		b.versions[id] = v + 1
	}
	var text bytes.Buffer
	for id, v := range b.versions {
		if err := json.NewEncoder(&text).Encode(document(id, v)); err != nil {
			f.t.Fatal(err)
		}
	}
	write(f.t, b.file, text.String())
	return b
}

// word is what only this document in this version has.
func word(id string, version int) string {
	return fmt.Sprintf("QZ%sV%d", strings.ReplaceAll(strings.TrimPrefix(id, "f-"), "-", "X"), version)
}

func document(id string, version int) map[string]any {
	w := word(id, version)
	kind := []string{"news", "policy"}[len(id)%2]
	return map[string]any{
		"id": id, "kind": kind, "title": "故障试验 " + w, "published": "2024-12-20",
		"sections": []map[string]string{{"id": "p1", "text": strings.Repeat("冰灯展览今晚开幕。", 40) + w}},
	}
}

// ingest takes a batch in and counts it as acknowledged when the program says so.
func (f *faulty) ingest(b batch) error {
	f.t.Helper()
	err := f.run("ingest", "--data", f.data, "--source", "试验", b.file)
	if err == nil {
		f.acknowledge(b)
	}
	return err
}

func (f *faulty) acknowledge(b batch) {
	for id, v := range b.versions {
		f.acknowledged[id] = max(v, f.acknowledged[id])
	}
}

// observe counts as acknowledged what the store has of a batch whose ingest was killed: what is committed must stay.
func (f *faulty) observe(b batch) {
	f.t.Helper()
	s, err := store.Open(f.t.Context(), filepath.Join(f.data, "store.db"))
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	for id, v := range b.versions {
		d, err := s.Get(f.t.Context(), id)
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			f.torn = append(f.torn, fmt.Sprintf("%s: %v", id, err))
		case d.Title == "故障试验 "+word(id, v):
			f.acknowledged[id] = v
		}
	}
}

// verify starts serve, waits until it says that all is well, and asks for every acknowledged document.
func (f *faulty) verify(when string) {
	f.t.Helper()
	p, address := f.serve()
	if address == "" {
		f.t.Fatalf("%s: serve does not start:\n%s", when, p.out.String())
	}
	f.whole(when, p, address)
	f.found = 0
	for id, v := range f.acknowledged {
		f.ask(when, address, id, v)
	}
	p.stop(f.t)
	f.verdict(when)
}

func (f *faulty) verdict(when string) {
	f.t.Helper()
	f.t.Logf("%s: %d kills; acknowledged %d, found %d, lost %d, torn %d", when, f.kills, len(f.acknowledged), f.found, len(f.lost), len(f.torn))
	if len(f.lost)+len(f.torn) > 0 {
		f.t.Fatalf("%s:\nlost %v\ntorn %v", when, f.lost, f.torn)
	}
}

// whole waits until the index is sound and has all that the store has.
func (f *faulty) whole(when string, p *process, address string) {
	f.t.Helper()
	var body string
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		raw, code := f.get(address + "/readyz")
		body = string(raw)
		var st struct {
			Status        string
			Sequence      uint64
			StoreSequence uint64 `json:"store_sequence"`
		}
		if json.Unmarshal(raw, &st) == nil && code == http.StatusOK && st.Sequence == st.StoreSequence && (st.Status == "ready" || st.Status == "degraded" && strings.Contains(body, `"finished"`)) {
			return
		}
	}
	f.t.Fatalf("%s: serve does not become whole: %s\n%s", when, body, p.out.String())
}

func (f *faulty) get(address string) ([]byte, int) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, 0
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, 0
	}
	return raw, res.StatusCode
}

// ask reads a document back by its id, where it must be this version or a later one and whole, and by its word.
func (f *faulty) ask(when, address, id string, version int) {
	f.t.Helper()
	raw, code := f.get(address + "/api/v1/documents/" + id)
	var d struct {
		Title    string
		Sections []struct{ Text string }
	}
	if code != http.StatusOK || json.Unmarshal(raw, &d) != nil {
		f.lost = append(f.lost, fmt.Sprintf("%s: %s: %d %s", when, id, code, raw))
		return
	}
	for got := version; got <= version+f.batches; got++ {
		if d.Title != "故障试验 "+word(id, got) {
			continue
		}
		if len(d.Sections) != 1 || d.Sections[0].Text != strings.Repeat("冰灯展览今晚开幕。", 40)+word(id, got) {
			break
		}
		hit, _ := f.get(address + "/api/v1/search?facets=0&q=" + url.QueryEscape(word(id, got)))
		if !strings.Contains(string(hit), `"id":"`+id+`"`) {
			f.lost = append(f.lost, fmt.Sprintf("%s: %s is not found by %s: %s", when, id, word(id, got), hit))
			return
		}
		f.found++
		return
	}
	f.torn = append(f.torn, fmt.Sprintf("%s: %s: want version %d, got %s", when, id, version, raw))
}

// nobody is how a process gives up the rights of root, which no read-only folder holds up.
func nobody() *syscall.SysProcAttr {
	if os.Getuid() != 0 {
		return nil
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
}

func needsLinux(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("file systems are mounted and users changed as Linux does it")
	}
}
