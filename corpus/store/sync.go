package store

import (
	"context"
	"fmt"
	"strings"
)

// A TooManyError is what DeleteOthers returns, having deleted nothing, when more of a source would go than may.
type TooManyError struct {
	Source     string
	Gone, Held int // the documents that would have gone, of those that the source has
}

// Error implements error.
func (e *TooManyError) Error() string {
	return fmt.Sprintf("来源 %s 的 %d 篇里有 %d 篇不见了，多得像是出了错，%s", e.Source, e.Held, e.Gone, nothingGone)
}

// nothingGone ends what a TooManyError says.
const nothingGone = "所以一篇也没有删"

// HeldBack tells the fault of a run that says why nothing was deleted from those of records: a Run keeps both as lines.
func HeldBack(fault string) bool { return strings.HasSuffix(fault, nothingGone) }

// few is how many documents may go from a source whatever share of it they are: of five the two that went are no sign of a
// fault. All of them are.
const few = 3

// DeleteOthers takes a source out of every document that a complete list of it no longer has: those for which still, called
// with the ID and the file where the source had it, is false. As with DeleteSource a document goes when no other source has
// it. The IDs are of those that are gone. When more than the share most (0 to 1) of the source's documents would go nothing
// does, and the error is a *TooManyError: an empty list is more often a fault than a wish.
func (s *Store) DeleteOthers(ctx context.Context, source string, most float64, still func(id, file string) bool) (gone []string, sum Summary, err error) {
	err = s.change(ctx, func(w *writer) error {
		missing, held, err := w.missing(source, still)
		if err != nil {
			return err
		}
		if n := len(missing); float64(n) > most*float64(held) && (n > few || n == held) {
			return &TooManyError{source, n, held}
		}
		for _, id := range missing {
			before := sum.Deleted
			if _, err := w.tx.ExecContext(ctx, "DELETE FROM origin WHERE source = ? AND id = ?", source, id); err != nil {
				return err
			}
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

// missing are the IDs that a source has and for which still is false, of the number that it holds.
func (w *writer) missing(source string, still func(id, file string) bool) (ids []string, held int, err error) {
	rows, err := w.tx.QueryContext(w.ctx, "SELECT id, file FROM origin WHERE source = ? ORDER BY id", source)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id, file string
		if err := rows.Scan(&id, &file); err != nil {
			return nil, 0, err
		}
		held++
		if !still(id, file) {
			ids = append(ids, id)
		}
	}
	return ids, held, rows.Err()
}
