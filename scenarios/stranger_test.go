package scenarios

import (
	"fmt"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// twoCallers is a design with a customer beside the admin, an operation for
// admins and properties that are not a client's to set.
func twoCallers(d *plumbline.Design) {
	d.Identities = []plumbline.Identity{{Name: "alice", Roles: []string{"admin"}}, {Name: "bob"}}
	for i := range d.Operations {
		o := &d.Operations[i]
		switch o.ID {
		case "getProduct":
			o.Roles = []string{"admin"}
		case "createOrder":
			o.Sealed = []plumbline.Sealed{{Pointer: "/total", Value: 7654321.0}, {Pointer: "/status", Value: "sealed"}}
			o.Cases[0].Request.Body = []byte(`{"quantity":2}`)
		}
	}
	order := plumbline.Bind{In: "path", Name: "id", From: "createOrder", Pointer: "/id", Why: "link"}
	patch := plumbline.Case{ID: "patchOrder/example", Operation: "patchOrder", Request: plumbline.Request{Method: "PATCH", Path: "/orders/{id}", Body: []byte(`{"quantity":3}`)}, Binds: []plumbline.Bind{order}}
	d.Operations = append(d.Operations, plumbline.Operation{
		ID: "patchOrder", Method: "PATCH", Path: "/orders/{id}", Secured: true, Cases: []plumbline.Case{patch},
		Sealed: []plumbline.Sealed{{Pointer: "/total", Value: 7654321.0}},
	})
	d.Families = append(d.Families, plumbline.Family{Name: "/orders", Create: "createOrder", Read: "getOrder", ID: "/id", List: "getProduct", Items: "/items", ItemID: "/id"})
}

// flying makes evidence for one claim of a function whose experiment consists
// of flows, as a right service gives it, and changes the steps by name.
func flying(claim string, change func(step string, o *plumbline.Observation), designs ...func(*plumbline.Design)) func(*testing.T) (plumbline.Design, plumbline.Claim, *plumbline.Evidence) {
	return func(t *testing.T) (plumbline.Design, plumbline.Claim, *plumbline.Evidence) {
		t.Helper()
		d := shop()
		twoCallers(&d)
		for _, f := range designs {
			f(&d)
		}
		p := drawn(t, d, strings.Join(strings.SplitN(claim, "/", 3)[:2], "/"))
		e := &plumbline.Evidence{Run: plumbline.Run{ID: runID, Ended: true}}
		for _, x := range p.Experiments {
			for _, ph := range x.Phases {
				for _, f := range ph.Flows {
					fly(d, e, x.ID, ph.Name, f)
				}
				for _, c := range ph.Calls {
					e.Observations = append(e.Observations, stepped(d, x.ID, ph.Name, c.Name, c))
				}
			}
		}
		for i := range e.Observations {
			o := &e.Observations[i]
			if change != nil && strings.HasPrefix(o.Stream, strings.SplitN(claim, "/", 4)[2]) {
				change(o.Stream[strings.LastIndexAny(o.Stream, "/:")+1:], o)
			}
		}
		for _, c := range p.Claims {
			if c.ID == claim {
				return d, c, e
			}
		}
		t.Fatalf("the plan makes no claim %q", claim)
		return d, plumbline.Claim{}, e
	}
}

// stepped is what a right service answers: bob is no admin and owns nothing,
// and what is not a client's to set is ignored.
func stepped(d plumbline.Design, experiment, phase, stream string, c plumbline.Call) plumbline.Observation {
	op, _ := d.Operation(c.Operation)
	o := plumbline.Observation{Experiment: experiment, Phase: phase, Stream: stream, Operation: c.Operation, Identity: c.Identity, Sent: 1, Status: map[string]int{"POST": 201, "DELETE": 204, "GET": 200, "PATCH": 200}[op.Method]}
	switch {
	case c.Identity == "bob" && len(op.Roles) > 0:
		o.Status = 403
	case c.Identity == "bob" && c.Own != nil && len(c.Own.Binds) > 0:
		o.Status = 404
	}
	return o
}

func fly(d plumbline.Design, e *plumbline.Evidence, experiment, phase string, f plumbline.Flow) {
	for _, s := range f.Steps {
		o := stepped(d, experiment, phase, f.Name+"/"+s.Name, s.Call)
		for _, c := range s.Compare {
			o.Matches = append(o.Matches, plumbline.Match{With: c.With, Fields: 1})
		}
		e.Observations = append(e.Observations, o)
		if s.Walk != nil {
			e.Walked = append(e.Walked, plumbline.Walked{Experiment: experiment, Phase: phase, Flow: f.Name, Step: s.Name, Expected: 1, Missing: []string{"1"}, Ended: "end"})
		}
	}
}

// onStep changes one step.
func onStep(name string, change func(*plumbline.Observation)) func(string, *plumbline.Observation) {
	return func(step string, o *plumbline.Observation) {
		if step == name {
			change(o)
		}
	}
}

func answered(status int) func(*plumbline.Observation) {
	return func(o *plumbline.Observation) { o.Status = status }
}

func init() {
	specimens[authBola] = specimen{
		kept:     flying(authBola+"/getOrder", nil),
		broken:   flying(authBola+"/getOrder", onStep(stepOther, answered(200))),
		unproven: flying(authBola+"/getOrder", onStep(stepOwn, answered(404))),
	}
	specimens[authBfla] = specimen{
		kept:     flying(authBfla+"/getProduct", nil),
		broken:   flying(authBfla+"/getProduct", onStep(" as bob", answered(200))),
		unproven: flying(authBfla+"/getProduct", onStep(" "+controlCall, answered(503))),
	}
	specimens[authProperty] = specimen{
		kept:     flying(authProperty+"/createOrder", nil),
		broken:   flying(authProperty+"/createOrder", onStep(stepTaken, holds)),
		unproven: flying(authProperty+"/createOrder", onStep(stepPlain, answered(503))),
	}
}

// holds says that an answer has the written value.
func holds(o *plumbline.Observation) {
	o.Matches[0].Marks = []plumbline.Mark{{Kind: plumbline.MarkSame, Pointer: "/total"}}
}

func TestStrangers(t *testing.T) {
	all := func(changes map[string]func(*plumbline.Observation)) func(string, *plumbline.Observation) {
		return func(step string, o *plumbline.Observation) {
			if f := changes[step]; f != nil {
				f(o)
			}
		}
	}
	type steps = map[string]func(*plumbline.Observation)
	differs := func(match int) func(*plumbline.Observation) {
		return func(o *plumbline.Observation) {
			o.Matches[match].Marks = []plumbline.Mark{{Kind: plumbline.MarkDiffers, Pointer: "/quantity"}}
		}
	}
	lost := func(o *plumbline.Observation) { o.Status, o.Error = 0, plumbline.ErrorTimeout }
	for name, c := range map[string]struct {
		operation string
		change    steps
		outcome   plumbline.Outcome
		word      string // reason, or level
	}{
		"refused":                          {"getOrder", nil, plumbline.Pass, ""},
		"forbidden":                        {"getOrder", steps{stepOther: answered(403)}, plumbline.Pass, ""},
		"a read that shows the same":       {"getOrder", steps{stepOther: answered(200)}, plumbline.Fail, ""},
		"a read that shows something else": {"getOrder", steps{stepOther: func(o *plumbline.Observation) { o.Status = 200; differs(0)(o) }}, plumbline.Fail, "likely"},
		"a bad request":                    {"getOrder", steps{stepOther: answered(400)}, plumbline.Inconclusive, "undecided"},
		"a crash":                          {"getOrder", steps{stepOther: answered(500)}, plumbline.Inconclusive, "undecided"},
		"no answer":                        {"getOrder", steps{stepOther: lost}, plumbline.Inconclusive, "incomplete"},
		"the owner is refused":             {"getOrder", steps{stepOwn: answered(404)}, plumbline.Inconclusive, "no-positive-control"},
		"deleted":                          {"deleteOrder", steps{stepOther: answered(204), stepAfter: answered(404)}, plumbline.Fail, ""},
		"said to be deleted":               {"deleteOrder", steps{stepOther: answered(204)}, plumbline.Fail, "likely"},
		"refused, and gone":                {"deleteOrder", steps{stepAfter: answered(404), stepOwn: answered(404)}, plumbline.Fail, ""},
		"changed":                          {"patchOrder", steps{stepOther: answered(200), stepAfter: differs(0)}, plumbline.Fail, ""},
		"changed to something else":        {"patchOrder", steps{stepOther: answered(200), stepAfter: func(o *plumbline.Observation) { differs(0)(o); differs(1)(o) }}, plumbline.Fail, "likely"},
		"refused, and changed by itself":   {"patchOrder", steps{stepAfter: differs(0)}, plumbline.Pass, ""},
	} {
		d, claim, e := flying(authBola+"/"+c.operation, all(c.change))(t)
		v := judgeBola(d, claim, e)
		if v.Outcome != c.outcome || string(v.Reason)+string(v.Level) != c.word {
			t.Errorf("%s: %s %s%s: %s", name, v.Outcome, v.Reason, v.Level, v.Statement)
		}
		if v.Outcome == plumbline.Fail && (len(v.Suspects) != 1 || len(v.Evidence) == 0 || !strings.Contains(v.Statement, "bob")) && name != "refused, and gone" {
			t.Errorf("%s: %+v", name, v)
		}
	}
	d, claim, e := flying(authBola+"/getOrder", onStep(stepOther, answered(200)))(t)
	for i := range e.Walked {
		e.Walked[i].Missing = nil
	}
	if v := judgeBola(d, claim, e); v.Level != plumbline.LevelLikely || !strings.Contains(v.Statement, "shared by design") {
		t.Errorf("seen in the collection: %s %s", v.Level, v.Statement)
	}
}

// What only the owner's thing holds may be shown neither in a refusal, nor in a
// list, nor to a search.
func TestStrangersAreShownNothing(t *testing.T) {
	note := plumbline.Bind{In: "body", Name: "/note", From: plumbline.FromNew, Pointer: "text:1-64"}
	for name, c := range map[string]struct {
		operation string
		change    func(step string, o *plumbline.Observation)
		listed    bool
		outcome   plumbline.Outcome
		level     plumbline.Level
	}{
		"a refusal that shows it":  {"getOrder", func(step string, o *plumbline.Observation) { shows(o, step == stepOther) }, false, plumbline.Fail, ""},
		"a refusal that does not":  {"getOrder", func(step string, o *plumbline.Observation) { shows(o, step == stepOwn) }, false, plumbline.Pass, ""},
		"refused, and listed":      {"getOrder", func(_ string, o *plumbline.Observation) { shows(o, false) }, true, plumbline.Fail, plumbline.LevelLikely},
		"a search that shows it":   {"findPayments", func(_ string, o *plumbline.Observation) { o.Status = 200; shows(o, true) }, false, plumbline.Fail, plumbline.LevelLikely},
		"a search that does not":   {"findPayments", func(step string, o *plumbline.Observation) { o.Status = 200; shows(o, step == stepOwn) }, false, plumbline.Pass, ""},
		"a search without a trace": {"findPayments", func(_ string, o *plumbline.Observation) { o.Status = 200; shows(o, false) }, false, plumbline.Skipped, ""},
	} {
		find := func(d *plumbline.Design) {
			for i := range d.Operations {
				if d.Operations[i].ID == "createOrder" {
					d.Operations[i].Cases[0].Unique = []plumbline.Bind{note}
				}
			}
			order := plumbline.Bind{In: "query", Name: "order", From: "createOrder", Pointer: "/id"}
			d.Operations = append(d.Operations, plumbline.Operation{ID: "findPayments", Method: "GET", Path: "/payments", Secured: true, Cases: []plumbline.Case{{
				ID: "findPayments/required", Operation: "findPayments", Request: plumbline.Request{Method: "GET", Path: "/payments"}, Binds: []plumbline.Bind{order},
			}}})
		}
		d, claim, e := flying(authBola+"/"+c.operation, c.change, find)(t)
		for i := range e.Walked {
			if c.listed {
				e.Walked[i].Missing = nil
			}
		}
		v := judgeBola(d, claim, e)
		if v.Outcome != c.outcome || v.Level != c.level {
			t.Errorf("%s: %s %s %s: %s", name, v.Outcome, v.Reason, v.Level, v.Statement)
		}
	}
}

// shows makes a step send the secret, when it creates, and its answer hold it.
func shows(o *plumbline.Observation, held bool) {
	const secret = "plumbline-a1b2c3d4e5f6-1"
	o.Transcript = &plumbline.Transcript{RequestBody: `{"note":"` + secret + `"}`}
	if held {
		o.Transcript.ResponseBody = `{"items":[{"note":"` + secret + `"}]}`
	}
}

func TestBolaNeedsTwoCallersAndThingsOfTheirOwn(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*plumbline.Design)
		want   string // claims, or the reason
	}{
		"two callers": {func(*plumbline.Design) {}, "getOrder patchOrder deleteOrder"},
		"a thing that the answer names": {func(d *plumbline.Design) {
			d.Operations[1].Cases[0].Request.Path = "/products/{sku}"
			d.Operations[1].Cases[0].Binds = []plumbline.Bind{{In: "path", Name: "sku", From: "createOrder", Pointer: "/product_id", Why: "inferred"}}
		}, "getOrder patchOrder deleteOrder"},
		"one caller":      {func(d *plumbline.Design) { d.Identities = d.Identities[:1] }, "needs-identity"},
		"none":            {func(d *plumbline.Design) { d.Identities = nil }, "needs-identity"},
		"a higher caller": {func(d *plumbline.Design) { d.Identities[1].Roles = []string{"auditor"} }, "needs-identity"},
		"a third caller": {func(d *plumbline.Design) {
			d.Identities[1].Roles = []string{"auditor"}
			d.Identities = append(d.Identities, plumbline.Identity{Name: "eve"})
		}, "getOrder patchOrder deleteOrder"},
		"observe": {func(d *plumbline.Design) { d.Mode = plumbline.ModeObserve }, "unsafe-not-opted-in"},
		"open":    {func(d *plumbline.Design) { d.Public = []string{"createOrder"} }, "not-applicable"},
		"shared": {func(d *plumbline.Design) {
			for i := range d.Operations {
				d.Operations[i].Shared = d.Operations[i].ID != "deleteOrder"
			}
		}, "deleteOrder"},
	} {
		d := shop()
		twoCallers(&d)
		c.change(&d)
		p := planBola(d)
		var got []string
		for _, x := range p.Claims {
			got = append(got, x.Operation)
		}
		for _, s := range p.Skips {
			got = append(got, string(s.Reason))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}

func TestRoles(t *testing.T) {
	for name, c := range map[string]struct {
		step    string
		status  int
		outcome plumbline.Outcome
		word    string
	}{
		"refused":            {"", 0, plumbline.Pass, ""},
		"hidden":             {" as bob", 404, plumbline.Pass, ""},
		"let in":             {" as bob", 200, plumbline.Fail, ""},
		"a bad request":      {" as bob", 422, plumbline.Inconclusive, "undecided"},
		"the admin as well":  {" " + controlCall, 403, plumbline.Fail, "likely"},
		"by another method":  {" " + switchedCall + "bob", 200, plumbline.Fail, "likely"},
		"the admin finds no": {" " + controlCall, 404, plumbline.Pass, ""},
	} {
		d, claim, e := flying(authBfla+"/getProduct", onStep(c.step, answered(c.status)))(t)
		if v := judgeBfla(d, claim, e); v.Outcome != c.outcome || string(v.Reason)+string(v.Level) != c.word {
			t.Errorf("%s: %s %s%s: %s", name, v.Outcome, v.Reason, v.Level, v.Statement)
		}
	}
}

func TestSidesOfAnOperation(t *testing.T) {
	d := plumbline.Design{Identities: []plumbline.Identity{
		{Name: "root", Roles: []string{"admin"}, Scopes: []string{"read", "write"}}, {Name: "clerk", Roles: []string{"clerk"}}, {Name: "other clerk", Roles: []string{"clerk"}}, {Name: "reader", Scopes: []string{"read"}},
	}}
	for _, c := range []struct {
		op   plumbline.Operation
		want string
	}{
		{plumbline.Operation{Roles: []string{"admin", "owner"}}, "low clerk reader; high root"},
		{plumbline.Operation{Roles: []string{"clerk"}}, "low root reader; high clerk other clerk"},
		{plumbline.Operation{Scopes: []string{"read", "write"}}, "low reader; high root"},
		{plumbline.Operation{Scopes: []string{"read"}}, "low; high root reader"},
		{plumbline.Operation{Roles: []string{"nobody"}, Scopes: []string{"read"}}, "low root clerk reader; high"},
	} {
		low, high := sides(d, c.op)
		names := func(list []plumbline.Identity) (out string) {
			for _, i := range list {
				out += " " + i.Name
			}
			return out
		}
		if got := fmt.Sprintf("low%s; high%s", names(low), names(high)); got != c.want {
			t.Errorf("%v: %s, want %s", c.op, got, c.want)
		}
	}
}

func TestSealedProperties(t *testing.T) {
	both := func(step string, o *plumbline.Observation) {
		if step == stepTaken || step == stepNatural {
			holds(o)
		}
	}
	unseen := func(_ string, o *plumbline.Observation) {
		for i := range o.Matches {
			o.Matches[i] = plumbline.Match{Error: "nothing there"}
		}
	}
	for name, c := range map[string]struct {
		operation string
		change    func(string, *plumbline.Observation)
		outcome   plumbline.Outcome
		reason    plumbline.Reason
	}{
		"ignored":                       {"createOrder", nil, plumbline.Pass, ""},
		"ignored by a change":           {"patchOrder", nil, plumbline.Pass, ""},
		"refused":                       {"patchOrder", onStep(stepWritten, answered(422)), plumbline.Pass, ""},
		"taken":                         {"createOrder", onStep(stepTaken, holds), plumbline.Fail, ""},
		"taken by a change":             {"patchOrder", onStep(stepTaken, holds), plumbline.Fail, ""},
		"shown, and not kept":           {"createOrder", onStep(stepWritten, holds), plumbline.Pass, ""},
		"the service says so by itself": {"createOrder", both, plumbline.Pass, ""},
		"never shown":                   {"createOrder", unseen, plumbline.Inconclusive, plumbline.ReasonNoPositiveControl},
		"a crash":                       {"createOrder", onStep(stepWritten, answered(500)), plumbline.Inconclusive, plumbline.ReasonUndecided},
		"refused, as all are":           {"createOrder", func(_ string, o *plumbline.Observation) { o.Status = 422 }, plumbline.Inconclusive, plumbline.ReasonNoPositiveControl},
	} {
		d, claim, e := flying(authProperty+"/"+c.operation, c.change)(t)
		if v := judgeProperty(d, claim, e); v.Outcome != c.outcome || v.Reason != c.reason {
			t.Errorf("%s: %s %s: %s", name, v.Outcome, v.Reason, v.Statement)
		}
	}
	named := func(d *plumbline.Design) {
		for i := range d.Operations {
			if d.Operations[i].ID == "createOrder" {
				d.Operations[i].Sealed = append(d.Operations[i].Sealed, plumbline.Sealed{Pointer: "/is_admin", Value: true, Guessed: true})
			}
		}
	}
	d, claim, e := flying(authProperty+"/createOrder/by-name", onStep(stepTaken, holds), named)(t)
	if v := judgeProperty(d, claim, e); v.Outcome != plumbline.Fail || v.Level != plumbline.LevelLikely {
		t.Errorf("by its name: %s %s: %s", v.Outcome, v.Level, v.Statement)
	}
	d = shop()
	twoCallers(&d)
	body := ""
	for _, s := range planProperty(d).Experiments[0].Phases[0].Flows[0].Steps {
		if s.Name == stepWritten {
			body = string(s.Own.Request.Body)
		}
	}
	if body != `{"quantity":2,"status":"sealed","total":7654321}` {
		t.Errorf("written: %s", body)
	}
}
