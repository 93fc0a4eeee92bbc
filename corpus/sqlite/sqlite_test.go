package sqlite_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tongsou/corpus/sqlite"
)

var form = sqlite.Form{Mark: 0x544F4E00, Schema: 2}

// open opens a file whose name holds what addresses give a meaning to.
func open(t *testing.T) (*sql.DB, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a?b#c%41.db")
	if err := sqlite.Private(path); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", sqlite.Address(path, "_pragma=busy_timeout(5000)", "_txlock=immediate"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db, path
}

func TestFilesAreToldApart(t *testing.T) {
	for _, c := range []struct {
		name   string
		do     []string
		schema int
		says   string
	}{
		{"empty", nil, 0, ""},
		{"ours", []string{"PRAGMA application_id = 1414483456", "PRAGMA user_version = 2"}, 2, ""},
		{"an older one", []string{"PRAGMA application_id = 1414483456", "PRAGMA user_version = 1"}, 1, ""},
		{"a newer one", []string{"PRAGMA application_id = 1414483456", "PRAGMA user_version = 3"}, 0, "newer tongsou (schema 3, this one knows 2); update the program"},
		{"another program's", []string{"CREATE TABLE x (y)"}, 0, "choose another data directory"},
		{"marked by another program", []string{"PRAGMA application_id = 7"}, 0, "choose another data directory"},
	} {
		db, _ := open(t)
		for _, stmt := range c.do {
			if _, err := db.ExecContext(t.Context(), stmt); err != nil {
				t.Fatal(err)
			}
		}
		schema, err := form.Identify(t.Context(), db)
		said := ""
		if err != nil {
			said = err.Error()
		}
		if schema != c.schema || (c.says == "") != (err == nil) || !strings.Contains(said, c.says) {
			t.Errorf("%s: schema %d, %q, want %d, %q", c.name, schema, said, c.schema, c.says)
		}
	}
}

func TestSigned(t *testing.T) {
	db, path := open(t)
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := form.Sign(t.Context(), tx, "CREATE TABLE x (y)"); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if schema, err := form.Identify(t.Context(), db); schema != 2 || err != nil {
		t.Errorf("a signed file has schema %d, %v", schema, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%s is not there for its owner alone: %v", path, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	broken, err := sql.Open("sqlite", sqlite.Address(path))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = broken.Close() }()
	if _, err := form.Identify(t.Context(), broken); err == nil || !strings.Contains(err.Error(), "restore it from a backup") {
		t.Errorf("a damaged file: %v", err)
	}
}
