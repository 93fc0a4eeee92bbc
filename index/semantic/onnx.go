//go:build onnx

package semantic

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// onnx runs a sentence model by ONNX Runtime. Its session takes any number of calls at once.
type onnx struct {
	bundle  *Bundle
	pieces  *wordPiece
	session *ort.DynamicAdvancedSession
	// using is held by every call and taken by Close: the library does not survive a call after it.
	using  sync.RWMutex
	closed bool
}

// batch is how many passages go through the model together. They are sorted by length first, so that little is padding.
const batch = 16

var started struct {
	sync.Mutex
	users int
}

// OpenModel loads an installed model. library is the path of ONNX Runtime's library where the bundle has none; threads is
// how many cores one call may use.
func OpenModel(b *Bundle, library string, threads int) (Embedder, error) {
	pieces, err := readWordPiece(b.path(b.Tokenizer))
	if err != nil {
		return nil, err
	}
	if library == "" && b.Runtime.Name != "" {
		library = b.path(b.Runtime)
	}
	if err := start(library); err != nil {
		return nil, err
	}
	session, err := openSession(b.path(b.Model), threads)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("load model %s: %w", b.path(b.Model), err), stop())
	}
	return &onnx{bundle: b, pieces: pieces, session: session}, nil
}

// start loads the library once for all models.
func start(library string) error {
	started.Lock()
	defer started.Unlock()
	if started.users == 0 {
		if library != "" {
			ort.SetSharedLibraryPath(library)
		}
		if err := ort.InitializeEnvironment(); err != nil {
			return fmt.Errorf("load ONNX Runtime %q: %w; add its library with `tongsou model add libonnxruntime.so`", library, err)
		}
	}
	started.users++
	return nil
}

func stop() error {
	started.Lock()
	defer started.Unlock()
	if started.users--; started.users > 0 {
		return nil
	}
	return ort.DestroyEnvironment()
}

func openSession(model string, threads int) (*ort.DynamicAdvancedSession, error) {
	o, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	defer func() { _ = o.Destroy() }()
	// Threads that spin for work take the cores from the searches beside them.
	err = errors.Join(o.SetIntraOpNumThreads(threads), o.SetInterOpNumThreads(1),
		o.AddSessionConfigEntry("session.intra_op.allow_spinning", "0"))
	if err != nil {
		return nil, err
	}
	return ort.NewDynamicAdvancedSession(model,
		[]string{"input_ids", "attention_mask", "token_type_ids"}, []string{"last_hidden_state"}, o)
}

// Name implements Embedder.
func (m *onnx) Name() string { return m.bundle.Name }

// Close implements Embedder.
func (m *onnx) Close() error {
	m.using.Lock()
	defer m.using.Unlock()
	if m.closed {
		return nil
	}
	m.closed = true
	return errors.Join(m.session.Destroy(), stop())
}

// Embed implements Embedder.
func (m *onnx) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	m.using.RLock()
	defer m.using.RUnlock()
	if m.closed {
		return nil, errors.New("the model is closed")
	}
	encoded := make([][]int64, len(texts))
	order := make([]int, len(texts))
	for i, text := range texts {
		encoded[i], order[i] = m.pieces.encode(text, MaxTokens), i
	}
	slices.SortStableFunc(order, func(a, b int) int { return len(encoded[a]) - len(encoded[b]) })
	vectors := make([][]float32, len(texts))
	for part := range slices.Chunk(order, batch) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := m.run(encoded, part, vectors); err != nil {
			return nil, fmt.Errorf("embed %d texts: %w", len(part), err)
		}
	}
	return vectors, nil
}

// run puts one batch through the model. A text's vector is that of [CLS], brought to length 1.
func (m *onnx) run(encoded [][]int64, part []int, vectors [][]float32) error {
	width := len(encoded[part[len(part)-1]])
	ids, mask := make([]int64, len(part)*width), make([]int64, len(part)*width)
	for row, i := range part {
		copy(ids[row*width:], encoded[i])
		for k := range encoded[i] {
			mask[row*width+k] = 1
		}
	}
	shape := ort.NewShape(int64(len(part)), int64(width))
	inputs := make([]ort.Value, 3)
	for i, data := range [][]int64{ids, mask, make([]int64, len(ids))} {
		t, err := ort.NewTensor(shape, data)
		if err != nil {
			return err
		}
		defer func() { _ = t.Destroy() }()
		inputs[i] = t
	}
	outputs := []ort.Value{nil}
	if err := m.session.Run(inputs, outputs); err != nil {
		return err
	}
	defer func() { _ = outputs[0].Destroy() }()
	hidden, ok := outputs[0].(*ort.Tensor[float32])
	if !ok || len(hidden.GetShape()) != 3 {
		return errors.New("the model gives no token vectors; it is no sentence model of the BERT family")
	}
	size := int(hidden.GetShape()[2])
	for row, i := range part {
		vectors[i] = unit(hidden.GetData()[row*width*size:][:size])
	}
	return nil
}
