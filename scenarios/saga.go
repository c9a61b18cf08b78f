package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// How an operation of several steps is disturbed.
const (
	sagaUsual  = "usual"      // nothing is
	sagaUndo   = "undo fails" // the last step fails, and at first the undo of the first too
	sagaWithin = 30 * time.Second
	sagaLonger = 3 // times as long, where the undo fails at first
	sagaPause  = 300 * time.Millisecond
)

// A disturbance of one step of a saga.
type sagaTrial struct {
	step int
	kind plumbline.FaultKind
}

// sagas are the finite things that are taken in steps of which one can be undone.
func sagas(d plumbline.Design) []plumbline.Finite {
	return slices.DeleteFunc(takings(d), func(f plumbline.Finite) bool {
		return d.Propagation == plumbline.PropagationNone || !slices.ContainsFunc(f.Steps, func(s plumbline.SagaStep) bool { return s.Undoes != "" })
	})
}

// planSaga is the proposal of a function about what is done in steps; all of
// them share one experiment.
func planSaga(d plumbline.Design, function, says string, with func(plumbline.Finite) bool) plumbline.Proposal {
	var p plumbline.Proposal
	for _, f := range sagas(d) {
		if !with(f) {
			continue
		}
		x := sagaExperiment(d, f)
		p.Experiments = append(p.Experiments, x)
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: function + "/" + f.Name, Function: function, Operation: f.Operation, Basis: plumbline.BasisDeclared, Source: f.Source,
			Statement: f.Operation + " " + says, Experiments: []string{x.ID},
		})
	}
	if len(p.Claims) > 0 {
		return p
	}
	s := plumbline.Skip{Function: function, Reason: plumbline.ReasonNotDeclared, Detail: "no operation is declared to do its work in steps that can be undone", Unlock: "finite.NAME.steps"}
	if d.Propagation == plumbline.PropagationNone {
		s.Reason, s.Detail, s.Unlock = plumbline.ReasonNotApplicable, "without trace context no call can be told to belong to a request", "propagation: w3c"
	}
	return plumbline.Proposal{Skips: []plumbline.Skip{s}}
}

// sagaTrials are the ways in which the steps are disturbed: after a step whose
// effect can be undone, the next ones answer 503, hang, and do their work and
// lose the answer; the first can only do the last.
func sagaTrials(f plumbline.Finite) []sagaTrial {
	var out []sagaTrial
	undoable := false
	for i, s := range f.Steps {
		if undoable {
			out = append(out, sagaTrial{i, plumbline.FaultHang}, sagaTrial{i, plumbline.FaultStatus})
		}
		if undoable = undoable || s.Undoes != ""; undoable {
			out = append(out, sagaTrial{i, plumbline.FaultLostResponse})
		}
	}
	return out
}

func (t sagaTrial) name() string {
	what := map[plumbline.FaultKind]string{plumbline.FaultHang: "hangs", plumbline.FaultStatus: "fails", plumbline.FaultLostResponse: "loses its answer"}[t.kind]
	return fmt.Sprintf("step %d %s", t.step+1, what)
}

// lastUndone are the last step, and the first before it that can be undone.
func lastUndone(f plumbline.Finite) (last, first int, ok bool) {
	last = len(f.Steps) - 1
	first = slices.IndexFunc(f.Steps, func(s plumbline.SagaStep) bool { return s.Undoes != "" })
	return last, first, first >= 0 && first < last
}

func sagaTime(f plumbline.Finite) time.Duration {
	if f.Within > 0 {
		return f.Within
	}
	return sagaWithin
}

// sagaExperiment is one request with every step in order, one for each
// disturbance, and one whose undo fails at first.
func sagaExperiment(d plumbline.Design, f plumbline.Finite) plumbline.Experiment {
	x := plumbline.Experiment{ID: dataSaga + "/" + f.Name, Title: "the steps of " + f.Operation + " fail, one after the other", Kind: plumbline.KindScenario}
	x.Phases = []plumbline.Phase{{Name: sagaUsual, Role: plumbline.RoleBaseline, Flows: []plumbline.Flow{sagaFlow(d, f, sagaUsual, 0)}}}
	for _, t := range sagaTrials(f) {
		fault := callFault(f.Steps[t.step].Dependency, f.Steps[t.step].Does, t.kind)
		x.Phases = append(x.Phases, plumbline.Phase{
			Name: t.name(), Role: plumbline.RoleFault, Faults: []plumbline.Fault{fault}, Flows: []plumbline.Flow{sagaFlow(d, f, t.name(), sagaTime(f))},
		})
	}
	if last, first, ok := lastUndone(f); ok {
		undo := callFault(f.Steps[first].Dependency, f.Steps[first].Undoes, plumbline.FaultStatus)
		dep, _ := d.Dependency(undo.Dependency)
		undo.First = 2
		if dep.Retry != nil {
			undo.First = attemptsOf(dep) + 1 // more than one call tries
		}
		x.Phases = append(x.Phases, plumbline.Phase{
			Name: sagaUndo, Role: plumbline.RoleFault, Faults: []plumbline.Fault{callFault(f.Steps[last].Dependency, f.Steps[last].Does, plumbline.FaultStatus), undo},
			Flows: []plumbline.Flow{sagaFlow(d, f, sagaUndo, sagaLonger*sagaTime(f))},
		})
	}
	return x
}

// callFault is a fault of one call of a dependency: "PUT /reservations/".
func callFault(dependency, call string, kind plumbline.FaultKind) plumbline.Fault {
	method, path, _ := strings.Cut(call, " ")
	out := plumbline.Fault{Dependency: dependency, Kind: kind, Scope: plumbline.ScopeRun, Method: method, Path: path}
	if kind == plumbline.FaultStatus {
		out.Status = 503
	}
	return out
}

// sagaFlow reads what is left, takes some, and waits until as much is left as
// before, or the request was answered 2xx.
func sagaFlow(d plumbline.Design, f plumbline.Finite, phase string, within time.Duration) plumbline.Flow {
	flow := plumbline.Flow{Name: f.Name + " " + phase, Why: "steps of " + f.Operation + ": " + phase}
	before, _ := leftStep(d, f, "before")
	after, _ := leftStep(d, f, "after")
	if after.Pause = sagaPause; within > 0 {
		after = asBefore(after, f.Left.At, "before", "take", within)
	}
	family, listed := familyMadeBy(d, f.Operation)
	l := life{d, family}
	listBefore, ok := l.list("list-before", lostPages)
	listed = listed && ok && l.f.ItemID != ""
	flow.Steps = []plumbline.Step{before}
	if listed {
		flow.Steps = append(flow.Steps, listBefore)
	}
	take := takeStep(d, f, "take")
	if op, _ := d.Operation(f.Operation); op.Key != "" {
		take.Own = withKey(op, *take.Own)
	}
	flow.Steps = append(flow.Steps, take, after)
	if listed {
		listAfter, _ := l.list("list-after", lostPages)
		listAfter.Walk.Since, listAfter.Walk.Like = "list-before", "take"
		flow.Steps = append(flow.Steps, listAfter)
	}
	return flow
}

// A sagaSeen is what one disturbed request showed.
type sagaSeen struct {
	flown
	f      plumbline.Finite
	e      *plumbline.Evidence
	taken  plumbline.Observation
	sent   bool
	stays  bool // it was answered 2xx, or what it made is in the list all the same
	listed bool // the list was seen before and after
	back   bool // as much is left as before
}

func sagaSight(e *plumbline.Evidence, f plumbline.Finite, phase string) sagaSeen {
	s := sagaSeen{flown: flownOf(e, dataSaga+"/"+f.Name, f.Name+" "+phase), f: f, e: e}
	s.taken = s.steps["take"]
	s.sent = s.taken.Stream != "" && sentToTarget(s.taken)
	before, known := s.leftIn("before", f.Left.At)
	after, read := s.leftIn("after", f.Left.At)
	s.back = known && read && after >= before
	was, is := s.walk(e, "list-before"), s.walk(e, "list-after")
	s.listed = was.Ended == "end" && is.Ended == "end" && s.taken.Status != 0
	s.stays = succeeded(s.taken) || s.listed && len(is.New) > 0
	return s
}

// calls are the exchanges of a call on the wire that belong to the request; with
// any, also those that belong to no request of this run and came after it, for
// an undo may be made by a job of its own.
func (s sagaSeen) calls(dependency, call string, any bool) []plumbline.Exchange {
	var out []plumbline.Exchange
	for _, x := range s.e.Exchanges {
		ours := x.Trace == s.taken.Trace
		nobodys := any && plumbline.TraceRun(x.Trace) != s.e.Run.ID && x.Began >= s.taken.Sent
		if x.Wire == dependency && (ours || nobodys) && call != "" && strings.HasPrefix(x.Method+" "+x.Path, call) {
			out = append(out, x)
		}
	}
	return out
}

// done says whether a step had its effect: the dependency was asked and said so.
func (s sagaSeen) done(step plumbline.SagaStep) bool {
	return slices.ContainsFunc(s.calls(step.Dependency, step.Does, false), func(x plumbline.Exchange) bool { return x.Upstream/100 == 2 })
}

// undone says whether a step was undone: the dependency said so, or that there
// is nothing to undo.
func (s sagaSeen) undone(step plumbline.SagaStep) bool {
	return slices.ContainsFunc(s.calls(step.Dependency, step.Undoes, true), func(x plumbline.Exchange) bool {
		return x.Upstream/100 == 2 || x.Upstream == 404 || x.Upstream == 410
	})
}

// hit says whether a fault of the kind was delivered to a call of the request.
func (s sagaSeen) hit(dependency, call string, kind plumbline.FaultKind) int {
	n := 0
	for _, x := range s.calls(dependency, call, false) {
		if x.FaultKind == kind {
			n++
		}
	}
	return n
}

// left are the steps that were done and not undone.
func (s sagaSeen) left() []plumbline.SagaStep {
	var out []plumbline.SagaStep
	for _, step := range s.f.Steps {
		if step.Undoes != "" && s.done(step) && !s.undone(step) {
			out = append(out, step)
		}
	}
	return out
}

// waited says whether the run went on for so long after the answer.
func (s sagaSeen) waited(d time.Duration) bool { return s.e.Ended-s.taken.Done() >= d }

// orphaned is the wrongdoing of a request that came to nothing and left
// something behind. It is proved where the list shows that the request has made
// nothing, and the reading that something is missing.
func (s sagaSeen) orphaned(left []plumbline.SagaStep, phase string) wrongdoing {
	level := plumbline.LevelLikely
	if s.listed && !s.back {
		level = plumbline.LevelProved
	}
	var words []string
	for _, step := range left {
		words = append(words, fmt.Sprintf("%s of %s was done and %s never followed", step.Does, step.Dependency, step.Undoes))
	}
	before, _ := s.leftIn("before", s.f.Left.At)
	after, _ := s.leftIn("after", s.f.Left.At)
	what := fmt.Sprintf("when %s the request was answered %s, and %s; of %s %v were left before and %v after", phase, answer(s.taken), strings.Join(words, ", "), s.f.Name, before, after)
	return wrongdoing{level: level, what: what, cause: "saga " + s.f.Name, shown: s.taken, flow: true}
}

// sagaControl is the verdict when the request without a disturbance does not show
// the steps, or the reading does not show what is taken.
func sagaControl(e *plumbline.Evidence, f plumbline.Finite) (plumbline.Verdict, bool) {
	s := sagaSight(e, f, sagaUsual)
	if !s.sent || !succeeded(s.taken) {
		return inconclusive(plumbline.ReasonNoPositiveControl, "without a disturbance %s is answered %s", f.Operation, s.told("take")), false
	}
	for _, step := range f.Steps {
		if !s.done(step) {
			return inconclusive(plumbline.ReasonWireDark, "%s was answered %s, and no %s was seen on the wire to %s", f.Operation, answer(s.taken), step.Does, step.Dependency), false
		}
	}
	before, known := s.leftIn("before", f.Left.At)
	after, read := s.leftIn("after", f.Left.At)
	if !known || !read || before-after < float64(f.Takes) {
		return inconclusive(plumbline.ReasonNoPositiveControl, "%s was answered %s, and the reading of what is left says %v before and %v after: it does not show what is taken", f.Operation, answer(s.taken), before, after), false
	}
	return plumbline.Verdict{}, true
}
