package scenarios

import (
	"testing"

	"github.com/plumbline-dev/plumbline"
)

func TestLessenedContentIsMarked(t *testing.T) {
	find := Lessened([]plumbline.Dependency{{Name: "recs", Degraded: "degraded"}, {Name: "payment"}})
	for _, c := range []struct {
		name string
		r    plumbline.Response
		want bool
	}{
		{"a field", plumbline.Response{Body: []byte(`{"degraded":true}`)}, true},
		{"a header", plumbline.Response{Header: map[string][]string{"Degraded": {"recs"}}}, true},
		{"neither", plumbline.Response{Body: []byte(`{"note":"all well"}`)}, false},
	} {
		o := plumbline.Observation{Status: 200, Marks: find(c.r)}
		if got := marked(o, "degraded"); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
