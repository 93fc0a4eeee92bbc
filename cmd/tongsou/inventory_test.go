package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzInventory reads whatever stands in the place of a backup's inventory: no file outside the backup is ever named by it.
func FuzzInventory(f *testing.F) {
	f.Add(`{"format":1,"files":[{"path":"store.db","bytes":1,"sha256":""},{"path":"../x"}]}`)
	f.Add(`{"format":1,"files":[{"path":"store.db"},{"path":"/etc/passwd"},{"path":"index/../../x"}]}`)
	f.Add(`{"format":1,"sequence":-1}`)
	f.Add("[")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(filepath.Join(dir, inventoryName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		v, err := readInventory(dir)
		if err != nil {
			return
		}
		for _, file := range v.Files {
			if rel, err := filepath.Rel(dir, filepath.Join(dir, filepath.FromSlash(file.Path))); err != nil || rel == ".." || strings.HasPrefix(rel, "../") || filepath.IsAbs(file.Path) {
				t.Errorf("a backup names %q", file.Path)
			}
		}
		if v.verify(dir) == nil && len(v.Files) > 0 {
			t.Errorf("a backup without files is whole: %q", text)
		}
	})
}
