package main

import (
	"bytes"
	"debug/elf"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// buildah puts images together without a daemon, below a folder of its own.
type buildah struct {
	t    *testing.T
	root string
}

func newBuildah(t *testing.T) *buildah {
	t.Helper()
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		t.Skip("images are put together by root on Linux")
	}
	if _, err := exec.LookPath("buildah"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("buildah is not there; run make deps")
		}
		t.Skip("buildah is not there; make deps installs it")
	}
	b := &buildah{t, t.TempDir()}
	t.Cleanup(func() { _ = b.command("rm", "--all").Run() }) // unmounts what would hold up the deletion
	return b
}

func (b *buildah) command(args ...string) *exec.Cmd {
	c := exec.Command("buildah", append([]string{"--root", filepath.Join(b.root, "root"), "--runroot", filepath.Join(b.root, "run"), "--storage-driver", "vfs"}, args...)...)
	c.Env = append(os.Environ(), "BUILDAH_ISOLATION=chroot")
	return c
}

func (b *buildah) run(args ...string) string {
	b.t.Helper()
	c := b.command(args...)
	var problems bytes.Buffer
	c.Stderr = &problems
	out, err := c.Output()
	if err != nil {
		b.t.Fatalf("buildah %s: %v: %s", args[0], err, problems.String())
	}
	return strings.TrimSpace(string(out))
}

// TestImageIsAssembledAndServes puts the last stage of the Dockerfile together, with a program that is built here in the place
// of the first stage (which needs an image from elsewhere), looks at what is in it, and serves from it.
func TestImageIsAssembledAndServes(t *testing.T) {
	b := newBuildah(t)
	raw, err := os.ReadFile("../../deploy/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	_, last, ok := strings.Cut(string(raw), "\nFROM scratch\n")
	if !ok {
		t.Fatal("the last stage is not from scratch")
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "Dockerfile"), "FROM scratch\n"+last)
	stage := filepath.Join(dir, "build")
	firstStage(t, stage)
	b.run("bud", "--format", "docker", "--build-context", "build="+stage, "-f", filepath.Join(dir, "Dockerfile"), "-t", "tongsou", stage)

	var image struct {
		Docker struct {
			Config struct {
				User                 string
				Env, Entrypoint, Cmd []string
				Volumes              map[string]struct{}
				Healthcheck          struct{ Test []string }
			} `json:"config"`
		}
	}
	if err := json.Unmarshal([]byte(b.run("inspect", "--type", "image", "tongsou")), &image); err != nil {
		t.Fatal(err)
	}
	c := image.Docker.Config
	if _, kept := c.Volumes["/data"]; c.User != "65532:65532" || !kept || strings.Join(c.Healthcheck.Test, " ") != "CMD /usr/local/bin/tongsou health" ||
		strings.Join(append(c.Entrypoint, c.Cmd...), " ") != "/usr/local/bin/tongsou serve" {
		t.Errorf("the image says %+v", c)
	}
	container := b.run("from", "--pull-never", "tongsou")
	looksRight(t, b.run("mount", container))

	address := freeAddress(t)
	serve := b.command("run", container, "--", "/usr/local/bin/tongsou", "serve", "--addr", address)
	out := new(syncBuffer)
	serve.Stdout, serve.Stderr, serve.SysProcAttr = out, out, &syscall.SysProcAttr{Setpgid: true}
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-serve.Process.Pid, syscall.SIGTERM) // it may have ended
		_ = serve.Wait()
	})
	listens := func() error { // two that enter a container at one moment stand in each other's way
		c, err := (&net.Dialer{Timeout: time.Second}).DialContext(t.Context(), "tcp", address)
		if err == nil {
			err = c.Close()
		}
		return err
	}
	healthy := func() error {
		if err := listens(); err != nil {
			return err
		}
		return b.command("run", container, "--", "/usr/local/bin/tongsou", "health", "--server", "http://"+address).Run()
	}
	for end := time.Now().Add(2 * time.Minute); healthy() != nil; time.Sleep(time.Second) {
		if time.Now().After(end) {
			t.Fatalf("nothing is served from the image: %s", out)
		}
	}
	if !strings.Contains(out.String(), "+08:00") {
		t.Errorf("the log is not in the time of its place: %s", out)
	}
}

// firstStage makes the folder that the first stage of the Dockerfile leaves.
func firstStage(t *testing.T, dir string) {
	t.Helper()
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{"data": 0o755, "root/tmp": 0o777 | os.ModeSticky, "root/etc/ssl/certs": 0o755, "root/usr/local/bin": 0o755} {
		name = filepath.Join(dir, "out", name)
		if err := errors.Join(os.MkdirAll(name, 0o755), os.Chmod(name, mode)); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "out/root/usr/local/bin/tongsou")
	if err := errors.Join(os.WriteFile(name, raw, 0o755), os.Chmod(name, 0o755)); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "out/root/etc/ssl/certs/ca-certificates.crt"), "-----BEGIN CERTIFICATE-----\n")
}

// looksRight holds that the image has the program, which is static, the roots, a data folder of its user, a folder for
// temporary files, and no other file.
func looksRight(t *testing.T, root string) {
	t.Helper()
	var files []string
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, strings.TrimPrefix(name, root))
		}
		return err
	})
	if err != nil || strings.Join(files, " ") != "/etc/ssl/certs/ca-certificates.crt /usr/local/bin/tongsou" {
		t.Errorf("the image holds %v, %v", files, err)
	}
	program, err := elf.Open(filepath.Join(root, "usr/local/bin/tongsou"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = program.Close() }()
	for _, p := range program.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("the program is not static: it has %s", p.Type)
		}
	}
	data, err := os.Stat(filepath.Join(root, "data"))
	if err != nil || data.Sys().(*syscall.Stat_t).Uid != 65532 {
		t.Errorf("the data folder: %v, %v", data, err)
	}
	tmp, err := os.Stat(filepath.Join(root, "tmp"))
	if err != nil || tmp.Mode().Perm() != 0o777 || tmp.Mode()&os.ModeSticky == 0 {
		t.Errorf("the folder for temporary files: %v, %v", tmp, err)
	}
}
