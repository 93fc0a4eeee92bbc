package semantic

import (
	"context"
	"errors"
)

// Embedder turns texts into vectors. Its methods may be called from any number of goroutines.
type Embedder interface {
	// Embed returns a vector of length 1 for every text. Queries and passages are different: some models put a sentence
	// before a query. An error means that none was made.
	Embed(ctx context.Context, use Use, texts []string) ([][]float32, error)
	// Name tells the vectors of this model from those of every other.
	Name() string
	// Close releases the model.
	Close() error
}

// Use is what a text is to be embedded as.
type Use int

// The uses.
const (
	Passage Use = iota
	Query
)

// ErrNoRuntime means that this program cannot run a model itself.
var ErrNoRuntime = errors.New("本程序不含模型运行环境：请用 go build -tags onnx 构建的版本，或配置 semantic_lane: endpoint")

// Instruction is what BGE's Chinese models of version 1.5 want before a short query that looks for passages
// (BAAI, model card of bge-small-zh-v1.5).
const Instruction = "为这个句子生成表示以用于检索相关文章："

// MaxTokens is how many pieces of a text are embedded; what a longer text says after them does not count. The model takes 512,
// but attention costs more than in proportion, and what a passage is about stands in its first 250 characters.
const MaxTokens = 256
