// Package reader makes documents from files. Each format is one file of this package and one entry of Formats; it is
// chosen by what a file holds, not only by what it is called. A new kind of document is one new file.
package reader

import (
	"fmt"
	"io"

	"tongsou/corpus"
)

// Format reads one kind of file.
type Format interface {
	// Name is what messages and --format call it: newspaper, law, policy, html …
	Name() string
	// Accepts reports whether the file looks like this format, judging by f.Head first and f.Path second.
	Accepts(f *File) bool
	// Read emits every document of the file in the file's order. What is wrong with one record is emitted as a Fault
	// beside the good ones; an error is returned only when the rest of the file cannot be read at all, or when emit
	// returned one.
	Read(f *File, emit Emit) error
}

// Emit takes one document or one fault from a reader; exactly one of the two is set. An error stops the reading.
type Emit func(*corpus.Document, *Fault) error

// File is an opened input: decompressed, and for text formats decoded to UTF-8.
type File struct {
	// Path names the file in messages and in Source.File, with forward slashes, relative to the ingested root.
	Path string
	// Head is the beginning of the decompressed file, at most 64 KiB, decoded to UTF-8 when the file is text.
	Head []byte
	// Text streams the whole file decoded to UTF-8 without byte order mark. Raw streams the bytes before decoding, for
	// binary formats. One of the two may be read, once.
	Text, Raw io.Reader
	// Local is the path on disk, for formats that need another program; empty when the file was compressed.
	Local string
	// Mapping is the path of a file that says which column is which field; empty when none was given.
	Mapping string
	// Year is the year of the documents for formats whose dates leave it out; 0 when none was given.
	Year int
	// Limits bounds what the file may cost.
	Limits Limits
}

// Fault is what is wrong with one record of a file.
type Fault struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Field  string `json:"field,omitempty"`
	Reason string `json:"reason"`
	// Record is the offending input as it stood, cut at 2,000 bytes.
	Record string `json:"record,omitempty"`
}

// Error says it in one line: file:line: field: reason.
func (f *Fault) Error() string {
	s := f.File
	if f.Line > 0 {
		s = fmt.Sprintf("%s:%d", s, f.Line)
	}
	if f.Field != "" {
		s += ": " + f.Field
	}
	return s + ": " + f.Reason
}
