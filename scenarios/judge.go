package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// Judge draws the verdict on every claim of the plan from the evidence of a
// run and puts them together as a report. It is pure: the same evidence gives
// the same report, today or in a year, and the arguments are left alone. The
// day on which a waiver ends is compared with the day on which the run began.
//
// Each claim is judged by its function first. Then the facts that the harness
// knows about itself are held against it (see proofs.missing): they can take
// the proof from a pass or a fail, and never give one.
func Judge(d plumbline.Design, p plumbline.Plan, fns []plumbline.Function, e *plumbline.Evidence) plumbline.Report {
	byID := functionsByID(fns)
	s := sightOf(d, p, fns, e)
	d, p = s.d, s.p
	original := withoutRepetitions(e)
	waivers := waiversOf(d, e)
	findings := weighed(s, byID, e, original)
	for _, k := range p.Skips {
		findings = append(findings, skippedFinding(byID[k.Function], k))
	}
	amber(d, p, findings)
	inReadingOrder(findings, byID)
	r := assemble(d, p, s.e, findings)
	r.Coverage = coverageOf(d, p, fns, original, findings)
	r.Notes = slices.Concat(r.Notes, restartNotes(d, original), waivers.notes(p, findings), severityNotes(d, p))
	return r
}

// Sofar judges the claims of a plan while the run goes on, from the evidence of
// experiments that have ended. What comes after them can still change it; the
// verdict is that of Judge.
func Sofar(d plumbline.Design, p plumbline.Plan, fns []plumbline.Function, e *plumbline.Evidence) []plumbline.Finding {
	past := *e
	past.Run.Ended = true
	byID := functionsByID(fns)
	s := sightOf(d, p, fns, &past)
	d, p = s.d, s.p
	findings := weighed(s, byID, &past, &past)
	amber(d, p, findings)
	inReadingOrder(findings, byID)
	return findings
}

// weighed judges the claims of a plan. The original is the evidence without
// what was done again.
func weighed(s sight, byID map[string]plumbline.Function, e, original *plumbline.Evidence) []plumbline.Finding {
	d, p := s.d, s.p
	facts := proofsOf(d, p, original)
	waivers := waiversOf(d, e)
	findings := make([]plumbline.Finding, 0, len(p.Claims)+len(p.Skips))
	var causes []string
	for _, c := range p.Claims {
		f, known := byID[c.Function]
		v, times := broken("the catalogue has no function %s", c.Function), ""
		if known {
			v = facts.weigh(f, c, s.judge(f, c, original))
			if v, times = repeated(f, d, c, e, v); times != "" {
				v = shrink(f, d, c, e, v)
			}
		}
		out := finding(f, c, waivers.apply(c, v), p.Seed)
		out.Gates = out.Gates || raised(d, f, out.Outcome)
		out.Repeated = times
		if out.Outcome == plumbline.Fail || out.Outcome == plumbline.Waived {
			out.Waiver = waivers.of(c.ID)
		}
		soften(&out, severityOf(d, c))
		findings = append(findings, out)
		causes = append(causes, v.Cause)
	}
	joinCauses(findings, causes, byID)
	return findings
}

// raised tells whether somebody has declared that what a function finds gates,
// although it is only likely, or advice. What is skipped or waived never does.
func raised(d plumbline.Design, f plumbline.Function, o plumbline.Outcome) bool {
	group, _, _ := strings.Cut(f.ID, "/")
	named := slices.Contains(d.Gates, f.ID) || slices.Contains(d.Gates, group)
	return named && !f.Informs && o != plumbline.Skipped && o != plumbline.Waived
}

// judged calls the judge of a function. A judge that panics is a mistake of
// ours and says nothing about the target.
func judged(f plumbline.Function, d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) (v plumbline.Verdict) {
	defer func() {
		if why := recover(); why != nil {
			v = broken("the judge of %s panicked: %v", f.ID, why)
			v.Remedy = "report it, with the evidence of this run"
		}
	}()
	return f.Judge(d, c, e)
}

// finding joins a claim with its verdict.
func finding(f plumbline.Function, c plumbline.Claim, v plumbline.Verdict, seed uint64) plumbline.Finding {
	out := plumbline.Finding{
		Function: c.Function, Claim: c.ID, Title: f.Title, Statement: c.Statement, Basis: c.Basis, Source: c.Source,
		Dependency: c.Dependency, Operation: c.Operation, Outcome: v.Outcome, Reason: v.Statement, Code: v.Reason,
		Measured: v.Measured, Allowed: v.Allowed, Floor: v.Floor, Interval: v.Interval, Unit: v.Unit, Samples: v.Samples, Remedy: v.Remedy, Standard: f.Standard,
		Evidence: []plumbline.Exhibit{}, Wrong: v.Wrong, Patch: v.Patch,
		Replay: fmt.Sprintf("plumbline run --only %s --seed %d", c.Function, seed),
	}
	if v.Reason != "" {
		out.Reason = string(v.Reason) + ": " + v.Statement
	}
	out.Evidence = append(out.Evidence, v.Evidence[:min(len(v.Evidence), exhibitLimit)]...)
	switch v.Outcome {
	case plumbline.Skipped, plumbline.Waived:
	default:
		out.Gates = !f.Informs && levelOf(f, v) == plumbline.LevelProved
	}
	if v.Outcome == plumbline.Fail {
		out.Level = levelOf(f, v)
	}
	if f.Repeats || f.ID == sloAtTarget && v.Outcome == plumbline.Fail {
		out.Replay = "plumbline replay " + c.ID
	}
	return out
}

// skippedFinding shows what will not be judged beside what was.
func skippedFinding(f plumbline.Function, s plumbline.Skip) plumbline.Finding {
	id := s.Function
	if s.Subject != "" {
		id += "/" + s.Subject
	}
	out := plumbline.Finding{
		Function: s.Function, Claim: id, Title: f.Title, Statement: f.Title, Outcome: plumbline.Skipped,
		Reason: string(s.Reason), Code: s.Reason, Standard: f.Standard, Evidence: []plumbline.Exhibit{},
	}
	if s.Detail != "" {
		out.Reason += ": " + s.Detail
	}
	if s.Unlock != "" {
		out.Remedy = "to unlock it: " + s.Unlock
	}
	return out
}

// amber takes the gate from objectives that only a demonstrated breach shall
// fail and that the sample could not decide. They stay visible.
func amber(d plumbline.Design, p plumbline.Plan, findings []plumbline.Finding) {
	decision := map[string]plumbline.Decision{}
	for _, c := range p.Claims {
		if o, ok := promiseOf(d, c); ok {
			decision[c.ID] = o.Decision
		}
	}
	for i := range findings {
		f := &findings[i]
		wanted, objective := decision[f.Claim]
		if objective && wanted != plumbline.DecisionProve && f.Outcome == plumbline.Inconclusive && openCode(f.Code) {
			f.Gates = false
		}
	}
}

// openCode tells whether a load could not decide, and nothing was wrong.
func openCode(r plumbline.Reason) bool {
	return r == plumbline.ReasonUndecided || r == plumbline.ReasonLoadTooLow
}

// inReadingOrder sorts findings for a reader: failures first, and among them
// those closest to the cause.
func inReadingOrder(findings []plumbline.Finding, byID map[string]plumbline.Function) {
	slices.SortStableFunc(findings, func(a, b plumbline.Finding) int {
		return cmp.Or(
			plumbline.CompareOutcome(a.Outcome, b.Outcome),
			cmp.Compare(byID[a.Function].Order, byID[b.Function].Order),
			cmp.Compare(a.Claim, b.Claim),
		)
	})
}
