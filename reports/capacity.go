package reports

import (
	"fmt"
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
