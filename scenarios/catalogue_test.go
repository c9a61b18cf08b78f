package scenarios

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
)

// withoutMutant holds the functions that no defect of the sample system needs
// to prove, with the reason. A stale line fails.
var withoutMutant = map[string]string{
	hierarchy:      "the sample system has no resource that is created below another",
	loadRegression: "it needs the nights before: its tests play them, with and without a change",

	minimumCoverage: "it is about the run, not about the service",
}

// neverBroken holds the functions that can find no breach, with the reason: on
// the specimen that lacks most they are inconclusive. A stale line fails.
var neverBroken = map[string]string{
	minimumCoverage: "what was not put to the test is no breach",
}

func TestEveryFunctionHasAFileADocAStandardAndAMutant(t *testing.T) {
	for _, f := range Functions() {
		group, name, ok := strings.Cut(f.ID, "/")
		if !ok || !regexp.MustCompile(`^[a-z]+/[a-z0-9-]+$`).MatchString(f.ID) {
			t.Errorf("%s is not a group and a name in kebab case", f.ID)
		}
		file := strings.ReplaceAll(name, "-", "_") + ".go"
		if src, err := os.ReadFile(file); err != nil {
			t.Errorf("%s: no file of its name: %v", f.ID, err)
		} else if !strings.Contains(string(src), `"`+f.ID+`"`) {
			t.Errorf("%s is not in %s", f.ID, file)
		}
		for _, part := range []string{"Method:", "Criterion:", "Guard:"} {
			if !strings.Contains(f.Doc, part) {
				t.Errorf("%s: its Doc does not tell the %s", f.ID, strings.ToLower(part))
			}
		}
		if f.Standard == "" {
			t.Errorf("%s rests on nothing", f.ID)
		}
		if f.Order == 0 {
			t.Errorf("%s has no order", f.ID)
		}
		if (group == "harness") != f.Informs {
			t.Errorf("%s: only self-checks of the harness inform", f.ID)
		}
		why, waived := withoutMutant[f.ID]
		switch {
		case f.Informs:
		case len(f.Mutants) == 0 && why == "":
			t.Errorf("%s has never been seen to fail: name a mutant", f.ID)
		case len(f.Mutants) > 0 && waived:
			t.Errorf("%s has a mutant; its line in withoutMutant is stale", f.ID)
		}
	}
}

func TestEveryClaimBeginsWithItsFunctionAndSaysWhoseWordItIs(t *testing.T) {
	p := drawn(t, shop())
	for _, c := range p.Claims {
		if !strings.HasPrefix(c.ID, c.Function+"/") {
			t.Errorf("claim %q does not begin with %s/", c.ID, c.Function)
		}
		if c.Statement == "" || c.Basis == "" {
			t.Errorf("claim %q: statement %q, basis %q", c.ID, c.Statement, c.Basis)
		}
	}
	for _, s := range p.Skips {
		if s.Reason == "" {
			t.Errorf("skip of %s %s has no reason", s.Function, s.Subject)
		}
	}
}

// A function that has never been seen to fail, or to admit that it does not
// know, does not get in.
func TestEveryFunctionHasSpecimensOfEveryVerdict(t *testing.T) {
	for _, f := range Functions() {
		s, ok := specimens[f.ID]
		if !ok || s.kept == nil || s.broken == nil || s.unproven == nil {
			t.Errorf("%s lacks a specimen that passes, one that fails, or one that is inconclusive", f.ID)
			continue
		}
		bad := []plumbline.Outcome{plumbline.Fail}
		if f.Informs {
			bad = []plumbline.Outcome{plumbline.Inconclusive, plumbline.Error}
		}
		if neverBroken[f.ID] != "" {
			bad = []plumbline.Outcome{plumbline.Inconclusive}
		}
		for _, c := range []struct {
			name string
			make func(*testing.T) (plumbline.Design, plumbline.Claim, *plumbline.Evidence)
			want []plumbline.Outcome
		}{
			{"kept", s.kept, []plumbline.Outcome{plumbline.Pass}},
			{"broken", s.broken, bad},
			{"unproven", s.unproven, []plumbline.Outcome{plumbline.Inconclusive}},
		} {
			t.Run(f.ID+"/"+c.name, func(t *testing.T) {
				d, claim, e := c.make(t)
				before := encoded(t, d, claim, e)
				v := f.Judge(d, claim, e)
				if !one(v.Outcome, c.want) {
					t.Errorf("outcome %s (%s), want %v: %s", v.Outcome, v.Reason, c.want, v.Statement)
				}
				if v.Statement == "" {
					t.Error("the verdict does not say what was observed")
				}
				if (v.Outcome == plumbline.Inconclusive) != (v.Reason != "") {
					t.Errorf("outcome %s with reason %q", v.Outcome, v.Reason)
				}
				if len(v.Evidence) > exhibitLimit {
					t.Errorf("%d exhibits", len(v.Evidence))
				}
				if d := cmp.Diff(before, encoded(t, d, claim, e)); d != "" {
					t.Errorf("Judge changed its arguments:\n%s", d)
				}
				if again := f.Judge(d, claim, e); cmp.Diff(v, again) != "" {
					t.Errorf("Judge does not answer the same twice:\n%s", cmp.Diff(v, again))
				}
			})
		}
	}
}

func one(o plumbline.Outcome, of []plumbline.Outcome) bool {
	for _, x := range of {
		if x == o {
			return true
		}
	}
	return false
}

func encoded(t *testing.T, values ...any) string {
	t.Helper()
	out, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestEveryFunctionPlansForADesignThatSaysAlmostNothing(t *testing.T) {
	for name, d := range map[string]plumbline.Design{
		"nothing":  {},
		"one read": {Service: "x", Operations: shop().Operations[:1]},
		"observe":  func() plumbline.Design { d := shop(); d.Mode = plumbline.ModeObserve; return d }(),
		"full":     func() plumbline.Design { d := shop(); d.Mode = plumbline.ModeFull; return d }(),
	} {
		p := drawn(t, d)
		covered := map[string]bool{}
		for _, c := range p.Claims {
			covered[c.Function] = true
		}
		for _, s := range p.Skips {
			covered[s.Function] = true
		}
		for _, f := range Functions() {
			if !covered[f.ID] {
				t.Errorf("%s: %s neither claims nor skips anything", name, f.ID)
			}
		}
		if name == "observe" {
			for _, x := range p.Experiments {
				for _, ph := range x.Phases {
					for _, c := range ph.Calls {
						if o, _ := d.Operation(c.Operation); !o.Safe() {
							t.Errorf("mode observe, and %s calls %s", x.ID, o.ID)
						}
					}
					for _, s := range ph.Streams {
						if o, _ := d.Operation(s.Operation); !o.Safe() {
							t.Errorf("mode observe, and %s streams %s", x.ID, o.ID)
						}
					}
				}
			}
		}
	}
}
