package server

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"tongsou/corpus"
	"tongsou/index"
)

// docs is the description of the API as the page /docs shows it.
type docs struct {
	Title, Description string
	Operations         []docsOperation
	Schemas            []docsSchema
}

type docsOperation struct {
	ID, Method, Path, Summary, Description string
	Parameters                             []docsParameter
	Responses                              []docsResponse
	// Body is what the operation takes, Media its form; empty for nothing. Secured means that it asks for a key.
	Body    docsType
	Media   string
	Secured bool
}

// Fill says whether a form can send the operation: without a part of the path that has to be filled in.
func (o docsOperation) Fill() bool {
	return o.Method == http.MethodGet && !o.Secured && !strings.Contains(o.Path, "{")
}

// First are the parameters that the form shows at once, More those that it keeps folded.
func (o docsOperation) First() []docsParameter {
	if len(o.Parameters) <= 4 {
		return o.Parameters
	}
	return o.Parameters[:2]
}

// More are the parameters that First leaves out.
func (o docsOperation) More() []docsParameter { return o.Parameters[len(o.First()):] }

// Curl is the call with its examples on a command line.
func (o docsOperation) Curl(host string) string {
	if o.Secured {
		line := "curl -X " + o.Method + " -H 'Authorization: Bearer 钥匙'"
		if o.Media != "" {
			line += " -H 'Content-Type: " + o.Media + "' --data-binary @文件"
		}
		return line + " " + host + o.Path
	}
	line := "curl -G " + host + o.Path
	for _, p := range o.Parameters {
		if p.Example != "" {
			line += " --data-urlencode '" + p.Name + "=" + p.Example + "'"
		}
	}
	return line
}

type docsParameter struct {
	docsType
	Field                          string // of the form, unique on the page
	Name, In, Description, Example string
	Required                       bool
}

// Input is the type of the field of a form that takes the parameter.
func (p docsParameter) Input() string {
	switch p.Type {
	case "整数", "数":
		return "number"
	case "日期":
		return "date"
	}
	return "text"
}

type docsResponse struct {
	Status, Description, Media string
	docsType
}

// docsType is a schema in words; Link names the schema where it has a name of its own.
type docsType struct {
	Type, Link string
	Allowed    []string
}

type docsSchema struct {
	Name, Description string
	docsType
	Fields []docsField
}

type docsField struct {
	docsType
	Name, Description string
	Required          bool
}

// newDocs reads the description as clients get it.
func newDocs(description []byte) (*docs, error) {
	doc, err := openapi3.NewLoader().LoadFromData(description)
	if err != nil {
		return nil, fmt.Errorf("read the API's description: %w", err)
	}
	d := &docs{Title: doc.Info.Title, Description: doc.Info.Description}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			d.Operations = append(d.Operations, newDocsOperation(method, path, op))
		}
	}
	// A map has no order of its own: paths come as they were written.
	slices.SortFunc(d.Operations, func(a, b docsOperation) int {
		return cmp.Or(written(a.Path)-written(b.Path), strings.Compare(a.Method, b.Method))
	})
	for _, name := range slices.Sorted(maps.Keys(doc.Components.Schemas)) {
		schema := doc.Components.Schemas[name].Value
		d.Schemas = append(d.Schemas, docsSchema{name, schema.Description, typeOf(&openapi3.SchemaRef{Value: schema}), fieldsOf("", schema)})
	}
	return d, nil
}

func written(path string) int { return bytes.Index(openAPISource, []byte("\n  "+path+":")) }

func newDocsOperation(method, path string, op *openapi3.Operation) docsOperation {
	o := docsOperation{ID: op.OperationID, Method: method, Path: path, Summary: op.Summary, Description: op.Description, Secured: op.Security != nil}
	if op.RequestBody != nil {
		for media, content := range op.RequestBody.Value.Content {
			o.Media, o.Body = media, typeOf(content.Schema)
		}
	}
	for _, ref := range op.Parameters {
		p := ref.Value
		o.Parameters = append(o.Parameters, docsParameter{
			docsType: typeOf(p.Schema), Field: op.OperationID + "-" + p.Name, Name: p.Name, In: p.In, Description: p.Description, Required: p.Required, Example: inAddress(p.Example),
		})
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses.Map())) {
		r := op.Responses.Value(status).Value
		answer := docsResponse{Status: status}
		if r.Description != nil {
			answer.Description = *r.Description
		}
		for media, content := range r.Content {
			answer.Media, answer.docsType = media, typeOf(content.Schema)
		}
		o.Responses = append(o.Responses, answer)
	}
	return o
}

// inAddress is a value as one writes it in an address.
func inAddress(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case []any:
		var list []string
		for _, one := range v {
			list = append(list, inAddress(one))
		}
		return strings.Join(list, ",")
	}
	return fmt.Sprint(v)
}

// typeNames are the types of JSON Schema in words.
var typeNames = map[string]string{
	openapi3.TypeString: "文字", openapi3.TypeInteger: "整数", openapi3.TypeNumber: "数", openapi3.TypeBoolean: "真或假", openapi3.TypeObject: "对象",
}

// typeOf says in words what a schema allows.
func typeOf(ref *openapi3.SchemaRef) docsType {
	if ref == nil || ref.Value == nil {
		return docsType{}
	}
	s := ref.Value
	t := docsType{}
	if name, ok := strings.CutPrefix(ref.Ref, "#/components/schemas/"); ok {
		t.Link = name
	}
	for _, v := range s.Enum {
		t.Allowed = append(t.Allowed, inAddress(v))
	}
	switch {
	case s.Const != nil:
		t.Type, t.Allowed = "文字", []string{inAddress(s.Const)}
	case s.Type == nil:
		t.Type = "任意"
	case s.Type.Is(openapi3.TypeArray):
		item := typeOf(s.Items)
		t.Type, t.Allowed = item.Type+"，可多个", item.Allowed
		t.Link = cmp.Or(t.Link, item.Link)
	case s.Format == "date":
		t.Type = "日期"
	default:
		t.Type = typeNames[s.Type.Slice()[0]]
	}
	return t
}

// fieldsOf lists the fields of an object, those of unnamed objects within it under their path. Fields that are always
// there come first.
func fieldsOf(above string, s *openapi3.Schema) []docsField {
	names := slices.Sorted(maps.Keys(s.Properties))
	required := func(name string) bool { return slices.Contains(s.Required, name) }
	optional := slices.DeleteFunc(slices.Clone(names), required)
	var fields []docsField
	for _, name := range append(slices.DeleteFunc(names, func(n string) bool { return !required(n) }), optional...) {
		ref := s.Properties[name]
		field := docsField{typeOf(ref), above + name, ref.Value.Description, required(name)}
		fields = append(fields, field)
		inner, path := ref, field.Name+"."
		if ref.Value.Type.Is(openapi3.TypeArray) && ref.Value.Items != nil {
			inner, path = ref.Value.Items, field.Name+"[]."
		}
		if inner.Ref == "" {
			fields = append(fields, fieldsOf(path, inner.Value)...)
		}
	}
	return fields
}

// docsView is the page of the API.
type docsView struct {
	frame
	*docs
	Host  string
	Known map[string][]docsExample // by operation
}

type docsExample struct{ Label, Link string }

// docsPage shows the description with examples that can be tried on what is stored here.
func (s *Server) docsPage(w http.ResponseWriter, r *http.Request) error {
	if s.unchanged(w, r) {
		return nil
	}
	v := docsView{frame: s.newFrame(r), docs: s.docs, Host: ownHost(r), Known: map[string][]docsExample{}}
	v.Styles, v.Modules, v.Feedback = []string{"docs.css"}, []string{"docs.js"}, nil
	for operation, kind := range map[string]corpus.Kind{"item": corpus.KindItem, "document": corpus.KindPolicy} {
		known, err := s.docsExamples(r.Context(), operation, kind)
		if err != nil {
			return err
		}
		v.Known[operation] = known
	}
	return s.pages.write(w, http.StatusOK, "docs.html", v)
}

func (s *Server) docsExamples(ctx context.Context, operation string, kind corpus.Kind) ([]docsExample, error) {
	found, err := s.options.Engine.Search(ctx, index.Query{Limit: 2, Filter: index.Filter{Kinds: []corpus.Kind{kind}}})
	if err != nil {
		return nil, err
	}
	var list []docsExample
	for _, g := range found.Groups {
		for _, h := range g.Hits {
			list = append(list, docsExample{h.PlainTitle(), "/api/v1/" + operation + "s/" + url.PathEscape(h.ID)})
		}
	}
	return list, nil
}
