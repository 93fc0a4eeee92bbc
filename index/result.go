package index

import (
	"time"

	"tongsou/corpus"
)

// Result is the answer to one Query. Its JSON is the API's answer and what `tongsou search --json` prints.
type Result struct {
	Query  Understanding `json:"query"`
	Groups []Group       `json:"groups"`
	Facets []Facet       `json:"facets,omitempty"`
	// TookMS is the time the engine took, in milliseconds.
	TookMS float64 `json:"took_ms"`
	// Partial is set when the time for the query ended before all of it was searched: what is here is what was found.
	Partial bool `json:"partial,omitempty"`
	// Stages is where the time went; for whoever measures, not part of the answer.
	Stages Stages `json:"-"`
	// Next, when not empty, goes into Query.Next for the following page of every group that has more.
	Next string `json:"next,omitempty"`
	// NoAnswer is set when nothing found is above the confidence line: what to do instead.
	NoAnswer *NoAnswer `json:"no_answer,omitempty"`
}

// Stages are the times of an answer's parts. The kinds are searched side by side, so of Scan, Load and Rank it is the
// slowest kind's.
type Stages struct {
	Read time.Duration // understanding the query
	Mean time.Duration // embedding it, where the semantic lane is on
	Scan time.Duration // the first stage: scoring every unit
	Load time.Duration // reading what ranking needs
	Rank time.Duration // the second stage with its snippets
}

// Longest keeps of each part the longer time.
func (s *Stages) Longest(other Stages) {
	s.Read, s.Mean, s.Scan = max(s.Read, other.Read), max(s.Mean, other.Mean), max(s.Scan, other.Scan)
	s.Load, s.Rank = max(s.Load, other.Load), max(s.Rank, other.Rank)
}

// NoAnswer is the honest answer to a query that nothing fits.
type NoAnswer struct {
	// Note is a sentence for the user.
	Note string `json:"note"`
	// Themes are the theme classes nearest to what was asked, best first; at most five.
	Themes []FacetValue `json:"themes,omitempty"`
	// Office is whom to call, Phone its number.
	Office string `json:"office,omitempty"`
	Phone  string `json:"phone,omitempty"`
}

// Understanding is what the engine made of the text that was typed.
type Understanding struct {
	// Text is the query as typed.
	Text string `json:"text"`
	// Place is the division for which the answer was made, named in PlaceName.
	Place     string `json:"place,omitempty"`
	PlaceName string `json:"place_name,omitempty"`
	// Number, Code, Law and Article are set when the query names a document number, an item code or an article.
	Number  string `json:"number,omitempty"`
	Code    string `json:"code,omitempty"`
	Law     string `json:"law,omitempty"`
	Article string `json:"article,omitempty"`
	// Intents are what is asked about: materials, place, time, cost, condition, status, process, phone.
	Intents []string `json:"intents,omitempty"`
	// Terms are the words that were searched, those typed first.
	Terms []Term `json:"terms,omitempty"`
	// Correction is set when a slip was corrected; Query.Verbatim takes it back.
	Correction *Correction `json:"correction,omitempty"`
	// Chips are filters and preferences that were read from the text and can be removed.
	Chips []Chip `json:"chips,omitempty"`
	// Notes are sentences for the user: 查询过长，只搜索了前 200 个字.
	Notes []string `json:"notes,omitempty"`
}

// Term is one word of the query with how much it counts.
type Term struct {
	Text   string  `json:"text"`
	Weight float64 `json:"weight"`
	// Why says where a word that was not typed comes from: 相关词: 社保卡→社会保障卡.
	Why string `json:"why,omitempty"`
}

// Correction is a slip that was mended.
type Correction struct {
	From string `json:"from"`
	To   string `json:"to"`
	Why  string `json:"why"`
}

// Chip is a filter or preference read from the text.
type Chip struct {
	Field string `json:"field"`
	Value string `json:"value"`
	Label string `json:"label"`
	// Without is the query text that no longer says it.
	Without string `json:"without"`
}

// Group is the hits of one kind.
type Group struct {
	Kind corpus.Kind `json:"kind"`
	// Total is the number of documents that paging reaches: all that match, exactly as many as the facet of kinds counts, or
	// where these are fewer than a page has room for, those that fill the first page with what says less of the query.
	// Of a query for a document number only what bears or cites it is left.
	Total int   `json:"total"`
	Hits  []Hit `json:"hits"`
}

// Hit is one document that answers, with the section that answers best.
type Hit struct {
	ID     string          `json:"id"`
	Kind   corpus.Kind     `json:"kind"`
	Title  []Run           `json:"title"`
	Genre  string          `json:"genre,omitempty"`
	Number string          `json:"number,omitempty"`
	Issuer string          `json:"issuer,omitempty"`
	Region string          `json:"region,omitempty"`
	Place  string          `json:"place,omitempty"` // the region's name
	Date   corpus.Date     `json:"date,omitempty"`
	Valid  corpus.Validity `json:"validity,omitempty"`
	URL    string          `json:"url,omitempty"`
	Sample bool            `json:"sample,omitempty"`
	// Section is the best section, Snippet a piece of it (or of the body) with what matched marked.
	Section *SectionRef `json:"section,omitempty"`
	Snippet []Run       `json:"snippet,omitempty"`
	// More lists other sections of the same document that answer, best first, at most three.
	More []SectionHit `json:"more,omitempty"`
	// Card answers at a glance; set for items.
	Card *Card `json:"item,omitempty"`
	// Why says why the document is here when not by the words typed: 按拼音匹配.
	Why []string `json:"why,omitempty"`
	// Sure is set when the hit is above the confidence line. What is not is near, but likely no answer.
	Sure bool `json:"sure"`
	// Office is set when the item is done by the office of a division above the citizen's: a sentence that says which.
	Office  string  `json:"office,omitempty"`
	Score   float64 `json:"score"`
	Explain []Part  `json:"explain,omitempty"`
}

// PlainTitle is the title without marks.
func (h *Hit) PlainTitle() string { return PlainText(h.Title) }

// PlainText joins runs.
func PlainText(runs []Run) string {
	var s string
	for _, r := range runs {
		s += r.Text
	}
	return s
}

// Run is a piece of text that matched or did not. Snippets are runs of plain text, never HTML.
type Run struct {
	Text string `json:"text"`
	Mark bool   `json:"mark,omitempty"`
}

// SectionRef names a section so that it can be cited and linked.
type SectionRef struct {
	ID    string   `json:"id"`
	Label string   `json:"label,omitempty"`
	Path  []string `json:"path,omitempty"`
}

// SectionHit is a further section of a hit.
type SectionHit struct {
	Section SectionRef `json:"section"`
	Snippet []Run      `json:"snippet"`
}

// Card is what a citizen wants to know of an item before opening it.
type Card struct {
	Code          string       `json:"code,omitempty"`
	Type          string       `json:"type,omitempty"`
	Body          string       `json:"body,omitempty"`
	Audience      []string     `json:"audience,omitempty"`
	Handling      string       `json:"handling,omitempty"`
	LegalLimit    corpus.Limit `json:"legal_limit,omitzero"`
	PromisedLimit corpus.Limit `json:"promised_limit,omitzero"`
	Visits        *int         `json:"visits,omitempty"`
	OnlineDepth   string       `json:"online_depth,omitempty"`
	Channels      []string     `json:"channels,omitempty"`
	Materials     []string     `json:"materials,omitempty"`
	FeeFree       bool         `json:"fee_free,omitempty"`
	Fees          []string     `json:"fees,omitempty"`
	Address       string       `json:"address,omitempty"`
	Hours         string       `json:"hours,omitempty"`
	Phone         string       `json:"phone,omitempty"`
	ApplyURL      string       `json:"apply_url,omitempty"`
}

// Part is one summand of a score.
type Part struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Note  string  `json:"note,omitempty"`
}

// Facet counts the matching documents by the values of one field.
type Facet struct {
	Field  string       `json:"field"` // kind, region, issuer, audience, theme, item_type, channel, convenience, year, validity
	Label  string       `json:"label"` // in Chinese, for people
	Values []FacetValue `json:"values"`
}

// FacetValue is one value with its count.
type FacetValue struct {
	Value string `json:"value"`
	Label string `json:"label"`
	Count int    `json:"count"`
	// Parent is the value above this one in a tree (regions).
	Parent string `json:"parent,omitempty"`
}
