package scenarios

import (
	"time"

	"github.com/plumbline-dev/plumbline"
)

const instanceKill = "deploy/instance-kill"

// What the loss of one instance may cost, and for how long.
const (
	killShare = 0.01
	killOver  = 10 * time.Second
)

func theKill() upheaval {
	return upheaval{
		function: instanceKill, experiment: deployKill, phase: "kill", kind: plumbline.FaultKill, instances: 1,
		title:     "one instance of the target is killed",
		statement: "the loss of one instance costs little, and not for long",
	}
}

func init() {
	register(plumbline.Function{
		ID:    instanceKill,
		Title: "Losing one instance costs little",
		Doc: `Method: as deploy/rolling-restart, and instead of a restart one of the instances is killed (SIGKILL) and not started again before the requests end, twelve seconds later. The balancer that the run puts before its own processes passes a request on to the next instance when one takes no connections; a cluster and a hook called kill do it their own way.
Criterion: of the requests of the ten seconds after the kill at most 1 % are lost (no answer, or a 5xx), and none after that.
Guard: only where several instances are declared (target.scales, or target.instances with a cluster or a hook). In the two seconds before the kill none of at least ten requests may have failed, one has to be answered 2xx and as the document has it, and at least 400 have to be sent after it. More than 1 % accuses only where the one-sided 95 % bound of the share is beyond it, too: what the instance had in hand dies with it.`,
		Standard: "Nygard, Release It!; Kubernetes, Disruptions",
		Mutants:  []string{"needs-its-peer"},
		Order:    58,
		Plan:     func(d plumbline.Design) plumbline.Proposal { return theKill().plan(d) },
		Judge:    judgeKill,
	})
}

func judgeKill(d plumbline.Design, _ plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	t, v, ok := theKill().toll(d, e)
	if !ok {
		return v
	}
	soon, late := 0, []plumbline.Observation{}
	for _, o := range t.after {
		if o.Due < t.done.Asked+killOver {
			soon++
		}
	}
	for _, o := range t.lost {
		if o.Due >= t.done.Asked+killOver {
			late = append(late, o)
		}
	}
	early := len(t.lost) - len(late)
	share := settle(float64(early), float64(soon), killShare, confident)
	f := figure{float64(early) / float64(max(soon, 1)), killShare, "share of requests", soon}
	switch {
	case len(late) > 0:
		v = fail(figure{float64(len(late)), 0, "requests", len(t.after)}, "%d of %s that were sent more than %s after one of %d instances was killed were lost (%s)",
			len(late), plural(len(t.after)-soon, "request"), readable(killOver), d.Environment.Abreast(), answers(late))
		v.Evidence = exhibits(e, late)
	case share.outcome == plumbline.Fail:
		v = fail(f, "%d of %s of the %s after one of %d instances was killed were lost (%s)", early, plural(soon, "request"), readable(killOver), d.Environment.Abreast(), answers(t.lost))
		v.Evidence = exhibits(e, t.lost)
	case f.measured > killShare:
		return inconclusive(plumbline.ReasonUndecided, "%d of %s after one instance was killed were lost (%s), which does not tell whether more than 1 %% are", early, plural(soon, "request"), answers(t.lost))
	default:
		return pass(f, "%d of %s of the %s after one of %d instances was killed were lost, and none after that", early, plural(soon, "request"), readable(killOver), d.Environment.Abreast())
	}
	v.Cause, v.Remedy = "kill", "let no instance need another one, and send requests to those that are ready"
	return v
}
