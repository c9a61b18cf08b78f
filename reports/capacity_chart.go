package reports

import (
	"fmt"
	"html/template"
	"math"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// The drawing area of the steps of a search for capacity, in SVG units.
const (
	stepsHeight          = 260.0
	stepsLeft, stepsEdge = 58.0, 16.0
	stepsTop, stepsFloor = 24.0, 222.0
)

// A stepChart places requests a second on the drawing area, those asked for to
// the right and those that came back good upwards.
type stepChart struct{ width, most float64 }

func (c stepChart) x(v float64) float64 {
	return stepsLeft + v/c.most*(c.width-stepsLeft-stepsEdge)
}

func (c stepChart) y(v float64) float64 { return stepsFloor - v/c.most*(stepsFloor-stepsTop) }

// capacitySVG draws what came back good over what was asked for, a point a
// step; where nothing is lost the points lie on the diagonal. The band is the
// interval in which the capacity lies, on that of the last good run.
func capacitySVG(c *plumbline.Capacity, was *plumbline.Interval, width float64) template.HTML {
	most := max(c.Broken, c.Peak)
	for _, s := range c.Steps {
		most = max(most, s.Offered, s.Goodput)
	}
	if was != nil {
		most = max(most, was.Low, was.High)
	}
	if most == 0 {
		return ""
	}
	step := roundStep(most / 5)
	chart := stepChart{width: width, most: math.Ceil(most/step) * step}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="chart" viewBox="0 0 %g %g" role="img" aria-label="%s">`, width, stepsHeight, escape("Good answers a second over requests a second: "+c.Sentence+". The table below holds the same figures."))
	chart.grid(&b, step)
	chart.then(&b, was)
	chart.answer(&b, c)
	for _, s := range c.Steps {
		if s.Kind != "cool-down" {
			chart.dot(&b, s)
		}
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) //nolint:gosec // made of numbers and escaped text
}

// roundStep is a round number that is not less than that: 1, 2 or 5 times a
// power of ten.
func roundStep(least float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(least)))
	for _, times := range []float64{1, 2, 5} {
		if times*power >= least {
			return times * power
		}
	}
	return 10 * power
}

func (c stepChart) grid(b *strings.Builder, step float64) {
	for v := 0.0; v <= c.most*1.001; v += step {
		fmt.Fprintf(b, `<path class="grid" d="M%g %.1fH%.1f"/><text class="axis" x="%g" y="%.1f" text-anchor="end">%s</text><text class="axis" x="%.1f" y="%g" text-anchor="middle">%s</text>`,
			stepsLeft, c.y(v), c.width-stepsEdge, stepsLeft-8, c.y(v)+4, perSecond(v), c.x(v), stepsFloor+17, perSecond(v))
	}
	fmt.Fprintf(b, `<path class="ideal" d="M%.1f %.1fL%.1f %.1f"/>`, c.x(0), c.y(0), c.x(c.most), c.y(c.most))
	fmt.Fprintf(b, `<text class="axis" x="2" y="13">good answers a second</text><text class="axis" x="%.1f" y="%g" text-anchor="end">requests a second</text>`, c.width-stepsEdge, stepsHeight-4)
}

// carriedThen is where the capacity lay in the last good run; nil when it was not
// searched for there.
func carriedThen(r plumbline.Report) *plumbline.Interval {
	if r.Since == nil {
		return nil
	}
	return r.Since.Carried
}

// then shades where the capacity lay in the last good run.
func (c stepChart) then(b *strings.Builder, was *plumbline.Interval) {
	if was == nil || was.Low <= 0 {
		return
	}
	right := c.width - stepsEdge
	if was.High > was.Low {
		right = c.x(was.High)
	}
	fmt.Fprintf(b, `<rect class="then" x="%.1f" y="%g" width="%.1f" height="%g"><title>the last good run: %s requests a second</title></rect>`,
		c.x(was.Low), stepsTop, max(right-c.x(was.Low), 2), stepsFloor-stepsTop, escape(bounds(*was, "")))
}

// answer shades the interval, and marks the promised peak.
func (c stepChart) answer(b *strings.Builder, found *plumbline.Capacity) {
	if found.Kept > 0 && found.Broken > found.Kept {
		fmt.Fprintf(b, `<rect class="between" x="%.1f" y="%g" width="%.1f" height="%g"><title>between %s and %s requests a second</title></rect>`,
			c.x(found.Kept), stepsTop, max(c.x(found.Broken)-c.x(found.Kept), 2), stepsFloor-stepsTop, perSecond(found.Kept), perSecond(found.Broken))
	}
	if found.Peak > 0 {
		fmt.Fprintf(b, `<path class="peak" d="M%.1f %gV%g"/><text class="axis" x="%.1f" y="%g">promised: %s</text>`, c.x(found.Peak), stepsTop, stepsFloor, c.x(found.Peak)+5, stepsTop+10, perSecond(found.Peak))
	}
}

// dot is one step: a disc, a cross or a ring, so that it is told without
// colour.
func (c stepChart) dot(b *strings.Builder, s plumbline.CapacityStep) {
	x, y := c.x(s.Offered), c.y(s.Goodput)
	class, shape := "inconclusive", fmt.Sprintf(`M%.1f %.1fm-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0`, x, y)
	switch s.Verdict {
	case plumbline.StepKept:
		class = "pass"
	case plumbline.StepBroken:
		class, shape = "fail", fmt.Sprintf(`M%.1f %.1fm-5 -5l10 10m0 -10l-10 10`, x, y)
	}
	fmt.Fprintf(b, `<path class="dot %s" d="%s"><title>%s</title></path>`, class, shape, escape(fmt.Sprintf("%s requests a second, %s good: %s", perSecond(s.Offered), perSecond(s.Goodput), s.Verdict)))
}
