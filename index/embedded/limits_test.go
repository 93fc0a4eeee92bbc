package embedded_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"tongsou/index"
)

// TestQueriesAreBounded holds that what a stranger types decides little of the work: the text is cut, the words of it are
// few, and pages end.
func TestQueriesAreBounded(t *testing.T) {
	e := manySegments(t)
	search := func(q index.Query) (*index.Result, error) { return e.Search(t.Context(), q) }

	t.Run("length", func(t *testing.T) {
		res, err := search(index.Query{Text: strings.Repeat("供暖", 100) + strings.Repeat("供水", 50_000)})
		if err != nil || !strings.Contains(strings.Join(res.Query.Notes, ""), "查询过长") {
			t.Fatalf("got %v and notes %v", err, res.Query.Notes)
		}
		for _, term := range res.Query.Terms {
			if strings.Contains(term.Text, "水") {
				t.Errorf("the word %s stands behind the limit and was searched", term.Text)
			}
		}
	})
	t.Run("words", func(t *testing.T) {
		// Two hundred characters of the commonest law words, with synonyms each.
		text := strings.Repeat("身份证户口社保公积金结婚离婚驾照护照营业执照低保残疾人养老医保退休生育工伤失业", 6)
		res, err := search(index.Query{Text: text})
		if err != nil {
			t.Fatal(err)
		}
		typed := 0
		for _, term := range res.Query.Terms {
			if term.Why == "" {
				typed++
			}
		}
		if n := len(res.Query.Terms); typed > index.MaxQueryRunes || n > 10*index.MaxQueryRunes {
			t.Errorf("a query of %d characters became %d terms, %d of them typed", utf8.RuneCountInString(text), n, typed)
		}
	})
	t.Run("conditions", func(t *testing.T) {
		text := strings.Repeat(`"供" -水 标题:暖 文号:甲〔2020〕1号 `, 1000)
		if _, err := search(index.Query{Text: text}); err != nil {
			t.Errorf("a thousand conditions: %v", err)
		}
	})
	t.Run("slips", func(t *testing.T) {
		// Wrong characters throughout: correction looks at what is near, and nothing here is near to anything.
		if _, err := search(index.Query{Text: strings.Repeat("龘靐齉爩", 50)}); err != nil {
			t.Error(err)
		}
	})
	for _, q := range []index.Query{
		{Text: "供暖", Limit: index.MaxLimit + 1}, {Text: "供暖", Limit: -1},
		{Text: "供暖", Next: fmt.Sprint("o", index.MaxDepth)}, {Text: "供暖", Next: "o99999999999999999999"}, {Text: "供暖", Next: "o-1"},
	} {
		if _, err := search(q); !errors.Is(err, index.ErrBadQuery) {
			t.Errorf("limit %d, next %q: got %v, want that the query is refused", q.Limit, q.Next, err)
		}
	}
	if list, err := e.Suggest(t.Context(), index.SuggestQuery{Text: strings.Repeat("a", 100_000), Limit: 1_000_000}); err != nil || len(list) > index.MaxSuggestions {
		t.Errorf("%d suggestions and %v", len(list), err)
	}
}
