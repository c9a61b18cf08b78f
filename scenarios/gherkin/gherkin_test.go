package gherkin

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
)

func outage() plumbline.Experiment {
	return plumbline.Experiment{
		ID: "outage/payment", Title: "payment is out under constant traffic", Kind: plumbline.KindScenario,
		Claims: []string{"resilience/breaker-closes/payment", "resilience/breaker-opens/payment"},
		Phases: []plumbline.Phase{
			{
				Name: "baseline", Role: plumbline.RoleBaseline, Duration: 5 * time.Second,
				Streams: []plumbline.Stream{
					{Name: "calls", Operation: "createOrder", Arrivals: plumbline.ArrivalsConstant, Detail: true, Stages: []plumbline.Stage{{From: 20, To: 20, Duration: 5 * time.Second}}},
				},
				Calls: []plumbline.Call{{Name: "first", Operation: "POST /a \"b\"", Repeat: 3, Auth: plumbline.AuthNone, Trace: plumbline.TraceZero, Identity: "bob", Case: "x/y"}},
			},
			{
				Name: "down", Role: plumbline.RoleFault, Duration: 12 * time.Second,
				Faults: []plumbline.Fault{
					{Dependency: "payment", Kind: plumbline.FaultStatus, Status: 503, RetryAfter: time.Second, Streams: []string{"a", "b"}},
					{Dependency: "store", Kind: plumbline.FaultLatency, Latency: time.Second, Jitter: time.Millisecond, Scope: plumbline.ScopeAll, Toxicity: 0.3, First: 2, Method: "POST", Path: "/x"},
					{Dependency: "orders", Kind: plumbline.FaultSqueeze, CPUs: 0.1, Bytes: 64 << 20, After: 1500 * time.Millisecond},
					{Dependency: "failover", Kind: plumbline.FaultHook},
					{Dependency: "orders", Kind: plumbline.FaultScale, Instances: 3},
					{Dependency: "orders", Kind: plumbline.FaultKill, Instances: 1},
				},
				Streams: []plumbline.Stream{
					{Name: "ramp", Operation: "getOrder", Arrivals: plumbline.ArrivalsPoisson, Stages: []plumbline.Stage{{To: 10, Duration: time.Second}, {From: 10, To: 0.5, Duration: 1500 * time.Millisecond}}},
				},
				Checks: []string{"wires"}, Pacts: []string{"contracts/a.json"},
			},
			{
				Name: "hang", Role: plumbline.RoleFault, Serial: &plumbline.Serial{Wire: "payment", Idle: 2 * time.Second},
				Faults: []plumbline.Fault{{Dependency: "payment", Kind: plumbline.FaultHang, Scope: plumbline.ScopeAll, Streams: []string{"without"}}},
				Calls:  []plumbline.Call{{Name: "with", Operation: "createOrder", Repeat: 4}, {Name: "without", Operation: "createOrder", Repeat: 2}},
			},
		},
	}
}

func TestWhatIsRenderedReadsBack(t *testing.T) {
	t.Parallel()
	want := outage()
	var out bytes.Buffer
	if err := Render(&out, Feature{Name: "payment", Comment: []string{"generated"}, Experiments: []plumbline.Experiment{want}}); err != nil {
		t.Fatal(err)
	}
	got, err := Parse("payment.feature", &out)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got[0].Experiment); d != "" {
		t.Errorf("read back (-want +got):\n%s", d)
	}
	if got[0].Line != 4 {
		t.Errorf("line %d, want 4", got[0].Line)
	}
}

func TestEveryExampleOfTheVocabularyIsUnderstood(t *testing.T) {
	t.Parallel()
	for _, w := range Vocabulary() {
		b := NewBuilder()
		before := []string{`the fault phase "p" lasts 1s`, `flow "f" is walked`}
		for _, name := range []string{"first", "create", "take", "before", "list", "write"} {
			before = append(before, `step "`+name+`" requests "createOrder", which may be refused`)
		}
		before = append(before, `it is repeated every 1s for 2s`)
		if strings.Contains(w.Form, "phase") {
			before = nil
		}
		for _, s := range before {
			if err := b.Step(s, Argument{}); err != nil {
				t.Fatal(err)
			}
		}
		below := map[takes]Argument{aTable: {Table: [][]string{{"from", "to", "for"}, {"0", "1", "1s"}}}, aText: {Text: `{}`, Media: "json"}}[w.takes]
		if err := b.Step(w.Example, below); err != nil {
			t.Errorf("%s: %v", w.Example, err)
		}
		if below = (Argument{Table: [][]string{{"x"}}, Text: "x"}); b.Step(w.Example, below) == nil {
			t.Errorf("%s takes a table and a text", w.Example)
		}
		n := 0
		for _, o := range Vocabulary() {
			if o.expr.MatchString(w.Example) {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%q matches %d words", w.Example, n)
		}
	}
}

func TestMistakesNameLineAndNearestStep(t *testing.T) {
	t.Parallel()
	const head = "Feature: f\n  Scenario: s\n    When the fault phase \"p\" lasts 1s\n"
	for name, c := range map[string]struct {
		text, message, hint string
		line                int
	}{
		"unknown step":     {head + "    And \"payment\" hangs around\n", "unknown step", `"payment" hangs`, 4},
		"no phase":         {"Feature: f\n  Scenario: s\n    Given \"payment\" hangs\n", "which phase", "", 3},
		"twice":            {head + "    When the fault phase \"p\"\n", "twice", "", 4},
		"no steps":         {"Feature: f\n  Scenario: s\n", "no phase", "", 2},
		"background":       {"Feature: f\n  Background:\n    Given x\n", "only scenarios", "", 1},
		"not Gherkin":      {"nonsense\n", "not Gherkin", "", 0},
		"table is missing": {head + "    And stream \"r\" sends requests of \"o\" at these rates:\n", "needs a table", "", 4},
		"negative rate":    {head + "    And stream \"r\" sends requests of \"o\" at these rates:\n      |from|to|for|\n      |-1|1|1s|\n", "not negative", "", 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse("x.feature", strings.NewReader(c.text))
			var e *Error
			if !errors.As(err, &e) || e.Line != c.line || !strings.Contains(e.Message, c.message) || !strings.Contains(e.Hint, c.hint) {
				t.Errorf("got %v, want line %d, %q, hint %q", err, c.line, c.message, c.hint)
			}
		})
	}
}

func TestRenderRefusesWhatItCannotSay(t *testing.T) {
	t.Parallel()
	x := outage()
	x.Phases[1].Faults = []plumbline.Fault{{Dependency: "a", Kind: plumbline.FaultHang, Status: 503}}
	if err := Render(&bytes.Buffer{}, Feature{Name: "f", Experiments: []plumbline.Experiment{x}}); err == nil {
		t.Error("a hang with a status was rendered without a word")
	}
}

// FuzzRoundTrip checks Parse(Render(x)) == x over random experiments.
func FuzzRoundTrip(f *testing.F) {
	f.Add(uint64(1), "a")
	f.Add(uint64(7), "quo\"te \\ | # @ <x>")
	f.Fuzz(func(t *testing.T, seed uint64, text string) {
		x := random(rand.New(rand.NewPCG(seed, 2)), strings.ToValidUTF8(text, ""))
		var out bytes.Buffer
		if err := Render(&out, Feature{Name: "f", Experiments: []plumbline.Experiment{x}}); err != nil {
			t.Fatalf("%v\n%s", err, out.String())
		}
	})
}

func random(r *rand.Rand, text string) plumbline.Experiment {
	x := plumbline.Experiment{ID: text + "x", Title: "t", Kind: plumbline.KindScenario, Claims: []string{"c" + text}}
	kinds := allVerbs()
	for i := range 1 + r.IntN(3) {
		p := plumbline.Phase{Name: text + string(rune('a'+i)), Role: plumbline.RoleFault, Duration: time.Duration(r.IntN(5)) * 333 * time.Millisecond}
		for j := range r.IntN(3) {
			rate := float64(r.IntN(1000)) / 7
			p.Streams = append(p.Streams, plumbline.Stream{
				Name: string(rune('a'+j)) + text, Operation: text + "o", Detail: r.IntN(2) == 0, Case: text,
				Stages: []plumbline.Stage{{From: rate, To: rate * float64(r.IntN(2)), Duration: time.Duration(r.IntN(9)) * time.Second}},
			})
		}
		for range r.IntN(3) {
			v := kinds[r.IntN(len(kinds))]
			f := plumbline.Fault{Dependency: text + "d", Kind: v.kind, Toxicity: r.Float64(), First: r.IntN(3)}
			switch v.kind {
			case plumbline.FaultStatus:
				f.Status = 400 + r.IntN(200)
			case plumbline.FaultDrip, plumbline.FaultDelay, plumbline.FaultDelayBody, plumbline.FaultLatency, plumbline.FaultSlowClose, plumbline.FaultTimeout:
				f.Latency = time.Duration(1 + r.IntN(1e9))
			case plumbline.FaultBandwidth, plumbline.FaultLimit:
				f.Bytes = 1 + r.Int64N(1e9)
			case plumbline.FaultSlicer:
				f.Bytes, f.Latency = 1+r.Int64N(1e9), time.Duration(1+r.IntN(1e9))
			case plumbline.FaultSqueeze:
				f.Bytes, f.CPUs, f.After = r.Int64N(1e9), r.Float64(), time.Duration(r.IntN(1e9))
			case plumbline.FaultScale, plumbline.FaultKill, plumbline.FaultStop:
				f.Instances = r.IntN(9)
			default: // the others have no number
			}
			p.Faults = append(p.Faults, f)
		}
		x.Phases = append(x.Phases, p)
	}
	return x
}
