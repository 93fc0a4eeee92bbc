package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// selfSigned writes a certificate for localhost with a serial number, and its key.
func selfSigned(t *testing.T, cert, key string, serial int64) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{
		SerialNumber: big.NewInt(serial), DNSNames: []string{"localhost"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write(t, cert, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	write(t, key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
}

// TestServeSpeaksTLS starts with a certificate in files, and sees that the answer says to come by TLS only.
func TestServeSpeaksTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	selfSigned(t, cert, key, 1)
	t.Setenv("TONGSOU_TLS_CERT", cert)
	t.Setenv("TONGSOU_TLS_KEY", key)
	address, _ := servingAt(t, `https://\S+`, "--data", t.TempDir(), "--no-sample")
	pool := x509.NewCertPool()
	raw, err := os.ReadFile(cert)
	if err != nil || !pool.AppendCertsFromPEM(raw) {
		t.Fatalf("no certificate: %v", err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}
	resp, err := client.Get(address + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.ProtoMajor != 2 || !strings.Contains(resp.Header.Get("Strict-Transport-Security"), "max-age=") {
		t.Errorf("%s %d, %v", resp.Proto, resp.StatusCode, resp.Header)
	}
	old := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS11}}}
	if resp, err := old.Get(address + "/healthz"); err == nil {
		_ = resp.Body.Close()
		t.Error("TLS 1.1 is spoken")
	}
}

func TestCertificateIsRenewedWhileServing(t *testing.T) {
	dir := t.TempDir()
	files := &certificate{cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem")}
	serial := func() int64 {
		t.Helper()
		c, err := files.get(nil)
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(c.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		return leaf.SerialNumber.Int64()
	}
	selfSigned(t, files.cert, files.key, 1)
	if got := serial(); got != 1 {
		t.Fatalf("serial %d", got)
	}
	selfSigned(t, files.cert, files.key, 2)
	later := time.Now().Add(time.Minute)
	if err := os.Chtimes(files.cert, later, later); err != nil {
		t.Fatal(err)
	}
	if got := serial(); got != 1 {
		t.Errorf("the files are read for every connection")
	}
	files.looked = time.Time{}
	if got := serial(); got != 2 {
		t.Errorf("after a renewal: serial %d", got)
	}
	if err := os.Remove(files.key); err != nil {
		t.Fatal(err)
	}
	files.looked, files.changed = time.Time{}, time.Time{}
	if got := serial(); got != 2 {
		t.Errorf("in the middle of a renewal: serial %d", got)
	}
}

// TestAdminAddress reads the metrics after a search, and finds the profiles on a loopback address only.
func TestAdminAddress(t *testing.T) {
	admin := freeAddress(t)
	address, _ := servingAt(t, `http://\S+`, "--data", t.TempDir(), "--admin-addr", admin)
	if code, _ := fetch(t, address+"/api/v1/search?q=%E6%88%B7%E5%8F%A3"); code != http.StatusOK {
		t.Fatalf("search: %d", code)
	}
	if code, _ := fetch(t, address+"/metrics"); code != http.StatusNotFound {
		t.Errorf("the metrics stand open: %d", code)
	}
	code, body := fetch(t, "http://"+admin+"/metrics")
	for _, want := range []string{
		`tongsou_searches_total 1`, `tongsou_searches_with_result_total{kind="item"} 1`, `tongsou_search_stage_seconds_count{stage="scan"} 1`,
		`tongsou_http_requests_total{code="200",route="/api/v1/search"} 1`, `tongsou_index_lag_changes 0`, `tongsou_journal_dropped_total 0`,
		`tongsou_shed_requests_total{reason="busy"} 0`, `tongsou_index_documents{kind="item"}`, `tongsou_requests_waiting 0`, `go_goroutines`,
	} {
		if code != http.StatusOK || !strings.Contains(string(body), want) {
			t.Errorf("the metrics (%d) lack %s", code, want)
		}
	}
	for _, flags := range [][]string{{"--server", address}, {"--server", "http://" + admin, "--ready", "--json"}} {
		if out := must(t, append([]string{"health"}, flags...)...); !strings.Contains(out, "正常") && !strings.Contains(out, `"ok"`) {
			t.Errorf("health %v says %q", flags, out)
		}
	}
	if _, err := tongsou(t, "health", "--server", "http://"+freeAddress(t)); err == nil || !strings.Contains(err.Error(), "端口") {
		t.Errorf("health of nobody: %v, want what to look at", err)
	}
	for _, path := range []string{"/debug/pprof/", "/healthz", "/readyz"} {
		if code, _ := fetch(t, "http://"+admin+path); code != http.StatusOK {
			t.Errorf("%s: %d", path, code)
		}
	}
}

func TestProfilesStandOnLoopbackOnly(t *testing.T) {
	_, port, err := net.SplitHostPort(freeAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	servingAt(t, `http://\S+`, "--data", t.TempDir(), "--no-sample", "--admin-addr", "0.0.0.0:"+port)
	if code, _ := fetch(t, "http://127.0.0.1:"+port+"/metrics"); code != http.StatusOK {
		t.Errorf("metrics: %d", code)
	}
	if code, _ := fetch(t, "http://127.0.0.1:"+port+"/debug/pprof/"); code != http.StatusNotFound {
		t.Errorf("profiles on every address: %d", code)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// TestTracesAreSentAndTellNothing receives what is traced, and looks for what was typed.
func TestTracesAreSentAndTellNothing(t *testing.T) {
	var got atomic.Pointer[string]
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body) // what does not come is missed below
		text := r.URL.Path + string(raw)
		got.Store(&text)
	}))
	defer collector.Close()
	address, stop := servingAt(t, `http://\S+`, "--data", t.TempDir(), "--no-sample", "--trace-url", collector.URL+"/v1/traces")
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address+"/api/v1/search?q=SECRETQUERY", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("User-Agent", "SECRETAGENT")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	text := got.Load()
	if text == nil || !strings.HasPrefix(*text, "/v1/traces") || !strings.Contains(*text, "GET /api/v1/search") || !strings.Contains(*text, resp.Header.Get("X-Request-Id")) {
		t.Fatalf("the collector has no span of the request")
	}
	for _, secret := range []string{"SECRET", "127.0.0.1"} {
		if strings.Contains(*text, secret) {
			t.Errorf("a span tells %q", secret)
		}
	}
}

// TestNothingIsTracedUnasked runs with the variables by which other programs are told to trace.
func TestNothingIsTracedUnasked(t *testing.T) {
	var got atomic.Int32
	collector := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { got.Add(1) }))
	defer collector.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	t.Setenv("OTEL_TRACES_EXPORTER", "otlp")
	address, stop := servingAt(t, `http://\S+`, "--data", t.TempDir(), "--no-sample")
	if code, _ := fetch(t, address+"/api/v1/search?q=x"); code != http.StatusOK {
		t.Errorf("search: %d", code)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if n := got.Load(); n > 0 {
		t.Errorf("%d requests reached the collector", n)
	}
}

func TestOutsideSettingsAreChecked(t *testing.T) {
	for variable, c := range map[string][2]string{
		"TONGSOU_ADMIN_ADDR":      {":9090", "127.0.0.1:9090"},
		"TONGSOU_TRUSTED_PROXIES": {"proxy.example", "10.0.0.0/8"},
		"TONGSOU_RATE":            {"-1", "不限"},
		"TONGSOU_TLS_CERT":        {"/only/one", "tls_key"},
		"TONGSOU_LOG_FORMAT":      {"xml", "json"},
		"TONGSOU_ACME_CA":         {"/only/one", "acme_directory"},
		"TONGSOU_TRACE_URL":       {"localhost:4318", "http://"},
	} {
		t.Run(variable, func(t *testing.T) {
			t.Setenv(variable, c[0])
			if _, err := tongsou(t, "serve", "--data", t.TempDir(), "--addr", "127.0.0.1:0"); err == nil || !strings.Contains(err.Error(), c[1]) {
				t.Errorf("%s=%s: %v, want what to write", variable, c[0], err)
			}
		})
	}
}
