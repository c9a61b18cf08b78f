package scenarios

import (
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

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

// What rests on an inferred edge that the probe has refuted accuses nobody;
// what the document says is held against the target.
func TestARefutedInferenceAccusesNobody(t *testing.T) {
	t.Parallel()
	unreadable := func(e *plumbline.Evidence) {
		for _, experiment := range []string{contractGraph, contractRoundtrip} {
			for _, name := range []string{"read", "gone"} {
				step(experiment, name, status(404))(e)
			}
		}
	}
	inferred := func(d *plumbline.Design) {
		withOrders(d)
		for i := range d.Operations {
			for _, c := range d.Operations[i].Cases {
				for k := range c.Binds {
					c.Binds[k].Why = "inferred: path nesting"
				}
			}
		}
	}
	for name, c := range map[string]struct {
		with func(*plumbline.Design)
		want plumbline.Outcome
	}{
		"a link":                          {withOrders, plumbline.Fail},
		"inference":                       {inferred, plumbline.Inconclusive},
		"inference that a list bears out": {inferred, plumbline.Fail},
	} {
		d := shop()
		c.with(&d)
		p := drawn(t, d)
		e := goodRun(d, p)
		unreadable(e)
		if name == "inference" {
			walked(contractGraph, "listed", func(w *plumbline.Walked) { w.Missing = []string{"o-1"} })(e)
		}
		claim := plumbline.Claim{ID: roundtrip + "/orders/" + ruleReadable, Function: roundtrip, Experiments: []string{contractRoundtrip}}
		x := proofs{d: d, p: p, e: e}
		why, said := x.refuted(claim, judgeRoundtrip(d, claim, e).Outcome)
		got := judgeRoundtrip(d, claim, e).Outcome
		if why != "" {
			got = plumbline.Inconclusive
		}
		if got != c.want || c.want == plumbline.Inconclusive && !strings.Contains(said, "only inferred: path nesting") {
			t.Errorf("%s: %s %s %q", name, got, why, said)
		}
	}
}

// A composite identifier that the client chooses stays whole: a PUT on what a
// step has made is one on the same region too.
func TestACompositeIdentifierStaysWhole(t *testing.T) {
	t.Parallel()
	anew := func(name string) plumbline.Bind {
		return plumbline.Bind{In: "path", Name: name, From: plumbline.FromNew, Pointer: "text:1-64"}
	}
	put := plumbline.Case{ID: "put/required", Operation: "put", Request: plumbline.Request{Method: "PUT", Path: "/regions/{region}/stores/{store}"}, Binds: []plumbline.Bind{anew("region"), anew("store")}}
	d := plumbline.Design{Operations: []plumbline.Operation{{ID: "put", Method: "PUT", Path: put.Request.Path, Cases: []plumbline.Case{put}}}}
	l := life{d, plumbline.Family{Name: "/regions/{region}/stores", Item: put.Request.Path, Param: "store", Create: "put", Replace: "put", ID: "path:store", Chosen: true}}
	s, ok := l.on("replace", "create", put)
	if !ok {
		t.Fatal("the case has no place for the member")
	}
	for _, b := range s.Own.Binds {
		if b.From != "step:create" || b.Pointer != "path:"+b.Name {
			t.Errorf("%+v", b)
		}
	}
	if put.Binds[0].From != plumbline.FromNew {
		t.Error("the case of the design was changed")
	}
}
