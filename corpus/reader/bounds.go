package reader

import (
	"compress/gzip"
	"fmt"
	"io"
)

// What a hostile file can cost. Each bound is far above what honest files need; a file beyond one is refused with its
// reason, and the files beside it go on.
const (
	// maxRecordBytes bounds one record of a file that is read record by record.
	maxRecordBytes = 32 << 20
	// maxEntryBytes bounds one entry of handwritten items, which becomes as many documents as it names regions.
	maxEntryBytes = 1 << 20
	// maxElementDepth bounds how deep elements stand in each other in a part of an Office file.
	maxElementDepth = 1000
	// maxSheetCells and maxMerges bound what a sheet makes of few bytes: one cell at the far end of every row.
	maxSheetCells = 20_000_000
	maxMerges     = 200_000
	// A compressed file that becomes more than freelyInflated may not become more than maxRatio times what it was: text
	// becomes four to twenty times as much, a bomb a thousand times.
	freelyInflated = 64 << 20
	maxRatio       = 200
)

// recordBound fails when a record goes on for too long. Whoever reads records says where one ends.
type recordBound struct {
	r    io.Reader
	left int
}

func boundRecords(r io.Reader) *recordBound { return &recordBound{r, maxRecordBytes} }

// next begins another record.
func (b *recordBound) next() { b.left = maxRecordBytes }

// Read implements io.Reader.
func (b *recordBound) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("一条记录超过 %d MB；请检查文件是否完好，或拆开它", maxRecordBytes>>20)
	}
	n, err := b.r.Read(p)
	b.left -= n
	return n, err
}

// inflater decompresses a gzip file and gives up on one that swells beyond what text can.
type inflater struct {
	z   *gzip.Reader
	in  *counter
	out int64
}

// counter counts what is read through it.
type counter struct {
	r io.Reader
	n int64
}

// Read implements io.Reader.
func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func newInflater(r io.Reader) (*inflater, error) {
	in := &counter{r: r}
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	return &inflater{z: z, in: in}, nil
}

// Read implements io.Reader.
func (f *inflater) Read(p []byte) (int, error) {
	n, err := f.z.Read(p)
	if f.out += int64(n); f.out > freelyInflated && f.out > maxRatio*f.in.n {
		return 0, fmt.Errorf("解压后超过原来的 %d 倍，不像是文字；请检查文件，或解压后再导入", maxRatio)
	}
	return n, err
}
