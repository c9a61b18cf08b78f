package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

func judgeBola(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	flow := strangerFlow{operation: c.Operation}.name()
	seen := flownOf(e, authStrangers, flow).steps
	o, _ := d.Operation(c.Operation)
	try, own := seen[stepOther], seen[stepOwn]
	switch {
	case !sentToTarget(try) || try.Status == 0:
		return inconclusive(plumbline.ReasonIncomplete, "no request of another caller reached %s (%s)", c.Operation, stepTold(seen, stepOther))
	case searches(d, o):
		return judgeSearch(d, e, o, flow, seen)
	case succeeded(try):
		return trespassed(e, o, flow, seen)
	case try.Status >= 500:
		return inconclusive(plumbline.ReasonUndecided, "another caller got %d, which neither lets it in nor refuses it", try.Status)
	case !succeeded(own) && !goneMeanwhile(seen):
		return inconclusive(plumbline.ReasonNoPositiveControl, "the owner was not served either (%s): why %s was refused is open", stepTold(seen, stepOwn), try.Identity)
	case !refusedStranger(try):
		return inconclusive(plumbline.ReasonUndecided, "another caller was turned away for another reason (%d)", try.Status)
	case goneMeanwhile(seen):
		v := fail(figure{1, 0, "requests let in", 1}, "%s answers another caller %d, and the owner's thing is gone all the same", o.ID, try.Status)
		return letIn(v, e, flow, seen[stepCreate].Operation, seen[stepOther])
	}
	return turnedAway(d, e, o, flow, seen)
}

// turnedAway is the verdict on an operation that refused the stranger: right,
// unless the thing is shown in the refusal or in its collection.
func turnedAway(d plumbline.Design, e *plumbline.Evidence, o plumbline.Operation, flow string, seen map[string]plumbline.Observation) plumbline.Verdict {
	try, own := seen[stepOther], seen[stepOwn]
	secrets := secretsOf(d, seen[stepCreate])
	list, _ := d.Operation(seen[stepListed].Operation)
	reads := o.Method == "GET" && !searches(d, o)
	switch {
	case holdsAny(try, secrets):
		v := fail(figure{1, 0, "requests let in", 1}, "%s answers %s with %d, and shows what another has created all the same", o.ID, try.Identity, try.Status)
		return letIn(v, e, flow, seen[stepCreate].Operation, try)
	case reads && listedFor(e, flow) && !list.Shared && protected(d, list):
		v := fail(figure{1, 0, "requests let in", 1}, "%s refuses %s with %d, but %s lists the thing to it", o.ID, try.Identity, try.Status, list.ID)
		v = letIn(v, e, flow, seen[stepCreate].Operation, seen[stepListed])
		v.Level, v.Remedy = plumbline.LevelLikely, "list to a caller only what it may read; where everybody may see the list, declare "+list.ID+" shared"
		return v
	}
	return pass(figure{0, 0, "requests let in", 1}, "%s was refused with %d; the owner %s got %d", try.Identity, try.Status, d.Identities[0].Name, own.Status)
}

// searches says whether the operation names the thing in its query.
func searches(d plumbline.Design, o plumbline.Operation) bool {
	_, one := creatorOf(d, o)
	return !one
}

// judgeSearch is the verdict on an operation that is asked for another's thing
// by its query. Anybody may ask; what counts is what is shown.
func judgeSearch(d plumbline.Design, e *plumbline.Evidence, o plumbline.Operation, flow string, seen map[string]plumbline.Observation) plumbline.Verdict {
	try, own := seen[stepOther], seen[stepOwn]
	secrets := secretsOf(d, seen[stepCreate])
	switch {
	case !succeeded(own):
		return inconclusive(plumbline.ReasonNoPositiveControl, "the owner was not served either (%s)", stepTold(seen, stepOwn))
	case !holdsAny(own, secrets):
		return skipped(plumbline.ReasonNotApplicable, "its answer holds no value that only the owner's thing has: not covered")
	case holdsAny(try, secrets):
		v := fail(figure{1, 0, "requests let in", 1}, "%s shows %s what another has created, when asked for by its identifier", o.ID, try.Identity)
		v = letIn(v, e, flow, seen[stepCreate].Operation, try)
		v.Level = plumbline.LevelLikely
		return v
	}
	return pass(figure{0, 0, "requests let in", 1}, "%s was answered %d without anything of what %s has created", try.Identity, try.Status, d.Identities[0].Name)
}

// shortestSecret is how long a value has to be to occur nowhere by chance.
const shortestSecret = 16

// secretsOf are the values that only the thing of a creation has: those that
// were made new for its request.
func secretsOf(d plumbline.Design, created plumbline.Observation) []string {
	c, ok := seed(operationOf(d, created.Operation))
	if !ok || created.Transcript == nil {
		return nil
	}
	var out []string
	for _, b := range c.Unique {
		if b.In != "body" {
			continue
		}
		if v := valueAt(created.Transcript, "request:"+b.Name); len(v) >= shortestSecret {
			out = append(out, v)
		}
	}
	return out
}

func operationOf(d plumbline.Design, id string) plumbline.Operation {
	o, _ := d.Operation(id)
	return o
}

// holdsAny says whether the body of an answer has one of the values.
func holdsAny(o plumbline.Observation, values []string) bool {
	return o.Transcript != nil && slices.ContainsFunc(values, func(v string) bool { return strings.Contains(o.Transcript.ResponseBody, v) })
}

// refusedStranger says whether the status keeps a caller out: by saying so, or
// by not telling that the thing exists (RFC 9110 §15.5.4).
func refusedStranger(o plumbline.Observation) bool {
	return slices.Contains([]int{401, 403, 404, 410}, o.Status)
}

// goneMeanwhile says whether the owner saw its thing before the stranger's
// request and finds it no more after it.
func goneMeanwhile(seen map[string]plumbline.Observation) bool {
	after := seen[stepAfter]
	return succeeded(seen[stepBefore]) && after.Error == "" && (after.Status == 404 || after.Status == 410)
}

// changedMeanwhile says whether the owner finds in its thing what the stranger
// has sent, and had not before.
func changedMeanwhile(seen map[string]plumbline.Observation) bool {
	after := seen[stepAfter]
	if !succeeded(seen[stepBefore]) || !succeeded(after) {
		return false
	}
	taken, differs := false, false
	for _, m := range after.Matches {
		switch {
		case m.Error != "" || m.Fields == 0:
		case m.With == "sent:"+stepOther:
			taken = len(m.Marks) == 0
		case m.With == "answer:"+stepBefore:
			differs = len(m.Marks) > 0
		}
	}
	return taken && differs
}

// trespassed is the verdict on an operation that let a stranger in.
func trespassed(e *plumbline.Evidence, o plumbline.Operation, flow string, seen map[string]plumbline.Observation) plumbline.Verdict {
	try := seen[stepOther]
	proof := ""
	switch {
	case o.Safe() && succeeded(seen[stepOwn]) && sameAnswer(try):
		proof = "it holds what the owner sees"
	case !o.Safe() && goneMeanwhile(seen):
		proof = "the owner's thing is gone since"
	case !o.Safe() && changedMeanwhile(seen):
		proof = "the owner's thing holds since what " + try.Identity + " has sent"
	}
	v := fail(figure{1, 0, "requests let in", 1}, "%s lets %s in: %d to a request for what another has created", o.ID, try.Identity, try.Status)
	switch {
	case proof == "":
		v.Level = plumbline.LevelLikely
		v.Statement += "; that it is the owner's thing which was reached is not proved"
	case listedFor(e, flow):
		v.Level = plumbline.LevelLikely
		v.Statement += fmt.Sprintf("; %s, but the collection shows it to %s as well: it may be shared by design", proof, try.Identity)
	default:
		v.Statement += "; " + proof
	}
	return letIn(v, e, flow, seen[stepCreate].Operation, seen[stepOther])
}

// letIn completes the verdict on a request that should have been refused.
func letIn(v plumbline.Verdict, e *plumbline.Evidence, flow, made string, try plumbline.Observation) plumbline.Verdict {
	v.Remedy = "compare the owner of the thing with the caller before anything is read or changed; where everybody may reach it, declare the operation shared"
	v.Suspects = []plumbline.Suspect{{Experiment: authStrangers, Phase: strangerPhase, Stream: flow}}
	v.Wrong = "service"
	v.Cause = "the owner of what " + made + " makes"
	v.Evidence = exhibits(e, []plumbline.Observation{try})
	return v
}

// sameAnswer says whether the stranger's answer was compared with that of the
// owner and does not differ.
func sameAnswer(o plumbline.Observation) bool {
	return len(o.Matches) > 0 && o.Matches[0].Error == "" && o.Matches[0].Fields > 0 && len(o.Matches[0].Marks) == 0
}

// listedFor says whether the stranger found the thing in its collection.
func listedFor(e *plumbline.Evidence, flow string) bool { return listedBy(e, authStrangers, flow) }

func listedBy(e *plumbline.Evidence, experiment, flow string) bool {
	return slices.ContainsFunc(e.Walked, func(w plumbline.Walked) bool {
		return w.Experiment == experiment && w.Flow == flow && w.Step == stepListed && w.Expected > 0 && len(w.Missing) == 0
	})
}
