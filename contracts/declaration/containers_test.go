package declaration

import (
	"maps"
	"os"
	"reflect"
	"testing"

	"github.com/goccy/go-yaml"
)

// The sample system claims in containers what it claims as processes: its two
// declarations differ in how the deployment is reached, and in nothing else.
func TestSampleClaimsTheSameInContainers(t *testing.T) {
	t.Parallel()
	var both []map[string]any
	for _, file := range []string{"../../examples/shop/plumbline.yaml", "../../examples/shop/plumbline.compose.yaml"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var d map[string]any
		if err := yaml.Unmarshal(data, &d); err != nil {
			t.Fatal(err)
		}
		delete(d, "target")
		delete(d, "wires")
		for _, at := range []string{"dependencies", "identities"} {
			for _, of := range d[at].(map[string]any) { //nolint:forcetypeassert // of a file of ours
				maps.DeleteFunc(of.(map[string]any), func(key string, _ any) bool { //nolint:forcetypeassert // as above
					return key == "listen" || key == "upstream" || key == "bearer"
				})
			}
		}
		both = append(both, d)
	}
	for key := range both[0] {
		if !reflect.DeepEqual(both[0][key], both[1][key]) {
			t.Errorf("%s: %v\nin containers %v", key, both[0][key], both[1][key])
		}
	}
	if len(both[0]) != len(both[1]) {
		t.Errorf("%d keys, in containers %d", len(both[0]), len(both[1]))
	}
}
