package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"tongsou/index"
	"tongsou/server"
	"tongsou/server/journal"
)

// counted is a journal with popular queries that counts how often it is read.
type counted struct {
	server.Journal
	stats []journal.QueryStat
	err   error
	reads *int
}

func (counted) AddSearch(journal.Search) {}

func (j counted) Queries(context.Context, journal.View, time.Time, int) ([]journal.QueryStat, error) {
	*j.reads++
	return j.stats, j.err
}

func TestPopularSearchesAreShownWhereTheyAreNames(t *testing.T) {
	reads := 0
	stats := []journal.QueryStat{
		{Query: "骂人的话", Searches: 900, Clicks: 90}, // no document bears it
		{Query: "孩子上户口", Searches: 80, Clicks: 50}, {Query: "取公积金", Searches: 60, Clicks: 9}, {Query: "补户口", Searches: 50, Clicks: 9},
		{Query: "迁户口", Searches: 40, Clicks: 9}, {Query: "公积金贷款", Searches: 30, Clicks: 9},
		{Query: "销户口", Searches: 19, Clicks: 9}, // too few
		{Query: "给狗上户口", Searches: 99},          // led nowhere
		{Query: "注销户口", Searches: 99, Clicks: 1, Empty: 60},
	}
	now := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	s := newServer(t, func(o *server.Options) {
		o.Journal, o.Now = counted{stats: stats, reads: &reads}, func() time.Time { return now }
	})
	page := get(s, "/").Body.String()
	for _, name := range []string{"孩子上户口", "取公积金", "补户口", "迁户口", "公积金贷款"} {
		if values(t, linkOf(t, page, name)).Get("q") != name {
			t.Errorf("the popular search %s is not on the front page", name)
		}
	}
	if !strings.Contains(page, "大家常搜") || strings.Contains(page, "骂人的话") || strings.Contains(page, "给狗上户口") {
		t.Error("the front page does not show just what is popular and a name")
	}
	kinds := map[string]string{}
	var answer struct{ Suggestions []index.Suggestion }
	if err := json.Unmarshal(get(s, "/api/v1/suggest?limit=20&q="+url.QueryEscape("户口")).Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	for _, sg := range answer.Suggestions {
		kinds[sg.Text] = string(sg.Kind) + sg.ID
	}
	for name, want := range map[string]string{"孩子上户口": "", "补户口": "", "销户口": "item", "注销户口": "item"} {
		if got, ok := kinds[name]; !ok || got != want {
			t.Errorf("the suggestion %s is of kind %q (%v), want %q", name, got, ok, want)
		}
	}
	if reads != 1 {
		t.Errorf("the journal was read %d times, want once", reads)
	}
	now = now.Add(11 * time.Minute)
	get(s, "/")
	if reads != 2 {
		t.Errorf("after eleven minutes the journal was read %d times in all, want 2", reads)
	}
}

func TestTheFrontPageDoesWithoutTheJournal(t *testing.T) {
	for name, j := range map[string]*counted{"broken": {err: errors.New("gone"), reads: new(int)}, "empty": {reads: new(int)}, "none": nil} {
		s := newServer(t, func(o *server.Options) {
			if j != nil {
				o.Journal = *j
			}
		})
		page := get(s, "/").Body.String()
		if get(s, "/"); j != nil && *j.reads != 1 {
			t.Errorf("a journal that is %s was read %d times, want once", name, *j.reads)
		}
		if linkOf(t, page, "孩子上户口") == "" || strings.Contains(page, "大家常搜") {
			t.Errorf("with a journal that is %s the front page has no examples, or calls them popular", name)
		}
	}
}
