package scenarios

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// promising is a design that promises so many good answers a second of an
// operation, or of all.
func promising(perSecond float64, operations ...string) func(*plumbline.Design) {
	return func(d *plumbline.Design) {
		d.Objectives = []plumbline.Objective{{Name: "carried", Throughput: perSecond, Operations: operations}}
	}
}

// timed gives the phases of the target load their rates, and every series of the
// judged phase whole seconds, in which answers took so long.
func timed(took func(second int) time.Duration) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		for i := range e.Phases {
			m := &e.Phases[i]
			if m.Experiment == loadTarget {
				m.Rate, m.Expected = 120, 120*20
				if m.Phase == warmUp {
					m.Expected = 120 * 5
				}
			}
		}
		for i := range e.Series {
			x := &e.Series[i]
			if x.Experiment != loadTarget {
				continue
			}
			seconds := 20
			if x.Phase == warmUp {
				seconds = 5
			}
			x.Slices = nil
			for s := range seconds {
				n := x.Count*int64(s+1)/int64(seconds) - x.Count*int64(s)/int64(seconds)
				l := 5 * time.Millisecond
				if x.Phase != warmUp {
					l = took(s)
				}
				x.Slices = append(x.Slices, plumbline.Slice{Second: s, Count: n, P50: l, P99: l, Max: l})
			}
		}
	}
}

func quick(int) time.Duration { return 5 * time.Millisecond }

// afterwards makes that many good answers come after the load had ended, of all
// operations together.
func afterwards(n int64) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		total := int64(0)
		each := func(change func(*plumbline.Series)) {
			for i := range e.Series {
				if x := &e.Series[i]; x.Experiment == loadTarget && x.Phase != warmUp {
					change(x)
				}
			}
		}
		each(func(x *plumbline.Series) { total += x.Count })
		each(func(x *plumbline.Series) { x.Late = n * x.Count / total })
	}
}

// queued grows: at 120 a second that is what a deployment that carries so many
// keeps waiting.
func queued(carries float64) func(int) time.Duration {
	return func(second int) time.Duration {
		behind := (120 - carries) * (float64(second) + 0.5)
		return time.Duration(behind / carries * float64(time.Second))
	}
}

// failing makes that many requests of every 100 to all operations fail, evenly.
func failing(percent int64) func(*plumbline.Evidence) { return turnedInto("5xx", percent) }

// turnedInto gives that many requests of every 100 to all operations answers of
// a class, evenly; those of 4xx refuse for a quota.
func turnedInto(class string, percent int64) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		var more []plumbline.Series
		for i := range e.Series {
			x := &e.Series[i]
			if x.Experiment != loadTarget || x.Phase == warmUp {
				continue
			}
			bad := *x
			bad.Class, bad.Count, bad.Slices, bad.Shed = class, 0, nil, class == "4xx"
			for k := range x.Slices {
				n := x.Slices[k].Count * percent / 100
				x.Slices[k].Count -= n
				x.Count -= n
				bad.Count += n
				bad.Slices = append(bad.Slices, plumbline.Slice{Second: x.Slices[k].Second, Count: n})
			}
			more = append(more, bad)
		}
		e.Series = append(e.Series, more...)
	}
}

func altogether(changes ...func(*plumbline.Evidence)) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		for _, c := range changes {
			c(e)
		}
	}
}

func TestThroughput(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		design  func(*plumbline.Design)
		change  func(*plumbline.Evidence)
		outcome plumbline.Outcome
		reason  plumbline.Reason
	}{
		{"carried", promising(100), timed(quick), plumbline.Pass, ""},
		{"carried by one operation", promising(35, "createOrder"), timed(quick), plumbline.Pass, ""},
		{"as much as was asked for", promising(120), timed(quick), plumbline.Inconclusive, plumbline.ReasonLoadTooLow},
		{"less was asked for, and nothing answered well", promising(200), altogether(timed(quick), failing(90)), plumbline.Inconclusive, plumbline.ReasonLoadTooLow},
		{"less was asked of the operation", promising(50, "createOrder"), altogether(timed(quick), failing(90)), plumbline.Inconclusive, plumbline.ReasonLoadTooLow},
		{"a third fails", promising(100), altogether(timed(quick), failing(33)), plumbline.Fail, ""},
		{"a third fails, and that is enough", promising(70), altogether(timed(quick), failing(33)), plumbline.Pass, ""},
		{"near the promise", promising(100), altogether(timed(quick), failing(17)), plumbline.Inconclusive, plumbline.ReasonUndecided},
		{"a queue grows", promising(100), altogether(timed(queued(80)), afterwards(800)), plumbline.Fail, ""},
		{"a queue grows, and carries enough", promising(70), altogether(timed(queued(80)), afterwards(800)), plumbline.Pass, ""},
		{"a queue grows, and nobody counted", promising(100), timed(queued(80)), plumbline.Inconclusive, plumbline.ReasonUndecided},
		{"slow, and not behind", promising(100), timed(func(int) time.Duration { return 300 * time.Millisecond }), plumbline.Pass, ""},
		{"the generator fell behind", promising(100), altogether(timed(quick), failing(33), sent(func(h *plumbline.Health) { h.Sent, h.Skipped = 1200, 1200 })), plumbline.Inconclusive, plumbline.ReasonGeneratorSaturated},
		{"a closed workload accuses nobody", promising(100), altogether(timed(quick), failing(33), sent(func(h *plumbline.Health) { h.Closed = true })), plumbline.Inconclusive, plumbline.ReasonUnsupported},
		{"a closed workload shows it", promising(100), altogether(timed(quick), sent(func(h *plumbline.Health) { h.Closed = true })), plumbline.Pass, ""},
		{"stopped early", promising(100), altogether(timed(quick), sent(func(h *plumbline.Health) { h.Stopped = "it was" })), plumbline.Inconclusive, plumbline.ReasonIncomplete},
		{"stopped early, for most fails", promising(100), altogether(timed(quick), failing(60), sent(func(h *plumbline.Health) { h.Stopped = "it was" })), plumbline.Fail, ""},
		{"how long it took is not known", promising(100), failing(33), plumbline.Inconclusive, plumbline.ReasonIncomplete},
		{"refused for its quota", promising(110), altogether(timed(quick), turnedInto("4xx", 33)), plumbline.Inconclusive, plumbline.ReasonThrottled},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, claim, e := spoil(sloAtTarget+"/carried", c.change, c.design)(t)
			p := drawn(t, d, sloAtTarget)
			f := functionsByID(Functions())[sloAtTarget]
			v := proofsOf(d, p, e).weigh(f, claim, judged(f, d, claim, e))
			if v.Outcome != c.outcome || v.Reason != c.reason {
				t.Errorf("%s %s, want %s %s: %s", v.Outcome, v.Reason, c.outcome, c.reason, v.Statement)
			}
			if v.Outcome == plumbline.Pass && v.Measured < v.Allowed || v.Outcome == plumbline.Fail && (v.Measured >= v.Allowed || len(v.Evidence) == 0) {
				t.Errorf("measured %v, allowed %v, %d exhibits: %s", v.Measured, v.Allowed, len(v.Evidence), v.Statement)
			}
			if again := JudgeRecorded(*keptRecording(t, d, p, e), e.Run, d.Objectives[0]); again.Outcome != v.Outcome || again.Statement != v.Statement {
				t.Errorf("recorded: %s %s\nrun:      %s %s", again.Outcome, again.Statement, v.Outcome, v.Statement)
			}
		})
	}
}

func TestAThroughputThatNoLoadAsksForIsSaidBeforehand(t *testing.T) {
	t.Parallel()
	d := shop()
	promising(100)(&d)
	lines := Power(d, drawn(t, d, sloAtTarget))
	if len(lines) != 1 || !lines[0].Decidable || lines[0].Offered != 120 || lines[0].Throughput != 100 {
		t.Errorf("%+v", lines)
	}
	promising(120)(&d)
	if lines = Power(d, drawn(t, d, sloAtTarget)); len(lines) != 1 || lines[0].Decidable {
		t.Errorf("%+v", lines)
	}
	d.Load.Profile = profileSmoke
	p := planLoad(d)
	if len(p.Claims) != 0 || len(p.Skips) == 0 || p.Skips[0].Subject != "carried" || p.Skips[0].Reason != plumbline.ReasonNotApplicable {
		t.Errorf("%+v", p)
	}
}

// A search for capacity is held against shares; where none is promised, against
// the default one.
func TestStepsAreHeldAgainstShares(t *testing.T) {
	t.Parallel()
	d := shop()
	d.Objectives = append(d.Objectives, plumbline.Objective{Name: "carried", Throughput: 50}, plumbline.Objective{Name: "degraded", Target: 0.9, During: "fault"})
	if got := shareObjectives(d); len(got) != 2 {
		t.Errorf("%+v", got)
	}
	promising(50)(&d)
	if got := shareObjectives(d); len(got) != 1 || got[0].Name != defaultObjectiveName {
		t.Errorf("%+v", got)
	}
}

func TestAThroughputSurvivesTheDesignsFile(t *testing.T) {
	t.Parallel()
	d := shop()
	promising(50)(&d)
	data, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var back plumbline.Design
	if err := json.Unmarshal(data, &back); err != nil || back.Objectives[0].Throughput != 50 {
		t.Errorf("%v %+v", err, back.Objectives)
	}
}

// What was read and is not judged is in the report, with why.
func TestUnjudgedObjectivesAreNamed(t *testing.T) {
	t.Parallel()
	d := shop()
	d.Unjudged = []plumbline.Unjudged{{Name: "depth", Why: "datadog measures it"}}
	p := drawn(t, d, sloAtTarget)
	for _, f := range Judge(d, p, Functions(), goodRun(d, p)).Findings {
		if f.Claim == sloAtTarget+"/depth" {
			if f.Outcome != plumbline.Skipped || f.Reason != "not-applicable: datadog measures it" {
				t.Errorf("%+v", f)
			}
			return
		}
	}
	t.Error("it is not in the report")
}
