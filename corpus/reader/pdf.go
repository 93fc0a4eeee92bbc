package reader

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// pdfFile reads a policy out of a PDF by poppler's pdftotext.
type pdfFile struct{}

func (pdfFile) Name() string { return "pdf" }

// pdfTimeout bounds pdftotext: a thousand pages take it some seconds.
const pdfTimeout = 2 * time.Minute

func (pdfFile) Accepts(f *File) bool {
	return bytes.Contains(f.Head[:min(len(f.Head), 1024)], []byte("%PDF-"))
}

func (pdfFile) Read(f *File, emit Emit) error {
	program, err := exec.LookPath("pdftotext")
	if err != nil {
		return emit(nil, &Fault{Reason: "读 PDF 需要 pdftotext，这台机器上没有；请先安装：apt-get install poppler-utils（macOS：brew install poppler）"})
	}
	file := f.Local
	if file == "" {
		var remove func()
		if file, remove, err = spill(f.Raw, f.Limits.PDF); err != nil {
			return err
		}
		defer remove()
	}
	if file, err = filepath.Abs(file); err != nil { // a name that begins with - would be taken for an option
		return err
	}
	text, err := pdfText(program, file, f.Limits.Text)
	if err != nil {
		return emit(nil, &Fault{Reason: err.Error()})
	}
	pages := strings.Split(strings.TrimSuffix(text, "\f"), "\f")
	if strings.TrimSpace(strings.Join(pages, "")) == "" {
		return emit(nil, &Fault{Reason: "PDF 里没有文字，可能是扫描件；请先做文字识别（OCR）再导入"})
	}
	p := &prose{lines: unwrap(withoutMargins(pages)), policy: true}
	return p.emit(emit)
}

// spill writes a PDF that lies on no disk to a temporary file.
func spill(r io.Reader, most int64) (path string, remove func(), err error) {
	tmp, err := os.CreateTemp("", "tongsou-*.pdf")
	if err != nil {
		return "", nil, fmt.Errorf("为 PDF 建临时文件：%w", err)
	}
	remove = func() { _ = os.Remove(tmp.Name()) }
	n, err := io.Copy(tmp, io.LimitReader(r, most+1))
	if n > most {
		err = fmt.Errorf("解压后超过 %s", inBytes(most))
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		remove()
		return "", nil, fmt.Errorf("为 PDF 写临时文件：%w", err)
	}
	return tmp.Name(), remove, nil
}

// pdfText runs pdftotext; pages end in a form feed.
func pdfText(program, file string, most int64) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), pdfTimeout)
	defer cancel()
	var out, problems bytes.Buffer
	cmd := exec.CommandContext(ctx, program, "-q", "-enc", "UTF-8", "-eol", "unix", file, "-")
	cmd.Stdout, cmd.Stderr = &bounded{w: &out, left: int(most)}, &bounded{w: &problems, left: 1 << 10}
	switch err := cmd.Run(); {
	case ctx.Err() != nil:
		return "", fmt.Errorf("pdftotext 在 %s 内没有读完；请把 PDF 拆成几个文件", pdfTimeout)
	case int64(out.Len()) >= most:
		return "", fmt.Errorf("PDF 的文字超过 %s；请拆成几个文件", inBytes(most))
	case err != nil:
		return "", fmt.Errorf("pdftotext 读不了这个 PDF（文件损坏或有密码）：%w %s", err, strings.TrimSpace(problems.String()))
	}
	return strings.ToValidUTF8(out.String(), "\uFFFD"), nil
}

// bounded passes on a number of bytes and swallows the rest, so that the program that writes them can end.
type bounded struct {
	w    io.Writer
	left int
}

func (b *bounded) Write(p []byte) (int, error) {
	n := min(len(p), b.left)
	b.left -= n
	if _, err := b.w.Write(p[:n]); err != nil {
		return 0, err
	}
	return len(p), nil
}

var (
	rePageNumber = regexp.MustCompile(`^(?:[-—–－·•\s]*\d{1,4}[-—–－·•\s]*|第\s*\d{1,4}\s*页(?:\s*[，,/]?\s*共\s*\d{1,4}\s*页)?|\d{1,4}\s*/\s*\d{1,4})$`)
	reDigits     = regexp.MustCompile(`\d+`)
)

// marginLines is how many lines at the top and the bottom of a page may be header or footer.
const marginLines = 2

// withoutMargins returns the lines of all pages without page numbers and without the headers and footers that repeat,
// but for their digits, on most pages.
func withoutMargins(pages []string) []string {
	var list [][]string
	count := map[string]int{}
	for _, page := range pages {
		lines := filledLines(strings.Split(page, "\n"))
		seen := map[string]bool{}
		for i, line := range lines {
			if key := marginKey(line); isMargin(i, len(lines)) && !seen[key] {
				seen[key] = true
				count[key]++
			}
		}
		list = append(list, lines)
	}
	var kept []string
	for _, lines := range list {
		for i, line := range lines {
			repeats := count[marginKey(line)]
			if isMargin(i, len(lines)) && (rePageNumber.MatchString(line) || repeats > 1 && repeats*2 > len(list)) {
				continue
			}
			kept = append(kept, line)
		}
	}
	return kept
}

func isMargin(i, lines int) bool { return i < marginLines || i >= lines-marginLines }

func marginKey(line string) string { return reDigits.ReplaceAllString(solid(line), "0") }

// reBegins is how a paragraph begins that may follow a full line.
var reBegins = regexp.MustCompile(`^(?:第[〇零一二三四五六七八九十百千\d]+[编章节条]|[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十\d]{1,3}[）)]|\d{1,2}[.．、)）]|附件?[：:\d]|附：|——)`)

// unwrap joins the lines of a paragraph. A line goes on in the next when it is nearly as long as the longest lines are and
// does not end a sentence.
func unwrap(lines []string) []string {
	full := fullLine(lines) * 4 / 5
	var out []string
	open := false
	for _, line := range lines {
		if open && !reBegins.MatchString(line) {
			out[len(out)-1] = joinLines([]string{out[len(out)-1], line})
		} else {
			out = append(out, joinLines([]string{line}))
		}
		last, _ := utf8.DecodeLastRuneInString(line)
		open = utf8.RuneCountInString(line) >= full && !strings.ContainsRune("。！？；：", last)
	}
	return out
}

// fullLine is the length in characters that nine in ten lines do not exceed, at least 20.
func fullLine(lines []string) int {
	sizes := make([]int, len(lines))
	for i, line := range lines {
		sizes[i] = utf8.RuneCountInString(line)
	}
	slices.Sort(sizes)
	if len(sizes) == 0 {
		return 20
	}
	return max(20, sizes[len(sizes)*9/10])
}
