package semantic

import "golang.org/x/sys/cpu"

// dotAVX2 is dotBytes over n bytes, a multiple of 32 and not 0, on a processor that has AVX2.
//
//go:noescape
func dotAVX2(a, b *int8, n int) int32

// dot is the inner product of two rows of bytes. With AVX2 a row of 512 takes 15 ns in place of 438 (BenchmarkDot), and a search
// by meaning over 249,430 passages, of which it compares some 9,000 exactly, 20 ms in place of 26.
func dot(a, b []int8) int32 {
	whole := len(a) &^ 31
	if !cpu.X86.HasAVX2 || whole == 0 {
		return dotBytes(a, b)
	}
	b = b[:len(a)]
	return dotAVX2(&a[0], &b[0], whole) + dotBytes(a[whole:], b[whole:])
}
