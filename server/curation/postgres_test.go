package curation_test

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"tongsou/corpus/postgres/postgrestest"
	"tongsou/server/curation"
)

// server is the PostgreSQL cluster of this package's tests.
var server postgrestest.Server

func TestMain(m *testing.M) { os.Exit(server.Run(m)) }

// TestOnPostgres holds what several servers share to the same promises as a file.
func TestOnPostgres(t *testing.T) {
	server.Again(t, map[string]func(*testing.T){
		"TestKeys":                        TestKeys,
		"TestVersions":                    TestVersions,
		"TestDecisions":                   TestDecisions,
		"TestAnswersAreRememberedForADay": TestAnswersAreRememberedForADay,
	})
}

// What one server publishes another hears of at once, far within the two seconds that are promised.
func TestOthersHearOfWhatIsPublished(t *testing.T) {
	dsn := server.Database(t)
	var stores [2]*curation.Store
	for i := range stores {
		s, err := curation.OpenPostgres(t.Context(), dsn, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		stores[i] = s
	}
	heard := make(chan int64, 100)
	go stores[1].Watch(t.Context(), func(ctx context.Context) {
		if v, err := stores[1].Current(ctx); err == nil && v.ID > 0 {
			heard <- v.ID
		}
	}, slog.New(slog.DiscardHandler))
	time.Sleep(time.Second)
	if _, err := stores[0].Add(t.Context(), "张工", curation.Entry{Kind: curation.Synonym, Text: "娃娃", Term: "儿童"}); err != nil {
		t.Fatal(err)
	}
	draft, err := stores[0].Draft(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	v, err := stores[0].Publish(t.Context(), "张工", draft.Revision(), "")
	if err != nil {
		t.Fatal(err)
	}
	select {
	case id := <-heard:
		t.Logf("the other server knew after %v", time.Since(began).Round(time.Millisecond))
		if id != v.ID {
			t.Errorf("it heard of version %d, want %d", id, v.ID)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the other server was not told")
	}
}
