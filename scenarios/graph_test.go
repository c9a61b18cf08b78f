package scenarios

import "testing"

func init() {
	specimens[graphConfirmed] = specimen{
		kept:     spoil(graphConfirmed+"/orders", nil, withOrders),
		broken:   spoil(graphConfirmed+"/orders", step(contractGraph, "read", status(404)), withOrders),
		unproven: spoil(graphConfirmed+"/orders", on(contractGraph, "", unsent), withOrders),
	}
}

func TestGraphConfirmedSaysWhatItRefutes(t *testing.T) {
	d, c, e := specimens[graphConfirmed].broken(t)
	if v := judgeGraph(d, c, e); v.Statement != "refuted: what was created was not found under the identifier that the graph gives it: reading was answered 404" {
		t.Errorf("%s", v.Statement)
	}
}
