package reader

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// headBytes is how much of a file a format sees before it accepts it.
const headBytes = 64 << 10

// open opens an input: decompressed when it begins like gzip, and with its text decoded to UTF-8. The closer must be
// called when the file has been read.
func open(fsys fs.FS, in input, limits Limits) (*File, io.Closer, error) {
	var raw io.ReadCloser
	var err error
	if fsys == nil {
		raw, err = os.Open(in.local)
	} else {
		raw, err = fsys.Open(in.local)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open input: %w", err)
	}
	f, err := newFile(raw, in.path, limits)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open input %s: %w", in.path, err), raw.Close())
	}
	if fsys == nil && !strings.HasSuffix(in.local, ".gz") {
		f.Local = in.local
	}
	return f, raw, nil
}

func newFile(r io.Reader, path string, limits Limits) (*File, error) {
	raw := bufio.NewReaderSize(r, headBytes)
	if magic, err := raw.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := newInflater(raw, limits.Inflated)
		if err != nil {
			return nil, err
		}
		raw = bufio.NewReaderSize(z, headBytes)
		path = strings.TrimSuffix(path, ".gz")
	}
	head, err := raw.Peek(headBytes)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, err
	}
	f := &File{Path: path, Raw: raw, Limits: limits}
	enc, mark := detect(head)
	if enc == nil {
		f.Head = append([]byte(nil), head[mark:]...)
		f.Text = unicode.UTF8.NewDecoder().Reader(&skipper{r: raw, n: mark}) // what is no UTF-8 becomes U+FFFD
		return f, nil
	}
	f.Head, _ = enc.NewDecoder().Bytes(head) // a character cut at the end becomes U+FFFD, which a head may hold
	f.Text = enc.NewDecoder().Reader(raw)
	return f, nil
}

// skipper drops the first n bytes: the byte order mark.
type skipper struct {
	r io.Reader
	n int
}

func (s *skipper) Read(p []byte) (int, error) {
	if s.n > 0 {
		if _, err := io.CopyN(io.Discard, s.r, int64(s.n)); err != nil {
			return 0, err
		}
		s.n = 0
	}
	return s.r.Read(p)
}

// detect tells the encoding of text: UTF-8 (nil, with the length of its byte order mark), UTF-16 by its mark or by what
// it decodes to, or GB18030 when the bytes are no UTF-8.
func detect(head []byte) (encoding.Encoding, int) {
	switch {
	case bytes.HasPrefix(head, []byte{0xEF, 0xBB, 0xBF}):
		return nil, 3
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}) || bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM), 0
	case bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("%PDF-")):
		return nil, 0
	}
	if validPrefix(head) {
		return nil, 0
	}
	for _, order := range []unicode.Endianness{unicode.LittleEndian, unicode.BigEndian} {
		if enc := unicode.UTF16(order, unicode.IgnoreBOM); likelyText(head, enc) {
			return enc, 0
		}
	}
	if mostlyGB(head) {
		return simplifiedchinese.GB18030, 0
	}
	return nil, 0
}

// validPrefix reports whether head is UTF-8 but for a character cut at its end.
func validPrefix(head []byte) bool {
	for cut := 0; cut < utf8.UTFMax && cut <= len(head); cut++ {
		if utf8.Valid(head[:len(head)-cut]) {
			return !bytes.ContainsRune(head, 0)
		}
	}
	return false
}

// likelyText reports whether head decodes to characters that Chinese text is made of, but for one in twenty. Text in
// another encoding, read as UTF-16, is scattered over Hangul and the private areas.
func likelyText(head []byte, enc encoding.Encoding) bool {
	text, err := enc.NewDecoder().Bytes(head[:len(head)&^1])
	if err != nil {
		return false
	}
	common, all := 0, 0
	for _, r := range string(text) {
		all++
		switch {
		case r >= ' ' && r < 0x7f, r == '\n', r == '\r', r == '\t', r >= 0x4e00 && r < 0xa000, r >= 0x3000 && r < 0x3400,
			r >= 0xff00 && r < 0xfff0, r >= 0x2010 && r < 0x2040, r >= 0x1800 && r < 0x18b0:
			common++
		}
	}
	return all > 0 && common*20 >= all*19
}

// mostlyGB reports whether head decodes as GB18030 with hardly a fault; UTF-8 with a few broken bytes does not.
func mostlyGB(head []byte) bool {
	text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(head)
	if err != nil {
		return false
	}
	return bytes.Count(text, []byte("\uFFFD"))*50 < utf8.RuneCount(text) && !bytes.ContainsRune(head, 0)
}
