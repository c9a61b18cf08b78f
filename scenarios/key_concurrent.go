package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const keyConcurrent = "idempotency/key-concurrent"

// How simultaneous duplicates are sent.
const (
	raceRounds   = 10
	raceCopies   = 9 // beside the first
	raceNeeded   = 5 // rounds in which duplicates met
	raceTwice    = 2 // rounds with more than one effect that accuse
	raceWindow   = 200 * time.Millisecond
	raceStepName = "round-"
)

func init() {
	register(plumbline.Function{
		ID:    keyConcurrent,
		Title: "Simultaneous duplicates have one effect",
		Doc: `Method: ten times, a creation with an idempotency key of its own is sent ten times at once, on connections of their own. Where the operation calls a dependency whose wire can be held up, its calls take 200 ms longer (a quarter of the declared timeout at most), so that the duplicates meet while the first is still at work.
Criterion: in no round do the answers name more than one new thing; duplicates are answered like the first or by 409, and never by a 5xx.
Guard: a round counts only when at least two duplicates had been sent before the first was answered, and an answer names what was made. Rounds with keys of their own have to make different things: who always answers the same proves nothing. Two rounds with more than one effect, or with a 5xx, accuse, for one may be chance. 409, 425 and 429 are right answers to a duplicate while the first is outstanding.`,
		Standard: "draft-ietf-httpapi-idempotency-key-header-07 §2.6",
		Mutants:  []string{"idempotency-race"},
		Order:    32,
		Plan:     planConcurrent,
		Judge:    judgeConcurrent,
	})
}

func planConcurrent(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	for _, f := range keyed(d) {
		l := life{d, f}
		op, _ := d.Operation(f.Create)
		flow := plumbline.Flow{Name: op.ID, Why: "duplicates of a creation of " + f.Name + " meet"}
		for i := range raceRounds {
			s := l.make(fmt.Sprintf("%s%d", raceStepName, i+1))
			s.Own, s.Must, s.Copies = withKey(op, op.Cases[0]), false, raceCopies
			s.Own.Kind = plumbline.CaseRobust // a duplicate may be refused
			flow.Steps = append(flow.Steps, s)
		}
		x := idempotencyRace + "/" + op.ID
		ph := plumbline.Phase{Name: "rounds", Role: plumbline.RoleProbe, Faults: widening(d, op), Flows: []plumbline.Flow{flow}}
		p.Experiments = append(p.Experiments, plumbline.Experiment{ID: x, Title: "duplicates of " + op.ID + " meet", Kind: plumbline.KindScenario, Phases: []plumbline.Phase{ph}})
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: keyConcurrent + "/" + op.ID, Function: keyConcurrent, Operation: op.ID, Basis: plumbline.BasisDocument, Source: op.Source,
			Statement: "simultaneous duplicates of " + op.ID + " have one effect", Experiments: []string{x},
		})
	}
	if len(p.Claims) == 0 {
		return unkeyed(keyConcurrent)
	}
	return p
}

// widening holds up the calls of the first dependency that the operation is
// declared to use, where that can be kept to this run.
func widening(d plumbline.Design, op plumbline.Operation) []plumbline.Fault {
	if d.Propagation == plumbline.PropagationNone {
		return nil
	}
	for _, dep := range d.Dependencies {
		if dep.Wire == plumbline.WireHTTP && slices.Contains(dep.Operations, op.ID) {
			return []plumbline.Fault{{Dependency: dep.Name, Kind: plumbline.FaultDelay, Scope: plumbline.ScopeRun, Latency: min(raceWindow, timeoutOf(dep)/4)}}
		}
	}
	return nil
}

// A burst is the answers to one request that was sent several times at once.
type burst struct {
	answers []plumbline.Observation
	ids     []string // that they name, each once
	crashed int
}

// roundsOf are the rounds of a flow: the steps of that prefix, and their copies.
func roundsOf(e *plumbline.Evidence, experiment, flow, prefix, id string) []burst {
	var out []burst
	at := map[string]int{}
	for o := range e.Of(experiment, "") {
		name, ok := strings.CutPrefix(o.Stream, flow+"/"+prefix)
		if !ok || strings.Contains(name, "/") || !sentToTarget(o) {
			continue
		}
		name, _, _ = strings.Cut(name, " ")
		i, known := at[name]
		if !known {
			i = len(out)
			at[name] = i
			out = append(out, burst{})
		}
		r := &out[i]
		r.answers = append(r.answers, o)
		if o.Status >= 500 {
			r.crashed++
		}
		if v := valueAt(o.Transcript, id); succeeded(o) && v != "" && !slices.Contains(r.ids, v) {
			r.ids = append(r.ids, v)
		}
	}
	return out
}

// met says whether at least two had been sent before one of them was answered
// with success.
func (r burst) met() bool {
	var first time.Duration
	for _, o := range r.answers {
		if succeeded(o) && (first == 0 || o.Done() < first) {
			first = o.Done()
		}
	}
	sent := 0
	for _, o := range r.answers {
		if o.Sent < first {
			sent++
		}
	}
	return sent >= 2
}

// counts tells whether duplicates met, and it is seen what came of them.
func (r burst) counts() bool { return r.met() && (len(r.ids) > 0 || r.crashed > 0) }

func judgeConcurrent(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	family, ok := familyMadeBy(d, c.Operation)
	if !ok {
		return broken("the design has no family that %s creates", c.Operation)
	}
	met, most, made := 0, 0, map[string]bool{}
	var several, crashed []burst
	for _, r := range roundsOf(e, idempotencyRace+"/"+c.Operation, c.Operation, raceStepName, family.ID) {
		if !r.counts() {
			continue
		}
		met++
		most = max(most, len(r.ids))
		if len(r.ids) > 1 {
			several = append(several, r)
		}
		if r.crashed > 0 {
			crashed = append(crashed, r)
		}
		for _, id := range r.ids {
			made[id] = true
		}
	}
	f := figure{float64(most), 1, "effects", met}
	switch {
	case len(several) >= raceTwice:
		v := fail(f, "in %d of %s with one key each, the answers name more than one new thing, up to %d (%s)", len(several), plural(met, "round"), most, answers(several[0].answers))
		v.Evidence, v.Cause = exhibitsOf(e, several[0].answers), "idempotency key "+c.Operation
		v.Remedy = "claim the key in one step before the effect, for example by an insert that a unique index refuses"
		return v
	case len(crashed) >= raceTwice:
		v := fail(f, "in %d of %s with one key each, duplicates were answered by a 5xx (%s)", len(crashed), plural(met, "round"), answers(crashed[0].answers))
		v.Evidence, v.Cause = exhibitsOf(e, crashed[0].answers), "idempotency key "+c.Operation
		v.Remedy = "answer 409 to a duplicate while the first is outstanding"
		return v
	case met < raceNeeded:
		return inconclusive(plumbline.ReasonTooFewSamples, "duplicates met in %s, %d are needed", plural(met, "round"), raceNeeded)
	case len(made) < met-len(crashed):
		return inconclusive(plumbline.ReasonNoPositiveControl, "%s with keys of their own name %s: there is nothing that a duplicate could make twice", plural(met, "round"), plural(len(made), "thing"))
	case len(several)+len(crashed) > 0:
		return inconclusive(plumbline.ReasonUndecided, "in one of %s there was more than one effect, or a 5xx", plural(met, "round"))
	}
	return pass(f, "in %s of %d duplicates that met there was one effect each", plural(met, "round"), raceCopies+1)
}

// exhibitsOf shows the first few of the answers.
func exhibitsOf(e *plumbline.Evidence, all []plumbline.Observation) []plumbline.Exhibit {
	var out []plumbline.Exhibit
	for _, o := range all[:min(len(all), 3)] {
		out = append(out, exhibit(e, o, "one of the duplicates"))
	}
	return out
}
