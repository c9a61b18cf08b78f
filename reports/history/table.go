package history

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// A View says how a history is written for a person.
type View struct {
	Service string                       // of runs that are shown; empty for the one of the last run
	Last    int                          // runs in the table and in the grid; zero means 14
	Paint   func(shade, s string) string // nil for plain text; shades are those of ANSI: "1" red, "2" green, "3" yellow
}

// Shown are the runs of one service, the oldest first.
func (h *History) Shown(service string) []Run {
	if service == "" && len(h.Runs) > 0 {
		service = h.Runs[len(h.Runs)-1].Service
	}
	return slices.DeleteFunc(slices.Clone(h.Runs), func(r Run) bool { return r.Service != service })
}

// Write writes the last runs as a table, the claims that were not kept in one
// of them as a grid, and how latency went.
func (h *History) Write(w io.Writer, v View) error {
	if v.Last == 0 {
		v.Last = nightsShown
	}
	if v.Paint == nil {
		v.Paint = func(_, s string) string { return s }
	}
	runs := h.Shown(v.Service)
	var b strings.Builder
	if len(runs) == 0 {
		b.WriteString("\n  No runs yet: `plumbline run --history FOLDER` keeps them.\n")
	} else {
		v.table(&b, runs)
		v.grid(&b, runs)
		v.trend(&b, runs)
		v.shifts(&b, runs)
		v.flaky(&b, runs)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (v View) table(b *strings.Builder, runs []Run) {
	good := "none was good"
	for _, r := range slices.Backward(runs) {
		if r.Good() {
			good = "the last good one on " + r.Began.UTC().Format("Mon 2 Jan, 15:04")
			break
		}
	}
	fmt.Fprintf(b, "\n  %s: %d runs, %s\n\n  %-18s %-13s %6s %6s %8s  %-12s  %s\n", runs[0].Service, len(runs), good, "began (UTC)", "outcome", "kept", "broken", "unproven", "run", "note")
	for _, r := range slices.Backward(runs[max(0, len(runs)-v.Last):]) {
		fmt.Fprintf(b, "  %-18s %s %6d %6d %8d  %-12s  %s\n", r.Began.UTC().Format("Mon 02 Jan, 15:04"), v.outcome(r.Outcome), r.Kept, r.Broken, r.Unproven, r.ID, remark(r))
	}
}

func (v View) outcome(o plumbline.Overall) string {
	shade, glyph := "3", "?"
	switch o {
	case plumbline.Fit:
		shade, glyph = "2", "✓"
	case plumbline.Unfit:
		shade, glyph = "1", "✗"
	case plumbline.NotProven:
	}
	return v.Paint(shade, fmt.Sprintf("%s %-11s", glyph, o))
}

func remark(r Run) string {
	var parts []string
	if r.Promoted {
		parts = append(parts, "promoted")
	}
	if r.Ignored {
		parts = append(parts, "ignored")
	}
	if r.Text != "" {
		parts = append(parts, r.Text)
	}
	return strings.Join(parts, " · ")
}

func (v View) grid(b *strings.Builder, runs []Run) {
	nights, rows := Grid(slices.DeleteFunc(slices.Clone(runs), func(r Run) bool { return r.Ignored }), v.Last)
	if len(rows) == 0 {
		fmt.Fprintf(b, "\n  Every claim was kept in the last %d runs.\n", len(nights))
		return
	}
	wide := 0
	for _, row := range rows {
		wide = max(wide, len([]rune(row.Claim)))
	}
	fmt.Fprintf(b, "\n  Not kept in one of the last %d runs, by day:\n\n  %-*s", len(nights), wide, "")
	for _, n := range nights {
		fmt.Fprintf(b, " %2d", n.Began.UTC().Day())
	}
	for _, row := range rows {
		fmt.Fprintf(b, "\n  %-*s", wide, row.Claim)
		for _, o := range row.Outcomes {
			shade, glyph := mark(o)
			b.WriteString("  " + v.Paint(shade, glyph))
		}
	}
	b.WriteString("\n\n  ✓ kept  ✗ broken  ? unproven  ~ waived  · not claimed\n")
}

func mark(o plumbline.Outcome) (shade, glyph string) {
	switch o {
	case plumbline.Pass:
		return "2", "✓"
	case plumbline.Fail:
		return "1", "✗"
	case plumbline.Inconclusive:
		return "3", "?"
	case plumbline.Error:
		return "1", "!"
	case plumbline.Waived:
		return "3", "~"
	default:
		return "8", "·"
	}
}

// trend draws the 99th percentile of each operation under load, run by run.
func (v View) trend(b *strings.Builder, runs []Run) {
	series := map[string][]float64{}
	for _, r := range runs[max(0, len(runs)-60):] {
		if r.Ignored {
			continue
		}
		for operation, ms := range r.P99 {
			series[operation] = append(series[operation], ms)
		}
	}
	if len(series) == 0 {
		return
	}
	b.WriteString("\n  p99 under load (ms)\n\n")
	for _, operation := range slices.Sorted(maps.Keys(series)) {
		s := series[operation]
		sorted := slices.Sorted(slices.Values(s))
		fmt.Fprintf(b, "  %-24s %8.1f now %8.1f median  %s\n", operation, s[len(s)-1], sorted[len(sorted)/2], sparkline(s))
	}
}

// shifts tells where a figure has become another than it was.
func (v View) shifts(b *strings.Builder, runs []Run) {
	head := "\n  Shifts that are no chance\n\n"
	for _, t := range Trends(runs) {
		for _, s := range t.Shifts {
			b.WriteString(head + "  " + told(t, s) + "\n")
			head = ""
		}
	}
}

// sparkline draws values as blocks, the lowest to the highest.
func sparkline(s []float64) string {
	blocks := []rune("▁▂▃▄▅▆▇█")
	low, high := slices.Min(s), slices.Max(s)
	var b strings.Builder
	for _, x := range s {
		i := 0
		if high > low {
			i = int(math.Round((x - low) / (high - low) * float64(len(blocks)-1)))
		}
		b.WriteRune(blocks[i])
	}
	return b.String()
}

// A Listing is a history for programs.
type Listing struct {
	Runs   []ListedRun         `json:"runs"`
	Nights []plumbline.Past    `json:"nights"`
	Grid   []plumbline.GridRow `json:"grid"`
	Trends []plumbline.Trend   `json:"trends,omitempty"`
	Flaky  []plumbline.Flaky   `json:"flaky,omitempty"`
}

// A ListedRun is a run of a Listing.
type ListedRun struct {
	plumbline.Past
	Kept     int                `json:"kept"`
	Broken   int                `json:"broken"`
	Unproven int                `json:"unproven"`
	Ignored  bool               `json:"ignored,omitempty"`
	Promoted bool               `json:"promoted,omitempty"`
	P99      map[string]float64 `json:"p99_ms,omitempty"`
	File     string             `json:"file"`
}

// List lists the runs of a service, all of them, and the grid of the last.
func (h *History) List(v View) Listing {
	var l Listing
	runs := h.Shown(v.Service)
	l.Nights, l.Grid = Grid(runs, cmp.Or(v.Last, nightsShown))
	l.Runs, l.Trends = []ListedRun{}, Trends(runs)
	l.Flaky = Flaky(runs)
	for _, r := range runs {
		l.Runs = append(l.Runs, ListedRun{r.Past(), r.Kept, r.Broken, r.Unproven, r.Ignored, r.Promoted, r.P99, r.File})
	}
	return l
}
