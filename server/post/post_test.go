package post_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"tongsou/server/post"
	"tongsou/server/post/posttest"
)

func sender(t *testing.T, s *posttest.Server, change func(*post.Options)) *post.Sender {
	t.Helper()
	o := post.Options{Host: "127.0.0.1", Port: s.Port, From: "noreply@example.org", FromName: "通搜", Encryption: post.Plain}
	if change != nil {
		change(&o)
	}
	p, err := post.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestSend(t *testing.T) {
	server := posttest.New(t)
	l := post.Letter{To: "zhang@example.org", Subject: "您关注的“户口\r\nBcc: other@example.org”有新内容", Text: "第一行\n第二行", Leave: "https://example.org/follow/manage?token=x"}
	if err := sender(t, server, nil).Send(context.Background(), l); err != nil {
		t.Fatal(err)
	}
	mails := server.Mails()
	if len(mails) != 1 {
		t.Fatalf("%d mails were taken", len(mails))
	}
	m := mails[0]
	if m.From != "noreply@example.org" || m.To != "zhang@example.org" || strings.TrimSpace(m.Text) != l.Text || !strings.HasPrefix(m.Subject, "您关注的“户口") {
		t.Errorf("got %+v", m)
	}
	for name, want := range map[string]string{
		"List-Unsubscribe": "<" + l.Leave + ">", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "Auto-Submitted": "auto-generated", "Bcc": "",
	} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if m.Header.Get("Message-Id") == "" || m.Header.Get("Date") == "" {
		t.Errorf("headers %v", m.Header)
	}
}

func TestWhatIsRefusedForGoodIsTold(t *testing.T) {
	server := posttest.New(t)
	server.Refuse("gone@example.org")
	server.Later("busy@example.org", true)
	p := sender(t, server, nil)
	err := p.Send(context.Background(), post.Letter{To: "gone@example.org"})
	if !errors.Is(err, post.ErrRefused) || strings.Contains(err.Error(), "gone@") {
		t.Errorf("to nobody: %v", err)
	}
	if err := p.Send(context.Background(), post.Letter{To: "busy@example.org"}); !errors.Is(err, post.ErrNotNow) || errors.Is(err, post.ErrRefused) || strings.Contains(err.Error(), "busy@") {
		t.Errorf("not now: %v", err)
	}
}

func TestServerWithoutEncryptionGetsNothingUnlessAllowed(t *testing.T) {
	server := posttest.New(t)
	p := sender(t, server, func(o *post.Options) { o.Encryption = "" })
	if err := p.Send(context.Background(), post.Letter{To: "zhang@example.org"}); err == nil || len(server.Mails()) > 0 {
		t.Errorf("sent in the clear: %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	for name, o := range map[string]post.Options{
		"encryption": {Host: "localhost", From: "a@example.org", Encryption: "ssl"},
		"sender":     {Host: "localhost", From: "nobody"},
		"host":       {From: "a@example.org"},
	} {
		if _, err := post.New(o); err == nil {
			t.Errorf("a wrong %s was taken", name)
		}
	}
}
