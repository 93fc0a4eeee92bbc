// Package ingest is the way of a document from a file into the store of record: read, checked, stored.
package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"tongsou/corpus"
	"tongsou/corpus/reader"
	"tongsou/corpus/store"
)

// batchDocuments and batchBytes bound what is stored in one transaction: enough that the cost of making it durable is
// small beside the work, little enough that a searcher sees the first documents within a second.
const (
	batchDocuments = 500
	batchBytes     = 8 << 20
)

// Options of Run.
type Options struct {
	Reader reader.Options
	// Rejects, when set, receives every fault and every rejected or doubtful document as a line of JSON.
	Rejects io.Writer
	// Stored, when set, is called after every batch that the store has acknowledged.
	Stored func(store.Summary)
	// Sync, when set, says that what is read is all that the source has, so that the rest is deleted.
	Sync *Sync
}

// Report is what a Run did.
type Report struct {
	store.Summary
	Documents int `json:"documents"` // read and sound
	Sections  int `json:"sections"`
	Rejected  int `json:"rejected"` // records and documents not taken in
	Warnings  int `json:"warnings"` // problems of documents that were
	// Kept says why a Sync deleted nothing, empty when it did what it should.
	Kept string `json:"kept,omitempty"`
}

// Fault is a line of the rejects file.
type Fault struct {
	reader.Fault
	Severity corpus.Severity `json:"severity"`
	ID       string          `json:"id,omitempty"`
	Title    string          `json:"title,omitempty"`
}

// Run reads a file or folder into the store. What was stored before an error stays: running it again goes on where it
// stopped, since documents that are there already are passed over as unchanged.
func Run(ctx context.Context, s *store.Store, root string, opts Options) (Report, error) {
	if opts.Reader.Source == "" {
		opts.Reader.Source = filepath.ToSlash(filepath.Clean(root)) // so that the run is recorded under the documents' source
	}
	in := &intake{ctx: ctx, store: s, opts: opts, seen: map[string]corpus.Source{}, held: map[string]bool{}, unsure: map[string]bool{}}
	began := time.Now()
	err := reader.Read(root, opts.Reader, in.take)
	if err == nil {
		err = in.flush()
	}
	if err == nil && opts.Sync != nil {
		err = in.sync()
	}
	run := store.Run{Source: opts.Reader.Source, Started: began, Finished: time.Now(), Summary: in.report.Summary, Faults: in.faults}
	if e := s.AddRun(context.WithoutCancel(ctx), run); e != nil && err == nil {
		err = e
	}
	return in.report, err
}

type intake struct {
	ctx    context.Context
	store  *store.Store
	opts   Options
	batch  []*corpus.Document
	bytes  int
	seen   map[string]corpus.Source // where the documents of this run stand, by ID
	held   map[string]bool          // the IDs that the source keeps after a Sync
	unsure map[string]bool          // the files of which something could not be read, so that nobody knows what they have
	report Report
	faults []string
}

func (in *intake) take(d *corpus.Document, fault *reader.Fault) error {
	if err := in.ctx.Err(); err != nil {
		return err
	}
	if fault != nil {
		in.report.Rejected++
		in.unsure[fault.File] = true
		return in.fault(Fault{Fault: *fault, Severity: corpus.Reject})
	}
	problems := corpus.Check(d)
	for _, p := range problems {
		if p.Severity == corpus.Warn {
			in.report.Warnings++
		}
		f := Fault{Severity: p.Severity, ID: d.ID, Title: d.Title}
		f.File, f.Line, f.Field, f.Reason = d.Source.File, d.Source.Line, p.Field, p.Reason
		if err := in.fault(f); err != nil {
			return err
		}
	}
	if corpus.Rejected(problems) {
		in.report.Rejected++
		in.held[d.ID] = true // what it was before is better than nothing
		return nil
	}
	if f, err := in.clash(d); err != nil {
		return err
	} else if f != nil {
		in.report.Rejected++
		return in.fault(*f)
	}
	in.report.Documents++
	in.report.Sections += len(d.Sections)
	in.batch = append(in.batch, d)
	for _, s := range d.Sections {
		in.bytes += len(s.Text)
	}
	if len(in.batch) >= batchDocuments || in.bytes >= batchBytes {
		return in.flush()
	}
	return nil
}

func (in *intake) fault(f Fault) error {
	if len(in.faults) < 1000 {
		in.faults = append(in.faults, f.Error())
	}
	if in.opts.Rejects == nil {
		return nil
	}
	line, err := json.Marshal(f)
	if err != nil {
		return err
	}
	if _, err := in.opts.Rejects.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write the rejects file: %w", err)
	}
	return nil
}

func (in *intake) flush() error {
	if len(in.batch) == 0 {
		return nil
	}
	ids, sum, err := in.store.PutEach(in.ctx, in.batch)
	if err != nil {
		return err
	}
	if in.opts.Sync != nil {
		for _, id := range ids {
			in.held[id] = true
		}
	}
	in.report.Add(sum)
	in.batch, in.bytes = in.batch[:0], 0
	if in.opts.Stored != nil {
		in.opts.Stored(in.report.Summary)
	}
	return nil
}
