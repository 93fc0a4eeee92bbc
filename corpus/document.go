package corpus

import "strings"

// Kind says what sort of document something is. It decides the group in which a hit is shown.
type Kind string

// The kinds, in the order in which an answer shows them.
const (
	KindItem   Kind = "item"   // a service item (政务服务事项)
	KindPolicy Kind = "policy" // a law, regulation, policy document or reply (政策文件)
	KindNews   Kind = "news"   // news, interpretation (解读) or announcement
)

// Kinds lists every kind in display order.
func Kinds() []Kind { return []Kind{KindItem, KindPolicy, KindNews} }

// Valid reports whether k is one of Kinds.
func (k Kind) Valid() bool { return k == KindItem || k == KindPolicy || k == KindNews }

// Document is one thing that a search can find: a service item, one version of a law or policy, or a piece of news.
// ID, Kind and Title are required; every other field may be empty when the source does not say.
type Document struct {
	// ID is stable across ingests of the same source text and unique in a store. It is safe in a URL path.
	ID    string `json:"id"`
	Kind  Kind   `json:"kind"`
	Title string `json:"title"`
	// Kicker is a line above the title (引题), Subtitle one below it (副题).
	Kicker   string `json:"kicker,omitempty"`
	Subtitle string `json:"subtitle,omitempty"`
	// Genre is the kind of text as its source names it: 法律, 行政法规, 地方性法规, 司法解释, 通知, 意见, 评论, 图片新闻 …
	Genre string `json:"genre,omitempty"`
	// Number is the document number (发文字号, 文号) in canonical form, 国办发〔2017〕47号; see ParseNumber.
	Number string `json:"number,omitempty"`
	// IndexNumber is the 索引号 of government information disclosure, 000014349/2019-00007.
	IndexNumber string `json:"index_number,omitempty"`
	// Issuer is the issuing body (发文机关); for an item its implementing body (实施主体); for news the outlet.
	Issuer string `json:"issuer,omitempty"`
	// Byline names reporters or authors as printed: 章奎; 新华社.
	Byline string `json:"byline,omitempty"`
	// Region is the code of the administrative division that the document belongs to, as in Regions: "15", "1501",
	// "150102"; empty means the whole country or unknown.
	Region string `json:"region,omitempty"`
	// Adopted is the day of adoption or signing (成文日期), Published of publication (发布日期), Effective the first day
	// in force (施行日期), Superseded the first day on which a newer version replaces this one, Repealed the first day
	// on which it is no longer in force (废止日期).
	Adopted    Date `json:"adopted,omitempty"`
	Published  Date `json:"published,omitempty"`
	Effective  Date `json:"effective,omitempty"`
	Superseded Date `json:"superseded,omitempty"`
	Repealed   Date `json:"repealed,omitempty"`
	// Family is shared by all versions of one law or policy, empty where a document has no versions.
	Family string `json:"family,omitempty"`
	// History holds the lines of adoption and amendment as printed, oldest first.
	History []string `json:"history,omitempty"`
	// Topics are subject words or theme classes (主题分类).
	Topics []string `json:"topics,omitempty"`
	// Sections hold the text. A document without text (an item that is only a name) has none.
	Sections []Section `json:"sections,omitempty"`
	Source   Source    `json:"source,omitzero"`
	URL      string    `json:"url,omitempty"`
	// Sample marks text written for this project as an example, which must never be taken for an official source.
	Sample bool `json:"sample,omitempty"`
	// Item holds the fields of the 实施清单; set for KindItem and for nothing else.
	Item *Item `json:"item,omitempty"`
}

// Source says where a document came from, so that an error or a deletion can name it.
type Source struct {
	// Name is the source's name: the ingest's --source, by default the cleaned path given to ingest.
	Name string `json:"name,omitempty"`
	// File is the path of the file below that, with forward slashes.
	File string `json:"file,omitempty"`
	// Line is the first line of the document in File, counted from 1; for a spreadsheet the row. 0 means the whole file.
	Line int `json:"line,omitempty"`
}

// Section is the smallest unit that a reader can cite: 第十二条, （三）, or a paragraph under its headings.
type Section struct {
	// ID is unique within the document and stable while the text keeps its structure: "a12", "a12-1" for 第十二条之一,
	// "p3" for the third paragraph outside any article. It serves as the anchor in a page.
	ID string `json:"id"`
	// Label is what a citation says: 第十二条, （三）; empty for a plain paragraph.
	Label string `json:"label,omitempty"`
	// Path holds the headings above the section, outermost first: 第二章 基本养老保险.
	Path []string `json:"path,omitempty"`
	// Text is the section's text without its Label. Paragraphs within it are separated by "\n".
	Text string `json:"text"`
}

// Text joins the sections' labels and texts with newlines: the document's body as one string.
func (d *Document) Text() string {
	var b strings.Builder
	for i, s := range d.Sections {
		if i > 0 {
			b.WriteByte('\n')
		}
		if s.Label != "" {
			b.WriteString(s.Label)
			b.WriteString("　")
		}
		b.WriteString(s.Text)
	}
	return b.String()
}

// Section returns the section with the given ID and whether there is one.
func (d *Document) Section(id string) (Section, bool) {
	for _, s := range d.Sections {
		if s.ID == id {
			return s, true
		}
	}
	return Section{}, false
}

// Validity is whether a document is in force on a given day.
type Validity string

// The validities of a document (时效性).
const (
	InForce    Validity = "现行"
	Amended    Validity = "已修订" // a newer version has taken its place
	Repealed   Validity = "已废止"
	NotYet     Validity = "尚未生效"
	NoValidity Validity = "" // news has none
)

// Validities lists the validities that a document can have, in display order.
func Validities() []Validity { return []Validity{InForce, NotYet, Amended, Repealed} }

// Validity returns whether d is in force on the day on. A document that gives no dates counts as in force, since most
// policies never say when they begin; news has no validity.
func (d *Document) Validity(on Date) Validity {
	return ValidityOn(d.Kind, d.Effective, d.Superseded, d.Repealed, on)
}

// ValidityOn is Document.Validity for a caller that holds only the dates.
func ValidityOn(kind Kind, effective, superseded, repealed, on Date) Validity {
	switch {
	case kind == KindNews:
		return NoValidity
	case repealed != "" && repealed <= on:
		return Repealed
	case superseded != "" && superseded <= on:
		return Amended
	case effective != "" && effective > on:
		return NotYet
	default:
		return InForce
	}
}
