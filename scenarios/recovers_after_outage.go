package scenarios

import (
	"fmt"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const recoversAfterOutage = "resilience/recovers-after-outage"

// What full recovery may differ from the time before the outage by.
const (
	recoveredBad   = 3    // requests
	recoveredShare = 0.05 // of the requests, failed
	recoveredTimes = 2    // the latency before
	recoveredMore  = 100 * time.Millisecond
	recoveredCalls = 0.5 // calls for each request before, from which none at all is a sign
)

func init() {
	register(plumbline.Function{
		ID:    recoversAfterOutage,
		Title: "After an outage the service is as before, by itself",
		Doc: `Method: the dependency is lost for all under steady traffic, a minute or, where the design declares within what time it recovers, as long as the breaker needs; then the fault is healed and the same traffic goes on.
Criterion: after the bound (declared; else one minute and the open time of the breaker) at most 5 % of the requests fail, or two of them; their latency (99th percentile from 300 requests, 90th from 100, else 75th) is at most twice that of before, or 100 ms above it; and where requests used to call the dependency and no breaker is declared they do so again.
Guard: it must have worked before, and the outage must have been delivered. Slow answers at a moment when the harness itself sent late are the machine's as likely as the target's. The bound is never shorter than the declared breaker can keep. Where a declared breaker was seen open, calls are still missing and a pause in the traffic brings them back, it is traffic that keeps the breaker open: resilience/breaker-closes judges that, and this claim is left undecided. That nothing was restarted is not checked.`,
		Standard: "Principles of Chaos Engineering: the steady state returns",
		Mutants:  []string{"no-recovery-latch"},
		Order:    58,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, recoversAfterOutage, func(dep plumbline.Dependency) plumbline.Proposal {
				o, ok := outageOf(d, dep)
				if !ok {
					return plumbline.Proposal{Skips: []plumbline.Skip{noUsers(d, dep)}}
				}
				basis := plumbline.BasisDefault
				if d.Recovery > 0 {
					basis = plumbline.BasisDeclared
				}
				return claimed(basis, dep.Source, fmt.Sprintf("within %s of the end of an outage of %s the service is as it was before", readable(o.recoversIn()), dep.Name), o.experiment())
			})
		},
		Judge: judgeRecovers,
	})
}

func judgeRecovers(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	s, v, ok := inquire(d, c, e).struck(phaseRecovery)
	if !ok {
		return v
	}
	base, back := s.using(phaseBaseline), s.using(phaseRecovery)
	if len(back) == 0 {
		return inconclusive(plumbline.ReasonTooFewSamples, "no request was sent after the outage")
	}
	tail := dueFrom(back, back[0].seen.Due+s.o.recoversIn())
	if len(tail) < hitsLeast {
		return inconclusive(plumbline.ReasonTooFewSamples, "%s after the bound of %s, %d are needed", plural(len(tail), "request"), readable(s.o.recoversIn()), hitsLeast)
	}
	v = s.judgeRecovered(base, tail)
	open := opennessOf(base, s.using(phaseDown))
	if v.Outcome == plumbline.Fail && s.dep.Breaker != nil && open.shut() && stillShut(open, tail) && s.settled() {
		held := inconclusive(plumbline.ReasonUndecided, "%s; but after a pause in the traffic of %s all was as before: what keeps it down is the traffic on the breaker, which %s judges",
			v.Statement, readable(openFor(s.dep)+settleMore), breakerCloses)
		held.Evidence = v.Evidence
		return held
	}
	return v
}

// judgeRecovered compares the end of the recovery with the time before the
// outage.
func (s outageSight) judgeRecovered(base, tail []trial) plumbline.Verdict {
	when := readable(s.o.recoversIn()) + " after the end of the outage"
	remedy := "let nothing that the outage of " + s.dep.Name + " changed outlive it: flags, pools, breakers, backlogs"
	lost := unsuccessful(tail)
	share := float64(len(lost)) / float64(len(tail))
	if len(lost) >= recoveredBad && share > recoveredShare {
		v := fail(figure{share, recoveredShare, "ratio", len(tail)}, "%s %d of %d requests still failed (%s)", when, len(lost), len(tail), answers(observed(lost)))
		v.Evidence, v.Remedy = s.exhibits(lost), remedy
		return v
	}
	q := lateQuantile(min(len(tail), len(base)))
	now, before := quantileOf(times(tail), q).value, quantileOf(times(base), q).value
	limit := max(recoveredTimes*before, before+recoveredMore)
	f := figure{milliseconds(now), milliseconds(limit), "ms", len(tail)}
	if late := latest(tail); now > limit && late > stallLimit {
		return inconclusive(plumbline.ReasonNoise, "%s the %s percentile was %s, %s before it; but the harness itself sent a request %s late",
			when, ordinal(q), readable(now), readable(before), readable(late))
	}
	if now > limit {
		v := fail(f, "%s the %s percentile was %s, %s before it", when, ordinal(q), readable(now), readable(before))
		v.Evidence, v.Remedy = s.exhibits(tail), remedy
		return v
	}
	if usual := callsPerRequest(base); s.dep.Breaker == nil && usual >= recoveredCalls && callsOf(tail) == 0 {
		v := fail(figure{0, usual, "calls", len(tail)}, "%s none of %d requests called %s any more; %.2f calls each before it", when, len(tail), s.dep.Name, usual)
		v.Evidence, v.Remedy = s.exhibits(tail), remedy
		return v
	}
	return pass(f, "%s %d of %d requests succeeded; the %s percentile was %s, %s before the outage",
		when, len(tail)-len(lost), len(tail), ordinal(q), readable(now), readable(before))
}

// stallLimit is how late a request may be sent before slow answers beside it may
// be the machine's doing.
const stallLimit = 50 * time.Millisecond

// latest is how long after it was due the latest request was sent.
func latest(trials []trial) time.Duration {
	var out time.Duration
	for _, t := range trials {
		out = max(out, t.seen.Sent-t.seen.Due)
	}
	return out
}

// ordinal writes a quantile as a percentile: "99th".
func ordinal(q float64) string { return fmt.Sprintf("%.0fth", 100*q) }
