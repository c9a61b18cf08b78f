package schema

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/plumbline-dev/plumbline/contracts/openapi"
)

// The parts have to make the document that it is when it is written whole.
func TestPlainIsTheWholeDocument(t *testing.T) {
	t.Parallel()
	docs := corpus(t)
	for i, name := range slices.Sorted(maps.Keys(docs)) {
		if i%9 != 0 {
			continue
		}
		d, err := openapi.Parse(name, docs[name], openapi.Options{})
		if err != nil {
			continue
		}
		got, err := plain(d.T)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if d.T.Components != nil {
			d.T.Components.Examples = nil
		}
		data, err := d.T.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		want, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		whole, _ := want.(map[string]any)
		if !reflect.DeepEqual(got, any(lean{}.object(whole))) {
			t.Errorf("%s: in parts another document was made", name)
		}
	}
}

// Nothing in what the engine gets is a part of what was read, and what says
// nothing, or would be refused, is not in it.
func TestWhatSaysNothingIsNotHandedToTheEngine(t *testing.T) {
	t.Parallel()
	read := map[string]any{
		"enum": []any{}, "type": nil, "allOf": []any{}, "format": "", "pattern": "", "multipleOf": uint64(0), "const": nil, "minimum": uint64(3), "maximum": 4.5,
		"properties": map[string]any{"a": nil, "enum": map[string]any{"default": "", "required": []any{}}}, "x-own": []any{},
	}
	want := map[string]any{
		"const": nil, "minimum": json.Number("3"), "maximum": json.Number("4.5"), "x-own": []any{},
		"properties": map[string]any{"enum": map[string]any{"default": ""}},
	}
	got := lean{}.object(read)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if read["minimum"] != uint64(3) || len(read) != 11 {
		t.Errorf("what was read was changed: %v", read)
	}
}

// What forbids nothing is left out, and what only has its name is kept.
func TestDescriptionsAndExamplesAreLeftOut(t *testing.T) {
	t.Parallel()
	var in, want any
	for text, to := range map[string]*any{
		`{"description":"d","type":"object","example":{"a":1},"properties":{"description":{"type":"string","description":"d"},"example":{"const":{"example":1,"description":"d"}},
			"examples":{"enum":[{"summary":"s"}],"examples":[1]}},"x-own":{"description":"d"},"default":{"example":1},"content":{"example":{"summary":"s","externalDocs":{}}}}`: &in,
		`{"type":"object","properties":{"description":{"type":"string"},"example":{"const":{"example":1,"description":"d"}},"examples":{"enum":[{"summary":"s"}]}},
			"x-own":{"description":"d"},"default":{"example":1},"content":{"example":{}}}`: &want,
	} {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		*to = v
	}
	doc, _ := in.(map[string]any)
	if got := (lean{}).object(doc); !reflect.DeepEqual(any(got), want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}
