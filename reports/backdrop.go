package reports

import (
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// backdrop is the load as the last good run had it, a point for each of the
// chart's; empty when there was no such run, or it had not this load. A point
// without requests stands for seconds that the run had not.
func backdrop(r plumbline.Report, t plumbline.Timeline, seconds int) plumbline.Backdrop {
	if r.Since == nil {
		return plumbline.Backdrop{}
	}
	i := slices.IndexFunc(r.Since.Before, func(b plumbline.Backdrop) bool { return b.Experiment == t.Experiment })
	if i < 0 {
		return plumbline.Backdrop{}
	}
	was := r.Since.Before[i]
	out := make([]plumbline.Point, 0, len(t.Points))
	for _, p := range t.Points {
		var own []plumbline.Point
		for _, at := range was.Points {
			if at.Second >= p.Second && at.Second < p.Second+seconds {
				own = append(own, at)
			}
		}
		at := plumbline.Point{Second: p.Second}
		if len(own) > 0 {
			at = coarserPoint(own)
			at.Second = p.Second
		}
		out = append(out, at)
	}
	was.Points = out
	return was
}

func behind(c pageChart) bool { return len(c.Was.Points) > 0 }

func anyBehind(charts []pageChart) bool { return slices.ContainsFunc(charts, behind) }

// A chartRow is a second of a chart beside the same second of the last good
// run.
type chartRow struct {
	plumbline.Point
	Was plumbline.Point
}

func rows(c pageChart) []chartRow {
	out := make([]chartRow, 0, len(c.Points))
	for i, p := range c.Points {
		row := chartRow{Point: p}
		if i < len(c.Was.Points) {
			row.Was = c.Was.Points[i]
		}
		out = append(out, row)
	}
	return out
}

// sparkSVG draws a figure through the runs, with a mark where it has shifted.
func sparkSVG(t plumbline.Trend) template.HTML {
	const width, height = 220.0, 34.0
	least, high := 0.0, 0.0
	for _, v := range t.Values {
		if v > 0 && (least == 0 || v < least) {
			least = v
		}
		high = max(high, v)
	}
	low := min(least, 0.75*high) // what hardly moves shall look so
	x := func(i int) float64 { return 3 + float64(i)/float64(max(len(t.Values)-1, 1))*(width-6) }
	y := func(v float64) float64 { return height - 4 - (v-low)/max(high-low, 1e-9)*(height-8) }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="spark" viewBox="0 0 %g %g" role="img" aria-label="%s">`, width, height, escape(fmt.Sprintf("%s through %d runs: %s to %s", t.Name, len(t.Values), amount(least, t.Unit), amount(high, t.Unit))))
	for _, s := range t.Shifts {
		fmt.Fprintf(&b, `<path class="shift" d="M%.1f 0V%g"/>`, (x(s.At)+x(s.At-1))/2, height)
	}
	pen := "M"
	b.WriteString(`<path class="p50" d="`)
	for i, v := range t.Values {
		if v > 0 {
			fmt.Fprintf(&b, "%s%.1f %.1f", pen, x(i), y(v))
			pen = "L"
		}
	}
	b.WriteString(`"/>`)
	if v := lastOf(t); v > 0 {
		fmt.Fprintf(&b, `<circle class="now" cx="%.1f" cy="%.1f" r="3"/>`, x(len(t.Values)-1), y(v))
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) //nolint:gosec // every text inside went through escape
}

// lastOf is the figure of this run; zero when it was not measured.
func lastOf(t plumbline.Trend) float64 {
	if len(t.Values) == 0 {
		return 0
	}
	return t.Values[len(t.Values)-1]
}

// middleOf is the median of the runs in which it was measured.
func middleOf(t plumbline.Trend) float64 {
	all := slices.DeleteFunc(slices.Sorted(slices.Values(t.Values)), func(v float64) bool { return v == 0 })
	if len(all) == 0 {
		return 0
	}
	return all[len(all)/2]
}
