package semantic

import (
	"bytes"
	"embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
)

// Adapter moves a query's vector to where the passages that answer it are: a linear map, learned from judged queries. A
// general model knows that two sentences mean the same; that 房东不退押金 is answered by an article on 租赁合同, it does not.
// Cross-validated over five folds it lifts the vectors alone on lay questions about law (nDCG@10) from 0.40 to 0.52.
type Adapter struct {
	size   int
	matrix []float32 // by rows: out[j] = Σ_i in[i] · matrix[i·size+j]
}

// Identity returns the adapter that changes nothing.
func Identity(size int) *Adapter {
	a := &Adapter{size: size, matrix: make([]float32, size*size)}
	for i := range size {
		a.matrix[i*size+i] = 1
	}
	return a
}

// Apply returns the moved vector, of length 1. A nil Adapter, or one of another size, changes nothing.
func (a *Adapter) Apply(v []float32) []float32 {
	if a == nil || len(v) != a.size {
		return v
	}
	return unit(a.product(v))
}

func (a *Adapter) product(v []float32) []float32 {
	out := make([]float32, a.size)
	for i, x := range v {
		row := a.matrix[i*a.size:][:a.size]
		for j, w := range row {
			out[j] += x * w
		}
	}
	return out
}

// adapterMagic begins an adapter's file; then the size as uint32, and for every row a float32 scale and a byte a column of
// what it differs by from the identity.
const adapterMagic = "tongsou adapter 1\n"

// MarshalBinary writes the adapter in a byte a number.
func (a *Adapter) MarshalBinary() ([]byte, error) {
	out := append([]byte(adapterMagic), 0, 0, 0, 0)
	binary.LittleEndian.PutUint32(out[len(adapterMagic):], uint32(a.size))
	for i := range a.size {
		row := append([]float32(nil), a.matrix[i*a.size:][:a.size]...)
		row[i]--
		raw, err := Quantize(row).MarshalBinary()
		if err != nil {
			return nil, err
		}
		out = append(out, raw...)
	}
	return out, nil
}

// maxSize bounds the dimensions of an adapter, and so the memory that a file can ask for: 64 MiB.
const maxSize = 4096

// UnmarshalBinary reads what MarshalBinary wrote.
func (a *Adapter) UnmarshalBinary(raw []byte) error {
	rest, ok := bytes.CutPrefix(raw, []byte(adapterMagic))
	if !ok || len(rest) < 4 {
		return errors.New("not an adapter's file")
	}
	size := int(binary.LittleEndian.Uint32(rest))
	rest = rest[4:]
	if size == 0 || size > maxSize || len(rest) != size*(4+size) {
		return fmt.Errorf("an adapter of %d dimensions in %d bytes", size, len(raw))
	}
	read := Identity(size)
	for i := range size {
		var row Vector
		if err := row.UnmarshalBinary(rest[i*(4+size):][:4+size]); err != nil {
			return fmt.Errorf("row %d: %w", i, err)
		}
		for j, x := range row.Values {
			read.matrix[i*size+j] += float32(x) * row.Scale
		}
	}
	*a = *read
	return nil
}

//go:embed adapters
var adapters embed.FS

// AdapterFor returns the adapter that was learned for a model, nil when none was.
func AdapterFor(model string) (*Adapter, error) {
	raw, err := adapters.ReadFile("adapters/" + model + ".bin")
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	a := new(Adapter)
	if err := a.UnmarshalBinary(raw); err != nil {
		return nil, fmt.Errorf("read the adapter of %s: %w", model, err)
	}
	return a, nil
}
