package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"

	"tongsou/corpus"
	"tongsou/corpus/postgres/postgrestest"
	"tongsou/corpus/store"
)

// opener makes an empty store and returns it with where it is: a path, or an address of PostgreSQL.
type opener func(t testing.TB) (s *store.Store, place string)

// server is the PostgreSQL cluster of this package's tests.
var server postgrestest.Server

func TestMain(m *testing.M) { os.Exit(server.Run(m)) }

// onEach runs a test of the store's promises on every database that may hold one.
func onEach(t *testing.T, test func(t *testing.T, open opener)) {
	t.Run("sqlite", func(t *testing.T) { test(t, open) })
	t.Run("postgres", func(t *testing.T) { test(t, openPostgres) })
}

// open makes an empty store in a file.
func open(t testing.TB) (*store.Store, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "store.db")
	return reopen(t, path), path
}

// spare are databases that a test has done with, emptied: making one anew takes the server much longer.
var spare struct {
	sync.Mutex
	places []string
}

// openPostgres makes an empty store in PostgreSQL.
func openPostgres(t testing.TB) (*store.Store, string) {
	t.Helper()
	place := ""
	spare.Lock()
	if n := len(spare.places); n > 0 {
		place, spare.places = spare.places[n-1], spare.places[:n-1]
	}
	spare.Unlock()
	if place == "" {
		place = server.Database(t)
	}
	t.Cleanup(func() { // after the store was closed
		db := raw(t, place)
		_, err := db.Exec("TRUNCATE document, origin, run, meta, vector RESTART IDENTITY")
		if err := errors.Join(err, db.Close()); err != nil {
			t.Error(err)
			return
		}
		spare.Lock()
		defer spare.Unlock()
		spare.places = append(spare.places, place)
	})
	return reopen(t, place), place
}

func inPostgres(place string) bool { return strings.HasPrefix(place, "postgres://") }

// reopen opens the store as another process would.
func reopen(t testing.TB, place string) *store.Store {
	t.Helper()
	way := store.Open
	if inPostgres(place) {
		way = store.OpenPostgres
	}
	s, err := way(context.Background(), place)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// raw opens the database behind the store's back.
func raw(t testing.TB, place string) *sql.DB {
	t.Helper()
	driver, dsn := "sqlite", "file:"+place+"?_pragma=busy_timeout(5000)&_txlock=immediate"
	if inPostgres(place) {
		driver, dsn = "pgx", place+"&search_path="+store.Schema
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// someBytes are bytes as SQLite writes them.
var someBytes = regexp.MustCompile(`x'([0-9A-F]*)'`)

// exec changes the database behind the store's back.
func exec(t testing.TB, place, stmt string, args ...any) {
	t.Helper()
	if inPostgres(place) {
		stmt = someBytes.ReplaceAllString(stmt, `'\x$1'::bytea`)
	}
	db := raw(t, place)
	res, err := db.Exec(stmt, args...)
	if err != nil {
		t.Fatalf("%s: %v", stmt, err)
	}
	if n, err := res.RowsAffected(); strings.HasPrefix(stmt, "UPDATE") && (err != nil || n == 0) {
		t.Fatalf("%s changed nothing: %v", stmt, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func put(t testing.TB, s *store.Store, docs ...*corpus.Document) store.Summary {
	t.Helper()
	sum, err := s.Put(t.Context(), docs)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func get(t testing.TB, s *store.Store, id string) *corpus.Document {
	t.Helper()
	d, err := s.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// news is a document that nothing else is the same as.
func news(id, text string) *corpus.Document {
	return &corpus.Document{
		ID: id, Kind: corpus.KindNews, Title: "消息 " + id,
		Sections: []corpus.Section{{ID: "p1", Text: text}},
		Source:   corpus.Source{Name: "报纸", File: "2024/a.txt", Line: 3},
	}
}

// ids lists what the store holds.
func ids(t testing.TB, s *store.Store) []string {
	t.Helper()
	var list []string
	if err := s.IDs(t.Context(), func(id string, _ corpus.Kind) error {
		list = append(list, id)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return list
}

func wantIDs(t testing.TB, s *store.Store, want ...string) {
	t.Helper()
	if got := ids(t, s); !reflect.DeepEqual(got, want) {
		t.Errorf("the store holds %q, want %q", got, want)
	}
}

func wantSummary(t testing.TB, what string, got, want store.Summary) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %+v, want %+v", what, got, want)
	}
}

// wantError checks that an error says every one of the words.
func wantError(t testing.TB, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one that says %q", words)
	}
	for _, w := range words {
		if inPostgres(w) { // of an address with a password the error says all but that
			if u, e := url.Parse(w); e == nil {
				secret, _ := u.User.Password()
				if w = u.Host + u.Path; strings.Contains(err.Error(), secret) {
					t.Errorf("the error %q holds the password", err)
				}
			}
		}
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the error %q does not say %q", err, w)
		}
	}
}

func TestPutKeepsEveryField(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		s, path := open(t)
		docs := make([]*corpus.Document, 3)
		for i := range docs {
			docs[i] = new(corpus.Document)
			fill(docs[i], []byte{byte(i)})
			docs[i].ID = fmt.Sprint("d", i)
		}
		docs[0].Family = "" // what has versions has Superseded set by the store, what has none keeps its own
		docs[1].Superseded, docs[2].Superseded = "", ""
		put(t, s, docs...)
		for _, s := range []*store.Store{s, reopen(t, path)} {
			for _, want := range docs {
				if got := get(t, s, want.ID); !reflect.DeepEqual(got, want) {
					t.Errorf("got  %+v\nwant %+v", got, want)
				}
			}
		}
	})
}

func TestGetSaysWhatIsNotThere(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		s, _ := open(t)
		_, err := s.Get(t.Context(), "no-such")
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("error %v does not wrap ErrNotFound", err)
		}
		wantError(t, err, "no-such")
		put(t, s, news("gone", "一"))
		if _, err := s.Delete(t.Context(), "gone"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Get(t.Context(), "gone"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a deleted document gives %v, want ErrNotFound", err)
		}
	})
}

func TestCountAndIDs(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		s, _ := open(t)
		if seq, err := s.Sequence(t.Context()); err != nil || seq != 0 {
			t.Errorf("an empty store is at %d, %v; want 0", seq, err)
		}
		put(t, s, news("n2", "二"), news("n1", "一"), &corpus.Document{ID: "p", Kind: corpus.KindPolicy, Title: "办法"})
		put(t, s, news("n3", "三"))
		if _, err := s.Delete(t.Context(), "n3"); err != nil {
			t.Fatal(err)
		}
		counts, err := s.Count(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := map[corpus.Kind]int{corpus.KindNews: 2, corpus.KindPolicy: 1}
		if !reflect.DeepEqual(counts, want) {
			t.Errorf("counts %v, want %v", counts, want)
		}
		wantIDs(t, s, "n1", "n2", "p")
		stop := errors.New("stop")
		seen := 0
		err = s.IDs(t.Context(), func(string, corpus.Kind) error { seen++; return stop })
		if !errors.Is(err, stop) || seen != 1 {
			t.Errorf("IDs returned %v after %d visits, want the visitor's error after 1", err, seen)
		}
	})
}
