package schema

import (
	"bytes"
	"maps"
	"reflect"
	"slices"
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
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: in parts another document was made", name)
		}
	}
}
