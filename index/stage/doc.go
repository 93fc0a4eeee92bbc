// Package stage is what every engine does alike in the first stage of a search, in one copy: the course of an answer from the
// query's text to its groups (answer.go), the statistics and the coverage by which units are scored (score.go), the lengths
// that BM25F knows (length.go), the words a query is read by (words.go), the progress of a rebuild
// (rebuild.go), and the names that suggestions come from (names.go).
// How candidates are found is an engine's own.
package stage
