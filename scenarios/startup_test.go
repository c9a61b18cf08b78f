package scenarios

import (
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

func init() {
	specimens[startupOrder] = specimen{
		kept:     spoil(startupOrder+"/orders", started(1, 0), startable),
		broken:   spoil(startupOrder+"/orders", all(started(1, 0), deaf()), startable),
		unproven: spoil(startupOrder+"/orders", all(started(0, 0), deaf()), startable),
	}
}

// startable is a design whose target the run can restart.
func startable(d *plumbline.Design) { d.Environment.Target = "orders" }

// started lets the target be restarted: seen says how many instances came up
// while its dependencies were away, and healed whether it was started again
// when they were back.
func started(seen int, healed time.Duration) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		m, _ := e.Phase(deployStart, phaseAlone)
		for i := range e.Injections {
			in := &e.Injections[i]
			if in.Experiment != deployStart || in.Phase != phaseAlone {
				continue
			}
			in.Asked, in.Began, in.Hits, in.Error = m.Began, m.Began, 1, ""
			if in.Fault.Kind == plumbline.FaultRestart {
				in.Asked, in.Hits, in.Healed = m.Began+aloneAfter, seen, 0
				in.Began = in.Asked + 300*time.Millisecond
				if healed > 0 {
					in.Healed = m.Ended + healed
				}
			}
		}
	}
}

// deaf refuses what uses a dependency also when they are back.
func deaf() func(*plumbline.Evidence) {
	return each(deployStart, "", func(_ int, o *plumbline.Observation) {
		if o.Phase == phaseRecovery && o.Stream != pollName {
			o.Status = 503
		}
	})
}

func TestStartedBeforeItsDependencies(t *testing.T) {
	t.Parallel()
	late := func(e *plumbline.Evidence) {
		m, _ := e.Phase(deployStart, phaseAlone)
		for i := range e.Injections {
			if in := &e.Injections[i]; in.Experiment == deployStart && in.Fault.Kind == plumbline.FaultRestart {
				in.Began = m.Ended + time.Second
			}
		}
	}
	unhit := func(e *plumbline.Evidence) {
		for i := range e.Injections {
			if in := &e.Injections[i]; in.Experiment == deployStart && in.Fault.Kind == plumbline.FaultRefuse {
				in.Hits = 0
			}
		}
	}
	for name, c := range map[string]struct {
		change  func(*plumbline.Evidence)
		outcome plumbline.Outcome
		says    string
	}{
		"it comes up":                    {started(1, 0), plumbline.Pass, "came up within 300ms"},
		"it ends, and is started again":  {started(0, time.Second), plumbline.Pass, "did not come up, and was started again with them"},
		"it waits for them":              {all(started(1, 0), late), plumbline.Pass, "came up only when they were back"},
		"it never serves again":          {all(started(1, 0), deaf()), plumbline.Fail, "still failed"},
		"it ends, and never serves":      {all(started(0, time.Second), deaf()), plumbline.Fail, "did not come up"},
		"nobody missed a dependency":     {all(started(1, 0), unhit), plumbline.Inconclusive, "nobody missed one"},
		"it was not seen to be started":  {started(0, 0), plumbline.Inconclusive, "was not seen to be restarted"},
		"a wire could not be cut off":    {all(started(1, 0), uncut), plumbline.Inconclusive, "could not be cut off"},
		"it did not work before already": {all(started(1, 0), on(deployStart, "", status(503))), plumbline.Inconclusive, "before it was started anew"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, claim, e := spoil(startupOrder+"/orders", c.change, startable)(t)
			if v := judgeStartup(d, claim, e); v.Outcome != c.outcome || !strings.Contains(v.Statement, c.says) {
				t.Errorf("%s: %s", v.Outcome, v.Statement)
			}
		})
	}
}

func uncut(e *plumbline.Evidence) {
	for i := range e.Injections {
		if in := &e.Injections[i]; in.Experiment == deployStart && in.Fault.Kind == plumbline.FaultRefuse {
			in.Error = "no wire"
		}
	}
}
