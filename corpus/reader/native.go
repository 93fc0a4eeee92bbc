package reader

import (
	"bytes"
	"encoding/json"

	"tongsou/corpus"
)

// native reads tongsou's own form: corpus.Document as JSON lines or an array.
type native struct{}

func (native) Name() string { return "native" }

func (native) Accepts(f *File) bool {
	r, ok := firstRow(f.Head)
	return ok && r.has("id") && r.has("title") && corpus.Kind(r.text("kind")).Valid()
}

func (native) Read(f *File, emit Emit) error {
	return eachRow(f, func(r *row) error {
		d := new(corpus.Document)
		dec := json.NewDecoder(bytes.NewReader(r.raw))
		dec.DisallowUnknownFields()
		if err := dec.Decode(d); err != nil {
			return emit(nil, &Fault{Line: r.line, Reason: "字段不符：" + err.Error(), Record: clipRecord(string(r.raw))})
		}
		d.Source.Line = r.line
		return emit(d, nil)
	}, lineFault(emit))
}

// lineFault turns what is wrong with a line into a Fault.
func lineFault(emit Emit) func(int, string, string) error {
	return func(line int, reason, record string) error {
		return emit(nil, &Fault{Line: line, Reason: reason, Record: clipRecord(record)})
	}
}
