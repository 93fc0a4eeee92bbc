package eval_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/index/eval"
)

func setOf(query, answer string, docs ...*corpus.Document) *eval.Set {
	return &eval.Set{
		Documents: docs, Queries: []eval.Query{{ID: query, Text: query}},
		Grades: map[string]map[string]int{query: {answer: 1, docs[len(docs)-1].ID: 0}},
	}
}

func policy(id, title string) *corpus.Document {
	return &corpus.Document{ID: id, Kind: corpus.KindPolicy, Title: title}
}

func TestSetsTogetherHaveAllDocuments(t *testing.T) {
	laws := setOf("租房押金", "law", policy("law", "租赁合同"), policy("both", "押金"))
	items := setOf("上户口", "item", &corpus.Document{ID: "item", Kind: corpus.KindItem, Title: "出生登记"}, policy("both", "押金"))
	joined, err := eval.Together([]*eval.Set{laws, items})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []corpus.Kind{corpus.KindPolicy, corpus.KindItem} {
		var ids []string
		for _, d := range joined[i].Documents {
			ids = append(ids, d.ID)
		}
		if !slices.Equal(ids, []string{"law", "both", "item"}) {
			t.Errorf("set %d has %v, want each document of both sets once", i, ids)
		}
		if !slices.Equal(joined[i].Kinds, []corpus.Kind{want}) {
			t.Errorf("set %d is asked for %v, want what answers it: %s", i, joined[i].Kinds, want)
		}
	}
	if len(laws.Documents) != 2 || laws.Kinds != nil {
		t.Error("the sets themselves were changed")
	}
}

func TestSetsThatContradictAreNotPutTogether(t *testing.T) {
	_, err := eval.Together([]*eval.Set{setOf("甲", "x", policy("x", "甲")), setOf("乙", "x", policy("x", "乙"))})
	if err == nil || !strings.Contains(err.Error(), `"x"`) {
		t.Errorf("got %v, want an error that names the document", err)
	}
}

// asked remembers what it was asked for.
type asked struct {
	index.Searcher
	kinds []corpus.Kind
}

func (a *asked) Search(_ context.Context, q index.Query) (*index.Result, error) {
	a.kinds = q.Filter.Kinds
	return &index.Result{}, nil
}

func TestASetIsAskedForItsKinds(t *testing.T) {
	set := setOf("上户口", "item", policy("item", "出生登记"))
	set.Kinds = []corpus.Kind{corpus.KindItem}
	var a asked
	if _, _, err := eval.Judge(t.Context(), &a, set); err != nil || !slices.Equal(a.kinds, set.Kinds) {
		t.Errorf("asked for %v: %v", a.kinds, err)
	}
}
