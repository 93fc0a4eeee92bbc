package journal_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tongsou/server/journal"
)

func TestMonths(t *testing.T) {
	ctx := context.Background()
	path := newPath(t)
	may := open(t, path, time.Date(2026, 5, 31, 12, 0, 0, 0, time.Local), journal.Options{Retention: 365 * 24 * time.Hour})
	here := searched("落户", 3, true)
	here.Place = "150102"
	may.AddSearch(here)
	may.AddSearch(here)
	settle(t, may)
	if err := may.Close(); err != nil {
		t.Fatal(err)
	}
	june := open(t, path, time.Date(2026, 6, 1, 12, 0, 0, 0, time.Local), journal.Options{Retention: 365 * 24 * time.Hour})
	june.AddSearch(searched("开锁", 3, false))
	june.AddSearch(journal.Search{Query: "飞碟"})
	june.AddClick(journal.Click{Query: "落户", ID: "b"})
	if err := june.AddFeedback(ctx, journal.Feedback{Kind: "item", ID: "b"}); err != nil {
		t.Fatal(err)
	}
	if err := june.AddFeedback(ctx, journal.Feedback{Kind: "search", Query: "落户"}); err != nil {
		t.Fatal(err)
	}
	searches, documents, err := june.Months(ctx, time.Date(2026, 5, 1, 0, 0, 0, 0, time.Local))
	if err != nil {
		t.Fatal(err)
	}
	want := "[{2026-05 150102 a 2 0 0} {2026-06   1 1 0} {2026-06  a 1 0 1}] [{2026-05 settled 0 1 0} {2026-06 b 1 0 1}]"
	if got := fmt.Sprint(searches, " ", documents); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if searches, _, err := june.Months(ctx, time.Date(2026, 6, 1, 0, 0, 0, 0, time.Local)); err != nil || len(searches) != 2 {
		t.Errorf("since June: %v, %v", searches, err)
	}
}
