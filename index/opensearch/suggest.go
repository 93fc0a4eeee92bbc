package opensearch

import (
	"context"
	"regexp"
	"slices"

	"tongsou/index"
	"tongsou/index/stage"
)

// mostKeys bounds the keys read for one lookup: a single letter may begin half of all names.
const mostKeys = 4000

func (e *Engine) suggest(ctx context.Context, reader *index.Reader, q index.SuggestQuery) ([]index.Suggestion, error) {
	if q.Limit <= 0 {
		q.Limit = index.DefaultSuggestions
	}
	v, err := e.view(ctx)
	if err != nil {
		return nil, err
	}
	typed := stage.Clip(index.Squash(q.Text))
	if typed == "" {
		return nil, nil
	}
	found := map[string]*completion{}
	for _, l := range stage.Lookups(typed) {
		if len(found) >= q.Limit {
			break // reading by sound is for when the characters say nothing
		}
		if err := v.complete(&l, found); err != nil {
			return nil, err
		}
	}
	list := make([]*completion, 0, len(found))
	for _, c := range found {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *completion) int { return a.Order(b.Name) })
	return v.suggestions(list, typed, q.Limit, reader.Denied)
}

// completion is a name that was found, and how many documents bear it.
type completion struct {
	*stage.Name
	documents int
}

// complete adds the names that a lookup reaches: a range of the sorted keys, which lie in the field's ordinals.
func (v *view) complete(l *stage.Lookup, found map[string]*completion) error {
	answers, err := v.search([]m{{
		"size": 0, "query": m{"prefix": m{fieldSuggest: l.Prefix}}, "track_total_hits": false,
		"aggs": m{"keys": m{"terms": m{
			"field": fieldSuggest, "size": mostKeys, "include": lucenePattern(l.Prefix), "order": m{"_key": "asc"}, "execution_hint": "global_ordinals",
		}}},
	}})
	if err != nil {
		return err
	}
	for _, b := range answers[0].Aggregations["keys"].Buckets {
		name, ok := stage.ParseKey(b.Key)
		if !ok {
			continue
		}
		name.Find(l)
		if old := found[name.Name]; old == nil || name.Score > old.Score {
			found[name.Name] = &completion{name, b.Count}
		}
	}
	return nil
}

var reserved = regexp.MustCompile(`[.?+*|{}\[\]()"\\#@&<>~^$]`)

// lucenePattern is Lucene's regular expression for what begins with a text.
func lucenePattern(prefix string) string { return reserved.ReplaceAllString(prefix, `\$0`) + ".*" }

// suggestions cuts the list and asks for the documents of names that one document alone bears.
func (v *view) suggestions(list []*completion, typed string, limit int, denied func(index.Suggestion) bool) ([]index.Suggestion, error) {
	var out []index.Suggestion
	for len(out) < limit && len(list) > 0 {
		part := list[:min(len(list), limit)]
		list = list[len(part):]
		ids, err := v.bearers(part)
		if err != nil {
			return nil, err
		}
		for i, c := range part {
			s := index.Suggestion{Text: c.Name.Name, Kind: c.Kind, ID: ids[i], Runs: c.Runs(typed), Why: c.Lookup.Why}
			if len(out) < limit && !denied(s) {
				out = append(out, s)
			}
		}
	}
	return out, nil
}

// bearers returns the ID of the only document of each name, "" where there are several.
func (v *view) bearers(list []*completion) ([]string, error) {
	ids := make([]string, len(list))
	var bodies []m
	var at []int
	for i, c := range list {
		if c.documents == 1 {
			bodies, at = append(bodies, reads(m{"size": 1, "track_total_hits": false, "query": term(fieldSuggest, c.Key)}, fieldShown)), append(at, i)
		}
	}
	if len(bodies) == 0 {
		return ids, nil
	}
	answers, err := v.search(bodies)
	if err != nil {
		return nil, err
	}
	for i, a := range answers {
		for _, h := range a.Hits.Hits {
			ids[at[i]] = h.Meta.ID
		}
	}
	return ids, nil
}
