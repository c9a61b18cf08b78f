package scenarios

import (
	"fmt"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const dbOutage = "resilience/db-outage"

// What a database does beside being lost.
const (
	cutFor     = 1500 * time.Millisecond
	slowFor    = 1300 * time.Millisecond
	slowEach   = 100 * time.Millisecond // each way
	cutBeyond  = 2                      // requests that may fail beyond the connections that were cut
	dbMostSlow = 0.1                    // of the requests that may fail for slowness
)

func init() {
	register(plumbline.Function{
		ID:    dbOutage,
		Title: "The loss of the database is clean, and heals",
		Doc: `Method: in the outage of a database all its connections are reset at once, with new ones left alone, for 1.5 s; then it answers 200 ms later for 1.3 s; then it hangs, takes no connections, refuses them, and is back.
Criterion: after the reset no more requests fail than connections were cut, and two. Ninety requests in a hundred bear the slowness. What fails, and every answer while it hangs or refuses, is clean (2xx, or a declared status, else 502, 503, 504 or 429) and in time, the declared timeout or 5 s, plus max(100 ms, 10 %); one in ten may be another, and one in five late. At the end the service is as resilience/recovers-after-outage has it.
Guard: only a dependency that is declared to be a database (kind), on a TCP wire. It must have worked before, and each fault must have been delivered. What healthy requests took before (at most 500 ms) is added to bounds. A service whose timeout is below three quarters of a second need not bear the slowness. Whether connections leak, and what liveness says, is not looked at here.`,
		Standard: "Nygard, Release It!, Integration Points",
		Mutants:  []string{"dead-connections-kept"},
		Order:    56,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, dbOutage, func(dep plumbline.Dependency) plumbline.Proposal {
				switch {
				case dep.Kind != plumbline.KindDatabase:
					return unclaimed(dep, plumbline.ReasonNotDeclared, dep.Name+" is not declared to be a database", "dependencies."+dep.Name+".kind: database")
				case dep.Wire != plumbline.WireTCP:
					return unclaimed(dep, plumbline.ReasonNotApplicable, "the connections of a wire of kind http are not cut", "a wire of kind tcp to "+dep.Name)
				}
				o, ok := outageOf(d, dep)
				if !ok {
					return plumbline.Proposal{Skips: []plumbline.Skip{noUsers(d, dep)}}
				}
				return claimed(plumbline.BasisDeclared, dep.Source, fmt.Sprintf("connections to %s that are lost cost one request each, and what cannot have it fails cleanly within %s", dep.Name, readable(timeoutOf(dep))), o.experiment())
			})
		},
		Judge: judgeDatabase,
	})
}

func judgeDatabase(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	s, v, ok := inquire(d, c, e).struck(phaseCut, phaseSlow, phaseHang, phaseRecovery)
	if !ok {
		return v
	}
	for _, phase := range []string{phaseCut, phaseSlow, phaseHang} {
		if v, ok := s.lost(phase); !ok {
			return v
		}
	}
	for _, look := range []func() (plumbline.Verdict, bool){s.afterCut, s.whileSlow, s.whileLost} {
		if v, ok := look(); !ok {
			return v
		}
	}
	base, back := s.using(phaseBaseline), s.using(phaseRecovery)
	if len(back) == 0 {
		return inconclusive(plumbline.ReasonTooFewSamples, "no request was sent after the outage")
	}
	tail := dueFrom(back, back[0].seen.Due+s.o.recoversIn())
	if len(tail) < hitsLeast {
		return inconclusive(plumbline.ReasonTooFewSamples, "%s after the bound of %s, %d are needed", plural(len(tail), "request"), readable(s.o.recoversIn()), hitsLeast)
	}
	if v := s.judgeRecovered(base, tail); v.Outcome != plumbline.Pass {
		return v
	}
	cut, _ := s.delivered(s.o.id(), phaseCut)
	failed := len(unsuccessful(s.using(phaseCut)))
	return pass(figure{float64(failed), float64(cut + cutBeyond), "requests", len(s.using(phaseCut))},
		"after %s of %s had been reset %s failed; slow, hung and refused it cost clean answers in time, and %s later all was as before",
		plural(cut, "connection"), s.dep.Name, plural(failed, "request"), readable(s.o.recoversIn()))
}

// afterCut looks at what the reset of all connections cost.
func (s outageSight) afterCut() (plumbline.Verdict, bool) {
	all := s.using(phaseCut)
	cut, _ := s.delivered(s.o.id(), phaseCut)
	lost := unsuccessful(all)
	if most := cut + cutBeyond; len(lost) > most && len(lost) > len(all)/10 {
		v := fail(figure{float64(len(lost)), float64(most), "requests", len(all)}, "after %s of %s had been reset, and new ones worked, %d of %d requests failed (%s)",
			plural(cut, "connection"), s.dep.Name, len(lost), len(all), answers(observed(lost)))
		v.Evidence, v.Remedy = s.exhibits(lost), "take a connection that has failed out of the pool, and try again over a new one"
		return v, false
	}
	return s.clean("when connections had been reset", all)
}

// whileSlow looks at what slowness cost.
func (s outageSight) whileSlow() (plumbline.Verdict, bool) {
	all := s.using(phaseSlow)
	lost := unsuccessful(all)
	if timeoutOf(s.dep) >= 8*slowEach && float64(len(lost)) > dbMostSlow*float64(len(all)) {
		v := fail(figure{float64(len(lost)), dbMostSlow * float64(len(all)), "requests", len(all)}, "while %s answered %s later %d of %d requests failed (%s)",
			s.dep.Name, readable(2*slowEach), len(lost), len(all), answers(observed(lost)))
		v.Evidence, v.Remedy = s.exhibits(lost), "let requests wait for "+s.dep.Name+" as long as is declared"
		return v, false
	}
	return s.clean("while it was slow", all)
}

// whileLost looks at the answers while the database hung and refused.
func (s outageSight) whileLost() (plumbline.Verdict, bool) {
	if v, ok := s.clean("while it hung", s.using(phaseHang)); !ok {
		return v, false
	}
	return s.clean("while it refused", s.using(phaseDown))
}

// clean says whether answers are clean and in time.
func (s outageSight) clean(when string, all []trial) (plumbline.Verdict, bool) {
	limit := timeoutOf(s.dep)
	limit += tolerance(limit) + min(noiseLimit, answeredBy(s.using(phaseBaseline), 0.99))
	g := s.graded(all, limit, false)
	switch {
	case g.n < hitsLeast:
		return inconclusive(plumbline.ReasonTooFewSamples, "%s %s, %d are needed", plural(g.n, "request"), when, hitsLeast), false
	case !g.bad():
		return plumbline.Verdict{}, true
	}
	v := fail(figure{float64(len(g.wrong) + len(g.late)), float64(g.mostWrong()), "bad answers", g.n}, "%s, %s: %d of %d requests were answered neither cleanly nor in time: %s",
		s.dep.Name, when, len(g.wrong)+len(g.late), g.n, counted(g.why))
	v.Evidence, v.Remedy = s.exhibits(g.worst()), fmt.Sprintf("map every failure of %s to %s, in time", s.dep.Name, statuses(cleanStatuses(s.dep)))
	return v, false
}
