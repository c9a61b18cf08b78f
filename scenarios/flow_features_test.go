package scenarios

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/scenarios/gherkin"
)

// Whatever walks flows of these groups is a scenario that can be read aloud,
// and is the same when it is read.
func TestFlowsCanBeWrittenDown(t *testing.T) {
	for name, change := range map[string]func(*plumbline.Design){
		"as it is": func(*plumbline.Design) {},
		"inside and without pages": func(d *plumbline.Design) {
			d.Families[0].Inside, d.Families[0].Paging, d.Families[0].Items = "/order", nil, ""
		},
		"chosen by the client": func(d *plumbline.Design) {
			d.Families[0].Chosen, d.Families[0].Create = true, "replaceOrder"
		},
		"queries, patterns and other bodies": func(d *plumbline.Design) {
			for i := range d.Operations {
				o := &d.Operations[i]
				o.Cases = slices.Clone(o.Cases)
				for j := range o.Cases {
					c := &o.Cases[j]
					c.Request.Query, c.Schema, c.Expect = "a=%20&b", "/components/schemas/Order", []string{"200", "4XX"}
					c.Unique = []plumbline.Bind{{In: "query", Name: "key", From: plumbline.FromNew, Pointer: "text:1-80", Why: "tells apart"}}
					if len(c.Request.Body) > 0 {
						c.Request.Body = append(c.Request.Body, 0xff, '\n')
					}
				}
			}
		},
	} {
		d := shop()
		withLimited(&d)
		abreast(&d)
		change(&d)
		var ids []string
		for _, x := range drawn(t, d, "idempotency", "data", "deploy").Experiments {
			if !x.Walks() {
				continue
			}
			ids = append(ids, x.ID)
			if err := gherkin.Render(&bytes.Buffer{}, gherkin.Feature{Name: "f", Experiments: []plumbline.Experiment{x}}); err != nil || x.Kind != plumbline.KindScenario {
				t.Errorf("%s: %s of kind %s: %v", name, x.ID, x.Kind, err)
			}
		}
		want := []string{
			"data/claims/limited", "data/reads", "data/saga/limited", "data/updates/orders", "idempotency/keys", "idempotency/lost/createOrder",
			"idempotency/natural", "idempotency/race/createOrder", "deploy/abreast",
		}
		if diff := cmp.Diff(want, ids); name == "as it is" && diff != "" {
			t.Errorf("flows of (-want +got):\n%s", diff)
		}
		if len(ids) < 3 {
			t.Errorf("%s: only %v walk flows", name, ids)
		}
	}
}
