package postgres_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"tongsou/corpus/postgres"
	"tongsou/corpus/postgres/postgrestest"
)

// server is the cluster of this package's tests.
var server postgrestest.Server

func TestMain(m *testing.M) { os.Exit(server.Run(m)) }

func files(names ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for i := 0; i < len(names); i += 2 {
		m["migrations/"+names[i]] = &fstest.MapFile{Data: []byte(names[i+1])}
	}
	return m
}

func open(t testing.TB, dsn string, migrations fstest.MapFS) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), postgres.Options{DSN: dsn, Schema: "part", Migrations: migrations})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

const one = "CREATE TABLE thing (id integer PRIMARY KEY, name text, data bytea); INSERT INTO thing VALUES (1, 'it''s ?', NULL); -- what?"

func TestValuesAreNamed(t *testing.T) {
	db := open(t, server.Database(t), files("0001_one.sql", one))
	for _, c := range []struct {
		query string
		args  []any
		want  string
	}{
		{"SELECT name FROM thing WHERE id = ? AND name <> ?", []any{1, "x"}, "it's ?"},
		{"SELECT name || ? || ? FROM thing", []any{"a", "b"}, "it's ?ab"},
		{"SELECT ?2 || ?1 || ?2", []any{"a", "b"}, "bab"},
		{"SELECT '?' || ? -- why?\n || 'it''s?' || ?", []any{"a", "b"}, "?ait's?b"},
		{`SELECT "name" || ? FROM thing AS "what?"`, []any{"\xff\x00"}, "it's ?\ufffd\ufffd"},
		{"SELECT '?", nil, ""},
	} {
		var got string
		err := db.QueryRowContext(t.Context(), c.query, c.args...).Scan(&got)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v, want %q", c.query, got, err, c.want)
		}
	}
}

func TestMigrationsRunOnceAndInOrder(t *testing.T) {
	dsn := server.Database(t)
	open(t, dsn, files("0001_one.sql", one))
	open(t, dsn, files("0001_one.sql", one))
	two := files("0001_one.sql", one, "0002_two.sql", "ALTER TABLE thing ADD COLUMN more text NOT NULL DEFAULT ''")
	db := open(t, dsn, two)
	var n int
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM thing WHERE more = ''").Scan(&n); err != nil || n != 1 {
		t.Errorf("%d rows, %v, want 1", n, err)
	}
}

func TestMigrationsAtTheSameMoment(t *testing.T) {
	dsn := server.Database(t)
	failed := make(chan error)
	for range 8 {
		go func() {
			db, err := postgres.Open(t.Context(), postgres.Options{DSN: dsn, Schema: "part", Migrations: files("0001_one.sql", one)})
			if err == nil {
				err = db.Close()
			}
			failed <- err
		}()
	}
	for range 8 {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
}

func TestAFailedMigrationLeavesEverythingAsItWas(t *testing.T) {
	dsn := server.Database(t)
	bad := files("0001_one.sql", one, "0002_two.sql", "CREATE TABLE other (id integer); SELECT 1/0")
	if db, err := postgres.Open(t.Context(), postgres.Options{DSN: dsn, Schema: "part", Migrations: bad}); err == nil {
		_ = db.Close()
		t.Fatal("a migration that fails was taken for done")
	} else if !strings.Contains(err.Error(), "0002_two.sql") {
		t.Errorf("the error %q does not name the migration", err)
	}
	open(t, dsn, files("0001_one.sql", one)) // it runs as if for the first time
}

// No error may hold the password, whatever is wrong with the address.
func TestOpenSaysWhatIsWrong(t *testing.T) {
	dsn := server.Database(t)
	newer := files("0001_one.sql", one, "0002_two.sql", "SELECT 1", "0003_three.sql", "SELECT 1")
	open(t, dsn, newer)
	secret := strings.Split(strings.Split(dsn, "@")[0], ":")[2]
	for _, c := range []struct {
		name, dsn string
		want      []string
	}{
		{"newer", dsn, []string{"newer tongsou", "schema 3", "knows 1", "update the program"}},
		{"wrong password", strings.Replace(dsn, secret, secret+"x", 1), []string{"password", "postgres.dsn"}},
		{"no database", strings.Replace(dsn, "/t", "/none", 1), []string{"does not exist", "createdb"}},
		{"no server", "postgres://postgres:" + secret + "@127.0.0.1:1/x?sslmode=disable", []string{"check that the server runs"}},
		{"no address", "postgres://postgres:" + secret + "@host:port/x", []string{"postgres://user:password@"}},
		{"nonsense", secret, []string{"postgres://user:password@"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, err := postgres.Open(t.Context(), postgres.Options{DSN: c.dsn, Schema: "part", Migrations: files("0001_one.sql", one)})
			if err == nil {
				_ = db.Close()
				t.Fatal("no error")
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("the error %q does not say %q", err, w)
				}
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error holds the password: %q", err)
			}
		})
	}
}
