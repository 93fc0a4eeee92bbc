package store_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"tongsou/corpus/store"
)

func TestRunsAreRecorded(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		s, path := open(t)
		began := time.Date(2024, 5, 6, 7, 8, 9, 0, time.FixedZone("北京", 8*3600))
		first := store.Run{
			Source: "报纸", Started: began, Finished: began.Add(time.Minute),
			Summary: store.Summary{Added: 5, Updated: 4, Unchanged: 3, Linked: 2, Deleted: 1, Sequence: 10},
			Faults:  []string{"a.txt:3: 标题: 缺少标题", "b.txt: 打不开"},
		}
		second := store.Run{Source: "网站", Started: began.Add(time.Hour), Finished: began.Add(2 * time.Hour)}
		for _, r := range []store.Run{first, second} {
			if err := s.AddRun(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		runs, err := reopen(t, path).Runs(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(runs) != 2 || runs[0].ID <= runs[1].ID {
			t.Fatalf("runs %+v, want two, newest first", runs)
		}
		for i, want := range []store.Run{second, first} {
			got := runs[i]
			if !got.Started.Equal(want.Started) || !got.Finished.Equal(want.Finished) {
				t.Errorf("times %v to %v, want %v to %v", got.Started, got.Finished, want.Started, want.Finished)
			}
			want.ID, want.Started, want.Finished = got.ID, got.Started, got.Finished
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
		}
		if runs, err = s.Runs(t.Context(), 1); err != nil || len(runs) != 1 || runs[0].Source != "网站" {
			t.Errorf("the latest run is %+v, %v; want that of 网站", runs, err)
		}
	})
}

func TestRunsKeepTheFirstThousandFaults(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		s, _ := open(t)
		faults := make([]string, 1500)
		for i := range faults {
			faults[i] = fmt.Sprint("错", i)
		}
		if err := s.AddRun(t.Context(), store.Run{Source: "x", Faults: faults}); err != nil {
			t.Fatal(err)
		}
		runs, err := s.Runs(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(runs[0].Faults, faults[:1000]) {
			t.Errorf("%d faults kept, want the first 1000", len(runs[0].Faults))
		}
	})
}
