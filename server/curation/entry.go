package curation

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"unicode/utf8"

	"tongsou/corpus"
	"tongsou/index"
)

// Kind is what an entry does.
type Kind string

// The kinds of entries.
const (
	Synonym Kind = "synonym" // Text is an everyday word for the official Term
	Pin     Kind = "pin"     // Documents come first for the query Text, from From until Until
	Hide    Kind = "hide"    // Documents are not found for the query Text, or for none when it is empty
	Deny    Kind = "deny"    // no suggestion holds Text
)

// Kinds lists the kinds of entries.
func Kinds() []Kind { return []Kind{Synonym, Pin, Hide, Deny} }

// Entry is one thing that the operator says of the site's answers.
type Entry struct {
	ID        int64       `json:"id"`
	Kind      Kind        `json:"kind"`
	Text      string      `json:"text"`
	Term      string      `json:"term,omitempty"`
	Weight    float64     `json:"weight,omitempty"` // of a synonym; 0 for the usual one
	Documents []string    `json:"documents,omitempty"`
	From      corpus.Date `json:"from,omitempty"`
	Until     corpus.Date `json:"until,omitempty"`
	// Note says why, for colleagues.
	Note string `json:"note,omitempty"`
}

// FieldError is what is wrong with one field of what was sent. Its text is for the user.
type FieldError struct{ Field, Reason string }

func (e *FieldError) Error() string { return e.Field + "：" + e.Reason }

// Bounds on entries. They bound the work that they add to a search.
const (
	maxEntries   = 5000
	maxText      = 60
	maxDocuments = 20
	maxNote      = 200
)

// normalize trims an entry, and returns what is wrong with it.
func (e *Entry) normalize() error {
	e.Text, e.Term, e.Note = strings.TrimSpace(e.Text), strings.TrimSpace(e.Term), strings.TrimSpace(e.Note)
	var documents []string
	for _, id := range e.Documents {
		if id = strings.TrimSpace(id); id != "" && !slices.Contains(documents, id) {
			documents = append(documents, id)
		}
	}
	e.Documents = documents
	if !slices.Contains(Kinds(), e.Kind) {
		return &FieldError{"kind", "应为 synonym、pin、hide 或 deny"}
	}
	if utf8.RuneCountInString(e.Text) > maxText || e.Text == "" && e.Kind != Hide {
		return &FieldError{"text", fmt.Sprintf("应为 1 到 %d 个字", maxText)}
	}
	if e.Text != "" && index.Squash(e.Text) == "" { // it would be as good as empty, which hides from every query
		return &FieldError{"text", "只有标点，没有字"}
	}
	if utf8.RuneCountInString(e.Note) > maxNote {
		return &FieldError{"note", fmt.Sprintf("最多 %d 个字", maxNote)}
	}
	return e.checkKind()
}

func (e *Entry) checkKind() error {
	switch e.Kind {
	case Synonym:
		return e.checkSynonym()
	case Deny:
		e.Term, e.Weight, e.Documents, e.From, e.Until = "", 0, nil, "", ""
		if utf8.RuneCountInString(index.Squash(e.Text)) < 2 {
			return &FieldError{"text", "至少两个字，否则会挡住太多提示"}
		}
		return nil
	}
	e.Term, e.Weight = "", 0
	if len(e.Documents) == 0 || len(e.Documents) > maxDocuments {
		return &FieldError{"documents", fmt.Sprintf("应有 1 到 %d 个编号", maxDocuments)}
	}
	if e.Kind == Hide {
		e.From, e.Until = "", ""
		return nil
	}
	for _, d := range []struct {
		field string
		date  *corpus.Date
	}{{"from", &e.From}, {"until", &e.Until}} {
		if *d.date == "" {
			continue
		}
		parsed, err := corpus.ParseDate(string(*d.date))
		if err != nil {
			return &FieldError{d.field, "不是真实的日期；请写成 2026-02-07"}
		}
		*d.date = parsed
	}
	if e.From != "" && e.Until != "" && e.Until < e.From {
		return &FieldError{"until", "最后一天早于第一天"}
	}
	return nil
}

func (e *Entry) checkSynonym() error {
	e.Documents, e.From, e.Until = nil, "", ""
	switch {
	case utf8.RuneCountInString(e.Text) < 2:
		return &FieldError{"text", "至少两个字，否则会牵出太多不相干的结果"}
	case e.Term == "" || utf8.RuneCountInString(e.Term) > maxText:
		return &FieldError{"term", fmt.Sprintf("应为 1 到 %d 个字的规范用语", maxText)}
	case index.Squash(e.Term) == "":
		return &FieldError{"term", "只有标点，没有字"}
	case index.Squash(e.Term) == index.Squash(e.Text):
		return &FieldError{"term", "与日常说法相同"}
	case !(e.Weight >= 0 && e.Weight <= 1):
		return &FieldError{"weight", "应大于 0，不超过 1；不写为 0.8"}
	}
	return nil
}

// Entries are what the operator says, in the order in which it was said.
type Entries []Entry

// Revision names the entries: it is another one whenever they differ.
func (l Entries) Revision() string {
	h := fnv.New64a()
	_ = json.NewEncoder(h).Encode(l) // a hash takes everything, and entries are plain data
	return fmt.Sprintf("%016x", h.Sum64())
}

// Overlay is what the entries mean to an engine.
func (l Entries) Overlay() index.Overlay {
	var o index.Overlay
	for _, e := range l {
		switch e.Kind {
		case Synonym:
			o.Synonyms = append(o.Synonyms, index.Synonym{From: e.Text, To: e.Term, Weight: e.Weight})
		case Pin:
			o.Pins = append(o.Pins, index.Pin{Query: e.Text, Documents: e.Documents, From: e.From, Until: e.Until})
		case Hide:
			for _, id := range e.Documents {
				o.Hidden = append(o.Hidden, index.Hidden{Document: id, Query: e.Text})
			}
		case Deny:
			o.Denied = append(o.Denied, e.Text)
		}
	}
	return o
}

// Differing returns the entries that only one of two lists has as they stand.
func Differing(a, b Entries) Entries { return append(Without(a, b), Without(b, a)...) }

// Without returns the entries of a that b does not have as they stand.
func Without(a, b Entries) Entries {
	list := Entries{}
	for _, e := range a {
		if !slices.ContainsFunc(b, e.equal) {
			list = append(list, e)
		}
	}
	return list
}

func (e Entry) equal(o Entry) bool {
	return e.ID == o.ID && e.Kind == o.Kind && e.Text == o.Text && e.Term == o.Term && e.Weight == o.Weight &&
		slices.Equal(e.Documents, o.Documents) && e.From == o.From && e.Until == o.Until && e.Note == o.Note
}
