package reports

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// warmingUp is a load of ten seconds after two that warm up; it is told of three
// more that an objective leaves them out.
func warmingUp() plumbline.Timeline {
	const s = time.Second
	t := plumbline.Timeline{
		Experiment: "load/target", Title: "the service under its declared load",
		Phases: []plumbline.PhaseMark{{Phase: "warmup", Role: plumbline.RoleProbe, Began: 4 * s, Ended: 6 * s}, {Phase: "steady", Role: plumbline.RoleBaseline, Began: 6 * s, Ended: 16 * s}},
		Cuts:   []plumbline.Cut{{Began: 4 * s, Ended: 6 * s}, {Began: 6 * s, Ended: 9 * s, Objectives: []string{"fast", "<quick>"}}},
	}
	for n := range 12 {
		t.Points = append(t.Points, plumbline.Point{Second: 4 + n, Count: 20, P50: 3, P99: 9})
	}
	for _, m := range t.Phases {
		t.Stretches = append(t.Stretches, plumbline.Stretch{Phase: m.Phase, Count: 100, P50: 3, P99: 9})
	}
	return t
}

// Time that is left out is hatched in the picture, and told beside it in words.
func TestWarmingUpIsDrawn(t *testing.T) {
	t.Parallel()
	svg := string(timelineSVG(warmingUp(), plumbline.Backdrop{}, 1040))
	for _, want := range []string{"warm-up of 2 s, as planned: no objective counts it", "still warmed up for 3 s: left out for fast, &lt;quick&gt;", ">left out</text>", ">left out for fast, &lt;quick&gt;</text>"} {
		if !strings.Contains(svg, want) {
			t.Errorf("the picture does not say %q", want)
		}
	}
	if n := strings.Count(svg, `<g class="cut">`); n != 2 {
		t.Errorf("%d stretches are hatched", n)
	}
	r := samples()["fit"]
	for name, c := range map[string]struct {
		timeline plumbline.Timeline
		want     bool
	}{"left out": {warmingUp(), true}, "nothing left out": {r.Timeline[0], false}} {
		var b bytes.Buffer
		r.Timeline = []plumbline.Timeline{c.timeline}
		if err := HTML(&b, r); err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{`<i class="cut"></i> warm-up, left out`, `data-cuts="4.0 6.0 6.0 9.0"`, `Hatched: warm-up of 2 s`, `warmup <span class="soft">probe</span> <span class="soft">left out</span>`} {
			if got := strings.Contains(b.String(), part); got != c.want {
				t.Errorf("%s: the page says %q: %t", name, part, got)
			}
		}
	}
}

// Lines of the hatch stay within what they hatch.
func TestTheHatchStaysInside(t *testing.T) {
	t.Parallel()
	for _, x := range []struct{ from, to float64 }{{62, 63}, {62, 200}, {100, 1000}} {
		d := hatched(x.from, x.to)
		for _, point := range strings.FieldsFunc(d, func(r rune) bool { return r == 'M' || r == 'L' }) {
			at, height, _ := strings.Cut(point, " ")
			if px, py := number(t, at), number(t, height); px < x.from-0.1 || px > x.to+0.1 || py < chartTop-0.1 || py > sharesFloor+0.1 {
				t.Fatalf("%v: (%g, %g) is outside", x, px, py)
			}
		}
		if !strings.HasPrefix(d, "M") {
			t.Errorf("%v: nothing is hatched", x)
		}
	}
}

func number(t *testing.T, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
