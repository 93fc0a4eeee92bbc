// Package index says what a query, a hit and an engine are, and holds everything about search that no engine should do in
// its own way: reading a query (reading.go) and mending its slips (slips.go), the plan that an engine works by (plan.go),
// what of a document is ranked (unit.go), the ranking of candidates (ranking.go, action.go), snippets (snippet.go), facets
// (facets.go), and keeping an index in step with the store of record (follow.go).
//
// A query goes Reader.Read → Plan → the engine's candidates → Ranking.Group → Result. Engines live in the packages below:
// index/embedded on bleve's segments, index/opensearch on a cluster, both over what index/stage holds; index/enginetest is the
// contract that each must keep; index/eval measures the answers.
package index
