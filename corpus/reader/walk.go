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
	// Mapping is the path of a file that says which column of a table is which field; see tableMapping.
	Mapping string
	// Year is the year of the documents in formats whose dates leave it out.
	Year int
	// Limits bounds what one file may cost; the zero value means DefaultLimits.
	Limits Limits
	// FS, when set, is where root is looked up instead of the machine's own file system.
	FS fs.FS
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
	files, total, err := inputs(opts.FS, root)
	if err != nil {
		return err
	}
	if opts.Source == "" {
		opts.Source = filepath.ToSlash(filepath.Clean(root))
	}
	if opts.Limits == (Limits{}) {
		opts.Limits = DefaultLimits()
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

// inputs lists the files below root. A local path is one of the machine's when fsys is nil.
func inputs(fsys fs.FS, root string) ([]input, int64, error) {
	local := func(p string) string { return p }
	if fsys == nil {
		dir := root
		fsys = os.DirFS(dir)
		local = func(p string) string { return filepath.Join(dir, filepath.FromSlash(p)) }
		info, err := os.Stat(root)
		if err != nil {
			return nil, 0, fmt.Errorf("read input: %w", err)
		}
		if !info.IsDir() {
			return []input{{root, filepath.Base(root), info.Size()}}, info.Size(), nil
		}
		root = "."
	}
	var files []input
	total := int64(0)
	err := fs.WalkDir(fsys, root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasPrefix(d.Name(), ".") && p != root {
			if d.IsDir() {
				return fs.SkipDir
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
		files = append(files, input{local(p), p, info.Size()})
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
	return nil, fmt.Errorf("不认识的格式 %q；可用：%s", name, strings.Join(names, "、"))
}

func readFile(in input, formats []Format, opts Options, emit Emit) error {
	f, closer, err := open(opts.FS, in, opts.Limits)
	if err != nil {
		return emit(nil, &Fault{File: in.path, Reason: "打不开文件：" + err.Error()})
	}
	defer func() { _ = closer.Close() }()
	f.Mapping, f.Year = opts.Mapping, opts.Year
	for _, format := range formats {
		if !format.Accepts(f) && opts.Format == "" {
			continue
		}
		var failed error
		err := format.Read(f, func(d *corpus.Document, fault *Fault) error {
			if d != nil {
				d.Source.Name, d.Source.File = opts.Source, in.path
			} else {
				fault.complete(in.path)
			}
			failed = emit(d, fault)
			return failed
		})
		if failed != nil {
			return failed
		}
		if err != nil {
			fault := &Fault{Reason: "读取中断：" + err.Error()}
			fault.complete(in.path)
			return emit(nil, fault)
		}
		return nil
	}
	return emit(nil, &Fault{File: in.path, Reason: "认不出文件格式；支持法规 Markdown，政策、新闻与事项的 JSON/JSONL，事项的 YAML/CSV/XLSX，网页 HTML、DOCX、PDF、报纸文本与中文纯文本；请检查文件，或用 --format 指定"})
}

// complete names the file where the format did not, and mends what errors quote of broken input.
func (f *Fault) complete(file string) {
	if f.File == "" {
		f.File = file
	}
	for _, s := range []*string{&f.Field, &f.Reason, &f.Record} {
		*s = strings.ToValidUTF8(*s, "\uFFFD")
	}
}
