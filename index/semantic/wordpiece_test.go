package semantic_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tongsou/index/semantic"
)

// vocabulary is a small one with BERT's special pieces; the numbers are those of the lines.
var vocabulary = []string{
	"[UNK]", "[CLS]", "[SEP]", "户", "口", "孩", "子", "上", "，", "etc", "12", "##345", "热", "线", "〔", "〕", "号", "2019", "$", "cafe", "##s", "办",
}

func tokenizerJSON(t testing.TB, change func(map[string]any)) []byte {
	t.Helper()
	vocab := map[string]int{}
	for i, piece := range vocabulary {
		vocab[piece] = i
	}
	f := map[string]any{
		"normalizer":    map[string]any{"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "lowercase": false},
		"pre_tokenizer": map[string]any{"type": "BertPreTokenizer"},
		"model": map[string]any{
			"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": vocab,
		},
	}
	if change != nil {
		change(f)
	}
	raw, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestPieces(t *testing.T) {
	w, err := semantic.ParsePieces(tokenizerJSON(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ text, want string }{
		{"孩子上户口", "[CLS] 孩 子 上 户 口 [SEP]"},
		{"", "[CLS] [SEP]"},
		{"孩子，户口", "[CLS] 孩 子 ， 户 口 [SEP]"},
		{"ETC办", "[CLS] etc 办 [SEP]"},
		{"12345热线", "[CLS] 12 ##345 热 线 [SEP]"},
		{"12346热线", "[CLS] [UNK] 热 线 [SEP]"},
		{"〔2019〕号", "[CLS] 〔 2019 〕 号 [SEP]"},
		{"$2019", "[CLS] $ 2019 [SEP]"},
		{" 户\t口\n", "[CLS] 户 口 [SEP]"},
		{"户\u200b\x00口", "[CLS] 户 口 [SEP]"},
		{"cafes", "[CLS] cafe ##s [SEP]"},
		{"ΑΒΓ", "[CLS] [UNK] [SEP]"},
		{strings.Repeat("x", 101), "[CLS] [UNK] [SEP]"},
		{"户\xff口", "[CLS] 户 口 [SEP]"},
	} {
		var got []string
		for _, id := range w.Encode(c.text, 64) {
			got = append(got, vocabulary[id])
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%q: got %s, want %s", c.text, s, c.want)
		}
	}
	if ids := w.Encode(strings.Repeat("户", 50), 8); len(ids) != 8 || vocabulary[ids[7]] != "[SEP]" {
		t.Errorf("a long text is cut to %d pieces that end with %s", len(ids), vocabulary[ids[len(ids)-1]])
	}
}

func TestPiecesTakesAccentsAway(t *testing.T) {
	w, err := semantic.ParsePieces(tokenizerJSON(t, func(f map[string]any) {
		f["normalizer"].(map[string]any)["lowercase"] = true
	}))
	if err != nil {
		t.Fatal(err)
	}
	if ids := w.Encode("CAFÉ", 8); len(ids) != 3 || vocabulary[ids[1]] != "cafe" {
		t.Errorf("CAFÉ became %v", ids)
	}
}

func TestOtherTokenizersAreRefused(t *testing.T) {
	for name, change := range map[string]func(map[string]any){
		"BPE":           func(f map[string]any) { f["model"].(map[string]any)["type"] = "BPE" },
		"no [CLS]":      func(f map[string]any) { delete(f["model"].(map[string]any)["vocab"].(map[string]int), "[CLS]") },
		"no normalizer": func(f map[string]any) { delete(f, "normalizer") },
		"another words": func(f map[string]any) { f["pre_tokenizer"] = map[string]any{"type": "Metaspace"} },
		"no vocabulary": func(f map[string]any) { delete(f["model"].(map[string]any), "vocab") },
	} {
		if _, err := semantic.ParsePieces(tokenizerJSON(t, change)); err == nil {
			t.Errorf("%s: taken for a WordPiece tokenizer", name)
		}
	}
	if _, err := semantic.ParsePieces([]byte("no JSON")); err == nil {
		t.Error("no JSON: taken for a tokenizer")
	}
}

func FuzzPieces(f *testing.F) {
	w, err := semantic.ParsePieces(tokenizerJSON(f, nil))
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"", "孩子上户口", "ETC 12345", "\xff\u0301é", "〔2019〕5号"} {
		f.Add(s, 16)
	}
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit = 2 + int(uint(limit)%512)
		ids := w.Encode(text, limit)
		if len(ids) < 2 || len(ids) > limit || vocabulary[ids[0]] != "[CLS]" || vocabulary[ids[len(ids)-1]] != "[SEP]" {
			t.Errorf("%q cut at %d gives %v", text, limit, ids)
		}
	})
}

// someVectors are points around a few middles, as sentences are around subjects.
func someVectors(n, size int, seed uint64) [][]float32 {
	r := rand.New(rand.NewPCG(seed, 1))
	middles := make([][]float64, 20)
	for i := range middles {
		middles[i] = make([]float64, size)
		for j := range middles[i] {
			middles[i][j] = r.NormFloat64() + 0.5
		}
	}
	list := make([][]float32, n)
	for i := range list {
		m := middles[r.IntN(len(middles))]
		v, sum := make([]float32, size), 0.0
		for j := range v {
			x := m[j] + 0.6*r.NormFloat64()
			v[j] = float32(x)
			sum += x * x
		}
		for j := range v {
			v[j] /= float32(math.Sqrt(sum))
		}
		list[i] = v
	}
	return list
}

func cosine(a, b []float32) float64 {
	sum := 0.0
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

func write(t *testing.T, dir, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o640); err != nil {
		t.Fatal(err)
	}
	return path
}
