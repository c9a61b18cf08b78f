package scenarios

import (
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const wireIsLive = "harness/wire-is-live"

// wireGrace is how long after a call an exchange without our trace id may
// still begin and count as set off by it.
const wireGrace = 50 * time.Millisecond

func init() {
	register(plumbline.Function{
		ID:    wireIsLive,
		Title: "The recording proxy carries the traffic to the dependency",
		Doc: `Method: the seed request of every operation is sent once, one after the other, and the exchanges on the wire of each dependency are counted; those of the rest of the run count as well, so that a cache that hid the first call does not hide the wire.
Criterion: at least one exchange that carries a trace id of this run or, where the target hands none on, one that began while a call of this self-check was in flight. A TCP wire counts connections and bytes, and the connections that faults hit.
Guard: it never accuses the target. On a dark wire no claim about that dependency is judged: the target may well reach the dependency past the proxy.`,
		Standard: "the vacuity rule: no proof, no pass",
		Informs:  true,
		Order:    11,
		Plan:     planWiresLive,
		Judge: func(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
			dep, _ := d.Dependency(c.Dependency)
			return judgeWire(dep, e)
		},
	})
}

func planWiresLive(d plumbline.Design) plumbline.Proposal {
	if len(d.Dependencies) == 0 {
		return plumbline.Proposal{Skips: []plumbline.Skip{needsWire(wireIsLive)}}
	}
	var p plumbline.Proposal
	for _, dep := range d.Dependencies {
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: wireIsLive + "/" + dep.Name, Function: wireIsLive, Dependency: dep.Name, Basis: plumbline.BasisDeclared, Source: dep.Source,
			Statement:   "the traffic to " + dep.Name + " passes through the recording proxy",
			Experiments: []string{wiresLive},
		})
	}
	p.Experiments = []plumbline.Experiment{wireSelfCheck(d)}
	return p
}

// needsWire is the skip of a function that needs to see a dependency.
func needsWire(function string) plumbline.Skip {
	return plumbline.Skip{
		Function: function, Reason: plumbline.ReasonNeedsWire,
		Detail: "no dependency is declared, so nothing behind the target can be seen", Unlock: "dependencies[]",
	}
}

// wireSelfCheck lets the proxy prove itself and then sends every seed request
// once.
func wireSelfCheck(d plumbline.Design) plumbline.Experiment {
	live := plumbline.Phase{Name: "live", Role: plumbline.RoleProbe}
	for _, o := range inCallOrder(d.Operations) {
		if callable(d, o) {
			live.Calls = append(live.Calls, plumbline.Call{Name: o.ID, Operation: o.ID})
		}
	}
	return plumbline.Experiment{
		ID: wiresLive, Title: "the wires carry traffic and change nothing", Kind: plumbline.KindHarness,
		Phases: []plumbline.Phase{
			{Name: "self-check", Role: plumbline.RoleProbe, Checks: []string{checkWires, checkProxy}},
			live,
		},
	}
}

func judgeWire(dep plumbline.Dependency, e *plumbline.Evidence) plumbline.Verdict {
	u := wireUseOf(dep.Name, e)
	switch {
	case u.traced > 0:
		return pass(figure{float64(u.traced), 1, "exchanges", u.seen}, "%s of this run on the wire to %s, set off by %s",
			plural(u.traced, "exchange"), dep.Name, strings.Join(u.operations, ", "))
	case u.during > 0:
		return pass(figure{float64(u.during), 1, "exchanges", u.seen}, "%s on the wire to %s while calls were in flight, none with a trace id of this run",
			plural(u.during, "exchange"), dep.Name)
	case u.connections > 0:
		return pass(figure{float64(u.connections), 1, "connections", u.connections}, "%s with %d bytes on the wire to %s",
			plural(u.connections, "connection"), u.bytes, dep.Name)
	case u.hits > 0 && dep.Wire == plumbline.WireTCP:
		return pass(figure{float64(u.hits), 1, "hits", u.hits}, "%s on the wire to %s were hit by faults", plural(u.hits, "connection"), dep.Name)
	}
	v := inconclusive(plumbline.ReasonWireDark, "nothing was seen on the wire to %s (%s of other traffic)", dep.Name, plural(u.seen, "exchange"))
	v.Remedy = "point the target at the address on which the wire of " + dep.Name + " listens"
	return v
}

// A wireTally is how much went over the wire of one dependency.
type wireTally struct {
	seen        int // exchanges in all
	traced      int // with a trace id of this run
	during      int // without, while a call of the self-check was in flight
	connections int // on a TCP wire
	bytes       int64
	hits        int      // of faults; a connection that stays open is not an exchange yet
	operations  []string // that set off the traced ones, sorted
}

func wireUseOf(dependency string, e *plumbline.Evidence) wireTally {
	operation := map[string]string{}
	var calls []plumbline.Observation
	for _, o := range e.Observations {
		operation[o.Trace] = o.Operation
		if o.Experiment == wiresLive {
			calls = append(calls, o)
		}
	}
	var u wireTally
	users := map[string]bool{}
	for _, x := range onWire(e, dependency) {
		u.seen++
		switch {
		case x.Trace != "" && plumbline.TraceRun(x.Trace) == e.Run.ID:
			u.traced++
			users[operation[x.Trace]] = true
		case x.Method == "":
			u.connections++
			u.bytes += x.In + x.Out
		case x.Method != "" && inFlight(calls, x):
			u.during++
		}
	}
	for _, x := range faultsOn(e, dependency) {
		u.hits += x.hits
	}
	delete(users, "")
	u.operations = sortedKeys(users)
	if len(u.operations) == 0 {
		u.operations = []string{"requests under load"}
	}
	return u
}

// inFlight says whether the exchange began while one of the calls, made one
// after the other, was waiting for its answer.
func inFlight(calls []plumbline.Observation, x plumbline.Exchange) bool {
	return slices.ContainsFunc(calls, func(o plumbline.Observation) bool {
		return x.Began >= o.Sent && x.Began <= o.Done()+wireGrace
	})
}
