package reports

import (
	"fmt"
	"html/template"
	"math"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// perSecond writes a rate.
func perSecond(x float64) string {
	if x >= 100 {
		return grouped(int64(math.Round(x)))
	}
	return fmt.Sprintf("%.3g", x)
}

// scaled tells the fit of the Universal Scalability Law in one sentence.
func scaled(s *plumbline.Scaling) string {
	switch {
	case s == nil:
		return ""
	case s.Refused != "":
		return "The Universal Scalability Law is not fitted: " + s.Refused + "."
	}
	text := fmt.Sprintf("Universal Scalability Law over %s: contention %.3g [%.3g … %.3g], coherency %.3g [%.3g … %.3g], off by %.2g %% on average",
		plural(s.Levels, "rate"), s.Alpha, s.AlphaLow, s.AlphaHigh, s.Beta, s.BetaLow, s.BetaHigh, 100*s.Error)
	if s.Most > 0 {
		return text + fmt.Sprintf("; its curve peaks at %s requests a second [%s … %s] with %.3g of them inside.", perSecond(s.Most), perSecond(s.MostLow), perSecond(s.MostHigh), s.Within)
	}
	return text + "; its curve has no peak within reach of what was tried."
}

func (p *page) capacity(r plumbline.Report) {
	if r.Capacity == nil {
		return
	}
	p.wrap("  capacity  ", r.Capacity.Sentence)
	for _, s := range r.Capacity.Steps {
		if s.Kind == "cool-down" {
			continue
		}
		p.wrap("            ", fmt.Sprintf("%-9s %8s/s for %4.0f s  %-7s  p99 %s, %s good a second %s", s.Verdict, perSecond(s.Offered), s.Seconds, s.Kind, amount(s.P99, "ms"), perSecond(s.Goodput), s.Why))
	}
	p.wrap("            ", scaled(r.Capacity.Scaling))
	if r.Capacity.Remedy != "" {
		p.wrap("  remedy    ", r.Capacity.Remedy)
	}
	p.line("\n")
}

func markdownCapacity(r plumbline.Report) string {
	c := r.Capacity
	if c == nil {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "## Capacity\n\n**%s**\n\n| step | requests a second | good a second | p99 | verdict | why |\n|---|--:|--:|--:|---|---|\n", text(c.Sentence))
	for _, s := range c.Steps {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", s.Kind, perSecond(s.Offered), perSecond(s.Goodput), amount(s.P99, "ms"), s.Verdict, text(s.Why))
	}
	fmt.Fprintf(&b, "\n%s\n\n", text(scaled(c.Scaling)))
	return b.String()
}

// The drawing area of the steps, in SVG units.
const (
	stepsWidth, stepsHeight = 640.0, 220.0
	stepsLeft, stepsBottom  = 56.0, 34.0
)

// capacitySVG draws what came back good over what was asked for, a point a
// step; where nothing is lost the points lie on the diagonal.
func capacitySVG(c *plumbline.Capacity) template.HTML {
	most := 0.0
	for _, s := range c.Steps {
		most = max(most, s.Offered, s.Goodput)
	}
	if most == 0 {
		return ""
	}
	x := func(v float64) float64 { return stepsLeft + v/most*(stepsWidth-stepsLeft-12) }
	y := func(v float64) float64 { return stepsHeight - stepsBottom - v/most*(stepsHeight-stepsBottom-14) }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %g %g" role="img" aria-label="%s">`, stepsWidth, stepsHeight, escape("Good answers a second over requests a second: "+c.Sentence))
	fmt.Fprintf(&b, `<line class="axis" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, x(0), y(0), x(most), y(most))
	for _, s := range c.Steps {
		if s.Kind == "cool-down" {
			continue
		}
		class := map[string]string{plumbline.StepKept: "pass", plumbline.StepBroken: "fail"}[s.Verdict]
		fmt.Fprintf(&b, `<circle class="dot %s" cx="%.1f" cy="%.1f" r="4" fill="currentColor"><title>%s</title></circle>`, or(class, "inconclusive"), x(s.Offered), y(s.Goodput),
			escape(fmt.Sprintf("%s a second: %s", perSecond(s.Offered), s.Verdict)))
	}
	fmt.Fprintf(&b, `<text x="%.1f" y="%.1f">%s requests a second</text><text x="4" y="14">good a second</text></svg>`, x(most/2), stepsHeight-8.0, perSecond(most))
	return template.HTML(b.String()) //nolint:gosec // made of numbers and escaped text
}
