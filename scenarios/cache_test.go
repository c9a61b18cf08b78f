package scenarios

import (
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

func init() {
	const claim = cacheOutage + "/recs"
	specimens[cacheOutage] = specimen{
		kept:     simulated(claim, noDefect, copying),
		broken:   simulated(claim, "optional-is-critical", copying),
		unproven: simulated(claim, nullTarget, copying),
	}
}

// copying makes the optional dependency a cache.
func copying(d *plumbline.Design) { d.Dependencies[2].Kind = plumbline.KindCache }

// A cache may cost one request in a hundred, and be late for one in twenty; what
// is more accuses where chance is out of the question.
func TestTheLossOfACacheMaySlow(t *testing.T) {
	t.Parallel()
	share := func(phase string, permille int, do func(*plumbline.Observation)) func(*plumbline.Evidence) {
		return func(e *plumbline.Evidence) {
			n := 0
			for i := range e.Observations {
				o := &e.Observations[i]
				if o.Experiment != "outage/recs" || o.Phase != phase || o.Stream != "getProduct" {
					continue
				}
				if n += permille; n >= 1000 {
					n -= 1000
					do(o)
				}
			}
		}
	}
	failed := func(o *plumbline.Observation) { o.Status = 503 }
	late := func(o *plumbline.Observation) { o.Latency += 2 * time.Second }
	somewhat := func(o *plumbline.Observation) { o.Latency += 100 * time.Millisecond }
	stalled := func(o *plumbline.Observation) { late(o); o.Sent += 60 * time.Millisecond }
	for name, c := range map[string]struct {
		change  func(*plumbline.Evidence)
		outcome plumbline.Outcome
	}{
		"nothing":                           {func(*plumbline.Evidence) {}, plumbline.Pass},
		"a tenth fails in the hang":         {share(phaseHang, 100, failed), plumbline.Fail},
		"a tenth fails when it is":          {share(phaseDown, 100, failed), plumbline.Fail},
		"little more than one in a hundred": {share(phaseHang, 14, failed), plumbline.Inconclusive},
		"an eighth is late":                 {share(phaseHang, 130, late), plumbline.Fail},
		"one in twenty-five is late":        {share(phaseHang, 40, late), plumbline.Pass},
		"all are slower":                    {share(phaseHang, 1000, somewhat), plumbline.Pass},
		"late, and sent late":               {share(phaseHang, 130, stalled), plumbline.Inconclusive},
		"unwell before":                     {share(phaseBaseline, 1000, failed), plumbline.Inconclusive},
	} {
		d, claim, e := simulated(cacheOutage+"/recs", noDefect, copying)(t)
		c.change(e)
		if v := catalogue[cacheOutage].Judge(d, claim, e); v.Outcome != c.outcome {
			t.Errorf("%s: %s %s: %s", name, v.Outcome, v.Reason, v.Statement)
		}
	}
}

// The bound is the objective of the operation, but no less than what is declared
// to be waited for the cache.
func TestWhatACacheMayTake(t *testing.T) {
	t.Parallel()
	const objective = 400 * time.Millisecond
	for name, c := range map[string]struct {
		timeout    time.Duration
		objectives []plumbline.Objective
		bound      time.Duration
	}{
		"an objective":   {100 * time.Millisecond, []plumbline.Objective{{Target: 0.99, Within: objective}}, objective},
		"a long timeout": {time.Second, []plumbline.Objective{{Target: 0.99, Within: objective}}, 1100 * time.Millisecond},
		"no objective":   {100 * time.Millisecond, nil, 200 * time.Millisecond},
	} {
		d, claim, e := simulated(cacheOutage+"/recs", noDefect, copying)(t)
		d.Dependencies[2].Timeout, d.Objectives = c.timeout, c.objectives
		s, v, ok := inquire(d, claim, e).struck(phaseHang)
		if !ok {
			t.Fatalf("%s: %s", name, v.Statement)
		}
		if got := s.uncachedIn("getProduct"); got < c.bound || got > c.bound+50*time.Millisecond {
			t.Errorf("%s: %s, want %s and what it took before", name, got, c.bound)
		}
	}
}

// What is kept nowhere else is no cache, whatever it is called.
func TestOnlyWhatIsElsewhereIsACache(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind   plumbline.Keeping
		class  plumbline.Class
		claims int
	}{
		"an optional cache":         {plumbline.KindCache, plumbline.ClassOptional, 1},
		"a cache of unknown class":  {plumbline.KindCache, "", 1},
		"sessions":                  {plumbline.KindCache, plumbline.ClassCritical, 0},
		"something else":            {"", plumbline.ClassOptional, 0},
		"a database that is copied": {plumbline.KindDatabase, plumbline.ClassOptional, 0},
	} {
		for _, wire := range []plumbline.Wire{plumbline.WireHTTP, plumbline.WireTCP} {
			d := stocked()
			d.Recovery = 10 * time.Second
			dep := &d.Dependencies[2]
			dep.Kind, dep.Class, dep.Wire, dep.Breaker = c.kind, c.class, wire, nil
			p := catalogue[cacheOutage].Plan(d)
			if len(p.Claims) != c.claims {
				t.Errorf("%s, %s: %+v", name, wire, p)
			}
			if c.claims == 0 {
				continue
			}
			seen := 0
			for _, ph := range p.Experiments[0].Phases {
				if ph.Name == phaseHang || ph.Name == phaseDown {
					seen++
					if sent := ph.Streams[0].Expected(); sent < cacheLeast {
						t.Errorf("%s, %s: %v requests in %s", name, wire, sent, ph.Name)
					}
				}
			}
			if seen != 2 {
				t.Errorf("%s, %s: %d phases without the cache", name, wire, seen)
			}
		}
	}
}
