package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"tongsou/corpus"
	"tongsou/corpus/reader"
	"tongsou/corpus/store"
)

// clash returns the fault of a document whose ID another one of this run has, with other content: two editions of one
// news item, two files of one law. The first stays. If the last stayed, each run would change the store twice over, and
// nobody would learn that a document is missing.
func (in *intake) clash(d *corpus.Document) (*Fault, error) {
	first, ok := in.seen[d.ID]
	if !ok {
		in.seen[d.ID] = d.Source
		return nil, nil
	}
	earlier, err := in.earlier(d.ID)
	if err != nil || earlier == nil {
		return nil, err
	}
	if same, err := sameContent(earlier, d); same || err != nil {
		return nil, err
	}
	place := first.File
	if first.Line > 0 {
		place = fmt.Sprintf("%s:%d", first.File, first.Line)
	}
	f := &Fault{Severity: corpus.Reject, ID: d.ID, Title: d.Title}
	f.Fault = reader.Fault{File: d.Source.File, Line: d.Source.Line, Field: "编号",
		Reason: "与 " + place + " 编号相同而内容不同，只收了那一条；请合并为一条，或改正其标题、日期、编号之一"}
	return f, nil
}

// earlier is the document of an ID that this run has taken, nil when it was linked to another source's.
func (in *intake) earlier(id string) (*corpus.Document, error) {
	for _, d := range in.batch {
		if d.ID == id {
			return d, nil
		}
	}
	d, err := in.store.Get(in.ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return d, err
}

// sameContent reports whether two documents differ at most in where they come from and in what the store sets.
func sameContent(a, b *corpus.Document) (bool, error) {
	var raw [2][]byte
	for i, d := range []*corpus.Document{a, b} {
		c := *d
		c.Source, c.Superseded = corpus.Source{}, ""
		var err error
		if raw[i], err = json.Marshal(&c); err != nil {
			return false, err
		}
	}
	return bytes.Equal(raw[0], raw[1]), nil
}
