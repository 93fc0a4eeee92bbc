package reader

import (
	"compress/gzip"
	"fmt"
	"io"
)

// Limits is what a hostile file can cost. Each of the defaults is far above what honest files need; a file beyond one is
// refused with its reason, and the files beside it go on.
type Limits struct {
	// Record bounds one record of a file that is read record by record, Entry one entry of handwritten items, which
	// becomes as many documents as it names regions. These two and the next six are bytes.
	Record, Entry int64
	// Text bounds a text that must be held in memory as a whole (a book has some megabytes), Page a web page.
	Text, Page int64
	// Office bounds an Office file as it lies on disk, Unzipped what becomes of it, which excelize keeps in temporary
	// files, and Part what is read of one part of it: a law of a thousand articles has some megabytes of XML.
	Office, Unzipped, Part int64
	// PDF bounds a PDF that has to be written to disk first.
	PDF int64
	// Inflated is how many bytes a compressed file becomes freely. One that becomes more may not become more than maxRatio
	// times what it was: text becomes four to twenty times as much, a bomb a thousand times.
	Inflated int64
	// Cells and Merges bound what a sheet makes of few bytes: one cell at the far end of every row.
	Cells, Merges int
}

// DefaultLimits are the bounds of a Read whose options name none.
func DefaultLimits() Limits {
	return Limits{
		Record: 32 << 20, Entry: 1 << 20, Text: 64 << 20, Page: 16 << 20, Office: 64 << 20, Unzipped: 512 << 20, Part: 32 << 20,
		PDF: 512 << 20, Inflated: 64 << 20, Cells: 20_000_000, Merges: 200_000,
	}
}

const (
	// maxElementDepth bounds how deep elements stand in each other in a part of an Office file.
	maxElementDepth = 1000
	// maxRatio is how many times as much a compressed file may become, see Limits.Inflated.
	maxRatio = 200
)

// inBytes writes a bound for people.
func inBytes(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d KB", n>>10)
	}
	return fmt.Sprintf("%d MB", n>>20)
}

// recordBound fails when a record goes on for too long. Whoever reads records says where one ends.
type recordBound struct {
	r          io.Reader
	left, most int64
}

func boundRecords(f *File) *recordBound {
	return &recordBound{f.Text, f.Limits.Record, f.Limits.Record}
}

// next begins another record.
func (b *recordBound) next() { b.left = b.most }

// Read implements io.Reader.
func (b *recordBound) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("一条记录超过 %s；请检查文件是否完好，或拆开它", inBytes(b.most))
	}
	n, err := b.r.Read(p)
	b.left -= int64(n)
	return n, err
}

// inflater decompresses a gzip file and gives up on one that swells beyond what text can.
type inflater struct {
	z   *gzip.Reader
	in  *counter
	out int64
	// free is how much it may become whatever it was.
	free int64
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

func newInflater(r io.Reader, free int64) (*inflater, error) {
	in := &counter{r: r}
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	return &inflater{z: z, in: in, free: free}, nil
}

// Read implements io.Reader.
func (f *inflater) Read(p []byte) (int, error) {
	n, err := f.z.Read(p)
	if f.out += int64(n); f.out > f.free && f.out > maxRatio*f.in.n {
		return 0, fmt.Errorf("解压后超过原来的 %d 倍，不像是文字；请检查文件，或解压后再导入", maxRatio)
	}
	return n, err
}
