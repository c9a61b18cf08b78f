package scenarios

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A restart that is known by one way or the other, and what is none.
func TestRestartsThatTheRunDidNotAskFor(t *testing.T) {
	t.Parallel()
	const s = time.Second
	began := time.Unix(1_700_000_000, 0)
	phases := []plumbline.PhaseMark{
		{Experiment: "outage/payment", Phase: "down", Role: plumbline.RoleFault, Began: 10 * s, Ended: 20 * s},
		{Experiment: "outage/payment", Phase: "recovery", Role: plumbline.RoleRecovery, Began: 20 * s, Ended: 30 * s},
		{Experiment: "deploy/target", Phase: "stop", Role: plumbline.RoleFault, Began: 40 * s, Ended: 50 * s},
	}
	stopped := []plumbline.Injection{
		{Experiment: "outage/payment", Fault: plumbline.Fault{Kind: plumbline.FaultHang}},
		{Experiment: "deploy/target", Fault: plumbline.Fault{Kind: plumbline.FaultStop}},
	}
	// told are the times of start that the target tells, second by second from
	// the given one on, after the run began.
	told := func(from int, starts ...float64) (out []plumbline.Scrape) {
		for i, at := range starts {
			out = append(out, plumbline.Scrape{At: time.Duration(from+i) * s, Instances: 1, Began: float64(began.Unix()) + at})
		}
		return out
	}
	// asked are requests, one each half second from the given second on: answered
	// (.) or refused (x).
	asked := func(from int, requests string) (out []plumbline.Observation) {
		for i, r := range requests {
			o := plumbline.Observation{Due: time.Duration(from)*s + time.Duration(i)*s/2, Status: 200}
			if r == 'x' {
				o.Status, o.Error = 0, plumbline.ErrorRefused
			}
			out = append(out, o)
		}
		return out
	}
	slices5 := func(class string, seconds ...int) plumbline.Series {
		x := plumbline.Series{Class: class}
		for _, second := range seconds {
			x.Slices = append(x.Slices, plumbline.Slice{Second: second, Count: 5})
		}
		return x
	}
	for _, c := range []struct {
		name     string
		scrapes  []plumbline.Scrape
		requests []plumbline.Observation
		series   []plumbline.Series
		want     []time.Duration // when each began
	}{
		{name: "nothing", scrapes: told(0, -60, -60, -60), requests: asked(0, "......")},
		{name: "it says so", scrapes: told(0, -60, -60, 1.5, 1.5), want: []time.Duration{s}},
		{name: "it says so while a dependency is broken", scrapes: told(11, -60, 12.5), want: []time.Duration{11 * s}},
		{name: "it says so while the run stops it", scrapes: told(41, -60, 42.5)},
		{name: "an older instance answers", scrapes: told(0, -30, -60, -60)},
		{name: "the younger of two answers for the first time", scrapes: told(0, -60, -30, -30)},
		{name: "another one came beside it", scrapes: told(0, -60, 1.5, -60, 1.5)},
		{name: "nothing is told of it", scrapes: []plumbline.Scrape{{At: s}, {At: 2 * s, Began: float64(began.Unix()) + 1.5}}},
		{name: "refused for a while", requests: asked(0, "...xx..."), want: []time.Duration{1500 * time.Millisecond}},
		{name: "refused while a dependency is broken", requests: asked(11, "..xx...."), want: []time.Duration{12 * s}},
		{name: "refused until the dependency is back", requests: asked(15, "...xxxxxxxx....")},
		{name: "refused while the run stops it", requests: asked(41, "..xx....")},
		{name: "refused to the end", requests: asked(0, "...xxxxxxx")},
		{name: "a part behind an entrance is gone", requests: asked(0, ".x.x.x.x.x...")},
		{name: "it goes again and again", requests: asked(50, ".xx...xx...xx...xx...")},
		{name: "both ways are one", scrapes: told(0, -60, -60, 2.5, 2.5), requests: asked(0, "...xx..."), want: []time.Duration{s}},
		{name: "under load", series: []plumbline.Series{slices5("2xx", 1, 2, 4, 5), slices5("refused", 2, 3)}, want: []time.Duration{2 * s}},
		{name: "a part is gone under load", series: []plumbline.Series{slices5("2xx", 1, 2, 3, 4, 5, 6), slices5("refused", 2, 3, 4, 5)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := &plumbline.Evidence{Run: plumbline.Run{Began: began}, Phases: phases, Injections: stopped, Scrapes: c.scrapes, Observations: c.requests, Series: c.series}
			var got []time.Duration
			for _, r := range restartsOf(plumbline.Design{Metrics: &plumbline.Metrics{}}, e) {
				got = append(got, r.from)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// A restart by somebody else takes the proof from what was put to the test
// meanwhile: kept or broken, but for what is told only when it comes again.
func TestARestartTakesTheProof(t *testing.T) {
	t.Parallel()
	d := shop()
	p := drawn(t, d, "harness", sloAtTarget, noServerError)
	e := goodRun(d, p)
	mark, ok := e.Phase(loadTarget, "steady")
	if !ok {
		t.Fatal("no load")
	}
	e.Series = append(e.Series, plumbline.Series{Experiment: loadTarget, Phase: "steady", Operation: "getProduct", Class: string(plumbline.ErrorRefused), Began: mark.Began, Count: 1, Slices: []plumbline.Slice{{Second: 1, Count: 1}}})
	x := proofsOf(d, p, e)
	for _, o := range []plumbline.Outcome{plumbline.Pass, plumbline.Fail} {
		for experiment, want := range map[string]plumbline.Outcome{loadTarget: plumbline.Inconclusive, baselineBefore: o} {
			c := plumbline.Claim{ID: "a/b", Experiments: []string{experiment}}
			v := x.weigh(plumbline.Function{}, c, plumbline.Verdict{Outcome: o, Statement: "seen"})
			if v.Outcome != want || want == plumbline.Inconclusive && (v.Reason != plumbline.ReasonRestarted || v.Remedy == "" || !strings.Contains(v.Statement, "seen")) {
				t.Errorf("%s in %s: %+v", o, experiment, v)
			}
		}
	}
	c := plumbline.Claim{ID: "a/b", Experiments: []string{loadTarget}}
	if v := x.weigh(plumbline.Function{Repeats: true}, c, plumbline.Verdict{Outcome: plumbline.Fail}); v.Reason == plumbline.ReasonRestarted {
		t.Errorf("what is repeated: %+v", v)
	}
	if notes := Judge(d, p, own(), e).Notes; !slices.ContainsFunc(notes, func(n string) bool { return strings.Contains(n, "started anew") }) {
		t.Errorf("notes %v", notes)
	}
}
