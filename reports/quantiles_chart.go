package reports

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// The drawing area of the quantiles under load, in SVG units: a line an
// operation.
const (
	quantileTop  = 26.0
	quantileLine = 44.0
	quantileEdge = 18.0
)

// A quantileRow is one quantile of an operation under load, beside what is
// promised of it and what it was in the last good run.
type quantileRow struct {
	plumbline.Quantile
	Promised float64 // ms; zero when nothing is promised of this quantile
	Was      *plumbline.Quantile
}

// quantileRows are the quantiles for the table.
func quantileRows(r plumbline.Report) []quantileRow {
	out := make([]quantileRow, 0, len(r.Quantiles))
	for _, q := range r.Quantiles {
		row := quantileRow{Quantile: q}
		for _, p := range promisedOf(r, q.Operation) {
			if math.Abs(p.Target-q.Q) < 1e-9 && (row.Promised == 0 || p.Within < row.Promised) {
				row.Promised = p.Within
			}
		}
		if was, ok := quantileThen(r, q); ok {
			row.Was = &was
		}
		out = append(out, row)
	}
	return out
}

func anyThen(rows []quantileRow) bool {
	return slices.ContainsFunc(rows, func(q quantileRow) bool { return q.Was != nil })
}

// promisedOf are the latencies that are promised of an operation under the
// declared load.
func promisedOf(r plumbline.Report, operation string) []plumbline.Promised {
	var out []plumbline.Promised
	for _, t := range r.Timeline {
		if t.Experiment != "load/target" {
			continue
		}
		for _, p := range t.Promised {
			if p.Within > 0 && p.During == "" && p.Covers(operation) {
				out = append(out, p)
			}
		}
	}
	return out
}

func quantileThen(r plumbline.Report, q plumbline.Quantile) (plumbline.Quantile, bool) {
	if r.Since == nil {
		return plumbline.Quantile{}, false
	}
	i := slices.IndexFunc(r.Since.Latency, func(w plumbline.Quantile) bool { return w.Operation == q.Operation && w.Q == q.Q })
	if i < 0 {
		return plumbline.Quantile{}, false
	}
	return r.Since.Latency[i], true
}

// A quantileChart places milliseconds on a logarithmic axis.
type quantileChart struct {
	left, width float64
	low, high   float64 // ms
	floor       float64
}

func (c quantileChart) x(ms float64) float64 {
	share := (math.Log10(max(ms, c.low)) - math.Log10(c.low)) / (math.Log10(c.high) - math.Log10(c.low))
	return c.left + share*(c.width-c.left-quantileEdge)
}

// quantilesSVG draws the median and the 99th percentile of each operation under
// the declared load, each with its interval, beside what is promised and on what
// they were in the last good run.
func quantilesSVG(r plumbline.Report, width float64) template.HTML {
	var operations []string
	low, high := math.Inf(1), 1.0
	for _, row := range quantileRows(r) {
		if row.Q != 0.5 && row.Q != 0.99 {
			continue
		}
		if !slices.Contains(operations, row.Operation) {
			operations = append(operations, row.Operation)
		}
		low, high = min(low, max(row.Low, 0.001)), max(high, row.Value, row.High)
		if row.Was != nil {
			low, high = min(low, max(row.Was.Low, 0.001)), max(high, row.Was.High, row.Was.Value)
		}
		for _, p := range promisedOf(r, row.Operation) {
			high = max(high, p.Within)
		}
	}
	if len(operations) == 0 {
		return ""
	}
	c := quantileChart{left: min(170, width/3), width: width, low: math.Pow(10, math.Floor(math.Log10(low))), high: math.Pow(10, math.Ceil(math.Log10(high*1.01)))}
	c.floor = quantileTop + quantileLine*float64(len(operations))
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="chart" viewBox="0 0 %g %g" role="img" aria-label="Latency quantiles of each operation with their intervals. The table below holds the same figures.">`, width, c.floor+24)
	for ms := c.low; ms <= c.high*1.001; ms *= 10 {
		fmt.Fprintf(&b, `<path class="grid" d="M%.1f %gV%g"/><text class="axis" x="%.1f" y="%g" text-anchor="middle">%s</text>`, c.x(ms), quantileTop, c.floor, c.x(ms), c.floor+17, escape(amount(ms, "ms")))
	}
	for i, operation := range operations {
		c.operation(&b, r, operation, quantileTop+quantileLine*(float64(i)+0.5))
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) //nolint:gosec // every text inside went through escape
}

// operation draws the line of one operation at that height.
func (c quantileChart) operation(b *strings.Builder, r plumbline.Report, operation string, y float64) {
	fmt.Fprintf(b, `<path class="grid" d="M%g %.1fH%g"/><text x="%g" y="%.1f" text-anchor="end">%s</text>`, c.left, y+quantileLine/2, c.width-quantileEdge, c.left-10, y+4, escape(clipped(operation, c.left-14)))
	var drawn []float64
	for _, p := range promisedOf(r, operation) {
		if slices.Contains(drawn, p.Within) {
			continue
		}
		drawn = append(drawn, p.Within)
		fmt.Fprintf(b, `<g class="promised"><path d="M%.1f %.1fV%.1f"/><title>%s</title><text x="%.1f" y="%.1f" text-anchor="end">%s</text></g>`,
			c.x(p.Within), y-quantileLine/2+2, y+quantileLine/2-2, escape(promise(p)), c.x(p.Within)-5, y-quantileLine/2+12, escape(clipped(promise(p), c.x(p.Within)-c.left-8)))
	}
	for _, row := range quantileRows(r) {
		if row.Operation == operation && (row.Q == 0.5 || row.Q == 0.99) {
			c.quantile(b, row, y)
		}
	}
}

// quantile draws a point with its interval: a disc for the median, a diamond for
// the 99th percentile.
func (c quantileChart) quantile(b *strings.Builder, row quantileRow, y float64) {
	if was := row.Was; was != nil {
		high := was.High
		if high == 0 {
			high = was.Value
		}
		fmt.Fprintf(b, `<rect class="then" x="%.1f" y="%.1f" width="%.1f" height="22"><title>the last good run: p%g %s</title></rect>`,
			c.x(was.Low), y-11, max(c.x(high)-c.x(was.Low), 2), 100*row.Q, escape(within(was.Value, plumbline.Interval{Low: was.Low, High: was.High}, "ms")))
	}
	class, shape := "p50", fmt.Sprintf("M%.1f %.1fm-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0", c.x(row.Value), y)
	if row.Q == 0.99 {
		class, shape = "p99", fmt.Sprintf("M%.1f %.1fl5.5 5.5l-5.5 5.5l-5.5 -5.5z", c.x(row.Value), y-5.5)
	}
	high, end := row.High, "v8"
	if high == 0 { // so few requests do not bound it
		high, end = c.high, "v0"
	}
	fmt.Fprintf(b, `<g class="quantile %s"><path class="reach" d="M%.1f %.1fH%.1fM%.1f %.1fv8M%.1f %.1f%s"/><path class="at" d="%s"/><title>%s p%g: %s, n = %s</title></g>`,
		class, c.x(row.Low), y, c.x(high), c.x(row.Low), y-4, c.x(high), y-4, end, shape,
		escape(row.Operation), 100*row.Q, escape(within(row.Value, plumbline.Interval{Low: row.Low, High: row.High}, "ms")), grouped(row.Samples))
}
