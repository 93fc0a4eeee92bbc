package embedded

import (
	"fmt"
	"strconv"

	"github.com/blevesearch/bleve/v2/document"
	bleveindex "github.com/blevesearch/bleve_index_api"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/index/stage"
	"tongsou/segment"
)

// The fields of a bleve document. Text fields hold terms with frequencies; keyword fields only say which units have a
// value, and are read back into columns; stored is what a hit shows.
const (
	fieldTitle  = "t"
	fieldKeys   = "k"
	fieldBody   = "b"
	fieldDoc    = "doc"  // the document that the unit belongs to
	fieldHead   = "head" // "1" on heads
	fieldNumber = "num"  // 文号, canonical
	fieldCode   = "code" // item codes
	fieldName   = "name" // the document's names, folded, for looking a law up by name
	fieldDate   = "date" // the document's date
	fieldLife   = "life" // effective|superseded|repealed
	fieldRank   = "rank" // corpus.Rank, on heads above the lowest
	fieldNeed   = "need" // what an item's citizens must hand in: the names that will do, or index.NoMaterials
	fieldSugg   = "sug"  // suggestion keys
	fieldStored = "x"
	lengthOf    = "len." // prefix: the length of a text field
	facetOf     = "f."   // prefix: the values of a facet
)

var textFields = [...]string{fieldTitle, fieldKeys, fieldBody}

// bodyField is the place of the body among them.
const bodyField = 2

// facetFields are the facets that are stored as columns.
var facetFields = [...]string{"region", "issuer", "audience", "theme", "item_type", "channel", "convenience", "year"}

// The places of two facets: of the divisions, and of the one of which a filter wants every value, not any.
const (
	regions      = 0
	conveniences = 6
)

// bleveDocument makes the bleve document of one unit of d.
func bleveDocument(d *corpus.Document, u *index.Unit, seg *segment.Segmenter, c *codec) (*document.Document, error) {
	b := document.NewDocument(u.ID)
	for f, text := range [...]string{u.Title, u.Keys, u.Body} {
		n := addTerms(b, textFields[f], text, seg, u.Ref != nil)
		addKeyword(b, lengthOf+textFields[f], strconv.Itoa(stage.Quantise(n)))
	}
	addKeyword(b, fieldDoc, d.ID)
	if u.Meta != nil {
		addHead(b, d, u.Meta, seg)
	}
	raw, err := c.pack(&stored{u.Meta, u.Ref, u.Body})
	if err != nil {
		return nil, fmt.Errorf("pack unit %s: %w", u.ID, err)
	}
	b.AddField(&field{name: fieldStored, value: raw, options: bleveindex.StoreField})
	return b, nil
}

func addHead(b *document.Document, d *corpus.Document, m *index.Meta, seg *segment.Segmenter) {
	addKeyword(b, fieldHead, "1")
	if m.Number != "" {
		addKeyword(b, fieldNumber, m.Number)
	}
	if it := d.Item; it != nil {
		addKeyword(b, fieldCode, nonEmpty(segment.Fold(it.Code), segment.Fold(it.BasicCode), segment.Fold(it.TaskCode))...)
	}
	if d.IndexNumber != "" {
		addKeyword(b, fieldCode, segment.Fold(d.IndexNumber))
	}
	addKeyword(b, fieldName, index.LawNames(d)...)
	addKeyword(b, fieldDate, nonEmpty(string(m.Date))...)
	if m.Effective+m.Superseded+m.Repealed != "" {
		addKeyword(b, fieldLife, string(m.Effective+"|"+m.Superseded+"|"+m.Repealed))
	}
	if rank := corpus.RankOf(d); rank > 0 {
		addKeyword(b, fieldRank, strconv.Itoa(int(rank)))
	}
	values := index.FacetValues(d)
	for _, f := range facetFields {
		addKeyword(b, facetOf+f, values[f]...)
	}
	addKeyword(b, fieldNeed, index.NeedValues(d)...)
	addKeyword(b, fieldSugg, stage.SuggestionKeys(d, seg)...)
}

func nonEmpty(values ...string) []string {
	var kept []string
	for _, v := range values {
		if v != "" {
			kept = append(kept, v)
		}
	}
	return kept
}

// addTerms adds the terms of a text and returns its length for BM25.
func addTerms(b *document.Document, name, text string, seg *segment.Segmenter, section bool) int {
	if text == "" {
		return 0
	}
	counts := make(map[string]int32, len(text)/2)
	length := stage.Terms(seg, text, section && name != fieldBody, func(term string) { counts[term]++ })
	freqs := make(bleveindex.TokenFrequencies, len(counts))
	backing := make([]bleveindex.TokenFreq, len(counts))
	i := 0
	for term, n := range counts {
		tf := &backing[i]
		tf.Term = []byte(term)
		tf.SetFrequency(int(n))
		freqs[term] = tf
		i++
	}
	options := bleveindex.IndexField
	if name != fieldBody {
		options |= bleveindex.SkipFreqNorm // a name says a word once; not writing so saves two bytes a posting
	}
	b.AddField(&field{name: name, options: options, freqs: freqs})
	return length
}

func addKeyword(b *document.Document, name string, values ...string) {
	if len(values) == 0 {
		return
	}
	freqs := make(bleveindex.TokenFrequencies, len(values))
	for _, v := range values {
		tf := &bleveindex.TokenFreq{Term: []byte(v)}
		tf.SetFrequency(1)
		freqs[v] = tf
	}
	options := bleveindex.IndexField | bleveindex.SkipFreqNorm
	if mostlyUnique[name] {
		options = bleveindex.IndexField // a value with frequency 1 in one unit lies in the dictionary itself
	}
	b.AddField(&field{name: name, options: options, freqs: freqs})
}

// mostlyUnique are the keyword fields whose values mostly stand in one unit.
var mostlyUnique = map[string]bool{fieldDoc: true, fieldNumber: true, fieldCode: true, fieldName: true, fieldSugg: true}

// field is a bleve field whose terms we made ourselves. bleve's own analysis is not used: it would cut the text a second
// time through an interface that has no room for three lanes in one field.
type field struct {
	name    string
	value   []byte
	options bleveindex.FieldIndexingOptions
	freqs   bleveindex.TokenFrequencies
}

func (f *field) Name() string                                          { return f.name }
func (f *field) Value() []byte                                         { return f.value }
func (f *field) ArrayPositions() []uint64                              { return nil }
func (f *field) EncodedFieldType() byte                                { return 't' }
func (f *field) Analyze()                                              {}
func (f *field) Options() bleveindex.FieldIndexingOptions              { return f.options }
func (f *field) AnalyzedTokenFrequencies() bleveindex.TokenFrequencies { return f.freqs }
func (f *field) NumPlainTextBytes() uint64                             { return uint64(len(f.value)) }

// AnalyzedLength is a constant: zap writes it beside every posting, where a constant compresses to nothing. The true
// lengths are in the len.* columns, once per unit instead of once per posting.
func (f *field) AnalyzedLength() int { return 1 }

// Size is what bleve counts against its memory limits: the terms' own bytes are the documents', shared with the text.
func (f *field) Size() int { return len(f.name) + len(f.value) + 64*len(f.freqs) }
