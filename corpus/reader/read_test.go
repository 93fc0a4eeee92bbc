package reader_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"tongsou/corpus"
	"tongsou/corpus/reader"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// result is what a file becomes.
type result struct {
	Documents []*corpus.Document `json:"documents"`
	Faults    []*reader.Fault    `json:"faults"`
}

// read reads one file from memory and holds it to what is promised of every file.
func read(t testing.TB, name string, data []byte, opts reader.Options) result {
	t.Helper()
	opts.FS = fstest.MapFS{name: {Data: data}}
	if opts.Source == "" {
		opts.Source = "test"
	}
	got := gather(t, name, opts)
	// A file that brings its own sections is held to them by corpus.Check.
	sound(t, got, !bytes.Contains(bytes.ToLower(data), []byte("sections")))
	return got
}

func collect(t testing.TB, root string, opts reader.Options) result {
	t.Helper()
	got := gather(t, root, opts)
	sound(t, got, true)
	return got
}

func gather(t testing.TB, root string, opts reader.Options) result {
	t.Helper()
	var got result
	err := reader.Read(root, opts, func(d *corpus.Document, f *reader.Fault) error {
		if (d == nil) == (f == nil) {
			t.Errorf("emitted document %v and fault %v; want exactly one", d, f)
		}
		if d != nil {
			got.Documents = append(got.Documents, d)
		} else {
			got.Faults = append(got.Faults, f)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	return got
}

// sound holds for whatever was read: valid UTF-8, sections with IDs of their own, faults that name file and reason.
func sound(t testing.TB, got result, sections bool) {
	t.Helper()
	for _, d := range got.Documents {
		if raw, err := marshal(d); err != nil || !utf8.Valid(raw) || !validStrings(d) {
			t.Errorf("%s is not valid UTF-8: %q (%v)", d.ID, d.Title, err)
		}
		seen := map[string]bool{}
		for _, s := range d.Sections {
			if sections && (s.ID == "" || seen[s.ID]) {
				t.Errorf("%s: section ID %q is empty or stands twice", d.Title, s.ID)
			}
			seen[s.ID] = true
		}
	}
	for _, f := range got.Faults {
		if f.File == "" || f.Reason == "" || !utf8.ValidString(f.Reason+f.Record+f.Field) {
			t.Errorf("fault without file or reason, or not UTF-8: %+v", f)
		}
	}
}

// validStrings looks at the strings themselves: encoding/json mends what is no UTF-8.
func validStrings(d *corpus.Document) bool {
	all := []string{d.ID, d.Title, d.Subtitle, d.Kicker, d.Issuer, d.Byline, d.Number, d.URL, d.Genre, d.IndexNumber}
	all = append(append(all, d.Topics...), d.History...)
	for _, s := range d.Sections {
		all = append(append(all, s.ID, s.Label, s.Text), s.Path...)
	}
	if d.Item != nil {
		for _, e := range d.Item.Extra {
			all = append(all, e.Name, e.Value)
		}
		for _, m := range d.Item.Materials {
			all = append(all, m.Name, m.Form, m.Origin)
		}
		all = append(all, d.Item.Body, d.Item.Code, d.Item.TaskCode)
	}
	return utf8.ValidString(strings.Join(all, ""))
}

func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(v)
	return b.Bytes(), err
}

// zipped makes a zip of the files below a folder.
func zipped(t testing.TB, dir string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if err := z.AddFS(os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// input is a folder's input as the program would find it: Office files and PDFs are made of readable sources.
func input(t testing.TB, dir string) (name string, data []byte) {
	t.Helper()
	base, _, _ := strings.Cut(filepath.Base(dir), "+")
	switch base {
	case "docx":
		return "input.docx", zipped(t, filepath.Join(dir, "input"))
	case "xlsx":
		return "input.xlsx", workbook(t, filepath.Join(dir, "input.tsv"))
	case "pdf":
		return "input.pdf", portable(t, filepath.Join(dir, "input.txt"))
	}
	matches, err := filepath.Glob(filepath.Join(dir, "*.*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range matches {
		if n := filepath.Base(m); n != "golden.json" && n != "mapping.yaml" {
			if data, err = os.ReadFile(m); err != nil {
				t.Fatal(err)
			}
			return n, data
		}
	}
	t.Fatalf("%s holds no input", dir)
	return "", nil
}

// needPDF skips a test where pdftotext is missing, but not where everything must be tested.
func needPDF(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("pdftotext"); errors.Is(err, exec.ErrNotFound) && os.Getenv("CI") == "" {
		t.Skip("pdftotext is not installed")
	}
}
