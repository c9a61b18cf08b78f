package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"

	"github.com/plumbline-dev/plumbline"
)

// Decode reads JSON or YAML into a tree whose keys are all text. Errors are of
// type *Error and have a position.
func Decode(name string, data []byte) (map[string]any, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	var tree any
	if isJSON(data) {
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		if err := dec.Decode(&tree); err != nil {
			return nil, broken(name, data, err)
		}
	} else if err := yaml.Unmarshal(data, &tree); err != nil {
		return nil, brokenYAML(name, err)
	}
	m, ok := textual(tree).(map[string]any)
	if !ok {
		return nil, &Error{Code: "DOC303", Source: plumbline.Source{File: name, Line: 1, Column: 1}, Message: "this is not an OpenAPI document: its top is no mapping", Help: "name the document itself, not a page about it"}
	}
	return m, nil
}

func broken(name string, data []byte, err error) error {
	at := plumbline.Source{File: name}
	var syntax *json.SyntaxError
	offset := int64(len(data))
	if errors.As(err, &syntax) {
		offset = syntax.Offset
	}
	before := data[:min(offset, int64(len(data)))]
	at.Line = 1 + bytes.Count(before, []byte("\n"))
	at.Column = max(len(before)-bytes.LastIndexByte(before, '\n')-1, 1)
	return &Error{Code: "DOC302", Source: at, Message: "the document is not JSON: " + err.Error(), Help: "what stands at the mark, or before it, breaks the syntax: a comma, a quote or a bracket"}
}

func brokenYAML(name string, err error) error {
	at := plumbline.Source{File: name}
	message := err.Error()
	var y yaml.Error
	if errors.As(err, &y) {
		message = y.GetMessage()
		if t := y.GetToken(); t != nil {
			at.Line, at.Column = t.Position.Line, t.Position.Column
		}
	}
	return &Error{Code: "DOC302", Source: at, Message: "the document is not YAML: " + message, Help: "what stands at the mark, or before it, breaks the syntax: indentation, a quote or a bracket"}
}

// textual makes every key of every mapping text: YAML takes the status 200 for
// a number.
func textual(v any) any {
	switch x := v.(type) {
	case map[string]any:
		for k, e := range x {
			x[k] = textual(e)
		}
		return x
	case map[any]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			out[fmt.Sprint(k)] = textual(e)
		}
		return out
	case []any:
		for i, e := range x {
			x[i] = textual(e)
		}
		return x
	}
	return v
}
