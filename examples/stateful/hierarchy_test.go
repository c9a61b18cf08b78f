package stateful

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners"
	"github.com/plumbline-dev/plumbline/runners/target"
	"github.com/plumbline-dev/plumbline/scenarios"
)

// judged carries out what one function asks for and returns its verdicts by
// claim.
func judged(t *testing.T, s *Service, function string) map[string]plumbline.Verdict {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	d := plumb(t, s)
	d.Mode = plumbline.ModeOwn
	c, err := target.New(target.Config{Base: server.URL, Run: "a1b2c3d4e5f6", Began: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	live := &runners.Live{Design: d, Run: plumbline.Run{ID: "a1b2c3d4e5f6"}, Client: c, Pool: &target.Pool{Client: c, Operations: d.Operations, Families: d.Families, Mode: d.Mode}}
	out := map[string]plumbline.Verdict{}
	for _, f := range scenarios.Functions() {
		if f.ID != function {
			continue
		}
		p, e := f.Plan(d), &plumbline.Evidence{}
		for _, x := range p.Experiments {
			for _, ph := range x.Phases {
				for _, flow := range ph.Flows {
					told := live.Flow(t.Context(), runners.Place{Experiment: x.ID, Phase: ph.Name}, flow)
					e.Observations = append(e.Observations, told.Observations...)
					e.Walked = append(e.Walked, told.Walked...)
				}
			}
		}
		for _, claim := range p.Claims {
			out[claim.ID] = f.Judge(d, claim, e)
		}
	}
	for _, r := range live.Teardown(t.Context()) {
		if !r.Deleted {
			t.Errorf("survives: %+v", r)
		}
	}
	return out
}

// A child that is shown below a parent that is not its own is found, and the
// service that looks where it lies is not accused.
func TestMisplacedChildrenAreFound(t *testing.T) {
	t.Parallel()
	tasks, comments := "contract/hierarchy/projects/{projectId}/tasks", "contract/hierarchy/projects/{projectId}/tasks/{task_id}/comments"
	for _, c := range []struct {
		service *Service
		want    plumbline.Outcome
	}{
		{Nested(), plumbline.Pass},
		{Misplaced(), plumbline.Fail},
	} {
		got := judged(t, c.service, "contract/hierarchy")
		for _, claim := range []string{tasks, comments} {
			if v := got[claim]; v.Outcome != c.want {
				t.Errorf("%s %s: %s %s: %s", c.service.Name, claim, v.Outcome, v.Reason, v.Statement)
			}
		}
	}
	composite := judged(t, Composite(), "contract/hierarchy")
	for claim, v := range composite {
		if v.Outcome == plumbline.Fail {
			t.Errorf("%s: %s", claim, v.Statement)
		}
	}
}
