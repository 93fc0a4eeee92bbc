package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"tongsou/server"
)

// Outside is the part of the configuration that says how the server meets the internet, and how it is seen.
type Outside struct {
	// AdminAddr is where /metrics and the profiles stand, host:port; empty for nowhere.
	AdminAddr string `mapstructure:"admin_addr"`
	// TrustedProxies are addresses and networks that are believed when they say for whom they ask.
	TrustedProxies []string `mapstructure:"trusted_proxies"`
	// Rate and KeyRate are the requests a second of one address, and of one key; 0 for any number.
	Rate    int `mapstructure:"rate"`
	KeyRate int `mapstructure:"key_rate"`
	// TLSCert and TLSKey are files in PEM; both or none.
	TLSCert string `mapstructure:"tls_cert"`
	TLSKey  string `mapstructure:"tls_key"`
	// ACMEDomains are the names for which certificates are fetched; ACMEEmail is told when something is wrong with them,
	// ACMEDirectory is the authority, empty for Let's Encrypt, and ACMECA a file in PEM with the roots by which an authority
	// inside an organisation is known; empty for those that this machine trusts.
	ACMEDomains   []string `mapstructure:"acme_domains"`
	ACMEEmail     string   `mapstructure:"acme_email"`
	ACMEDirectory string   `mapstructure:"acme_directory"`
	ACMECA        string   `mapstructure:"acme_ca"`
	// LogFormat is text or json.
	LogFormat string `mapstructure:"log_format"`
	// TraceURL is where spans are sent by OTLP over HTTP; empty for nowhere.
	TraceURL string `mapstructure:"trace_url"`
}

// outsideSettings are the settings of Outside.
func outsideSettings() []setting {
	free := func(*Config) string { return "" }
	perSecond := func(n int) string {
		if n < 0 || n > 100000 {
			return "0（不限）到 100000 的整数"
		}
		return ""
	}
	return []setting{
		{"admin_addr", "指标与性能剖析的监听地址（如 127.0.0.1:9090），默认不开", "", func(c *Config) string {
			if _, _, err := net.SplitHostPort(c.AdminAddr); c.AdminAddr != "" && (err != nil || strings.HasPrefix(c.AdminAddr, ":")) {
				return "写明主机的地址，例如 127.0.0.1:9090；不要让外面的人访问到它"
			}
			return ""
		}},
		{"trusted_proxies", "前面的反向代理", []any{}, func(c *Config) string {
			if _, err := server.ParseProxies(c.TrustedProxies); err != nil {
				return "一列地址或网段（" + err.Error() + "）"
			}
			return ""
		}},
		{"rate", "每个地址每秒的请求数，0 为不限", 30, func(c *Config) string { return perSecond(c.Rate) }},
		{"key_rate", "每个密钥每秒的请求数，0 为不限", 300, func(c *Config) string { return perSecond(c.KeyRate) }},
		{"tls_cert", "TLS 证书文件（PEM，含中间证书）", "", func(c *Config) string {
			if (c.TLSCert == "") != (c.TLSKey == "") {
				return "与 tls_key 同时设置的文件"
			}
			return ""
		}},
		{"tls_key", "TLS 私钥文件（PEM）", "", free},
		{"acme_domains", "自动申请证书的域名", []any{}, func(c *Config) string {
			if len(c.ACMEDomains) > 0 && c.TLSCert != "" || slices.Contains(c.ACMEDomains, "") {
				return "一列域名，且不与 tls_cert 同时设置"
			}
			return ""
		}},
		{"acme_email", "证书出问题时通知的邮箱", "", free},
		{"acme_directory", "签发证书的机构，默认 Let's Encrypt", "", func(c *Config) string { return address(c.ACMEDirectory) }},
		{"acme_ca", "签发机构自己的根证书文件（PEM），默认用系统信任的", "", func(c *Config) string {
			if c.ACMECA != "" && c.ACMEDirectory == "" {
				return "与 acme_directory 同时设置的文件"
			}
			return ""
		}},
		{"log_format", "日志格式", "text", func(c *Config) string {
			if c.LogFormat != "text" && c.LogFormat != "json" {
				return "text、json 之一"
			}
			return ""
		}},
		{"trace_url", "接收 OpenTelemetry 跟踪的地址（OTLP/HTTP），默认不发送", "", func(c *Config) string { return address(c.TraceURL) }},
	}
}

func address(text string) string {
	if u, err := url.Parse(text); text != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		return "以 http:// 或 https:// 开头的地址"
	}
	return ""
}

// logger writes the log as the configuration says.
func (c *Config) logger(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Log)); err != nil {
		return nil, err
	}
	options := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return slog.New(slog.NewTextHandler(w, options)), nil
}

// outside fills in what of the server's options meets the internet. close ends what it started.
func (c *Config) outside(ctx context.Context, options *server.Options) (closer func() error, err error) {
	closer = func() error { return nil }
	options.Rate, options.KeyRate = float64(c.Rate), float64(c.KeyRate)
	if options.TrustedProxies, err = server.ParseProxies(c.TrustedProxies); err != nil {
		return closer, err
	}
	if options.TLS, err = c.tls(); err != nil || c.TraceURL == "" {
		return closer, err
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(c.TraceURL))
	if err != nil {
		return closer, fmt.Errorf("设置跟踪 trace_url = %s：%w", c.TraceURL, err)
	}
	about := resource.NewSchemaless(attribute.String("service.name", "tongsou"), attribute.String("service.version", version()))
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
	options.Tracer = provider
	return func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := provider.Shutdown(ctx); err != nil {
			return fmt.Errorf("发送最后的跟踪：%w", err)
		}
		return nil
	}, nil
}

// tls is how the server speaks TLS, nil when it does not.
func (c *Config) tls() (*tls.Config, error) {
	switch {
	case len(c.ACMEDomains) > 0:
		m := &autocert.Manager{
			Prompt: autocert.AcceptTOS, HostPolicy: autocert.HostWhitelist(c.ACMEDomains...), Email: c.ACMEEmail,
			Cache: autocert.DirCache(filepath.Join(c.Data, "acme")),
		}
		var err error
		if m.Client, err = c.authority(); err != nil {
			return nil, err
		}
		config := m.TLSConfig()
		config.MinVersion = tls.VersionTLS12
		return config, nil
	case c.TLSCert != "":
		files := &certificate{cert: c.TLSCert, key: c.TLSKey}
		if _, err := files.get(nil); err != nil {
			return nil, err
		}
		return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: files.get}, nil
	}
	return nil, nil
}

// authority is the client of the authority that the configuration names, nil for Let's Encrypt.
func (c *Config) authority() (*acme.Client, error) {
	if c.ACMEDirectory == "" {
		return nil, nil
	}
	client := &acme.Client{DirectoryURL: c.ACMEDirectory, UserAgent: "tongsou"}
	if c.ACMECA == "" {
		return client, nil
	}
	raw, err := os.ReadFile(c.ACMECA)
	if err != nil {
		return nil, fmt.Errorf("读不了签发机构的根证书 acme_ca：%w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(raw) {
		return nil, fmt.Errorf("acme_ca = %s 里没有 PEM 格式的证书", c.ACMECA)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	client.HTTPClient = &http.Client{Transport: transport, Timeout: time.Minute}
	return client, nil
}

// lookAgain is how often the files of a certificate are looked at: they are renewed while the server runs.
const lookAgain = time.Minute

// certificate is a certificate in files.
type certificate struct {
	cert, key string

	mu      sync.Mutex
	looked  time.Time
	changed time.Time
	loaded  *tls.Certificate
}

// get returns the certificate that the files hold, or the one before when they cannot be read, as in the middle of a
// renewal.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.loaded != nil && time.Since(c.looked) < lookAgain {
		return c.loaded, nil
	}
	c.looked = time.Now()
	info, err := os.Stat(c.cert)
	if err == nil && c.loaded != nil && info.ModTime().Equal(c.changed) {
		return c.loaded, nil
	}
	pair, loadErr := tls.LoadX509KeyPair(c.cert, c.key)
	if err = errors.Join(err, loadErr); err != nil {
		if c.loaded != nil {
			return c.loaded, nil
		}
		return nil, fmt.Errorf("读不了证书 tls_cert = %s 或私钥 tls_key = %s：%w", c.cert, c.key, err)
	}
	c.loaded, c.changed = &pair, info.ModTime()
	return c.loaded, nil
}
