package scenarios

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
)

// spike makes requests of createOrder slow in three seconds of the judged phase.
func spike(n int64) func(*plumbline.Evidence) {
	return steadyOf("createOrder", func(x *plumbline.Series) {
		for _, second := range []int{15, 16, 17} {
			x.Slices[second].Within[0] -= n
			x.Within[0].Count -= n
		}
	})
}

// A breach is seen once more on the seconds in which it was worst, at the rates
// and with the operations of the load, and no longer than a slice.
func TestABreachIsReplayedByASliceOfItsLoad(t *testing.T) {
	d, c, stored := spoil(sloAtTarget+"/orders-latency", func(e *plumbline.Evidence) { slow(60)(e); spike(20)(e) })(t)
	p, fns := drawn(t, d, sloAtTarget), Functions()
	next, err := Replay(d, p, fns, stored, c.ID)
	if err != nil || len(next) != 1 || len(next[0].Phases) != 2 {
		t.Fatalf("%v %+v", err, next)
	}
	lead, judged := next[0].Phases[0], next[0].Phases[1]
	if lead.Name != warmUp || lead.Duration != sliceLead || judged.Name != "steady" || judged.Duration != sliceTime || judged.Stop == nil {
		t.Errorf("%+v", next[0].Phases)
	}
	if len(lead.Calls) == 0 || lead.Calls[0].Operation != "createOrder" || !strings.Contains(next[0].Title, "from 8s of the phase steady") && !strings.Contains(next[0].Title, "from 6s") {
		t.Errorf("%q %+v", next[0].Title, lead.Calls)
	}
	planned, _ := p.Experiment(loadTarget)
	steady, _ := planned.Phase("steady")
	for i, s := range judged.Streams {
		if s.Operation != steady.Streams[i].Operation || len(s.Stages) != 1 || s.Stages[0].From != steady.Streams[i].Stages[0].From || s.Arrivals != steady.Streams[i].Arrivals {
			t.Errorf("%+v is not a part of %+v", s, steady.Streams[i])
		}
	}
	again := goodRun(d, plumbline.Plan{Claims: p.Claims, Experiments: next})
	if v := Replayed(d, p, fns, WithReplay(stored, again), c.ID); v.Outcome != plumbline.Pass || v.Samples == 0 || v.Interval == nil || !strings.Contains(v.Statement, "bounds") {
		t.Errorf("a load that is answered in time: %+v", v)
	}
	slow(60)(again)
	if v := Replayed(d, p, fns, WithReplay(stored, again), c.ID); v.Outcome != plumbline.Fail {
		t.Errorf("one that is not: %s %s", v.Outcome, v.Statement)
	}
	sent(func(h *plumbline.Health) { h.Planned *= 2 })(again)
	if v := Replayed(d, p, fns, WithReplay(stored, again), c.ID); v.Outcome != plumbline.Inconclusive || v.Reason != plumbline.ReasonGeneratorSaturated {
		t.Errorf("one that the generator could not send: %s %s", v.Outcome, v.Statement)
	}
	few := goodRun(d, plumbline.Plan{Claims: p.Claims, Experiments: next})
	slow(7)(few)
	if v := Replayed(d, p, fns, WithReplay(stored, few), c.ID); v.Outcome != plumbline.Inconclusive || v.Reason != plumbline.ReasonUndecided {
		t.Errorf("one that does not tell: %s %s", v.Outcome, v.Statement)
	}
}

// What was kept is not replayed, nor what left no seconds behind.
func TestNoSliceWithoutABreach(t *testing.T) {
	d, c, e := spoil(sloAtTarget+"/orders-latency", nil)(t)
	p := drawn(t, d, sloAtTarget)
	if _, err := Replay(d, p, Functions(), e, c.ID); err == nil || !strings.Contains(err.Error(), "no failure of that run") {
		t.Error(err)
	}
	slow(60)(e)
	e.Phases = nil
	if _, err := Replay(d, p, Functions(), e, c.ID); err == nil || !strings.Contains(err.Error(), "second by second") {
		t.Error(err)
	}
}

func TestStagesAreCut(t *testing.T) {
	t.Parallel()
	stages := []plumbline.Stage{{From: 0, To: 100, Duration: 10 * time.Second}, {From: 100, To: 100, Duration: 10 * time.Second}}
	at := func(n int) time.Duration { return time.Duration(n) * time.Second }
	for name, c := range map[string]struct {
		from, to int
		want     []plumbline.Stage
	}{
		"on a ramp":        {2, 6, []plumbline.Stage{{From: 20, To: 60, Duration: at(4)}}},
		"over an edge":     {8, 12, []plumbline.Stage{{From: 80, To: 100, Duration: at(2)}, {From: 100, To: 100, Duration: at(2)}}},
		"before the first": {-3, 0, []plumbline.Stage{{From: 0, To: 0, Duration: at(3)}}},
		"begun before":     {-1, 2, []plumbline.Stage{{From: 0, To: 0, Duration: at(1)}, {From: 0, To: 20, Duration: at(2)}}},
	} {
		if d := cmp.Diff(c.want, cutStages(stages, at(c.from), at(c.to))); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// A finding of a load shows how one of its requests is made by hand, and how the
// load is sent again.
func TestABreachUnderLoadIsSeenAgain(t *testing.T) {
	d, c, e := spoil(sloAtTarget+"/orders-latency", slow(60))(t)
	p := drawn(t, d, sloAtTarget)
	e.Observations = append(e.Observations, plumbline.Observation{
		Experiment: "probe", Operation: "createOrder", Kind: plumbline.CaseValid, Status: 201,
		Transcript: &plumbline.Transcript{Method: "POST", URL: "http://shop/orders", Curl: "curl -sS -i http://shop/orders", ResponseBody: "of another day"},
	})
	f := findingOf(t, Judge(d, p, Functions(), e), c.ID)
	if f.Outcome != plumbline.Fail || f.Replay != "plumbline replay "+c.ID || f.Interval == nil || f.Interval.Low >= f.Measured || f.Interval.High <= f.Measured {
		t.Errorf("%+v", f)
	}
	if len(f.Evidence) == 0 || f.Evidence[0].Request == nil || f.Evidence[0].Request.Curl == "" || f.Evidence[0].Request.ResponseBody != "" {
		t.Errorf("%+v", f.Evidence)
	}
}

// Phases of a timeline tell what they amount to, and what is promised of them.
func TestTimelinesTellPhasesAndPromises(t *testing.T) {
	d, _, e := spoil(sloAtTarget+"/orders-latency", slow(60))(t)
	d.Objectives = append(d.Objectives, plumbline.Objective{Name: "worse", Target: 0.9, Within: time.Second, During: "fault"}, plumbline.Objective{Name: "others", Operations: []string{"deleteOrder"}, Target: 0.99})
	lines := timelines(d, drawn(t, d, sloAtTarget), e)
	if len(lines) != 1 || len(lines[0].Stretches) != 2 {
		t.Fatalf("%+v", lines)
	}
	s := lines[0].Stretches[1]
	if s.Phase != "steady" || s.Count == 0 || s.Bad != 0 || s.BadShare.Low != 0 || s.BadShare.High <= 0 || s.BadShare.High > 0.01 || s.P50 != 5 || s.P99 != 1000 || s.P99Range.Low > s.P99 || s.P99Range.Confidence != shownConfidence {
		t.Errorf("%+v", s)
	}
	names := ""
	for _, p := range lines[0].Promised {
		names += p.Objective + string(p.During) + " "
		if p.In(plumbline.RoleFault) != (p.During == plumbline.RoleFault) {
			t.Errorf("%+v", p)
		}
	}
	if !strings.Contains(names, "orders-latency ") || !strings.Contains(names, "worsefault ") || strings.Contains(names, "others") {
		t.Error(names)
	}
}
