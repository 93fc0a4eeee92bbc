package semantic

import (
	"context"
	"errors"
)

// Embedder turns texts into vectors. Its methods may be called from any number of goroutines.
type Embedder interface {
	// Embed returns a vector of length 1 for every text, query or passage. BGE's model card wants a sentence before a query;
	// without it the vectors alone find more here (nDCG@10 on stard 0.405 against 0.386). An error means that none was made.
	Embed(ctx context.Context, texts []string) ([][]float32, error)
	// Name tells the vectors of this model from those of every other.
	Name() string
	// Close releases the model.
	Close() error
}

// ErrNoRuntime means that this program cannot run a model itself.
var ErrNoRuntime = errors.New("本程序不含模型运行环境：请用 go build -tags onnx 构建的版本，或配置 semantic_lane: endpoint")

// MaxTokens is how many pieces of a text are embedded; what a longer text says after them does not count. The model takes 512,
// but attention costs more than in proportion, and what a passage is about stands in its first 250 characters.
const MaxTokens = 256
