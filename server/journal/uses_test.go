package journal_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"

	"tongsou/server/journal"
)

func uses(t *testing.T, j *journal.Journal) (list []journal.Uses) {
	t.Helper()
	err := j.Uses(context.Background(), day.AddDate(0, 0, -7), func(u journal.Uses) error {
		list = append(list, u)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestUsesPutTogetherWhatWasShownAndOpened(t *testing.T) {
	j := open(t, newPath(t), day, journal.Options{Shown: true})
	for range 3 {
		j.AddSearch(searched("落户", 3, true))
	}
	other := searched("落户", 3, true)
	other.Results = [][]string{{"b"}, nil, {"n"}}
	j.AddSearch(other)
	j.AddSearch(searched("社保卡", 3, true))
	for range 2 {
		j.AddClick(journal.Click{Query: "落户", ID: "b"})
	}
	j.AddClick(journal.Click{Query: "从没搜过", ID: "b"})
	settle(t, j)
	want := "[{社保卡 [{2026-03-10 [[a b c]] 1}] []} {落户 [{2026-03-10 [[a b c]] 3} {2026-03-10 [[b] [] [n]] 1}] [{2026-03-10 b 2}]}]"
	if got := fmt.Sprint(uses(t, j)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	rated, err := j.Ratings(context.Background(), day.AddDate(0, 0, -7))
	if want := "[{2026-03-10 settled 1 0}]"; err != nil || fmt.Sprint(rated) != want {
		t.Errorf("rated %v, %v, want %s", rated, err, want)
	}
}

func TestWhatIsShownIsKeptOnlyWhenAsked(t *testing.T) {
	j := open(t, newPath(t), day, journal.Options{})
	j.AddSearch(searched("落户", 3, true))
	settle(t, j)
	if got := uses(t, j); len(got) > 0 {
		t.Errorf("kept %v", got)
	}
}

// TestJournalOfTheFirstVersionIsTakenOver makes a file as the first version wrote it.
func TestJournalOfTheFirstVersionIsTakenOver(t *testing.T) {
	path := newPath(t)
	j := open(t, path, day, journal.Options{})
	j.AddSearch(searched("落户", 3, true))
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("DROP TABLE shown; PRAGMA user_version = 1"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	j = open(t, path, day, journal.Options{Shown: true})
	j.AddSearch(searched("落户", 3, true))
	settle(t, j)
	list, err := j.Queries(context.Background(), journal.Popular, day.AddDate(0, 0, -1), 9)
	if err != nil || len(list) != 1 || list[0].Searches != 2 || len(uses(t, j)) != 1 {
		t.Errorf("after the change: %v, %v, %v", list, err, uses(t, j))
	}
}
