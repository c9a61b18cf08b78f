package scenarios

import (
	"time"

	"github.com/plumbline-dev/plumbline"
)

const rollingRestart = "deploy/rolling-restart"

// rollMargin is how long before the end of the phase a restart has to be over,
// so that the instance that was restarted last has been sent requests.
const rollMargin = time.Second

func theRoll() upheaval {
	return upheaval{
		function: rollingRestart, experiment: deployRoll, phase: "roll", kind: plumbline.FaultRestart,
		title:     "the instances of the target are restarted one after the other",
		statement: "a rolling restart loses no request",
	}
}

func init() {
	register(plumbline.Function{
		ID:    rollingRestart,
		Title: "Restarting one instance after the other loses no request",
		Doc: `Method: 42 requests a second go to at least two instances of the target, reads and, where what they make can be deleted, creations; after four seconds the instances are restarted one after the other, and twelve seconds later it ends. Of a process that the run has started, target.scales instances are started behind a balancer of the run's own: it sends each in turn, lets go of an instance and waits for what it has sent there, a second at most, before that is asked to end, and sends again when the readiness path answers 2xx, or without one when connections are taken. A cluster and a hook called restart do it their own way, with 8 requests a second for 75 s.
Criterion: from the restart on every request is answered, and none with a 5xx.
Guard: only where several instances are declared (target.scales, or target.instances with a cluster or a hook). In the two seconds before the restart none of at least ten requests may have failed, one has to be answered 2xx and as the document has it, at least 400 have to be sent after it, and the restart has to be over a second before they end. What the client sent again by itself, because a connection that it had kept was closed (RFC 9112 §9.3.1), is told and not judged. How long requests took is not judged: on one machine, what starts takes processors from what serves.`,
		Standard: "Kubernetes, Performing a Rolling Update; Kubernetes, Pod Lifecycle: readiness; RFC 9112 §9.3.1",
		Mutants:  []string{"ready-too-early"},
		Order:    57,
		Plan:     func(d plumbline.Design) plumbline.Proposal { return theRoll().plan(d) },
		Judge:    judgeRoll,
	})
}

func judgeRoll(d plumbline.Design, _ plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	t, v, ok := theRoll().toll(d, e)
	if !ok {
		return v
	}
	took := readable(t.done.Began - t.done.Asked)
	f := figure{float64(len(t.lost)), 0, "requests", len(t.after)}
	switch {
	case len(t.lost) > 0:
		v := fail(f, "of %s from the restart on %d were lost (%s), the first %s after it began; it took %s",
			plural(len(t.after), "request"), len(t.lost), answers(t.lost), readable(max(0, t.lost[0].Done()-t.done.Asked)), took)
		v.Evidence, v.Cause = exhibits(e, t.lost), "roll"
		v.Remedy = "be ready only once requests can be served, and on SIGTERM let what is in flight finish"
		return v
	case t.done.Began > t.mark.Ended-rollMargin:
		return inconclusive(plumbline.ReasonIncomplete, "none of %s was lost, but the restart took %s and was not over a second before they ended", plural(len(t.after), "request"), took)
	}
	again := ""
	if t.resent > 0 {
		again = "; the client sent " + plural(t.resent, "request") + " again over another connection"
	}
	return pass(f, "none of %s was lost while %d instances were restarted one after the other within %s%s", plural(len(t.after), "request"), d.Environment.Abreast(), took, again)
}
