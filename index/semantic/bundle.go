package semantic

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Bundle is an installed model: a folder with the model, its tokenizer, perhaps the runtime's library, and a manifest with
// their checksums.
type Bundle struct {
	// Name is the model file's name without .onnx and the first eight digits of its checksum: bge-small-zh-v1.5-q-0123abcd.
	Name string `json:"name"`
	// Model, Tokenizer and Runtime are files of the folder; Runtime is empty when the library is the system's.
	Model     File `json:"model"`
	Tokenizer File `json:"tokenizer"`
	Runtime   File `json:"runtime,omitzero"`
	dir       string
}

// File is one file of a bundle.
type File struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

const bundleManifest = "model.json"

// maxFile bounds what is taken out of an archive: ten times the largest model this is made for.
const maxFile = 1 << 30

// AddBundle installs what the sources hold into dir: an .onnx model, its tokenizer.json, and the library of ONNX Runtime.
// A source is one of these files, a folder, or an archive that holds them (.jar, .zip). What dir holds already stays where
// no source replaces it, so that the library can be added later. A model without a tokenizer is an error, and dir is then
// as it was.
func AddBundle(dir string, sources ...string) (*Bundle, error) {
	if err := os.MkdirAll(filepath.Dir(dir), 0o750); err != nil {
		return nil, fmt.Errorf("install model: %w", err)
	}
	fresh, err := os.MkdirTemp(filepath.Dir(dir), ".model-*")
	if err != nil {
		return nil, fmt.Errorf("install model: %w", err)
	}
	defer func() { _ = os.RemoveAll(fresh) }()
	b := &Bundle{dir: fresh}
	if old, err := OpenBundle(dir); err == nil {
		sources = append([]string{dir}, sources...)
		b.Name = old.Name
	}
	for _, source := range sources {
		if err := b.take(source); err != nil {
			return nil, fmt.Errorf("install model from %s: %w", source, err)
		}
	}
	if b.Model.Name == "" || b.Tokenizer.Name == "" {
		return nil, fmt.Errorf("install model: need an .onnx file and its tokenizer.json, found %s in %s",
			orNone(b.found()), strings.Join(sources, ", "))
	}
	if _, err := readWordPiece(b.path(b.Tokenizer)); err != nil {
		return nil, err
	}
	b.Name = strings.TrimSuffix(b.Model.Name, ".onnx") + "-" + b.Model.SHA256[:8]
	raw, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(fresh, bundleManifest), append(raw, '\n'), 0o600); err != nil {
		return nil, fmt.Errorf("install model: %w", err)
	}
	return b, b.move(dir)
}

// move puts the finished folder where the old one was.
func (b *Bundle) move(dir string) error {
	old := b.dir + ".old"
	if err := os.Rename(dir, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("install model: %w", err)
	}
	if err := os.Rename(b.dir, dir); err != nil {
		return errors.Join(fmt.Errorf("install model: %w", err), os.Rename(old, dir))
	}
	b.dir = dir
	return os.RemoveAll(old)
}

func (b *Bundle) found() []string {
	var names []string
	for _, f := range []File{b.Model, b.Tokenizer, b.Runtime} {
		if f.Name != "" {
			names = append(names, f.Name)
		}
	}
	return names
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "neither"
	}
	return "only " + strings.Join(names, ", ")
}

// take copies what a source holds.
func (b *Bundle) take(source string) error {
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	switch ext := strings.ToLower(filepath.Ext(source)); {
	case info.IsDir():
		return b.takeFolder(source)
	case ext == ".jar" || ext == ".zip":
		return b.takeArchive(source)
	}
	if b.slot(source) == nil {
		return errors.New("is no .onnx, no tokenizer.json, no ONNX Runtime library, and no .jar or .zip")
	}
	return b.takeFile(source)
}

func (b *Bundle) takeFolder(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || b.slot(path) == nil {
			return err
		}
		return b.takeFile(path)
	})
}

func (b *Bundle) takeFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return b.copy(path, f)
}

func (b *Bundle) takeArchive(path string) error {
	z, err := zip.OpenReader(path)
	if err != nil {
		return err
	}
	defer func() { _ = z.Close() }()
	for _, entry := range z.File {
		if b.slot(entry.Name) == nil {
			continue
		}
		f, err := entry.Open()
		if err != nil {
			return fmt.Errorf("%s: %w", entry.Name, err)
		}
		err = b.copy(entry.Name, f)
		_ = f.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// slot returns the part of the bundle that a file by its path is, nil for none. Of libraries only that for this kind of
// machine counts: archives hold them for several.
func (b *Bundle) slot(path string) *File {
	name := strings.ToLower(filepath.Base(filepath.ToSlash(path)))
	switch {
	case strings.HasSuffix(name, ".onnx"):
		return &b.Model
	case strings.HasSuffix(name, "tokenizer.json"):
		return &b.Tokenizer
	case strings.HasPrefix(name, "libonnxruntime.") && strings.Contains(name, ".so") && forThisMachine(filepath.ToSlash(path)):
		return &b.Runtime
	}
	return nil
}

// copy writes one file into the folder under its own base name and notes its checksum.
func (b *Bundle) copy(path string, in io.Reader) error {
	slot := b.slot(path)
	name := filepath.Base(filepath.ToSlash(path))
	if slot.Name != "" && slot.Name != name {
		if err := os.Remove(b.path(*slot)); err != nil {
			return err
		}
	}
	out, err := os.OpenFile(filepath.Join(b.dir, name), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, sum), io.LimitReader(in, maxFile+1))
	if err == nil && n > maxFile {
		err = fmt.Errorf("%s is larger than %d bytes", name, maxFile)
	}
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return fmt.Errorf("copy %s: %w", name, err)
	}
	*slot = File{Name: name, Bytes: n, SHA256: hex.EncodeToString(sum.Sum(nil))}
	return nil
}

// Dir is the folder of an installed model.
func (b *Bundle) Dir() string { return b.dir }

func (b *Bundle) path(f File) string { return filepath.Join(b.dir, f.Name) }

// OpenBundle reads the manifest of an installed model and holds every file against its checksum.
func OpenBundle(dir string) (*Bundle, error) {
	raw, err := os.ReadFile(filepath.Join(dir, bundleManifest))
	if err != nil {
		return nil, fmt.Errorf("open model: %w; install one with `tongsou model add`", err)
	}
	b := &Bundle{dir: dir}
	if err := json.Unmarshal(raw, b); err != nil {
		return nil, fmt.Errorf("open model %s: %w; install it again", filepath.Join(dir, bundleManifest), err)
	}
	for _, f := range slices.DeleteFunc([]File{b.Model, b.Tokenizer, b.Runtime}, func(f File) bool { return f.Name == "" }) {
		if f.Name != filepath.Base(f.Name) {
			return nil, fmt.Errorf("open model %s: file name %q leads elsewhere; install it again", dir, f.Name)
		}
		if err := b.verify(f); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func (b *Bundle) verify(f File) error {
	in, err := os.Open(b.path(f))
	if err != nil {
		return fmt.Errorf("open model: %w; install it again", err)
	}
	defer func() { _ = in.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, in); err != nil {
		return fmt.Errorf("read model file %s: %w", b.path(f), err)
	}
	if hex.EncodeToString(sum.Sum(nil)) != f.SHA256 {
		return fmt.Errorf("model file %s differs from what was installed; install it again with `tongsou model add`", b.path(f))
	}
	return nil
}
