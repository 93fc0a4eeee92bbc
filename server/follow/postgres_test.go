package follow_test

import (
	"os"
	"testing"

	"tongsou/corpus/postgres/postgrestest"
)

// server is the PostgreSQL cluster of this package's tests.
var server postgrestest.Server

func TestMain(m *testing.M) { os.Exit(server.Run(m)) }

// TestOnPostgres holds what several servers share to the same promises as a file.
func TestOnPostgres(t *testing.T) {
	server.Again(t, map[string]func(*testing.T){
		"TestNoteTellsWhatHappened":           TestNoteTellsWhatHappened,
		"TestNothingIsSentToWhoHasNotSaidYes": TestNothingIsSentToWhoHasNotSaidYes,
		"TestOneAddressIsNotAskedWithoutEnd":  TestOneAddressIsNotAskedWithoutEnd,
		"TestWhoTakesNoMailIsForgotten":       TestWhoTakesNoMailIsForgotten,
	})
}
