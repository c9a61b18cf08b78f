package reports

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// The drawing area of a timeline, in SVG units: latency above, requests below,
// and the share of them that was bad at the bottom.
const (
	chartHeight            = 356.0
	chartLeft, chartRight  = 62.0, 10.0
	chartTop, chartBottom  = 24.0, 200.0 // of the latencies
	countsTop, countsFloor = 218.0, 264.0
	sharesTop, sharesFloor = 282.0, 328.0
)

// A chart places seconds and milliseconds on the drawing area. The latency
// axis is logarithmic: a hang of a second and an answer of a millisecond are
// to be seen in one picture. So is that of the shares: one in a thousand is to be
// seen beside all.
type chart struct {
	width     float64
	from, to  float64 // seconds since the run began
	low, high float64 // ms
	most      int     // requests in one second
	least     float64 // share at the floor, and below
}

func newChart(t plumbline.Timeline, was plumbline.Backdrop, width float64) chart {
	c := chart{width: width, from: math.Inf(1), to: math.Inf(-1), low: math.Inf(1), high: 1, most: 1, least: 1e-3}
	for _, p := range t.Phases {
		c.from, c.to = min(c.from, p.Began.Seconds()), max(c.to, p.Ended.Seconds())
	}
	for _, p := range t.Points {
		c.from, c.to = min(c.from, float64(p.Second)), max(c.to, float64(p.Second+1))
		if p.P50 > 0 {
			c.low = min(c.low, p.P50)
		}
		c.high, c.most = max(c.high, p.P99, p.P50), max(c.most, p.Count)
	}
	for _, p := range was.Points {
		c.high = max(c.high, p.P99, p.P50)
	}
	for _, p := range t.Stretches {
		c.high = max(c.high, p.P99Range.High)
	}
	for _, p := range t.Promised {
		if len(spansOf(t, p)) > 0 {
			c.high, c.least = max(c.high, p.Within), min(c.least, max(1-p.Target, 1e-6)/2)
		}
	}
	c.low = math.Pow(10, math.Floor(math.Log10(max(min(c.low, c.high), 0.001))))
	c.high = math.Pow(10, math.Ceil(math.Log10(c.high*1.01)))
	c.least = math.Pow(10, math.Floor(math.Log10(c.least)))
	return c
}

func (c chart) x(second float64) float64 {
	return chartLeft + (second-c.from)/max(c.to-c.from, 1)*(c.width-chartLeft-chartRight)
}

func (c chart) y(ms float64) float64 {
	share := (math.Log10(max(ms, c.low)) - math.Log10(c.low)) / max(math.Log10(c.high)-math.Log10(c.low), 1)
	return chartBottom - share*(chartBottom-chartTop)
}

// count is the height of so many requests in a second.
func (c chart) count(n int) float64 {
	return countsFloor - float64(n)/float64(c.most)*(countsFloor-countsTop)
}

// share is the height of a share of bad requests.
func (c chart) share(v float64) float64 {
	return sharesFloor - (1-math.Log10(min(max(v, c.least), 1))/math.Log10(c.least))*(sharesFloor-sharesTop)
}

// timelineSVG draws latency over time, the requests of each second below it and
// the share of the bad ones below these: on the phases of the experiment, on its
// own baseline and on the last good run; with the interval of each phase, and
// what is promised. It is complete without scripts.
func timelineSVG(t plumbline.Timeline, was plumbline.Backdrop, width float64) template.HTML {
	if len(t.Points) == 0 {
		return ""
	}
	c := newChart(t, was, width)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="chart" viewBox="0 0 %g %g" role="img" aria-label="%s">`, width, chartHeight,
		escape("Latency, requests and the share of bad ones over time: "+t.Title+". The tables below hold the same figures."))
	c.phases(&b, t)
	c.cuts(&b, t)
	c.grid(&b)
	c.baseline(&b, t)
	c.band(&b, was.Points)
	c.line(&b, was.Points, "was p99", p99Of)
	c.line(&b, was.Points, "was p50", p50Of)
	c.ranges(&b, t, was.Stretches)
	c.counts(&b, t)
	c.shares(&b, t.Points)
	c.line(&b, t.Points, "p99", p99Of)
	c.line(&b, t.Points, "p50", p50Of)
	c.promised(&b, t)
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) //nolint:gosec // every text inside went through escape
}

func (c chart) phases(b *strings.Builder, t plumbline.Timeline) {
	for _, p := range t.Phases {
		x0, x1 := c.x(p.Began.Seconds()), c.x(p.Ended.Seconds())
		fmt.Fprintf(b, `<g class="phase %s"><rect x="%.1f" y="4" width="%.1f" height="%g"/><title>%s</title>`,
			escape(string(p.Role)), x0, max(x1-x0-1, 1), sharesFloor-4, escape(fmt.Sprintf("%s: %s phase of %s", p.Phase, p.Role, amount((p.Ended-p.Began).Seconds(), "s"))))
		if label := clipped(p.Phase, x1-x0-6); x1-x0 > 26 {
			fmt.Fprintf(b, `<text x="%.1f" y="16">%s</text>`, x0+5, escape(label))
		}
		b.WriteString(`</g>`)
	}
}

func (c chart) grid(b *strings.Builder) {
	for ms := c.low; ms <= c.high*1.001; ms *= 10 {
		y := c.y(ms)
		fmt.Fprintf(b, `<path class="grid" d="M%g %.1fH%g"/><text class="axis" x="%g" y="%.1f" text-anchor="end">%s</text>`,
			chartLeft, y, c.width-chartRight, chartLeft-8, y+4, escape(amount(ms, "ms")))
	}
	fmt.Fprintf(b, `<path class="grid" d="M%g %gH%g"/><text class="axis" x="%g" y="%g" text-anchor="end">%d/s</text>`, chartLeft, countsFloor, c.width-chartRight, chartLeft-8, countsTop+6, c.most)
	c.shareGrid(b)
	step := tick((c.to - c.from) / (c.width / 90))
	for s := 0.0; s <= c.to-c.from; s += step {
		fmt.Fprintf(b, `<text class="axis" x="%.1f" y="%g" text-anchor="middle">%g s</text>`, c.x(c.from+s), sharesFloor+18, s)
	}
}

// shareGrid rules the share of bad requests, a line a decade or, where these are
// many, every other.
func (c chart) shareGrid(b *strings.Builder) {
	decades := int(math.Round(-math.Log10(c.least)))
	step := 1
	if decades > 3 {
		step = 2
	}
	for n := 0; n <= decades; n += step {
		share := math.Pow(10, -float64(n))
		fmt.Fprintf(b, `<path class="grid" d="M%g %.1fH%g"/><text class="axis" x="%g" y="%.1f" text-anchor="end">%s</text>`,
			chartLeft, c.share(share), c.width-chartRight, chartLeft-8, c.share(share)+4, escape(amount(share, "ratio")))
	}
}

// tick is a round step that is not less than that.
func tick(least float64) float64 {
	for _, s := range []float64{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800} {
		if s >= least {
			return s
		}
	}
	return 3600
}

// baseline is the band between the usual median and 99th percentile, as the
// baseline phase of the experiment has them.
func (c chart) baseline(b *strings.Builder, t plumbline.Timeline) {
	low, high, ok := usual(t)
	if !ok {
		return
	}
	fmt.Fprintf(b, `<rect class="usual" x="%g" y="%.1f" width="%g" height="%.1f"><title>the baseline: p50 %s, p99 %s</title></rect>`,
		chartLeft, c.y(high), c.width-chartLeft-chartRight, max(c.y(low)-c.y(high), 1.5), amount(low, "ms"), amount(high, "ms"))
}

// usual is the median of the medians, and of the 99th percentiles, of the
// seconds of the baseline phases. A timeline without a fault has
// nothing to be compared with it.
func usual(t plumbline.Timeline) (p50, p99 float64, ok bool) {
	var lows, highs []float64
	faulted := false
	for _, p := range t.Phases {
		faulted = faulted || p.Role == plumbline.RoleFault
		for _, x := range t.Points {
			if at := float64(x.Second) + 0.5; p.Role == plumbline.RoleBaseline && at >= p.Began.Seconds() && at <= p.Ended.Seconds() && x.P50 > 0 {
				lows, highs = append(lows, x.P50), append(highs, x.P99)
			}
		}
	}
	if len(lows) == 0 || !faulted {
		return 0, 0, false
	}
	slices.Sort(lows)
	slices.Sort(highs)
	return lows[len(lows)/2], highs[len(highs)/2], true
}

func (c chart) counts(b *strings.Builder, t plumbline.Timeline) {
	var all, bad strings.Builder
	step := 0 // seconds of one point: the least distance of two
	for i := 1; i < len(t.Points); i++ {
		if gap := t.Points[i].Second - t.Points[i-1].Second; step == 0 || gap < step {
			step = gap
		}
	}
	step = max(step, 1)
	for _, p := range t.Points {
		x := c.x(float64(p.Second))
		w := max(c.x(float64(p.Second+step))-x-1, 0.6)
		fmt.Fprintf(&all, "M%.1f %gV%.1fh%.1fV%gz", x, countsFloor, c.count(p.Count), w, countsFloor)
		if p.Bad > 0 {
			fmt.Fprintf(&bad, "M%.1f %gV%.1fh%.1fV%gz", x, countsFloor, min(c.count(p.Bad), countsFloor-1.5), w, countsFloor)
		}
	}
	fmt.Fprintf(b, `<path class="count" d="%s"/><path class="bad" d="%s"/>`, all.String(), bad.String())
}

func p99Of(p plumbline.Point) float64 { return p.P99 }
func p50Of(p plumbline.Point) float64 { return p.P50 }

func (c chart) line(b *strings.Builder, points []plumbline.Point, class string, value func(plumbline.Point) float64) {
	var d strings.Builder
	pen := "M"
	for _, p := range points {
		if v := value(p); v > 0 {
			fmt.Fprintf(&d, "%s%.1f %.1f", pen, c.x(float64(p.Second)+0.5), c.y(v))
			pen = "L"
		}
	}
	if d.Len() > 0 {
		fmt.Fprintf(b, `<path class="%s" d="%s"/>`, class, d.String())
	}
}

func escape(s string) string { return template.HTMLEscapeString(s) }
