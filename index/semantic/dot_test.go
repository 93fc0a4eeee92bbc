package semantic_test

import (
	"math/rand/v2"
	"testing"

	"tongsou/index/semantic"
)

// FuzzDot: what this processor computes is what every processor would.
func FuzzDot(f *testing.F) {
	f.Add(uint64(1), 512, int8(0))
	f.Add(uint64(2), 31, int8(-128))
	f.Add(uint64(3), 384, int8(127))
	f.Add(uint64(4), 0, int8(1))
	f.Fuzz(func(t *testing.T, seed uint64, size int, all int8) {
		size = max(0, size) % 5000
		drawn := rand.New(rand.NewPCG(seed, 1))
		a, b := make([]int8, size), make([]int8, size+int(seed%3))
		for i := range a {
			a[i], b[i] = int8(drawn.IntN(256)-128), int8(drawn.IntN(256)-128)
			if all != 0 { // the largest sums
				a[i], b[i] = all, all
			}
		}
		if got, want := semantic.Dot(a, b), semantic.DotBytes(a, b); got != want {
			t.Errorf("of %d bytes: %d, want %d", size, got, want)
		}
	})
}

func BenchmarkDot(b *testing.B) {
	x := make([]int8, 512)
	for i := range x {
		x[i] = int8(i)
	}
	for name, dot := range map[string]func(a, b []int8) int32{"this processor": semantic.Dot, "every processor": semantic.DotBytes} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				dot(x, x)
			}
		})
	}
}
