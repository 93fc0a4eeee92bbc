package opensearch

import (
	"tongsou/corpus"
)

// m is an object of JSON.
type m = map[string]any

// The fields of a document. A corpus document is one OpenSearch document, whose units are nested in it: writing it replaces
// all of it at once, under one version, and counts are of documents.
const (
	fieldID      = "id"
	fieldKind    = "kind"
	fieldNumber  = "num"  // 文号, canonical
	fieldCode    = "code" // item codes
	fieldName    = "name" // the names of a law
	fieldDay     = "day"  // the document's date as yyyymmdd, 0 for none
	fieldRank    = "rank" // corpus.Rank
	fieldPath    = "path" // every division that the region lies in, itself included
	fieldIssuer  = "issuer_folded"
	fieldNeed    = "need" // what an item's citizens must hand in
	fieldSuggest = "sug"
	fieldUnits   = "n"     // the number of units
	fieldShown   = "shown" // what is read of a document that was found
	facetOf      = "f."
	// Of a unit.
	units        = "u"
	unitSection  = "u.s"
	unitHead     = "u.h"
	unitText     = "u.c"  // the characters of the text, in order, for phrases
	unitTitle    = "u.ct" // and of the title
	unitStored   = "u.j"
	unitTermsOf  = "u.x" // followed by the first letter of the kind, so that each kind has statistics of its own
	unitLengthOf = "u.l"
	effective    = "eff"
	superseded   = "sup"
	repealed     = "rep"
	// Of the one document that says how far the index is.
	stateID       = "_state"
	fieldSequence = "seq"
)

// facetFields are the facets with values of their own.
var facetFields = [...]string{"region", "issuer", "audience", "theme", "item_type", "channel", "convenience", "year"}

// termsOf is the field that holds the terms of a kind's units.
func termsOf(kind corpus.Kind) string { return unitTermsOf + string(kind[0]) }

// longestKeyword is the length in bytes from which a keyword is not indexed: Lucene refuses a document for a term above 32 KiB.
const longestKeyword = 8000

// definition is the body that creates an index. Everything in it is in every distribution of OpenSearch, the minimal one
// included: no plugin, no script.
func (o *Options) definition(alias bool) m {
	keyword := m{"type": "keyword", "ignore_above": longestKeyword}
	terms := m{"type": "text", "analyzer": "whitespace", "index_options": "freqs", "similarity": "house"}
	letters := m{"type": "text", "analyzer": "whitespace", "norms": false}
	length := m{"type": "float", "index": false}
	// Doc values, since a search reads a hundred documents and hundreds of units: of stored fields a block would be unpacked for
	// each, with the whole law in it, which took 17 of the 45 ms of a search.
	bytes := m{"type": "binary", "doc_values": true}
	unit := m{
		"s": keyword, "h": m{"type": "boolean"}, "c": letters, "ct": letters, "l0": length, "l1": length, "l2": length,
		"j": bytes,
	}
	for _, kind := range corpus.Kinds() {
		unit["x"+string(kind[0])] = terms
	}
	facets := m{}
	for _, f := range facetFields {
		facets[f] = keyword
	}
	number := m{"type": "integer"}
	properties := m{
		fieldShown: bytes, fieldDay: number, fieldRank: number, fieldUnits: number, fieldSequence: m{"type": "long"},
		fieldSuggest: m{"type": "keyword", "eager_global_ordinals": true}, units: m{"type": "nested", "properties": unit}, "f": m{"properties": facets},
		"related": m{"type": "object", "enabled": false},
	}
	for _, f := range []string{fieldID, fieldKind, fieldNumber, fieldCode, fieldName, fieldPath, fieldIssuer, fieldNeed, effective, superseded, repealed} {
		properties[f] = keyword
	}
	d := m{
		"settings": m{
			"number_of_shards": o.Shards, "number_of_replicas": o.Replicas,
			"index.mapping.nested_objects.limit": 1_000_000, "index.mapping.total_fields.limit": 200, "index.max_result_window": 50_000,
			"index.gc_deletes": "1h", "index.refresh_interval": "1s", "index.max_inner_result_window": 100,
			// A node that stood still comes back while its shards are still being closed, and the usual five tries are over within
			// seconds: the copy would then be missing until somebody asks for another try by hand.
			"index.allocation.max_retries": 200,
			// The candidates are scored again in Go; these are one field's k1 and b nearest to that.
			"index.similarity.house": m{"type": "BM25", "k1": o.Ranking.K1, "b": o.Ranking.LengthB[2]},
		},
		"mappings": m{
			"dynamic": "strict", "_meta": m{"version": o.version()},
			// What a unit says is stored with the unit itself, so that reading one article does not parse its whole law.
			"_source":    m{"excludes": []string{units, fieldSuggest}},
			"properties": properties,
		},
	}
	if alias {
		d["aliases"] = m{o.Prefix: m{}}
	}
	return d
}
