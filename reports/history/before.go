package history

import (
	"math"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// before tells what the charts of a report have behind them: load, figures,
// quantiles and capacity as an earlier run had them, its load at the seconds of
// the report. That the earlier report cannot be read is no mistake: then there is
// nothing behind the charts.
func (h *History) before(s *plumbline.Since, r Run, report plumbline.Report) {
	if r.File == "" {
		return
	}
	var was struct {
		Findings  []plumbline.Finding  `json:"findings"`
		Timeline  []plumbline.Timeline `json:"timeline"`
		Quantiles []plumbline.Quantile `json:"quantiles"`
		Capacity  *plumbline.Capacity  `json:"capacity"`
	}
	if err := h.read(r, &was); err != nil {
		return
	}
	for _, now := range report.Timeline {
		i := slices.IndexFunc(was.Timeline, func(t plumbline.Timeline) bool { return t.Experiment == now.Experiment })
		if i < 0 {
			continue
		}
		if points := behind(now, was.Timeline[i]); len(points) > 0 {
			s.Before = append(s.Before, plumbline.Backdrop{Experiment: now.Experiment, Points: points, Stretches: was.Timeline[i].Stretches})
		}
	}
	s.Figures, s.Latency = figuresOf(report.Findings, was.Findings), was.Quantiles
	if c := was.Capacity; c != nil {
		s.Carried = &plumbline.Interval{Low: c.Kept, High: c.Broken}
	}
}

// figuresOf are what earlier findings measured for the claims that these draw a
// figure of.
func figuresOf(now, was []plumbline.Finding) []plumbline.Figure {
	drawn := map[string]string{}
	for _, f := range now {
		if f.Unit != "" && f.Allowed > 0 {
			drawn[f.Claim] = f.Unit
		}
	}
	var out []plumbline.Figure
	for _, f := range was {
		if f.Unit != "" && drawn[f.Claim] == f.Unit {
			out = append(out, plumbline.Figure{Claim: f.Claim, Measured: f.Measured, Interval: f.Interval, Samples: f.Samples})
		}
	}
	return out
}

// behind moves the points of an earlier timeline to where its phases are now. A
// phase that is shorter now is cut; one that was not there has nothing behind.
func behind(now, was plumbline.Timeline) []plumbline.Point {
	taken := map[int]plumbline.Point{}
	for _, at := range now.Phases {
		i := slices.IndexFunc(was.Phases, func(m plumbline.PhaseMark) bool { return m.Phase == at.Phase })
		if i < 0 {
			continue
		}
		from, shift := was.Phases[i], int(math.Round((at.Began - was.Phases[i].Began).Seconds()))
		for _, p := range was.Points {
			middle := time.Duration(p.Second)*time.Second + time.Second/2
			if middle < from.Began || middle > from.Ended {
				continue
			}
			p.Second += shift
			if moved := time.Duration(p.Second)*time.Second + time.Second/2; moved <= at.Ended {
				taken[p.Second] = p
			}
		}
	}
	out := make([]plumbline.Point, 0, len(taken))
	for _, p := range taken {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b plumbline.Point) int { return a.Second - b.Second })
	return out
}
