package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const teardownVerified = "harness/teardown-verified"

func init() {
	register(plumbline.Function{
		ID:    teardownVerified,
		Title: "Nothing is left broken",
		Doc: `Method: faults are leases that end with their phase or, should the controller die, by themselves. At the end of the run every wire is asked to pass a request through, and the second baseline is taken.
Criterion: every fault was seen to heal, every wire that was broken passes through again, and what was healthy in the first baseline is healthy in the second.
Guard: it never accuses the target. An operation that is only slow in a second baseline whose generator fell behind may be slow for want of processor time: inconclusive. If it does not hold, the run says so with an exit code of its own, whatever the other verdicts; but a second baseline whose ill health resilience/recovers-after-outage has proved to be the target's own is that function's verdict. Resources that the API cannot delete are listed as survivors; they break nothing.`,
		Standard: "Chaos Toolkit rollbacks; leases with a dead man's switch",
		Informs:  true,
		Order:    15,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			if len(d.Dependencies) == 0 {
				return plumbline.Proposal{Skips: []plumbline.Skip{needsWire(teardownVerified)}}
			}
			p := planBaselines(d)
			return plumbline.Proposal{
				Claims: []plumbline.Claim{{
					ID: teardownVerified + "/wires", Function: teardownVerified, Basis: plumbline.BasisDefault,
					Statement:   "every fault has healed and every wire passes through",
					Experiments: []string{teardown},
				}},
				Experiments: append(p.Experiments, plumbline.Experiment{
					ID: teardown, Title: "nothing is left broken", Kind: plumbline.KindHarness,
					Phases: []plumbline.Phase{{Name: "pass-through", Role: plumbline.RoleProbe, Checks: []string{checkPassThrough}}},
				}),
			}
		},
		Judge: func(d plumbline.Design, _ plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
			return judgeTeardown(d, e)
		},
	})
}

func judgeTeardown(d plumbline.Design, e *plumbline.Evidence) plumbline.Verdict {
	left, unknown := notHealed(e), notVerified(d, e)
	unwell, unsure := notWell(d, e)
	injected, passing := len(leasesOf(e)), len(passThrough(e))
	switch {
	case len(left) > 0:
		v := broken("%s", strings.Join(left, "; "))
		v.Remedy = "heal the wires with `plumbline clean`; leases that nobody renews end by themselves"
		return v
	case len(unwell) > 0:
		v := broken("%s", strings.Join(unwell, "; "))
		v.Remedy = "the wires pass through and the target is not well: look at what it kept from the outages, or restart it"
		return v
	case len(unsure) > 0:
		v := inconclusive(plumbline.ReasonGeneratorSaturated, "%s", strings.Join(unsure, "; "))
		v.Remedy = moreRoom
		return v
	case len(unknown) > 0:
		return inconclusive(plumbline.ReasonIncomplete, "%s", strings.Join(unknown, "; "))
	case passing == 0:
		return inconclusive(plumbline.ReasonIncomplete, "no wire was asked to pass a request through")
	}
	return pass(figure{0, 0, "faults left", injected}, "%s healed, %s confirmed to pass through, the second baseline is as healthy as the first",
		plural(injected, "fault"), plural(passing, "wire"))
}

// notRestored lists what the run has to answer for: faults and wires, and
// operations that were healthy before it. These are left out where a finding
// proves that the target itself does not recover from an outage that is over.
func notRestored(d plumbline.Design, e *plumbline.Evidence, findings []plumbline.Finding) []string {
	left := notHealed(e)
	proved := slices.ContainsFunc(findings, func(f plumbline.Finding) bool {
		return f.Function == recoversAfterOutage && f.Outcome == plumbline.Fail
	})
	if !proved {
		unwell, _ := notWell(d, e)
		left = append(left, unwell...)
	}
	return left
}

// notHealed lists the faults and wires that are known to be left broken.
func notHealed(e *plumbline.Evidence) []string {
	var left []string
	for _, l := range leasesOf(e) {
		if !l.refused && l.Healed == 0 {
			left = append(left, strings.TrimSuffix(fmt.Sprintf("the fault %s %s was not seen to heal: %s", l.Fault.Kind, placeOf(l.Fault), l.Error), ": "))
		}
	}
	checks := passThrough(e)
	for _, wire := range sortedKeys(checks) {
		if c := checks[wire]; !c.OK {
			left = append(left, strings.TrimSuffix(fmt.Sprintf("the wire to %s does not pass through: %s", wire, c.Detail), ": "))
		}
	}
	return left
}

// placeOf says where a fault is.
func placeOf(f plumbline.Fault) string {
	if f.Kind.OfDeployment() {
		return "of " + f.Dependency
	}
	return "on the wire to " + f.Dependency
}

// Unhealed names what faults of a kind are about that are not known to have
// ended, each once.
func Unhealed(e *plumbline.Evidence, kind plumbline.FaultKind) []string {
	var out []string
	for _, l := range leasesOf(e) {
		if l.Fault.Kind == kind && !l.refused && l.Healed == 0 && !slices.Contains(out, l.Fault.Dependency) {
			out = append(out, l.Fault.Dependency)
		}
	}
	return out
}

// notWell lists the operations that were healthy before the run only, and those of
// which that is not sure: they are slow, and so was the generator.
func notWell(d plumbline.Design, e *plumbline.Evidence) (unwell, unsure []string) {
	late := ""
	for _, h := range e.Health {
		if h.Experiment == baselineAfter && late == "" {
			late = saturation(h)
		}
	}
	operations, _ := baselineOperations(d)
	for _, o := range operations {
		b := baselineOf(d, e, o.ID)
		text := fmt.Sprintf("%s was healthy before the run and is not after it: %s", o.ID, b.after.trouble)
		switch {
		case b.before.succeeded == 0 || b.before.trouble != "" || b.after.trouble == "":
		case b.after.slow && late != "":
			unsure = append(unsure, text+"; the generator was late itself: "+late)
		default:
			unwell = append(unwell, text)
		}
	}
	return unwell, unsure
}

// notVerified lists what was broken during the run and has not been looked at
// since.
func notVerified(d plumbline.Design, e *plumbline.Evidence) []string {
	checks := passThrough(e)
	var unknown []string
	for _, dep := range d.Dependencies {
		_, looked := checks[dep.Name]
		_, all := checks[""]
		faulted := slices.ContainsFunc(leasesOf(e), func(l lease) bool {
			return l.Fault.Dependency == dep.Name && !l.Fault.Kind.OfDeployment() && !l.refused
		})
		if faulted && !looked && !all {
			unknown = append(unknown, "the wire to "+dep.Name+" was not asked to pass through after its faults")
		}
	}
	return unknown
}

// passThrough is the last check of each wire, by the name of the dependency;
// a check without a subject stands for all wires.
func passThrough(e *plumbline.Evidence) map[string]plumbline.Check {
	last := map[string]plumbline.Check{}
	for _, c := range e.Checks {
		if c.Name == checkPassThrough && c.Detail != notAvailable {
			last[c.Subject] = c
		}
	}
	return last
}
