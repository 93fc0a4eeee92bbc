package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// rounds is how many kills the suite makes: FAULTS, or few for every day.
func rounds(t *testing.T) int {
	t.Helper()
	if given := os.Getenv("FAULTS"); given != "" {
		n, err := strconv.Atoi(given)
		if err != nil || n < 1 {
			t.Fatalf("FAULTS=%q: give a number of kills, such as 100", given)
		}
		return n
	}
	return 6
}

// long reports whether there is time for every case rather than for a few.
func long() bool { return os.Getenv("FAULTS") != "" }

// TestFaultsKills kills the program at random moments of everything that writes.
func TestFaultsKills(t *testing.T) {
	t.Parallel()
	f := newFaulty(t, filepath.Join(t.TempDir(), "data"))
	if err := f.ingest(f.newBatch(40)); err != nil {
		t.Fatal(err)
	}
	scenes := []struct {
		name string
		do   func()
	}{
		{"ingest", f.killIngest},
		{"serve", f.killServe},
		{"rebuild", f.killRebuild},
		{"backup", f.killBackup},
		{"bulk", f.killBulk},
		{"restore", f.killRestore},
	}
	done := map[string]int{}
	for n := rounds(t); f.kills < n && !t.Failed(); {
		scene := scenes[f.kills%len(scenes)]
		scene.do()
		f.kills++
		done[scene.name]++
		if f.kills%10 == 0 || f.kills == n {
			f.verify("after kill " + strconv.Itoa(f.kills) + " (" + scene.name + ")")
		}
	}
	if err := f.run("check", "--data", f.data, "--deep"); err != nil {
		t.Errorf("check --deep: %v", err)
	}
	t.Logf("kills: %v", done)
}

// soon waits for a random moment of what processes do: mostly of their work, which begins when begun says so, and at
// times of their start.
func (f *faulty) soon(begun func() bool) {
	if f.rand.IntN(4) == 0 {
		time.Sleep(time.Duration(f.rand.Int64N(int64(2 * time.Second))))
		return
	}
	for end := time.Now().Add(10 * time.Second); !begun() && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(time.Duration(f.rand.Int64N(int64(300 * time.Millisecond))))
}

func (f *faulty) killIngest() {
	b := f.newBatch(20 + f.rand.IntN(300))
	p := f.start("ingest", "--data", f.data, "--source", "试验", b.file)
	f.soon(p.spoke)
	p.kill()
	f.observe(b)
}

// killServe kills a serve that follows an ingest, which goes on.
func (f *faulty) killServe() {
	p, _ := f.serve()
	b := f.newBatch(20 + f.rand.IntN(300))
	ingest := f.start("ingest", "--data", f.data, "--source", "试验", b.file)
	f.soon(ingest.spoke)
	p.kill()
	if err := ingest.wait(f.t); err != nil {
		f.t.Errorf("an ingest beside a killed serve: %v", err)
		return
	}
	f.acknowledge(b)
}

// killBulk kills a serve that takes documents over its admin API. What it answered for is acknowledged.
func (f *faulty) killBulk() {
	p, address := f.serve()
	b := f.newBatch(40 + f.rand.IntN(100))
	work, posted := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(posted)
		close(work)
		for id, v := range b.versions {
			if f.post(address, id, v) {
				f.acknowledged[id] = max(v, f.acknowledged[id])
			}
		}
	}()
	f.soon(func() bool { <-work; return true })
	p.kill()
	<-posted
	f.observe(b)
}

// killRebuild kills a rebuild, in turn one of its own and one that serve makes.
func (f *faulty) killRebuild() {
	before := f.generations()
	begun := func() bool { return f.generations() != before }
	if f.rand.IntN(2) == 0 {
		p := f.start("rebuild", "--data", f.data)
		f.soon(begun)
		p.kill()
		return
	}
	p, _ := f.serve()
	before = f.generations()
	command := f.start("rebuild", "--data", f.data)
	f.soon(begun)
	p.kill()
	command.kill()
}

func (f *faulty) generations() string {
	names, _ := filepath.Glob(filepath.Join(f.data, "index", "gen-*")) // the pattern is good
	return strings.Join(names, " ")
}

// killBackup kills a backup. What bears a backup's name afterwards is a whole one.
func (f *faulty) killBackup() {
	dir := f.t.TempDir()
	target := filepath.Join(dir, "backup")
	p, _ := f.serve()
	command := f.start("backup", "--data", f.data, target)
	f.soon(func() bool { return !empty(dir) })
	if f.rand.IntN(3) == 0 {
		p.kill()
		_ = command.wait(f.t) // with or without the index, or not at all
	} else {
		command.kill()
		p.stop(f.t)
	}
	if !exists(target) {
		return
	}
	if err := f.run("restore", "--check", target); err != nil {
		f.t.Errorf("a backup that was killed left half a backup: %v", err)
	}
}

// killRestore kills a restore, and does it again.
func (f *faulty) killRestore() {
	target := filepath.Join(f.t.TempDir(), "backup")
	if err := f.run("backup", "--data", f.data, target); err != nil {
		f.t.Error(err)
		return
	}
	p := f.start("restore", "--data", f.data, "--force", target)
	staged := func() bool {
		names, _ := filepath.Glob(filepath.Join(f.data, stagePrefix+"*")) // the pattern is good
		return len(names) > 0
	}
	for end := time.Now().Add(2 * time.Second); !staged() && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(time.Duration(f.rand.Int64N(int64(150 * time.Millisecond))))
	p.kill()
	if f.rand.IntN(2) == 0 && !exists(filepath.Join(f.data, restoringName)) {
		return // it did nothing yet, or all
	}
	if err := f.run("restore", "--data", f.data, "--force", target); err != nil {
		f.t.Errorf("a restore after one that was killed: %v", err)
	}
}

func empty(dir string) bool {
	list, err := os.ReadDir(dir)
	return err != nil || len(list) == 0
}

// TestFaultsFullDisk fills the disk while the program ingests, and makes room again.
func TestFaultsFullDisk(t *testing.T) {
	t.Parallel()
	needsLinux(t)
	disk := t.TempDir()
	small, more := "size=3m", "remount,size=64m"
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", small, "tmpfs", disk).CombinedOutput(); err != nil {
		if os.Getuid() == 0 {
			t.Fatalf("root cannot mount a small disk: %v: %s", err, out)
		}
		t.Skip("only root can mount a small disk")
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", disk).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	f := newFaulty(t, filepath.Join(disk, "data"))
	full := false
	for range 20 {
		b := f.newBatch(1500)
		if err := f.ingest(b); err != nil {
			full = true
			if !strings.Contains(err.Error(), "错误：") {
				t.Errorf("on a full disk ingest says: %v", err)
			}
			f.observe(b)
			break
		}
	}
	if !full {
		t.Fatal("the disk does not get full")
	}
	p, address := f.serve() // it may start or say why not
	if address != "" {
		if raw, code := f.get(address + "/healthz"); code != 200 {
			t.Errorf("on a full disk serve answers %d %s", code, raw)
		}
		p.stop(t)
	} else if !strings.Contains(p.out.String(), "错误：") {
		t.Errorf("on a full disk serve says: %s", p.out.String())
	}
	fill(t, filepath.Join(disk, "filler"))
	if err := f.run("backup", "--data", f.data, filepath.Join(disk, "backup")); err == nil || !strings.Contains(err.Error(), "没有留下半份备份") || exists(filepath.Join(disk, "backup")) {
		t.Errorf("a backup to a full disk: %v", err)
	}
	if err := f.run("rebuild", "--data", f.data); err == nil || !strings.Contains(err.Error(), "错误：") {
		t.Errorf("a rebuild on a full disk: %v", err)
	}
	if err := os.Remove(filepath.Join(disk, "filler")); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-o", more, disk).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := f.ingest(f.newBatch(50)); err != nil {
		t.Errorf("with room again: %v", err)
	}
	f.verify("after a full disk")
}

// fill writes until there is no room.
func fill(t *testing.T, name string) {
	t.Helper()
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	for block := make([]byte, 1<<12); err == nil; {
		_, err = file.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	_ = file.Close() // the disk is full, which is what is wanted
}

// TestFaultsReadOnly takes the right to write away.
func TestFaultsReadOnly(t *testing.T) {
	t.Parallel()
	needsLinux(t)
	f := newFaulty(t, filepath.Join(t.TempDir(), "data"))
	if err := f.ingest(f.newBatch(30)); err != nil {
		t.Fatal(err)
	}
	chmodAll(t, f.data, 0o555, 0o444)
	for _, args := range [][]string{
		{"serve", "--addr", "127.0.0.1:0"}, {"ingest", "--source", "试验", f.newBatch(5).file}, {"rebuild"},
	} {
		p := f.startAs(nobody(), append(args, "--data", f.data)...)
		select {
		case <-p.done:
		case <-time.After(10 * time.Second):
			t.Errorf("%s goes on in a read-only folder", args[0])
			p.kill()
			continue
		}
		if !strings.Contains(p.out.String(), "错误：") || strings.Contains(p.out.String(), "panic") {
			t.Errorf("%s in a read-only folder says: %s", args[0], p.out.String())
		}
	}
	chmodAll(t, f.data, 0o755, 0o644)
	f.verify("after a read-only folder")
}

func chmodAll(t *testing.T, dir string, folder, file os.FileMode) {
	t.Helper()
	var folders []string
	if err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			folders = append(folders, name)
			return nil
		}
		return os.Chmod(name, file)
	}); err != nil {
		t.Fatal(err)
	}
	for _, name := range folders {
		if err := os.Chmod(name, folder); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFaultsTwoProcesses lets everything work on one directory at once.
func TestFaultsTwoProcesses(t *testing.T) {
	t.Parallel()
	f := newFaulty(t, filepath.Join(t.TempDir(), "data"))
	if err := f.ingest(f.newBatch(30)); err != nil {
		t.Fatal(err)
	}
	p, _ := f.serve()
	if second, address := f.serve(); address != "" || !strings.Contains(second.out.String(), "正由另一个 tongsou 使用") {
		t.Errorf("a second serve says %s", second.out.String())
	}
	one, two := f.newBatch(100), f.newBatch(100)
	for id := range two.versions { // two writers of one document would not know whose version stays
		if one.versions[id] > 1 {
			delete(one.versions, id)
		}
	}
	first := f.start("ingest", "--data", f.data, "--source", "一", one.file)
	second := f.start("ingest", "--data", f.data, "--source", "二", two.file)
	for _, q := range []*process{first, second} {
		if err := q.wait(t); err != nil {
			t.Errorf("two ingests at once: %v", err)
		}
	}
	f.acknowledge(one)
	f.acknowledge(two)
	p.stop(t)
	f.verify("after two processes")
}

// TestFaultsClock lets the clock of every process jump to and fro by an hour and by twenty years, and gives every file a time
// of its own that has nothing to do with when it was written.
func TestFaultsClock(t *testing.T) {
	t.Parallel()
	const year = 365 * 24 * time.Hour
	f := newFaulty(t, filepath.Join(t.TempDir(), "data"))
	if err := f.ingest(f.newBatch(30)); err != nil {
		t.Fatal(err)
	}
	jumps := []time.Duration{-20 * year, 20 * year, -time.Hour, time.Hour}
	if !long() {
		jumps = jumps[:2]
	}
	for _, jump := range jumps {
		f.clock = jump
		p, address := f.serve()
		if address == "" {
			t.Fatalf("serve does not start: %s", p.out.String())
		}
		if id := "clock-" + jump.String(); f.post(address, id, 1) {
			f.acknowledged[id] = 1
		} else {
			t.Errorf("a document is not taken while the clock jumps by %v", jump)
		}
		if err := f.ingest(f.newBatch(40)); err != nil {
			t.Errorf("an ingest while the clock jumps by %v: %v", jump, err)
		}
		target := filepath.Join(t.TempDir(), "backup")
		for _, args := range [][]string{{"rebuild", "--data", f.data}, {"backup", "--data", f.data, target}, {"restore", "--check", target}} {
			if err := f.run(args...); err != nil {
				t.Errorf("%s while the clock jumps by %v: %v", args[0], jump, err)
			}
		}
		p.stop(t)
		f.verify("while the clock jumps by " + jump.String())
		f.timesOfFiles(time.Now().Add(jump))
	}
	f.clock = 0
	f.verify("with the right clock")
	if err := f.run("check", "--data", f.data, "--deep"); err != nil {
		t.Errorf("check --deep: %v", err)
	}
}

// timesOfFiles sets when every file was last written.
func (f *faulty) timesOfFiles(when time.Time) {
	f.t.Helper()
	if err := filepath.WalkDir(f.data, func(name string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Chtimes(name, when, when))
	}); err != nil {
		f.t.Fatal(err)
	}
}

// TestFaultsDamage flips a byte in, and cuts, every file of a data directory. An index mends itself; damage to the store is
// seen, or nothing is lost by it, and the backup brings everything back.
func TestFaultsDamage(t *testing.T) {
	t.Parallel()
	f := newFaulty(t, filepath.Join(t.TempDir(), "data"))
	if err := f.ingest(f.newBatch(60)); err != nil {
		t.Fatal(err)
	}
	target := filepath.Join(t.TempDir(), "backup")
	if err := f.run("backup", "--data", f.data, target); err != nil {
		t.Fatal(err)
	}
	sound := f.data
	var cases []damage
	if err := filepath.WalkDir(sound, func(name string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(sound, name)
		if err == nil && !d.IsDir() && d.Name() != "lock" && d.Name() != "rejects.jsonl" {
			cases = append(cases, damage{rel, "flip"}, damage{rel, "cut"})
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for range 6 { // the store is one file and the one that counts
		cases = append(cases, damage{"store.db", "flip"}, damage{"store.db", "cut"})
	}
	f.rand.Shuffle(len(cases), func(i, j int) { cases[i], cases[j] = cases[j], cases[i] })
	if !long() {
		cases = cases[:2]
	}
	for _, c := range cases {
		f.data = filepath.Join(t.TempDir(), "data")
		if err := os.CopyFS(f.data, os.DirFS(sound)); err != nil {
			t.Fatal(err)
		}
		f.damaged(c, target)
	}
}

type damage struct{ name, how string }

func (f *faulty) damaged(c damage, backup string) {
	f.t.Helper()
	name := filepath.Join(f.data, c.name)
	raw, err := os.ReadFile(name)
	if err != nil || len(raw) == 0 {
		f.t.Fatalf("%s: %d bytes, %v", c.name, len(raw), err)
	}
	at := f.rand.IntN(len(raw))
	if c.how == "cut" {
		raw = raw[:at]
	} else {
		raw[at] ^= 1 << f.rand.IntN(8)
	}
	write(f.t, name, string(raw))
	what := c.how + " " + c.name + " at " + strconv.Itoa(at)
	if strings.HasPrefix(c.name, "index") {
		f.verify(what)
		return
	}
	if err := f.run("check", "--data", f.data, "--deep"); err != nil {
		if err := f.run("restore", "--data", f.data, "--force", backup); err != nil {
			f.t.Errorf("%s: restore: %v", what, err)
		}
		what += ", seen and restored"
	}
	f.verify(what)
}
