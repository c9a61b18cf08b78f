package scenarios

import (
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

func init() {
	specimens[deadlinePropagates] = specimen{
		kept:     handed(func(left, passed time.Duration) time.Duration { return left - passed }, true),
		broken:   handed(func(left, _ time.Duration) time.Duration { return left }, true),
		unproven: handed(func(left, passed time.Duration) time.Duration { return left - passed }, false),
	}
}

// handed is a run on a service that calls payment 300 ms after inventory and says
// that so much time is left; it calls nobody when that is less than nothing.
func handed(says func(left, passed time.Duration) time.Duration, calls bool) func(*testing.T) (plumbline.Design, plumbline.Claim, *plumbline.Evidence) {
	return func(t *testing.T) (plumbline.Design, plumbline.Claim, *plumbline.Evidence) {
		t.Helper()
		d := stocked()
		d.Deadline = &plumbline.Deadline{Header: "X-Request-Timeout-Ms", Dependencies: []string{"inventory", "payment"}}
		p := drawn(t, d, deadlinePropagates)
		x, ok := p.Experiment(deadlinePrefix + "createOrder")
		if !ok {
			t.Fatal("no experiment")
		}
		e := &plumbline.Evidence{Run: plumbline.Run{ID: runID, Ended: true}}
		now := time.Second
		for i, ph := range x.Phases {
			left := plumbline.TimeLeft(d.Deadline.Header, ph.Calls[0].Own.Request.Header[d.Deadline.Header][0])
			passed := time.Duration(0)
			if len(ph.Faults) > 0 {
				passed = ph.Faults[0].Latency
			}
			began := now
			for n := range ph.Calls[0].Repeat {
				o := plumbline.Observation{
					Experiment: x.ID, Phase: ph.Name, Stream: ph.Calls[0].Name, Operation: "createOrder", Status: 201,
					Due: now, Sent: now, Latency: time.Second, Trace: runID + string(rune('a'+i)) + string(rune('a'+n)),
				}
				e.Observations = append(e.Observations, o)
				if calls && says(left, passed) > 0 {
					e.Exchanges = append(e.Exchanges, plumbline.Exchange{
						Wire: "payment", Trace: o.Trace, Method: "POST", Path: "/charge", Began: now + passed, Ended: now + passed, Status: 200, Deadline: says(left, passed),
					})
				}
				now += 2 * time.Second
			}
			e.Phases = append(e.Phases, plumbline.PhaseMark{Experiment: x.ID, Phase: ph.Name, Role: ph.Role, Began: began, Ended: now, Complete: true})
		}
		for _, c := range p.Claims {
			if c.ID == deadlinePropagates+"/payment" {
				return d, c, e
			}
		}
		t.Fatal("no claim")
		return d, plumbline.Claim{}, nil
	}
}

func TestDeadlinesThatAreNotHandedDown(t *testing.T) {
	t.Parallel()
	right := func(left, passed time.Duration) time.Duration { return left - passed }
	for name, c := range map[string]struct {
		says   func(left, passed time.Duration) time.Duration
		change func(*plumbline.Exchange)
		want   plumbline.Outcome
	}{
		"as they are":         {right, func(*plumbline.Exchange) {}, plumbline.Pass},
		"nothing is said":     {right, func(x *plumbline.Exchange) { x.Deadline = 0 }, plumbline.Fail},
		"less than is left":   {right, func(x *plumbline.Exchange) { x.Deadline = min(x.Deadline, 100*time.Millisecond) }, plumbline.Pass},
		"called all the same": {func(left, passed time.Duration) time.Duration { return max(left-passed, time.Millisecond) }, func(*plumbline.Exchange) {}, plumbline.Fail},
	} {
		d, claim, e := handed(c.says, true)(t)
		for i := range e.Exchanges {
			c.change(&e.Exchanges[i])
		}
		if v := judgeDeadline(d, claim, e); v.Outcome != c.want {
			t.Errorf("%s: %s: %s", name, v.Outcome, v.Statement)
		}
	}
}
