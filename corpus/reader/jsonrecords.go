package reader

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// row is one JSON object of a file with the line on which it begins.
type row struct {
	line   int
	raw    json.RawMessage
	fields map[string]any
}

// text returns the first of the named fields that holds something, as text without blanks around it.
func (r *row) text(names ...string) string {
	for _, name := range names {
		switch v := r.fields[name].(type) {
		case string:
			if s := strings.TrimSpace(v); s != "" {
				return s
			}
		case float64, bool:
			return fmt.Sprint(v)
		}
	}
	return ""
}

// has reports whether the object has one of the fields.
func (r *row) has(names ...string) bool {
	for _, name := range names {
		if _, ok := r.fields[name]; ok {
			return true
		}
	}
	return false
}

// eachRow streams the objects of a JSON array or of JSON lines. A line that is no object is a fault; the others go on.
func eachRow(f *File, visit func(*row) error, fault func(line int, reason, record string) error) error {
	bound := boundRecords(f)
	in := bufio.NewReaderSize(bound, 1<<16)
	if first, err := firstByte(in); err != nil || first == '[' {
		if err != nil {
			return err
		}
		return eachElement(in, bound, visit, fault)
	}
	for n := 1; ; n++ {
		bound.next()
		line, err := in.ReadBytes('\n')
		if s := bytes.TrimSpace(line); len(s) > 0 {
			r := &row{line: n, raw: s}
			if e := json.Unmarshal(s, &r.fields); e != nil {
				if e := fault(n, "不是完整的 JSON 对象："+e.Error(), string(s)); e != nil {
					return e
				}
			} else if e := visit(r); e != nil {
				return e
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func firstByte(in *bufio.Reader) (byte, error) {
	for {
		b, err := in.ReadByte()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return 0, nil
			}
			return 0, err
		}
		if b != ' ' && b != '\n' && b != '\r' && b != '\t' {
			return b, in.UnreadByte()
		}
	}
}

// eachElement streams the elements of an array; line is the number of the element, since JSON has no lines of its own.
func eachElement(in io.Reader, bound *recordBound, visit func(*row) error, fault func(int, string, string) error) error {
	dec := json.NewDecoder(in)
	if _, err := dec.Token(); err != nil {
		return err
	}
	for n := 1; dec.More(); n++ {
		bound.next()
		r := &row{line: n}
		if err := dec.Decode(&r.raw); err != nil {
			return fmt.Errorf("第 %d 条记录之后的 JSON 有误：%w", n, err)
		}
		if err := json.Unmarshal(r.raw, &r.fields); err != nil {
			if e := fault(n, "不是 JSON 对象："+err.Error(), string(r.raw)); e != nil {
				return e
			}
			continue
		}
		if err := visit(r); err != nil {
			return err
		}
	}
	return nil
}

// firstRow decodes the first object of a head, which may be cut off after it; a cut first object gives the keys read.
func firstRow(head []byte) (*row, bool) {
	s := bytes.TrimLeft(head, " \r\n\t[")
	if len(s) == 0 || s[0] != '{' {
		return nil, false
	}
	r := &row{}
	dec := json.NewDecoder(bytes.NewReader(s))
	if dec.Decode(&r.fields) == nil {
		return r, true
	}
	// The object is longer than the head: take the keys that come before the cut.
	r.fields = map[string]any{}
	dec = json.NewDecoder(bytes.NewReader(s))
	if _, err := dec.Token(); err != nil {
		return nil, false
	}
	for dec.More() {
		key, err := dec.Token()
		name, ok := key.(string)
		if err != nil || !ok {
			break
		}
		var v any
		r.fields[name] = nil
		if dec.Decode(&v) != nil {
			break
		}
		r.fields[name] = v
	}
	return r, len(r.fields) > 0
}

// clipRecord bounds what a fault repeats of its input.
func clipRecord(s string) string {
	if len(s) > 2000 {
		return strings.ToValidUTF8(s[:2000], "")
	}
	return s
}
