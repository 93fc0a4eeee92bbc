package reader

import (
	"bytes"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// plain reads any other text: the first line is the title, the rest the text. It is a policy when it has a document
// number of its own or articles, else news.
type plain struct{}

func (plain) Name() string { return "plain" }

// dataFiles are extensions whose content is for a program, though it be text.
const dataFiles = ".json .jsonl .ndjson .csv .tsv .yaml .yml .toml .ini .xml .js .css .log "

// Accepts takes text that is for the most part in Chinese (or Mongolian) script and no data.
func (plain) Accepts(f *File) bool {
	ext := strings.ToLower(path.Ext(f.Path))
	if isMarkup(f.Head) || bytes.IndexByte(f.Head, 0) >= 0 || ext != "" && strings.Contains(dataFiles, ext+" ") {
		return false
	}
	letters, native, odd, all := 0, 0, 0, 0
	for s := f.Head; len(s) > 0; {
		r, size := utf8.DecodeRune(s)
		s = s[size:]
		all++
		switch {
		case unicode.In(r, unicode.Han, unicode.Mongolian):
			native++
			letters++
		case unicode.IsLetter(r):
			letters++
		case r == utf8.RuneError || unicode.IsControl(r) && !unicode.IsSpace(r):
			odd++
		}
	}
	return native > 0 && native*3 >= letters && odd*20 < all
}

func (plain) Read(f *File, emit Emit) error {
	text, err := readText(f)
	if err != nil {
		return err
	}
	p := &prose{lines: strings.Split(text, "\n")}
	return p.emit(emit)
}

// readText reads the whole text of a file, with lines that end in \n alone.
func readText(f *File) (string, error) {
	raw, err := readBounded(f.Text, f.Limits.Text)
	if err != nil {
		return "", err
	}
	return strings.NewReplacer("\r\n", "\n", "\r", "\n", "\f", "\n").Replace(string(raw)), nil
}
