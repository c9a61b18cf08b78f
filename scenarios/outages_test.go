package scenarios

import (
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// lostAndFound is an outage of ten seconds: one request a second fails in it
// and for three seconds after it.
func lostAndFound(failAfter int) (plumbline.Design, plumbline.Plan, *plumbline.Evidence) {
	d := plumbline.Design{
		Operations:   []plumbline.Operation{{ID: "createOrder"}, {ID: "getMe"}},
		Dependencies: []plumbline.Dependency{{Name: "payment"}},
		Objectives:   []plumbline.Objective{{Name: "available", Target: 0.999, Window: 28 * 24 * time.Hour, Operations: []string{"createOrder"}}},
	}
	p := plumbline.Plan{Experiments: []plumbline.Experiment{{ID: "outage/payment"}}}
	e := &plumbline.Evidence{Phases: []plumbline.PhaseMark{
		{Experiment: "outage/payment", Phase: "down", Role: plumbline.RoleFault, Ended: 10 * time.Second, Complete: true},
		{Experiment: "outage/payment", Phase: "recovery", Role: plumbline.RoleRecovery, Began: 10 * time.Second, Ended: 20 * time.Second, Complete: true},
	}}
	for i := range 20 {
		phase, status := "down", 503
		if i >= 10 {
			phase = "recovery"
		}
		if i >= 10+failAfter {
			status = 200
		}
		e.Observations = append(e.Observations, plumbline.Observation{
			Experiment: "outage/payment", Phase: phase, Operation: "createOrder", Due: time.Duration(i)*time.Second + 500*time.Millisecond, Status: status,
		})
	}
	return d, p, e
}

func TestOutagesTellRecoveryAndCost(t *testing.T) {
	t.Parallel()
	d, p, e := lostAndFound(3)
	got := outages(d, p, e)
	if len(got) != 1 {
		t.Fatalf("%d outages, want that of the one operation with requests", len(got))
	}
	o := got[0]
	if o.Requests != 10 || o.Bad != 10 || o.After != 10 || !o.Recovered || o.Recovery != 3.5 {
		t.Errorf("%+v", o)
	}
	// 13 s of 40.32 min.
	if len(o.Budgets) != 1 || o.Budgets[0].Share < 0.00537 || o.Budgets[0].Share > 0.00538 {
		t.Errorf("cost %+v", o.Budgets)
	}
}

func TestOutageWithoutRecovery(t *testing.T) {
	t.Parallel()
	if o := outages(lostAndFound(10))[0]; o.Recovered || o.Recovery != 0 || o.After != 10 {
		t.Errorf("%+v", o)
	}
	if o := outages(lostAndFound(0))[0]; !o.Recovered || o.Recovery != 0.5 {
		t.Errorf("%+v", o)
	}
}
