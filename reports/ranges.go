package reports

import (
	"fmt"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// ranges draws what each phase amounts to – its percentiles, and its share of
// bad requests – with the interval that holds it at 95 %, on those of the last
// good run.
func (c chart) ranges(b *strings.Builder, t plumbline.Timeline, was []plumbline.Stretch) {
	for _, m := range t.Phases {
		x0, x1 := c.x(m.Began.Seconds())+1, c.x(m.Ended.Seconds())-2
		if then, ok := stretchNamed(was, m.Phase); ok {
			drawRange(b, "range was", box{x0, x1, c.share(then.BadShare.Low), c.share(then.BadShare.High)}, "the last good run: "+badOf(then))
		}
		now, ok := stretchNamed(t.Stretches, m.Phase)
		if !ok {
			continue
		}
		for _, q := range []struct {
			class, name string
			value       float64
			in          plumbline.Interval
		}{{"range p50", "p50", now.P50, now.P50Range}, {"range p99", "p99", now.P99, now.P99Range}} {
			top := q.in.High
			if top == 0 { // so few requests do not bound it
				q.class, top = q.class+" open", c.high
			}
			drawRange(b, q.class, box{x0, x1, c.y(q.in.Low), c.y(top)}, m.Phase+": "+q.name+" "+within(q.value, q.in, "ms")+", n = "+grouped(now.Count))
		}
		class := "range bad"
		if now.Bad == 0 {
			class = "range none"
		}
		drawRange(b, class, box{x0, x1, c.share(now.BadShare.Low), c.share(now.BadShare.High)}, m.Phase+": "+badOf(now))
		if y := c.share(shareOf(now)); now.Bad > 0 {
			fmt.Fprintf(b, `<path class="mid" d="M%.1f %.1fH%.1f"/>`, x0, y, max(x1, x0+1))
		}
	}
}

// A box is where an interval is drawn: y0 is that of its lower end.
type box struct{ x0, x1, y0, y1 float64 }

// drawRange draws one interval; it is never so thin that it cannot be seen.
func drawRange(b *strings.Builder, class string, at box, label string) {
	fmt.Fprintf(b, `<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"><title>%s</title></rect>`, class, at.x0, at.y1, max(at.x1-at.x0, 1), max(at.y0-at.y1, 1.5), escape(label))
}

// shares draws the share of bad requests in each second.
func (c chart) shares(b *strings.Builder, points []plumbline.Point) {
	var d strings.Builder
	for _, p := range points {
		if p.Count > 0 && p.Bad > 0 {
			fmt.Fprintf(&d, "M%.1f %.1fm-1.6 0a1.6 1.6 0 1 0 3.2 0a1.6 1.6 0 1 0 -3.2 0", c.x(float64(p.Second)+0.5), c.share(float64(p.Bad)/float64(p.Count)))
		}
	}
	if d.Len() > 0 {
		fmt.Fprintf(b, `<path class="spot" d="%s"/>`, d.String())
	}
}

// band shades what lies between the percentiles of the last good run.
func (c chart) band(b *strings.Builder, points []plumbline.Point) {
	var run []plumbline.Point
	flush := func() {
		if len(run) < 2 {
			run = nil
			return
		}
		var d strings.Builder
		for i, p := range run {
			fmt.Fprintf(&d, "%s%.1f %.1f", map[bool]string{true: "M", false: "L"}[i == 0], c.x(float64(p.Second)+0.5), c.y(p.P99))
		}
		for i := len(run) - 1; i >= 0; i-- {
			fmt.Fprintf(&d, "L%.1f %.1f", c.x(float64(run[i].Second)+0.5), c.y(run[i].P50))
		}
		fmt.Fprintf(b, `<path class="then" d="%sz"><title>the last good run, p50 to p99</title></path>`, d.String())
		run = nil
	}
	for _, p := range points {
		if p.P50 <= 0 || p.P99 <= 0 {
			flush()
			continue
		}
		run = append(run, p)
	}
	flush()
}

func stretchNamed(all []plumbline.Stretch, phase string) (plumbline.Stretch, bool) {
	for _, s := range all {
		if s.Phase == phase {
			return s, true
		}
	}
	return plumbline.Stretch{}, false
}

func shareOf(s plumbline.Stretch) float64 {
	if s.Count == 0 {
		return 0
	}
	return float64(s.Bad) / float64(s.Count)
}

func badOf(s plumbline.Stretch) string {
	return within(shareOf(s), s.BadShare, "ratio") + " bad, n = " + grouped(s.Count)
}

// within is a figure with its interval in words.
func within(v float64, in plumbline.Interval, unit string) string {
	return amount(v, unit) + " (" + bounds(in, unit) + ")"
}

// bounds is an interval in words.
func bounds(in plumbline.Interval, unit string) string {
	if in.High == 0 {
		return "at least " + amount(in.Low, unit)
	}
	return amount(in.Low, unit) + " to " + amount(in.High, unit)
}

// between is an interval of milliseconds for a column of numbers.
func between(in plumbline.Interval) string {
	if in.High == 0 {
		return "≥ " + fixed(in.Low)
	}
	return fixed(in.Low) + " – " + fixed(in.High)
}

// A phaseRow is what a phase amounts to, beside the last good run.
type phaseRow struct {
	plumbline.Stretch
	Role  plumbline.Role
	Aside bool // left out where the rest is judged
	Share float64
	Was   *plumbline.Stretch
}

// phaseRows are the phases of a chart for the table beside it.
func phaseRows(c pageChart) []phaseRow {
	var out []phaseRow
	for _, m := range c.Phases {
		s, ok := stretchNamed(c.Stretches, m.Phase)
		if !ok {
			continue
		}
		row := phaseRow{Stretch: s, Role: m.Role, Aside: setAside(c.Timeline, m), Share: shareOf(s)}
		if then, ok := stretchNamed(c.Was.Stretches, m.Phase); ok {
			row.Was = &then
		}
		out = append(out, row)
	}
	return out
}
