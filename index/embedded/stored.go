package embedded

import (
	"encoding/json"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"

	"tongsou/index"
)

// stored is what is kept with each unit, as JSON compressed with zstd: bleve's own compression is snappy, which leaves
// Chinese text a third larger.
type stored struct {
	Meta *index.Meta       `json:"m,omitempty"`
	Ref  *index.SectionRef `json:"s,omitempty"`
	Body string            `json:"b,omitempty"`
}

// codec is shared by all engines; both halves may be used by any number of goroutines.
var codec = sync.OnceValues(func() (*codecPair, error) {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithWindowSize(64<<10), zstd.WithEncoderCRC(false))
	if err != nil {
		return nil, err
	}
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(256<<20))
	return &codecPair{e, d}, err
})

type codecPair struct {
	*zstd.Encoder
	*zstd.Decoder
}

func (s stored) encode() ([]byte, error) {
	c, err := codec()
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	return c.EncodeAll(raw, nil), nil
}

func (s *stored) decode(value []byte) error {
	c, err := codec()
	if err != nil {
		return err
	}
	raw, err := c.DecodeAll(value, nil)
	if err != nil {
		return fmt.Errorf("decompress: %w", err)
	}
	return json.Unmarshal(raw, s)
}
