package profile

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

func load() plumbline.Experiment {
	const d = 25 * time.Second
	return plumbline.Experiment{
		ID: "load/target", Title: "the declared rate", Kind: plumbline.KindLoad, Claims: []string{"load/slo-at-target/orders: all"},
		Phases: []plumbline.Phase{{
			Name: "steady", Role: plumbline.RoleBaseline, Duration: d,
			Streams: []plumbline.Stream{
				{Name: "getProduct", Operation: "getProduct", Arrivals: plumbline.ArrivalsPoisson, Stages: []plumbline.Stage{{From: 72.5, To: 72.5, Duration: d}}},
				{Name: "ramp", Operation: "GET /x", Case: "GET /x/example", Detail: true, Stages: []plumbline.Stage{{To: 3, Duration: d}, {From: 3, To: 3, Duration: time.Second}}},
			},
		}},
	}
}

func TestWhatIsRenderedReadsBack(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := Render(&out, load()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "rate: 72.5") {
		t.Errorf("a steady rate is one number:\n%s", out.String())
	}
}

// Clients who try again, an early end, and no claims are said as well.
func TestClientsAndTheirEndReadBack(t *testing.T) {
	t.Parallel()
	x := load()
	x.Claims = []string{}
	x.Phases[0].Stop = &plumbline.Stop{Share: 0.5, Least: 50, Window: 2 * time.Second}
	x.Phases[0].Streams[0].Patience = &plumbline.Patience{Timeout: time.Second, Attempts: 3, Pause: 100 * time.Millisecond}
	x.Phases[0].Streams[1].Patience = &plumbline.Patience{}
	var out bytes.Buffer
	if err := Render(&out, x); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "attempts: 3") {
		t.Error(out.String())
	}
}

func TestRenderRefusesFaults(t *testing.T) {
	t.Parallel()
	x := load()
	x.Phases[0].Faults = []plumbline.Fault{{Dependency: "a", Kind: plumbline.FaultHang}}
	if err := Render(&bytes.Buffer{}, x); err == nil {
		t.Error("a fault was dropped without a word")
	}
}

func TestMistakesAreNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"unknown key": {"experiment: a\nphases:\n  - {name: p, role: probe, duration: 1s, stream: []}\n", "stream"},
		"no rate":     {"experiment: a\nphases:\n  - {name: p, role: probe, duration: 1s, streams: [{name: s, operation: o}]}\n", "rate above zero"},
		"duration":    {"experiment: a\nphases:\n  - {name: p, role: probe, duration: 5}\n", "missing unit"},
		"empty":       {"experiment: a\n", "at least one phase"},
		"not YAML":    {"a: [", "x.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := Parse("x.yaml", []byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
