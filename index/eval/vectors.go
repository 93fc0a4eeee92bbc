package eval

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"tongsou/index"
	"tongsou/index/semantic"
)

// VectorFile keeps the vectors that a model made of judged sets' passages, by a hash of the text, so that a set is embedded
// once and not at every run. It only ever grows; a record that a crash cut off at its end is dropped.
type VectorFile struct {
	file    *os.File
	vectors map[textHash]semantic.Vector
}

type textHash [16]byte

func hashOf(text string) textHash {
	sum := sha256.Sum256([]byte(text))
	return textHash(sum[:16])
}

// OpenVectorFile reads the vectors of size dimensions in the file at path, which is made when there is none.
func OpenVectorFile(path string, size int) (*VectorFile, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open vectors: %w", err)
	}
	v := &VectorFile{f, map[textHash]semantic.Vector{}}
	in := bufio.NewReaderSize(f, 1<<20)
	raw := make([]byte, len(textHash{})+4+size) // a hash and a vector as it is marshalled
	for whole := int64(0); ; whole += int64(len(raw)) {
		if _, err := io.ReadFull(in, raw); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			_, err = f.Seek(whole, io.SeekStart)
			return v, errors.Join(err, f.Truncate(whole))
		} else if err != nil {
			return nil, fmt.Errorf("read vectors %s: %w", path, err)
		}
		var x semantic.Vector
		if err := x.UnmarshalBinary(raw[len(textHash{}):]); err != nil {
			return nil, fmt.Errorf("vectors %s: %w; remove the file", path, err)
		}
		v.vectors[textHash(raw)] = x
	}
}

// Close closes the file.
func (v *VectorFile) Close() error { return v.file.Close() }

// embedAtOnce is how many passages are embedded before they are kept.
const embedAtOnce = 256

// Fill puts the vectors of a set's passages into the lane, embedding those that the file lacks. progress, when not nil, is
// told how many are done of those.
func (v *VectorFile) Fill(ctx context.Context, m *index.Meaning, set *Set, progress func(done, all int)) error {
	var passages, missing []index.Passage
	for _, d := range set.Documents {
		for _, u := range index.Units(d) {
			for _, p := range index.Passages(d, &u) {
				if passages = append(passages, p); v.vectors[hashOf(p.Text)].Values == nil {
					missing = append(missing, p)
				}
			}
		}
	}
	done := 0
	for part := range slices.Chunk(missing, embedAtOnce) {
		texts := make([]string, len(part))
		for i, p := range part {
			texts[i] = p.Text
		}
		vectors, err := m.Embedder.Embed(ctx, texts)
		if err != nil {
			return err
		}
		if err := v.keep(texts, vectors); err != nil {
			return err
		}
		if done += len(part); progress != nil {
			progress(done, len(missing))
		}
	}
	entries := make([]semantic.Entry, len(passages))
	for i, p := range passages {
		entries[i] = semantic.Entry{Key: semantic.Key([]byte(p.ID)), Vector: v.vectors[hashOf(p.Text)]}
	}
	return m.Lane.Add(entries)
}

// keep adds vectors to the file.
func (v *VectorFile) keep(texts []string, vectors [][]float32) error {
	var out []byte
	for i, text := range texts {
		hash, x := hashOf(text), semantic.Quantize(vectors[i])
		raw, err := x.MarshalBinary()
		if err != nil {
			return err
		}
		out = append(append(out, hash[:]...), raw...)
		v.vectors[hash] = x
	}
	if _, err := v.file.Write(out); err != nil {
		return fmt.Errorf("keep vectors: %w", err)
	}
	return nil
}

// vector returns the vector of a passage, as Fill made it, and whether there is one.
func (v *VectorFile) vector(text string) ([]float32, bool) {
	x, ok := v.vectors[hashOf(text)]
	if !ok {
		return nil, false
	}
	out := make([]float32, len(x.Values))
	for i, b := range x.Values {
		out[i] = float32(b) * x.Scale
	}
	return out, true
}
