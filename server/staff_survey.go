package server

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"tongsou/corpus"
)

// Bounds of a survey: how many documents are read at once, how long a page waits for one under way, and how many faults
// of one body are listed; further ones are counted.
const (
	surveyBatch = 500
	surveyWait  = 2 * time.Second
	maxFaults   = 1000
)

// survey is what going through the whole store says: what is wrong with the documents of each body, and which items are
// not the same everywhere.
type survey struct {
	Sequence uint64
	// Broken says that the store could not be read to its end.
	Broken    bool
	Documents int
	Faults    int
	Bodies    []*bodyQuality // those with the most faults first
	Spread    []*itemSpread  // items that differ between places, those of the most places first
}

// bodyQuality is what the checks say of one implementing or issuing body.
type bodyQuality struct {
	Name      string
	Documents int
	Faulty    int // documents with a fault
	Faults    int
	Fields    []namedCount
	List      []documentFault // at most maxFaults
	fields    map[string]int
}

// Sound is the share of the documents without a fault, in percent.
func (b *bodyQuality) Sound() int {
	if b.Documents == 0 {
		return 100
	}
	return (b.Documents - b.Faulty) * 100 / b.Documents
}

type namedCount struct {
	Name  string
	Count int
}

// documentFault is one problem of one document.
type documentFault struct {
	ID, Title, Region string
	Kind              corpus.Kind
	corpus.Problem
}

// itemSpread is an item that several places have.
type itemSpread struct {
	Title   string
	IDs     []string
	Differs []string // in what: 承诺时限, 收费 …
	first   map[string]string
}

// surveyor makes surveys in the background, one at a time, and keeps the latest.
type surveyor struct {
	archive Archive
	log     *slog.Logger
	ctx     context.Context
	stop    context.CancelFunc
	running sync.WaitGroup

	mu   sync.Mutex
	last *survey
	done chan struct{} // closed at the end of the survey under way, nil when there is none
}

func newSurveyor(archive Archive, log *slog.Logger) *surveyor {
	ctx, stop := context.WithCancel(context.Background())
	return &surveyor{archive: archive, log: log, ctx: ctx, stop: stop}
}

// close ends a survey under way and waits for it.
func (s *surveyor) close() {
	s.stop()
	s.running.Wait()
}

// get returns a survey of the store at a sequence number. While a newer one is being made it returns the one before,
// nil when there is none, and reports that it is not up to date.
func (s *surveyor) get(ctx context.Context, sequence uint64) (latest *survey, current bool) {
	s.mu.Lock()
	if s.archive == nil || s.last != nil && s.last.Sequence >= sequence {
		defer s.mu.Unlock()
		return s.last, true
	}
	if s.done == nil && s.ctx.Err() == nil {
		s.done = make(chan struct{})
		s.running.Add(1)
		go s.run(s.done, sequence)
	}
	done := s.done
	s.mu.Unlock()
	wait, cancel := context.WithTimeout(ctx, surveyWait)
	defer cancel()
	select {
	case <-done:
	case <-wait.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last, s.last != nil && s.last.Sequence >= sequence
}

// run takes a survey. One that breaks off counts for the sequence it was asked for: the same again would break again.
func (s *surveyor) run(done chan struct{}, sequence uint64) {
	defer s.running.Done()
	found, err := takeSurvey(s.ctx, s.archive)
	if err != nil && s.ctx.Err() == nil {
		s.log.Error("the survey of the store was not finished", "after", found.Sequence, "error", err)
		found.Broken, found.Sequence = true, sequence
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() == nil {
		s.last = found
	}
	s.done = nil
	close(done)
}

// takeSurvey goes through every document of the store once. With an error it returns what it found until then.
func takeSurvey(ctx context.Context, archive Archive) (v *survey, err error) {
	v = new(survey)
	bodies, titles := map[string]*bodyQuality{}, map[string]*itemSpread{}
	defer func() { v.Bodies, v.Spread = rankBodies(bodies), rankSpread(titles) }()
	for {
		changes, err := archive.Changes(ctx, v.Sequence, surveyBatch)
		if err != nil || len(changes) == 0 {
			return v, err
		}
		for _, c := range changes {
			v.Sequence = c.Seq
			if c.Document != nil {
				v.Documents++
				v.Faults += inspect(bodies, c.Document)
				compare(titles, c.Document)
			}
		}
	}
}

// inspect checks a document and books what is wrong with it to the body that answers for it.
func inspect(bodies map[string]*bodyQuality, d *corpus.Document) int {
	name := bodyOf(d)
	b := bodies[name]
	if b == nil {
		b = &bodyQuality{Name: name, fields: map[string]int{}}
		bodies[name] = b
	}
	b.Documents++
	problems := corpus.Check(d)
	if len(problems) > 0 {
		b.Faulty++
	}
	for _, p := range problems {
		b.Faults++
		b.fields[p.Field]++
		if len(b.List) < maxFaults {
			b.List = append(b.List, documentFault{d.ID, d.Title, d.Region, d.Kind, p})
		}
	}
	return len(problems)
}

func rankBodies(bodies map[string]*bodyQuality) []*bodyQuality {
	var list []*bodyQuality
	for _, b := range bodies {
		for field, n := range b.fields {
			b.Fields = append(b.Fields, namedCount{field, n})
		}
		b.fields = nil
		slices.SortFunc(b.Fields, func(x, y namedCount) int { return cmp.Or(y.Count-x.Count, strings.Compare(x.Name, y.Name)) })
		list = append(list, b)
	}
	slices.SortFunc(list, func(x, y *bodyQuality) int {
		return cmp.Or(y.Faults-x.Faults, y.Documents-x.Documents, strings.Compare(x.Name, y.Name))
	})
	return list
}

// comparable items are told by their name; these are the fields in which their places may differ.
func itemFields(d *corpus.Document) []namedValue {
	it := d.Item
	return []namedValue{
		{"承诺时限", orUnknown(limitText(it.PromisedLimit))}, {"法定时限", orUnknown(limitText(it.LegalLimit))},
		{"到现场次数", orUnknown(visitsText(it.Visits))}, {"收费", orUnknown(feesOf(it))},
		{"材料份数", fmt.Sprintf("%d 份", len(it.Materials))},
	}
}

func orUnknown(s string) string {
	if s == "" {
		return "没有写"
	}
	return s
}

func feesOf(it *corpus.Item) string {
	var fees []string
	for _, f := range it.Fees {
		fees = append(fees, strings.TrimSpace(f.Name+" "+f.Standard))
	}
	return feeText(it.FeeFree, fees)
}

// compare notes in what an item is not as it was at the first place that has it.
func compare(titles map[string]*itemSpread, d *corpus.Document) {
	if d.Item == nil || d.Region == "" {
		return
	}
	t := titles[d.Title]
	fields := itemFields(d)
	if t == nil {
		t = &itemSpread{Title: d.Title, first: map[string]string{}}
		for _, f := range fields {
			t.first[f.Name] = f.Value
		}
		titles[d.Title] = t
	}
	t.IDs = append(t.IDs, d.ID)
	for _, f := range fields {
		if t.first[f.Name] != f.Value && !slices.Contains(t.Differs, f.Name) {
			t.Differs = append(t.Differs, f.Name)
		}
	}
}

func rankSpread(titles map[string]*itemSpread) []*itemSpread {
	var list []*itemSpread
	for _, t := range titles {
		if len(t.Differs) > 0 {
			t.first = nil // was for comparing
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(x, y *itemSpread) int {
		return cmp.Or(len(y.Differs)-len(x.Differs), len(y.IDs)-len(x.IDs), strings.Compare(x.Title, y.Title))
	})
	return list
}
