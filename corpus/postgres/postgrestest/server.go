// Package postgrestest starts a real PostgreSQL server for tests: a cluster of its own in a temporary folder, on a free
// port of the loopback address, as an unprivileged user, with a password.
package postgrestest

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// Server is a cluster. It is started at the first use, so that a test package that does not come to it pays nothing.
type Server struct {
	mu       sync.Mutex
	folder   string
	port     int
	password string
	process  *exec.Cmd
	ended    chan struct{}
	failed   error
	count    atomic.Int64
	again    atomic.Bool
}

// Run runs the tests of a package and stops the server: func TestMain(m *testing.M) { os.Exit(server.Run(m)) }.
func (s *Server) Run(m *testing.M) int {
	defer func() {
		if err := s.close(); err != nil {
			fmt.Fprintln(os.Stderr, "stop PostgreSQL:", err)
		}
	}()
	return m.Run()
}

// Again runs tests of what is kept in a file once more, over databases: as long as it does Shared is true, and the tests' own
// helpers open the one or the other by it. The tests must not be parallel.
func (s *Server) Again(t *testing.T, tests map[string]func(*testing.T)) {
	s.again.Store(true)
	defer s.again.Store(false)
	for name, test := range tests {
		t.Run(name, test)
	}
}

// Shared reports whether Again is running.
func (s *Server) Shared() bool { return s.again.Load() }

// Database makes an empty database and returns its address. It is dropped with the cluster.
func (s *Server) Database(tb testing.TB) string {
	tb.Helper()
	if err := s.Start(); err != nil {
		tb.Fatalf("start PostgreSQL (on Debian: apt-get install postgresql; make deps does it): %v", err)
	}
	name := fmt.Sprintf("t%d", s.count.Add(1))
	if err := s.Exec("CREATE DATABASE " + name + " TEMPLATE template0"); err != nil {
		tb.Fatal(err)
	}
	return s.DSN(name)
}

// DSN is the address of a database of the cluster.
func (s *Server) DSN(database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword("postgres", s.password), Path: database, RawQuery: "sslmode=disable",
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port))}
	return u.String()
}

// Exec runs a statement as the superuser of the cluster.
func (s *Server) Exec(statement string) error {
	db, err := sql.Open("pgx", s.DSN("postgres"))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(context.Background(), statement)
	return errors.Join(err, db.Close())
}

// Start starts the server, for the first time or after Kill, with all that it held. It returns when it answers.
func (s *Server) Start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil || s.failed != nil {
		return s.failed
	}
	if s.folder == "" {
		if s.failed = s.initialize(); s.failed != nil {
			return s.failed
		}
	}
	return s.launch()
}

// Kill ends the server as a power cut would: nothing is finished, everybody is disconnected.
func (s *Server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end(syscall.SIGQUIT)
}

func (s *Server) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.end(syscall.SIGQUIT), os.RemoveAll(s.folder))
}

func (s *Server) end(sig os.Signal) error {
	if s.process == nil {
		return nil
	}
	err := s.process.Process.Signal(sig)
	select {
	case <-s.ended:
	case <-time.After(10 * time.Second):
		err = errors.Join(err, s.process.Process.Kill())
		<-s.ended
	}
	s.process = nil
	return err
}

// binaries is the folder of the newest server that is installed.
func binaries() (string, error) {
	if found, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(found); err == nil {
			return filepath.Dir(real), nil
		}
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path)))) // another name is version 0
		return n
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", errors.Join(errors.New("there is no initdb"), err)
	}
	newest := slices.MaxFunc(found, func(a, b string) int { return cmp.Compare(version(a), version(b)) })
	return filepath.Dir(newest), nil
}

// servant is who the server runs as: PostgreSQL refuses root. Nobody else's user needs none.
func servant() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil // no credential is what the system takes for one's own
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(err1, err2)
	}
	return nil, errors.New("there is neither a user postgres nor nobody to run the server as")
}

// initialize makes the cluster.
func (s *Server) initialize() error {
	bin, err := binaries()
	if err != nil {
		return err
	}
	as, err := servant()
	if err != nil {
		return err
	}
	if s.folder, err = os.MkdirTemp("", "tongsou-postgres-"); err != nil {
		return err
	}
	secret := filepath.Join(s.folder, "password")
	s.password = rand.Text()
	if err := os.WriteFile(secret, []byte(s.password), 0o600); err != nil {
		return err
	}
	if as != nil {
		if err := errors.Join(os.Chown(s.folder, int(as.Uid), int(as.Gid)), os.Chown(secret, int(as.Uid), int(as.Gid))); err != nil {
			return err
		}
	}
	// The C locale, as nothing is sorted by the server's rules; no syncs, as nothing outlives the tests.
	cmd := exec.Command(filepath.Join(bin, "initdb"), "-D", s.data(), "-U", "postgres", "--pwfile", secret, "--auth", "scram-sha-256",
		"--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions")
	cmd.SysProcAttr, cmd.Dir, cmd.Env = &syscall.SysProcAttr{Credential: as}, s.folder, clean()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	s.port, err = freePort()
	return err
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }

// clean is the environment without what would tell the server's programs something else.
func clean() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "PG") || strings.HasPrefix(v, "LC_") })
}

func freePort() (int, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// launch starts the server over what is in its folder.
func (s *Server) launch() error {
	bin, err := binaries()
	if err != nil {
		return err
	}
	as, err := servant()
	if err != nil {
		return err
	}
	logged, err := os.OpenFile(filepath.Join(s.folder, "log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	cmd := exec.Command(filepath.Join(bin, "postgres"), "-D", s.data(), "-p", strconv.Itoa(s.port), "-h", "127.0.0.1", "-k", "",
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "shared_buffers=64MB", "-c", "max_connections=200", "-c", "autovacuum=off")
	cmd.Stdout, cmd.Stderr, cmd.Dir, cmd.Env = logged, logged, s.folder, clean()
	// Should the tests be killed, the server goes as well.
	cmd.SysProcAttr = dyingWithUs(as)
	ended, started := make(chan struct{}), make(chan error, 1)
	go func() { // the server is told when the thread that started it ends, so that one is kept for it
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // why it ended is in its log
		}
		_ = logged.Close()
		close(ended)
	}()
	if err := <-started; err != nil {
		return err
	}
	s.process, s.ended = cmd, ended
	return s.await()
}

// await returns when the server answers.
func (s *Server) await() error {
	for range 600 {
		select {
		case <-s.ended:
			out, _ := os.ReadFile(filepath.Join(s.folder, "log")) // without it there is less to say
			s.process = nil
			return fmt.Errorf("PostgreSQL ended at once:\n%s", out)
		case <-time.After(50 * time.Millisecond):
		}
		if s.Exec("SELECT 1") == nil {
			return nil
		}
	}
	return errors.New("PostgreSQL does not answer")
}
