package main

import (
	"crypto/tls"
	"crypto/x509"
	wire "encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// acmeDomain is a name that nobody has but the name server of the test.
const acmeDomain = "search.tongsou.test"

// pebble is a running ACME authority.
type pebble struct {
	directory, roots, ca string
	log                  *syncBuffer
	process              *exec.Cmd
}

// startPebble starts the authority that `make deps` built. It asks at tlsAddress whether a name is really served there.
func startPebble(t *testing.T, tlsAddress string) *pebble {
	t.Helper()
	built, err := filepath.Glob("../../.bin/pebble-v*")
	if err != nil || len(built) == 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("pebble is not there; run make deps")
		}
		t.Skip("pebble is not there; make deps builds it")
	}
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	selfSigned(t, cert, key, 1)
	listen, manage := freeAddress(t), freeAddress(t)
	port := func(address string) string { return address[strings.LastIndex(address, ":")+1:] }
	var tlsPort int
	if _, err := fmt.Sscan(port(tlsAddress), &tlsPort); err != nil {
		t.Fatal(err)
	}
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": listen, "managementListenAddress": manage, "certificate": cert, "privateKey": key, "httpPort": 1, "tlsPort": tlsPort,
		"retryAfter": map[string]int{"authz": 1, "order": 1}, "profiles": map[string]any{"default": map[string]any{"description": "default", "validityPeriod": 7776000}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "pebble.json"), string(config))
	p := &pebble{directory: "https://localhost:" + port(listen) + "/dir", roots: "https://localhost:" + port(manage) + "/roots/0", ca: cert, log: new(syncBuffer)}
	p.process = exec.Command(built[len(built)-1], "-config", filepath.Join(dir, "pebble.json"), "-dnsserver", nameServer(t))
	p.process.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1")
	p.process.Stdout, p.process.Stderr = p.log, p.log
	if err := p.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.stop)
	for range 200 {
		if resp, err := trusting(t, cert).Get(p.directory); err == nil {
			_ = resp.Body.Close()
			return p
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("pebble does not answer: %s", p.log)
	return nil
}

func (p *pebble) stop() {
	_ = p.process.Process.Kill() // it may have ended
	_ = p.process.Wait()
}

// trusting is a client that trusts one file of certificates.
func trusting(t *testing.T, file string) *http.Client {
	t.Helper()
	raw, err := os.ReadFile(file)
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(raw) {
		t.Fatalf("no certificate: %v", err)
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}, Timeout: 10 * time.Second}
}

// nameServer answers that every name is this machine. It is asked over TCP, where two bytes before each message say how long it
// is.
func nameServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				for answerName(conn) == nil {
				}
			}()
		}
	}()
	return l.Addr().String()
}

func answerName(conn net.Conn) error {
	var length [2]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return err
	}
	raw := make([]byte, wire.BigEndian.Uint16(length[:]))
	if _, err := io.ReadFull(conn, raw); err != nil {
		return err
	}
	var m dnsmessage.Message
	if err := m.Unpack(raw); err != nil {
		return err
	}
	m.Response, m.Authoritative, m.Additionals = true, true, nil
	for _, q := range m.Questions {
		if q.Type == dnsmessage.TypeA {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1}, Body: &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
			})
		}
	}
	raw, err := m.Pack()
	if err != nil {
		return err
	}
	_, err = conn.Write(append(wire.BigEndian.AppendUint16(nil, uint16(len(raw))), raw...))
	return err
}

// TestCertificateComesFromTheAuthority starts an ACME authority and serve, which has no certificate. The first who asks makes
// it fetch one, which is kept: after a start anew it is served while no authority runs.
func TestCertificateComesFromTheAuthority(t *testing.T) {
	address, dir := freeAddress(t), t.TempDir()
	p := startPebble(t, address)
	write(t, filepath.Join(dir, "tongsou.yaml"), fmt.Sprintf("acme_domains: [%s]\nacme_email: staff@tongsou.test\nacme_directory: %s\nacme_ca: %s\n", acmeDomain, p.directory, p.ca))
	flags := []string{"--config", filepath.Join(dir, "tongsou.yaml"), "--data", filepath.Join(dir, "data"), "--no-sample", "--addr", address}
	_, stop := servingAt(t, `https://\S+`, flags...)

	resp, err := trusting(t, p.ca).Get(p.roots)
	if err != nil {
		t.Fatal(err)
	}
	root, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(root) {
		t.Fatalf("the authority gives no root: %v, %s", err, root)
	}
	served := func() string {
		t.Helper()
		d := &tls.Dialer{NetDialer: &net.Dialer{Timeout: 10 * time.Second}, Config: &tls.Config{RootCAs: pool, ServerName: acmeDomain}}
		conn, err := d.DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatalf("no certificate that the authority stands for: %v\n%s", err, p.log)
		}
		defer func() { _ = conn.Close() }()
		leaf := conn.(*tls.Conn).ConnectionState().PeerCertificates[0]
		if len(leaf.DNSNames) != 1 || leaf.DNSNames[0] != acmeDomain || !strings.Contains(leaf.Issuer.CommonName, "Pebble") {
			t.Errorf("the certificate is of %v by %s", leaf.DNSNames, leaf.Issuer)
		}
		return leaf.SerialNumber.String()
	}
	first := served()
	if again := served(); again != first {
		t.Errorf("every visitor has a certificate fetched: %s and %s", first, again)
	}
	other := &tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, ServerName: "other.tongsou.test"}}
	if conn, err := other.DialContext(t.Context(), "tcp", address); err == nil {
		_ = conn.Close()
		t.Error("a certificate is fetched for a name that is not ours")
	}
	if info, err := os.Stat(filepath.Join(dir, "data", "acme")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("where the keys are kept: %v, %v", info, err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	p.stop()
	_, stop = servingAt(t, `https://\S+`, flags...)
	if again := served(); again != first {
		t.Errorf("after a start anew the certificate is %s, was %s", again, first)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

func TestAuthorityNeedsItsRoots(t *testing.T) {
	dir := t.TempDir()
	c := &Config{}
	if client, err := c.authority(); client != nil || err != nil {
		t.Errorf("no authority is named: %v, %v", client, err)
	}
	c.ACMEDirectory, c.ACMECA = "https://ca.tongsou.test/dir", filepath.Join(dir, "nowhere.pem")
	if _, err := c.authority(); err == nil || !strings.Contains(err.Error(), "acme_ca") {
		t.Errorf("a file that is not there: %v", err)
	}
	c.ACMECA = filepath.Join(dir, "empty.pem")
	write(t, c.ACMECA, "nothing")
	if _, err := c.authority(); err == nil || !strings.Contains(err.Error(), "acme_ca") {
		t.Errorf("a file without certificates: %v", err)
	}
}
