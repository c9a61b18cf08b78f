package reports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// hatch is how far apart the lines are with which time that does not count is
// hatched.
const hatch = 9.0

// cuts hatches the time in which the service warmed up, and which is left out
// where the rest is judged.
func (c chart) cuts(b *strings.Builder, t plumbline.Timeline) {
	for _, cut := range t.Cuts {
		x0, x1 := c.x(cut.Began.Seconds()), c.x(cut.Ended.Seconds())-1
		fmt.Fprintf(b, `<g class="cut"><rect x="%.1f" y="%g" width="%.1f" height="%g"><title>%s</title></rect><path d="%s"/><path class="edge" d="M%.1f %gV%g"/>`,
			x0, chartTop, max(x1-x0, 1), sharesFloor-chartTop, escape(cutWords(cut)), hatched(x0, x1), x1, chartTop, sharesFloor)
		label := "left out"
		if len(cut.Objectives) > 0 {
			label += " for " + strings.Join(cut.Objectives, ", ")
		}
		if label = clipped(label, x1-x0-6); x1-x0 > 26 {
			fmt.Fprintf(b, `<text x="%.1f" y="%g">%s</text>`, x0+5, sharesTop-4, escape(label))
		}
		b.WriteString(`</g>`)
	}
}

// hatched are slanting lines from the left to the right of a stretch.
func hatched(x0, x1 float64) string {
	const height = sharesFloor - chartTop
	var d strings.Builder
	for x := x0 - height + hatch; x < x1; x += hatch {
		from, to := max(x, x0), min(x+height, x1)
		fmt.Fprintf(&d, "M%.1f %.1fL%.1f %.1f", from, sharesFloor-(from-x), to, sharesFloor-(to-x))
	}
	return d.String()
}

// cutWords say what is left out, and by whom.
func cutWords(c plumbline.Cut) string {
	lasts := amount((c.Ended - c.Began).Seconds(), "s")
	if len(c.Objectives) == 0 {
		return "warm-up of " + lasts + ", as planned: no objective counts it"
	}
	return "the service still warmed up for " + lasts + ": left out for " + strings.Join(c.Objectives, ", ")
}

// anyCut says whether a chart has time that is left out.
func anyCut(all []pageChart) bool {
	return slices.ContainsFunc(all, func(c pageChart) bool { return len(c.Cuts) > 0 })
}

// setAside says of a phase that no objective counts it.
func setAside(t plumbline.Timeline, m plumbline.PhaseMark) bool {
	return slices.ContainsFunc(t.Cuts, func(c plumbline.Cut) bool {
		return len(c.Objectives) == 0 && c.Began == m.Began && c.Ended == m.Ended
	})
}
