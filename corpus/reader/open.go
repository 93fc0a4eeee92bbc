package reader

import (
	"bufio"
	"bytes"
	"compress/gzip"
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
func open(fsys fs.FS, in input) (*File, io.Closer, error) {
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
	f, err := newFile(raw, in.path)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open input %s: %w", in.path, err), raw.Close())
	}
	if fsys == nil && !strings.HasSuffix(in.local, ".gz") {
		f.Local = in.local
	}
	return f, raw, nil
}

func newFile(r io.Reader, path string) (*File, error) {
	raw := bufio.NewReaderSize(r, headBytes)
	if magic, err := raw.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := gzip.NewReader(raw)
		if err != nil {
			return nil, fmt.Errorf("decompress: %w", err)
		}
		raw = bufio.NewReaderSize(z, headBytes)
		path = strings.TrimSuffix(path, ".gz")
	}
	head, err := raw.Peek(headBytes)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, err
	}
	f := &File{Path: path, Raw: raw}
	enc, mark := detect(head)
	if enc == nil {
		f.Head = append([]byte(nil), head[mark:]...)
		f.Text = &skipper{r: raw, n: mark}
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

// detect tells the encoding of text: UTF-8 (nil, with the length of its byte order mark), UTF-16 by its mark or by its
// zero bytes, or GB18030 when the bytes are no UTF-8.
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
	even, odd := zeros(head)
	switch {
	case odd > len(head)/20 && odd > 4*even:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), 0
	case even > len(head)/20 && even > 4*odd:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), 0
	case mostlyGB(head):
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

func zeros(head []byte) (even, odd int) {
	for i, b := range head {
		if b == 0 && i%2 == 0 {
			even++
		} else if b == 0 {
			odd++
		}
	}
	return even, odd
}

// mostlyGB reports whether head decodes as GB18030 with hardly a fault; UTF-8 with a few broken bytes does not.
func mostlyGB(head []byte) bool {
	text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(head)
	if err != nil {
		return false
	}
	return bytes.Count(text, []byte("\uFFFD"))*50 < utf8.RuneCount(text) && !bytes.ContainsRune(head, 0)
}
