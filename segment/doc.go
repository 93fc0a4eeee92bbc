// Package segment turns Chinese text into terms with exact byte spans.
//
// A text goes through three steps. Normalize folds it (NFKC, width, case, traditional to simplified, letter-spaced
// text) and keeps a map back to the original bytes. A Segmenter cuts the normalised text into words by gse with an
// embedded dictionary of government terms. Terms gives what an index stores of it.
//
// The terms of a text are its single characters, its character bigrams and its words of three and more characters. A
// word of two characters is one of the bigrams, so it is not stored a second time: whether 处理 is a word or the seam of
// two others is the query's knowledge, and the query's weights say so. This keeps three lanes (words, bigrams,
// characters) in one field at the cost of little more than one, and a query's bigrams are always among a document's, so
// that a word cut differently (待处理 against 处理) is never lost.
package segment
