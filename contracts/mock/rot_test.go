package mock_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline/contracts/mock"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/sample"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// promises are all that a response can break.
const promises = `additionalProperties allOf anyOf const contains dependentRequired dependentSchemas discriminator else enum exclusiveMaximum exclusiveMinimum integer items
	maxContains maxItems maxLength maxProperties maximum minContains minItems minLength minProperties minimum multipleOf not null oneOf pattern patternProperties
	prefixItems propertyNames required then type unevaluatedItems unevaluatedProperties uniqueItems writeOnly
	body-empty body-syntax media-type status header/required header/type header/enum header/format:date text/enum text/maxLength
	stream/required stream/enum stream/minLength stream/type
	format:byte format:date format:date-time format:duration format:email format:float format:hostname format:int32 format:int64 format:ipv4 format:ipv6 format:iri
	format:iri-reference format:json-pointer format:regex format:relative-json-pointer format:time format:uri format:uri-reference format:uri-template format:uuid`

// TestEveryPromiseIsBrokenAndSeen holds that the rotten server can break every
// keyword, that the inspector marks every such answer, and that the right
// server of the same documents is accused of nothing.
func TestEveryPromiseIsBrokenAndSeen(t *testing.T) {
	t.Parallel()
	var right, rotten mock.Result
	files, err := filepath.Glob(filepath.Join("testdata", "keywords-*.yaml"))
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		d, err := openapi.Parse(name, text, openapi.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s, err := schema.Compile(d)
		if err != nil {
			t.Fatal(err)
		}
		ops, inspector := sample.Fill(d, s, sample.Options{Seed: 1}), schema.NewInspector(d, s)
		for seed := range uint64(3) {
			l := mock.Loop{Doc: d, Set: s, Inspector: inspector, Operations: ops, Seed: seed}
			right.Add(l.Run(t.Context()))
		}
		for seed := range uint64(8) {
			l := mock.Loop{Doc: d, Set: s, Inspector: inspector, Operations: ops, Seed: seed, Rot: true, Rounds: 30}
			rotten.Add(l.Run(t.Context()))
		}
	}
	for _, x := range slices.Concat(right.Disagreed, rotten.Disagreed) {
		t.Errorf("%s %d: %s", x.Case, x.Status, x.Message)
	}
	if right.Unable > 0 || right.Unbound > 0 || right.Drift > 0 {
		t.Errorf("%d answers could not be made, %d cases not sent, %d with drift", right.Unable, right.Unbound, right.Drift)
	}
	for _, k := range strings.Fields(promises) {
		if rotten.Broken[k] == 0 {
			t.Errorf("%s was never broken", k)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(rotten.Broken)) {
		if rotten.Detected[k] != rotten.Broken[k] {
			t.Errorf("%s: %d of %d seen", k, rotten.Detected[k], rotten.Broken[k])
		}
	}
}
