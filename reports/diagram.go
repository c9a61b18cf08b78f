package reports

import (
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// The drawing area of the architecture, in SVG units.
const (
	mapWidth           = 1080.0
	mapRow             = 34.0  // one operation
	mapBox             = 216.0 // width of an operation
	pipeLeft, pipeStop = 356.0, 876.0
	chipRow            = 26.0
	glyphWide          = 6.3 // of the small type, on the average
	glyphBold          = 7.1
)

// A diagram is the architecture as the run measured it: the operations on the
// left, and for each dependency a pipe that holds every claim on it.
type diagram struct {
	operations []string
	lanes      []lane
	height     float64
	report     plumbline.Report
}

// A lane is the pipe to one dependency.
type lane struct {
	dependency string
	uses       []plumbline.WireUse
	rows       [][]chip
	y, height  float64
	worst      plumbline.Outcome
}

// A chip is the claims of one function with one outcome on a pipe.
type chip struct {
	finding plumbline.Finding // the first of them
	n       int
	label   string
	width   float64
}

func newDiagram(r plumbline.Report) diagram {
	d := diagram{report: r}
	for _, u := range r.Wires {
		if !slices.Contains(d.operations, u.Operation) {
			d.operations = append(d.operations, u.Operation)
		}
		i := slices.IndexFunc(d.lanes, func(l lane) bool { return l.dependency == u.Dependency })
		if i < 0 {
			i = len(d.lanes)
			d.lanes = append(d.lanes, newLane(r, u.Dependency))
		}
		d.lanes[i].uses = append(d.lanes[i].uses, u)
	}
	y := 8.0
	for i := range d.lanes {
		d.lanes[i].y = y
		y += d.lanes[i].height + 14
	}
	d.height = max(y, float64(len(d.operations))*mapRow+16)
	return d
}

func newLane(r plumbline.Report, dependency string) lane {
	l := lane{dependency: dependency, worst: plumbline.Skipped}
	at := 0.0
	for _, c := range chipsOf(r, dependency) {
		if plumbline.CompareOutcome(c.finding.Outcome, l.worst) < 0 {
			l.worst = c.finding.Outcome
		}
		if len(l.rows) == 0 || at+c.width > pipeStop-pipeLeft-16 {
			l.rows, at = append(l.rows, nil), 0
		}
		l.rows[len(l.rows)-1] = append(l.rows[len(l.rows)-1], c)
		at += c.width + 6
	}
	l.height = max(58, float64(len(l.rows))*chipRow+14)
	return l
}

// A narrowLane is a lane for a screen on which the drawing would be too small.
type narrowLane struct {
	Dependency, Nature string
	Outcome            plumbline.Outcome
	Operations         []string
	Chips              []narrowChip
}

type narrowChip struct {
	Outcome       plumbline.Outcome
	Label, Anchor string
}

// narrowLanes say what the drawing says, one dependency below the other.
func narrowLanes(r plumbline.Report) []narrowLane {
	var out []narrowLane
	for _, l := range newDiagram(r).lanes {
		n := narrowLane{Dependency: l.dependency, Nature: l.nature(), Outcome: l.worst}
		for _, u := range l.uses {
			n.Operations = append(n.Operations, u.Operation)
		}
		for _, row := range l.rows {
			for _, c := range row {
				n.Chips = append(n.Chips, narrowChip{c.finding.Outcome, c.label, anchor(c.finding)})
			}
		}
		out = append(out, n)
	}
	return out
}

func chipsOf(r plumbline.Report, dependency string) []chip {
	var out []chip
	for _, f := range r.Findings {
		if f.Dependency != dependency || harness(f) || f.Outcome == plumbline.Skipped {
			continue
		}
		i := slices.IndexFunc(out, func(c chip) bool { return c.finding.Function == f.Function && c.finding.Outcome == f.Outcome })
		if i < 0 {
			i = len(out)
			out = append(out, chip{finding: f})
		}
		out[i].n++
	}
	for i := range out {
		c := &out[i]
		_, name, _ := strings.Cut(c.finding.Function, "/")
		c.label = glyph(c.finding.Outcome) + " " + name
		if c.n > 1 {
			c.label += fmt.Sprintf(" ×%d", c.n)
		}
		wide := glyphWide
		if c.finding.Outcome == plumbline.Fail {
			wide = glyphBold
		}
		c.width = float64(len([]rune(c.label)))*wide + 16
	}
	return out
}

// mapSVG draws the architecture. Chips are links to the cards of their claims,
// so that the drawing is a group and not an image.
func mapSVG(r plumbline.Report) template.HTML {
	if len(r.Wires) == 0 {
		return ""
	}
	d := newDiagram(r)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="map" viewBox="0 0 %g %.0f" role="group" aria-label="Architecture as measured: operations, dependencies, and the claims on the wires between them">`, mapWidth, d.height)
	for _, l := range d.lanes {
		for _, u := range l.uses {
			d.edge(&b, l, u)
		}
	}
	for _, o := range d.operations {
		y := d.place(o)
		fmt.Fprintf(&b, `<g class="box"><rect x="0.5" y="%.1f" width="%g" height="26" rx="6"/><text x="12" y="%.1f">%s</text></g>`, y-13, mapBox-1, y+4, escape(clipped(o, mapBox-20)))
	}
	for _, l := range d.lanes {
		l.draw(&b)
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) //nolint:gosec // every text inside went through escape
}

// place is the height of an operation.
func (d diagram) place(operation string) float64 {
	gap := (d.height - 16) / float64(len(d.operations))
	return 8 + gap*(float64(slices.Index(d.operations, operation))+0.5)
}

func (d diagram) edge(b *strings.Builder, l lane, u plumbline.WireUse) {
	class := string(edgeOutcome(d.report, u))
	if u.Needed == string(plumbline.ClassOptional) {
		class += " optional"
	}
	y0, y1 := d.place(u.Operation), l.y+l.height/2
	fmt.Fprintf(b, `<path class="edge %s" d="M%g %.1f C %g %.1f, %g %.1f, %g %.1f"><title>%s</title></path>`, class, mapBox, y0, mapBox+70, y0, pipeLeft-70, y1, pipeLeft, y1,
		escape(u.Operation+" calls "+u.Dependency+" "+or(calls(u), "over TCP")))
	if c := calls(u); c != "" && u.Calls != 1 {
		fmt.Fprintf(b, `<text class="label" x="%g" y="%.1f">%s</text>`, mapBox+8, y0-5, escape(c))
	}
}

// edgeOutcome is what the faults of the matrix showed of one operation: bad
// answers break it, and where nothing was tried nothing is said.
func edgeOutcome(r plumbline.Report, u plumbline.WireUse) plumbline.Outcome {
	out := plumbline.Skipped
	for _, c := range r.Matrix {
		if c.Operation != u.Operation || c.Dependency != u.Dependency {
			continue
		}
		if o := cellOutcome(c.Outcome); plumbline.CompareOutcome(o, out) < 0 {
			out = o
		}
	}
	return out
}

func cellOutcome(cell string) plumbline.Outcome {
	switch cell {
	case plumbline.CellBad:
		return plumbline.Fail
	case plumbline.CellUnproven:
		return plumbline.Inconclusive
	case plumbline.CellOK, plumbline.CellClean, plumbline.CellDegraded:
		return plumbline.Pass
	}
	return plumbline.Skipped
}

func (l lane) draw(b *strings.Builder) {
	middle := l.y + l.height/2
	fmt.Fprintf(b, `<rect class="pipe %s" x="%g" y="%.1f" width="%g" height="%.1f" rx="10"/>`, l.worst, pipeLeft, l.y, pipeStop-pipeLeft, l.height)
	fmt.Fprintf(b, `<path class="edge %s" d="M%g %.1f H %g"/>`, l.worst, pipeStop, middle, pipeStop+24)
	y := middle - float64(len(l.rows))*chipRow/2
	for _, row := range l.rows {
		x := pipeLeft + 8
		for _, c := range row {
			c.draw(b, x, y+2)
			x += c.width + 6
		}
		y += chipRow
	}
	if len(l.rows) == 0 {
		fmt.Fprintf(b, `<text class="label" x="%g" y="%.1f">no claim on it was judged</text>`, pipeLeft+12, middle+4)
	}
	x := pipeStop + 24
	fmt.Fprintf(b, `<g class="box dependency %s"><rect x="%g" y="%.1f" width="%g" height="48" rx="8"/><text class="name" x="%g" y="%.1f">%s</text><text class="label" x="%g" y="%.1f">%s</text></g>`,
		l.worst, x, middle-24, mapWidth-x-1, x+12, middle-4, escape(clipped(l.dependency, mapWidth-x-20)), x+12, middle+13, escape(l.nature()))
}

// nature says what is known of the dependency: its wire, and how much it is
// needed, as declared and as the faults showed.
func (l lane) nature() string {
	u := l.uses[0]
	words := []string{strings.ToUpper(or(string(u.Wire), "http"))}
	if u.Declared != "" {
		words = append(words, string(u.Declared))
	}
	for _, x := range l.uses {
		if x.Needed != "" && x.Needed != "unknown" && u.Declared != "" && x.Needed != string(u.Declared) && u.Declared == plumbline.ClassOptional {
			return strings.Join(append(words, "shown "+x.Needed), " · ")
		}
	}
	return strings.Join(words, " · ")
}

func (c chip) draw(b *strings.Builder, x, y float64) {
	fmt.Fprintf(b, `<a href="#%s" class="chip %s"><title>%s</title><rect x="%.1f" y="%.1f" width="%.1f" height="21" rx="10.5"/><text x="%.1f" y="%.1f" text-anchor="middle">%s</text></a>`,
		anchor(c.finding), c.finding.Outcome, escape(c.finding.Claim+": "+c.finding.Reason), x, y, c.width, x+c.width/2, y+14.5, escape(c.label))
}

// calls says how often one request calls; nothing for a TCP wire, where calls
// cannot be told apart.
func calls(u plumbline.WireUse) string {
	if u.Calls == 0 {
		return ""
	}
	return fmt.Sprintf("%g×", u.Calls)
}

// clipped shortens a text to a width of small type.
func clipped(s string, width float64) string {
	if n := int(width / glyphWide); len([]rune(s)) > n {
		return string([]rune(s)[:max(n-1, 1)]) + "…"
	}
	return s
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
