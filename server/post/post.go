// Package post sends mail over SMTP. The library stands behind it: nobody else imports go-mail.
package post

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/wneessen/go-mail"
)

// ErrRefused means that the server will never take this mail: the address does not exist or wants nothing from us.
var ErrRefused = errors.New("the mail was refused for good")

// ErrNotNow means that the server took other mail but not this one, and may take it later.
var ErrNotNow = errors.New("the mail was not taken")

// The ways to encrypt the connection.
const (
	StartTLS = "starttls" // begins plain and must become encrypted
	TLS      = "tls"      // is encrypted from the beginning
	Plain    = "none"     // for a server on this machine alone
)

// Options say which server sends for us.
type Options struct {
	// Host and Port are the server. Port 0 is the usual one of the encryption.
	Host string
	Port int
	// User and Password are given to the server when User is not empty.
	User, Password string
	// From is the sender's address, FromName what stands before it.
	From, FromName string
	// Encryption is StartTLS, TLS or Plain; empty means StartTLS.
	Encryption string
	// Config is for servers with certificates of their own; nil means the system's roots.
	Config *tls.Config
}

// Letter is one mail in plain text.
type Letter struct {
	To, Subject, Text string
	// Leave is the address at which one request ends all mails to this recipient (RFC 8058); empty for none.
	Leave string
}

// Sender sends through one server. It may be used from any number of goroutines.
type Sender struct {
	options Options
	client  []mail.Option
}

// sendTime bounds the sending of one mail.
const sendTime = 30 * time.Second

// New makes a sender. It does not connect yet.
func New(o Options) (*Sender, error) {
	s := &Sender{options: o, client: []mail.Option{mail.WithTimeout(sendTime)}}
	switch o.Encryption {
	case StartTLS, "":
		s.client = append(s.client, mail.WithTLSPortPolicy(mail.TLSMandatory))
	case TLS:
		s.client = append(s.client, mail.WithSSLPort(false))
	case Plain:
		s.client = append(s.client, mail.WithTLSPortPolicy(mail.NoTLS))
	default:
		return nil, fmt.Errorf("smtp encryption %q: use %s, %s or %s", o.Encryption, StartTLS, TLS, Plain)
	}
	if o.Port != 0 {
		s.client = append(s.client, mail.WithPort(o.Port))
	}
	if o.Config != nil {
		s.client = append(s.client, mail.WithTLSConfig(o.Config))
	}
	if o.User != "" {
		s.client = append(s.client, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(o.User), mail.WithPassword(o.Password))
	}
	if _, err := s.message(Letter{To: o.From}); err != nil {
		return nil, err
	}
	_, err := mail.NewClient(o.Host, s.client...)
	if err != nil {
		return nil, fmt.Errorf("smtp server %q: %w", o.Host, err)
	}
	return s, nil
}

// Send sends a letter. When it returns without an error the server has taken it. An error wraps ErrRefused when trying
// again would not help, and ErrNotNow when it is this letter alone that the server did not take. No error names the address.
func (s *Sender) Send(ctx context.Context, l Letter) error {
	m, err := s.message(l)
	if err != nil {
		return err
	}
	client, err := mail.NewClient(s.options.Host, s.client...)
	if err != nil {
		return fmt.Errorf("smtp server %q: %w", s.options.Host, err)
	}
	err = client.DialAndSendWithContext(ctx, m)
	if sent := (*mail.SendError)(nil); errors.As(err, &sent) { // its own text names the address
		kind := ErrNotNow
		if sent.Reason == mail.ErrSMTPRcptTo && !sent.IsTemp() {
			kind = ErrRefused
		}
		return fmt.Errorf("%w by %s: %s, code %d", kind, s.options.Host, sent.Reason, sent.ErrorCode())
	}
	if err != nil {
		return fmt.Errorf("send mail through %s: %w", s.options.Host, err)
	}
	return nil
}

func (s *Sender) message(l Letter) (*mail.Msg, error) {
	m := mail.NewMsg()
	if err := m.FromFormat(s.options.FromName, s.options.From); err != nil {
		return nil, fmt.Errorf("sender's address %q: %w", s.options.From, err)
	}
	if err := m.To(l.To); err != nil {
		return nil, fmt.Errorf("%w: no address", ErrRefused)
	}
	m.Subject(l.Subject)
	m.SetDate()
	m.SetMessageID()
	m.SetGenHeader("Auto-Submitted", "auto-generated") // no out-of-office replies
	if l.Leave != "" {
		m.SetGenHeaderPreformatted(mail.HeaderListUnsubscribe, "<"+l.Leave+">")
		m.SetGenHeader(mail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	m.SetBodyString(mail.TypeTextPlain, l.Text)
	return m, nil
}
