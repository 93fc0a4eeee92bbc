package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"tongsou/corpus"
	"tongsou/index"
)

// needs are two items that share no word with how people say them.
const needs = `{"id":"wages","kind":"item","title":"劳动保障监察投诉","region":"150102","item":{}}
{"id":"card","kind":"item","title":"居民身份证换领","region":"150102","item":{}}
`

// opened is a program over needs with its log, by flags of serve.
func opened(t *testing.T, flags ...string) (*program, *syncBuffer) {
	t.Helper()
	data := t.TempDir()
	must(t, "ingest", "--data", data, write(t, filepath.Join(t.TempDir(), "needs.jsonl"), needs))
	return openedIn(t, data, flags...)
}

func openedIn(t *testing.T, data string, flags ...string) (*program, *syncBuffer) {
	t.Helper()
	cmd := serveCommand()
	if err := cmd.ParseFlags(append([]string{"--data", data, "--addr", "127.0.0.1:0"}, flags...)); err != nil {
		t.Fatal(err)
	}
	c, err := loadConfig(cmd)
	if err != nil {
		t.Fatal(err)
	}
	log := new(syncBuffer)
	p, err := open(t.Context(), c, false, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p, log
}

// firstItem is the item that a query finds first.
func firstItem(t *testing.T, p *program, text string) index.Hit {
	t.Helper()
	res, err := p.engine.Search(t.Context(), index.Query{Text: text})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range res.Groups {
		if g.Kind == corpus.KindItem && len(g.Hits) > 0 {
			return g.Hits[0]
		}
	}
	return index.Hit{}
}

func TestMeaningIsOffUnlessAsked(t *testing.T) {
	p, log := opened(t)
	if p.meaning != nil || strings.Contains(log.String(), "按意思") {
		t.Errorf("the lane is on by itself: %s", log)
	}
}

func TestMeaningWithoutAModelLeavesTheWords(t *testing.T) {
	p, log := opened(t, "--semantic-lane", "model")
	if !strings.Contains(log.String(), "按意思查找没有启用，只按字词查找") || !strings.Contains(log.String(), "tongsou model add") {
		t.Errorf("the log does not say what is missing and what to do: %s", log)
	}
	if h := firstItem(t, p, "身份证换领"); h.ID != "card" {
		t.Errorf("the words found %q", h.ID)
	}
}

// embeddings answers as an endpoint does, by a function of the text.
func embeddings(t *testing.T, vector func(text string) []float32) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var ask struct {
			Input []string `json:"input"`
		}
		if err := json.NewDecoder(r.Body).Decode(&ask); err != nil {
			t.Error(err)
		}
		var data []map[string]any
		for i, text := range ask.Input {
			data = append(data, map[string]any{"index": i, "embedding": vector(text)})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": data})
	}))
	t.Cleanup(s.Close)
	return s.URL + "/v1/embeddings"
}

func TestMeaningByAnEndpoint(t *testing.T) {
	t.Setenv("TONGSOU_SEMANTIC_URL", embeddings(t, func(text string) []float32 {
		if strings.Contains(text, "咕噜") || strings.Contains(text, "劳动保障") { // 咕噜 is a word that no lexicon knows
			return []float32{1, 0.1}
		}
		return []float32{0.1, 1}
	}))
	t.Setenv("TONGSOU_SEMANTIC_MODEL", "some-model")
	p, log := opened(t, "--semantic-lane", "endpoint")
	waitUntil(t, "embedded", func() bool { return p.meaning.Status().Passages == 2 })
	h := firstItem(t, p, "咕噜咕噜")
	if h.ID != "wages" || len(h.Why) == 0 || h.Why[0] != index.WhyMeaning {
		t.Errorf("found %q because of %v; log: %s", h.ID, h.Why, log)
	}
}

func TestMeaningModelCommand(t *testing.T) {
	data := t.TempDir()
	if _, err := tongsou(t, "model", "add", "--data", data, write(t, filepath.Join(t.TempDir(), "notes.txt"), "x")); err == nil {
		t.Error("a text file was installed as a model")
	}
	if _, err := tongsou(t, "model", "show", "--data", data); err == nil || !strings.Contains(err.Error(), "tongsou model add") {
		t.Errorf("without a model: %v", err)
	}
	t.Setenv("TONGSOU_SEMANTIC_URL", "http://127.0.0.1:1/v1/embeddings")
	t.Setenv("TONGSOU_SEMANTIC_MODEL", "m")
	t.Setenv("TONGSOU_OPENSEARCH_ADDRESSES", "http://127.0.0.1:1")
	for _, lane := range []string{"model", "endpoint"} {
		t.Setenv("TONGSOU_ENGINE", "opensearch")
		if _, err := tongsou(t, "serve", "--data", data, "--semantic-lane", lane); err == nil || !strings.Contains(err.Error(), "engine: embedded") {
			t.Errorf("%s with OpenSearch: %v", lane, err)
		}
		t.Setenv("TONGSOU_ENGINE", "embedded")
	}
	if _, err := tongsou(t, "serve", "--data", data, "--semantic-lane", "yes"); err == nil || !strings.Contains(err.Error(), "off、model、endpoint") {
		t.Errorf("a lane of another kind: %v", err)
	}
}
