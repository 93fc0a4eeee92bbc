package ingest

import (
	"errors"
	"fmt"

	"tongsou/corpus/store"
)

// Sync makes a run the whole of its source: documents of the source that it did not find are deleted, unless another source
// has them. What stood in a file of which something could not be read stays, and so does a document whose new form was
// refused.
type Sync struct {
	// Most is the share of the source's documents, 0 to 1, that may go at once. When more would go, nothing does: an empty
	// list is more often a fault than a wish.
	Most float64
	// Still, when set, names the files that the source still has although they do not stand below the root now.
	Still func(file string) bool
}

// sync deletes what the run did not find.
func (in *intake) sync() error {
	still := func(id, file string) bool {
		return in.held[id] || in.unsure[file] || in.opts.Sync.Still != nil && in.opts.Sync.Still(file)
	}
	_, sum, err := in.store.DeleteOthers(in.ctx, in.opts.Reader.Source, in.opts.Sync.Most, still)
	var tooMany *store.TooManyError
	if errors.As(err, &tooMany) {
		in.report.Kept = tooMany.Error()
		in.faults = append(in.faults, in.report.Kept)
		return nil
	}
	if err != nil {
		return fmt.Errorf("delete what source %s no longer has: %w", in.opts.Reader.Source, err)
	}
	in.report.Add(sum)
	return nil
}
