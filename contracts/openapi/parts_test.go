package openapi

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// What is read in parts has to be what the loader reads: the same document when
// it is written, references and what they lead to included.
func TestPartsAreWhatTheLoaderReads(t *testing.T) {
	t.Parallel()
	docs := corpus(t)
	same := 0
	for _, name := range chosen(t, docs, slices.Concat(slow(), damaged())) {
		whole, parts := readTwice(t, name, docs[name])
		if whole == nil || parts == nil {
			continue // refused, or not read in parts
		}
		same++
		if a, b := written(t, whole), written(t, parts); !bytes.Equal(a, b) {
			t.Errorf("%s: in parts another document was read", name)
		}
		if a, b := unresolved(whole), unresolved(parts); a != b {
			t.Errorf("%s: %d schemas without a value, %d when read in parts", name, a, b)
		}
	}
	if same == 0 {
		t.Error("no document was read in parts")
	}
	t.Logf("%d documents", same)
}

func readTwice(t *testing.T, name string, data []byte) (whole, parts *openapi3.T) {
	t.Helper()
	tree, err := Decode(name, data)
	if err != nil {
		return nil, nil
	}
	d := &Doc{File: name, positions: &positions{name: name, data: data}}
	if d.version(tree) != nil || d.Version == "2.0" {
		return nil, nil
	}
	r := &repairs{doc: d, root: tree, dir: filepath.Dir(name)}
	r.all()
	if parts, _ = inParts(tree, openapi3.NewLoader()); parts == nil {
		return nil, nil
	}
	if err := d.read(tree, Options{}); err != nil {
		t.Errorf("%s: read in parts, and refused by the loader: %v", name, err)
		return nil, nil
	}
	return d.T, parts
}

func written(t *testing.T, doc *openapi3.T) []byte {
	t.Helper()
	data, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// unresolved counts the schemas of the components and bodies that have no value.
func unresolved(doc *openapi3.T) int {
	n := 0
	count := func(r *openapi3.SchemaRef) {
		if r != nil && r.Value == nil {
			n++
		}
	}
	if doc.Components != nil {
		for _, s := range doc.Components.Schemas {
			count(s)
			if s.Value != nil {
				count(s.Value.Items)
			}
		}
	}
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			for _, r := range op.Responses.Map() {
				if r.Value == nil {
					n++
					continue
				}
				for _, m := range r.Value.Content {
					count(m.Schema)
				}
			}
		}
	}
	return n
}

func TestPartsAreForDocumentsThatStandAlone(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`{"openapi":"3.0.0","paths":{"/a":{"get":{"responses":{"200":{"description":"d"}}}}}}`:                                                          true,
		`{"openapi":"3.0.0","paths":{"/a":{"$ref":"a.yaml"}}}`:                                                                                          false,
		`{"openapi":"3.0.0","paths":{"/a":null}}`:                                                                                                       false,
		`{"openapi":"3.0.0","paths":{},"components":{"schemas":{"A":{"type":7}}}}`:                                                                      false,
		`{"openapi":"3.0.0","paths":{},"components":{"schemas":{"A":{"$ref":"#/components/schemas/B"}}}}`:                                               false,
		`{"openapi":"3.0.0","paths":{},"components":{"schemas":{"A":{"discriminator":{"propertyName":"k","mapping":{"b":"b.yaml#/B"}}}}}}`:              false,
		`{"openapi":"3.0.0","paths":{},"components":{"schemas":{"A":{"discriminator":{"propertyName":"k","mapping":{"b":"#/components/schemas/A"}}}}}}`: true,
		`{"openapi":"3.0.0","paths":[]}`: false,
		`{"openapi":"3.0.0","paths":{"/a":{"get":{"responses":{"200":{"description":"d","headers":{"X-A":{"$ref":"#/components/headers/x-a"}}}}}}},"components":{"headers":{"x-a":{"schema":{"type":"string"}}}}}`: true,
	} {
		var tree map[string]any
		if err := json.NewDecoder(strings.NewReader(text)).Decode(&tree); err != nil {
			t.Fatal(err)
		}
		if _, ok := inParts(tree, openapi3.NewLoader()); ok != want {
			t.Errorf("%s: read in parts: %v, want %v", text, ok, want)
		}
	}
}
