package scenarios

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// contractReleased is the experiment that sends what the released document
// allows.
const contractReleased = "contract/released"

// releasedCases sends the requests that were made from the released document.
func releasedCases(d plumbline.Design) plumbline.Experiment {
	ph := plumbline.Phase{Name: "released", Role: plumbline.RoleProbe, Workers: callWorkers}
	for _, o := range inCallOrder(replayable(d)) {
		for _, c := range o.Cases {
			ph.Calls = append(ph.Calls, plumbline.Call{Name: c.ID, Operation: o.ID, Own: &c})
		}
	}
	return plumbline.Experiment{
		ID: contractReleased, Title: "what the released document allows is still answered as it says", Kind: plumbline.KindContract, Phases: []plumbline.Phase{ph},
	}
}

// replayable are the released operations that the mode lets a run call.
func replayable(d plumbline.Design) []plumbline.Operation {
	var out []plumbline.Operation
	for _, o := range d.Released {
		now, there := d.Operation(o.ID)
		switch {
		case !there && o.Safe():
		case !there || !callable(d, now):
			continue
		case leavesTrace(d, now):
			o.Cases = o.Cases[:1]
		}
		out = append(out, o)
	}
	return out
}

// planReplays makes a claim for each operation of the released document.
func planReplays(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	for _, o := range replayable(d) {
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: noBreakingChange + "/replay/" + o.ID, Function: noBreakingChange, Operation: o.ID, Basis: plumbline.BasisDeclared, Source: o.Source,
			Statement: "what " + d.Base + " allows clients to ask of " + o.ID + " is answered as it says", Experiments: []string{contractReleased},
		})
	}
	if len(p.Claims) > 0 {
		p.Experiments = []plumbline.Experiment{releasedCases(d)}
	}
	return p
}

// A replayed is what was seen of the released requests of one operation.
type replayed struct {
	answers map[string]int
	n, ok   int
	wrong   map[string][]plumbline.Observation // by what is wrong
	touched map[string]map[string]bool         // consumers, by what is wrong
	meant   int                                // that allowed_breaking excuses
}

func judgeReplay(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	r := replayed{answers: map[string]int{}, wrong: map[string][]plumbline.Observation{}, touched: map[string]map[string]bool{}}
	_, there := d.Operation(c.Operation)
	for o := range e.Of(contractReleased, "") {
		if o.Operation == c.Operation && o.Error == "" && o.Status > 0 {
			r.observe(d, o, there)
		}
	}
	switch {
	case r.n == 0:
		return inconclusive(plumbline.ReasonIncomplete, "no released request of %s was answered", c.Operation)
	case len(r.wrong) > 0:
		return r.broken(d, e)
	case r.ok == 0:
		return skipped(plumbline.ReasonNotApplicable, "never answered 2xx (%s): not covered", counted(r.answers))
	}
	meant := ""
	if r.meant > 0 {
		meant = fmt.Sprintf("; what differs in %s is allowed", plural(r.meant, "answer"))
	}
	return pass(figure{0, 0, "answers", r.n}, "%s to requests of %s read as it says (%s)%s", plural(r.n, "answer"), d.Base, counted(r.answers), meant)
}

func (r *replayed) observe(d plumbline.Design, o plumbline.Observation, there bool) {
	r.n++
	r.answers[fmt.Sprint(o.Status)]++
	if succeeded(o) {
		r.ok++
	}
	if o.Violates != "" && refusesAsSuch(o.Status, there) {
		r.note(d, o, "", fmt.Sprintf("refused with %d: %s", o.Status, o.Violates))
	}
	for _, m := range o.Marks {
		if m.Kind == plumbline.MarkReleased {
			r.note(d, o, m.Pointer, strings.TrimSpace(m.Pointer+" "+m.Message))
		}
	}
}

// refusesAsSuch tells whether a status refuses the request for what it is: not for who
// sends it, nor for the state of things.
func refusesAsSuch(status int, there bool) bool {
	if !there {
		return slices.Contains([]int{404, 405, 410, 501}, status)
	}
	return slices.Contains([]int{400, 406, 415, 422}, status)
}

// note books what is wrong, unless it is meant to be.
func (r *replayed) note(d plumbline.Design, o plumbline.Observation, field, what string) {
	if excused(d, o.Operation, field) {
		r.meant++
		return
	}
	r.wrong[what] = append(r.wrong[what], o)
	for _, k := range d.Consumers {
		if k.Operation == o.Operation && (field == "" || readsAt(k, field)) {
			if r.touched[what] == nil {
				r.touched[what] = map[string]bool{}
			}
			r.touched[what][k.Consumer] = true
		}
	}
}

// excused tells whether a change that is allowed accounts for a difference: one
// of the operation that names the field, or no field at all.
func excused(d plumbline.Design, operation, field string) bool {
	return slices.ContainsFunc(d.Changes, func(c plumbline.Change) bool {
		if c.Allowed == "" || c.Operation != operation {
			return false
		}
		return field == "" || c.Field == "" || c.Field == field || strings.HasPrefix(field, c.Field+"/")
	})
}

// readsAt tells whether a consumer reads a field, or something in it.
func readsAt(k plumbline.Consumer, field string) bool {
	return slices.ContainsFunc(k.Reads, func(read string) bool { return read == field || strings.HasPrefix(read, field+"/") })
}

// broken is the verdict that clients of the released document are broken. Where
// consumers are known and none of them is touched, it warns.
func (r *replayed) broken(d plumbline.Design, e *plumbline.Evidence) plumbline.Verdict {
	names := map[string]bool{}
	for what := range r.wrong {
		maps.Copy(names, r.touched[what])
	}
	shown := sortedKeys(r.wrong)
	if len(names) > 0 { // what touches somebody comes first
		slices.SortStableFunc(shown, func(a, b string) int { return len(r.touched[b]) - len(r.touched[a]) })
	}
	v := fail(figure{float64(len(r.wrong)), 0, "differences", r.n}, "a client of %s cannot read the answers, or is refused%s: %s",
		d.Base, inBrackets(slices.Sorted(maps.Keys(names))), first(shown, 3))
	if len(d.Consumers) > 0 && len(names) == 0 {
		v.Level = plumbline.LevelLikely
	}
	v.Cause = "not as released: " + shown[0]
	v.Remedy = "answer as before, or give it a new version of the API; what is meant to break goes into allowed_breaking with its reason"
	for _, what := range shown[:min(len(shown), exhibitLimit)] {
		v.Evidence = append(v.Evidence, exhibit(e, telling(r.wrong[what]), what))
		v.Suspects = appendSuspects(v.Suspects, suspectsOf(firsts(r.wrong[what])...)...)
	}
	return v
}

func inBrackets(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " (" + strings.Join(names, ", ") + ")"
}
