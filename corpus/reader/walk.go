package reader

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tongsou/corpus"
)

// Options of Read.
type Options struct {
	// Source names where the documents come from; empty means the cleaned root.
	Source string
	// Format forces one format by name instead of choosing by content.
	Format string
	// Progress, when set, is called before every file and at the end.
	Progress func(Progress)
}

// Progress is how far a Read has come.
type Progress struct {
	File             string
	FilesDone, Files int
	BytesDone, Bytes int64
}

// Read reads a file, or every file below a folder in the order of their names, and emits documents and faults. A file
// that no format accepts, or that cannot be read, is a fault; the others go on. Hidden files are passed over.
func Read(root string, opts Options, emit Emit) error {
	files, total, err := inputs(root)
	if err != nil {
		return err
	}
	if opts.Source == "" {
		opts.Source = filepath.ToSlash(filepath.Clean(root))
	}
	formats, err := choose(opts.Format)
	if err != nil {
		return err
	}
	done := int64(0)
	for i, f := range files {
		opts.report(Progress{f.path, i, len(files), done, total})
		if err := readFile(f, formats, opts, emit); err != nil {
			return err
		}
		done += f.size
	}
	opts.report(Progress{"", len(files), len(files), total, total})
	return nil
}

func (o *Options) report(p Progress) {
	if o.Progress != nil {
		o.Progress(p)
	}
}

type input struct {
	local, path string
	size        int64
}

func inputs(root string) ([]input, int64, error) {
	info, err := os.Stat(root)
	if err != nil {
		return nil, 0, fmt.Errorf("read input: %w", err)
	}
	if !info.IsDir() {
		return []input{{root, filepath.Base(root), info.Size()}}, info.Size(), nil
	}
	var files []input
	total := int64(0)
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasPrefix(d.Name(), ".") && p != root {
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		files = append(files, input{p, filepath.ToSlash(rel), info.Size()})
		total += info.Size()
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read input folder: %w", err)
	}
	return files, total, nil
}

func choose(name string) ([]Format, error) {
	if name == "" {
		return Formats(), nil
	}
	var names []string
	for _, f := range Formats() {
		if f.Name() == name {
			return []Format{f}, nil
		}
		names = append(names, f.Name())
	}
	return nil, fmt.Errorf("unknown format %q; choose one of %s", name, strings.Join(names, ", "))
}

func readFile(in input, formats []Format, opts Options, emit Emit) error {
	f, closer, err := Open(in.local, in.path)
	if err != nil {
		return emit(nil, &Fault{File: in.path, Reason: "打不开文件：" + err.Error()})
	}
	defer func() { _ = closer.Close() }()
	for _, format := range formats {
		if !format.Accepts(f) && opts.Format == "" {
			continue
		}
		var failed error
		err := format.Read(f, func(d *corpus.Document, fault *Fault) error {
			if d != nil {
				d.Source.Name, d.Source.File = opts.Source, in.path
			} else if fault.File == "" {
				fault.File = in.path
			}
			failed = emit(d, fault)
			return failed
		})
		if failed != nil {
			return failed
		}
		if err != nil {
			return emit(nil, &Fault{File: in.path, Reason: "读取中断：" + err.Error()})
		}
		return nil
	}
	return emit(nil, &Fault{File: in.path, Reason: "认不出文件格式；支持法规 Markdown、政策与事项的 JSON/JSONL/CSV/XLSX、网页 HTML、DOCX、PDF、报纸文本，或用 --format 指定"})
}
