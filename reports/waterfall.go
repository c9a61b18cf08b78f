package reports

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// The drawing area of a waterfall, in SVG units.
const (
	fallWidth, fallLeft, fallRight = 760.0, 172.0, 86.0
	fallRow                        = 22.0
	fallMost                       = 12 // rows
)

// A bar is one request on the time axis of a waterfall.
type bar struct {
	label, note, class string
	began, ended       time.Duration
}

// bars are the client's request, if it was kept, and the exchanges on the
// wires that it caused, in the order of their beginnings.
func bars(x plumbline.Exhibit) []bar {
	var out []bar
	if o := x.Observation; o != nil && o.Latency > 0 {
		b := bar{label: "request " + o.Operation, note: statusOf(o.Status, string(o.Error)), class: "client", began: o.Sent, ended: o.Done()}
		if !o.OK() {
			b.class += " bad"
		}
		out = append(out, b)
	}
	for _, e := range x.Exchanges[:min(len(x.Exchanges), fallMost)] {
		b := bar{label: fmt.Sprintf("%s · attempt %d", e.Wire, e.Attempt), note: statusOf(e.Status, string(e.Closed)), class: "wire", began: e.Began, ended: max(e.Ended, e.Began)}
		if e.Fault != "" || e.FaultKind != "" {
			b.class, b.note = "wire faulted", strings.TrimSpace(b.note+" "+string(e.FaultKind))
		}
		out = append(out, b)
	}
	return out
}

func statusOf(status int, otherwise string) string {
	if status > 0 {
		return fmt.Sprint(status)
	}
	return or(otherwise, "no answer")
}

// waterfallSVG draws an exhibit as a timeline: what the client waited for, and
// what went over the wires meanwhile. The table beside it has the figures.
func waterfallSVG(x plumbline.Exhibit) template.HTML {
	all := bars(x)
	if len(all) == 0 || (len(all) == 1 && len(x.Exchanges) == 0) {
		return ""
	}
	from, to := all[0].began, all[0].ended
	for _, b := range all {
		from, to = min(from, b.began), max(to, b.ended)
	}
	span := max(to-from, time.Microsecond)
	at := func(d time.Duration) float64 {
		return fallLeft + float64(d-from)/float64(span)*(fallWidth-fallLeft-fallRight)
	}
	var b strings.Builder
	height := float64(len(all))*fallRow + 22
	fmt.Fprintf(&b, `<svg class="fall" viewBox="0 0 %g %g" role="img" aria-label="%s">`, fallWidth, height, escape("Timeline of this evidence, "+lasted(span)+" long"))
	for i, one := range all {
		y := float64(i)*fallRow + 4
		fmt.Fprintf(&b, `<g class="%s"><title>%s</title><text class="axis" x="0" y="%.1f">%s</text><rect x="%.1f" y="%.1f" width="%.1f" height="12" rx="2"/><text class="note" x="%.1f" y="%.1f">%s</text></g>`,
			one.class, escape(fmt.Sprintf("%s: %s after the first, %s long, %s", one.label, lasted(one.began-from), lasted(one.ended-one.began), one.note)),
			y+10, escape(clipped(one.label, fallLeft-10)), at(one.began), y, max(at(one.ended)-at(one.began), 2), at(one.ended)+6, y+10, escape(clipped(one.note, fallRight)))
	}
	fmt.Fprintf(&b, `<path class="grid" d="M%g %gH%g"/><text class="axis" x="%g" y="%g">0</text><text class="axis" x="%g" y="%g" text-anchor="end">%s</text></svg>`,
		fallLeft, height-16, fallWidth-fallRight, fallLeft, height-3, fallWidth-fallRight, height-3, escape(lasted(span)))
	return template.HTML(b.String()) //nolint:gosec // every text inside went through escape
}

// lasted prints a short time for people.
func lasted(d time.Duration) string {
	switch ms := float64(d) / float64(time.Millisecond); {
	case ms < 10:
		return fmt.Sprintf("%.2f ms", ms)
	case ms < 100:
		return fmt.Sprintf("%.1f ms", ms)
	default:
		return amount(ms, "ms")
	}
}
