package reader_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tongsou/corpus"
	"tongsou/corpus/reader"
)

// TestGolden reads an example of each format, testdata/FORMAT or FORMAT+VARIANT, in which some records are bad on purpose,
// and compares the documents and faults with golden.json; -update rewrites it. Choosing the format and forcing it must
// come to the same, and the documents must pass the checks.
func TestGolden(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join("testdata", "*", "golden.json"))
	if *update {
		dirs, err = filepath.Glob(filepath.Join("testdata", "*"))
	}
	if err != nil || len(dirs) < len(reader.Formats()) {
		t.Fatalf("%d examples, %v; want at least one for each of the %d formats", len(dirs), err, len(reader.Formats()))
	}
	for _, dir := range dirs {
		dir = strings.TrimSuffix(dir, string(filepath.Separator)+"golden.json")
		if filepath.Base(dir) == "fuzz" {
			continue
		}
		t.Run(filepath.Base(dir), func(t *testing.T) {
			format, _, _ := strings.Cut(filepath.Base(dir), "+")
			if format == "pdf" {
				needPDF(t)
			}
			opts := reader.Options{}
			if mapping := filepath.Join(dir, "mapping.yaml"); exists(mapping) {
				opts.Mapping = filepath.ToSlash(mapping)
			}
			name, data := input(t, dir)
			got := read(t, name, data, opts)
			golden(t, filepath.Join(dir, "golden.json"), got)
			opts.Format = format
			forced, err := marshal(read(t, name, data, opts))
			chosen, _ := marshal(got) // it was written to compare with the golden file
			if err != nil || string(forced) != string(chosen) {
				t.Errorf("--format %s gives something else than the format chosen: %v", format, err)
			}
			for _, d := range got.Documents {
				if problems := corpus.Check(d); corpus.Rejected(problems) {
					t.Errorf("%s would be rejected: %v", d.Title, problems)
				}
			}
		})
	}
}

// TestEveryFormatHasAnExample keeps the golden files complete.
func TestEveryFormatHasAnExample(t *testing.T) {
	for _, f := range reader.Formats() {
		if !exists(filepath.Join("testdata", f.Name(), "golden.json")) {
			t.Errorf("testdata/%s/golden.json is missing", f.Name())
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func golden(t *testing.T, path string, got result) {
	t.Helper()
	text, err := marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != string(want) {
		t.Errorf("differs from %s (run with -update and look at the difference); got\n%s", path, text)
	}
}
