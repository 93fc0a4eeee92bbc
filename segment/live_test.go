package segment_test

import (
	"strings"
	"sync"
	"testing"

	"tongsou/segment"
)

// Under the race detector: readers go on while the dictionary is changed, and see the one or the other.
func TestLiveSwapsTheDictionary(t *testing.T) {
	const text, after = "青城通卡", "青城通卡"
	other, err := segment.New(strings.NewReader(text + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	var live segment.Live
	if live.Get() != nil {
		t.Error("there is a segmenter before the first Set")
	}
	first := segmenter(t)
	if first.Version() == other.Version() {
		t.Error("an extra dictionary does not change the version")
	}
	old := cut(first, text)
	if old == after {
		t.Fatalf("%s is cut as %s already", text, old)
	}
	live.Set(first)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				if got := cut(live.Get(), text); got != old && got != after {
					t.Errorf("cut as %s", got)
				}
			}
		})
	}
	wg.Go(func() {
		for i := range 100 {
			live.Set([]*segment.Segmenter{other, first}[i%2])
		}
		live.Set(other)
	})
	wg.Wait()
	if got := cut(live.Get(), text); got != after {
		t.Errorf("after the swap cut as %s", got)
	}
}
