package server

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/server/curation"
	"tongsou/server/journal"
)

// proposal is a query that was answered badly and is near an item: perhaps the item's name in other words.
type proposal struct {
	Query string `json:"query"`
	// Searches is how often it was searched, Failed how often nothing sure was found, Dissatisfied how often somebody said so.
	Searches     int `json:"searches"`
	Failed       int `json:"failed"`
	Dissatisfied int `json:"dissatisfied"`
	// Nearest are the items that come nearest, best first; Opened what people opened from the answer all the same.
	Nearest []nearItem `json:"nearest"`
	Opened  []nearItem `json:"opened"`
}

// nearItem is an item with the official term that its name suggests.
type nearItem struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Term  string `json:"term"`
	Times int    `json:"times,omitempty"` // how often it was opened
}

// What proposals are made of.
const (
	proposalDays    = 90
	proposalQueries = 100 // how many queries are looked at
	maxProposals    = 30
	nearestItems    = 3
	openedResults   = 3
	minProposalText = 2
	minSearches     = 2 // what one person typed once is nobody else's word
)

// proposals lists the queries for which an entry of the lexicon may help, those that failed most often first.
func (c *curator) proposals(ctx context.Context) ([]proposal, error) {
	list := []proposal{}
	if c.options.Journal == nil {
		return list, nil
	}
	decided, err := c.store.Decided(ctx)
	if err != nil {
		return nil, err
	}
	since := c.options.Now().AddDate(0, 0, -proposalDays)
	for _, view := range []journal.View{journal.BadlyRated, journal.Unanswered} {
		stats, err := c.options.Journal.Queries(ctx, view, since, proposalQueries)
		if err != nil {
			return nil, err
		}
		for _, s := range stats {
			if len(list) == maxProposals {
				break
			}
			if decided[s.Query] || s.Searches+s.Dissatisfied < minSearches || utf8.RuneCountInString(s.Query) < minProposalText {
				continue
			}
			decided[s.Query] = true // once, whatever else it is listed for
			p, err := c.propose(ctx, s)
			if errors.Is(err, context.DeadlineExceeded) {
				return list, nil // the rest comes when these are decided
			}
			if err != nil {
				return nil, err
			}
			if len(p.Nearest) > 0 {
				list = append(list, *p)
			}
		}
	}
	return list, nil
}

func (c *curator) propose(ctx context.Context, s journal.QueryStat) (*proposal, error) {
	p := &proposal{Query: s.Query, Searches: s.Searches, Failed: s.Empty + s.Unsure, Dissatisfied: s.Dissatisfied, Nearest: []nearItem{}, Opened: []nearItem{}}
	res, err := c.plain.Search(ctx, index.Query{Text: s.Query, Place: c.options.Place, Limit: 20, Filter: index.Filter{Kinds: []corpus.Kind{corpus.KindItem}}})
	if errors.Is(err, index.ErrBadQuery) {
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	if res.NoAnswer == nil && s.Dissatisfied == 0 {
		return p, nil // it is answered by now
	}
	seen := map[string]bool{}
	for _, g := range res.Groups {
		for i := range g.Hits {
			near := nearItem{ID: g.Hits[i].ID, Title: g.Hits[i].PlainTitle()}
			if near.Term = termOf(near.Title); !seen[near.Term] && len(p.Nearest) < nearestItems {
				seen[near.Term] = true
				p.Nearest = append(p.Nearest, near)
			}
		}
	}
	return p, c.addOpened(ctx, p)
}

func (c *curator) addOpened(ctx context.Context, p *proposal) error {
	opened, err := c.options.Journal.OpenedFrom(ctx, p.Query, c.options.Now().AddDate(0, 0, -proposalDays), openedResults)
	if err != nil {
		return err
	}
	for _, o := range opened {
		near := nearItem{ID: o.ID, Title: o.ID, Times: o.Times}
		if doc, err := c.options.Library.Get(ctx, o.ID); err == nil { // else it is gone, and its ID must do
			near.Title, near.Term = doc.Title, termOf(doc.Title)
		}
		p.Opened = append(p.Opened, near)
	}
	return nil
}

// termOf is an item's name without what is said in brackets: 新生儿出生登记（国内出生） is 新生儿出生登记.
func termOf(title string) string {
	term, _, _ := strings.Cut(strings.ReplaceAll(title, "(", "（"), "（")
	if term = strings.TrimSpace(term); term == "" {
		return title
	}
	return term
}

func (c *curator) getProposals(w http.ResponseWriter, r *http.Request, _ principal) error {
	list, err := c.proposals(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, map[string][]proposal{"proposals": list})
}

// decision is what somebody makes of a proposal: accepted as a synonym of Term, or dismissed without one.
type decision struct {
	Query  string  `json:"query"`
	Term   string  `json:"term"`
	Weight float64 `json:"weight"`
}

// decide keeps a decision. It returns the entry that was made of an accepted proposal.
func (c *curator) decide(ctx context.Context, who principal, d decision) (*curation.Entry, error) {
	query := journal.Normalize(d.Query)
	if query == "" {
		return nil, &curation.FieldError{Field: "query", Reason: "缺少搜索词"}
	}
	if strings.TrimSpace(d.Term) == "" {
		return nil, c.store.Dismiss(ctx, who.Name, query)
	}
	e, err := c.store.Accept(ctx, who.Name, query, curation.Entry{Kind: curation.Synonym, Text: query, Term: d.Term, Weight: d.Weight, Note: "来自建议"})
	return &e, err
}

func (c *curator) decideProposal(w http.ResponseWriter, r *http.Request, who principal) error {
	var d decision
	if err := readBody(w, r, &d); err != nil {
		return err
	}
	e, err := c.decide(r.Context(), who, d)
	switch {
	case err != nil:
		return err
	case e == nil:
		return noContent(w)
	}
	return writeCreated(w, e)
}
