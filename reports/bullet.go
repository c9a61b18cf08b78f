package reports

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// bulletSVG sets what was measured, with its interval, beside what was allowed
// and what the last good run measured, on one scale. Where nothing is allowed
// there is no scale.
func bulletSVG(r plumbline.Report, f plumbline.Finding) template.HTML {
	most := max(f.Measured, f.Allowed)
	if f.Unit == "" || f.Allowed <= 0 {
		return ""
	}
	const width, height = 220.0, 18.0
	label := "measured " + amount(f.Measured, f.Unit) + interval(f) + ", " + bound(f) + " " + amount(f.Allowed, f.Unit)
	was, old := figureOf(r, f)
	if old {
		most = max(most, min(was.Measured, 2*most))
		label += ", the last good run " + amount(was.Measured, f.Unit)
	}
	if f.Interval != nil {
		most = max(most, min(f.Interval.High, 2*most))
	}
	at := func(v float64) float64 { return min(v/most, 1) * (width - 12) }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="bullet %s" viewBox="0 0 %g %g" role="img" aria-label="%s"><rect class="track" x="0" y="5" width="%g" height="8" rx="4"/>`, f.Outcome, width, height, escape(label), width-12)
	if old {
		from, to := was.Measured, was.Measured
		if in := was.Interval; in != nil && in.High > 0 {
			from, to = in.Low, in.High
		}
		fmt.Fprintf(&b, `<rect class="was" x="%.1f" y="1" width="%.1f" height="16"/>`, at(from), max(at(to)-at(from), 2))
	}
	fmt.Fprintf(&b, `<rect class="measured" x="0" y="5" width="%.1f" height="8" rx="4"/>`, max(at(f.Measured), 2))
	if in := f.Interval; in != nil {
		high := at(in.High)
		if in.High == 0 {
			high = width - 12
		}
		fmt.Fprintf(&b, `<path class="whisker" d="M%.1f 9H%.1fM%.1f 6v6M%.1f 6v6"/>`, at(in.Low), high, at(in.Low), high)
	}
	fmt.Fprintf(&b, `<path class="allowed" d="M%.1f 0V18"/></svg>`, at(f.Allowed))
	return template.HTML(b.String()) //nolint:gosec // every text inside went through escape
}

// bound is what an allowed figure is: the most, or the least.
func bound(f plumbline.Finding) string {
	if f.Floor {
		return "wanted at least"
	}
	return "allowed"
}

// interval is that of what was measured, in words; empty when there is none.
func interval(f plumbline.Finding) string {
	if f.Interval == nil {
		return ""
	}
	return fmt.Sprintf(" (%s, each bound at %.4g %%)", bounds(*f.Interval, f.Unit), 100*f.Interval.Confidence)
}

// figureOf is what the last good run measured for a claim.
func figureOf(r plumbline.Report, f plumbline.Finding) (plumbline.Figure, bool) {
	if r.Since == nil {
		return plumbline.Figure{}, false
	}
	i := slices.IndexFunc(r.Since.Figures, func(was plumbline.Figure) bool { return was.Claim == f.Claim })
	if i < 0 {
		return plumbline.Figure{}, false
	}
	return r.Since.Figures[i], true
}

// wasFigure is that figure in words; empty when there is none.
func wasFigure(r plumbline.Report, f plumbline.Finding) string {
	was, ok := figureOf(r, f)
	if !ok {
		return ""
	}
	f.Interval = was.Interval
	return amount(was.Measured, f.Unit) + interval(f)
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
