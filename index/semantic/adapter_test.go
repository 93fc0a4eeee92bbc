package semantic_test

import (
	"bytes"
	"math"
	"testing"

	"tongsou/index/semantic"
)

// turned asks for what lies two dimensions further: something no cosine knows and a linear map can learn.
func turned(n, size int, seed uint64) []semantic.Example {
	vectors := someVectors(n, size, seed)
	list := make([]semantic.Example, n)
	for i, v := range vectors {
		right := append(append([]float32(nil), v[2:]...), v[:2]...)
		list[i] = semantic.Example{Query: v, Right: [][]float32{right}}
		for j := 1; j < 8; j++ {
			list[i].Others = append(list[i].Others, vectors[(i+j*13)%n])
		}
	}
	return list
}

// first counts the examples whose right passage is the nearest.
func first(a *semantic.Adapter, examples []semantic.Example) int {
	n := 0
	for _, x := range examples {
		q := a.Apply(x.Query)
		best := cosine(q, x.Right[0])
		won := true
		for _, o := range x.Others {
			won = won && cosine(q, o) < best
		}
		if won {
			n++
		}
	}
	return n
}

func TestAdapterLearnsWhatCosinesDoNotKnow(t *testing.T) {
	const size = 16
	how := semantic.Lesson{Epochs: 200, Rate: 0.02, Hold: 1e-5, Sharp: 20}
	a := semantic.Learn(turned(400, size, 1), how)
	held := turned(200, size, 2)
	before, after := first(nil, held), first(a, held)
	if after < 140 || before > 60 {
		t.Errorf("of 200 unseen questions %d found their answer before and %d after", before, after)
	}
	if again := semantic.Learn(turned(400, size, 1), how); !equal(again, a, held[0].Query) {
		t.Error("the same examples gave another adapter")
	}
	if n := norm(a.Apply(held[0].Query)); math.Abs(n-1) > 1e-5 {
		t.Errorf("the moved vector has length %v", n)
	}
}

func norm(v []float32) float64 { return math.Sqrt(cosine(v, v)) }

func equal(a, b *semantic.Adapter, v []float32) bool {
	return math.Abs(cosine(a.Apply(v), b.Apply(v))-1) < 1e-6
}

func TestAdapterIsKeptInAByteANumber(t *testing.T) {
	a := semantic.Learn(turned(300, 16, 1), semantic.Lesson{Epochs: 10, Rate: 0.02, Sharp: 20})
	raw, err := a.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	read := new(semantic.Adapter)
	if err := read.UnmarshalBinary(raw); err != nil {
		t.Fatal(err)
	}
	for _, v := range someVectors(20, 16, 7) {
		if c := cosine(a.Apply(v), read.Apply(v)); c < 0.999 {
			t.Errorf("the read adapter moves a vector elsewhere: cosine %v", c)
		}
	}
	if len(raw) > 16*(16+4)+32 {
		t.Errorf("16 × 16 numbers take %d bytes", len(raw))
	}
}

func TestDamagedAdaptersAreRefused(t *testing.T) {
	raw, err := semantic.Identity(8).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	for name, damaged := range map[string][]byte{
		"empty": nil, "cut": raw[:len(raw)-1], "longer": append(bytes.Clone(raw), 0), "no magic": raw[3:],
	} {
		if err := new(semantic.Adapter).UnmarshalBinary(damaged); err == nil {
			t.Errorf("%s: read as an adapter", name)
		}
	}
}

func TestNoAdapterChangesNothing(t *testing.T) {
	a, err := semantic.AdapterFor("a model that nobody learned for")
	if err != nil || a != nil {
		t.Fatalf("got %v, %v", a, err)
	}
	v := someVectors(1, 8, 1)[0]
	if c := cosine(a.Apply(v), v); math.Abs(c-1) > 1e-6 {
		t.Errorf("cosine %v", c)
	}
	if a, err := semantic.AdapterFor("../adapter"); a != nil || err != nil {
		t.Errorf("a name that leads elsewhere: %v, %v", a, err)
	}
}

func FuzzAdapter(f *testing.F) {
	raw, err := semantic.Identity(4).MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte{})
	f.Fuzz(func(_ *testing.T, raw []byte) {
		_ = new(semantic.Adapter).UnmarshalBinary(raw) // must not panic, nor take memory that the bytes do not
	})
}

func FuzzVector(f *testing.F) {
	f.Add([]byte{0, 0, 0, 63, 1, 2, 3})
	f.Fuzz(func(t *testing.T, raw []byte) {
		var v semantic.Vector
		if v.UnmarshalBinary(raw) != nil {
			return
		}
		again, err := v.MarshalBinary()
		if err != nil || !bytes.Equal(again, raw) {
			t.Errorf("%v was written as %v: %v", raw, again, err)
		}
	})
}
