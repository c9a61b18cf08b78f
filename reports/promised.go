package reports

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// A span is a stretch of time in which something is promised, in seconds since
// the run began.
type span struct{ from, to float64 }

// spansOf are the phases of a timeline in which something is promised; phases
// that follow each other are one.
func spansOf(t plumbline.Timeline, p plumbline.Promised) []span {
	var out []span
	for _, m := range t.Phases {
		if !p.In(m.Role) {
			continue
		}
		if n := len(out); n > 0 && math.Abs(out[n-1].to-m.Began.Seconds()) < 0.5 {
			out[n-1].to = m.Ended.Seconds()
			continue
		}
		out = append(out, span{m.Began.Seconds(), m.Ended.Seconds()})
	}
	return out
}

// promise says what is promised in words.
func promise(p plumbline.Promised) string {
	s := fmt.Sprintf("%s: %.5g %%", p.Objective, 100*p.Target)
	if p.Within > 0 {
		return s + " within " + amount(p.Within, "ms")
	}
	return s + " good"
}

// promises are what is promised of a timeline, for the table beside it.
func promises(t plumbline.Timeline) []string {
	var out []string
	for _, p := range t.Promised {
		if len(spansOf(t, p)) == 0 {
			continue
		}
		s := promise(p)
		if len(p.Operations) > 0 {
			s += " of " + strings.Join(p.Operations, ", ")
		}
		if p.During != "" {
			s += " during " + string(p.During)
		}
		out = append(out, s)
	}
	return out
}

// limits are the latencies that are promised of a timeline, in milliseconds,
// each once.
func limits(t plumbline.Timeline) []float64 {
	var out []float64
	for _, p := range t.Promised {
		if p.Within > 0 && len(spansOf(t, p)) > 0 {
			out = append(out, p.Within)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// promised draws what objectives allow, each level once, in the phases in which
// it is promised: latencies above, and the share of requests that may be bad
// below. Those that are late count among the bad for an objective of latency;
// its line below says how many may be so without one that is late.
func (c chart) promised(b *strings.Builder, t plumbline.Timeline) {
	var above, below signs
	defer func() { // on top of all lines, and not under the next one
		b.WriteString(above.labels.String())
		b.WriteString(below.labels.String())
	}()
	for _, p := range t.Promised {
		above.lines, below.lines = append(above.lines, c.y(p.Within)), append(below.lines, c.share(1-p.Target))
	}
	for _, p := range t.Promised {
		spans := spansOf(t, p)
		if len(spans) == 0 {
			continue
		}
		if p.Within > 0 {
			c.mark(b, &above, spans, c.y(p.Within), promise(p))
		}
		budget := amount(1-p.Target, "ratio")
		c.mark(b, &below, spans, c.share(1-p.Target), "at most "+budget+" may be bad")
	}
}

// mark draws one line, and its label apart.
func (c chart) mark(b *strings.Builder, all *signs, spans []span, y float64, label string) {
	if slices.ContainsFunc(all.drawn, func(v float64) bool { return math.Abs(v-y) < 0.05 }) {
		return
	}
	all.drawn = append(all.drawn, y)
	var d strings.Builder
	for _, s := range spans {
		fmt.Fprintf(&d, "M%.1f %.1fH%.1f", c.x(s.from), y, c.x(s.to))
	}
	left, right := c.x(spans[0].from), c.x(spans[len(spans)-1].to)
	room := c.width - chartRight - left
	x, at, anchor := all.place(left+4, right-4, y, right-left > glyphWide*float64(len([]rune(label)))+8)
	fmt.Fprintf(b, `<g class="promised"><path d="%s"/><title>%s</title></g>`, d.String(), escape(label))
	fmt.Fprintf(&all.labels, `<g class="promised"><text x="%.1f" y="%.1f" text-anchor="%s">%s</text></g>`, x, at, anchor, escape(clipped(label, room)))
}

// signs are labels of lines, which must not lie on each other.
type signs struct {
	lines       []float64 // heights of all lines
	drawn       []float64 // of those that are there already
	left, right []float64 // heights of the labels
	labels      strings.Builder
}

// place finds room for the label of a line: above it or below, at its right end,
// where it fits before that, or from its left end on.
func (s *signs) place(left, right, y float64, fits bool) (x, at float64, anchor string) {
	const high = 12
	free := func(side []float64, at float64) bool {
		return !slices.ContainsFunc(side, func(v float64) bool { return math.Abs(v-at) < high }) &&
			!slices.ContainsFunc(s.lines, func(v float64) bool { return v > at-high && v < at+2 && math.Abs(v-y) > 0.05 })
	}
	for _, at := range []float64{y - 5, y + 13} {
		if fits && free(s.right, at) {
			s.right = append(s.right, at)
			return right, at, "end"
		}
		if free(s.left, at) {
			s.left = append(s.left, at)
			return left, at, "start"
		}
	}
	return left, y - 5, "start"
}
