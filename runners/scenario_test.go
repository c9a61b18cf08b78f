package runners

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/scenarios/gherkin"
)

// write writes a scenario down in the run directory, as it is rendered and
// then edited.
func (r *rig) write(t *testing.T, x plumbline.Experiment, edit func(string) string) {
	t.Helper()
	var out bytes.Buffer
	if err := gherkin.Render(&out, gherkin.Feature{Name: "payment", Comment: []string{"generated"}, Experiments: []plumbline.Experiment{x}}); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	if edit != nil {
		if text = edit(text); text == out.String() {
			t.Fatal("the edit changes nothing")
		}
	}
	if err := os.MkdirAll(filepath.Join(r.Dir, "features"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.Dir, "features", "payment.feature"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// scenario is an outage that is written down, with a ramp in a table.
func scenario() plumbline.Experiment {
	x := outage(plumbline.KindScenario)
	x.Claims = []string{"resilience/breaker-closes/payment", "resilience/breaker-opens/payment"}
	x.Phases[2].Streams[0].Stages = []plumbline.Stage{{From: 1, To: 2, Duration: 10 * time.Second}, {From: 2, To: 1, Duration: 10 * time.Second}}
	return x
}

// planned is what a plan says of a scenario; the file says the rest.
func planned() plumbline.Plan {
	x := scenario()
	x.Phases = nil
	return plumbline.Plan{Experiments: []plumbline.Experiment{x}}
}

func TestAScenarioIsRunByGodog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.write(t, scenario(), nil)
		got, err := r.carry(t.Context(), t, planned())
		if err != nil {
			t.Error(err)
		}
		want := []string{
			"1ns run began",
			"0s reads in outage/payment/before: 200",
			"10s reads in outage/payment/before: 200",
			"20s phase outage/payment/before from 0s to 20s, complete: true",
			"21s hang of payment from 21s to 0s, 0 hits",
			"21s reads in outage/payment/down: 200",
			"31s reads in outage/payment/down: 200",
			"42s hang of payment from 21s to 42s, 3 hits",
			"42s exchange on payment",
			"42s phase outage/payment/down from 20s to 42s, complete: true",
			"42s reads in outage/payment/after: 200",
			"52s reads in outage/payment/after: 200",
			"1m2s phase outage/payment/after from 42s to 1m2s, complete: true",
			"1m3s resource /orders/7 deleted: true",
			"1m3s check pass-through: true",
			"1m3s run ended",
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("the journal (-want +got):\n%s", d)
		}
		log, err := os.ReadFile(filepath.Join(r.Dir, "features", "godog.log"))
		if err != nil || !strings.Contains(string(log), "1 scenarios (1 passed)") {
			t.Errorf("godog says %v:\n%s", err, log)
		}
	})
}

func TestWhatAScenarioSaysIsRun(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit func(string) string
		want string // in the journal
	}{
		"a longer outage": {
			replace(`fault phase "down" lasts 20s`, `fault phase "down" lasts 40s`),
			"1m2s phase outage/payment/down from 20s to 1m2s, complete: true",
		},
		"another fault": {
			replace(`"payment" hangs`, `"payment" answers status 503`),
			"42s status of payment from 21s to 42s, 3 hits",
		},
		"a phase behind a claim": {
			func(s string) string {
				return s + "    When the probe phase \"late\"\n    And call \"one\" requests \"getOrder\"\n"
			},
			"1m3s one in outage/payment/late: 200",
		},
		"no claim": {
			func(s string) string { return s[:strings.Index(s, "    Then")] },
			"1m2s phase outage/payment/after from 42s to 1m2s, complete: true",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.write(t, scenario(), c.edit)
				got, err := r.carry(t.Context(), t, planned())
				if err != nil || !slices.Contains(got, c.want) {
					t.Errorf("%v; the journal does not say %q:\n%s", err, c.want, strings.Join(got, "\n"))
				}
			})
		})
	}
}

func replace(before, after string) func(string) string {
	return func(s string) string { return strings.Replace(s, before, after, 1) }
}

func TestAScenarioThatIsNotUnderstoodIsAnError(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit func(string) string
		says string
	}{
		"an unknown step":           {replace(`"payment" hangs`, `"payment" sulks`), `payment.feature:9: unknown step`},
		"an unknown claim":          {replace(`is judged`, `is applauded`), "unknown step"},
		"an unknown role":           {replace(`the fault phase`, `the chaos phase`), "unknown step"},
		"a kind that is misspelt":   {replace(`hangs for everybody`, `hangs for evrybody`), "unknown step"},
		"a table without its head":  {replace(`| from | to | for |`, `| from | till | for |`), "the table needs the columns"},
		"a table that is lost":      {func(s string) string { return strings.ReplaceAll(s, "      |", "      #") }, "the step needs a table"},
		"a table that nobody reads": {replace("hangs for everybody\n", "hangs for everybody\n      | gently |\n"), "takes no table"},
		"a text that nobody reads":  {replace("hangs for everybody\n", "hangs for everybody\n      \"\"\"\n      gently\n      \"\"\"\n"), "takes no text"},
		"a duration of nothing":     {replace(`lasts 20s`, `lasts 20`), "missing unit"},
		"no phase":                  {func(s string) string { return s[:strings.Index(s, "    When")] }, "the scenario has no phase"},
		"no step":                   {func(s string) string { return s[:strings.Index(s, "    Given")] }, "the scenario has no phase"},
		"no scenario":               {func(s string) string { return s[:strings.Index(s, "  Scenario")] }, "no feature in"},
		"nothing":                   {func(string) string { return "" }, "no feature in"},
		"another name":              {replace(`the experiment "outage/payment"`, `the experiment "outage/paiment"`), "no feature in"},
		"no Gherkin":                {func(string) string { return "outage: payment" }, "not Gherkin"},
		"a background":              {replace("  Scenario:", "  Background:\n    Given \"payment\" hangs\n\n  Scenario:"), "only scenarios"},
		"an outline": {
			func(s string) string {
				return strings.Replace(strings.Replace(s, "  Scenario:", "  Scenario Outline:", 1), `"payment" hangs`, `"<who>" hangs`, 1) +
					"\n    Examples:\n      | who |\n      | payment |\n      | store |\n"
			}, "outline",
		},
		"an outline without a place": {
			func(s string) string {
				return strings.Replace(s, "  Scenario:", "  Scenario Outline:", 1) + "\n    Examples:\n      | who |\n      | payment |\n      | store |\n"
			},
			"outline",
		},
		"an outline without a row": {
			func(s string) string {
				return strings.Replace(s, "  Scenario:", "  Scenario Outline:", 1) + "\n    Examples:\n      | who |\n"
			},
			"outline",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.write(t, scenario(), c.edit)
				got, err := r.carry(t.Context(), t, planned())
				if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "experiment outage/payment") {
					t.Fatalf("got %v, want an error of outage/payment that says %q", err, c.says)
				}
				if last := r.Journal.Evidence().Run; !last.Ended || last.Interrupted || last.Error != err.Error() {
					t.Errorf("the run ended as %+v:\n%s", last, strings.Join(got, "\n"))
				}
			})
		})
	}
}

func TestAScenarioWithoutItsFileIsAnError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		if _, err := r.carry(t.Context(), t, planned()); err == nil || !strings.Contains(err.Error(), "no feature in") {
			t.Errorf("got %v", err)
		}
	})
}

func TestAScenarioIsInterruptedLikeAnyExperiment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(33*time.Second, cancel)
		r := newRig(t)
		r.write(t, scenario(), nil)
		got, err := r.carry(ctx, t, planned())
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		want := []string{
			"34s hang of payment from 21s to 34s, 3 hits",
			"34s exchange on payment",
			"34s phase outage/payment/down from 20s to 34s, complete: false",
			"35s resource /orders/7 deleted: true",
			"35s check pass-through: true",
			"35s run interrupted",
		}
		if d := cmp.Diff(want, got[len(got)-len(want):]); d != "" {
			t.Errorf("the end of the journal (-want +got):\n%s", d)
		}
	})
}

func TestTheHarnessGivesUpInAScenario(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.streams.err = errors.New("no port is left")
		r.write(t, scenario(), nil)
		if _, err := r.carry(t.Context(), t, planned()); !errors.Is(err, r.streams.err) {
			t.Errorf("got %v", err)
		}
		if m := r.Journal.Evidence().Phases; len(m) != 1 || m[0].Complete {
			t.Errorf("phases: %+v", m)
		}
	})
}
