package eval

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"tongsou/index"
)

// LeastAgreement is what two engines over the same documents must have in common of the first ten hits of each kind, in the
// mean over a sample of queries, to count as giving the same answers. Two that score alike differ where documents score the
// same and where a candidate was cut off: 0.998 and more over the judged sets.
const LeastAgreement = 0.95

// agreeOn is how many hits of each kind are compared: a first page.
const agreeOn = 10

// Agreement is how alike two engines answered.
type Agreement struct {
	Queries int `json:"queries"`
	// Overlap is the mean share of the first ten hits of each kind that both have, 0 to 1; 1 without queries.
	Overlap float64 `json:"overlap"`
	// Apart are the queries that were answered most differently, at most five, the worst first.
	Apart []Difference `json:"apart,omitempty"`
}

// Difference is a query with the share of the hits that both engines have.
type Difference struct {
	Query   string  `json:"query"`
	Overlap float64 `json:"overlap"`
}

// Same reports whether the engines count as giving the same answers.
func (a *Agreement) Same() bool { return a.Overlap >= LeastAgreement }

// String names the worst queries.
func (a *Agreement) String() string {
	var list []string
	for _, d := range a.Apart {
		list = append(list, fmt.Sprintf("%s %.2f", d.Query, d.Overlap))
	}
	return strings.Join(list, "、")
}

// Agree asks both engines the same queries. A query that neither takes is passed over; one that one of them alone takes is an
// error, as is a search that fails.
func Agree(ctx context.Context, one, other index.Searcher, queries []string) (*Agreement, error) {
	a := &Agreement{Overlap: 1}
	sum := 0.0
	for _, text := range queries {
		q := index.Query{Text: text, Limit: agreeOn}
		first, bad := one.Search(ctx, q)
		second, err := other.Search(ctx, q)
		if bad != nil && err != nil && ctx.Err() == nil && bad.Error() == err.Error() {
			continue
		}
		if err = cmp.Or(bad, err); err != nil {
			return nil, fmt.Errorf("compare the answers to %q: %w", text, err)
		}
		share := common(first, second)
		sum += share
		a.Queries++
		if share < 1 {
			a.Apart = append(a.Apart, Difference{text, share})
		}
	}
	slices.SortStableFunc(a.Apart, func(x, y Difference) int { return cmp.Compare(x.Overlap, y.Overlap) })
	a.Apart = a.Apart[:min(5, len(a.Apart))]
	if a.Queries > 0 {
		a.Overlap = sum / float64(a.Queries)
	}
	return a, nil
}

// common is the share of the first hits that both results have, of the larger number; 1 when neither has any.
func common(one, other *index.Result) float64 {
	has := map[string]bool{}
	for i := range one.Groups {
		for j := range one.Groups[i].Hits {
			has[one.Groups[i].Hits[j].ID] = true
		}
	}
	n, both := 0, 0
	for i := range other.Groups {
		for j := range other.Groups[i].Hits {
			n++
			if has[other.Groups[i].Hits[j].ID] {
				both++
			}
		}
	}
	if most := max(n, len(has)); most > 0 {
		return float64(both) / float64(most)
	}
	return 1
}
