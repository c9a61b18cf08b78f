package reports

import (
	"fmt"
	"html/template"
	"math"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// The drawing area of a timeline, in SVG units.
const (
	chartWidth, chartHeight = 960.0, 240.0
	chartLeft, chartRight   = 56.0, 12.0
	chartTop, chartBottom   = 26.0, 34.0
)

// A chart places seconds and milliseconds on the drawing area. The latency
// axis is logarithmic: a hang of a second and an answer of a millisecond are
// to be seen in one picture.
type chart struct {
	from, to  float64 // seconds
	low, high float64 // ms
}

func newChart(t plumbline.Timeline) chart {
	c := chart{from: math.Inf(1), to: math.Inf(-1), low: math.Inf(1), high: 1}
	for _, p := range t.Phases {
		c.from, c.to = min(c.from, p.Began.Seconds()), max(c.to, p.Ended.Seconds())
	}
	for _, p := range t.Points {
		c.from, c.to = min(c.from, float64(p.Second)), max(c.to, float64(p.Second+1))
		if p.P50 > 0 {
			c.low = min(c.low, p.P50)
		}
		c.high = max(c.high, p.P99, p.P50)
	}
	c.low = math.Pow(10, math.Floor(math.Log10(min(c.low, c.high))))
	c.high = math.Pow(10, math.Ceil(math.Log10(c.high*1.01)))
	return c
}

func (c chart) x(second float64) float64 {
	return chartLeft + (second-c.from)/max(c.to-c.from, 1)*(chartWidth-chartLeft-chartRight)
}

func (c chart) y(ms float64) float64 {
	share := (math.Log10(max(ms, c.low)) - math.Log10(c.low)) / max(math.Log10(c.high)-math.Log10(c.low), 1)
	return chartHeight - chartBottom - share*(chartHeight-chartTop-chartBottom)
}

// timelineSVG draws latency over time with the phases shaded and bad answers
// as bars from the bottom. It is complete without scripts.
func timelineSVG(t plumbline.Timeline) template.HTML {
	if len(t.Points) == 0 {
		return ""
	}
	c := newChart(t)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="chart" viewBox="0 0 %g %g" role="img" aria-label="%s"><title>%s</title>`, chartWidth, chartHeight,
		escape("Latency over time: "+t.Title), escape(t.Title))
	c.phases(&b, t)
	c.grid(&b)
	c.bad(&b, t)
	c.line(&b, t, "p99", func(p plumbline.Point) float64 { return p.P99 })
	c.line(&b, t, "p50", func(p plumbline.Point) float64 { return p.P50 })
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) //nolint:gosec // every text inside went through escape
}

func (c chart) phases(b *strings.Builder, t plumbline.Timeline) {
	for i, p := range t.Phases {
		x0, x1 := c.x(p.Began.Seconds()), c.x(p.Ended.Seconds())
		fmt.Fprintf(b, `<g class="phase %s"><rect x="%.1f" y="%g" width="%.1f" height="%g"/><title>%s</title>`,
			escape(string(p.Role)), x0, chartTop, max(x1-x0, 1), chartHeight-chartTop-chartBottom, escape(fmt.Sprintf("%s: %s phase, %s", p.Phase, p.Role, p.Ended-p.Began)))
		if x1-x0 > 34 {
			fmt.Fprintf(b, `<text x="%.1f" y="%g">%s</text>`, x0+4, 11+float64(i%2)*10, escape(fit(p.Phase, x1-x0)))
		}
		b.WriteString(`</g>`)
	}
}

func fit(s string, width float64) string {
	if n := int(width / 6); len([]rune(s)) > n {
		return string([]rune(s)[:max(n-1, 1)]) + "…"
	}
	return s
}

func (c chart) grid(b *strings.Builder) {
	for ms := c.low; ms <= c.high*1.001; ms *= 10 {
		y := c.y(ms)
		fmt.Fprintf(b, `<line class="grid" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/><text class="axis" x="%g" y="%.1f" text-anchor="end">%s</text>`,
			chartLeft, chartWidth-chartRight, y, y, chartLeft-6, y+4, escape(amount(ms, "ms")))
	}
	step := math.Ceil((c.to-c.from)/12/5) * 5
	for s := c.from; s <= c.to; s += max(step, 1) {
		fmt.Fprintf(b, `<text class="axis" x="%.1f" y="%g" text-anchor="middle">%.0f s</text>`, c.x(s), chartHeight-chartBottom+16, s)
	}
}

func (c chart) bad(b *strings.Builder, t plumbline.Timeline) {
	for _, p := range t.Points {
		if p.Bad == 0 || p.Count == 0 {
			continue
		}
		h := float64(p.Bad) / float64(p.Count) * 40
		x := c.x(float64(p.Second))
		fmt.Fprintf(b, `<rect class="bad" x="%.1f" y="%.1f" width="%.1f" height="%.1f"><title>%d of %d bad in second %d</title></rect>`,
			x, chartHeight-chartBottom-h, max(c.x(float64(p.Second+1))-x-1, 1), h, p.Bad, p.Count, p.Second)
	}
}

func (c chart) line(b *strings.Builder, t plumbline.Timeline, class string, value func(plumbline.Point) float64) {
	var d strings.Builder
	pen := "M"
	for _, p := range t.Points {
		if v := value(p); v > 0 {
			fmt.Fprintf(&d, "%s%.1f %.1f", pen, c.x(float64(p.Second)+0.5), c.y(v))
			pen = "L"
		}
	}
	fmt.Fprintf(b, `<path class="%s" d="%s"/>`, class, d.String())
}

func escape(s string) string { return template.HTMLEscapeString(s) }
