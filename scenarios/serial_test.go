package scenarios

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/scenarios/gherkin"
)

// outcomes are the outcomes of the claims of the resilience group, by claim.
func outcomes(t *testing.T, d plumbline.Design, p plumbline.Plan, e *plumbline.Evidence) map[string]plumbline.Verdict {
	t.Helper()
	out := map[string]plumbline.Verdict{}
	for _, r := range rulings(t, d, p, e) {
		out[r.claim.ID] = r.verdict
	}
	return out
}

// Endless attempts are not among them: they open the breaker, so that a single request
// shows them, and told by time one request proves nothing.
func TestDefectsAreFoundByTime(t *testing.T) {
	for wrong, by := range map[defect]string{
		"no-timeout": timeoutBoundsHang + "/payment", "idle-timeout-only": timeoutTotal + "/payment",
		"retry-without-jitter": retryJitter + "/payment", "retry-nonidempotent-post": retryOnlySafe + "/payment", "no-retry": retryRecovers + "/inventory",
		"retry-without-backoff": retryBackoff + "/payment", "retry-on-404": retryNotOn4xx + "/payment", "retry-after-ignored": retryHonours + "/payment",
		"optional-is-critical": optionalDegrades + "/recs", "dependency-error-is-500": criticalFailsClean + "/inventory", "leaks-connections": poolReleases + "/payment",
	} {
		d := stocked()
		d.Propagation = plumbline.PropagationNone
		name, dep, _ := strings.Cut(strings.TrimPrefix(by, "resilience/"), "/")
		d.Dependencies = slices.DeleteFunc(d.Dependencies, func(x plumbline.Dependency) bool { return x.Name != dep })
		p, err := Draw(d, []plumbline.Function{catalogue["resilience/"+name]}, 7)
		if err != nil {
			t.Fatal(err)
		}
		e := simulate(d, p, wrong, 1, true)
		if v := outcomes(t, d, p, e)[by]; v.Outcome != plumbline.Fail || len(v.Evidence) == 0 {
			t.Errorf("%s: %s: %s %s: %s", wrong, by, v.Outcome, v.Reason, v.Statement)
		}
	}
}

func TestRightTargetKeepsEveryClaimByTime(t *testing.T) {
	d := stocked()
	d.Propagation = plumbline.PropagationNone
	for seed := range uint64(2) {
		p, e := played(t, d, noDefect, seed, seed > 0)
		for id, v := range outcomes(t, d, p, e) {
			if v.Outcome == plumbline.Skipped && strings.HasPrefix(id, retryOnlySafe) {
				continue
			}
			if v.Outcome != plumbline.Pass {
				t.Errorf("seed %d: %s: %s %s: %s", seed, id, v.Outcome, v.Reason, v.Statement)
			}
		}
	}
}

// A deployment that is declared to hand trace context on, and does not, is judged
// one request at a time, and then by outages for everybody.
func TestDroppedTraceIsReplacedByTime(t *testing.T) {
	d := stocked()
	fns := []plumbline.Function{catalogue[wireIsLive], catalogue[timeoutBoundsHang], catalogue[retryBounded], catalogue[poolReleases], catalogue[breakerOpens], catalogue[obsTraceparent]}
	p, err := Draw(d, fns, 7)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(d, untraced, 1, true)
	w.carry(0, p.Experiments)
	if got := Serially(d, p, fns, simulate(d, p, noDefect, 1, false)); len(got) > 0 {
		t.Errorf("trace context is handed on, and %s is proposed", got[0].ID)
	}
	var ids []string
	for range 3 {
		next := Serially(d, p, fns, w.e)
		for _, x := range next {
			ids = append(ids, x.ID)
		}
		w.carry(len(p.Experiments)+len(ids), next)
	}
	if want := []string{"serial/inventory", "serial/payment", "serial/recs", "outage/inventory/everybody", "outage/payment/everybody", "outage/recs/everybody"}; !slices.Equal(ids, want) {
		t.Errorf("proposed were %v, want %v", ids, want)
	}
	got := outcomes(t, d, p, w.e)
	for _, f := range []string{timeoutBoundsHang, retryBounded, poolReleases} {
		if v := got[f+"/payment"]; v.Outcome != plumbline.Pass {
			t.Errorf("%s/payment: %s %s: %s", f, v.Outcome, v.Reason, v.Statement)
		}
	}
	if v := got[breakerOpens+"/payment"]; v.Outcome != plumbline.Inconclusive {
		t.Errorf("the breaker is judged without traces: %s: %s", v.Outcome, v.Statement)
	}
	r := Judge(d, p, fns, w.e)
	for _, f := range r.Findings {
		if f.Claim == obsTraceparent+"/payment" && f.Outcome != plumbline.Fail {
			t.Errorf("the trace context is dropped, and %s is %s: %s", f.Claim, f.Outcome, f.Reason)
		}
		if f.Claim == timeoutBoundsHang+"/payment" && f.Outcome != plumbline.Pass {
			t.Errorf("in the report %s is %s: %s", f.Claim, f.Outcome, f.Reason)
		}
	}
}

// byTheOther is an exchange of somebody else.
func byTheOther(began, ended time.Duration) plumbline.Exchange {
	return plumbline.Exchange{Wire: "payment", Method: "POST", Path: "/payment", Attempt: 1, Began: began, Ended: ended, Status: 200}
}

func TestOthersOnTheWire(t *testing.T) {
	d := stocked()
	d.Propagation = plumbline.PropagationNone
	p, e := played(t, d, noDefect, 1, false)
	var hung, busy []plumbline.Observation
	for _, o := range e.Observations {
		switch {
		case o.Experiment != "serial/payment" || o.Alone == 0:
		case o.Phase == probeHang:
			hung = append(hung, o)
		case o.Phase == probeUnavailable:
			busy = append(busy, o)
		}
	}
	with := func(x ...plumbline.Exchange) map[string]plumbline.Verdict {
		other := *e
		other.Exchanges = append(slices.Clone(e.Exchanges), x...)
		return outcomes(t, d, p, &other)
	}
	id := timeoutBoundsHang + "/payment"
	if v := with(byTheOther(hung[0].Sent-time.Second, hung[0].Sent-time.Second/2))[id]; v.Outcome != plumbline.Pass || v.Samples != len(hung)-1 {
		t.Errorf("one exchange before one of %d requests: %s with %d: %s", len(hung), v.Outcome, v.Samples, v.Statement)
	}
	var before []plumbline.Exchange
	for _, o := range hung {
		before = append(before, byTheOther(o.Sent-time.Second, o.Sent+time.Millisecond))
	}
	if v := with(before...)[id]; v.Outcome != plumbline.Inconclusive {
		t.Errorf("exchanges before all requests: %s: %s", v.Outcome, v.Statement)
	}
	// Three of theirs in the course of one request look like further attempts of ours.
	at := busy[0].Sent + busy[0].Latency/2
	v := with(byTheOther(at, at+1), byTheOther(at+1, at+2), byTheOther(at+2, at+3))[retryBounded+"/payment"]
	if v.Outcome != plumbline.Inconclusive || v.Reason != plumbline.ReasonNoise {
		t.Errorf("theirs in the course of one request: %s %s: %s", v.Outcome, v.Reason, v.Statement)
	}
}

func TestFailureOnAWireOfOthersIsUnproven(t *testing.T) {
	d := stocked()
	d.Propagation = plumbline.PropagationNone
	p, e := played(t, d, "no-timeout", 1, false)
	id := timeoutBoundsHang + "/payment"
	if v := outcomes(t, d, p, e)[id]; v.Outcome != plumbline.Fail {
		t.Fatalf("%s: %s", v.Outcome, v.Statement)
	}
	m, _ := e.Phase("serial/payment", probeHang)
	e.Exchanges = append(e.Exchanges, byTheOther(m.Began+time.Second, m.Began+time.Second+1))
	if v := outcomes(t, d, p, e)[id]; v.Outcome != plumbline.Inconclusive || v.Reason != plumbline.ReasonNoise {
		t.Errorf("%s %s: %s", v.Outcome, v.Reason, v.Statement)
	}
}

func TestSerialExperimentsCanBeWrittenDown(t *testing.T) {
	d := stocked()
	d.Propagation = plumbline.PropagationNone
	for _, dep := range d.Dependencies[:3] {
		x, ok := serialOf(d, dep)
		if !ok {
			t.Fatalf("nothing on %s", dep.Name)
		}
		var out bytes.Buffer
		if err := gherkin.Render(&out, gherkin.Feature{Name: "x", Experiments: []plumbline.Experiment{x}}); err != nil {
			t.Error(err)
		}
		for _, ph := range x.Phases {
			if ph.Role == plumbline.RoleFault && ph.Serial.Idle != 2*time.Second {
				t.Errorf("%s: idle for %s, and the longest timeout is a second", ph.Name, ph.Serial.Idle)
			}
		}
		t.Logf("%s", out.String()[:600])
	}
}
