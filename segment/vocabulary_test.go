package segment_test

import (
	"slices"
	"testing"

	"tongsou/segment"
)

func vocabulary(t testing.TB) *segment.Vocabulary {
	t.Helper()
	s, err := segment.Default()
	if err != nil {
		t.Fatal(err)
	}
	l, err := segment.DefaultLexicon()
	if err != nil {
		t.Fatal(err)
	}
	return segment.NewVocabulary(s, l)
}

func TestVocabularyFindsWordsBySoundAndSlip(t *testing.T) {
	v := vocabulary(t)
	for _, c := range []struct {
		name, typed, want string
		find              func(string) []string
	}{
		{"full pinyin", "gongjijin", "公积金", v.ReadAs},
		{"initials", "yyzz", "营业执照", v.BeginAs},
		{"same sound", "公机金", "公积金", v.SoundLike},
		{"curled tongue", "社保咖", "社保卡", v.SoundLike},
		{"n for l", "赢业执照", "营业执照", v.SoundLike},
		{"wrong character", "营业热照", "营业执照", v.Near},
		{"missing character", "居民身证", "居民身份证", v.Near},
		{"doubled character", "营业业执照", "营业执照", v.Near},
		{"swapped characters", "营执业照", "营业执照", v.Near},
	} {
		if got := c.find(c.typed); !slices.Contains(got, c.want) {
			t.Errorf("%s: %s gives %v, want %s among them", c.name, c.typed, got, c.want)
		}
	}
	if got := v.Near("营业执照"); slices.Contains(got, "营业执照") {
		t.Errorf("a word is near itself: %v", got)
	}
	if !v.Has("公积金") || v.Has("公机金") {
		t.Error("Has tells words from what is none wrongly")
	}
}

func BenchmarkNewVocabulary(b *testing.B) {
	s, _ := segment.Default()
	l, _ := segment.DefaultLexicon()
	for b.Loop() {
		segment.NewVocabulary(s, l)
	}
}
