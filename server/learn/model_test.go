package learn_test

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"tongsou/index"
	"tongsou/server/journal"
	"tongsou/server/learn"
)

var today = time.Date(2026, 6, 30, 12, 0, 0, 0, time.Local)

// diary is a journal in memory.
type diary struct {
	uses    map[string]*journal.Uses
	ratings []journal.Rated
}

func newDiary() *diary { return &diary{uses: map[string]*journal.Uses{}} }

func (d *diary) Uses(_ context.Context, _ time.Time, visit func(journal.Uses) error) error {
	for _, u := range d.uses {
		slices.SortStableFunc(u.Shown, func(a, b journal.Shown) int { return strings.Compare(a.Day, b.Day) }) // as a journal has them
		if err := visit(*u); err != nil {
			return err
		}
	}
	return nil
}

func (d *diary) Ratings(context.Context, time.Time) ([]journal.Rated, error) { return d.ratings, nil }

// day notes what happened to a query some days ago: a list shown so often, and what was opened.
func (d *diary) day(query string, ago, shown int, list string, opened map[string]int) {
	u := d.uses[query]
	if u == nil {
		u = &journal.Uses{Query: query}
		d.uses[query] = u
	}
	day := today.AddDate(0, 0, -ago).Format(time.DateOnly)
	u.Shown = append(u.Shown, journal.Shown{Day: day, Results: [][]string{strings.Fields(list)}, Times: shown})
	for id, n := range opened {
		u.Opened = append(u.Opened, journal.Opened{Day: day, ID: id, Times: n})
	}
}

// crowd is what is usual: many queries whose first result is opened half the time, the second a quarter.
func (d *diary) crowd(days int) {
	for q := range 30 {
		for ago := range days {
			d.day(fmt.Sprintf("别的%d", q), ago, 20, "x y z", map[string]int{"x": 10, "y": 5, "z": 2})
		}
	}
}

func model(t *testing.T, d *diary, now time.Time) *learn.Model {
	t.Helper()
	m, err := learn.Read(context.Background(), d, now)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// value is what the model says of a result; 0 where it says nothing.
func value(m *learn.Model, query, id string) float64 {
	use := m.For(query)
	if use == nil {
		return 0
	}
	v, evidence := use(id)
	if v != 0 && evidence == "" {
		panic(fmt.Sprintf("%g on no evidence", v))
	}
	return v
}

func TestWhatIsOpenedAsItsPlaceLetsExpectGainsNothing(t *testing.T) {
	d := newDiary()
	d.crowd(20)
	for ago := range 20 {
		d.day("落户", ago, 20, "a b c", map[string]int{"a": 10, "b": 5, "c": 2})
	}
	m := model(t, d, today)
	for _, id := range []string{"a", "b", "c"} {
		if v := value(m, "落户", id); math.Abs(v) > 0.05 {
			t.Errorf("%s, opened as everywhere, is judged %.3f", id, v)
		}
	}
}

func TestOpenedMoreOrLessThanExpected(t *testing.T) {
	d := newDiary()
	d.crowd(20)
	for ago := range 20 {
		d.day("落户", ago, 20, "a b c", map[string]int{"a": 1, "b": 18})
	}
	m := model(t, d, today)
	a, b, c := value(m, "落户", "a"), value(m, "落户", "b"), value(m, "落户", "c")
	if a > -0.5 || b < 0.5 || c > 0 {
		t.Errorf("the first that nobody opens %.2f, the second that most open %.2f, the third %.2f", a, b, c)
	}
	if v := value(m, " 落户　", "b"); v != b {
		t.Errorf("typed otherwise it is judged %.2f, want %.2f", v, b)
	}
	if v := value(m, "迁户", "b"); v != 0 {
		t.Errorf("another query takes over %.2f", v)
	}
	if v := value(model(t, d, today.AddDate(0, 0, 60)), "落户", "b"); v <= 0 || v >= b {
		t.Errorf("two months later %.2f, want less than %.2f and more than nothing", v, b)
	}
}

func TestLittleEvidenceSaysNothing(t *testing.T) {
	for name, c := range map[string]struct{ days, shown int }{"few days": {4, 500}, "seldom shown": {7, 4}} {
		d := newDiary()
		d.crowd(20)
		for ago := range c.days {
			d.day("落户", ago, c.shown, "a b", map[string]int{"b": c.shown})
		}
		if v := value(model(t, d, today), "落户", "b"); v != 0 {
			t.Errorf("%s: %.2f", name, v)
		}
	}
}

// TestNoAmountOfOpeningsPassesTheBound tries what a program could send.
func TestNoAmountOfOpeningsPassesTheBound(t *testing.T) {
	d := newDiary()
	d.crowd(90)
	for ago := range 90 {
		d.day("落户", ago, 1e6, "a b", map[string]int{"b": 1e9, "never shown": 1e9})
		d.ratings = append(d.ratings, journal.Rated{Day: today.AddDate(0, 0, -ago).Format(time.DateOnly), ID: "b", Satisfied: 1e6},
			journal.Rated{Day: today.AddDate(0, 0, -ago).Format(time.DateOnly), ID: "a", Dissatisfied: 1e6})
	}
	m := model(t, d, today)
	a, b := value(m, "落户", "a"), value(m, "落户", "b")
	if a < -1 || a > -0.5 || b > 1 || b < 0.5 {
		t.Errorf("judged %g and %g", a, b)
	}
	if v := value(m, "落户", "never shown"); v != 0 {
		t.Errorf("what was never shown is judged %g", v)
	}
}

// TestOneDayDecidesNothing has a storm of openings on one day among quiet ones.
func TestOneDayDecidesNothing(t *testing.T) {
	d := newDiary()
	d.crowd(20)
	for ago := range 20 {
		d.day("落户", ago, 20, "a b c", map[string]int{"a": 10, "b": 5, "c": 2})
	}
	before := value(model(t, d, today), "落户", "c")
	d.uses["落户"].Shown, d.uses["落户"].Opened = d.uses["落户"].Shown[1:], d.uses["落户"].Opened[3:]
	d.day("落户", 0, 1e6, "a b c", map[string]int{"c": 1e6})
	if after := value(model(t, d, today), "落户", "c"); after-before > 0.35 {
		t.Errorf("one day lifts from %.2f to %.2f", before, after)
	}
}

func TestRatings(t *testing.T) {
	d := newDiary()
	add := func(id string, days, good, bad int) {
		for ago := range days {
			d.ratings = append(d.ratings, journal.Rated{Day: today.AddDate(0, 0, -ago).Format(time.DateOnly), ID: id, Satisfied: good, Dissatisfied: bad})
		}
	}
	add("usual", 40, 2, 1)
	add("good", 20, 3, 0)
	add("bad", 20, 0, 3)
	add("four days", 4, 0, 9)
	add("one a day", 9, 0, 1)
	m := model(t, d, today)
	good, bad := value(m, "落户", "good"), value(m, "什么都行", "bad")
	if good <= 0 || good > 0.5 || bad >= -0.1 || bad < -0.5 {
		t.Errorf("good %.2f, bad %.2f; ratings may do half of what openings may", good, bad)
	}
	for _, id := range []string{"four days", "one a day"} {
		if v := value(m, "落户", id); v != 0 {
			t.Errorf("%s is judged %.2f", id, v)
		}
	}
}

func TestMarkTellsChanges(t *testing.T) {
	d := newDiary()
	d.crowd(20)
	one, two := model(t, d, today), model(t, d, today)
	for ago := range 20 {
		d.day("落户", ago, 20, "a b", map[string]int{"b": 20})
	}
	three := model(t, d, today)
	if one.Mark() != two.Mark() || one.Mark() == three.Mark() || (*learn.Model)(nil).Mark() != 0 || (*learn.Model)(nil).For("x") != nil {
		t.Errorf("marks %d, %d, %d", one.Mark(), two.Mark(), three.Mark())
	}
}

// TestPeopleDoNotLockInAWrongFirstResult lets people who look at the first results most use an engine for thirty days and
// learns every day from what they open. The engine's first answer to one query is wrong by less than the bound.
func TestPeopleDoNotLockInAWrongFirstResult(t *testing.T) {
	type result struct {
		id            string
		score, useful float64
	}
	bound := index.DefaultRanking().Use
	world := map[string][]result{"办证": {{"wrong", 0.80, 0.1}, {"right", 0.78, 0.9}, {"beside", 0.6, 0.2}}, "一样好": {{"one", 0.80, 0.5}, {"two", 0.79, 0.5}}}
	for q := range 20 {
		world[fmt.Sprintf("常见%d", q)] = []result{{"r1", 0.9, 0.8}, {"r2", 0.7, 0.3}, {"r3", 0.6, 0.2}}
	}
	queries := make([]string, 0, len(world))
	for q := range world {
		queries = append(queries, q)
	}
	slices.Sort(queries)
	random := rand.New(rand.NewPCG(1, 2))
	d := newDiary()
	var m *learn.Model
	orders := map[string][]string{}
	for day := range 30 {
		now := today.AddDate(0, 0, day-29)
		for _, q := range queries {
			list := slices.Clone(world[q])
			use := m.For(q)
			slices.SortStableFunc(list, func(a, b result) int {
				lift := func(r result) float64 {
					if use == nil {
						return r.score
					}
					v, _ := use(r.id)
					return r.score + bound*v
				}
				return cmp.Compare(lift(b), lift(a))
			})
			var ids []string
			opened := map[string]int{}
			for rank, r := range list {
				ids = append(ids, r.id)
				for range 40 {
					if random.Float64() < 1/float64(rank+1) && random.Float64() < r.useful {
						opened[r.id]++
					}
				}
			}
			orders[q] = ids
			d.day(q, 29-day, 40, strings.Join(ids, " "), opened)
		}
		m = model(t, d, now)
	}
	if got := orders["办证"][0]; got != "right" {
		t.Errorf("after thirty days %q stands first (wrong %.2f, right %.2f)", got, value(m, "办证", "wrong"), value(m, "办证", "right"))
	}
	if got := orders["常见3"][0]; got != "r1" {
		t.Errorf("a right first result was displaced by %q", got)
	}
	one, two := value(m, "一样好", "one"), value(m, "一样好", "two")
	if math.Abs(one-two) > 0.4 {
		t.Errorf("of two that are as good, the first is judged %.2f and the second %.2f: place alone has parted them", one, two)
	}
	for _, r := range world["常见3"] {
		if v := value(m, "常见3", r.id); math.Abs(v) > 0.2 {
			t.Errorf("%s, used as everywhere, is judged %.2f", r.id, v)
		}
	}
}
