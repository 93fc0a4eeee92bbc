package segment

import (
	"bufio"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

//go:embed lexicon/*.txt
var lexiconFiles embed.FS

// noiseFile is the lexicon's list of speech noise, spokenFile that of spoken variants; every other file holds entries.
const noiseFile = "lexicon/speech-noise.txt"

// Lexicon knows everyday words for official terms, and the noise of speech. It never changes once it is made.
type Lexicon struct {
	entries map[string][]Entry
	noise   map[string]string // phrase → intent
	longest int               // bytes of the longest key
	count   int
	version string
	// variants maps words to the head of their group, fillers to nothing (spoken.go).
	variants       map[string]string
	longestVariant int             // bytes
	targets        map[string]bool // what some entry leads to
	// repeated says where an entry stands that stood before; Check reports it.
	repeated []string
}

// Entry says that an everyday word stands for an official term.
type Entry struct {
	From, To string // folded
	// Weight is how much a match of To counts compared with what was typed, above 0 and at most 1.
	Weight float64
	// Context, when not empty, lists words of which the query must hold at least one besides From.
	Context []string

	place string // file:line
	both  bool   // written with <=>
}

// DefaultLexicon returns the embedded lexicon. The first call reads it.
var DefaultLexicon = sync.OnceValues(func() (*Lexicon, error) {
	l := newLexicon()
	hash := sha256.New()
	names, err := fs.Glob(lexiconFiles, "lexicon/*.txt")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	for _, name := range names {
		f, err := lexiconFiles.Open(name)
		if err != nil {
			return nil, err
		}
		if err := l.read(name, io.TeeReader(f, hash)); err != nil {
			return nil, err
		}
	}
	l.version = hex.EncodeToString(hash.Sum(nil)[:6])
	return l, nil
})

// ReadLexicon reads entries in the format of the embedded lexicon. A faulty line is an error that names it.
func ReadLexicon(name string, r io.Reader) (*Lexicon, error) {
	l := newLexicon()
	if err := l.read(name, r); err != nil {
		return nil, err
	}
	return l, nil
}

func newLexicon() *Lexicon {
	return &Lexicon{entries: map[string][]Entry{}, noise: map[string]string{}, variants: map[string]string{}, targets: map[string]bool{}}
}

// Version names the files that the lexicon was made of.
func (l *Lexicon) Version() string { return l.version }

// Len is the number of entries: pairs of an everyday word and an official term.
func (l *Lexicon) Len() int { return l.count }

func (l *Lexicon) read(name string, r io.Reader) error {
	parse := l.parseEntry
	switch name {
	case noiseFile:
		parse = l.parseNoise
	case spokenFile:
		parse = l.parseVariants
	}
	lines := bufio.NewScanner(r)
	n := 1
	for ; lines.Scan(); n++ {
		line, _, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "\ufeff"), "#") // Windows editors put U+FEFF first
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "[") {
			continue
		}
		place := fmt.Sprintf("%s:%d", name, n)
		if err := parse(place, line); err != nil {
			return fmt.Errorf("%s: %w", place, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s:%d: %w", name, n, err)
	}
	return nil
}

func (l *Lexicon) parseNoise(place, line string) error {
	phrase, intent, _ := strings.Cut(line, "=>")
	if phrase = strings.TrimSpace(Fold(phrase)); phrase == "" {
		return fmt.Errorf("no phrase before =>")
	}
	if _, ok := l.noise[phrase]; ok {
		l.repeated = append(l.repeated, fmt.Sprintf("%s: the noise %s stands there before", place, phrase))
	}
	l.noise[phrase] = strings.TrimSpace(intent)
	l.longest = max(l.longest, len(phrase))
	return nil
}

// parseEntry reads one line: everyday | everyday => official @weight, official ? context context.
func (l *Lexicon) parseEntry(place, line string) error {
	arrow := "=>"
	if strings.Contains(line, "<=>") {
		arrow = "<=>"
	}
	left, right, ok := strings.Cut(line, arrow)
	if !ok {
		return fmt.Errorf("%q has no =>; write 日常说法 => 规范用语", line)
	}
	right, ask, asks := strings.Cut(right, "?")
	var context []string
	for _, w := range strings.Fields(ask) {
		if w = strings.TrimSpace(Fold(w)); w != "" { // the empty word would be in every query
			context = append(context, w)
		}
	}
	if asks && len(context) == 0 {
		return fmt.Errorf("%q asks for no word behind the ?", line)
	}
	for _, to := range strings.Split(right, ",") {
		term, weight, err := parseWeighted(to)
		if err != nil {
			return err
		}
		for _, from := range strings.Split(left, "|") {
			from = strings.TrimSpace(Fold(from))
			if from == "" || from == term {
				return fmt.Errorf("%q maps nothing, or a word to itself", line)
			}
			e := Entry{From: from, To: term, Weight: weight, Context: context, place: place, both: arrow == "<=>"}
			l.add(e)
			if e.both {
				e.From, e.To = e.To, e.From
				l.add(e)
			}
		}
	}
	return nil
}

// defaultWeight is the weight of an entry that gives none.
const defaultWeight = 0.8

func parseWeighted(s string) (string, float64, error) {
	term, w, given := strings.Cut(strings.TrimSpace(s), "@")
	weight := defaultWeight
	if given {
		var err error
		if weight, err = strconv.ParseFloat(strings.TrimSpace(w), 64); err != nil || !(weight > 0 && weight <= 1) {
			return "", 0, fmt.Errorf("weight %q is not a number above 0 and at most 1", w)
		}
	}
	if term = strings.TrimSpace(Fold(term)); term == "" {
		return "", 0, fmt.Errorf("an official term is missing in %q", s)
	}
	return term, weight, nil
}

// add keeps the first of entries that say the same: a lexicon with a repeated line still works, and Check names the line.
func (l *Lexicon) add(e Entry) {
	for _, old := range l.entries[e.From] {
		if old.To == e.To && sameWords(old.Context, e.Context) {
			l.repeated = append(l.repeated, fmt.Sprintf("%s: %s => %s stands in %s already", e.place, e.From, e.To, old.place))
			return
		}
	}
	l.entries[e.From] = append(l.entries[e.From], e)
	l.targets[e.To] = true
	l.longest = max(l.longest, len(e.From))
	l.count++
}

// Entries returns what a folded word stands for.
func (l *Lexicon) Entries(word string) []Entry { return l.entries[word] }

// Official reports whether a folded word is an official term of some entry.
func (l *Lexicon) Official(word string) bool { return l.targets[word] }

// Use is an everyday word found in a query, with the entries whose context holds.
type Use struct {
	Start, End int // bytes of the folded query
	Entries    []Entry
}

// Find returns the lexicon's words in a folded query, the longest at each place, from left to right and without overlap.
func (l *Lexicon) Find(norm string) []Use {
	var uses []Use
	for i := 0; i < len(norm); {
		end, entries := l.longestAt(norm, i)
		if end == 0 {
			_, size := utf8.DecodeRuneInString(norm[i:])
			i += size
			continue
		}
		uses = append(uses, Use{i, end, entries})
		i = end
	}
	return uses
}

func (l *Lexicon) longestAt(norm string, i int) (int, []Entry) {
	for end := min(len(norm), i+l.longest); end > i; end-- {
		if end < len(norm) && !utf8.RuneStart(norm[end]) {
			continue
		}
		entries := l.entries[norm[i:end]]
		if len(entries) == 0 {
			continue // before the rest of the query is put together: nearly every span is no word
		}
		if found := inContext(entries, norm[:i]+" "+norm[end:]); len(found) > 0 {
			return end, found
		}
	}
	return 0, nil
}

func inContext(entries []Entry, rest string) []Entry {
	var kept []Entry
	for _, e := range entries {
		if len(e.Context) == 0 || slices.ContainsFunc(e.Context, func(w string) bool { return strings.Contains(rest, w) }) {
			kept = append(kept, e)
		}
	}
	return kept
}

// Noise is a phrase of speech that carries no weight in a search.
type Noise struct {
	Start, End int
	// Intent is what the phrase asks for: materials, place, time, cost, condition, status, process, phone; or nothing.
	Intent string
}

// FindNoise returns the noise of speech in a folded query. A phrase of one or two characters counts only where words
// gives it its own boundaries, so that 要 is noise in 要带什么 and not in 重要.
func (l *Lexicon) FindNoise(norm string, words []Token) []Noise {
	starts, ends := map[int]bool{}, map[int]bool{}
	for _, w := range words {
		if !w.Part {
			starts[w.Start], ends[w.End] = true, true
		}
	}
	var found []Noise
	for i := 0; i < len(norm); {
		end := l.noiseAt(norm, i, starts, ends)
		if end == 0 {
			_, size := utf8.DecodeRuneInString(norm[i:])
			i += size
			continue
		}
		found = append(found, Noise{i, end, l.noise[norm[i:end]]})
		i = end
	}
	return found
}

func (l *Lexicon) noiseAt(norm string, i int, starts, ends map[int]bool) int {
	for end := min(len(norm), i+l.longest); end > i; end-- {
		if end < len(norm) && !utf8.RuneStart(norm[end]) {
			continue
		}
		if _, ok := l.noise[norm[i:end]]; !ok {
			continue
		}
		if utf8.RuneCountInString(norm[i:end]) > 2 || starts[i] && ends[end] {
			return end
		}
	}
	return 0
}
