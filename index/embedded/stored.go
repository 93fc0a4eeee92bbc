package embedded

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/simplifiedchinese"

	"tongsou/index"
)

// stored is what is kept with each unit: a line of JSON and, behind a zero byte, the text as it stands.
type stored struct {
	Meta *index.Meta       `json:"m,omitempty"`
	Ref  *index.SectionRef `json:"s,omitempty"`
	Body string            `json:"-"`
}

func (s *stored) marshal() ([]byte, error) {
	raw, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	return append(append(raw, 0), s.Body...), nil
}

func (s *stored) unmarshal(raw []byte) error {
	head, body, _ := bytes.Cut(raw, []byte{0})
	s.Body = string(body)
	return json.Unmarshal(head, s)
}

// codec packs what is stored: in GB18030, in zstd with a dictionary of the shard's own text. Units are short (700
// bytes on average), too short to find their own repetitions in. Measured on 4,000 units each, as shares of what was put in:
//
//	               news   articles
//	snappy         0.90   0.97     bleve's own
//	zstd           0.66   0.77
//	GB18030+zstd   0.55   0.64     two bytes a character instead of three still show
//	… +64 KiB      0.45   0.43     of other units' text to refer to; 22 and 12 µs a unit
//
// The dictionary is taken from the first batch that is large enough and kept in the shard's folder. The first byte of
// what is stored says how it was packed, so units from before the dictionary stay readable.
type codec struct {
	path  string
	plain packer
	dict  atomic.Pointer[packer]
}

type packer struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

// How a unit was packed.
const (
	packedUTF8 = 'u'
	packedGB   = 'g'
	packedDict = 'd'
)

// dictionaryBytes is the size of a dictionary: twice as much saves another 2 % and slows packing by half.
const dictionaryBytes = 64 << 10

var plainPacker = sync.OnceValues(func() (packer, error) { return newPacker(nil) })

func newPacker(dictionary []byte) (p packer, err error) {
	enc := []zstd.EOption{zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(128 << 10), zstd.WithEncoderCRC(false)}
	dec := []zstd.DOption{zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(256 << 20)}
	if dictionary != nil {
		enc = append(enc, zstd.WithEncoderDictRaw(1, dictionary))
		dec = append(dec, zstd.WithDecoderDictRaw(1, dictionary))
	}
	if p.enc, err = zstd.NewWriter(nil, enc...); err != nil {
		return p, fmt.Errorf("set up compression: %w", err)
	}
	if p.dec, err = zstd.NewReader(nil, dec...); err != nil {
		return p, fmt.Errorf("set up decompression: %w", err)
	}
	return p, nil
}

// openCodec opens the codec of a shard whose dictionary is kept at path.
func openCodec(path string) (*codec, error) {
	c := &codec{path: path}
	var err error
	if c.plain, err = plainPacker(); err != nil {
		return nil, err
	}
	dictionary, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the shard's dictionary: %w", err)
	}
	return c, c.use(dictionary)
}

func (c *codec) use(dictionary []byte) error {
	p, err := newPacker(dictionary)
	if err != nil {
		return err
	}
	c.dict.Store(&p)
	return nil
}

// learn takes a dictionary from units that are about to be written, unless there is one or they are too few.
func (c *codec) learn(units []index.Unit) error {
	if c.dict.Load() != nil {
		return nil
	}
	total := 0
	for i := range units {
		total += len(units[i].Body)
	}
	if total < 4*dictionaryBytes {
		return nil
	}
	var dictionary []byte
	for i := 0; i < len(units) && len(dictionary) < dictionaryBytes; i += max(1, len(units)/256) {
		raw, err := (&stored{units[i].Meta, units[i].Ref, units[i].Body}).marshal()
		if err != nil {
			return err
		}
		if gb, err := toGB(raw); err == nil {
			dictionary = append(dictionary, gb[:min(len(gb), 1024)]...)
		}
	}
	dictionary = dictionary[:min(len(dictionary), dictionaryBytes)]
	if err := replaceFile(c.path, dictionary); err != nil {
		return err
	}
	return c.use(dictionary)
}

func toGB(raw []byte) ([]byte, error) { return simplifiedchinese.GB18030.NewEncoder().Bytes(raw) }

func (c *codec) pack(s *stored) ([]byte, error) {
	raw, err := s.marshal()
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(raw) { // GB18030 can say all of Unicode, but not what is none
		return c.plain.enc.EncodeAll(raw, []byte{packedUTF8}), nil
	}
	gb, err := toGB(raw)
	if err != nil {
		return nil, fmt.Errorf("encode GB18030: %w", err)
	}
	if p := c.dict.Load(); p != nil {
		return p.enc.EncodeAll(gb, []byte{packedDict}), nil
	}
	return c.plain.enc.EncodeAll(gb, []byte{packedGB}), nil
}

func (c *codec) unpack(value []byte) (*stored, error) {
	if len(value) == 0 {
		return nil, errors.New("nothing stored")
	}
	p := &c.plain
	if value[0] == packedDict {
		if p = c.dict.Load(); p == nil {
			return nil, fmt.Errorf("the dictionary %s is gone; remove the index and it is rebuilt from the store", c.path)
		}
	}
	raw, err := p.dec.DecodeAll(value[1:], nil)
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	if value[0] != packedUTF8 {
		if raw, err = simplifiedchinese.GB18030.NewDecoder().Bytes(raw); err != nil {
			return nil, fmt.Errorf("decode GB18030: %w", err)
		}
	}
	s := new(stored)
	return s, s.unmarshal(raw)
}
