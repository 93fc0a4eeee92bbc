package semantic

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// wordPiece cuts text into the pieces that BERT models know (Devlin et al. 2019): every Han character is a word, other
// words are cut greedily into the longest pieces of the vocabulary.
type wordPiece struct {
	vocabulary              map[string]int64
	prefix                  string // of a piece that continues a word: ##
	longest                 int    // characters of a word; a longer one is unknown
	clean, han, lower, bare bool   // what the normalizer does; bare takes accents away
	begin, end, unknown     int64  // [CLS], [SEP], [UNK]
}

// tokenizerFile is what is needed of a tokenizer.json of Hugging Face.
type tokenizerFile struct {
	Normalizer struct {
		Type      string `json:"type"`
		CleanText bool   `json:"clean_text"`
		Han       bool   `json:"handle_chinese_chars"`
		Accents   *bool  `json:"strip_accents"`
		Lowercase bool   `json:"lowercase"`
	} `json:"normalizer"`
	PreTokenizer struct {
		Type string `json:"type"`
	} `json:"pre_tokenizer"`
	Model struct {
		Type       string           `json:"type"`
		Unknown    string           `json:"unk_token"`
		Prefix     string           `json:"continuing_subword_prefix"`
		Longest    int              `json:"max_input_chars_per_word"`
		Vocabulary map[string]int64 `json:"vocab"`
	} `json:"model"`
}

// readWordPiece reads a tokenizer.json. A tokenizer of another kind than BERT's WordPiece is an error.
func readWordPiece(path string) (*wordPiece, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read tokenizer: %w", err)
	}
	w, err := parseWordPiece(raw)
	if err != nil {
		return nil, fmt.Errorf("tokenizer %s: %w", path, err)
	}
	return w, nil
}

func parseWordPiece(raw []byte) (*wordPiece, error) {
	var f tokenizerFile
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, fmt.Errorf("not a tokenizer.json: %w", err)
	}
	if f.Model.Type != "WordPiece" || f.Normalizer.Type != "BertNormalizer" || f.PreTokenizer.Type != "BertPreTokenizer" {
		return nil, fmt.Errorf("model %q with normalizer %q is not BERT's WordPiece, the only kind that is supported; choose a BERT model",
			f.Model.Type, f.Normalizer.Type)
	}
	w := &wordPiece{
		vocabulary: f.Model.Vocabulary, prefix: f.Model.Prefix, longest: f.Model.Longest,
		clean: f.Normalizer.CleanText, han: f.Normalizer.Han, lower: f.Normalizer.Lowercase, bare: f.Normalizer.Lowercase,
	}
	if f.Normalizer.Accents != nil {
		w.bare = *f.Normalizer.Accents
	}
	for _, special := range []struct {
		piece string
		id    *int64
	}{{"[CLS]", &w.begin}, {"[SEP]", &w.end}, {f.Model.Unknown, &w.unknown}} {
		id, ok := w.vocabulary[special.piece]
		if !ok {
			return nil, errors.New("the vocabulary lacks " + special.piece)
		}
		*special.id = id
	}
	return w, nil
}

// encode returns the numbers of a text's pieces between [CLS] and [SEP], at most limit of them with these two.
func (w *wordPiece) encode(text string, limit int) []int64 {
	ids := []int64{w.begin}
	for _, word := range w.words(text) {
		if len(ids) >= limit-1 {
			break
		}
		ids = w.pieces(ids, word)
	}
	return append(ids[:min(len(ids), limit-1)], w.end)
}

// words normalises a text and splits it at blanks, at punctuation, and around every Han character.
func (w *wordPiece) words(text string) []string {
	if w.bare {
		text = norm.NFD.String(text)
	}
	var words []string
	var word strings.Builder
	flush := func() {
		if word.Len() > 0 {
			words = append(words, word.String())
			word.Reset()
		}
	}
	for _, r := range text {
		switch {
		case w.clean && (r == 0 || r == utf8.RuneError || control(r)), w.bare && unicode.Is(unicode.Mn, r):
		case unicode.IsSpace(r):
			flush()
		case w.han && ideograph(r), punctuation(r):
			flush()
			words = append(words, string(r))
		case w.lower:
			word.WriteRune(unicode.ToLower(r))
		default:
			word.WriteRune(r)
		}
	}
	flush()
	return words
}

// pieces appends the longest pieces that a word consists of, or [UNK] when it cannot be put together. What is unknown in
// capitals is tried in small letters: BGE's Chinese vocabulary has etc and no ETC, and its tokenizer keeps the capitals.
func (w *wordPiece) pieces(ids []int64, word string) []int64 {
	if utf8.RuneCountInString(word) > w.longest {
		return append(ids, w.unknown)
	}
	if found, ok := w.longestPieces(ids, word); ok {
		return found
	}
	if found, ok := w.longestPieces(ids, strings.ToLower(word)); ok {
		return found
	}
	return append(ids, w.unknown)
}

// longestPieces is pieces for one spelling; it reports whether the word is made of known pieces.
func (w *wordPiece) longestPieces(ids []int64, word string) ([]int64, bool) {
	known := len(ids)
	for start := 0; start < len(word); {
		end := len(word)
		for ; end > start; end-- {
			if !utf8.RuneStart(byteAt(word, end)) {
				continue
			}
			piece := word[start:end]
			if start > 0 {
				piece = w.prefix + piece
			}
			if id, ok := w.vocabulary[piece]; ok {
				ids = append(ids, id)
				break
			}
		}
		if end == start {
			return ids[:known], false
		}
		start = end
	}
	return ids, true
}

// byteAt is the byte at i, and one that begins a character behind the end.
func byteAt(s string, i int) byte {
	if i == len(s) {
		return 0
	}
	return s[i]
}

// control reports what BERT's cleaning drops: control and format characters, not the blanks among them.
func control(r rune) bool {
	return r != '\t' && r != '\n' && r != '\r' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs)
}

// punctuation is Unicode's, and all of ASCII that is neither letter nor digit: $, + and ~ are words of their own.
func punctuation(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= '!' && r <= '/' || r >= ':' && r <= '@' || r >= '[' && r <= '`' || r >= '{' && r <= '~'
	}
	return unicode.IsPunct(r)
}

// ideograph reports the blocks that BERT takes for Chinese: CJK ideographs with their extensions and compatibility forms,
// neither kana nor hangul.
func ideograph(r rune) bool {
	for _, block := range [...][2]rune{
		{0x4E00, 0x9FFF}, {0x3400, 0x4DBF}, {0x20000, 0x2A6DF}, {0x2A700, 0x2B73F}, {0x2B740, 0x2B81F},
		{0x2B920, 0x2CEAF}, {0xF900, 0xFAFF}, {0x2F800, 0x2FA1F},
	} {
		if r >= block[0] && r <= block[1] {
			return true
		}
	}
	return false
}
