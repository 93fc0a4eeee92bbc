package embedded

import (
	"context"

	"tongsou/corpus"
	"tongsou/index"
)

func suggestionKeys(d *corpus.Document) []string { return nil }

// Suggest implements index.Searcher.
func (e *Engine) Suggest(ctx context.Context, q index.SuggestQuery) ([]index.Suggestion, error) {
	return nil, nil
}
