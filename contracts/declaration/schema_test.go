package declaration

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

const schemaFile = "../../docs/plumbline.schema.json"

// docs/plumbline.schema.json is what `plumbline schema` prints.
func TestReferenceSchema(t *testing.T) {
	t.Parallel()
	want, err := WriteSchema()
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(schemaFile, want, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(schemaFile); err != nil || !bytes.Equal(got, want) {
		t.Errorf("docs/plumbline.schema.json is stale (%v): UPDATE=1 go test ./contracts/declaration -run Reference", err)
	}
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	data, err := WriteSchema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("plumbline.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("plumbline.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// held holds YAML against the schema, as an editor does.
func held(t *testing.T, s *jsonschema.Schema, text string) error {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}

// What the reader takes, the schema takes: declarations that are used, and every
// example of the reference at its place.
func TestTheSchemaTakesWhatIsRead(t *testing.T) {
	t.Parallel()
	s := compiled(t)
	texts := []string{whole, fetched, "slos: [{p(99.9): 1s, errors: 0.1%, during: {fault: {availability: 90%, p95: 2s}}, decision: prove, window: 30d}]", "pacts: one.json\nflows: [{file: f.yaml, inputs: {n: 1}}]\nmode: ${MODE:-own}"}
	for _, file := range []string{"../../examples/shop/plumbline.yaml", "../../examples/shop/plumbline.compose.yaml", "../../cmd/plumbline/testdata/mistakes/plumbline.yaml"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(data))
	}
	keys, _ := Reference()
	for _, k := range keys {
		if k.Example != "" {
			texts = append(texts, nested(k.Path, k.Example))
		}
	}
	for _, text := range texts {
		if err := held(t, s, text); err != nil {
			t.Errorf("%v\nof\n%s", err, text)
		}
	}
}

// What the reader refuses for its form, the schema refuses too.
func TestTheSchemaRefusesMistakes(t *testing.T) {
	t.Parallel()
	s := compiled(t)
	for _, text := range []string{
		"serivce: x", "load: {rate: fast}", "target: {public: all}", "mode: owned", "recovery: soon", "dependencies: {a: {wire: udp}}", "dependencies: {a: {timout: 1s}}",
		"slos: [{p99: 300}]", "slos: [{q99: 300ms}]", "slos: [{during: {later: {availability: 9%}}}]", "slos: [{decision: maybe}]", "pacts: {brokr: {}}", "dependencies: {a: {pact: {broker: {ur: x}}}}",
	} {
		if held(t, s, text) == nil {
			t.Errorf("taken: %s", text)
		}
		if d, err := Parse("p", []byte(text), env); err == nil && !strings.HasPrefix(text, "slos") {
			t.Errorf("the reader takes it: %s: %+v", text, d)
		}
	}
}
