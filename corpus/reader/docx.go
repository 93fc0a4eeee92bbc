package reader

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"
)

// wordFile reads a policy out of a DOCX: the paragraphs, the headings by their styles, tables row by row. Numbers that Word
// counts itself are not in the file; those that were typed stand as they do.
type wordFile struct{}

func (wordFile) Name() string { return "docx" }

func (wordFile) Accepts(f *File) bool { return isOffice(f, "word/", ".docx", ".docm") }

func (wordFile) Read(f *File, emit Emit) error {
	raw, err := readBounded(f.Raw, f.Limits.Office)
	if err != nil {
		return err
	}
	bad := func(err error) error {
		return emit(nil, &Fault{Reason: fmt.Sprintf("不是完好的 DOCX 文件：%v；请用 Word 或 WPS 打开后另存为 DOCX", err)})
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return bad(err)
	}
	styles, err := readStyles(z, f.Limits.Part)
	if err != nil {
		return bad(err)
	}
	body := &wordText{styles: styles, level: -1}
	if err := eachToken(z, "word/document.xml", f.Limits.Part, body.start, body.end, body.chars); err != nil {
		return bad(err)
	}
	p := &prose{lines: body.lines, title: body.title, policy: true}
	return p.emit(emit)
}

// errNoPart is returned for a part that the file lacks.
var errNoPart = errors.New("缺少")

// eachToken streams a part of the file, of at most so many bytes: some kilobytes of a zip can unfold to gigabytes.
func eachToken(z *zip.Reader, name string, most int64, start func(xml.StartElement), end func(xml.EndElement), chars func(string)) error {
	part, err := z.Open(name)
	if err != nil {
		return fmt.Errorf("%w %s", errNoPart, name)
	}
	defer func() { _ = part.Close() }()
	in := &io.LimitedReader{R: part, N: most}
	dec := xml.NewDecoder(in)
	depth := 0
	for {
		token, err := dec.Token()
		if in.N <= 0 {
			return fmt.Errorf("%s 解压后超过 %s", name, inBytes(most))
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s：%w", name, err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth++; depth > maxElementDepth {
				return fmt.Errorf("%s 的标签套了 %d 层以上", name, maxElementDepth)
			}
			start(t)
		case xml.EndElement:
			depth--
			end(t)
		case xml.CharData:
			chars(string(t))
		}
	}
}

var reHeadingStyle = regexp.MustCompile(`(?i)^(?:heading|标题)\s*([1-6])$`)

// readStyles reads which styles are headings, by their depth; the style of a document's title has depth 0.
func readStyles(z *zip.Reader, most int64) (map[string]int, error) {
	styles := map[string]int{}
	id := ""
	err := eachToken(z, "word/styles.xml", most, func(e xml.StartElement) {
		switch e.Name.Local {
		case "style":
			id = xmlAttr(e, "styleId")
		case "name":
			name := xmlAttr(e, "val")
			if m := reHeadingStyle.FindStringSubmatch(name); m != nil {
				styles[id] = int(m[1][0] - '0')
			} else if strings.EqualFold(name, "title") || name == "标题" {
				styles[id] = 0
			}
		}
	}, func(xml.EndElement) {}, func(string) {})
	if errors.Is(err, errNoPart) {
		return styles, nil
	}
	return styles, err
}

func xmlAttr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// wordText gathers the text of a document. Text stands in t elements; what stands in others is instructions, and what is
// below del, moveFrom or Fallback is not shown.
type wordText struct {
	styles map[string]int
	title  string
	lines  []string

	par    strings.Builder
	level  int // of the paragraph's heading, -1 for none
	inText bool
	unseen int // depth below an element that is not shown
	tables int // depth in tables
	cells  []string
	cell   []string
}

func (w *wordText) start(e xml.StartElement) {
	if w.unseen > 0 || e.Name.Local == "del" || e.Name.Local == "moveFrom" || e.Name.Local == "Fallback" {
		w.unseen++
		return
	}
	switch e.Name.Local {
	case "p":
		w.endParagraph() // a text box stands within a paragraph
		w.level = -1
	case "pStyle":
		if level, ok := w.styles[xmlAttr(e, "val")]; ok {
			w.level = level
		}
	case "outlineLvl":
		if v := xmlAttr(e, "val"); w.level < 0 && len(v) == 1 && v[0] >= '0' && v[0] <= '5' {
			w.level = int(v[0]-'0') + 1
		}
	case "t":
		w.inText = true
	case "tab":
		w.par.WriteByte(' ')
	case "br", "cr":
		w.par.WriteByte('\n')
	case "noBreakHyphen":
		w.par.WriteByte('-')
	case "tbl":
		w.tables++
	case "tr":
		if w.tables == 1 {
			w.cells = nil
		}
	case "tc":
		if w.tables == 1 {
			w.cell = nil
		}
	}
}

func (w *wordText) end(e xml.EndElement) {
	if w.unseen > 0 {
		w.unseen--
		return
	}
	switch e.Name.Local {
	case "t":
		w.inText = false
	case "p":
		w.endParagraph()
	case "tc":
		if w.tables == 1 {
			w.cells = append(w.cells, strings.Join(w.cell, " "))
		}
	case "tr":
		if w.tables == 1 {
			w.lines = append(w.lines, joinCells(w.cells)...)
		}
	case "tbl":
		w.tables--
	}
}

func (w *wordText) chars(s string) {
	if w.inText && w.unseen == 0 {
		w.par.WriteString(s)
	}
}

// endParagraph takes the paragraph as a line or, in a table, as a part of its cell.
func (w *wordText) endParagraph() {
	lines := filledLines(strings.Split(w.par.String(), "\n"))
	w.par.Reset()
	switch {
	case len(lines) == 0:
	case w.tables > 0:
		w.cell = append(w.cell, lines...)
	case w.level == 0 && w.title == "":
		w.title = strings.Join(lines, "")
	case w.level > 0 && len(lines) == 1 && utf8.RuneCountInString(lines[0]) <= longHeading && !reArticle.MatchString(lines[0]):
		w.lines = append(w.lines, strings.Repeat("#", w.level)+" "+lines[0])
	default:
		w.lines = append(w.lines, lines...)
	}
}
