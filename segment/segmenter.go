package segment

import (
	"bufio"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/go-ego/gse"
)

//go:embed dict/*.txt
var dictFiles embed.FS

// termFrequency is the frequency of a dictionary term that gives none. In gse's dictionary of 60 million counted words
// a term of this frequency is preferred to any two words that each occur less than some 170,000 times.
const termFrequency = 500

// Segmenter cuts normalised text into words. It never changes once it is made, so any number of goroutines may use it.
type Segmenter struct {
	gse     gse.Segmenter
	version string
}

// New makes a Segmenter of the embedded domain dictionary, gse's simplified Chinese dictionary and further terms of the
// operator's own, in the format of the embedded dictionary: one term a line, optionally a tab and a frequency, # for
// comments. It takes about two seconds and 135 MB; keep one and share it.
func New(extra ...io.Reader) (*Segmenter, error) {
	s := &Segmenter{gse: gse.Segmenter{NotLoadHMM: true, SkipLog: true, NotStop: true}}
	s.gse.Dict = gse.NewDict()
	hash := sha256.New()
	err := eachDictionary(extra, func(name string, r io.Reader) error {
		return s.load(name, io.TeeReader(r, hash))
	})
	if err != nil {
		return nil, err
	}
	if err := s.gse.LoadDictEmbed("zh_s"); err != nil {
		return nil, fmt.Errorf("load the dictionary of gse: %w", err)
	}
	s.version = hex.EncodeToString(hash.Sum(nil)[:6])
	return s, nil
}

// Default returns the Segmenter of the embedded dictionaries. The first call makes it.
var Default = sync.OnceValues(func() (*Segmenter, error) { return New() })

func eachDictionary(extra []io.Reader, load func(string, io.Reader) error) error {
	names, err := fs.Glob(dictFiles, "dict/*.txt")
	if err != nil {
		return err
	}
	sort.Strings(names)
	for _, name := range names {
		f, err := dictFiles.Open(name)
		if err != nil {
			return err
		}
		if err := load(name, f); err != nil {
			return err
		}
	}
	for i, r := range extra {
		if err := load(fmt.Sprintf("extra dictionary %d", i+1), r); err != nil {
			return err
		}
	}
	return nil
}

// load adds the terms of one dictionary. It comes before gse's own words, because gse ignores a word that it has.
func (s *Segmenter) load(name string, r io.Reader) error {
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		text, freq, err := parseTerm(lines.Text())
		if err != nil {
			return fmt.Errorf("%s:%d: %w", name, n, err)
		}
		if text == "" {
			continue
		}
		if err := s.gse.AddToken(text, freq); err != nil {
			return fmt.Errorf("%s:%d: add %q: %w", name, n, text, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// parseTerm reads one line of a dictionary and returns no text for a blank line or a comment.
func parseTerm(line string) (string, float64, error) {
	line, _, _ = strings.Cut(line, "#")
	fields := strings.Fields(line)
	if len(fields) == 0 {
		return "", 0, nil
	}
	if len(fields) > 2 {
		return "", 0, fmt.Errorf("%q: a line holds one term and at most a frequency", line)
	}
	freq := float64(termFrequency)
	if len(fields) == 2 {
		f, err := strconv.ParseFloat(fields[1], 64)
		if err != nil || !(f >= 2 && f <= 1e7) { // so that NaN is refused
			return "", 0, fmt.Errorf("frequency %q is not a number from 2 to 10,000,000", fields[1])
		}
		freq = f
	}
	return Fold(fields[0]), freq, nil
}

// Version names the dictionaries that the Segmenter was made of. An index made with another version is rebuilt.
func (s *Segmenter) Version() string { return s.version }

// Known reports whether word is in the dictionary.
func (s *Segmenter) Known(word string) bool {
	freq, _, ok := s.gse.Dict.Find([]byte(word))
	return ok && freq > 0
}

// Frequency returns how often the dictionary has seen word, 0 when it has not.
func (s *Segmenter) Frequency(word string) float64 {
	freq, _, ok := s.gse.Dict.Find([]byte(word))
	if !ok {
		return 0
	}
	return freq
}

// Words returns the word lane of a normalised text: the words that gse finds and, within each word of three and more
// characters, the dictionary's words of two and more (Part), by position.
func (s *Segmenter) Words(norm string) []Token {
	var tokens []Token
	for r := range runs(norm) {
		if !r.han {
			tokens = latin(tokens, norm, r)
			continue
		}
		s.cut(norm, r, func(start, end, pos int) {
			tokens = append(tokens, Token{Text: norm[start:end], Start: start, End: end, Position: pos})
			tokens = s.parts(tokens, norm, start, end, pos)
		})
	}
	return tokens
}

// cut calls word for every word of a run of Han characters.
func (s *Segmenter) cut(norm string, r run, word func(start, end, pos int)) {
	pos := r.pos
	for _, seg := range s.gse.Segment([]byte(norm[r.start:r.end])) {
		start, end := r.start+seg.Start(), r.start+seg.End()
		word(start, end, pos)
		pos += utf8.RuneCountInString(norm[start:end])
	}
}

// parts appends the dictionary's words of two and more characters that lie within the word norm[start:end].
func (s *Segmenter) parts(tokens []Token, norm string, start, end, pos int) []Token {
	if end-start < 9 { // Han characters have three bytes, a few four; two of them have no parts
		return tokens
	}
	for i := start; i < end; pos++ {
		_, size := utf8.DecodeRuneInString(norm[i:])
		for j := i + size; j < end; {
			_, n := utf8.DecodeRuneInString(norm[j:])
			j += n
			if (i > start || j < end) && s.Known(norm[i:j]) {
				tokens = append(tokens, Token{Text: norm[i:j], Start: i, End: j, Position: pos, Part: true})
			}
		}
		i += size
	}
	return tokens
}

// Terms calls term for everything that an index stores of a normalised text: Grams, and of Words those of three and more
// characters. The strings are slices of norm.
func (s *Segmenter) Terms(norm string, term func(string)) {
	var long []Token
	for r := range runs(norm) {
		if !r.han {
			term(latin(nil, norm, r)[0].Text)
			continue
		}
		for i := r.start; i < r.end; {
			_, a := utf8.DecodeRuneInString(norm[i:])
			term(norm[i : i+a])
			if j := i + a; j < r.end {
				_, b := utf8.DecodeRuneInString(norm[j:])
				term(norm[i : j+b])
			}
			i += a
		}
		s.cut(norm, r, func(start, end, pos int) {
			if end-start < 9 {
				return
			}
			term(norm[start:end])
			long = s.parts(long[:0], norm, start, end, pos)
			for _, t := range long {
				if len(t.Text) >= 9 {
					term(t.Text)
				}
			}
		})
	}
}

// Analyze returns both lanes of any text with offsets into the text as given: what `tongsou segment` shows.
func (s *Segmenter) Analyze(text string) (words, grams []Token) {
	t := Normalize(text)
	words, grams = s.Words(t.Norm), Grams(t.Norm)
	for _, lane := range [][]Token{words, grams} {
		for i := range lane {
			lane[i].Start, lane[i].End = t.Span(lane[i].Start, lane[i].End)
		}
	}
	return words, grams
}

// Live is a Segmenter that can be replaced while it is in use: readers load the pointer once per document or query and
// never wait.
type Live struct{ p atomic.Pointer[Segmenter] }

// Get returns the Segmenter in use, nil before the first Set.
func (l *Live) Get() *Segmenter { return l.p.Load() }

// Set puts another Segmenter in its place.
func (l *Live) Set(s *Segmenter) { l.p.Store(s) }
