package segment_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"tongsou/segment"
)

// hard are texts that have broken tokenizers: other byte lengths in lower case, characters that fold to several or to
// none, broken UTF-8, blanks inside words, terms longer than an index takes.
var hard = []string{
	"", "孩子上户口要啥材料", "國務院辦公廳關於進一步", "ＡＢＣ〔２０１９〕５號",
	"习 近 平 向 英 国", "打　通\u00a0服\t務 群眾", "İstanbul İİ人", "273 K氏 KK", "坏\xff字\xfe\xe4\xbd节\xc0\x80",
	"办👨\u200d👩\u200d👧事🀄", "𠮷野家𪚥𪚥𪚥", "e\u0301\u0327中\u0301国", "葛\U000E0100城\ufe0f", "①㎡…㈱ﬃ㍿", "a.b 1.2.3. ４．５",
	"最高人民法院和中华人民共和国行政许可法", "待处理的卡", "⼈⺠〇々〆㐂", "\u3164\u115f각\u1100\u1161\u11a8", "ᠮᠣᠩᠭᠣᠯ\u180b ᠤᠯᠤᠰ", "\ufdfa\u2028\u0085\x00",
	strings.Repeat("QUJD", 100) + "字", strings.Repeat("é", 100), "a" + strings.Repeat("\u0301", 80), strings.Repeat("办 ", 50),
}

func seed(f *testing.F) {
	f.Helper()
	for _, s := range hard {
		f.Add(s)
	}
}

// FuzzNormalize holds the promise on the map back: on any bytes, spans lie within the original, never fall, and leave out
// nothing of what they stand for.
func FuzzNormalize(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, text string) {
		n := segment.Normalize(text)
		if !utf8.ValidString(n.Norm) {
			t.Fatalf("normalised text is not UTF-8: %q", n.Norm)
		}
		if fold := segment.Fold(text); n.Norm != fold {
			t.Fatalf("Normalize and Fold differ: %q, %q", n.Norm, fold)
		}
		lastStart, lastEnd := 0, 0
		for i, r := range n.Norm {
			start, end := n.Span(i, i+utf8.RuneLen(r))
			if start < lastStart || end < lastEnd || start >= end || end > len(text) {
				t.Fatalf("span %d:%d of %q at %d after %d:%d in %q", start, end, r, i, lastStart, lastEnd, text)
			}
			lastStart, lastEnd = start, end
			if want, _ := n.Span(i, len(n.Norm)); want != start {
				t.Fatalf("a span begins at %d or %d with its length", start, want)
			}
			if at, to := n.Span(i, i); at != to || at > len(text) {
				t.Fatalf("empty span %d:%d", at, to)
			}
		}
		for _, at := range []int{-1, 0, len(n.Norm), len(n.Norm) + 7} {
			if start, end := n.Span(at, at+3); start < 0 || start > end || end > len(text) {
				t.Fatalf("span at %d is %d:%d", at, start, end)
			}
		}
	})
}

// checkLane holds what Words and Grams promise alike.
func checkLane(t *testing.T, norm string, lane []segment.Token) {
	t.Helper()
	for i, tok := range lane {
		if tok.Start < 0 || tok.End <= tok.Start || tok.End > len(norm) || norm[tok.Start:tok.End] != tok.Text {
			t.Fatalf("token %+v does not stand at its place in %q", tok, norm)
		}
		if !utf8.ValidString(tok.Text) || len(tok.Text) > 120 {
			t.Fatalf("token %+v is no index term", tok)
		}
		if got := utf8.RuneCountInString(norm[:tok.Start]); got != tok.Position {
			t.Fatalf("token %+v: position should be %d", tok, got)
		}
		if !tok.Part && i > 0 && tok.Start < lane[i-1].Start || i > 0 && tok.Position < lane[i-1].Position {
			t.Fatalf("tokens out of order: %+v", lane)
		}
	}
}

// FuzzWords holds that the words that are no parts of others stand side by side and leave no Han character out.
func FuzzWords(f *testing.F) {
	seed(f)
	s := segmenter(f)
	f.Fuzz(func(t *testing.T, text string) {
		norm := segment.Fold(text)
		words := s.Words(norm)
		checkLane(t, norm, words)
		end := 0
		for _, w := range words {
			if w.Part {
				continue
			}
			if w.Start < end {
				t.Fatalf("word %+v overlaps the one before it in %q", w, norm)
			}
			if strings.ContainsFunc(norm[end:w.Start], isHan) {
				t.Fatalf("no word holds %q of %q", norm[end:w.Start], norm)
			}
			end = w.End
		}
		if strings.ContainsFunc(norm[end:], isHan) {
			t.Fatalf("no word holds %q of %q", norm[end:], norm)
		}
	})
}

func isHan(r rune) bool { return unicode.Is(unicode.Han, r) && r > 0x2E80 }

// FuzzGrams holds that every Han character is a gram.
func FuzzGrams(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, text string) {
		norm := segment.Fold(text)
		grams := segment.Grams(norm)
		checkLane(t, norm, grams)
		at := map[int]bool{}
		for _, g := range grams {
			at[g.Start] = true
		}
		for i, r := range norm {
			if isHan(r) && !at[i] {
				t.Fatalf("%q at %d of %q is no gram", r, i, norm)
			}
		}
	})
}

// FuzzAnalyze holds that offsets lie in the original and that what they cover folds to the token. Blanks are left out of
// the last, because whether they are noise depends on the characters around the span.
func FuzzAnalyze(f *testing.F) {
	seed(f)
	s := segmenter(f)
	f.Fuzz(func(t *testing.T, text string) {
		words, grams := s.Analyze(text)
		for _, lane := range [][]segment.Token{words, grams} {
			for _, tok := range lane {
				if tok.Start < 0 || tok.End <= tok.Start || tok.End > len(text) {
					t.Fatalf("token %+v outside %q", tok, text)
				}
				piece := text[tok.Start:tok.End]
				if fold := segment.Fold(piece); !strings.Contains(fold, tok.Text) && !strings.ContainsAny(piece, " \t\u3000\u00a0") {
					t.Fatalf("%q of %q folds to %q, not to %q", piece, text, fold, tok.Text)
				}
			}
		}
	})
}

// FuzzTerms holds that an index's terms are the grams and the long words and nothing else, and that no query loses a
// document that holds it: whatever is cut out of a text, its Han grams are terms of the text.
func FuzzTerms(f *testing.F) {
	for _, s := range hard {
		f.Add(s, 1, 4)
	}
	s := segmenter(f)
	f.Fuzz(func(t *testing.T, text string, from, n int) {
		norm := segment.Fold(text)
		have, want := map[string]bool{}, map[string]bool{}
		s.Terms(norm, func(term string) { have[term] = true })
		for _, g := range segment.Grams(norm) {
			want[g.Text] = true
		}
		for _, w := range s.Words(norm) {
			if utf8.RuneCountInString(w.Text) > 2 {
				want[w.Text] = true
			}
		}
		for term := range want {
			if !have[term] {
				t.Fatalf("%q is not a term of %q", term, norm)
			}
		}
		for term := range have {
			if !want[term] {
				t.Fatalf("%q is a term of %q and in no lane", term, norm)
			}
		}
		for _, g := range segment.Grams(cutOut(norm, from, n)) {
			if r, _ := utf8.DecodeRuneInString(g.Text); isHan(r) && !have[g.Text] {
				t.Fatalf("gram %q of a query is not a term of %q", g.Text, norm)
			}
		}
	})
}

// cutOut returns n characters of a text from one on, whatever the numbers.
func cutOut(text string, from, n int) string {
	runes := []rune(text)
	from = min(max(from, 0), len(runes))
	return string(runes[from : from+min(max(n, 0), len(runes)-from)])
}

// FuzzLexicon holds that a lexicon is refused with the place of the fault or can be used: every entry is found where it
// stands alone or in its context, weights lie in their range, and what is found lies in the query.
func FuzzLexicon(f *testing.F) {
	for _, s := range []string{
		"老年证 | 敬老证 => 老年人优待证 @0.9, 高龄津贴 @0.5 ? 老人 岁\n", "社保局 <=> 社会保险事业管理局\n[节]\n# 注\n", "a => a",
		"甲 => 乙 @NaN", "甲 => 乙 @2", "甲 =>", "=> 乙", "甲 => 乙 ?", "甲 => 乙 ? \u200b", "\ufeff# 首\n\ufeff甲=>乙", "甲 => 乙\n乙 => 甲\n甲=>乙",
		"甲\xff => 乙\xfe\r\n", "¨ => ¨¨", strings.Repeat("长", 70000),
	} {
		f.Add(s, "办老年证要多少岁的老人")
	}
	f.Fuzz(func(t *testing.T, text, query string) {
		l, err := segment.ReadLexicon("own.txt", strings.NewReader(text))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "own.txt:") {
				t.Fatalf("error without a place: %v", err)
			}
			return
		}
		for _, problem := range l.Check() {
			if !strings.HasPrefix(problem, "own.txt:") {
				t.Fatalf("problem without a place: %s", problem)
			}
		}
		checkUses(t, l, segment.Fold(query))
		checkUses(t, l, segment.Fold(text))
		l.FindNoise(segment.Fold(query), segment.Grams(segment.Fold(query)))
	})
}

func checkUses(t *testing.T, l *segment.Lexicon, norm string) {
	t.Helper()
	end := 0
	for _, u := range l.Find(norm) {
		if u.Start < end || u.End <= u.Start || u.End > len(norm) || len(u.Entries) == 0 {
			t.Fatalf("use %+v in %q", u, norm)
		}
		end = u.End
		for _, e := range u.Entries {
			if e.From != norm[u.Start:u.End] || e.To == "" || e.To == e.From || !(e.Weight > 0 && e.Weight <= 1) {
				t.Fatalf("entry %+v at %q", e, norm[u.Start:u.End])
			}
		}
	}
}

// FuzzVocabulary holds that any bytes can be looked up and that a word is not its own correction.
func FuzzVocabulary(f *testing.F) {
	seed(f)
	v := vocabulary(f)
	f.Fuzz(func(t *testing.T, text string) {
		for _, list := range [][]string{v.Near(text), v.SoundLike(text), v.ReadAs(text), v.BeginAs(text)} {
			for _, word := range list {
				if word == text || !v.Has(word) {
					t.Fatalf("%q leads to %q", text, word)
				}
			}
		}
	})
}
