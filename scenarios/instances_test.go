package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

func init() {
	specimens[rollingRestart] = specimen{
		kept:     spoil(rollingRestart+"/orders", upheaved(theRoll(), nil), abreast),
		broken:   spoil(rollingRestart+"/orders", upheaved(theRoll(), amiss(503, 5*time.Second, 6*time.Second)), abreast),
		unproven: spoil(rollingRestart+"/orders", nil, abreast),
	}
	specimens[instanceKill] = specimen{
		kept:     spoil(instanceKill+"/orders", upheaved(theKill(), amiss(0, 5*time.Second, 5030*time.Millisecond)), abreast),
		broken:   spoil(instanceKill+"/orders", upheaved(theKill(), amiss(503, 5*time.Second, 8*time.Second)), abreast),
		unproven: spoil(instanceKill+"/orders", nil, abreast),
	}
	specimens[stateless] = specimen{
		kept:     spoil(stateless+"/orders", copiesOf(nil), withKeys, abreast),
		broken:   spoil(stateless+"/orders", copiesOf(step(deployAbreast, "read-1 2", status(404)), step(deployAbreast, "read-2 3", differs("sent:write-2", "/quantity", "is 3, was 1"))), withKeys, abreast),
		unproven: spoil(stateless+"/orders", copiesOf(step(deployAbreast, "write-1", status(503))), withKeys, abreast),
	}
}

// copiesOf adds the reads that were sent at once, and then makes the changes.
func copiesOf(changes ...func(*plumbline.Evidence)) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		for _, o := range slices.Clone(e.Observations) {
			if o.Experiment == deployAbreast && strings.HasPrefix(o.Stream, "orders/read-") {
				for i := range statelessCopies {
					again := o
					again.Matches = slices.Clone(o.Matches)
					for k := range again.Matches {
						again.Matches[k].Marks = slices.Clone(again.Matches[k].Marks)
					}
					again.Stream = fmt.Sprintf("%s %d", o.Stream, i+2)
					e.Observations = append(e.Observations, again)
				}
			}
		}
		for _, change := range changes {
			if change != nil {
				change(e)
			}
		}
	}
}

// abreast is a design whose target the run can start twice.
func abreast(d *plumbline.Design) { d.Environment.Target, d.Environment.Scales = "orders", 2 }

// upheaved lets what the upheaval does happen when it is due, within 600 ms, and
// changes the requests of the phase, which are told by when they were sent.
func upheaved(u upheaval, change func(sent time.Duration, o *plumbline.Observation)) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		m, _ := e.Phase(u.experiment, u.phase)
		for i := range e.Injections {
			if in := &e.Injections[i]; in.Experiment == u.experiment && in.Fault.Kind == u.kind {
				in.Asked, in.Hits = m.Began+abreastControl, 2
				in.Began = in.Asked + 600*time.Millisecond
			}
		}
		each(u.experiment, "", func(_ int, o *plumbline.Observation) {
			if o.Phase == u.phase && change != nil {
				change(o.Sent-m.Began, o)
			}
		})(e)
	}
}

// amiss answers what is sent between two moments of the phase with a status,
// or, if that is zero, closes the connection.
func amiss(status int, from, to time.Duration) func(time.Duration, *plumbline.Observation) {
	return func(sent time.Duration, o *plumbline.Observation) {
		if sent < from || sent >= to {
			return
		}
		if o.Status = status; status == 0 {
			o.Error = plumbline.ErrorEOF
		}
	}
}

func TestARollingRestartIsJudgedByWhatItLoses(t *testing.T) {
	t.Parallel()
	late := func(e *plumbline.Evidence) {
		upheaved(theRoll(), nil)(e)
		for i := range e.Injections {
			e.Injections[i].Began += time.Minute
		}
	}
	resent := upheaved(theRoll(), func(_ time.Duration, o *plumbline.Observation) { o.Retries = 1 })
	empty := upheaved(theRoll(), func(_ time.Duration, o *plumbline.Observation) {
		o.Marks = append(o.Marks, plumbline.Mark{Kind: plumbline.MarkBody, Message: "id is missing"})
	})
	for name, c := range map[string]struct {
		change  func(*plumbline.Evidence)
		outcome plumbline.Outcome
	}{
		"one connection is closed":    {upheaved(theRoll(), amiss(0, 5*time.Second, 5050*time.Millisecond)), plumbline.Fail},
		"failures before the restart": {upheaved(theRoll(), amiss(503, 2*time.Second, 3*time.Second)), plumbline.Inconclusive},
		"it is refused by a limit":    {upheaved(theRoll(), amiss(429, 5*time.Second, 6*time.Second)), plumbline.Pass},
		"sent again by the client":    {resent, plumbline.Pass},
		"longer than the requests":    {late, plumbline.Inconclusive},
		"there is no service":         {empty, plumbline.Inconclusive},
		"nothing was looked at":       {upheaved(theRoll(), func(_ time.Duration, o *plumbline.Observation) { o.Unchecked = true }), plumbline.Inconclusive},
		"everybody is turned away":    {upheaved(theRoll(), amiss(401, 0, time.Minute)), plumbline.Inconclusive},
	} {
		d, claim, e := spoil(rollingRestart+"/orders", c.change, abreast)(t)
		if v := catalogue[rollingRestart].Judge(d, claim, e); v.Outcome != c.outcome {
			t.Errorf("%s: %s %s: %s", name, v.Outcome, v.Reason, v.Statement)
		}
	}
}

// Where nobody says that there is more than one instance, nothing is restarted
// and nothing is claimed.
func TestASingleInstanceIsNotAskedToLoseNothing(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*plumbline.Design){
		"nothing is started": func(*plumbline.Design) {},
		"one process":        func(d *plumbline.Design) { d.Environment.Target = "orders" },
		"containers":         func(d *plumbline.Design) { d.Environment.Target, d.Environment.Instances = "orders", 3 },
		"a hook for something else": func(d *plumbline.Design) {
			d.Environment = plumbline.Environment{Target: "target", Instances: 3, Faults: []plumbline.FaultKind{plumbline.FaultPause}}
		},
	} {
		d := shop()
		change(&d)
		if p := catalogue[rollingRestart].Plan(d); len(p.Claims) != 0 || len(p.Skips) != 1 || p.Skips[0].Unlock == "" {
			t.Errorf("%s: %+v", name, p)
		}
	}
	d := shop()
	d.Environment = plumbline.Environment{Target: "target", Instances: 3, Faults: []plumbline.FaultKind{plumbline.FaultRestart}}
	if p := catalogue[rollingRestart].Plan(d); len(p.Claims) != 1 || len(p.Experiments[0].Phases[0].Faults) != 1 {
		t.Errorf("a hook: %+v", p)
	}
}

func TestAKillMayCostWhatWasInHand(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change  func(*plumbline.Evidence)
		outcome plumbline.Outcome
	}{
		"nothing is lost":          {upheaved(theKill(), nil), plumbline.Pass},
		"still lost after 10 s":    {upheaved(theKill(), amiss(503, 15*time.Second, 15100*time.Millisecond)), plumbline.Fail},
		"a little more than 1 %":   {upheaved(theKill(), amiss(0, 5*time.Second, 5150*time.Millisecond)), plumbline.Inconclusive},
		"failures before the kill": {upheaved(theKill(), amiss(503, 2*time.Second, 3*time.Second)), plumbline.Inconclusive},
	} {
		d, claim, e := spoil(instanceKill+"/orders", c.change, abreast)(t)
		if v := catalogue[instanceKill].Judge(d, claim, e); v.Outcome != c.outcome {
			t.Errorf("%s: %s %s: %s", name, v.Outcome, v.Reason, v.Statement)
		}
	}
}

func TestWhatAllInstancesShowWrongIsNotTheirDifference(t *testing.T) {
	t.Parallel()
	everywhere := func(name string) func(*plumbline.Evidence) {
		return on(deployAbreast, "orders/"+name, status(404))
	}
	for name, c := range map[string]struct {
		change  func(*plumbline.Evidence)
		outcome plumbline.Outcome
	}{
		"nothing shows it":       {copiesOf(everywhere("read-1"), everywhere("read-2")), plumbline.Inconclusive},
		"one moment":             {copiesOf(step(deployAbreast, "read-1 2", status(404))), plumbline.Inconclusive},
		"no scale":               {func(e *plumbline.Evidence) { e.Injections = nil }, plumbline.Inconclusive},
		"sessions are forgotten": {copiesOf(step(deployAbreast, "read-0 2", status(401)), step(deployAbreast, "read-1 2", status(401))), plumbline.Fail},
	} {
		d, claim, e := spoil(stateless+"/orders", c.change, withKeys, abreast)(t)
		if v := catalogue[stateless].Judge(d, claim, e); v.Outcome != c.outcome {
			t.Errorf("%s: %s %s: %s", name, v.Outcome, v.Reason, v.Statement)
		}
	}
}
