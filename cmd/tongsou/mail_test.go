package main

import (
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tongsou/server/post/posttest"
)

// TestServeAsksFollowersByMail runs serve with a mail server on this machine.
func TestServeAsksFollowersByMail(t *testing.T) {
	mails := posttest.New(t)
	c := &Config{
		Data: filepath.Join(t.TempDir(), "data"), Addr: "127.0.0.1:0", Shards: 1, CacheMB: 16, Timeout: 5 * time.Second, MaxConcurrent: 8, Log: "error",
		Mail: Mail{PublicURL: "https://so.example.org/", SMTPHost: "127.0.0.1", SMTPPort: mails.Port, SMTPTLS: "none", SMTPFrom: "noreply@so.example.org"},
	}
	p, err := open(t.Context(), c, true, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- p.Run(t.Context()) }()
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	form := url.Values{"q": {"社保卡"}, "email": {"zhang@example.org"}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL()+"/follow", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%d, %v", res.StatusCode, err)
	}
	for began := time.Now(); len(mails.Mails()) == 0; time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > 10*time.Second {
			t.Fatal("no mail came")
		}
	}
	if m := mails.Mails()[0]; m.To != "zhang@example.org" || !strings.Contains(m.Text, "https://so.example.org/follow/confirm?token=") {
		t.Errorf("got %+v", m)
	}
}

func TestMailSettingsAreChecked(t *testing.T) {
	for name, m := range map[string]Mail{
		"no address of our own": {SMTPHost: "localhost", SMTPFrom: "a@example.org", SMTPTLS: "starttls"},
		"no sender":             {SMTPHost: "localhost", PublicURL: "https://so.example.org", SMTPTLS: "starttls"},
		"no encryption known":   {SMTPTLS: "ssl"},
		"no port":               {SMTPTLS: "tls", SMTPPort: 70000},
		"no web address":        {SMTPTLS: "tls", PublicURL: "so.example.org"},
	} {
		refused := false
		for _, s := range mailSettings() {
			refused = refused || s.check(&Config{Mail: m}) != ""
		}
		if !refused {
			t.Errorf("%s was taken", name)
		}
	}
}
