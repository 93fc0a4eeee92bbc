package segment_test

import (
	"fmt"
	"log"
	"strings"

	"tongsou/segment"
)

// An operator's own terms are cut as one word. Offsets are those of the text as it was given: full-width, traditional
// and letter-spaced as it may be.
func ExampleNew() {
	s, err := segment.New(strings.NewReader("青城通卡\n"))
	if err != nil {
		log.Fatal(err)
	}
	text := "補辦青城通卡ＡＢＣ"
	words, _ := s.Analyze(text)
	for _, w := range words {
		if !w.Part {
			fmt.Println(w.Position, w.Text, text[w.Start:w.End])
		}
	}
	// Output:
	// 0 补办 補辦
	// 2 青城通卡 青城通卡
	// 6 abc ＡＢＣ
}

// The two lanes of a text: words with the words within them, and characters with their neighbours.
func ExampleSegmenter_Analyze() {
	s, err := segment.Default()
	if err != nil {
		log.Fatal(err)
	}
	words, grams := s.Analyze("办居住证")
	for _, lane := range [][]segment.Token{words, grams} {
		var texts []string
		for _, t := range lane {
			texts = append(texts, t.Text)
		}
		fmt.Println(strings.Join(texts, " "))
	}
	// Output:
	// 办 居住证 居住
	// 办 办居 居 居住 住 住证 证
}

// 产检 stands for the examination only where the query speaks of it.
func ExampleLexicon_Find() {
	l, err := segment.ReadLexicon("own.txt", strings.NewReader(`
社保卡 => 社会保障卡 @1.0
产检 => 产前检查 @0.9 ? 孕 医院
`))
	if err != nil {
		log.Fatal(err)
	}
	for _, query := range []string{"孕妇产检用社保卡", "产检"} {
		for _, u := range l.Find(segment.Fold(query)) {
			for _, e := range u.Entries {
				fmt.Printf("%s: %s → %s (%.1f)\n", query, e.From, e.To, e.Weight)
			}
		}
	}
	// Output:
	// 孕妇产检用社保卡: 产检 → 产前检查 (0.9)
	// 孕妇产检用社保卡: 社保卡 → 社会保障卡 (1.0)
}
