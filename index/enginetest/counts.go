package enginetest

import (
	"testing"

	"tongsou/corpus"
	"tongsou/index"
)

// testCounts holds the two counts of an answer to each other over the embedded sample: a group has as many documents as the
// facet of kinds says, whatever the page has room for. Where fewer match than a first page has room for, it is filled with
// what says less of the query; then the total is what stands on it.
func testCounts(t *testing.T, open Open) {
	sample := Sample(t)
	e := holding(t, open, sample)
	compared, filled := 0, 0
	for _, text := range asked(sample) {
		for _, limit := range []int{1, 30} {
			res := search(t, e, index.Query{Text: text, Limit: limit, Facets: true})
			for _, g := range res.Groups {
				compared++
				switch match := count(res.Facets, "kind", string(g.Kind)); {
				case g.Total == match:
				case g.Total > match && g.Total <= limit && g.Total == len(g.Hits):
					filled++
				default:
					t.Errorf("%s, %d a page: %d of kind %s match, the group says %d and has %d hits", text, limit, match, g.Kind, g.Total, len(g.Hits))
				}
			}
		}
	}
	if filled > compared/2 {
		t.Errorf("of %d groups %d are filled: too few are compared", compared, filled)
	}
}

// asked are queries that the sample answers: of every so many documents what people call an item, or a title, and single words
// of which some documents say only a character. No document number is asked: of what is counted by its words the group then
// shows only what bears or cites the number.
func asked(sample []index.Change) []string {
	list := []string{"供暖", "户口", "社保", "医保卡", "退休", "低保", "养老金", "孩子上学"}
	const every = 11
	n := map[corpus.Kind]int{}
	for _, c := range sample {
		d := c.Document
		if n[d.Kind]++; n[d.Kind]%every != 0 {
			continue
		}
		if d.Item != nil && len(d.Item.Everyday) > 0 {
			list = append(list, d.Item.Everyday[0])
		} else {
			list = append(list, d.Title)
		}
	}
	return list
}
