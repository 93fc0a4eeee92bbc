package segment

import "testing"

func TestPinyinWordsAreSound(t *testing.T) {
	words, err := parseReadings(pinyinWords)
	if err != nil {
		t.Fatal(err)
	}
	for word := range words {
		if len(word) > maxReading || len(word) < 6 {
			t.Errorf("%s has %d bytes, want 6 to %d", word, len(word), maxReading)
		}
	}
}
