package semantic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Endpoint is a service that speaks OpenAI's POST /v1/embeddings.
type Endpoint struct {
	// URL is the whole address: https://…/v1/embeddings. Model is sent with every request and names the vectors.
	URL, Model string
	// Key, when not empty, is sent as a bearer token. It is never logged.
	Key string
	// Timeout bounds one request; 0 means ten seconds.
	Timeout time.Duration
	// Client is used for requests; nil means one of its own, which follows no redirect: they could lead anywhere.
	Client *http.Client
}

// maxEmbeddings bounds what is read of an answer, in bytes: 64 vectors of 4,096 dimensions written as text.
const maxEmbeddings = 8 << 20

// maxTexts is how many texts go into one request.
const maxTexts = 64

// OpenEndpoint returns an Embedder that asks the endpoint. It asks nothing yet.
func OpenEndpoint(e Endpoint) (Embedder, error) {
	if e.URL == "" || e.Model == "" {
		return nil, errors.New("semantic_lane: endpoint needs a URL and a model name")
	}
	if e.Timeout == 0 {
		e.Timeout = 10 * time.Second
	}
	if e.Client == nil {
		e.Client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	return &e, nil
}

// Name implements Embedder.
func (e *Endpoint) Name() string { return e.Model }

// Close implements Embedder.
func (e *Endpoint) Close() error {
	e.Client.CloseIdleConnections()
	return nil
}

// Embed implements Embedder.
func (e *Endpoint) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	var all [][]float32
	for len(texts) > 0 {
		n := min(len(texts), maxTexts)
		vectors, err := e.ask(ctx, texts[:n])
		if err != nil {
			return nil, fmt.Errorf("embeddings from %s: %w", e.URL, err)
		}
		all, texts = append(all, vectors...), texts[n:]
	}
	return all, nil
}

// embeddings is the answer of the service, as far as it is read.
type embeddings struct {
	Data []struct {
		Index     int       `json:"index"`
		Embedding []float32 `json:"embedding"`
	} `json:"data"`
}

func (e *Endpoint) ask(ctx context.Context, input []string) ([][]float32, error) {
	ctx, cancel := context.WithTimeout(ctx, e.Timeout)
	defer cancel()
	body, err := json.Marshal(map[string]any{"model": e.Model, "input": input, "encoding_format": "float"})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if e.Key != "" {
		req.Header.Set("Authorization", "Bearer "+e.Key)
	}
	res, err := e.Client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxEmbeddings))
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %s: %.200q", res.Status, raw)
	}
	return readEmbeddings(raw, len(input))
}

// readEmbeddings reads n vectors of one length, in the order of the texts whatever order they stand in.
func readEmbeddings(raw []byte, n int) ([][]float32, error) {
	var answer embeddings
	if err := json.Unmarshal(raw, &answer); err != nil {
		return nil, fmt.Errorf("not an answer of /v1/embeddings: %w", err)
	}
	vectors := make([][]float32, n)
	size := 0
	for _, d := range answer.Data {
		if d.Index < 0 || d.Index >= n || vectors[d.Index] != nil {
			return nil, fmt.Errorf("an embedding of index %d among %d texts", d.Index, n)
		}
		if size == 0 {
			size = len(d.Embedding)
		}
		if len(d.Embedding) != size || size == 0 {
			return nil, fmt.Errorf("embeddings of %d and of %d dimensions", size, len(d.Embedding))
		}
		vectors[d.Index] = unit(d.Embedding)
	}
	if len(answer.Data) != n {
		return nil, fmt.Errorf("%d embeddings for %d texts", len(answer.Data), n)
	}
	return vectors, nil
}
