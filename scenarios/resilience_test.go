package scenarios

import (
	"bytes"
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/scenarios/gherkin"
)

func init() {
	for function, x := range map[string]struct {
		subject string
		defect  defect
	}{
		dependencyMap:       {"recs", "optional-is-critical"},
		faultMatrix:         {"payment", "idle-timeout-only"},
		timeoutBoundsHang:   {"payment", "no-timeout"},
		healthFast:          {"getLiveness", "liveness-waits-in-line"},
		staleConnection:     {"inventory", "stale-connection-is-final"},
		timeoutConnect:      {"store", "no-connect-timeout"},
		dbOutage:            {"store", "dead-connections-kept"},
		reconnectsAfterMove: {"store", "insists-on-connection"},
		cancelOnDisconnect:  {"inventory", "outlives-client"},
		timeoutTotal:        {"payment", "idle-timeout-only"},
		retryBounded:        {"payment", "unbounded-retry"},
		retryJitter:         {"payment", "retry-without-jitter"},
		readinessTruthful:   {"store", "readiness-lies"},
		toleratesGarbage:    {"inventory", "trusts-dependency-json"},
		breakerProbes:       {"payment", "breaker-opens-briefly"},
		breakerSlow:         {"payment", "breaker-ignores-timeouts"},
		breakerIgnores:      {"payment", "breaker-counts-4xx"},
		poolReleases:        {"payment", "leaks-connections"},
		retryRecovers:       {"payment", "no-retry"},
		retryBudget:         {"recs", "no-retry-budget"},
		retryBackoff:        {"payment", "retry-without-backoff"},
		forwardsKey:         {"payment", "one-key-for-all"},
		retryNotOn4xx:       {"payment", "retry-on-404"},
		retryHonours:        {"payment", "retry-after-ignored"},
		retryOnlySafe:       {"payment", "retry-nonidempotent-post"},
		breakerOpens:        {"payment", "breaker-never-opens"},
		breakerCloses:       {"payment", "breaker-never-closes"},
		bulkheadIsolates:    {"payment", "shared-pool-no-bulkhead"},
		optionalDegrades:    {"recs", "optional-is-critical"},
		criticalFailsClean:  {"inventory", "dependency-error-is-500"},
		recoversAfterOutage: {"inventory", "no-recovery-latch"},
		livenessIndependent: {"store", "liveness-depends-on-db"},
	} {
		specimens[function] = specimen{
			kept:     simulated(function+"/"+x.subject, noDefect),
			broken:   simulated(function+"/"+x.subject, x.defect),
			unproven: simulated(function+"/"+x.subject, nullTarget),
		}
	}
}

// simulated is one claim with the evidence of a run on a simulated target.
func simulated(claim string, wrong defect, changes ...func(*plumbline.Design)) func(*testing.T) (plumbline.Design, plumbline.Claim, *plumbline.Evidence) {
	return func(t *testing.T) (plumbline.Design, plumbline.Claim, *plumbline.Evidence) {
		t.Helper()
		d := stocked()
		for _, change := range changes {
			change(&d)
		}
		var only []plumbline.Function
		for _, f := range Functions() {
			if len(claim) > len(f.ID) && claim[:len(f.ID)+1] == f.ID+"/" {
				only = append(only, f)
			}
		}
		p, err := Draw(d, only, 7)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range p.Claims {
			if c.ID == claim {
				p.Experiments = slices.DeleteFunc(p.Experiments, func(x plumbline.Experiment) bool { return !slices.Contains(c.Experiments, x.ID) })
				return d, c, simulate(d, p, wrong, 3, false)
			}
		}
		t.Fatalf("the plan makes no claim %q", claim)
		return d, plumbline.Claim{}, nil
	}
}

type ruling struct {
	claim   plumbline.Claim
	verdict plumbline.Verdict
	order   int
}

func rulings(t *testing.T, d plumbline.Design, p plumbline.Plan, e *plumbline.Evidence) []ruling {
	t.Helper()
	var out []ruling
	s := sightOf(d, p, resilience(), e)
	for _, c := range s.p.Claims {
		if f := catalogue[c.Function]; !f.Informs {
			out = append(out, ruling{c, s.judge(f, c, e), f.Order})
		}
	}
	slices.SortFunc(out, func(a, b ruling) int {
		return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.claim.ID, b.claim.ID))
	})
	return out
}

// A right target keeps every claim, on a machine that is in nobody's way and
// on one that stops now and then.
func TestRightTargetKeepsEveryResilienceClaim(t *testing.T) {
	for seed := range uint64(4) {
		d := stocked()
		p, e := played(t, d, noDefect, seed, seed > 0)
		for _, r := range rulings(t, d, p, e) {
			reads := r.claim.Function == retryOnlySafe && r.claim.Dependency != "payment"
			if reads && r.verdict.Outcome == plumbline.Skipped {
				continue // only GET is called there
			}
			if r.verdict.Outcome != plumbline.Pass {
				t.Errorf("seed %d: %s: %s %s: %s", seed, r.claim.ID, r.verdict.Outcome, r.verdict.Reason, r.verdict.Statement)
			} else if seed == 0 {
				t.Logf("%s: %s", r.claim.ID, r.verdict.Statement)
			}
		}
	}
}

// Each defect is named by the function that is to name it, first or second,
// and by no other but those that cannot help it.
func TestEachDefectIsNamed(t *testing.T) {
	for _, c := range []struct {
		defect defect
		by     string
		also   []string
	}{
		{"no-timeout", timeoutBoundsHang, []string{timeoutTotal, faultMatrix, bulkheadIsolates}},
		{"liveness-waits-in-line", healthFast, []string{livenessIndependent}},
		{"stale-connection-is-final", staleConnection, nil},
		{"no-connect-timeout", timeoutConnect, nil},
		{"dead-connections-kept", dbOutage, nil},
		{"insists-on-connection", reconnectsAfterMove, nil},
		{"outlives-client", cancelOnDisconnect, nil},
		{"idle-timeout-only", timeoutTotal, []string{faultMatrix}},
		{"unbounded-retry", retryBounded, []string{faultMatrix}},
		{"retry-without-jitter", retryJitter, nil},
		{"retry-nonidempotent-post", retryOnlySafe, nil},
		{"no-retry", retryRecovers, []string{staleConnection}},
		{"no-retry-budget", retryBudget, []string{breakerOpens}},
		{"retry-without-backoff", retryBackoff, nil},
		{"retry-on-404", retryNotOn4xx, nil},
		{"retry-after-ignored", retryHonours, nil},
		{"breaker-never-opens", breakerOpens, []string{retryBudget}},
		{"breaker-never-closes", breakerCloses, []string{recoversAfterOutage}},
		{"shared-breaker", optionalDegrades, []string{dependencyMap, bulkheadIsolates, readinessTruthful, breakerProbes, breakerSlow}},
		{"shared-pool-no-bulkhead", bulkheadIsolates, []string{healthFast}},
		{"optional-is-critical", optionalDegrades, []string{dependencyMap, faultMatrix, toleratesGarbage}},
		{"dependency-error-is-500", criticalFailsClean, []string{faultMatrix, toleratesGarbage}},
		{"liveness-depends-on-db", livenessIndependent, []string{healthFast}},
		{"readiness-lies", readinessTruthful, nil},
		{"leaks-connections", poolReleases, nil},
		{"trusts-dependency-json", toleratesGarbage, nil},
		{"breaker-opens-briefly", breakerProbes, []string{breakerOpens}},
		{"breaker-ignores-timeouts", breakerSlow, nil},
		{"no-recovery-latch", recoversAfterOutage, []string{breakerCloses}},
	} {
		t.Run(string(c.defect), func(t *testing.T) {
			d := stocked()
			p, e := played(t, d, c.defect, 1, true)
			var failed []string
			for _, r := range rulings(t, d, p, e) {
				if r.verdict.Outcome != plumbline.Fail {
					continue
				}
				failed = append(failed, r.claim.Function)
				t.Logf("%s: %s", r.claim.ID, r.verdict.Statement)
				if r.claim.Function != c.by && !slices.Contains(c.also, r.claim.Function) {
					t.Errorf("false alarm: %s: %s", r.claim.ID, r.verdict.Statement)
				}
				if len(r.verdict.Evidence) == 0 || r.verdict.Remedy == "" {
					t.Errorf("%s fails without evidence or remedy", r.claim.ID)
				}
			}
			if i := slices.Index(failed, c.by); i < 0 || i > 1 {
				t.Errorf("%s is at place %d of %v", c.by, i, failed)
			}
		})
	}
}

// A target that answers everything and calls nobody, one that hands no trace
// on, and a run without evidence get no certificate.
func TestWithoutProofNoResilienceClaimPasses(t *testing.T) {
	d := stocked()
	p, null := played(t, d, nullTarget, 1, false)
	_, dropped := played(t, d, untraced, 1, false)
	_, right := played(t, d, noDefect, 1, false)
	blind := *right
	blind.Exchanges = nil
	cut := *right
	cut.Phases = nil
	unhit := *right
	unhit.Injections = nil
	unhit.Exchanges = slices.Clone(right.Exchanges)
	for i := range unhit.Exchanges {
		unhit.Exchanges[i].Fault, unhit.Exchanges[i].FaultKind = "", ""
	}
	for name, e := range map[string]*plumbline.Evidence{
		"null target": null, "no trace": dropped, "no exchange": &blind, "no phase": &cut, "nothing hit": &unhit, "nothing": {},
	} {
		for _, r := range rulings(t, d, p, e) {
			tcp := r.claim.Dependency == "store" && (name == "no trace" || name == "no exchange")
			if tcp {
				continue // its faults are counted by the wire, without trace ids
			}
			if r.verdict.Outcome != plumbline.Inconclusive && r.verdict.Outcome != plumbline.Skipped {
				t.Errorf("%s: %s: %s: %s", name, r.claim.ID, r.verdict.Outcome, r.verdict.Statement)
			}
		}
	}
}

// Without trace context single requests are told by time, and outages are for
// everybody.
func TestWithoutPropagationOutagesAreStillJudged(t *testing.T) {
	d := stocked()
	d.Propagation = plumbline.PropagationNone
	p, e := played(t, d, untraced, 1, false)
	judged := map[string]bool{}
	for _, r := range rulings(t, d, p, e) {
		judged[r.claim.Function] = true
		if reads := r.claim.Function == retryOnlySafe; reads && r.verdict.Outcome == plumbline.Skipped {
			continue // only GET is called there
		}
		if r.verdict.Outcome != plumbline.Pass {
			t.Errorf("%s: %s %s: %s", r.claim.ID, r.verdict.Outcome, r.verdict.Reason, r.verdict.Statement)
		}
	}
	for _, f := range []string{recoversAfterOutage, bulkheadIsolates, livenessIndependent, timeoutBoundsHang, retryBounded, faultMatrix, dependencyMap} {
		if !judged[f] {
			t.Errorf("%s is not judged", f)
		}
	}
	for _, f := range []string{breakerOpens, breakerCloses} {
		if judged[f] {
			t.Errorf("%s is judged", f)
		}
	}
}

func TestResilienceExperimentsCanBeWrittenDown(t *testing.T) {
	p, _ := played(t, stocked(), nullTarget, 1, false)
	total := time.Duration(0)
	for _, x := range p.Experiments {
		if x.Kind != plumbline.KindScenario {
			continue
		}
		var out bytes.Buffer
		if err := gherkin.Render(&out, gherkin.Feature{Name: "x", Experiments: []plumbline.Experiment{x}}); err != nil {
			t.Error(err)
		}
		length := time.Duration(0)
		for _, ph := range x.Phases {
			length += ph.Duration
		}
		t.Logf("%s: %s", x.ID, length)
		total += length
	}
	if total > 235*time.Second {
		t.Errorf("the experiments on the sample system take %s", total)
	}
	t.Logf("in all %s", total)
}

func TestHealthyRequestsOutnumberFaultedAttempts(t *testing.T) {
	d := stocked()
	for _, ratio := range []float64{0, 0.5, 0.1} {
		for _, attempts := range []int{1, 3, 10} {
			for _, load := range []float64{0, 20, 120} {
				d.Load.Rate = load
				for i := range d.Dependencies[:3] {
					d.Dependencies[i].Retry = &plumbline.Retry{MaxAttempts: attempts}
					d.Dependencies[i].Breaker = &plumbline.Breaker{Ratio: ratio}
				}
				for _, g := range probings(d) {
					bad := g.rate * float64(attempts)
					if share, most := bad/(bad+g.control), max(ratio, 0.5)/2; share > most && (ratio == 0 || share > 0.6*ratio) {
						t.Errorf("ratio %v, %d attempts, load %v: %.2f of the calls fail (%v and %v requests a second)", ratio, attempts, load, share, g.rate, g.control)
					}
					if all := g.control * float64(len(g.controls)); load > 0 && all > load {
						t.Errorf("load %v: %v requests a second", load, all)
					}
				}
			}
		}
	}
}

func TestOutageLength(t *testing.T) {
	dep := func(change func(*plumbline.Dependency)) plumbline.Dependency {
		x := stocked().Dependencies[1]
		change(&x)
		return x
	}
	for name, c := range map[string]struct {
		recovery        time.Duration
		dep             plumbline.Dependency
		down, recovered time.Duration
	}{
		"declared":               {10 * time.Second, dep(func(*plumbline.Dependency) {}), 11 * time.Second, 10 * time.Second},
		"nothing declared":       {0, dep(func(x *plumbline.Dependency) { x.Breaker = nil }), time.Minute, time.Minute},
		"a breaker, no numbers":  {10 * time.Second, dep(func(x *plumbline.Dependency) { x.Breaker = &plumbline.Breaker{} }), time.Minute, 65 * time.Second},
		"no breaker":             {10 * time.Second, dep(func(x *plumbline.Dependency) { x.Breaker = nil }), 6 * time.Second, 10 * time.Second},
		"a breaker open long":    {10 * time.Second, dep(func(x *plumbline.Dependency) { x.Breaker = &plumbline.Breaker{MinCalls: 20, OpenFor: time.Minute} }), time.Minute, 65 * time.Second},
		"no recovery, a breaker": {0, dep(func(*plumbline.Dependency) {}), time.Minute, 63 * time.Second},
	} {
		d := stocked()
		d.Recovery = c.recovery
		o, ok := outageOf(d, c.dep)
		if got, back := o.downFor(), o.recoversIn(); !ok || got != c.down || back != c.recovered {
			t.Errorf("%s: down for %s, back in %s, want %s and %s", name, got, back, c.down, c.recovered)
		}
	}
}
