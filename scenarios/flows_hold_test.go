package scenarios

import (
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// withFlows states two flows: an order is made and read, and once that holds it
// is deleted and gone.
func withFlows(d *plumbline.Design) {
	withOrders(d)
	is := func(text string) []plumbline.Criterion {
		return []plumbline.Criterion{{Text: text, Term: plumbline.Term{Value: true}}}
	}
	step := func(name, operation, criterion string) plumbline.Step {
		op, _ := d.Operation(operation)
		own := op.Cases[0]
		return plumbline.Step{Call: plumbline.Call{Name: name, Operation: operation, Own: &own}, Must: true, Criteria: is(criterion)}
	}
	d.Flows = []plumbline.Flow{
		{Name: "order", Steps: []plumbline.Step{step("create", "createOrder", "$statusCode == 201"), step("read", "getOrder", "$response.body#/quantity == 2")}},
		{Name: "leave", After: []string{"order"}, Steps: []plumbline.Step{step("delete", "deleteOrder", "$statusCode == 204"), step("gone", "getOrder", "$statusCode == 404")}},
	}
}

func unmeets(message string) func(o *plumbline.Observation) {
	return func(o *plumbline.Observation) {
		for i := range o.Matches {
			o.Matches[i].Marks = []plumbline.Mark{{Kind: plumbline.MarkDiffers, Message: message}}
		}
	}
}

func init() {
	specimens[flowsHold] = specimen{
		kept:     spoil(flowsHold+"/order", nil, withFlows),
		broken:   spoil(flowsHold+"/order", step(contractFlows, "read", unmeets("/quantity is 3")), withFlows),
		unproven: spoil(flowsHold+"/order", step(contractFlows, "read", unsent), withFlows),
	}
}

func TestFlowsHold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, claim string
		spoil       func(*plumbline.Evidence)
		want        plumbline.Outcome
		says        string
	}{
		{"kept", "leave", nil, plumbline.Pass, "2 steps"},
		{"broken", "leave", step(contractFlows, "gone", unmeets("it was answered 200")), plumbline.Fail, "gone: $statusCode == 404 is not so: it was answered 200"},
		{"the one before is broken", "leave", step(contractFlows, "read", unmeets("/quantity is 3")), plumbline.Inconclusive, "the flow order, which comes before it, does not hold: read was answered 200"},
		{"the one before was not made", "leave", step(contractFlows, "create", unsent), plumbline.Inconclusive, "comes before it"},
		{"not answered", "leave", step(contractFlows, "delete", func(o *plumbline.Observation) { o.Status, o.Error = 0, plumbline.ErrorReset }), plumbline.Inconclusive, "the step delete shows nothing"},
		{"nothing held against it", "leave", func(e *plumbline.Evidence) {
			for i := range e.Observations {
				e.Observations[i].Matches = nil
			}
		}, plumbline.Inconclusive, "no criterion"},
	} {
		d, claim, e := spoil(flowsHold+"/"+c.claim, c.spoil, withFlows)(t)
		if v := judgeFlows(d, claim, e); v.Outcome != c.want || !strings.Contains(v.Statement, c.says) {
			t.Errorf("%s: %s %s", c.name, v.Outcome, v.Statement)
		}
	}
}
