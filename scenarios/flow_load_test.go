package scenarios

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/scenarios/gherkin"
	"github.com/plumbline-dev/plumbline/scenarios/profile"
)

const lifeFlow = "flow:life"

// flowingDesign is a service whose load is of lives, and of lists beside them.
func flowingDesign(think time.Duration) plumbline.Design {
	op := func(id, method, path string) plumbline.Operation {
		return plumbline.Operation{ID: id, Method: method, Path: path, Cases: []plumbline.Case{{ID: id + "/required", Operation: id, Request: plumbline.Request{Method: method, Path: path}}}}
	}
	create := op("create", "POST", "/things")
	create.Produces, create.Deletes = []string{"thing"}, "delete"
	step := func(name, operation string, think time.Duration) plumbline.Step {
		return plumbline.Step{Call: plumbline.Call{Name: name, Operation: operation}, Must: true, Think: plumbline.Think{Least: think}}
	}
	return plumbline.Design{
		Mode:       plumbline.ModeOwn,
		Operations: []plumbline.Operation{op("list", "GET", "/things"), create, op("read", "GET", "/things/{id}"), op("delete", "DELETE", "/things/{id}")},
		Objectives: []plumbline.Objective{
			{Name: "service", Target: 0.99}, {Name: "lives", Target: 0.9, Within: 200 * time.Millisecond, Operations: []string{lifeFlow}}, {Name: "reads", Target: 0.9, Operations: []string{"read"}},
		},
		Load: plumbline.Load{
			Rate: 60, Duration: 50 * time.Second, Mix: map[string]float64{"list": 2, lifeFlow: 1},
			Flows: []plumbline.Flow{{Name: "life", Steps: []plumbline.Step{step("create", "create", 0), step("read", "read", think), step("read-again", "read", think), step("delete", "delete", think)}}},
		},
	}
}

// A weight is of hits, and a rate is of requests: two lists and a life of four
// requests are six.
func TestAFlowHasAsManyRequestsAsSteps(t *testing.T) {
	t.Parallel()
	d := flowingDesign(time.Second)
	x, skips := targetLoad(d)
	if len(skips) > 0 {
		t.Fatal(skips)
	}
	steady := x.Phases[1]
	list, life := steady.Streams[0], steady.Streams[1]
	if list.Stages[0].From != 20 || life.Stages[0].From != 10 || life.Operation != lifeFlow || !slices.Equal(life.Flow, []string{"create", "read", "read", "delete"}) {
		t.Errorf("got %+v and %+v", list, life)
	}
	if all := list.Expected() + life.Expected(); math.Abs(all-60*steady.Duration.Seconds()) > 1e-6 {
		t.Errorf("%g requests are expected", all)
	}
	if life.Hasty || !x.Phases[0].Streams[1].Hasty {
		t.Error("users think in the phase that is long enough for it, and in no other")
	}
	for most, hasty := range map[time.Duration]bool{2600 * time.Millisecond: false, 2700 * time.Millisecond: true} {
		d := flowingDesign(time.Second)
		for i := range d.Load.Flows[0].Steps[1:] {
			d.Load.Flows[0].Steps[i+1].Most = most
		}
		if x, _ := targetLoad(d); x.Phases[1].Streams[1].Hasty != hasty {
			t.Errorf("users who think for up to three times %s: hasty is %t, in %s", most, !hasty, x.Phases[1].Duration)
		}
	}
	q, ok := questOf(plumbline.Design{Operations: d.Operations, Mode: d.Mode, Load: plumbline.Load{Mix: d.Load.Mix, Flows: d.Load.Flows, Overload: 100}})
	if ph := q.phase("hold", plumbline.RoleBaseline, 60, time.Hour); !ok || !ph.Streams[1].Hasty || ph.Streams[1].Stages[0].From != 10 {
		t.Errorf("got %+v", ph)
	}
	block, ok := CompareBlock(d, 1, time.Minute)
	if !ok || block.Streams[1].Stages[0].From != 10 {
		t.Errorf("got %+v", block)
	}
	d.Mode = plumbline.ModeObserve
	if mix, skips := mixOf(d); len(mix) != 1 || len(skips) != 1 || !strings.Contains(skips[0].Detail, "create changes data") {
		t.Errorf("got %+v and %+v", mix, skips)
	}
}

// Profiles and features say a load of flows, and read as it was.
func TestALoadOfFlowsIsWrittenDown(t *testing.T) {
	t.Parallel()
	x, _ := targetLoad(flowingDesign(time.Second))
	x.Claims = []string{sloAtTarget + "/service"}
	var out bytes.Buffer
	if err := profile.Render(&out, x); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"operation: flow:life", "flow: [create, read, read, delete]", "hasty: true", "begins so many flows per second"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
	out.Reset()
	x.Kind, x.Phases[1].Stop = plumbline.KindScenario, nil
	x.Phases = append(x.Phases, loadPhase("ramp", plumbline.RoleBaseline, []plumbline.Stage{{From: 1, To: 9, Duration: time.Minute}}, []portion{{lifeFlow, []string{"create"}, 0, 1}}, plumbline.ArrivalsConstant))
	if err := gherkin.Render(&out, gherkin.Feature{Name: "load", Experiments: []plumbline.Experiment{x}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`stream "flow:life" begins 10 flows per second of "life", which calls "create" and "read" and "read" and "delete", with poisson arrivals`,
		`"delete", by users who do not think, with poisson arrivals`, `stream "flow:life" begins flows of "life", which calls "create", with constant arrivals at these rates:`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}

// lifeEvidence is that of 1,000 lives of which some ended when they were read.
func lifeEvidence(ended int64, took time.Duration) *plumbline.Evidence {
	e := &plumbline.Evidence{}
	add := func(operation, class string, n int64, latency time.Duration) {
		s := plumbline.Series{
			Experiment: loadTarget, Phase: "steady", Stream: lifeFlow, Operation: operation, Class: class, Count: n,
			Latency: []plumbline.Bin{{UpTo: latency, Count: n}}, Service: []plumbline.Bin{{UpTo: latency, Count: n}}, Within: []plumbline.Within{{Threshold: 200 * time.Millisecond}},
		}
		for second := range 10 {
			s.Slices = append(s.Slices, plumbline.Slice{Second: second, Count: n / 10, P50: latency, P99: latency, Max: latency, Within: []int64{0}})
			if latency <= 200*time.Millisecond {
				s.Slices[second].Within[0], s.Within[0].Count = n/10, s.Within[0].Count+n/10
			}
		}
		e.Add(plumbline.Record{Series: &s})
	}
	add(lifeFlow, "2xx", 1000-ended, took)
	add(lifeFlow, "ended", ended, took)
	add(lifeFlow, "unbound", 50, took)
	add("create", "2xx", 1000, 10*time.Millisecond)
	add("read", "2xx", 2*(1000-ended), 10*time.Millisecond)
	add("read", "4xx", ended, 10*time.Millisecond)
	add("delete", "2xx", 1000-ended, 10*time.Millisecond)
	e.Add(plumbline.Record{Phase: &plumbline.PhaseMark{Experiment: loadTarget, Phase: "steady", Role: plumbline.RoleBaseline, Began: 0, Ended: 10 * time.Second, Complete: true, Rate: 400, Expected: 4000}})
	e.Add(plumbline.Record{Health: &plumbline.Health{Experiment: loadTarget, Phase: "steady", Planned: 4000, Sent: 4000}})
	return e
}

// The requests of a flow count once, whatever is promised of it as a whole.
func TestNothingOfAFlowCountsTwice(t *testing.T) {
	t.Parallel()
	d := flowingDesign(0)
	e := lifeEvidence(0, 40*time.Millisecond)
	if len(e.Series) == 0 || len(e.Flows) != 3 {
		t.Fatalf("%d series, %d of flows", len(e.Series), len(e.Flows))
	}
	claim := func(name string) plumbline.Claim { return plumbline.Claim{ID: sloAtTarget + "/" + name} }
	for name, want := range map[string]int{"service": 4000, "lives": 1000, "reads": 2000} {
		if v := judgeObjective(d, claim(name), e); v.Outcome != plumbline.Pass || v.Samples != want {
			t.Errorf("%s: %s of %d: %s", name, v.Outcome, v.Samples, v.Statement)
		}
	}
	if s, ok := stretchOf(e, e.Phases[0]); !ok || s.Count != 4000 {
		t.Errorf("got %+v", s)
	}
	sum := 0
	for _, p := range pointsOf(e, loadTarget) {
		sum += p.Count
	}
	if n := clientIn(e, e.Phases[0]); sum != 4000 || n.Requests != 4000 || requestsOf(e).Sent != 4000 {
		t.Errorf("%d points, %g answered, %d sent", sum, n.Requests, requestsOf(e).Sent)
	}
}

// A flow that ends before its last step, or takes too long as a whole, breaks
// what is promised of it, and of its operations nothing. One that could not be
// made for a reason of ours breaks nothing.
func TestAFlowIsJudgedAsOne(t *testing.T) {
	t.Parallel()
	d := flowingDesign(0)
	for name, c := range map[string]struct {
		ended int64
		took  time.Duration
		want  plumbline.Outcome
	}{
		"whole":       {0, 40 * time.Millisecond, plumbline.Pass},
		"a few ended": {50, 40 * time.Millisecond, plumbline.Pass},
		"many ended":  {300, 40 * time.Millisecond, plumbline.Fail},
		"too slow":    {0, 300 * time.Millisecond, plumbline.Fail},
	} {
		e := lifeEvidence(c.ended, c.took)
		if v := judgeObjective(d, plumbline.Claim{ID: sloAtTarget + "/lives"}, e); v.Outcome != c.want {
			t.Errorf("%s: %s: %s", name, v.Outcome, v.Statement)
		}
		if v := judgeObjective(d, plumbline.Claim{ID: sloAtTarget + "/service"}, e); v.Outcome != plumbline.Pass {
			t.Errorf("%s: the service: %s: %s", name, v.Outcome, v.Statement)
		}
		p := plumbline.Plan{Experiments: []plumbline.Experiment{{ID: loadTarget, Kind: plumbline.KindLoad, Phases: []plumbline.Phase{{Name: "steady", Role: plumbline.RoleBaseline}}}}}
		r := recordingOf(d, p, e)
		if r == nil || len(r.Flows) != 3 {
			t.Fatalf("%s: kept %+v", name, r)
		}
		if v := JudgeRecorded(*r, plumbline.Run{Ended: true}, d.Objectives[1]); v.Outcome != c.want {
			t.Errorf("%s: recorded: %s: %s", name, v.Outcome, v.Statement)
		}
	}
	only := &plumbline.Evidence{}
	for _, x := range lifeEvidence(0, time.Millisecond).Flows {
		if x.Class == "unbound" {
			only.Flows = append(only.Flows, x)
		}
	}
	if v := judgeObjective(d, plumbline.Claim{ID: sloAtTarget + "/lives"}, only); v.Outcome != plumbline.Inconclusive {
		t.Errorf("%s: %s", v.Outcome, v.Statement)
	}
}

// The plan claims what the load of flows can decide, and says how many count.
func TestThePlanKnowsWhatFlowsDecide(t *testing.T) {
	t.Parallel()
	d := flowingDesign(time.Second)
	d.Objectives = append(d.Objectives, plumbline.Objective{Name: "carried", Throughput: 5, Operations: []string{"read"}}, plumbline.Objective{Name: "other", Target: 0.9, Operations: []string{"flow:other"}})
	p := planLoad(d)
	plan := plumbline.Plan{Experiments: p.Experiments, Claims: p.Claims}
	got := map[string]int{}
	for _, line := range Power(d, plan) {
		got[line.Objective] = line.Planned
	}
	if diff := cmp.Diff(map[string]int{"service": 2400, "lives": 400, "reads": 800}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var skipped []string
	for _, s := range p.Skips {
		skipped = append(skipped, s.Subject+": "+s.Detail)
	}
	if text := strings.Join(skipped, "\n"); len(skipped) != 2 || !strings.Contains(text, "carried: its operations are called by flows whose users think") || !strings.Contains(text, "other: the load reaches none") {
		t.Errorf("skipped:\n%s", text)
	}
}

// Two deployments are compared by their flows too.
func TestFlowsAreCompared(t *testing.T) {
	t.Parallel()
	side := func(took time.Duration) *plumbline.Evidence {
		e := &plumbline.Evidence{}
		for i := range 10 {
			one := lifeEvidence(0, took+time.Duration(i)*time.Microsecond)
			for _, x := range slices.Concat(one.Series, one.Flows) {
				x.Phase = ComparePrefix + string(rune('a'+i))
				e.Add(plumbline.Record{Series: &x})
			}
		}
		return e
	}
	c := Compare(side(40*time.Millisecond), side(90*time.Millisecond))
	if c.Outcome != plumbline.Fail || c.Compared[0].Operation != lifeFlow {
		t.Errorf("got %+v", c)
	}
}

// The report tells what became of each flow, and how many came to each step.
func TestWhatBecameOfFlowsIsTold(t *testing.T) {
	t.Parallel()
	d := flowingDesign(0)
	e := lifeEvidence(200, 40*time.Millisecond)
	for i := range e.Flows {
		x := &e.Flows[i]
		for k, step := range d.Load.Flows[0].Steps {
			n := x.Count
			if x.Class == "ended" && k > 1 || x.Class == "unbound" {
				n = 0
			}
			x.Reached = append(x.Reached, plumbline.Reached{Step: step.Name, Operation: step.Operation, Count: n})
		}
		if x.Class == "ended" {
			x.Marks = []plumbline.Mark{{Kind: plumbline.MarkDiffers, Message: "read: it was answered 404"}}
		}
	}
	for i := range e.Series {
		e.Series[i].Step = e.Series[i].Operation
	}
	other := e.Flows[0]
	other.Phase = warmUp
	e.Flows = append(e.Flows, other)
	told := flowsTold(d, e)
	if len(told) != 1 {
		t.Fatalf("got %+v", told)
	}
	var reached []int64
	for _, s := range told[0].Steps {
		reached = append(reached, s.Reached)
	}
	u := told[0]
	if u.Flow != lifeFlow || u.Hits != 1050 || u.Whole != 800 || u.Ended["ended"] != 200 || u.Ended["unbound"] != 50 || !slices.Equal(u.Why, []string{"read: it was answered 404"}) || !slices.Equal(reached, []int64{1000, 1000, 800, 800}) {
		t.Errorf("got %+v", u)
	}
	if q := u.Steps[0].Quantiles; len(q) != 2 || q[0].Samples != 1000 || q[0].Operation != "create" {
		t.Errorf("got %+v", q)
	}
	n := 0
	for _, q := range quantiles(d, e) {
		if q.Operation == lifeFlow {
			if n++; q.Samples != 800 {
				t.Errorf("got %+v", q)
			}
		}
	}
	if n != 5 {
		t.Errorf("%d quantiles of the flow", n)
	}
}
