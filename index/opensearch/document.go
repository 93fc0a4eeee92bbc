package opensearch

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/index/stage"
	"tongsou/segment"
)

// document is what is written for a document.
func document(d *corpus.Document, seg *segment.Segmenter) m {
	list := index.Units(d)
	doc := m{
		fieldID: d.ID, fieldKind: d.Kind, fieldUnits: len(list), fieldDay: dayNumber(list[0].Meta.Date), fieldName: index.LawNames(d),
		fieldSuggest: stage.SuggestionKeys(d, seg), fieldIssuer: segment.Fold(d.Issuer), fieldPath: path(d.Region),
	}
	meta, facets := list[0].Meta, index.FacetValues(d)
	show := shown{Meta: meta, Rank: corpus.RankOf(d), Need: index.NeedValues(d), Convenience: facets["convenience"]}
	doc[fieldRank], doc[fieldNeed], doc["f"], doc[fieldShown] = show.Rank, show.Need, facets, encode(show)
	for field, value := range map[string]string{
		fieldNumber: meta.Number, effective: string(meta.Effective), superseded: string(meta.Superseded), repealed: string(meta.Repealed),
	} {
		if value != "" {
			doc[field] = value
		}
	}
	var codes []string
	if it := d.Item; it != nil {
		codes = []string{segment.Fold(it.Code), segment.Fold(it.BasicCode), segment.Fold(it.TaskCode)}
	}
	doc[fieldCode] = append(codes, segment.Fold(d.IndexNumber))
	var nested []m
	for i := range list {
		nested = append(nested, unitOf(&list[i], seg))
	}
	doc[units] = nested
	return doc
}

// path lists the divisions that one lies in, itself included.
func path(region string) []string {
	var list []string
	for l := 2; l <= len(region); l++ {
		list = append(list, region[:l])
	}
	return list
}

// shown is what is kept with a document to score and to show it.
type shown struct {
	Meta        *index.Meta `json:"m"`
	Rank        corpus.Rank `json:"r,omitempty"`
	Need        []string    `json:"n,omitempty"`
	Convenience []string    `json:"c,omitempty"`
}

// stored is what is kept with a unit to score and to show it.
type stored struct {
	Ref  *index.SectionRef `json:"s,omitempty"`
	Keys string            `json:"k,omitempty"`
	Body string            `json:"-"`
	// Words are the terms of the body that are longer than two characters, joined by blanks: which they are only the
	// segmenter can say.
	Words string `json:"-"`
	// Lengths are the levels of stage.Quantise.
	Lengths [3]int `json:"l"`
}

// pack writes what is stored: an object of JSON in one line, the words in another, and the body as it is. A search reads
// hundreds of them, and most of each is the body.
func (st *stored) pack() []byte {
	return fmt.Appendf(encode(st), "\n%s\n%s", st.Words, st.Body)
}

// packed is what is stored, as OpenSearch gives bytes back: in base 64 without the padding that it was written with.
type packed []byte

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *packed) UnmarshalText(text []byte) error {
	raw, err := base64.RawStdEncoding.AppendDecode(nil, bytes.TrimRight(text, "="))
	*p = raw
	return err
}

func unpack(fields []packed) (*stored, error) {
	if len(fields) == 0 {
		return nil, errors.New("nothing is stored with it; run `tongsou rebuild`")
	}
	head, rest, one := bytes.Cut(fields[0], []byte{'\n'})
	words, body, two := bytes.Cut(rest, []byte{'\n'})
	if !one || !two {
		return nil, errors.New("what is stored with it is cut short; run `tongsou rebuild`")
	}
	st := &stored{Words: string(words), Body: string(body)}
	return st, json.Unmarshal(head, st)
}

func unitOf(u *index.Unit, seg *segment.Segmenter) m {
	st := stored{Ref: u.Ref, Keys: u.Keys, Body: u.Body}
	var all, words bytes.Buffer
	unit := m{"h": u.Ref == nil, "s": u.Section, "c": letters(u.Body), "ct": letters(u.Title)}
	for f, text := range [...]string{u.Title, u.Keys, u.Body} {
		n := 0
		if text != "" {
			n = stage.Terms(seg, text, u.Ref != nil && f < 2, func(term string) {
				all.WriteString(term)
				all.WriteByte(' ')
				if f == 2 && long3(term) {
					words.WriteString(term)
					words.WriteByte(' ')
				}
			})
		}
		st.Lengths[f] = stage.Quantise(n)
		unit[fmt.Sprintf("l%d", f)] = stage.Lengths()[st.Lengths[f]]
	}
	st.Words = words.String()
	unit["x"+string(u.Kind[0])] = all.String()
	unit["j"] = st.pack()
	return unit
}
