package store

import "context"

// DeleteOthers takes a source out of every document that did not come in its file of that name: what a complete list of the
// source no longer has. As with DeleteSource a document goes when no other source has it. The IDs are of those that are
// gone.
func (s *Store) DeleteOthers(ctx context.Context, source, file string) (gone []string, sum Summary, err error) {
	err = s.change(ctx, func(w *writer) error {
		ids, err := w.strings("SELECT id FROM origin WHERE source = ? AND file <> ? ORDER BY id", source, file)
		if err != nil {
			return err
		}
		if _, err := w.tx.ExecContext(ctx, "DELETE FROM origin WHERE source = ? AND file <> ?", source, file); err != nil {
			return err
		}
		for _, id := range ids {
			before := sum.Deleted
			if err := w.bury(id, &sum); err != nil {
				return err
			}
			if sum.Deleted > before {
				gone = append(gone, id)
			}
		}
		sum.Sequence = w.seq
		return nil
	})
	if err != nil {
		return nil, Summary{}, err
	}
	return gone, sum, nil
}
