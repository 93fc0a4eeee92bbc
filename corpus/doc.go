// Package corpus says what tongsou searches: service items (政务服务事项), laws and policies, and news. It holds the
// types, the names that the field uses (文号, 第X条, administrative divisions) and the checks that say what is wrong with
// a document. Its folders are the rooms around it: reader makes documents from files, store is the record of truth, and
// sample is the embedded corpus of a fresh clone.
//
// The package is the ground floor: it knows nothing of words, of indexes or of HTTP.
package corpus
