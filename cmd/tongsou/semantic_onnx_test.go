//go:build onnx

package main

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"tongsou/index/semantic"
)

// installedModel is the folder of the model that `make deps` installs.
func installedModel(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob("../../.bin/semantic-*/model")
	if err != nil || len(found) == 0 {
		t.Skip("the sentence model is not installed; run make deps")
	}
	return found[0]
}

// The program with its own model, and one that asks an endpoint with the same model behind it, find the same.
func TestMeaningByTheModel(t *testing.T) {
	dir := installedModel(t)
	data := t.TempDir()
	must(t, "ingest", "--data", data, write(t, filepath.Join(t.TempDir(), "needs.jsonl"), needs))
	if out := must(t, "model", "add", "--data", data, dir); !strings.Contains(out, "能运行这个模型") {
		t.Fatalf("model add: %s", out)
	}
	own, log := openedIn(t, data, "--semantic-lane", "model")
	if own.meaning == nil || own.meaning.Adapter == nil {
		t.Fatalf("no lane: %s", log)
	}
	waitUntil(t, "embedded", func() bool { return own.meaning.Status().Passages == 2 })

	b, err := semantic.OpenBundle(dir)
	if err != nil {
		t.Fatal(err)
	}
	e, err := semantic.OpenModel(b, "", 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	t.Setenv("TONGSOU_SEMANTIC_URL", embeddings(t, func(text string) []float32 {
		v, err := e.Embed(context.Background(), []string{text})
		if err != nil {
			t.Error(err)
			return nil
		}
		return v[0]
	}))
	t.Setenv("TONGSOU_SEMANTIC_MODEL", b.Name)
	asked, _ := opened(t, "--semantic-lane", "endpoint")
	waitUntil(t, "embedded", func() bool { return asked.meaning.Status().Passages == 2 })
	for text, want := range map[string]string{"干完活不给钱": "wages", "证件到期": "card"} {
		for _, p := range []*program{own, asked} {
			if h := firstItem(t, p, text); h.ID != want {
				t.Errorf("%s finds %q, want %q", text, h.ID, want)
			}
		}
	}
}
