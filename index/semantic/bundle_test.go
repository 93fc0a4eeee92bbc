package semantic_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tongsou/index/semantic"
)

func archive(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, content := range files {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestBundleIsInstalledFromArchivesFoldersAndFiles(t *testing.T) {
	dir := t.TempDir()
	tokenizer := string(tokenizerJSON(t, nil))
	jar := write(t, dir, "bge.jar", archive(t, map[string]string{
		"a/bge-q.onnx": "model", "../../bge-tokenizer.json": tokenizer, "README": "no part of it",
	}))
	home := filepath.Join(dir, "data", "model")
	b, err := semantic.AddBundle(home, jar)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(b.Name, "bge-q-") || b.Model.Bytes != 5 || b.Runtime.Name != "" {
		t.Errorf("installed as %+v", b)
	}
	if _, err := os.Stat(filepath.Join(dir, "bge-tokenizer.json")); !errors.Is(err, os.ErrNotExist) {
		t.Error("a path in the archive led out of the folder")
	}
	// The library comes later, from a folder with those of other machines.
	write(t, dir, "npm/bin/linux/x64/libonnxruntime.so.1", []byte("x64"))
	write(t, dir, "npm/bin/linux/arm64/libonnxruntime.so.1", []byte("arm64"))
	write(t, dir, "npm/bin/darwin/arm64/libonnxruntime.1.dylib", []byte("mac"))
	later, err := semantic.AddBundle(home, filepath.Join(dir, "npm"))
	if err != nil {
		t.Fatal(err)
	}
	if later.Name != b.Name || later.Runtime.Name != "libonnxruntime.so.1" {
		t.Errorf("with the library it is %+v", later)
	}
	opened, err := semantic.OpenBundle(home)
	if err != nil || opened.Name != b.Name {
		t.Fatalf("opened as %+v, %v", opened, err)
	}
	// Another model takes the place of the first, and what was installed stays when it is no whole one.
	other := write(t, dir, "other.onnx", []byte("another model"))
	if next, err := semantic.AddBundle(home, other); err != nil || next.Name == b.Name {
		t.Errorf("after another model: %+v, %v", next, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "data", ".model-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestBundleSaysWhatIsMissing(t *testing.T) {
	dir := t.TempDir()
	model := write(t, dir, "m.onnx", []byte("model"))
	tokenizer := write(t, dir, "tokenizer.json", tokenizerJSON(t, nil))
	for name, sources := range map[string][]string{
		"no tokenizer":  {model},
		"no model":      {tokenizer},
		"no such file":  {filepath.Join(dir, "none.jar")},
		"another file":  {model, tokenizer, write(t, dir, "notes.txt", []byte("x"))},
		"no archive":    {write(t, dir, "bad.jar", []byte("no zip"))},
		"bad tokenizer": {model, write(t, dir, "bad/tokenizer.json", []byte("{}"))},
	} {
		home := filepath.Join(t.TempDir(), "model")
		if b, err := semantic.AddBundle(home, sources...); err == nil {
			t.Errorf("%s: installed as %+v", name, b)
		}
		if _, err := os.Stat(home); err == nil {
			t.Errorf("%s: left something behind", name)
		}
	}
}

func TestDamagedBundleIsNotOpened(t *testing.T) {
	dir := t.TempDir()
	home := filepath.Join(dir, "model")
	if _, err := semantic.OpenBundle(home); err == nil || !strings.Contains(err.Error(), "tongsou model add") {
		t.Errorf("without a model: %v", err)
	}
	b, err := semantic.AddBundle(home, write(t, dir, "m.onnx", []byte("model")), write(t, dir, "tokenizer.json", tokenizerJSON(t, nil)))
	if err != nil {
		t.Fatal(err)
	}
	write(t, home, b.Model.Name, []byte("modeL"))
	if _, err := semantic.OpenBundle(home); err == nil || !strings.Contains(err.Error(), b.Model.Name) {
		t.Errorf("with a changed byte: %v", err)
	}
	raw, err := os.ReadFile(filepath.Join(home, "model.json"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, home, "model.json", bytes.Replace(raw, []byte(`"m.onnx"`), []byte(`"../m.onnx"`), 1))
	if _, err := semantic.OpenBundle(home); err == nil {
		t.Error("a manifest that names a file elsewhere was taken")
	}
	write(t, home, "model.json", []byte("{"))
	if _, err := semantic.OpenBundle(home); err == nil {
		t.Error("a torn manifest was taken")
	}
}
