package journal_test

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
		"TestQueriesByView":                              TestQueriesByView,
		"TestDaysAndRetention":                           TestDaysAndRetention,
		"TestFeedbackIsDurableAndMaskedWhenAcknowledged": TestFeedbackIsDurableAndMaskedWhenAcknowledged,
		"TestFullQueueDropsSearchesAndCountsThem":        TestFullQueueDropsSearchesAndCountsThem,
		"TestClosedJournalTakesNothing":                  TestClosedJournalTakesNothing,
		"TestMonths":                                     TestMonths,
		"TestUsesPutTogetherWhatWasShownAndOpened":       TestUsesPutTogetherWhatWasShownAndOpened,
		"TestWhatIsShownIsKeptOnlyWhenAsked":             TestWhatIsShownIsKeptOnlyWhenAsked,
	})
}
