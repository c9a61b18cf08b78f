package site

import (
	"fmt"
	"html/template"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/reports/history"
	"github.com/plumbline-dev/plumbline/runners/progress"
)

// words are the functions of the templates beside those of report.html.
func words() template.FuncMap {
	return template.FuncMap{
		"stack": stackSVG, "when": when, "isoOf": func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") },
		"ms": func(d time.Duration) string { return inMilliseconds(d) }, "percent": percent, "roundSeconds": func(d time.Duration) string { return d.Round(time.Second).String() },
		"nothing": func() plumbline.Backdrop { return plumbline.Backdrop{} },
		"took":    func(p progress.PhaseState) float64 { return (p.Ended - p.Began).Seconds() },
		"grid":    func(nights []plumbline.Past, rows []plumbline.GridRow) heat { return heat{nights, rows} },
	}
}

// A heat is a grid of outcomes.
type heat struct {
	Nights []plumbline.Past
	Rows   []plumbline.GridRow
}

func when(t time.Time) string { return t.UTC().Format("Mon 2 Jan 2006, 15:04") }

// percent prints a share; one that is not all is never rounded to all.
func percent(share float64) string {
	p := math.Floor(share*10000) / 100
	return strings.TrimSuffix(strings.TrimSuffix(fmt.Sprintf("%.2f", p), "0"), ".0") + " %"
}

func inMilliseconds(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	switch {
	case ms >= 10000:
		return fmt.Sprintf("%.1f s", ms/1000)
	case ms >= 100:
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.1f ms", ms)
}

// stackSVG draws a column a run: what gated, as it came out. The table beside
// it holds the same figures.
func stackSVG(runs []history.Run) template.HTML {
	const width, height, gap = 1060.0, 120.0, 2.0
	most := 1
	for _, r := range runs {
		most = max(most, r.Kept+r.Broken+r.Unproven)
	}
	wide := min(40, width/float64(max(len(runs), 1)))
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="stack" viewBox="0 0 %.0f %.0f" preserveAspectRatio="xMinYMid meet" role="img" aria-label="Claims that gate, run by run: kept, unproven and broken. The table of the runs holds the same figures.">`, wide*float64(len(runs)), height)
	for i, r := range runs {
		floor := height
		fmt.Fprintf(&b, `<g><title>%s: %d kept, %d broken, %d unproven</title>`, when(r.Began), r.Kept, r.Broken, r.Unproven)
		for _, part := range []struct {
			class string
			n     int
		}{{"pass", r.Kept}, {"inconclusive", r.Unproven}, {"fail", r.Broken}} {
			if part.n == 0 {
				continue
			}
			tall := max(float64(part.n)/float64(most)*height, 4) // one broken claim of hundreds is to be seen
			floor -= tall
			fmt.Fprintf(&b, `<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, part.class, float64(i)*wide, max(floor, 0), wide-gap, tall)
		}
		b.WriteString(`</g>`)
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) //nolint:gosec // numbers and dates alone
}

// A latency is how the 99th percentile of an operation went, run by run.
type latency struct {
	Operation              string
	Now, Median, Low, High float64 // ms
	Last                   bool    // Now is of the last run
	Line                   template.HTML
}

func latencies(runs []history.Run) []latency {
	type point struct {
		run int
		ms  float64
	}
	series := map[string][]point{}
	for i, r := range runs {
		if r.Ignored {
			continue
		}
		for operation, ms := range r.P99 {
			series[operation] = append(series[operation], point{i, ms})
		}
	}
	var out []latency
	for _, operation := range slices.Sorted(maps.Keys(series)) {
		s := series[operation]
		l := latency{Operation: operation, Now: s[len(s)-1].ms, Last: s[len(s)-1].run == len(runs)-1}
		var sorted []float64
		for _, p := range s {
			sorted = append(sorted, p.ms)
		}
		slices.Sort(sorted)
		l.Low, l.Median, l.High = sorted[0], sorted[len(sorted)/2], sorted[len(sorted)-1]
		const width, height = 240.0, 32.0
		x := func(run int) float64 { return 3 + float64(run)/float64(max(len(runs)-1, 1))*(width-6) }
		y := func(ms float64) float64 {
			if l.High == 0 {
				return height - 3
			}
			return height - 3 - ms/l.High*(height-6)
		}
		var d strings.Builder
		for i, p := range s {
			fmt.Fprintf(&d, "%s%.1f %.1f", map[bool]string{true: "M", false: "L"}[i == 0], x(p.run), y(p.ms))
		}
		last := s[len(s)-1]
		l.Line = template.HTML(fmt.Sprintf( //nolint:gosec // numbers alone
			`<svg class="spark" viewBox="0 0 %g %g" aria-hidden="true"><path class="floor" d="M0 %.1fH%g"/><path class="p99" d="%s"/><circle cx="%.1f" cy="%.1f" r="2.6"/></svg>`,
			width, height, y(l.Median), width, d.String(), x(last.run), y(last.ms)))
		out = append(out, l)
	}
	return out
}
