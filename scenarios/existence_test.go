package scenarios

import (
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// hidden makes what identities are answered for made-up identifiers: nothing
// is there, for anybody.
func hidden(change func(step string, o *plumbline.Observation)) func(string, *plumbline.Observation) {
	return func(step string, o *plumbline.Observation) {
		switch step {
		case stepMissing:
			o.Status = 404
		case stepCreate:
			o.Transcript = &plumbline.Transcript{ResponseBody: `{"id":"0123456789abcdef01234567"}`}
		}
		if change != nil {
			change(step, o)
		}
	}
}

func init() {
	specimens[existenceHidden] = specimen{
		kept:     flying(existenceHidden+"/getOrder", hidden(nil)),
		broken:   flying(existenceHidden+"/getOrder", hidden(onStep(stepOther, answered(403)))),
		unproven: flying(existenceHidden+"/getOrder", hidden(onStep(stepMissing, answered(400)))),
	}
	specimens[forbiddenIs403] = specimen{
		kept:     inTurn(true, flying(forbiddenIs403+"/getProduct", nil)),
		broken:   inTurn(true, flying(forbiddenIs403+"/getProduct", asBob(401))),
		unproven: inTurn(false, flying(forbiddenIs403+"/getProduct", asBob(401))),
	}
}

func TestExistence(t *testing.T) {
	t.Parallel()
	page := func(step, body string) func(string, *plumbline.Observation) {
		return func(s string, o *plumbline.Observation) {
			if o.Status != 404 || s == stepMissing {
				return
			}
			o.Transcript = &plumbline.Transcript{URL: "http://127.0.0.1/orders/" + s, ResponseBody: `{"title":"no such order"}`}
			if s == step {
				o.Transcript.ResponseBody = body
			}
		}
	}
	counted := func(step string, o *plumbline.Observation) {
		onStep(stepOther, answered(403))(step, o)
		if step == stepCreate {
			o.Transcript = &plumbline.Transcript{ResponseBody: `{"id":17}`}
		}
	}
	everywhere := func(status int) func(string, *plumbline.Observation) {
		return func(step string, o *plumbline.Observation) {
			if step == stepOther || step == stepNothing || step == stepAnother {
				o.Status = status
			}
		}
	}
	for name, c := range map[string]struct {
		change  func(string, *plumbline.Observation)
		outcome plumbline.Outcome
		word    string // reason, or level
	}{
		"hidden":                            {nil, plumbline.Pass, ""},
		"forbidden, whatever it is":         {everywhere(403), plumbline.Pass, ""},
		"forbidden, where there is a thing": {onStep(stepOther, answered(403)), plumbline.Fail, "advisory"},
		"numbers that can be counted":       {counted, plumbline.Fail, ""},
		"not found, where there is one": {func(step string, o *plumbline.Observation) {
			everywhere(403)(step, o)
			onStep(stepOther, answered(404))(step, o)
		}, plumbline.Fail, "advisory"},
		"the same page":                  {page("", ""), plumbline.Pass, ""},
		"another page":                   {page(stepOther, `{"title":"not your order"}`), plumbline.Fail, "advisory"},
		"pages that are never alike":     {page(stepAnother, `{"title":"nothing at all"}`), plumbline.Pass, ""},
		"let in":                         {onStep(stepOther, answered(200)), plumbline.Skipped, "not-applicable"},
		"the owner is not served":        {onStep(stepOwn, answered(404)), plumbline.Inconclusive, "no-positive-control"},
		"an identifier of another shape": {onStep(stepMissing, answered(400)), plumbline.Inconclusive, "no-positive-control"},
		"what is made up is there":       {onStep(stepMissing, answered(200)), plumbline.Inconclusive, "no-positive-control"},
		"a bad request":                  {onStep(stepNothing, answered(422)), plumbline.Inconclusive, "undecided"},
		"now this, now that":             {onStep(stepAnother, answered(403)), plumbline.Inconclusive, "undecided"},
		"no answer":                      {onStep(stepNothing, func(o *plumbline.Observation) { o.Status, o.Error = 0, plumbline.ErrorTimeout }), plumbline.Inconclusive, "incomplete"},
	} {
		d, claim, e := flying(existenceHidden+"/getOrder", hidden(c.change))(t)
		v := judgeExistence(d, claim, e)
		if v.Outcome != c.outcome || string(v.Reason)+string(v.Level) != c.word {
			t.Errorf("%s: %s %s%s: %s", name, v.Outcome, v.Reason, v.Level, v.Statement)
		}
		if v.Outcome == plumbline.Fail && !strings.Contains(v.Statement, "bob") {
			t.Errorf("%s: %s", name, v.Statement)
		}
	}
	d, claim, e := flying(existenceHidden+"/getOrder", hidden(onStep(stepOther, answered(403))))(t)
	for i := range e.Walked {
		e.Walked[i].Missing = nil
	}
	if v := judgeExistence(d, claim, e); v.Outcome != plumbline.Skipped {
		t.Errorf("what everybody can list is told to be a secret: %s %s", v.Outcome, v.Statement)
	}
}

// Only what is read, protected and not shared is asked for by a stranger, and
// what is made up is never changed.
func TestExistenceIsAskedOnlyOfWhatIsPrivate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*plumbline.Design)
		want   string
	}{
		"two callers": {func(*plumbline.Design) {}, "getOrder"},
		"one caller":  {func(d *plumbline.Design) { d.Identities = d.Identities[:1] }, "needs-identity"},
		"observe":     {func(d *plumbline.Design) { d.Mode = plumbline.ModeObserve }, "unsafe-not-opted-in"},
		"public":      {func(d *plumbline.Design) { d.Public = []string{"getOrder"} }, "not-applicable"},
		"shared": {func(d *plumbline.Design) {
			for i := range d.Operations {
				d.Operations[i].Shared = true
			}
		}, "not-applicable"},
		"a GET that changes": {func(d *plumbline.Design) {
			for i := range d.Operations {
				d.Operations[i].Changes = d.Operations[i].ID == "getOrder"
			}
		}, "not-applicable"},
	} {
		d := shop()
		twoCallers(&d)
		c.change(&d)
		p := planExistence(d)
		got := ""
		for _, x := range p.Claims {
			got += x.Operation
		}
		for _, s := range p.Skips {
			got += string(s.Reason)
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		for _, x := range p.Experiments {
			for _, s := range x.Phases[0].Flows[0].Steps {
				op, _ := d.Operation(s.Operation)
				if s.Own != nil && len(s.Own.Binds) > 0 && s.Own.Binds[0].Unlike && !op.Safe() {
					t.Errorf("%s: %s changes what is made up", name, s.Name)
				}
			}
		}
	}
}

// inTurn sends the requests one after the other, and lets what protects an
// operation refuse who shows no credentials. Bob is known where operations that
// he may call, before and after all others, are among them.
func inTurn(bob bool, make func(*testing.T) (plumbline.Design, plumbline.Claim, *plumbline.Evidence)) func(*testing.T) (plumbline.Design, plumbline.Claim, *plumbline.Evidence) {
	return func(t *testing.T) (plumbline.Design, plumbline.Claim, *plumbline.Evidence) {
		t.Helper()
		d, c, e := make(t)
		if bob {
			own := plumbline.Observation{Experiment: authStrangers, Operation: "getOrder", Stream: "bob's own", Identity: "bob", Status: 200}
			e.Observations = append([]plumbline.Observation{own}, append(e.Observations, own)...)
		}
		spoilt := map[string]bool{}
		for _, call := range spoiltCredentials(d).Phases[0].Calls {
			spoilt[call.Name] = call.Auth != ""
		}
		for i := range e.Observations {
			o := &e.Observations[i]
			o.Sent = time.Duration(i + 1)
			if o.Experiment == authAnonymous && spoilt[o.Stream] {
				o.Status = 401
			}
		}
		return d, c, e
	}
}

// asBob is what bob is answered when he calls what he may not.
func asBob(status int) func(string, *plumbline.Observation) {
	return onStep(" as bob", answered(status))
}

func TestValidCredentialsRefusedWith401(t *testing.T) {
	t.Parallel()
	const claim = forbiddenIs403 + "/getProduct"
	stepUp := func(o *plumbline.Observation) {
		o.Status = 401
		o.Transcript = &plumbline.Transcript{ResponseHeader: map[string][]string{"Www-Authenticate": {`Bearer error="insufficient_user_authentication"`}}}
	}
	for name, c := range map[string]struct {
		bob     bool
		change  func(string, *plumbline.Observation)
		design  func(*plumbline.Design)
		outcome plumbline.Outcome
	}{
		"refused with 403":                 {true, nil, nil, plumbline.Pass},
		"refused with 401":                 {true, asBob(401), nil, plumbline.Fail},
		"hidden":                           {true, asBob(404), nil, plumbline.Pass},
		"known nowhere":                    {false, asBob(401), nil, plumbline.Inconclusive},
		"stronger authentication is asked": {true, onStep(" as bob", stepUp), nil, plumbline.Pass},
		"known by another scheme": {true, asBob(401), func(d *plumbline.Design) {
			for i := range d.Operations {
				if d.Operations[i].ID == "getProduct" {
					d.Operations[i].Schemes = []plumbline.Scheme{{Name: "key", Type: "apiKey", In: "header", Key: "X-Key"}}
				}
			}
		}, plumbline.Inconclusive},
	} {
		change := c.design
		if change == nil {
			change = func(*plumbline.Design) {}
		}
		d, k, e := inTurn(c.bob, flying(claim, c.change, change))(t)
		if v := judgeForbidden(d, k, e); v.Outcome != c.outcome {
			t.Errorf("%s: %s %s: %s", name, v.Outcome, v.Reason, v.Statement)
		}
	}
	d := shop()
	d.Identities = nil
	if p := planForbidden(d); len(p.Claims) > 0 || p.Skips[0].Reason != plumbline.ReasonNeedsIdentity {
		t.Errorf("without identities: %+v", p)
	}
}
