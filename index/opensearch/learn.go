package opensearch

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"tongsou/corpus"
	"tongsou/index"
)

// Bounds on what learning reads: units of each kind, sections of one document, articles that items cite; and what must have
// changed since the last time: a tenth of the documents, and this many. They are those of index/embedded.
const (
	learnUnits    = 30_000
	learnSections = 8
	learnCited    = 5_000
	relearnShare  = 10
	relearnLeast  = 50
	lessonsAtOnce = 200
	idsAtOnce     = 10_000
	relatedID     = "_related"
)

// Related returns what was learned from the documents, nil when nothing was.
func (e *Engine) Related() *index.Related { return e.related.Load() }

// loadRelated takes over what this or another process learned.
func (e *Engine) loadRelated(ctx context.Context) {
	var found struct {
		Source struct {
			Related struct {
				File string `json:"file"`
			} `json:"related"`
		} `json:"_source"`
	}
	if e.client.do(ctx, http.MethodGet, "/"+e.options.Prefix+"/_doc/"+relatedID, nil, short, &found) != nil {
		return
	}
	raw, err := base64.StdEncoding.DecodeString(found.Source.Related.File)
	if err != nil {
		return
	}
	if r, err := index.ParseRelated(raw); err == nil && r.From.Version == e.options.version() {
		e.related.Store(r)
	}
}

// Learn learns from the documents which words go together, if enough has changed since the last time, and keeps it with the
// index for all processes. It reads a bounded sample; searches and writes go on meanwhile.
func (e *Engine) Learn(ctx context.Context) error {
	e.learning.Lock()
	defer e.learning.Unlock()
	v, err := e.view(ctx)
	if err != nil {
		return err
	}
	if r := e.related.Load(); r != nil && v.sequence >= r.From.Sequence && v.sequence-r.From.Sequence < uint64(max(relearnLeast, r.From.Documents/relearnShare)) || v.sequence == 0 {
		return nil
	}
	t := &teacher{view: v, learner: index.NewLearner(e.options.Segmenter, e.options.Lexicon), cited: map[index.Citation]string{}}
	for _, kind := range corpus.Kinds() {
		if err := t.kind(kind); err != nil {
			return fmt.Errorf("learn related terms: %w", err)
		}
	}
	r := t.learner.Learn(index.RelatedFrom{Version: e.options.version(), Sequence: v.sequence})
	body := encode(m{"related": m{"file": base64.StdEncoding.EncodeToString(r.Encode())}})
	if err := e.client.do(ctx, http.MethodPut, "/"+v.index+"/_doc/"+relatedID, body, long, nil); err != nil {
		return fmt.Errorf("keep related terms: %w", err)
	}
	e.related.Store(r)
	return nil
}

type teacher struct {
	view    *view
	learner *index.Learner
	cited   map[index.Citation]string
	docs    int
}

// kind reads every so many documents of a kind, by their IDs, as far apart as the bound asks for.
func (t *teacher) kind(kind corpus.Kind) error {
	var ids []string
	units := 0
	err := t.view.every(kind, func(h *hit) {
		ids = append(ids, h.Source.ID)
		units += min(h.Source.Units, learnSections)
	})
	if err != nil {
		return err
	}
	stride := max(1, (units+learnUnits-1)/learnUnits)
	var picked []string
	for i := 0; i < len(ids); i += stride {
		picked = append(picked, ids[i])
	}
	for part := range slices.Chunk(picked, lessonsAtOnce) {
		if err := t.documents(kind, part); err != nil {
			return err
		}
	}
	return nil
}

// every visits the documents of a kind in the order of their IDs, with those and the number of their units.
func (v *view) every(kind corpus.Kind, visit func(h *hit)) error {
	for after := ""; ; {
		body := m{
			"size": idsAtOnce, "query": term(fieldKind, string(kind)), "sort": []m{{fieldID: "asc"}}, "_source": []string{fieldID, fieldUnits}, "track_total_hits": false,
		}
		if after != "" {
			body["search_after"] = []string{after}
		}
		answers, err := v.search([]m{body})
		if err != nil {
			return err
		}
		hits := answers[0].Hits.Hits
		for i := range hits {
			visit(&hits[i])
			after = hits[i].Source.ID
		}
		if len(hits) < idsAtOnce {
			return nil
		}
	}
}

// documents teaches documents, whose IDs are in order.
func (t *teacher) documents(kind corpus.Kind, ids []string) error {
	unit := nested(m{"match_all": m{}})
	unit["nested"].(m)["inner_hits"] = reads(m{"size": 100}, unitStored)
	answers, err := t.view.search([]m{reads(m{
		"size": len(ids), "query": m{"bool": m{"filter": []m{terms(fieldID, ids)}, "must": []m{unit}}}, "sort": []m{{fieldID: "asc"}},
	}, fieldShown)})
	if err != nil {
		return err
	}
	for i := range answers[0].Hits.Hits {
		h := &answers[0].Hits.Hits[i]
		var all []*stored
		for _, inner := range h.Inner[units].Hits.Hits {
			st, err := unpack(inner.Fields[unitStored])
			if err != nil {
				return err
			}
			all = append(all, st)
		}
		if err := t.document(kind, h.Meta, all); err != nil {
			return err
		}
	}
	return nil
}

func (t *teacher) document(kind corpus.Kind, meta *index.Meta, list []*stored) error {
	if len(list) == 0 {
		return nil
	}
	t.docs++
	if kind == corpus.KindItem {
		texts, err := t.basis(list[0].Body)
		if err != nil {
			return err
		}
		t.learner.Add(index.ItemEvidence(t.docs, meta, list[0].Body, texts))
		return nil
	}
	id := func(s *stored) string {
		if s.Ref == nil {
			return ""
		}
		return s.Ref.ID
	}
	slices.SortFunc(list, func(a, b *stored) int { return strings.Compare(id(a), id(b)) })
	step := (len(list) + learnSections - 1) / learnSections
	for i := 0; i < len(list); i += step {
		if e, ok := index.TextEvidence(t.docs, meta, list[i].Ref, list[i].Body); ok {
			t.learner.Add(e)
		}
	}
	return nil
}

// basis returns the texts of the articles that an item cites, as far as they are here: of several versions that of the
// greatest ID.
func (t *teacher) basis(body string) ([]string, error) {
	var texts []string
	for _, c := range index.Citations(body) {
		text, ok := t.cited[c]
		if !ok && len(t.cited) < learnCited {
			unit := nested(term(unitSection, c.Article))
			unit["nested"].(m)["inner_hits"] = reads(m{"size": 1}, unitStored)
			answers, err := t.view.search([]m{{
				"size": 1, "sort": []m{{fieldID: "desc"}}, "_source": false,
				"query": m{"bool": m{"filter": []m{term(fieldKind, string(corpus.KindPolicy)), term(fieldName, c.Law)}, "must": []m{unit}}},
			}})
			if err != nil {
				return nil, err
			}
			for _, h := range answers[0].Hits.Hits {
				for _, inner := range h.Inner[units].Hits.Hits {
					if st, err := unpack(inner.Fields[unitStored]); err == nil {
						text = st.Body
					}
				}
			}
			t.cited[c] = text
		}
		if text != "" {
			texts = append(texts, text)
		}
	}
	return texts, nil
}
