package semantic_test

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tongsou/index/semantic"
)

// service answers as OpenAI's /v1/embeddings does, with vectors that say how long each text was, last first.
func service(t *testing.T, key string) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var ask struct {
			Model string   `json:"model"`
			Input []string `json:"input"`
		}
		if r.Header.Get("Authorization") != "Bearer "+key {
			http.Error(w, `{"error":"no key"}`, http.StatusUnauthorized)
			return
		}
		if err := json.NewDecoder(r.Body).Decode(&ask); err != nil || ask.Model != "m" || len(ask.Input) > 64 {
			http.Error(w, "bad request", http.StatusBadRequest)
			return
		}
		var data []map[string]any
		for i := len(ask.Input) - 1; i >= 0; i-- {
			data = append(data, map[string]any{"index": i, "embedding": []float64{3 * float64(len(ask.Input[i])), 4}})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": data})
	}))
	t.Cleanup(s.Close)
	return s
}

func TestEndpoint(t *testing.T) {
	e, err := semantic.OpenEndpoint(semantic.Endpoint{URL: service(t, "k").URL, Model: "m", Key: "k"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	texts := make([]string, 150) // three requests
	for i := range texts {
		texts[i] = strings.Repeat("x", i)
	}
	vectors, err := e.Embed(context.Background(), texts)
	if err != nil || len(vectors) != len(texts) {
		t.Fatalf("%d vectors: %v", len(vectors), err)
	}
	for i, v := range vectors {
		if got, want := float64(v[0]/v[1]), 0.75*float64(i); math.Abs(got-want) > 1e-3*(1+want) {
			t.Errorf("text %d got the vector of another: %v, want %v", i, got, want)
		}
		if math.Abs(norm(v)-1) > 1e-5 {
			t.Errorf("vector %d has length %v", i, norm(v))
		}
	}
}

func TestEndpointSaysWhatIsWrong(t *testing.T) {
	answers := func(status int, body string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/elsewhere" {
				t.Error("a redirect was followed")
			}
			if status == http.StatusFound {
				w.Header().Set("Location", "/elsewhere")
			}
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	patience := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-patience }))
	t.Cleanup(slow.Close)
	t.Cleanup(func() { close(patience) })
	for name, url := range map[string]string{
		"401":                answers(http.StatusUnauthorized, "{}"),
		"a redirect":         answers(http.StatusFound, "{}"),
		"no JSON":            answers(http.StatusOK, "<html>"),
		"too few":            answers(http.StatusOK, `{"data":[{"index":0,"embedding":[1,2]}]}`),
		"one twice":          answers(http.StatusOK, `{"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]}`),
		"an index too large": answers(http.StatusOK, `{"data":[{"index":0,"embedding":[1]},{"index":2,"embedding":[1]}]}`),
		"two lengths":        answers(http.StatusOK, `{"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1,2]}]}`),
		"no numbers":         answers(http.StatusOK, `{"data":[{"index":0,"embedding":[]},{"index":1,"embedding":[]}]}`),
		"nobody there":       "http://127.0.0.1:1/v1/embeddings",
		"slow":               slow.URL,
	} {
		e, err := semantic.OpenEndpoint(semantic.Endpoint{URL: url, Model: "m", Key: "secret", Timeout: 200 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		_, err = e.Embed(context.Background(), []string{"甲", "乙"})
		if err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), url) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := semantic.OpenEndpoint(semantic.Endpoint{URL: "http://127.0.0.1"}); err == nil {
		t.Error("an endpoint without a model was opened")
	}
}
