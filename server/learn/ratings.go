package learn

import (
	"fmt"
	"hash/fnv"
	"math"
	"time"

	"tongsou/server/journal"
)

// ratingTally is what all days together say of one document: as it was, and as it weighs today.
type ratingTally struct {
	good, all             int
	days                  float64
	weightGood, weightAll float64
}

// judgeRatings compares how each document is rated with how all are. People who are content seldom say so, which is the
// same for all.
func judgeRatings(list []journal.Rated, now time.Time) map[string]judgement {
	var everybody ratingTally
	sums := map[string]*ratingTally{}
	for _, r := range list {
		t := sums[r.ID]
		if t == nil {
			t = &ratingTally{}
			sums[r.ID] = t
		}
		t.add(r, now)
		everybody.add(r, now)
	}
	usual := (everybody.weightGood + priorRating/2) / (everybody.weightAll + priorRating)
	found := map[string]judgement{}
	for id, t := range sums {
		if t.all < minRatings || t.days < minDays {
			continue
		}
		share := (t.weightGood + priorRating*usual) / (t.weightAll + priorRating)
		found[id] = judgement{clamp(2 * (share - usual)), fmt.Sprintf("近 90 天有 %d 次评价，%d 次满意", t.all, t.good)}
	}
	return found
}

func (t *ratingTally) add(r journal.Rated, now time.Time) {
	n := r.Satisfied + r.Dissatisfied
	if n == 0 {
		return
	}
	t.good, t.all, t.days = t.good+r.Satisfied, t.all+n, t.days+1
	weight := fading(r.Day, now) * min(1, ratingCap/float64(n))
	t.weightGood += weight * float64(r.Satisfied)
	t.weightAll += weight * float64(n)
}

// sum is a number that differs when what was learned does, to a hundredth.
func (m *Model) sum() uint64 {
	total := uint64(0)
	add := func(query, id string, j judgement) {
		h := fnv.New64a()
		fmt.Fprint(h, query, "\n", id, "\n", math.Round(100*j.value))
		total += h.Sum64() // in any order
	}
	for query, results := range m.opened {
		for id, j := range results {
			add(query, id, j)
		}
	}
	for id, j := range m.rated {
		add("", id, j)
	}
	return total
}
