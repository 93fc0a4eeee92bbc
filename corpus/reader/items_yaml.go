package reader

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"

	"tongsou/corpus"
)

// itemsYAML reads service items that people write by hand: a YAML list of corpus.Document, each with the list of the
// regions where the same item stands. In every text {地区} becomes the region's name and {代码} its six-digit code, so
// that one entry makes the item of every office.
type itemsYAML struct{}

func (itemsYAML) Name() string { return "items-yaml" }

func (itemsYAML) Accepts(f *File) bool {
	return bytes.Contains(f.Head, []byte("\n  regions:")) && bytes.Contains(f.Head, []byte("- id:"))
}

// handwritten is one entry of the list.
type handwritten struct {
	corpus.Document
	Regions []string `json:"regions"`
}

func (itemsYAML) Read(f *File, emit Emit) error {
	raw, err := readBounded(f.Text, f.Limits.Text)
	if err != nil {
		return err
	}
	for _, e := range yamlEntries(string(raw)) {
		if err := emitEntry(e, f.Limits.Entry, emit); err != nil {
			return err
		}
	}
	return nil
}

// yamlEntry is the text of one entry, so that a fault in it leaves its neighbours whole.
type yamlEntry struct {
	line int
	text string
}

func yamlEntries(text string) []yamlEntry {
	var entries []yamlEntry
	n := 0
	for line := range strings.Lines(text) {
		n++
		if strings.HasPrefix(line, "- ") {
			entries = append(entries, yamlEntry{line: n})
		}
		if len(entries) > 0 {
			entries[len(entries)-1].text += line
		}
	}
	return entries
}

func emitEntry(e yamlEntry, most int64, emit Emit) error {
	fault := func(field, reason string, args ...any) error {
		return emit(nil, &Fault{Line: e.line, Field: field, Reason: fmt.Sprintf(reason, args...), Record: clipRecord(e.text)})
	}
	if int64(len(e.text)) > most {
		return fault("", "一个事项超过 %s；请检查文件", inBytes(most))
	}
	var entries []handwritten
	if err := yaml.UnmarshalStrict([]byte(e.text), &entries); err != nil {
		return fault("", "YAML 有误：%v", err)
	}
	if len(entries) != 1 || len(entries[0].Regions) == 0 {
		return fault("regions", "缺少 regions；请写出事项所在的区划代码，如 [\"150102\"]")
	}
	for _, code := range entries[0].Regions {
		region, ok := corpus.Regions().Lookup(code)
		if !ok {
			if err := fault("regions", "区划代码 %s 不在行政区划表中", code); err != nil {
				return err
			}
			continue
		}
		d, err := entries[0].in(region)
		if err != nil {
			return err
		}
		d.Source.Line = e.line
		if err := emit(d, nil); err != nil {
			return err
		}
	}
	return nil
}

// in returns the entry's item as it stands in one region.
func (h handwritten) in(region corpus.Region) (*corpus.Document, error) {
	raw, err := json.Marshal(h.Document)
	if err != nil {
		return nil, err
	}
	code := (region.Code + "0000")[:6]
	raw = []byte(strings.NewReplacer("{地区}", region.Name, "{代码}", code).Replace(string(raw)))
	d := new(corpus.Document)
	if err := json.Unmarshal(raw, d); err != nil {
		return nil, err
	}
	d.ID = codeID("item", d.ID+"-"+region.Code)
	d.Kind, d.Region = corpus.KindItem, region.Code
	if d.Item == nil {
		d.Item = new(corpus.Item)
	}
	d.Issuer = d.Item.Body
	return d, nil
}
