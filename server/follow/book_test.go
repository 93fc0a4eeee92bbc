package follow_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tongsou/corpus"
	"tongsou/corpus/store"
	"tongsou/server/follow"
)

// clock is a clock that is moved by hand.
type clock struct{ now time.Time }

func newBook(t *testing.T) (*follow.Book, *clock, string) {
	t.Helper()
	c := &clock{time.Date(2026, 3, 10, 9, 0, 0, 0, time.Local)}
	path := filepath.Join(t.TempDir(), "follow.db")
	where, way := path, follow.Open
	if server.Shared() {
		where, way = server.Database(t), follow.OpenPostgres
	}
	b, err := way(context.Background(), where, follow.Options{
		Now: func() time.Time { return c.now }, KeyFile: filepath.Join(filepath.Dir(path), follow.KeyName),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b, c, path
}

func law(id, title string, effective corpus.Date) *corpus.Document {
	return &corpus.Document{ID: id, Kind: corpus.KindPolicy, Title: title, Family: title, Effective: effective,
		Source: corpus.Source{Name: id}, Sections: []corpus.Section{{ID: "a1", Label: "第一条", Text: id}}}
}

func TestNoteTellsWhatHappened(t *testing.T) {
	ctx := context.Background()
	b, _, path := newBook(t)
	s, err := store.Open(ctx, filepath.Join(filepath.Dir(path), "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	put := func(docs ...*corpus.Document) {
		t.Helper()
		if _, err := s.Put(ctx, docs); err != nil {
			t.Fatal(err)
		}
	}
	note := func(want int) {
		t.Helper()
		if n, err := b.Note(ctx, s); err != nil || n != want {
			t.Fatalf("%d things happened, %v, want %d", n, err, want)
		}
	}
	note(0)
	put(law("first", "户口办法", "2001-01-01"))
	note(1)
	b2, _, _ := newBook(t)
	if n, err := b2.Note(ctx, s); err != nil || n != 0 {
		t.Errorf("what was there before is told as %d news, %v", n, err)
	}
	put(law("second", "户口办法", "2020-05-01"), law("other", "取暖办法", "2019-01-01"))
	note(3)
	other := law("other", "取暖办法", "2019-01-01")
	other.Repealed = "2026-07-01"
	put(other)
	note(1)
	again := *other
	again.Source.File = "elsewhere.md"
	put(&again)
	note(0)
	again.Sections = []corpus.Section{{ID: "a1", Text: "改了字"}}
	put(&again)
	if _, err := s.Delete(ctx, "second"); err != nil {
		t.Fatal(err)
	}
	note(3) // the text, the deletion, and the first is in force again
	list, err := b.Changes(ctx, 0, 20, "first", "second", "other")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range list {
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s", c.ID, c.What, c.Since)))
	}
	for _, want := range []string{"first 新收录", "first 被修订 2020-05-01", "second 新收录", "other 新收录", "other 被废止 2026-07-01", "other 有更新", "second 已撤下"} {
		if !strings.Contains(strings.Join(got, "\n")+"\n", want+"\n") {
			t.Errorf("%q is not among\n%s", want, strings.Join(got, "\n"))
		}
	}
	if times, err := b.Times(ctx, "other", "second"); err != nil || len(times) != 1 {
		t.Errorf("times %v, %v", times, err)
	}
	if last, err := b.LastChange(ctx); err != nil || last != list[0].Number {
		t.Errorf("the last change is %d, %v, want %d", last, err, list[0].Number)
	}
}

func wish(email, target string) follow.Wish {
	return follow.Wish{Email: email, Kind: follow.Search, Target: target, Label: target}
}

func add(t *testing.T, b *follow.Book, email, target string) {
	t.Helper()
	if err := b.Add(context.Background(), wish(email, target)); err != nil {
		t.Fatal(err)
	}
}

// waiting are those to be asked.
func waiting(t *testing.T, b *follow.Book) []follow.Subscription {
	t.Helper()
	list, err := b.ToConfirm(context.Background(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestNothingIsSentToWhoHasNotSaidYes(t *testing.T) {
	ctx := context.Background()
	b, c, _ := newBook(t)
	add(t, b, "zhang@example.org", "q=落户")
	asked := waiting(t, b)
	if len(asked) != 1 || asked[0].Confirmed || len(asked[0].Token) < 20 || asked[0].Token == asked[0].Leave {
		t.Fatalf("to ask: %+v", asked)
	}
	if err := b.Asked(ctx, asked[0].ID); err != nil {
		t.Fatal(err)
	}
	if due, err := b.Due(ctx, 10); err != nil || len(due) > 0 || len(waiting(t, b)) > 0 {
		t.Errorf("due %v, %v", due, err)
	}
	if err := b.Confirm(ctx, "guessed", follow.Seen{}); !errors.Is(err, follow.ErrNoToken) {
		t.Errorf("a guessed token: %v", err)
	}
	if err := b.Confirm(ctx, asked[0].Token, follow.Seen{IDs: []string{"a"}}); err != nil {
		t.Fatal(err)
	}
	if err := b.Confirm(ctx, asked[0].Token, follow.Seen{}); err != nil {
		t.Errorf("a second yes: %v", err)
	}
	due, err := b.Due(ctx, 10)
	if err != nil || len(due) != 1 || fmt.Sprint(due[0][0].Seen.IDs) != "[a]" {
		t.Fatalf("due %v, %v", due, err)
	}
	if err := b.Told(ctx, due[0], true); err != nil {
		t.Fatal(err)
	}
	c.now = c.now.Add(23 * time.Hour)
	if due, err := b.Due(ctx, 10); err != nil || len(due) > 0 {
		t.Errorf("a second time on one day: %v, %v", due, err)
	}
	c.now = c.now.Add(time.Hour)
	if due, err := b.Due(ctx, 10); err != nil || len(due) != 1 {
		t.Errorf("a day later: %v, %v", due, err)
	}
}

func TestUnconfirmedAndLeftAddressesAreGoneFromTheFile(t *testing.T) {
	ctx := context.Background()
	b, c, path := newBook(t)
	add(t, b, "never@example.org", "q=1")
	add(t, b, "leaves@example.org", "q=1")
	add(t, b, "leaves@example.org", "q=2")
	var leave string
	for _, s := range waiting(t, b) {
		if s.Email == "leaves@example.org" {
			leave = s.Leave
			if err := b.Confirm(ctx, s.Token, follow.Seen{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	list, err := b.Of(ctx, leave)
	if err != nil || len(list) != 2 {
		t.Fatalf("follows %v, %v", list, err)
	}
	if err := b.Leave(ctx, "guessed", list[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := b.Leave(ctx, leave, list[0].ID); err != nil {
		t.Fatal(err)
	}
	if list, err = b.Of(ctx, leave); err != nil || len(list) != 1 {
		t.Fatalf("after leaving one: %v, %v", list, err)
	}
	for range 2 {
		if err := b.Leave(ctx, leave, 0); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Of(ctx, leave); !errors.Is(err, follow.ErrNoToken) {
		t.Errorf("after leaving all: %v", err)
	}
	c.now = c.now.Add(49 * time.Hour)
	if err := b.Forget(ctx); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(raw, []byte("example.org")) {
		t.Error("an address stands in the file after its owner has left")
	}
}

func TestOneAddressIsNotAskedWithoutEnd(t *testing.T) {
	ctx := context.Background()
	b, c, _ := newBook(t)
	for i := range 20 {
		add(t, b, "zhang@example.org", fmt.Sprint("q=", i))
	}
	list := waiting(t, b)
	if len(list) != 5 {
		t.Errorf("is asked %d times at once", len(list))
	}
	for _, s := range list {
		if err := b.Asked(ctx, s.ID); err != nil {
			t.Fatal(err)
		}
	}
	add(t, b, "zhang@example.org", "q=1")
	if n := len(waiting(t, b)); n != 0 {
		t.Errorf("asked again at once: %d", n)
	}
	c.now = c.now.Add(2 * time.Hour)
	add(t, b, "zhang@example.org", "q=1")
	if n := len(waiting(t, b)); n != 1 {
		t.Errorf("asked for anew after two hours, %d wait", n)
	}
}

func TestWhoTakesNoMailIsForgotten(t *testing.T) {
	ctx := context.Background()
	b, _, _ := newBook(t)
	add(t, b, "gone@example.org", "q=1")
	s := waiting(t, b)[0]
	if err := b.Confirm(ctx, s.Token, follow.Seen{}); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		if _, err := b.Of(ctx, s.Leave); err != nil {
			t.Fatalf("forgotten after %d refusals: %v", i, err)
		}
		if err := b.Refused(ctx, "gone@example.org"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Of(ctx, s.Leave); !errors.Is(err, follow.ErrNoToken) {
		t.Errorf("after five refusals: %v", err)
	}
}

func TestCleanAddress(t *testing.T) {
	for in, want := range map[string]string{
		" zhang@Example.ORG ": "zhang@example.org", "a.b+c@mail.example.org": "a.b+c@mail.example.org",
		"": "", "zhang": "", "zhang@localhost": "", "张三 <zhang@example.org>": "", "a@b.org, c@d.org": "", "a@b.org\r\nBcc: c@d.org": "",
		"张三@example.org": "", "a b@example.org": "", "a@[127.0.0.1]": "", "a@b.org.": "", strings.Repeat("a", 70) + "@b.org": "",
	} {
		if got, err := follow.CleanAddress(in); got != want || (err == nil) != (want != "") {
			t.Errorf("%q is read as %q, %v, want %q", in, got, err, want)
		}
	}
}

func TestForeignFileIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "follow.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := follow.Open(context.Background(), path, follow.Options{}); err == nil {
		t.Error("a file that is no book was opened")
	}
}
