package journal_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tongsou/server/journal"
)

var day = time.Date(2026, 3, 10, 9, 41, 27, 0, time.Local)

// open opens a journal in a new folder with a clock that stands at now.
func open(t *testing.T, path string, now time.Time, options journal.Options) *journal.Journal {
	t.Helper()
	options.Now = func() time.Time { return now }
	options.Log = slog.New(slog.DiscardHandler)
	way := journal.Open
	if server.Shared() {
		way = journal.OpenPostgres
	}
	j, err := way(context.Background(), path, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

func newPath(t *testing.T) string {
	if server.Shared() {
		return server.Database(t)
	}
	return filepath.Join(t.TempDir(), "journal.db")
}

// settle waits until everything that was offered before is written: feedback is acknowledged after it.
func settle(t *testing.T, j *journal.Journal) {
	t.Helper()
	if err := j.AddFeedback(context.Background(), journal.Feedback{Kind: "item", ID: "settled", Satisfied: true}); err != nil {
		t.Fatal(err)
	}
}

func searched(query string, items int, sure bool) journal.Search {
	return journal.Search{Query: query, Items: items, Sure: sure, Results: [][]string{{"a", "b", "c"}}, Took: time.Millisecond}
}

func TestQueriesByView(t *testing.T) {
	ctx := context.Background()
	j := open(t, newPath(t), day, journal.Options{})
	for range 5 {
		j.AddSearch(searched("公积金提取", 9, true))
	}
	for range 4 {
		j.AddSearch(searched("落户", 3, true))
		j.AddClick(journal.Click{Query: "落户", ID: "b"})
	}
	j.AddSearch(searched("飞碟登记", 0, false))
	j.AddSearch(searched("开锁", 2, false))
	j.AddSearch(searched("  ", 2, false))
	for _, f := range []journal.Feedback{{Kind: "search", Query: "落户"}, {Kind: "search", Query: "公积金提取", Satisfied: true}} {
		if err := j.AddFeedback(ctx, f); err != nil {
			t.Fatal(err)
		}
	}
	for view, want := range map[journal.View]string{
		journal.Popular: "公积金提取 落户 开锁 飞碟登记", journal.Unanswered: "开锁 飞碟登记",
		journal.LowClick: "公积金提取", journal.BadlyRated: "落户",
	} {
		list, err := j.Queries(ctx, view, day.AddDate(0, 0, -7), 10)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, q := range list {
			got = append(got, q.Query)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s lists %v, want %s", view, got, want)
		}
	}
	popular, err := j.Queries(ctx, journal.Popular, day.AddDate(0, 0, -7), 2)
	if err != nil {
		t.Fatal(err)
	}
	if want := (journal.QueryStat{Query: "落户", Searches: 4, Clicks: 4, Dissatisfied: 1}); len(popular) != 2 || popular[1] != want {
		t.Errorf("got %+v, want %+v second of two", popular, want)
	}
	if _, err := j.Queries(ctx, "other", day, 1); err == nil {
		t.Error("a view that there is not was listed")
	}
}

func TestDaysAndRetention(t *testing.T) {
	ctx := context.Background()
	path := newPath(t)
	old := open(t, path, day.AddDate(0, 0, -3), journal.Options{})
	old.AddSearch(searched("落户", 1, true))
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	j := open(t, path, day, journal.Options{})
	j.AddSearch(searched("落户", 0, false))
	settle(t, j)
	days, err := j.Days(ctx, day.AddDate(0, 0, -6))
	if err != nil {
		t.Fatal(err)
	}
	if len(days) != 7 || days[3].Searches != 1 || days[3].Unanswered != 0 || days[6].Searches != 1 || days[6].Unanswered != 1 || days[6].Satisfied != 1 || days[5].Searches != 0 {
		t.Errorf("got %+v", days)
	}
	trends, err := j.Trends(ctx, []string{"落户", "飞碟"}, day.AddDate(0, 0, -6))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(trends), "map[落户:[0 0 0 1 0 0 1] 飞碟:[0 0 0 0 0 0 0]]"; got != want {
		t.Errorf("trends %s, want %s", got, want)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	later := open(t, path, day, journal.Options{Retention: 48 * time.Hour})
	settle(t, later) // the writer has forgotten before it writes
	days, err = later.Days(ctx, day.AddDate(0, 0, -6))
	if err != nil {
		t.Fatal(err)
	}
	if days[3].Searches != 0 || days[6].Searches != 1 {
		t.Errorf("after forgetting: %+v", days)
	}
}

func TestFeedbackIsDurableAndMaskedWhenAcknowledged(t *testing.T) {
	ctx := context.Background()
	path := newPath(t)
	j := open(t, path, day, journal.Options{})
	said := journal.Feedback{Kind: "item", ID: "item-1", Reason: "看不懂", Text: "我叫张三，电话13912345678，请回电"}
	if err := j.AddFeedback(ctx, said); err != nil {
		t.Fatal(err)
	}
	other := open(t, path, day, journal.Options{}) // another connection sees what is on disk
	list, err := other.Comments(ctx, day.AddDate(0, 0, -1), true, 10)
	if err != nil || len(list) != 1 {
		t.Fatalf("got %v, %v", list, err)
	}
	got := list[0]
	if got.Text != "我叫〔姓名〕，电话〔电话〕，请回电" || got.ID != "item-1" || got.Satisfied || got.Time.Second() != 0 {
		t.Errorf("got %+v", got)
	}
}

// TestNothingPersonalIsInTheFile looks at the bytes: what must not be written stands nowhere in them.
func TestNothingPersonalIsInTheFile(t *testing.T) {
	path := newPath(t)
	j := open(t, path, day, journal.Options{})
	j.AddSearch(searched("查150102199001011234的社保", 1, true))
	j.AddClick(journal.Click{Query: "给13912345678回电", ID: "a"})
	if err := j.AddFeedback(context.Background(), journal.Feedback{Kind: "search", Query: "a@example.org", Reason: "13812345678", Text: "我叫张三丰"}); err != nil {
		t.Fatal(err)
	}
	for _, end := range []string{"", "-wal"} {
		raw, err := os.ReadFile(path + end)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"150102199001011234", "13912345678", "13812345678", "example", "张三丰"} {
			if bytes.Contains(raw, []byte(secret)) {
				t.Errorf("%q stands in journal.db%s", secret, end)
			}
		}
	}
}

func TestFullQueueDropsSearchesAndCountsThem(t *testing.T) {
	j := open(t, newPath(t), day, journal.Options{Queue: 1})
	const n = 5000
	for range n {
		j.AddSearch(searched("落户", 1, true))
	}
	settle(t, j)
	list, err := j.Queries(context.Background(), journal.Popular, day.AddDate(0, 0, -1), 1)
	if err != nil || len(list) != 1 {
		t.Fatalf("got %v, %v", list, err)
	}
	if j.Dropped() == 0 || int64(list[0].Searches)+j.Dropped() != n {
		t.Errorf("%d written and %d dropped of %d", list[0].Searches, j.Dropped(), n)
	}
}

func TestClosedJournalTakesNothing(t *testing.T) {
	j := open(t, newPath(t), day, journal.Options{})
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	j.AddSearch(searched("落户", 1, true))
	if err := j.AddFeedback(context.Background(), journal.Feedback{Kind: "search", Query: "落户"}); err == nil {
		t.Error("feedback was acknowledged after Close")
	}
}

func TestForeignFileIsLeftAlone(t *testing.T) {
	path := newPath(t)
	if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := journal.Open(context.Background(), path, journal.Options{}); err == nil {
		t.Error("a file that is no journal was opened")
	}
}
