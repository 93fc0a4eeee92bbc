package index

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The file of related terms is text, so that it can be read without this program:
//
//	tongsou-related 1<TAB>version<TAB>sequence<TAB>documents
//	word<TAB>term<TAB>strength<TAB>documents<TAB>together    one line a pair, a word's pairs together
//	end<TAB>checksum                                         CRC-32 of all before, in hex
//
// The last line tells a whole file from a torn one.
const (
	relatedMagic = "tongsou-related 1"
	relatedEnd   = "end"
)

// ErrRelatedFile means that a file of related terms is torn or is none. Nothing is lost: it is learned again.
var ErrRelatedFile = errors.New("not a whole file of related terms")

// Encode writes r in the form that ParseRelated reads.
func (r *Related) Encode() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\t%s\t%d\t%d\n", relatedMagic, r.From.Version, r.From.Sequence, r.From.Documents)
	for _, word := range r.Words() {
		for _, t := range r.terms[word] {
			fmt.Fprintf(&b, "%s\t%s\t%.4g\t%d\t%.2f\n", word, t.Text, t.Strength, t.Documents, t.Together)
		}
	}
	fmt.Fprintf(&b, "%s\t%08x\n", relatedEnd, crc32.ChecksumIEEE(b.Bytes()))
	return b.Bytes()
}

// ParseRelated reads what Encode wrote. An error wraps ErrRelatedFile.
func ParseRelated(raw []byte) (*Related, error) {
	body, err := checked(raw)
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(bytes.NewReader(body))
	r := &Related{terms: map[string][]RelatedTerm{}}
	for n := 1; lines.Scan(); n++ {
		fields := strings.Split(lines.Text(), "\t")
		read := r.parsePair
		if n == 1 {
			read = r.parseHead
		}
		if err := read(fields); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRelatedFile, err)
	}
	return r, nil
}

// checked returns what stands before the last line, which must be its checksum.
func checked(raw []byte) ([]byte, error) {
	at := bytes.LastIndexByte(bytes.TrimSuffix(raw, []byte("\n")), '\n') + 1
	want := fmt.Sprintf("%s\t%08x\n", relatedEnd, crc32.ChecksumIEEE(raw[:at]))
	if at == 0 || string(raw[at:]) != want {
		return nil, fmt.Errorf("the last line is no checksum of the others: %w", ErrRelatedFile)
	}
	return raw[:at], nil
}

func (r *Related) parseHead(fields []string) error {
	if len(fields) != 4 || fields[0] != relatedMagic {
		return fmt.Errorf("begins with %q: %w", strings.Join(fields, " "), ErrRelatedFile)
	}
	sequence, err := strconv.ParseUint(fields[2], 10, 64)
	documents, err2 := strconv.Atoi(fields[3])
	if err = errors.Join(err, err2); err != nil || documents < 0 {
		return fmt.Errorf("%w: sequence %q, documents %q", ErrRelatedFile, fields[2], fields[3])
	}
	r.From = RelatedFrom{Version: fields[1], Sequence: sequence, Documents: documents}
	return nil
}

func (r *Related) parsePair(fields []string) error {
	if len(fields) != 5 {
		return fmt.Errorf("%w: %d fields instead of 5", ErrRelatedFile, len(fields))
	}
	word, term := fields[0], fields[1]
	strength, err := strconv.ParseFloat(fields[2], 64)
	documents, err2 := strconv.Atoi(fields[3])
	together, err3 := strconv.ParseFloat(fields[4], 64)
	switch {
	case errors.Join(err, err2, err3) != nil || !(strength > 0 && strength <= 1) || documents < 0 || !(together >= 0) || math.IsInf(together, 0):
		return fmt.Errorf("%w: the figures of %q are none", ErrRelatedFile, word)
	case word == "" || term == "" || word == term || !utf8.ValidString(word) || !utf8.ValidString(term):
		return fmt.Errorf("%w: the pair %q, %q is none", ErrRelatedFile, word, term)
	case len(r.terms[word]) == MaxRelatedTerms || r.terms[word] == nil && len(r.terms) == MaxRelatedWords:
		return fmt.Errorf("%w: too many terms", ErrRelatedFile)
	}
	r.terms[word] = append(r.terms[word], RelatedTerm{Text: term, Strength: strength, Documents: documents, Together: together})
	return nil
}
