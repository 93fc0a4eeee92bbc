package index

import (
	"errors"

	"tongsou/corpus"
)

// The errors that callers tell apart. Engines wrap them with what was wrong; the server's table maps them to statuses.
var (
	// ErrBadQuery means that the query cannot be answered as it stands: too long, or a field's value that is no value.
	ErrBadQuery = errors.New("bad query")
	// ErrNotFound means that there is no document of that ID.
	ErrNotFound = errors.New("not found")
	// ErrUnavailable means that the engine cannot answer now (closed, or still building its first index).
	ErrUnavailable = errors.New("unavailable")
	// ErrLocked means that another process holds the index.
	ErrLocked = errors.New("index is held by another process")
)

// Limits on what a query may ask. They bound the work that one request can cause.
const (
	MaxQueryRunes = 200  // runes of Query.Text; longer text is cut at 200 and the answer says so
	MaxLimit      = 100  // hits per group and page
	DefaultLimit  = 10   //
	MaxDepth      = 1000 // the last hit that paging reaches
)

// Query is one search, before anything was understood of it.
type Query struct {
	// Text is what was typed, with quotes, -words, field words (文号:… 标题:… 发文机关:… 编码:… 地区:… 日期:…) as they are.
	Text   string
	Filter Filter
	// Place is the code of the division where the citizen is: a preference, not a filter.
	Place string
	Sort  Sort
	// Limit is the number of hits per group, 1 to MaxLimit; 0 means DefaultLimit.
	Limit int
	// Next continues an earlier answer: its Result.Next.
	Next string
	// Verbatim turns every widening and correction off.
	Verbatim bool
	// Facets asks for facet counts, Explain for the parts of every score.
	Facets  bool
	Explain bool
	// Today is the day against which validity is judged; empty means the engine's clock.
	Today corpus.Date
	// Use is what people made of earlier answers to this query; nil for nothing.
	Use Use
}

// Use says of a document how it fared in earlier answers to a query, -1 for far worse than its place let expect to 1 for far
// better, and on what evidence. Ranking.Use bounds what that is worth, the same for every document.
type Use func(id string) (value float64, evidence string)

// Sort is the order of the hits in a group.
type Sort string

// The orders. The empty Sort is ByRelevance.
const (
	ByRelevance Sort = "relevance"
	ByDate      Sort = "date" // newest first
)

// Filter narrows a search. Values within one field are alternatives; different fields must all hold.
type Filter struct {
	Kinds     []corpus.Kind `json:"kinds,omitempty"`
	Regions   []string      `json:"regions,omitempty"` // division codes; a code covers everything below it
	Issuers   []string      `json:"issuers,omitempty"`
	Audiences []string      `json:"audiences,omitempty"`  // 服务对象
	Themes    []string      `json:"themes,omitempty"`     // 主题分类
	ItemTypes []string      `json:"item_types,omitempty"` // 事项类型
	Channels  []string      `json:"channels,omitempty"`   // 网上, 掌上, 一窗, 自助
	// Conveniences are what makes an item easy, all of which must hold: 即办, 不用跑, 免费, 网上办.
	Conveniences []string `json:"conveniences,omitempty"`
	// Holds are documents that the citizen has (身份证, 户口簿, 营业执照): only items that need no others are found.
	Holds    []string          `json:"holds,omitempty"`
	Years    []int             `json:"years,omitempty"`    // year of the document's date
	Validity []corpus.Validity `json:"validity,omitempty"` // 时效性
	From     corpus.Date       `json:"from,omitempty"`     // first and last day of the document's date, both included
	To       corpus.Date       `json:"to,omitempty"`
}

// SuggestQuery asks for completions of what is being typed.
type SuggestQuery struct {
	Text  string
	Limit int // 1 to MaxSuggestions; 0 means DefaultSuggestions
}

// The number of suggestions: at most, and when nothing was asked.
const (
	MaxSuggestions     = 20
	DefaultSuggestions = 8
)

// WhyPinyin says that something was found by how it is read.
const WhyPinyin = "按拼音匹配"

// Suggestion is one completion.
type Suggestion struct {
	// Text is what the box would hold. ID is set where the suggestion stands for one document.
	Text string      `json:"text"`
	Kind corpus.Kind `json:"kind,omitempty"`
	ID   string      `json:"id,omitempty"`
	// Runs is Text cut at what was typed; Why says how it matched when not by the characters typed: 按拼音匹配.
	Runs []Run  `json:"runs"`
	Why  string `json:"why,omitempty"`
}
