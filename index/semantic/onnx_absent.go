//go:build !onnx

package semantic

// OpenModel says that this program was built without ONNX Runtime.
func OpenModel(*Bundle, string, int) (Embedder, error) { return nil, ErrNoRuntime }
