package reports

import (
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const (
	mapWidth, mapRow = 960.0, 34.0
	mapBox           = 230.0
)

// mapSVG draws the measured dependency map: operations on the left, what they
// call on the right, and on every edge how often and with what outcome.
func mapSVG(r plumbline.Report) template.HTML {
	if len(r.Wires) == 0 {
		return ""
	}
	var ops, deps []string
	for _, u := range r.Wires {
		if !slices.Contains(ops, u.Operation) {
			ops = append(ops, u.Operation)
		}
		if !slices.Contains(deps, u.Dependency) {
			deps = append(deps, u.Dependency)
		}
	}
	height := float64(max(len(ops), len(deps)))*mapRow + 16
	place := func(list []string, name string) float64 {
		gap := (height - 16) / float64(len(list))
		return 8 + gap*(float64(slices.Index(list, name))+0.5)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="map" viewBox="0 0 %g %g" role="img" aria-label="Measured dependency map"><title>Measured dependency map</title>`, mapWidth, height)
	for i, u := range r.Wires {
		edge(&b, u, string(worst(r, u.Dependency)), line{place(ops, u.Operation), place(deps, u.Dependency), 0.25 + 0.2*float64(i%3)})
	}
	for _, o := range ops {
		box(&b, 0, place(ops, o), o, "operation")
	}
	for _, d := range deps {
		box(&b, mapWidth-mapBox, place(deps, d), d, "dependency "+string(worst(r, d)))
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) //nolint:gosec // every text inside went through escape
}

// A line runs from one height to another; its label sits at a share of it, so
// that edges that meet in one dependency do not write over each other.
type line struct{ from, to, at float64 }

func edge(b *strings.Builder, u plumbline.WireUse, class string, l line) {
	x0, x1 := mapBox, mapWidth-mapBox
	if u.Needed == string(plumbline.ClassOptional) {
		class += " optional"
	}
	fmt.Fprintf(b, `<path class="edge %s" d="M%g %.1f C %g %.1f, %g %.1f, %g %.1f"/>`, class, x0, l.from, x0+160, l.from, x1-160, l.to, x1, l.to)
	label := calls(u)
	if u.Needed != "" && u.Needed != "unknown" {
		label = strings.TrimSpace(label + " " + u.Needed)
	}
	y := l.from + (l.to-l.from)*l.at*l.at*(3-2*l.at)
	fmt.Fprintf(b, `<text class="label" x="%.1f" y="%.1f" text-anchor="middle">%s</text>`, x0+(x1-x0)*l.at, y-4, escape(label))
}

// calls says how often one request calls; nothing for a TCP wire, where calls
// cannot be told apart.
func calls(u plumbline.WireUse) string {
	if u.Calls == 0 {
		return ""
	}
	return fmt.Sprintf("%g×", u.Calls)
}

func box(b *strings.Builder, x, y float64, name, class string) {
	fmt.Fprintf(b, `<g class="box %s"><rect x="%g" y="%.1f" width="%g" height="24" rx="5"/><text x="%g" y="%.1f" text-anchor="middle">%s</text></g>`,
		escape(class), x+0.5, y-12, mapBox-1, x+mapBox/2, y+4, escape(fit(name, mapBox)))
}

// worst is the worst outcome of the claims on a dependency.
func worst(r plumbline.Report, dependency string) plumbline.Outcome {
	out := plumbline.Skipped
	for _, f := range r.Findings {
		if f.Dependency == dependency && !harness(f) && plumbline.CompareOutcome(f.Outcome, out) < 0 {
			out = f.Outcome
		}
	}
	return out
}
