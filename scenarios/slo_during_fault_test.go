package scenarios

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// degradable promises 95 % of the products while something is lost or, for a
// role of its own, after it.
func degradable(role plumbline.Role, within time.Duration, faults ...string) func(*plumbline.Design) {
	return func(d *plumbline.Design) {
		d.Objectives = append(d.Objectives, plumbline.Objective{
			Name: "products", Operations: []string{"getProduct"}, Target: 0.95, Within: within, During: string(role), Faults: faults,
		})
	}
}

func init() {
	recs := degradable(plumbline.RoleFault, 0, "recs")
	specimens[sloDuringFault] = specimen{
		kept:     spoil(sloDuringFault+"/recs/products", nil, recs),
		broken:   spoil(sloDuringFault+"/recs/products", failingIn("getProduct", phaseDown, 1), recs),
		unproven: spoil(sloDuringFault+"/recs/products", failingIn("getProduct", phaseDown, 0.05), recs),
	}
}

// failingIn turns a share of what an operation answered in a phase of a loss into
// server errors, evenly from second to second.
func failingIn(operation, phase string, share float64) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		for i := range e.Series {
			x := &e.Series[i]
			if !strings.HasPrefix(x.Experiment, "degraded/") || x.Phase != phase || x.Operation != operation {
				continue
			}
			bad := *x
			bad.Class, bad.Slices = "5xx", nil
			bad.Count = int64(share*float64(x.Count) + 0.5)
			x.Count -= bad.Count
			seconds := int64(len(x.Slices))
			for k := range x.Slices {
				s := x.Slices[k]
				s.Count = bad.Count*(int64(k)+1)/seconds - bad.Count*int64(k)/seconds
				x.Slices[k].Count -= s.Count
				bad.Slices = append(bad.Slices, s)
			}
			e.Series = append(e.Series, bad)
		}
		e.Series = slices.DeleteFunc(e.Series, func(x plumbline.Series) bool { return x.Count == 0 })
	}
}

func TestObjectivesForFaultsAreJudgedInThem(t *testing.T) {
	t.Parallel()
	recs := degradable(plumbline.RoleFault, 0, "recs")
	unhit := func(e *plumbline.Evidence) {
		for i := range e.Injections {
			e.Injections[i].Hits = 0
		}
	}
	for name, c := range map[string]struct {
		design func(*plumbline.Design)
		claim  string
		change func(*plumbline.Evidence)
		want   plumbline.Outcome
		reason plumbline.Reason
	}{
		"kept":             {recs, "recs/products", nil, plumbline.Pass, ""},
		"never any more":   {recs, "recs/products", failingIn("getProduct", phaseDown, 1), plumbline.Fail, ""},
		"others fail":      {recs, "recs/products", failingIn("createOrder", phaseDown, 1), plumbline.Pass, ""},
		"of each loss":     {degradable(plumbline.RoleFault, 0), "payment/products", failingIn("getProduct", phaseDown, 1), plumbline.Fail, ""},
		"on a TCP wire":    {degradable(plumbline.RoleFault, 0), "store/products", nil, plumbline.Pass, ""},
		"recovers":         {degradable(plumbline.RoleRecovery, 0, "recs"), "recs/products", failingIn("getProduct", phaseDown, 1), plumbline.Pass, ""},
		"does not recover": {degradable(plumbline.RoleRecovery, 0, "recs"), "recs/products", failingIn("getProduct", phaseRecovery, 1), plumbline.Fail, ""},
		"in time":          {degradable(plumbline.RoleFault, time.Second, "recs"), "recs/products", nil, plumbline.Pass, ""},
		"failed before": {recs, "recs/products", func(e *plumbline.Evidence) {
			failingIn("getProduct", phaseBaseline, 0.5)(e)
			failingIn("getProduct", phaseDown, 1)(e)
		}, plumbline.Inconclusive, plumbline.ReasonBaselineUnhealthy},
		"never worked": {recs, "recs/products", func(e *plumbline.Evidence) {
			for _, phase := range []string{warmUp, phaseBaseline, phaseDown} {
				failingIn("getProduct", phase, 1)(e)
			}
			e.Observations = slices.DeleteFunc(e.Observations, func(o plumbline.Observation) bool { return o.Operation == "getProduct" })
		}, plumbline.Inconclusive, plumbline.ReasonNoPositiveControl},
		"not lost": {recs, "recs/products", unhit, plumbline.Inconclusive, plumbline.ReasonFaultNotDelivered},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, claim, e := spoil(sloDuringFault+"/"+c.claim, c.change, c.design)(t)
			v := functionsByID(Functions())[sloDuringFault].Judge(d, claim, e)
			if v.Outcome != c.want || v.Reason != c.reason {
				t.Errorf("%s (%s): %s", v.Outcome, v.Reason, v.Statement)
			}
		})
	}
}

func TestWhatIsPromisedForAFaultSaysWhatIsSent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change        func(*plumbline.Design)
		claims, skips []string
		phases        string
	}{
		"of one":   {degradable(plumbline.RoleFault, 0, "recs"), []string{"recs/products"}, nil, "warmup baseline down recovery"},
		"of each":  {degradable(plumbline.RoleFault, 0), []string{"payment/products", "recs/products", "store/products"}, nil, "warmup baseline down recovery"},
		"after it": {degradable(plumbline.RoleRecovery, 0, "recs"), []string{"recs/products"}, nil, "warmup baseline down recovery"},
		"nothing":  {func(*plumbline.Design) {}, nil, []string{""}, ""},
		"throughput": {func(d *plumbline.Design) {
			d.Objectives = []plumbline.Objective{{Name: "t", Throughput: 5, During: "fault"}}
		}, nil, []string{"t"}, ""},
		"no wire": {func(d *plumbline.Design) { degradable(plumbline.RoleFault, 0)(d); d.Dependencies = nil }, nil, []string{"products"}, ""},
		"out of reach": {func(d *plumbline.Design) {
			degradable(plumbline.RoleFault, 0, "recs")(d)
			d.Load.Mix = map[string]float64{"createOrder": 1}
		}, nil, []string{"recs/products"}, ""},
	} {
		d := shop()
		c.change(&d)
		p := drawn(t, d, sloDuringFault)
		var claims, skips []string
		for _, cl := range p.Claims {
			claims = append(claims, strings.TrimPrefix(cl.ID, sloDuringFault+"/"))
		}
		for _, s := range p.Skips {
			skips = append(skips, s.Subject)
		}
		if !slices.Equal(claims, c.claims) || !slices.Equal(skips, c.skips) {
			t.Errorf("%s: claims %q, skips %q", name, claims, skips)
		}
		for _, x := range p.Experiments {
			var phases []string
			for _, ph := range x.Phases {
				phases = append(phases, ph.Name)
			}
			if got := strings.Join(phases, " "); got != c.phases {
				t.Errorf("%s: %s", name, got)
			}
		}
		for _, line := range Power(d, p) {
			if !line.Decidable || len(line.Operations) != 1 {
				t.Errorf("%s: %d requests of %q are to prove %g", name, line.Planned, line.Operations, line.Target)
			}
		}
	}
}

// What is judged of the report of a night is what was judged in it.
func TestARecordedFaultIsJudgedAsTheRunWas(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*plumbline.Evidence){
		"kept":       nil,
		"broken":     failingIn("getProduct", phaseDown, 1),
		"unproven":   failingIn("getProduct", phaseDown, 0.05),
		"not before": failingIn("getProduct", phaseBaseline, 1),
	} {
		d := shop()
		degradable(plumbline.RoleFault, 0, "recs")(&d)
		p := drawn(t, d, sloDuringFault, sloAtTarget, "harness")
		e := goodRun(d, p)
		if change != nil {
			change(e)
		}
		kept := keptRecording(t, d, p, e)
		var want plumbline.Finding
		for _, f := range Judge(d, p, Functions(), e).Findings {
			if f.Function == sloDuringFault {
				want = f
			}
		}
		got := JudgeRecorded(*kept, e.Run, d.Objectives[2])
		if got.Outcome != want.Outcome || !strings.HasSuffix(want.Reason, got.Statement) {
			t.Errorf("%s:\ngot  %s %s\nwant %s %s", name, got.Outcome, got.Statement, want.Outcome, want.Reason)
		}
		if name == "kept" && got.Outcome != plumbline.Pass {
			t.Errorf("%s: %s", got.Outcome, got.Statement)
		}
	}
}
