package curation_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tongsou/server/curation"
)

// clock is a time that a test moves.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

func open(t *testing.T, c *clock) (*curation.Store, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "curation.db")
	way := curation.Open
	if server.Shared() {
		path, way = server.Database(t), curation.OpenPostgres
	}
	s, err := way(context.Background(), path, c.now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, path
}

func noon() *clock { return &clock{time.Date(2026, 1, 1, 12, 0, 0, 0, time.Local)} }

func TestKeys(t *testing.T) {
	ctx, c := context.Background(), noon()
	s, path := open(t, c)
	k, secret, err := s.CreateKey(ctx, "站长", curation.NewKey{Name: " 张工 ", Role: curation.Editor, Days: 30})
	if err != nil || k.Name != "张工" || len(secret) < 64 {
		t.Fatalf("%+v %d %v", k, len(secret), err)
	}
	other, otherSecret, err := s.CreateKey(ctx, "站长", curation.NewKey{Name: "门户", Role: curation.Reader})
	if err != nil || otherSecret == secret {
		t.Fatal(err)
	}
	if got, err := s.Identify(ctx, " "+secret+"\n"); err != nil || got.ID != k.ID || got.Role != curation.Editor {
		t.Errorf("the key is %+v, %v", got, err)
	}
	parts := strings.Split(secret, "_")
	for what, text := range map[string]string{
		"nothing": "", "the ID alone": k.ID, "another's secret": "tongsou_" + other.ID + "_" + parts[2], "no secret": "tongsou_" + k.ID + "_",
		"an unknown ID": "tongsou_00000000_" + parts[2], "one digit less": secret[:len(secret)-1], "a zero secret": "tongsou_00000000_" + strings.Repeat("0", 64),
	} {
		if _, err := s.Identify(ctx, text); !errors.Is(err, curation.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	c.Time = c.AddDate(0, 0, 30)
	if _, err := s.Identify(ctx, secret); !errors.Is(err, curation.ErrNotFound) {
		t.Errorf("after its days: %v", err)
	}
	if err := s.Revoke(ctx, "站长", other.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Identify(ctx, otherSecret); !errors.Is(err, curation.ErrNotFound) {
		t.Errorf("revoked: %v", err)
	}
	if err := s.Revoke(ctx, "站长", "nobody"); !errors.Is(err, curation.ErrNotFound) {
		t.Errorf("revoking nobody's: %v", err)
	}
	if log, err := s.Changes(ctx, 0, 10); err != nil || len(log) != 3 || log[0].Action != curation.KeyRevoked || log[0].Who != "站长" || log[0].Before == log[0].After {
		t.Errorf("log %+v, %v", log, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if server.Shared() {
		return // what follows is of files
	}
	raw, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(raw), parts[2]) || strings.Contains(string(raw), otherSecret) {
		t.Errorf("the file holds a secret, %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file may be read by others: %v %v", info.Mode(), err)
	}
}

func TestKeysThatAreRefused(t *testing.T) {
	s, _ := open(t, noon())
	for field, n := range map[string]curation.NewKey{
		"name": {Role: curation.Reader}, "role": {Name: "x", Role: "admin"}, "days": {Name: "x", Role: curation.Reader, Days: -1},
	} {
		var wrong *curation.FieldError
		if _, _, err := s.CreateKey(context.Background(), "站长", n); !errors.As(err, &wrong) || wrong.Field != field {
			t.Errorf("%+v: %v", n, err)
		}
	}
}

func TestRoles(t *testing.T) {
	for _, c := range []struct {
		have, need curation.Role
		may        bool
	}{
		{curation.Owner, curation.Reader, true}, {curation.Editor, curation.Editor, true}, {curation.Reader, curation.Editor, false},
		{"", curation.Reader, false}, {curation.Owner, "", false}, {"root", "root", false},
	} {
		if got := c.have.May(c.need); got != c.may {
			t.Errorf("%q may %q: %v", c.have, c.need, got)
		}
	}
}

func TestEntriesThatAreRefused(t *testing.T) {
	s, _ := open(t, noon())
	long := strings.Repeat("长", 61)
	for _, c := range []struct {
		field string
		entry curation.Entry
	}{
		{"kind", curation.Entry{Text: "户口"}},
		{"text", curation.Entry{Kind: curation.Synonym, Term: "户口登记"}},
		{"text", curation.Entry{Kind: curation.Synonym, Text: "户", Term: "户口登记"}},
		{"text", curation.Entry{Kind: curation.Pin, Text: long, Documents: []string{"x"}}},
		{"term", curation.Entry{Kind: curation.Synonym, Text: "上户口", Term: " 上 户口"}},
		{"text", curation.Entry{Kind: curation.Synonym, Text: "……", Term: "户口登记"}},
		{"term", curation.Entry{Kind: curation.Synonym, Text: "上户口", Term: "！"}},
		{"term", curation.Entry{Kind: curation.Synonym, Text: "上户口", Term: "上戶口"}},
		{"text", curation.Entry{Kind: curation.Deny, Text: "户！"}},
		{"text", curation.Entry{Kind: curation.Hide, Text: "？", Documents: []string{"x"}}},
		{"weight", curation.Entry{Kind: curation.Synonym, Text: "上户口", Term: "户口登记", Weight: 1.1}},
		{"documents", curation.Entry{Kind: curation.Pin, Text: "上户口", Documents: []string{" "}}},
		{"from", curation.Entry{Kind: curation.Pin, Text: "上户口", Documents: []string{"x"}, From: "2026-02-30"}},
		{"until", curation.Entry{Kind: curation.Pin, Text: "上户口", Documents: []string{"x"}, From: "2026-02-02", Until: "2026-02-01"}},
		{"documents", curation.Entry{Kind: curation.Hide}},
		{"text", curation.Entry{Kind: curation.Deny, Text: "户"}},
		{"note", curation.Entry{Kind: curation.Deny, Text: "户口", Note: strings.Repeat("长", 201)}},
	} {
		var wrong *curation.FieldError
		if _, err := s.Add(context.Background(), "张工", c.entry); !errors.As(err, &wrong) || wrong.Field != c.field {
			t.Errorf("%+v: %v, want a fault of %s", c.entry, err, c.field)
		}
	}
}

// TestVersions walks through a day's work: add, publish, change, publish, undo.
func TestVersions(t *testing.T) {
	ctx := context.Background()
	s, _ := open(t, noon())
	one, err := s.Add(ctx, "张工", curation.Entry{Kind: curation.Synonym, Text: "落户口", Term: "户口登记"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Add(ctx, "张工", curation.Entry{Kind: curation.Synonym, Text: "落户口", Term: "户口登记"}); err == nil {
		t.Error("the same is taken twice")
	}
	publish := func() curation.Version {
		t.Helper()
		draft, err := s.Draft(ctx)
		if err != nil {
			t.Fatal(err)
		}
		v, err := s.Publish(ctx, "张工", draft.Revision(), "")
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	first := publish()
	one.Term = "出生登记"
	if _, err := s.Replace(ctx, "李工", one); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Publish(ctx, "张工", first.Entries.Revision(), ""); !errors.Is(err, curation.ErrStale) {
		t.Errorf("publishing what nobody looked at: %v", err)
	}
	pin, err := s.Add(ctx, "李工", curation.Entry{Kind: curation.Pin, Text: "户口", Documents: []string{"a", "a", "b"}})
	if err != nil || !slices.Equal(pin.Documents, []string{"a", "b"}) {
		t.Fatalf("%+v %v", pin, err)
	}
	second := publish()
	if draft, _ := s.Draft(ctx); len(curation.Differing(draft, second.Entries)) > 0 || len(curation.Differing(first.Entries, second.Entries)) != 3 {
		t.Errorf("first %+v, second %+v", first, second)
	}
	if _, err := s.Publish(ctx, "张工", second.Entries.Revision(), ""); !errors.Is(err, curation.ErrNothing) {
		t.Errorf("publishing nothing new: %v", err)
	}
	if _, err := s.Undo(ctx, "张工", first.ID); !errors.Is(err, curation.ErrStale) {
		t.Errorf("undoing an old version: %v", err)
	}
	third, err := s.Undo(ctx, "张工", second.ID)
	if err != nil || third.ID != 3 || third.Entries.Revision() != first.Entries.Revision() {
		t.Fatalf("undone to %+v, %v", third, err)
	}
	if draft, _ := s.Draft(ctx); draft.Revision() != first.Entries.Revision() {
		t.Errorf("the draft is %+v", draft)
	}
	if next, err := s.Add(ctx, "李工", curation.Entry{Kind: curation.Deny, Text: "户口"}); err != nil || next.ID <= pin.ID {
		t.Errorf("an ID comes again: %+v %v", next, err)
	}
	if err := s.Remove(ctx, "李工", one.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(ctx, "李工", one.ID); !errors.Is(err, curation.ErrNotFound) {
		t.Errorf("removing it again: %v", err)
	}
	if err := s.Drop(ctx, "李工"); err != nil {
		t.Fatal(err)
	}
	if draft, _ := s.Draft(ctx); draft.Revision() != first.Entries.Revision() {
		t.Errorf("the dropped draft is %+v", draft)
	}
	log, err := s.Changes(ctx, 0, 100)
	var actions []string
	for _, c := range log {
		actions = append(actions, string(c.Action)+" "+c.Who)
	}
	want := "draft.drop 李工|entry.remove 李工|entry.add 李工|undo 张工|publish 张工|entry.add 李工|entry.change 李工|publish 张工|entry.add 张工"
	if got := strings.Join(actions, "|"); err != nil || got != want {
		t.Errorf("log %s, %v", got, err)
	}
	if more, err := s.Changes(ctx, log[4].ID, 2); err != nil || len(more) != 2 || more[0].ID != log[5].ID {
		t.Errorf("the log goes on with %+v, %v", more, err)
	}
}

// TestUndoGoesBackAndForth publishes three states, undoes all of them one after another, does them again, jumps, and goes on
// from the middle.
func TestUndoGoesBackAndForth(t *testing.T) {
	ctx := context.Background()
	s, _ := open(t, noon())
	if steps, err := s.Steps(ctx); err != nil || steps != (curation.Steps{}) {
		t.Errorf("steps before anything: %+v, %v", steps, err)
	}
	if _, err := s.Restore(ctx, "张工", 0, 0); !errors.Is(err, curation.ErrNothing) {
		t.Errorf("restoring before anything: %v", err)
	}
	publish := func(text string) curation.Version {
		t.Helper()
		if _, err := s.Add(ctx, "张工", curation.Entry{Kind: curation.Deny, Text: text + "某"}); err != nil {
			t.Fatal(err)
		}
		draft, err := s.Draft(ctx)
		if err != nil {
			t.Fatal(err)
		}
		v, err := s.Publish(ctx, "张工", draft.Revision(), "")
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	texts := func() (list string) {
		now, err := s.Current(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range now.Entries {
			list += strings.TrimSuffix(e.Text, "某")
		}
		return list
	}
	// is holds what is in force and where the steps lead; -1 is no step.
	is := func(want string, undo, redo int64) {
		t.Helper()
		steps, err := s.Steps(ctx)
		if err != nil {
			t.Fatal(err)
		}
		got := [2]int64{-1, -1}
		for i, step := range []*int64{steps.Undo, steps.Redo} {
			if step != nil {
				got[i] = *step
			}
		}
		if texts() != want || got != [2]int64{undo, redo} {
			t.Errorf("in force %q, steps %v, want %q and %d, %d", texts(), got, want, undo, redo)
		}
	}
	undo := func() {
		t.Helper()
		now, _ := s.Current(ctx)
		if _, err := s.Undo(ctx, "李工", now.ID); err != nil {
			t.Fatal(err)
		}
	}
	restore := func(to int64) {
		t.Helper()
		now, _ := s.Current(ctx)
		if v, err := s.Restore(ctx, "李工", now.ID, to); err != nil || v.ID <= now.ID {
			t.Fatal(v, err)
		}
	}
	publish("甲") // 1
	publish("乙") // 2
	publish("丙") // 3
	is("甲乙丙", 2, -1)
	undo() // 4
	is("甲乙", 1, 3)
	undo() // 5
	is("甲", 0, 2)
	undo() // 6
	is("", -1, 1)
	now, _ := s.Current(ctx)
	if _, err := s.Undo(ctx, "李工", now.ID); !errors.Is(err, curation.ErrNothing) {
		t.Errorf("undoing beyond the beginning: %v", err)
	}
	restore(1) // 7
	is("甲", 0, 2)
	restore(2) // 8
	is("甲乙", 1, 3)
	if _, err := s.Restore(ctx, "李工", 7, 3); !errors.Is(err, curation.ErrStale) {
		t.Errorf("restoring beside another who did: %v", err)
	}
	if _, err := s.Restore(ctx, "李工", 8, 4); !errors.Is(err, curation.ErrNothing) {
		t.Errorf("restoring what is in force: %v", err)
	}
	if _, err := s.Restore(ctx, "李工", 8, 99); !errors.Is(err, curation.ErrNotFound) {
		t.Errorf("restoring what never was: %v", err)
	}
	publish("丁") // 9
	is("甲乙丁", 2, -1)
	undo() // 10: what was undone before 丁 was published is no longer the next
	is("甲乙", 1, 9)
	restore(3) // 11: and yet it can be had
	is("甲乙丙", 2, -1)
	restore(0) // 12
	is("", -1, 1)
	if draft, _ := s.Draft(ctx); len(draft) != 0 {
		t.Errorf("the draft is %v", draft)
	}
	log, err := s.Changes(ctx, 0, 1)
	if err != nil || len(log) != 1 || log[0].Action != curation.Restored {
		t.Errorf("the log ends with %+v, %v", log, err)
	}
	if list, err := s.Versions(ctx, 50); err != nil || len(list) != 12 || list[1].Of != 3 || list[1].Who != "李工" || !strings.Contains(list[1].Note, "恢复第 3 版") {
		t.Errorf("versions %+v, %v", list, err)
	}
}

// TestOldFilesAreUpgraded opens a file as it was before versions knew what they repeat.
func TestOldFilesAreUpgraded(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "curation.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile("testdata/schema1.sql")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(ctx, string(raw)); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second finds it done
		s, err := curation.Open(ctx, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		steps, err := s.Steps(ctx)
		if err != nil || steps.Current != 2 || steps.Undo == nil || *steps.Undo != 1 || steps.Redo != nil {
			t.Errorf("steps %+v, %v", steps, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDecisions(t *testing.T) {
	ctx := context.Background()
	s, _ := open(t, noon())
	if _, err := s.Accept(ctx, "张工", "落户口", curation.Entry{Kind: curation.Synonym, Text: "落户口"}); err == nil {
		t.Error("an entry without a term is accepted")
	}
	if _, err := s.Accept(ctx, "张工", "飞碟证", curation.Entry{Kind: curation.Synonym, Text: "飞碟证", Term: "居住证"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Dismiss(ctx, "张工", "啊啊"); err != nil {
		t.Fatal(err)
	}
	decided, err := s.Decided(ctx)
	if err != nil || len(decided) != 2 || !decided["飞碟证"] || !decided["啊啊"] {
		t.Errorf("decided %v, %v", decided, err)
	}
	if draft, _ := s.Draft(ctx); len(draft) != 1 {
		t.Errorf("draft %v", draft)
	}
}

func TestAnswersAreRememberedForADay(t *testing.T) {
	ctx, c := context.Background(), noon()
	s, _ := open(t, c)
	a := curation.Answer{Body: "b", Status: 200, Answer: []byte("{}")}
	if err := s.Remember(ctx, "k", a); err != nil {
		t.Fatal(err)
	}
	c.Time = c.Add(24*time.Hour - time.Second)
	if got, ok, err := s.Answered(ctx, "k"); err != nil || !ok || got.Body != "b" || got.Status != 200 || string(got.Answer) != "{}" {
		t.Errorf("%+v %v %v", got, ok, err)
	}
	c.Time = c.Add(time.Second)
	if _, ok, err := s.Answered(ctx, "k"); err != nil || ok {
		t.Errorf("after a day: %v %v", ok, err)
	}
}

func TestOpenRefusesForeignFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "curation.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := curation.Open(context.Background(), path, nil); err == nil {
		t.Error("a file that is no database is taken")
	}
}
