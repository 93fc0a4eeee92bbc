package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tongsou/index"
	"tongsou/server"
	"tongsou/server/journal"
)

// used is a journal of twenty days in which a query's second result was opened by everybody and its first by nobody, while
// the first results of other queries were opened as usual.
func used(t *testing.T, query string, shown []string, times int) *journal.Journal {
	t.Helper()
	now := time.Now().AddDate(0, 0, -20)
	j, err := journal.Open(context.Background(), filepath.Join(t.TempDir(), "journal.db"),
		journal.Options{Log: slog.New(slog.DiscardHandler), Shown: true, Now: func() time.Time { return now }, Queue: 1 << 16})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	for range 20 {
		for range times {
			j.AddSearch(journal.Search{Query: query, Items: len(shown), Results: [][]string{shown}, Sure: true})
			j.AddClick(journal.Click{Query: query, ID: shown[1]})
		}
		for q := range 5 {
			for n := range 20 {
				j.AddSearch(journal.Search{Query: fmt.Sprintf("别的%d", q), Items: 2, Results: [][]string{{"x", "y"}}, Sure: true})
				j.AddClick(journal.Click{Query: fmt.Sprintf("别的%d", q), ID: []string{"x", "y"}[n%2]})
			}
		}
		if err := j.AddFeedback(context.Background(), journal.Feedback{Kind: "search", Query: "记完一天", Satisfied: true}); err != nil {
			t.Fatal(err)
		}
		now = now.AddDate(0, 0, 1)
	}
	return j
}

// items is the answer's group of items.
func items(t *testing.T, s *server.Server, query string) []index.Hit {
	t.Helper()
	var res index.Result
	w := get(s, "/api/v1/search?explain=true&kind=item,policy&q="+strings.ReplaceAll(query, " ", "%20"))
	if err := json.Unmarshal(w.Body.Bytes(), &res); err != nil {
		t.Fatal(err)
	}
	for _, g := range res.Groups {
		if len(g.Hits) > 1 {
			return g.Hits
		}
	}
	t.Fatalf("%s finds less than two", query)
	return nil
}

// feedbackPart waits until something was learned of a hit.
func feedbackPart(t *testing.T, s *server.Server, query, id string) index.Part {
	t.Helper()
	for began := time.Now(); time.Since(began) < 20*time.Second; time.Sleep(20 * time.Millisecond) {
		for _, h := range items(t, s, query) {
			for _, p := range h.Explain {
				if h.ID == id && p.Name == "用户反馈" {
					return p
				}
			}
		}
	}
	t.Fatalf("nothing was learned of %s", id)
	return index.Part{}
}

func learning(t *testing.T, j *journal.Journal, learn bool) *server.Server {
	t.Helper()
	s := newServer(t, func(o *server.Options) { o.Journal, o.Learn = j, learn })
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestWhatPeopleOpenCountsWithinTheBoundAndIsExplained(t *testing.T) {
	const query = "社保卡"
	hits := items(t, newServer(t, nil), query)
	j := used(t, query, []string{hits[0].ID, hits[1].ID}, 20)
	s := learning(t, j, true)
	before := get(learning(t, j, false), "/api/v1/search?q="+query).Header().Get("ETag")
	bound := index.DefaultRanking().Use
	up, down := feedbackPart(t, s, query, hits[1].ID), feedbackPart(t, s, query, hits[0].ID)
	if up.Value <= 0 || up.Value > bound || down.Value >= 0 || down.Value < -bound {
		t.Errorf("what everybody opens gets %+.3f, what nobody opens %+.3f, want within %.2f", up.Value, down.Value, bound)
	}
	if !strings.Contains(up.Note, "点开 400 次") {
		t.Errorf("the evidence is %q", up.Note)
	}
	for _, h := range items(t, s, query) {
		sum := 0.0
		for _, p := range h.Explain {
			sum += p.Value
		}
		if h.ID == hits[1].ID && math.Abs(sum-h.Score) > 0.002 {
			t.Errorf("the parts add up to %.4f, the score is %.4f", sum, h.Score)
		}
	}
	if after := get(s, "/api/v1/search?q="+query).Header().Get("ETag"); after == before {
		t.Error("a browser that has the old answer is told that nothing changed")
	}
	for _, h := range items(t, learning(t, j, false), query) {
		for _, p := range h.Explain {
			if p.Name == "用户反馈" {
				t.Errorf("%s is judged by use though that is switched off", h.ID)
			}
		}
	}
}

// TestNothingDisplacesWhatIsNamed says of all other documents that everybody opens them, and of the one that the query names
// that nobody does.
func TestNothingDisplacesWhatIsNamed(t *testing.T) {
	o, err := fixture()
	if err != nil {
		t.Fatal(err)
	}
	code := ""
	for _, h := range items(t, newServer(t, nil), "社保卡") {
		if h.Card != nil && code == "" {
			code = h.Card.Code
		}
	}
	for _, text := range []string{code, "示例发〔2021〕5号"} {
		first := ""
		for _, use := range []index.Use{nil, func(id string) (float64, string) {
			if id == first {
				return -1e9, "made up"
			}
			return 1e9, "made up"
		}} {
			res, err := o.Engine.Search(context.Background(), index.Query{Text: text, Use: use, Explain: true})
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range res.Groups {
				if len(g.Hits) == 0 || g.Hits[0].Score < 100 {
					continue // nothing named in this kind
				}
				if first == "" {
					first = g.Hits[0].ID
				}
				if g.Hits[0].ID != first {
					t.Errorf("%s: %s was displaced by %s", text, first, g.Hits[0].ID)
				}
			}
		}
		if first == "" {
			t.Errorf("%s names nothing in the sample", text)
		}
	}
}

// TestNothingMovesMoreThanTheBound compares every score with and without all the use there can be.
func TestNothingMovesMoreThanTheBound(t *testing.T) {
	o, err := fixture()
	if err != nil {
		t.Fatal(err)
	}
	bound := index.DefaultRanking().Use
	for _, text := range []string{"孩子上户口", "社保卡", "公积金提取", "结婚", "劳动合同"} {
		scores := map[string]float64{}
		for _, value := range []float64{0, 1e9, -1e9} {
			res, err := o.Engine.Search(context.Background(), index.Query{Text: text, Use: func(string) (float64, string) { return value, "" }})
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range res.Groups {
				for _, h := range g.Hits {
					if before, ok := scores[h.ID]; ok && math.Abs(h.Score-before) > bound+1e-9 {
						t.Errorf("%s: use moves %s from %.3f to %.3f", text, h.ID, before, h.Score)
					}
					if value == 0 {
						scores[h.ID] = h.Score
					}
				}
			}
		}
		if len(scores) < 3 {
			t.Errorf("%s finds only %d", text, len(scores))
		}
	}
}
