package opensearchtest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Node is one node of a cluster: a process that can be killed, stopped, continued and started again on its data.
type Node struct {
	Name, URL       string
	java, home, dir string
	heap            int
	compiled        bool
	cmd             *exec.Cmd
	ended           chan struct{}
}

// configure writes the node's opensearch.yml and log configuration.
func (n *Node) configure(settings map[string]string) error {
	for _, sub := range []string{"config", "data", "logs", "tmp"} {
		if err := os.MkdirAll(filepath.Join(n.dir, sub), 0o750); err != nil {
			return err
		}
	}
	var yml strings.Builder
	for _, k := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&yml, "%s: %q\n", k, settings[k])
	}
	// Warnings to the standard output alone: the distribution's own configuration writes six files.
	const logging = "status = error\nappender.console.type = Console\nappender.console.name = console\nappender.console.layout.type = PatternLayout\n" +
		"appender.console.layout.pattern = [%d{ISO8601}][%-5p][%c{1.}] %m%n\nrootLogger.level = warn\nrootLogger.appenderRef.console.ref = console\n"
	return errors.Join(
		os.WriteFile(filepath.Join(n.dir, "config", "opensearch.yml"), []byte(yml.String()), 0o640),
		os.WriteFile(filepath.Join(n.dir, "config", "log4j2.properties"), []byte(logging), 0o640),
		os.WriteFile(filepath.Join(n.dir, "config", "jvm.options"), nil, 0o640))
}

// Start starts the node's process. It does not wait until the node answers.
func (n *Node) Start() error {
	out, err := os.OpenFile(filepath.Join(n.dir, "out.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	heap := strconv.Itoa(n.heap) + "m"
	// The distribution's own script starts two further Java processes to find these out.
	level, collector := "-XX:TieredStopAtLevel=1", []string{"-XX:+UseSerialGC"}
	if n.compiled { // as in the distribution's jvm.options
		level, collector = "-XX:TieredStopAtLevel=4", []string{"-XX:+UseG1GC", "-XX:G1ReservePercent=25", "-XX:InitiatingHeapOccupancyPercent=30"}
	}
	args := append([]string{"-Xms" + heap, "-Xmx" + heap, level, "-Xshare:auto"}, collector...)
	cmd := exec.Command(n.java, append(args,
		"-Djava.io.tmpdir="+filepath.Join(n.dir, "tmp"), "-Dopensearch.networkaddress.cache.ttl=60", "-Djava.awt.headless=true", "-Dfile.encoding=UTF-8",
		"-Djava.security.manager=allow", "-Dio.netty.noUnsafe=true", "-Dlog4j2.disable.jmx=true", "-Djava.locale.providers=SPI,COMPAT",
		"-Dopensearch.path.home="+n.home, "-Dopensearch.path.conf="+filepath.Join(n.dir, "config"),
		"-cp", filepath.Join(n.home, "lib")+"/*", "org.opensearch.bootstrap.OpenSearch")...)
	cmd.Stdout, cmd.Stderr, cmd.Dir = out, out, n.dir
	cmd.SysProcAttr = Bound()
	cmd.SysProcAttr.Credential = credential()
	started := make(chan error, 1)
	n.ended = make(chan struct{})
	go func(ended chan struct{}) {
		// The signal comes when the thread that started the process ends, so that thread must stay.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer func() { _ = out.Close() }()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // it is killed
		}
		close(ended)
	}(n.ended)
	if err := <-started; err != nil {
		return fmt.Errorf("start %s: %w", n.Name, err)
	}
	n.cmd = cmd
	return nil
}

// Kill kills the node at once and waits until its process is gone.
func (n *Node) Kill() {
	if n.cmd == nil {
		return
	}
	_ = n.cmd.Process.Kill() // one that has ended already
	<-n.ended
	n.cmd = nil
}

// Freeze stops the process where it stands; Thaw lets it go on.
func (n *Node) Freeze() error { return n.cmd.Process.Signal(syscall.SIGSTOP) }

// Thaw lets a frozen process go on.
func (n *Node) Thaw() error { return n.cmd.Process.Signal(syscall.SIGCONT) }

func (n *Node) died() bool {
	if n.cmd == nil {
		return false
	}
	select {
	case <-n.ended:
		return true
	default:
		return false
	}
}

// lastLines is the end of what the node wrote.
func (n *Node) lastLines() string {
	raw, err := os.ReadFile(filepath.Join(n.dir, "out.log"))
	if err != nil {
		return err.Error()
	}
	const enough = 6000
	return n.Name + " wrote:\n" + string(raw[max(0, len(raw)-enough):])
}

// installed finds the distribution, which OPENSEARCH_HOME or .bin of the repository holds, and Java.
func installed() (home, java string, err error) {
	if java, err = exec.LookPath("java"); err != nil {
		return "", "", err
	}
	if home = os.Getenv("OPENSEARCH_HOME"); home != "" {
		return home, java, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", "", err
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
			continue
		}
		found, _ := filepath.Glob(filepath.Join(dir, ".bin", "opensearch-*", "lib")) // the pattern is good
		if len(found) == 0 {
			return "", "", fmt.Errorf("no %s", filepath.Join(dir, ".bin", "opensearch-…"))
		}
		return filepath.Dir(slices.Max(found)), java, nil
	}
	return "", "", errors.New("outside of the repository")
}

// share gives the nodes a distribution of their own to read: the one in .bin may lie where only its owner comes.
func share(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		if os.Link(path, target) == nil {
			return nil
		}
		return copyFile(path, target)
	})
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// own gives the folders to whom the nodes run as. The distribution's files stay their owner's: they may be links.
func own(dir string) error {
	who := credential()
	if who == nil {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || strings.HasPrefix(path, filepath.Join(dir, "home")+"/") {
			return err
		}
		return os.Lchown(path, int(who.Uid), int(who.Gid))
	})
}

// Memory is what the node's process holds in memory, in bytes; 0 where the system does not tell.
func (n *Node) Memory() int64 {
	if n.cmd == nil {
		return 0
	}
	return Resident(n.cmd.Process.Pid)
}

// Resident is what a process holds in memory, in bytes; 0 where the system does not tell.
func Resident(pid int) int64 {
	raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kb << 10
		}
	}
	return 0
}
