package reports

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"

	"github.com/plumbline-dev/plumbline"
)

// bulletSVG sets what was measured beside what was allowed, on one scale. Where
// nothing is allowed there is no scale.
func bulletSVG(f plumbline.Finding) template.HTML {
	most := max(f.Measured, f.Allowed)
	if f.Unit == "" || f.Allowed <= 0 {
		return ""
	}
	const width, height = 220.0, 18.0
	at := func(v float64) float64 { return v / most * (width - 12) }
	return template.HTML(fmt.Sprintf( //nolint:gosec // every text inside went through escape
		`<svg class="bullet %s" viewBox="0 0 %g %g" role="img" aria-label="%s"><rect class="track" x="0" y="5" width="%g" height="8" rx="4"/><rect class="measured" x="0" y="5" width="%.1f" height="8" rx="4"/><path class="allowed" d="M%.1f 0V18"/></svg>`,
		f.Outcome, width, height, escape("measured "+amount(f.Measured, f.Unit)+", allowed "+amount(f.Allowed, f.Unit)), width-12, max(at(f.Measured), 2), at(f.Allowed)))
}

// sampleSizes says on how much the verdicts rest.
func sampleSizes(r plumbline.Report) string {
	var judged []plumbline.Finding
	for _, f := range withOutcome(r, plumbline.Pass, plumbline.Fail, plumbline.Waived) {
		if f.Samples > 0 && !harness(f) {
			judged = append(judged, f)
		}
	}
	if len(judged) == 0 {
		return ""
	}
	slices.SortStableFunc(judged, func(a, b plumbline.Finding) int { return cmp.Compare(a.Samples, b.Samples) })
	least, most := judged[0], judged[len(judged)-1]
	return fmt.Sprintf("%s with a sample: the median is %s, the least %s (%s), the most %s (%s).", plural(len(judged), "verdict"),
		grouped(int64(judged[len(judged)/2].Samples)), grouped(int64(least.Samples)), least.Claim, grouped(int64(most.Samples)), most.Claim)
}
